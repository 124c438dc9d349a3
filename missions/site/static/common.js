// What the pages that work by script share: a council by its code, table rows, CSV files, and settings in the address.
"use strict";
(() => {
  missions.council = (code) => {
    const [name, kind, region, page] = missions.authorities[code];
    return { code, name, kind, region, href: document.body.dataset.root + page };
  };
  // A table row whose first cell is a heading. A cell is text or {text, href, note}.
  missions.row = (cells, tag = "td") => {
    const row = document.createElement("tr");
    cells.forEach((cell, place) => {
      const { text, href, note } = cell instanceof Object ? cell : { text: cell };
      const element = row.appendChild(document.createElement(place ? tag : "th"));
      if (element.tagName === "TH") element.scope = tag === "th" ? "col" : "row";
      if (place && (tag === "th" || /^[−+↑↓£\d]/.test(text))) element.className = "n";
      const inner = href ? element.appendChild(document.createElement("a")) : element;
      Object.assign(inner, href && { href }, { textContent: text });
      if (note) element.appendChild(document.createElement("small")).textContent = note;
    });
    return row;
  };
  missions.csv = (link, [head, ...rows]) => {
    const all = [[...head, "publication_id"], ...rows.map((row) => [...row, link.dataset.publication])];
    const field = (value) => (/[",\n]/.test(value) ? `"${String(value).replaceAll('"', '""')}"` : value);
    URL.revokeObjectURL(link.href);
    link.href = URL.createObjectURL(new Blob(all.map((row) => `${row.map(field).join()}\n`), { type: "text/csv" }));
  };
  // Shows a page that works by script. Its settings are kept after the # in its address.
  missions.keep = (entries) => history.replaceState(null, "", `#${entries.map((entry) => entry.join("=")).join("&")}`);
  missions.start = (page, restore) => {
    const read = () => restore(new URLSearchParams(location.hash.slice(1)));
    window.addEventListener("hashchange", read);
    page.hidden = false;
    read();
  };
})();
