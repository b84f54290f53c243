// Keyboard, confirmation, and the draft's own colour until somebody touches it.
(() => {
    const inbox = document.querySelector("[data-inbox]");
    if (!inbox) return;
    const body = inbox.querySelector("[data-body]");
    const dialog = inbox.querySelector("[data-confirm]");
    const rows = [...inbox.querySelectorAll("[data-row]")];

    body?.addEventListener("input", () => body.classList.remove("ib-draft"));

    const ask = () => {
        if (!body?.value.trim()) return body?.focus();
        dialog?.showModal();
        dialog?.querySelector("[data-send]").focus();
    };
    inbox.querySelector("[data-ask]")?.addEventListener("click", ask);
    inbox.querySelector("[data-close]")?.addEventListener("click", () => dialog.close());

    // The same page sends once: a second press, or a press while the first is under way, is dropped.
    for (const form of inbox.querySelectorAll("form[method=post]")) {
        form.addEventListener("submit", (event) => {
            if (form.dataset.sent) return event.preventDefault();
            form.dataset.sent = "yes";
        });
    }
    window.addEventListener("pageshow", () => {
        for (const form of inbox.querySelectorAll("form")) delete form.dataset.sent;
    });

    const step = (by) => {
        if (!rows.length) return;
        const here = rows.findIndex((row) => row.hasAttribute("aria-current"));
        const next = rows[Math.min(rows.length - 1, Math.max(0, here + by))];
        if (next !== rows[here]) next.click();
    };
    const keys = {
        j: () => step(1),
        k: () => step(-1),
        e: () => body?.focus(),
        a: ask,
        "/": () => inbox.querySelector("[data-search]").focus(),
    };
    document.addEventListener("keydown", (event) => {
        if (event.key === "Escape" && document.activeElement === body) return body.blur();
        const typing = event.target.closest("input, textarea, select, [contenteditable]");
        if (typing || dialog?.open || event.metaKey || event.ctrlKey || event.altKey) return;
        const run = keys[event.key];
        if (run) {
            event.preventDefault();
            run();
        }
    });
    inbox.querySelector(".ib-row[aria-current]")?.scrollIntoView({ block: "nearest" });
})();
