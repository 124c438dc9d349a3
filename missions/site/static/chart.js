// Draws the charts of a page. Their data and shapes come from data/….js; a table on the page has the same figures.
"use strict";
(() => {
  const { authorities, geography, charts = {} } = missions;
  missions.council = (code) => {
    const [name, kind, region, page] = authorities[code];
    return { code, name, kind, region, href: document.body.dataset.root + page };
  };
  // Draws a specification with its named data; the bundle's interpreter avoids eval.
  missions.draw = (element, spec, datasets, chosen = {}) => vegaEmbed(element, {
    ...spec, datasets: { ...spec.datasets, ...datasets },
    params: (spec.params || []).map((param) => ({ ...param, value: chosen[param.name] ?? param.value })),
  }, { ast: true, actions: false, renderer: "svg", defaultStyle: false, tooltip: { disableDefaultStyle: true } });
  // A table row whose first cell is a heading. A cell is text or {text, href, note}.
  missions.row = (cells, tag = "td") => {
    const row = document.createElement("tr");
    cells.forEach((cell, place) => {
      const { text, href, note } = cell instanceof Object ? cell : { text: cell };
      const element = row.appendChild(document.createElement(place ? tag : "th"));
      if (element.tagName === "TH") element.scope = tag === "th" ? "col" : "row";
      if (/^[−+↑↓£\d]/.test(text) || (tag === "th" && place)) element.className = "n";
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
  // A shape is rings of whole numbers: a point, then the steps from point to point.
  const ring = (numbers) => {
    let [x, y] = [0, 0];
    return numbers.flatMap((step, i) => (i % 2 ? ((y += step), [[x, y]]) : ((x += step), [])));
  };
  const shape = (rings, row) => ({ type: "Feature", geometry: { type: "Polygon", coordinates: rings.map(ring) }, ...row });
  const extent = (shapes, axis, all = shapes.flatMap(({ geometry }) => geometry.coordinates.flat().map((p) => p[axis]))) =>
    all.reduce((a, b) => Math.max(a, b)) - all.reduce((a, b) => Math.min(a, b));
  const drawChart = (figure) => {
    const chart = charts[figure.dataset.chart];
    const { codes, fields, layers } = charts[chart.rowsOf] || chart;
    const chosen = Object.fromEntries([...figure.querySelectorAll("input:checked")].map((b) => [b.dataset.choice, b.value]));
    let rows = (layers[chosen.layer] || Object.values(layers)[0]).map((row, i) =>
      Object.assign(missions.council(codes[i]), ...fields.map((name, j) => ({ [name]: row[j] }))));
    let [outlines, size] = [[], {}];
    if (chart.isMap) {
      const { councils, counties, hexagons, single } = geography;
      const alone = Object.fromEntries(single.map((code) => [code, councils[code]]));
      const shapes = { councils, hexagons, counties: { ...counties, ...alone } }[chosen.view];
      if (shapes === councils) outlines = codes.filter((code) => counties[code]).map((code) => shape(counties[code]));
      rows = rows.filter(({ code }) => shapes[code]).map((row) => shape(shapes[row.code], row));
      size = { height: Math.min(700, Math.ceil((chart.spec.width * extent(rows, 1)) / extent(rows, 0))) };
    }
    missions.draw(figure.querySelector(".chart-view"), { ...chart.spec, ...size }, { rows, outlines }, chosen);
  };
  for (const figure of document.querySelectorAll("[data-chart]")) {
    for (const hidden of figure.querySelectorAll(":scope > [hidden]")) hidden.hidden = false;
    figure.addEventListener("change", () => drawChart(figure));
    drawChart(figure);
  }
})();
