// The purchase plan by keyboard: j k move, x selects, e edits the units, a approves, / searches.
(() => {
  const form = document.querySelector("[data-worklist]");
  if (!form) return;
  const lines = [...form.querySelectorAll("[data-line]")];
  const boxes = () => [...form.querySelectorAll('input[name="line"]')];
  const count = form.querySelector("[data-count]");
  const token = form.querySelector("[name=csrfmiddlewaretoken]").value;
  let here = -1;

  const tell = () => { if (count) count.textContent = boxes().filter((box) => box.checked).length || ""; };
  function go(step) {
    if (!lines.length) return;
    lines[here]?.removeAttribute("data-here");
    here = Math.min(lines.length - 1, Math.max(0, here + step));
    lines[here].setAttribute("data-here", "");
    lines[here].scrollIntoView({ block: "nearest" });
  }

  async function save(field) {
    const body = new URLSearchParams({ units: field.value.trim(), csrfmiddlewaretoken: token });
    const url = form.dataset.unitsUrl.replace("/0/", `/${field.dataset.units}/`);
    const answer = await fetch(url, { method: "POST", body, headers: { "X-Requested-With": "fetch" } });
    const found = await answer.json().catch(() => ({ problem: String(answer.status) }));
    field.setCustomValidity(found.problem ?? "");
    field.reportValidity();
    if (!found.problem) field.closest("[data-line]").querySelector("[data-total]").textContent = found.total;
  }

  form.addEventListener("change", (event) => {
    if (event.target.matches("[data-all]")) boxes().forEach((box) => { box.checked = event.target.checked; });
    if (event.target.matches("[data-units]")) save(event.target);
    tell();
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.matches?.("[data-units]") && event.key === "Enter") { event.preventDefault(); event.target.blur(); return; }
    if (event.target.closest?.("input:not([type=checkbox]), textarea, select")) return;
    const acts = {
      j: () => go(1),
      k: () => go(-1),
      x: () => { const box = lines[here]?.querySelector('input[name="line"]'); if (box) { box.checked = !box.checked; tell(); } },
      e: () => lines[here]?.querySelector("[data-units]")?.select(),
      a: () => form.querySelector("[data-approve]")?.click(),
      "/": () => document.querySelector("[data-search]")?.focus(),
    };
    if (acts[event.key]) { event.preventDefault(); acts[event.key](); }
  });
  tell();
})();
