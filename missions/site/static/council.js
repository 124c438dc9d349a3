// A council's page: copies the text in brief, folds the indicators by mission, filters them. Without it all are shown.
"use strict";
(() => {
  // --- Copying ---
  for (const button of document.querySelectorAll("[data-copy]")) {
    const text = document.getElementById(button.dataset.copy), status = button.nextElementSibling;
    button.hidden = false;
    button.addEventListener("click", async () => {
      const words = [...text.querySelectorAll("p")].map((p) => p.textContent.trim()).join("\n\n");
      try {
        await navigator.clipboard.writeText(words);
        status.textContent = "Copied.";
      } catch {
        getSelection().selectAllChildren(text);  // pages from disk may not write: the reader copies the selection
        status.textContent = "Selected: copy it with Ctrl+C.";
      }
    });
  }

  // Long caveats are folded on screens, never in print.
  for (const caveats of document.querySelectorAll("details.warning")) {
    caveats.open = caveats.querySelectorAll("li").length <= 3;
    addEventListener("beforeprint", () => { caveats.open = true; });
  }

  // --- Folding and filtering ---
  const table = document.querySelector("table.cells"), filters = document.getElementById("filters");
  if (!table) return;
  const flagged = (row, flag) => (row.dataset.f ?? "").includes(flag);
  const status = filters.querySelector("[role=status]"), boxes = [...filters.querySelectorAll("input")];
  const groups = [...table.tBodies].map((body) => {
    const head = body.querySelector(".mission th"), rows = [...body.querySelectorAll("tr:has(> [scope=row])")];
    const button = document.createElement("button"), note = document.createElement("span");
    button.type = "button";
    button.append(...head.childNodes);
    const worse = rows.filter((row) => flagged(row, "w")).length;
    note.className = "quiet";
    note.textContent = `${rows.length} indicators${worse ? `, ${worse} clearly worse than England` : ""}`;
    head.append(button, " ", note);
    return { body, button, rows, isOpen: false };
  });
  const show = () => {
    const wanted = boxes.filter((box) => box.checked).map((box) => box.value);
    let shown = 0;
    for (const { body, button, rows, isOpen } of groups) {
      const fits = rows.filter((row) => wanted.every((flag) => flagged(row, flag)));
      const open = isOpen || wanted.length > 0;
      for (const row of rows) row.classList.toggle("folded", !open || !fits.includes(row));
      for (const row of body.querySelectorAll(".theme")) row.classList.toggle("folded", !open || wanted.length > 0);
      body.classList.toggle("folded", wanted.length > 0 && fits.length === 0);
      button.setAttribute("aria-expanded", open);
      shown += fits.length;
    }
    const all = groups.reduce((sum, { rows }) => sum + rows.length, 0);
    status.textContent = wanted.length ? `${shown} of ${all} indicators` : "";
  };
  for (const group of groups) group.button.addEventListener("click", () => { group.isOpen = !group.isOpen; show(); });
  for (const box of boxes) box.addEventListener("change", show);
  filters.hidden = false;
  show();
})();
