// Editors of recommendations: fields that depend on another, and a preview while one edits.
(() => {
  const editor = document.querySelector("[data-editor]");
  if (!editor) return;
  const trying = document.querySelector("[data-try]");
  const panel = document.querySelector("[data-panel]");

  function showWhatApplies() {
    for (const part of document.querySelectorAll("[data-when]")) {
      const field = editor.elements[part.dataset.when];
      part.hidden = !part.dataset.is.split(" ").includes(field?.value ?? "");
    }
    for (const range of editor.querySelectorAll("input[type=range]")) {
      const said = editor.querySelector(`output[for="${range.id}"]`);
      if (said) said.textContent = `${Math.round(100 * range.value)} %`;
    }
  }

  let waiting;
  let asked;
  async function preview() {
    if (!panel) return;
    asked?.abort();
    asked = new AbortController();
    panel.setAttribute("aria-busy", "true");
    const body = new FormData(editor);
    for (const [name, value] of new FormData(trying)) body.append(name, value);
    try {
      const answer = await fetch(panel.dataset.panel, { method: "POST", body, signal: asked.signal });
      if (!answer.ok) throw new Error(String(answer.status));
      panel.innerHTML = await answer.text();
      panel.removeAttribute("aria-busy");
    } catch (error) {
      if (error.name === "AbortError") return; // a newer change is being tried
      const text = document.createElement("p");
      text.className = "bk-error";
      text.textContent = panel.dataset.failed;
      panel.replaceChildren(text);
      panel.removeAttribute("aria-busy");
    }
  }
  const soon = () => {
    showWhatApplies();
    clearTimeout(waiting);
    waiting = setTimeout(preview, 400);
  };

  // The order of the sources: buttons, so that it works by keyboard and on a phone.
  editor.addEventListener("click", (event) => {
    const button = event.target.closest("[data-shift]");
    if (!button) return;
    const row = button.closest("li");
    const other = button.dataset.shift === "up" ? row.previousElementSibling : row.nextElementSibling;
    if (!other) return;
    if (button.dataset.shift === "up") other.before(row);
    else other.after(row);
    button.focus();
    soon();
  });
  editor.addEventListener("input", soon);
  editor.addEventListener("change", soon);
  trying?.addEventListener("input", soon);
  trying?.addEventListener("change", soon);
  trying?.addEventListener("submit", (event) => {
    event.preventDefault();
    preview();
  });
  trying?.querySelector("[data-redraw]")?.addEventListener("click", () => {
    trying.elements.customers.value = "";
    trying.elements.seed.value = Number(trying.elements.seed.value || 0) + 1;
    preview();
  });
  showWhatApplies();
  preview();
})();
