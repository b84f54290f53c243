// Questions before verbs, progress that refreshes itself, "compute again".
(() => {
  document.addEventListener("click", async (event) => {
    const ask = event.target.closest("[data-ask]");
    if (ask) document.querySelector(`[data-question="${ask.dataset.ask}"]`)?.showModal();
    const close = event.target.closest("dialog [data-close]");
    if (close) close.closest("dialog").close();
    const again = event.target.closest("[data-replay]");
    if (again) {
      const answer = again.parentElement.querySelector("[data-replay-answer]");
      answer.textContent = "…";
      const reply = await fetch(again.dataset.replay, { headers: { "X-Requested-With": "fetch" } });
      answer.innerHTML = reply.ok ? await reply.text() : String(reply.status);
    }
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submit]")) event.target.form.submit();
  });
  const live = document.querySelector("[data-poll][data-running]");
  if (live) {
    const timer = setInterval(async () => {
      if (live.querySelector("dialog[open]")) return; // a person is about to answer
      const reply = await fetch(live.dataset.poll);
      if (!reply.ok) return;
      live.innerHTML = await reply.text();
      const state = live.querySelector("[data-state]")?.dataset.state;
      if (!["queued", "running"].includes(state)) clearInterval(timer);
    }, 2000);
  }
})();
