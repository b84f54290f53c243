// The brief by keyboard and without page changes: j k move, a approve, r refuse, e edit, o receipt.
(() => {
  const brief = document.querySelector("[data-brief]");
  if (!brief) return;
  const cards = [...brief.querySelectorAll("[data-decision]")];
  const panel = brief.querySelector("[data-receipt]");

  const current = () => document.activeElement?.closest?.("[data-decision]");
  const move = (step) => {
    const at = cards.indexOf(current());
    cards[Math.min(cards.length - 1, Math.max(0, at + step))]?.focus();
  };
  const ask = (card, verb) => card?.querySelector(`[data-dialog="${verb}"]`)?.showModal();

  async function open(card) {
    if (!card) return;
    panel.hidden = false;
    panel.setAttribute("aria-busy", "true");
    const answer = await fetch(card.dataset.receiptUrl, { headers: { "X-Requested-With": "fetch" } });
    panel.innerHTML = answer.ok ? await answer.text() : `<p class="bk-bad">${answer.status}</p>`;
    panel.removeAttribute("aria-busy");
    cards.forEach((other) => other.toggleAttribute("data-shown", other === card));
    if (window.innerWidth < 1100) panel.scrollIntoView({ behavior: "smooth" });
  }
  function close() {
    panel.hidden = true;
    cards.forEach((card) => card.removeAttribute("data-shown"));
  }

  brief.addEventListener("click", (event) => {
    const card = event.target.closest("[data-decision]");
    const button = event.target.closest("[data-verb]");
    if (button) ask(card, button.dataset.verb);
    else if (event.target.closest("[data-open]")) open(card);
    else if (event.target.closest("[data-close]")) event.target.closest("dialog").close();
    else if (event.target.closest("[data-close-receipt]")) close();
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, select, dialog[open]")) return;
    const acts = {
      j: () => move(1),
      k: () => move(-1),
      o: () => open(current()),
      a: () => ask(current(), "approve"),
      r: () => ask(current(), "refuse"),
      e: () => current()?.querySelector("[data-edit]")?.click(),
      Escape: close,
    };
    if (acts[event.key]) {
      event.preventDefault();
      acts[event.key]();
    }
  });

  const night = brief.querySelector("[data-night]");
  if (night?.dataset.running === "yes") {
    const timer = setInterval(async () => {
      const answer = await fetch(night.dataset.url);
      if (!answer.ok) return;
      night.innerHTML = await answer.text();
      if (!["queued", "running"].includes(night.querySelector("details")?.dataset.state)) {
        clearInterval(timer);
        location.reload();
      }
    }, 2000);
  }
})();
