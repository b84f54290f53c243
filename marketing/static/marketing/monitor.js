// The send monitor keeps itself up to date: quickly while messages leave, slowly otherwise, not at
// all in a hidden tab. Whoever is about to press a button keeps it under the finger.
(() => {
  const live = document.querySelector("[data-live]");
  if (!live) return;
  const trouble = document.querySelector("[data-trouble]");
  const isBusy = () =>
    live.querySelector("details[open]") !== null || live.contains(document.activeElement);
  const seconds = () => Number(live.firstElementChild?.dataset.again || 15);

  const refresh = async () => {
    if (!document.hidden && !isBusy()) {
      try {
        const answer = await fetch(live.dataset.live, { credentials: "same-origin" });
        if (answer.redirected) return window.location.reload(); // signed out meanwhile
        if (!answer.ok) throw new Error(String(answer.status));
        const text = await answer.text();
        if (!isBusy()) live.innerHTML = text;
        trouble.hidden = true;
      } catch {
        trouble.textContent = live.dataset.broken;
        trouble.hidden = false;
      }
    }
    window.setTimeout(refresh, 1000 * seconds());
  };
  window.setTimeout(refresh, 1000 * seconds());
})();
