// Sorts long tables by a column and filters their rows; without this script they are complete and in order.
"use strict";
(() => {
  const compare = new Intl.Collator("en-GB", { numeric: true }).compare;
  const valueOf = (row, place) => {
    const cell = row.cells[place], text = cell.dataset.order ?? cell.textContent.trim(), number = Number(text.replace(/[£,%\s]/g, "").replace("−", "-"));
    return text === "" ? null : Number.isNaN(number) ? text : number;
  };
  const sort = (table, place, down) => {
    const body = table.tBodies[0], keyed = [...body.rows].map((row) => [valueOf(row, place), row]);
    keyed.sort(([a], [b]) => {
      if (a === null || b === null) return (a === null) - (b === null);
      return (typeof a === "number" && typeof b === "number" ? a - b : compare(a, b)) * (down ? -1 : 1);
    });
    body.append(...keyed.map(([, row]) => row));
  };
  for (const table of document.querySelectorAll("table.sortable")) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, place) => {
      const button = document.createElement("button");
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        for (const other of heads) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        sort(table, place, down);
      });
    });
    if (table.rows.length <= 30) continue;
    const label = Object.assign(document.createElement("label"), { className: "filter", textContent: "Filter " });
    const input = label.appendChild(Object.assign(document.createElement("input"), { type: "search" }));
    input.addEventListener("input", () => {
      const words = input.value.toLowerCase().split(/\s+/);
      for (const row of table.tBodies[0].rows) {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
      }
    });
    (table.closest(".scroll") || table).before(label);
  }
})();
