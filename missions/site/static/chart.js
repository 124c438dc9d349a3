// Charts that are in the page already: values under the pointer, a finger or the keyboard, and the reader's choices.
// The data come from data/….js when first needed; a table has the same figures. Choices are kept in the address.
"use strict";
(() => {
  const root = document.body.dataset.root, rowsAt = document.currentScript.dataset.rows;
  const figures = [...document.querySelectorAll("[data-chart]")], loads = {};
  const load = (path) => (loads[path] ??= new Promise((done, failed) => {
    document.head.append(Object.assign(document.createElement("script"), { src: root + path, onload: done, onerror: failed }));
  }));
  const ready = () => Promise.all([load("data/authorities.js"), load(rowsAt)]);
  const chosen = (figure) => Object.fromEntries([...figure.querySelectorAll("input:checked")].map((b) => [b.dataset.choice, b.value]));
  const svgOf = (figure) => figure.querySelector(".chart-view svg");
  const shapesOf = (figure, code) => [...svgOf(figure).querySelectorAll(code ? `[data-c="${code}"]` : "[data-c]")];
  const isDrawn = (shape) => shape.checkVisibility() && !shape.matches(".off, .o:not(.on)");

  // Each council's row as an object, in rank order, under the layer chosen.
  const rowsOf = (figure) => {
    const { charts, authorities } = missions, chart = charts[figure.dataset.chart], { codes, fields, words, layers } = charts[chart.rowsOf] || chart;
    const rows = (layers[chosen(figure).layer] || Object.values(layers)[0]).map((row, i) => {
      const code = codes[i], [name, kind, region, page] = authorities[code];
      return { code, name, kind, region, page, ...Object.fromEntries(fields.map((field, j) => [field, words[field] ? words[field][row[j]] : row[j]])) };
    });
    return { chart, codes, rows: new Map(rows.map((row) => [row.code, row])) };
  };
  const lines = ({ figure, score, rank, basis, period, mark, note }) => [
    figure ?? `need score ${score.toFixed(1)}`, `rank ${rank} (1 is the highest need)`,
    basis ? `${basis}, ${period}` : { h: "mostly not from its own figures", u: "too uncertain to place" }[mark], note,
  ].filter(Boolean);

  // --- Pointing at a council ---
  const point = (figure, code, at) => {
    for (const shape of shapesOf(figure)) shape.classList.toggle("at", shape.dataset.c === code);
    const tip = figure.querySelector(".chart-tip"), row = code && rowsOf(figure).rows.get(code);
    figure.dataset.at = code || "";
    tip.hidden = !row;
    if (!row) return;
    const name = Object.assign(document.createElement("a"), { href: root + row.page, textContent: row.name });
    tip.replaceChildren(name, ...lines(row).map((text) => Object.assign(document.createElement("span"), { textContent: text })));
    const box = figure.getBoundingClientRect(), shape = shapesOf(figure, code).find(isDrawn)?.getBoundingClientRect() || box;
    const { x, y } = at || { x: shape.x + shape.width / 2, y: shape.y + shape.height / 2 };
    tip.style.left = `${Math.max(0, Math.min(x - box.x + 12, box.width - tip.offsetWidth))}px`;
    tip.style.top = `${y - box.y + 16}px`;
  };
  const open = (figure, code) => {
    const page = root + rowsOf(figure).rows.get(code).page;
    if (document.body.classList.contains("embedded")) window.open(page, "_blank", "noopener");
    else location.href = page;
  };
  const listen = (figure) => {
    const view = figure.querySelector(".chart-view"), codeAt = (event) => event.target.dataset.c;
    view.tabIndex = 0;
    view.setAttribute("aria-label", `${view.getAttribute("aria-label")} Arrow keys move from council to council, Enter opens one.`);
    view.addEventListener("pointerover", async (event) => {
      const code = codeAt(event);
      if (event.pointerType !== "touch") { await ready(); point(figure, code, code && event); }
    });
    view.addEventListener("pointerleave", (event) => { if (event.pointerType !== "touch" && loads[rowsAt]) point(figure); });
    let touched = false;
    view.addEventListener("pointerdown", (event) => { touched = event.pointerType === "touch"; });
    view.addEventListener("click", async (event) => {
      const code = codeAt(event), again = figure.dataset.at === code;
      if (touched && loads[rowsAt] && !code) point(figure);
      if (!code) return;
      await ready();
      if (touched && !again) point(figure, code, event);
      else open(figure, code);
    });
    view.addEventListener("keydown", async (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key], at = figure.dataset.at;
      if (event.key === "Escape" && at) point(figure);
      if (event.key === "Enter" && at) open(figure, at);
      if (!step) return;
      event.preventDefault();
      await ready();
      const order = [...rowsOf(figure).rows.values()].filter(({ code }) => shapesOf(figure, code).some(isDrawn))
        .sort((a, b) => (a.value ?? -a.score) - (b.value ?? -b.score)).map(({ code }) => code);
      const place = order.indexOf(at);
      point(figure, order[(place < 0 ? 0 : place + step + order.length) % order.length]);
    });
    view.addEventListener("blur", () => { if (loads[rowsAt] && !figure.matches(":hover")) point(figure); });
  };

  // --- Choices ---
  const paint = (figure, shape, { band, mark } = {}) => {
    for (const name of [...shape.classList]) if (/^n\d$/.test(name)) shape.classList.remove(name);
    shape.removeAttribute("fill");
    if (band === undefined) return;
    if (mark) shape.setAttribute("fill", `url(#${figure.id}-${mark === "u" ? "u" : `h${band + 1}`})`);
    else shape.classList.add(`n${band + 1}`);
  };
  const hexagon = ([column, row]) => {
    const x = 100 * (column + (row % 2) / 2), y = -86.6 * row;
    return `M${x} ${y - 58}l50 29v58l-50 29-50-29v-58z`;
  };
  const show = (figure, view) => {
    const svg = svgOf(figure), isHexagons = view === "hexagons";
    svg.dataset.box ??= svg.getAttribute("viewBox");
    svg.classList.toggle("plain", isHexagons);
    for (const shape of svg.querySelectorAll(".shapes path:not(.o)")) {
      shape.dataset.d ??= shape.getAttribute("d");
      shape.setAttribute("d", isHexagons ? hexagon(missions.hexagons[shape.dataset.c]) : shape.dataset.d);
    }
    const shown = new Set();
    for (const county of svg.querySelectorAll(".o")) if (county.classList.toggle("on", view === "counties")) shown.add(county.dataset.c);
    for (const shape of svg.querySelectorAll("path[data-c]:not(.o)")) shape.classList.toggle("off", shown.has(missions.counties?.[shape.dataset.c]));
    const box = isHexagons && svg.querySelector(".shapes").getBBox();
    svg.setAttribute("viewBox", box ? [box.x - 8, box.y - 8, box.width + 16, box.height + 16].join(" ") : svg.dataset.box);
  };
  const arrange = (figure, by) => {
    const { chart, codes } = rowsOf(figure), svg = svgOf(figure), axis = svg.querySelector(".axis"), group = chart.groups[by];
    figure.first ??= { box: svg.getAttribute("viewBox"), axis: axis.outerHTML, places: codes.map((code) => {
      const [dot] = shapesOf(figure, code);
      return [dot.getAttribute("cx"), dot.getAttribute("cy")];
    }) };
    const { box, axis: drawn, places } = group ? { ...figure.first, ...group } : figure.first;
    svg.setAttribute("viewBox", group ? box.replace(/\d+$/, group.height) : box);
    axis.outerHTML = drawn;
    codes.forEach((code, i) => {
      const [dot] = shapesOf(figure, code);
      dot.setAttribute("cx", places[i][0]);
      dot.setAttribute("cy", places[i][1]);
    });
  };
  const apply = async (figure) => {
    const { layer, view, by } = chosen(figure);
    await ready();
    if (view && view !== "councils") await load("data/views.js");
    const { chart, rows } = rowsOf(figure);
    if (view) {
      show(figure, view);
      for (const shape of shapesOf(figure)) paint(figure, shape, shape.matches(".o:not(.on)") ? {} : rows.get(shape.dataset.c));
    }
    if (by) arrange(figure, by);
    if (chart.titles[layer]) figure.querySelector("figcaption").textContent = chart.titles[layer];
    point(figure);
    figure.dataset.shown = [layer, view, by].filter(Boolean).join(" ");
  };
  const state = () => new URLSearchParams(location.hash.includes("=") ? location.hash.slice(1) : "");
  const keep = () => {
    const kept = state();
    for (const figure of figures) for (const box of figure.querySelectorAll("[data-choice]:checked")) {
      const isFirst = figure.querySelector(`[name="${box.name}"]`) === box;
      if (isFirst) kept.delete(box.name);
      else kept.set(box.name, box.value);
    }
    history.replaceState(null, "", `${kept}` ? `#${kept}` : location.pathname + location.search);
  };
  // Takes the choices, and a council to point out, from the address.
  const restore = () => {
    const kept = state();
    for (const figure of figures) {
      let changed = false;
      for (const box of figure.querySelectorAll("[data-choice]")) {
        const isOn = (kept.get(box.name) ?? figure.querySelector(`[name="${box.name}"]`).value) === box.value;
        changed ||= isOn && !box.checked;
        box.checked = isOn;
      }
      const own = kept.get("council");
      for (const shape of shapesOf(figure)) shape.classList.toggle("own", shape.dataset.c === own);
      const [first] = own ? shapesOf(figure, own) : [];
      if (first && !svgOf(figure).matches(".map")) first.parentNode.append(first);
      if (changed) apply(figure);
    }
  };
  for (const figure of figures) {
    for (const hidden of figure.querySelectorAll(".chart-choice")) hidden.hidden = false;
    figure.addEventListener("change", (event) => { if (event.target.dataset.choice) { keep(); apply(figure); } });
    listen(figure);
  }
  for (const figure of figures) {
    figure.querySelector(".take-tools").hidden = false;
    figure.querySelector(".take").addEventListener("click", async ({ target: { dataset: { take } } }) => {
      if (!take) return;
      await load("data/picture.js");
      await load("static/take.js");
      missions.take(figure, take);
    });
  }
  // A page in a frame of another site shows one chart only.
  const embedded = new URLSearchParams(location.search).get("embed");
  const frame = figures.find(({ id }) => id === embedded);
  if (frame) {
    document.body.classList.add("embedded");
    for (let part = frame; part !== document.body; part = part.parentElement) part.classList.add("kept");
    for (const link of document.querySelectorAll("a")) link.target = "_blank";
  }
  window.addEventListener("hashchange", restore);
  restore();
})();
