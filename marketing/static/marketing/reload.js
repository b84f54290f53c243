// A page that waits for a job loads itself again, unless somebody is writing in it.
(() => {
  const waits = document.querySelector("[data-reload]");
  if (!waits) return;
  const again = () => {
    const busy = document.hidden || document.querySelector("details[open] textarea") !== null;
    if (busy) return window.setTimeout(again, 1000 * Number(waits.dataset.reload));
    window.location.reload();
  };
  window.setTimeout(again, 1000 * Number(waits.dataset.reload));
})();
