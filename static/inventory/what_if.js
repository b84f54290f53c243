// The sliders of a forecast: ask again a moment after the last move; the newest answer wins.
(() => {
  const form = document.querySelector("[data-what-if]");
  if (!form) return;
  const answer = document.querySelector("[data-what-if-answer]");
  const standing = answer.innerHTML;
  const touched = new Set();
  let timer, asked = 0;

  async function ask() {
    const mine = ++asked;
    const given = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (touched.has(name)) given.set(name, value);
    answer.setAttribute("aria-busy", "true");
    const found = await fetch(`${form.action}?${given}`, { headers: { "X-Requested-With": "fetch" } });
    const text = await found.text();
    if (mine !== asked) return;
    answer.innerHTML = found.ok || found.status === 400 ? text : `<p class="bk-bad">${found.status}</p>`;
    answer.removeAttribute("aria-busy");
  }

  form.addEventListener("input", (event) => {
    touched.add(event.target.name);
    const shown = event.target.closest("label").querySelector("output");
    if (shown) shown.value = event.target.step.includes(".") ? Number(event.target.value).toFixed(2) : event.target.value;
    clearTimeout(timer);
    timer = setTimeout(ask, 120);
  });
  form.addEventListener("reset", () => {
    touched.clear();
    asked++;
    answer.innerHTML = standing;
    answer.removeAttribute("aria-busy");
    setTimeout(() => form.querySelectorAll("output").forEach((one) => { one.value = one.defaultValue; }));
  });
  form.addEventListener("submit", (event) => { event.preventDefault(); ask(); });
})();
