// Show what a row's field can be asked, and count again while the rule is edited. Without this script the count appears after saving.
document.addEventListener("DOMContentLoaded", () => {
  const rule = document.querySelector("[data-rule]");
  for (const row of rule ? rule.querySelectorAll(".mk-row") : []) {
    const field = row.querySelector("select");
    const show = () => {
      const kind = field.selectedOptions[0]?.dataset.kind || "plain";
      for (const part of row.querySelectorAll("[data-for]")) {
        part.hidden = !part.dataset.for.split(" ").includes(kind);
        if (!part.hidden) continue;
        for (const input of part.matches("input") ? [part] : part.querySelectorAll("input, select")) input.value = "";
      }
    };
    field.addEventListener("change", show);
    show();
  }
  const preview = document.querySelector("[data-preview]");
  if (!rule || !preview) return;
  const form = rule.closest("form");
  let timer, latest = 0;
  const refresh = async () => {
    const number = ++latest;
    const answer = await fetch(preview.dataset.preview, { method: "POST", body: new FormData(form), headers: { "X-Requested-With": "fetch" } });
    const html = await answer.text();
    if (number === latest && (answer.ok || answer.status === 400)) preview.innerHTML = html;
  };
  rule.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(refresh, 350); });
});
