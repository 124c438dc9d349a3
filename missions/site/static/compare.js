// Up to five councils side by side. The address keeps the councils and indicators selected.
"use strict";
(() => {
  const { codes, indexes, indicators, words, spec } = missions.compare;
  const page = document.getElementById("compare");
  const find = (name) => page.querySelector(`[data-part="${name}"]`);
  const [selects, boxes] = ["select", "[data-indicator]"].map((selector) => [...page.querySelectorAll(selector)]);
  const show = () => {
    const chosen = [...new Set(selects.map(({ value }) => value).filter(Boolean))].map(missions.council);
    const places = chosen.map(({ code }) => codes.indexOf(code));
    const ticked = boxes.filter(({ checked }) => checked).map((box) => box.dataset.indicator);
    missions.keep([["councils", chosen.map(({ code }) => code)], ["indicators", ticked]].filter(([, ids]) => ids.length));
    find("results").hidden = !chosen.length;
    find("status").textContent = chosen.map(({ name }) => name).join(", ") || "Select a council to begin.";
    if (!chosen.length) return;
    const heads = chosen.map(({ name, href }) => ({ text: name, href }));
    const note = (rank, ...notes) => [`rank ${rank}`, ...notes.map((place) => words[place])].filter((word) => word && word !== "published").join(", ");
    const fill = (table, head, rows, before) => {
      table.tHead.replaceChildren(missions.row([...head, ...heads], "th"));
      table.tBodies[0].replaceChildren(...rows.map((row) => missions.row([...before(row), ...places.map((place) => {
        const [, text, ...notes] = row.cells[place];
        return { text, note: note(...notes) };
      })])));
    };
    const shown = indicators.filter(({ id }) => !ticked.length || ticked.includes(id));
    fill(find("scores"), ["Need under"], indexes, ({ title }) => [title]);
    fill(find("figures"), ["Indicator", "England"], shown, ({ id, title, about, england: [text = "", period] }) =>
      [{ text: title, href: `${document.body.dataset.root}indicator/${id}.html`, note: about }, { text, note: period }]);
    missions.csv(find("csv"), [("authority_code authority_name indicator_id indicator_title unit higher_means value need_rank "
      + "ranked_councils value_basis period").split(" "), ...chosen.flatMap(({ code, name }, i) => [...indexes, ...shown].map((row) => {
      const [value, , rank, basis, period] = row.cells[places[i]];
      return [code, name, row.id, row.title, row.unit, row.higherMeans, value, rank, codes.length, words[basis], words[period]];
    }))]);
    missions.draw(find("chart"), spec, { rows: chosen.flatMap(({ name }, i) => indexes.map(({ title, cells }) =>
      ({ council: name, index: title, score: cells[places[i]][0], rank: cells[places[i]][2] }))) });
  };
  const names = Object.entries(missions.authorities);
  for (const select of selects) select.append(...names.map(([code, [name]]) => new Option(name, code)));
  page.addEventListener("change", show);
  missions.start(page, (state) => {
    const [councils, ticked] = ["councils", "indicators"].map((name) => (state.get(name) || "").split(","));
    selects.forEach((select, i) => { select.value = codes.includes(councils[i]) ? councils[i] : ""; });
    boxes.forEach((box) => { box.checked = ticked.includes(box.dataset.indicator); });
    show();
  });
})();
