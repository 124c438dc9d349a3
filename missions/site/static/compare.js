// Up to five councils side by side. The address keeps the councils and indicators selected.
"use strict";
(() => {
  const { codes, indexes, indicators, words, limits, groups } = missions.compare;
  const page = document.getElementById("compare");
  const find = (name) => page.querySelector(`[data-part="${name}"]`);
  const [selects, boxes] = ["select", "[data-indicator]"].map((selector) => [...page.querySelectorAll(selector)]);
  const show = () => {
    const chosen = [...new Set(selects.map(({ value }) => value).filter(Boolean))].map(missions.council);
    const places = chosen.map(({ code }) => codes.indexOf(code));
    const ticked = boxes.filter(({ checked }) => checked).map((box) => box.dataset.indicator);
    missions.keep([["councils", chosen.map(({ code }) => code)], ["indicators", ticked]].filter(([, ids]) => ids.length));
    find("results").hidden = !chosen.length;
    for (const button of page.querySelectorAll("[data-fill]")) button.disabled = !groups[button.dataset.fill][codes.indexOf(selects[0].value)]?.length;
    find("status").textContent = chosen.map(({ name }) => name).join(", ") || "Select a council to begin.";
    if (!chosen.length) return;
    const heads = chosen.map(({ name, href }) => ({ text: name, href }));
    const note = (rank, ...notes) => [`rank ${rank}`, ...notes.map((place) => words[place])].filter((word) => word && word !== "published").join(", ");
    // How a council's figure differs from the first one's, and whether that is clear: their 95% limits do not overlap.
    const against = (row, first, place) => {
      if (row.decimals === undefined) return "";
      const gap = row.cells[place][0] - row.cells[first][0], size = `${gap < 0 ? "−" : "+"}${Math.abs(gap).toFixed(row.decimals)}`;
      const [own, other] = [first, place].map((at) => limits[row.id]?.[at]);
      if (!own || !other) return `${size}, no margin published`;
      if (own[0] <= other[1] && other[0] <= own[1]) return `${size}, no clear difference`;
      return `${size}, clearly ${(gap > 0) === (row.higherMeans === "more_need") ? "worse" : "better"}`;
    };
    const fill = (table, head, rows, before) => {
      table.tHead.replaceChildren(missions.row([...head, ...heads], "th"));
      table.tBodies[0].replaceChildren(...rows.map((row) => missions.row([...before(row), ...places.map((place) => {
        const [, text, ...notes] = row.cells[place];
        return { text, note: [note(...notes), place !== places[0] && against(row, places[0], place)].filter(Boolean).join("; ") };
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
    draw(chosen.map(({ name }) => name), places);
  };
  // A row for each index, with a mark for each council that differs in colour and in shape.
  const marks = ["M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0z", "M-5-5h10v10h-10z", "M0-6l6 11h-12z", "M0-7l6 7-6 7-6-7z", "M-2-6h4v4h4v4h-4v4h-4v-4h-4v-4h4z"];
  const draw = (names, places) => {
    const scores = indexes.flatMap(({ cells }) => places.map((place) => cells[place][0])), step = 10;
    const low = Math.floor(Math.min(...scores, 95) / step) * step, high = Math.ceil(Math.max(...scores, 105) / step) * step;
    const x = (score) => 170 + (560 * (score - low)) / (high - low), bottom = 34 * indexes.length + 8;
    const ticks = Array.from({ length: (high - low) / step + 1 }, (_, i) => low + step * i).map((score) =>
      `<path class="${score === 100 ? "line" : "grid"}" d="M${x(score)} 4V${bottom}"/><text x="${x(score)}" y="${bottom + 18}" text-anchor="middle">${score}</text>`);
    const rows = indexes.map(({ title, cells }, n) => `<text x="0" y="${34 * n + 27}">${title}</text>`
      + places.map((place, i) => `<path class="c${i + 1}" transform="translate(${x(cells[place][0]).toFixed(1)} ${34 * n + 22})" d="${marks[i]}"/>`).join(""));
    find("chart").innerHTML = `<svg class="dots" viewBox="0 0 760 ${bottom + 26}" font-size="14">${ticks.join("")}${rows.join("")}</svg>`;
    find("legend").replaceChildren(...names.map((name, i) => {
      const item = document.createElement("li");
      item.innerHTML = `<svg width="16" height="16" viewBox="-8 -8 16 16" aria-hidden="true"><path class="c${i + 1}" d="${marks[i]}"/></svg>`;
      item.append(name);
      return item;
    }));
  };
  const names = Object.entries(missions.authorities);
  for (const select of selects) select.append(...names.map(([code, [name]]) => new Option(name, code)));
  // Fills the other places with what the first council is usually compared with.
  for (const button of page.querySelectorAll("[data-fill]")) button.addEventListener("click", () => {
    const first = selects[0].value, same = groups[button.dataset.fill][codes.indexOf(first)] || [];
    selects.slice(1).forEach((select, i) => { select.value = codes[same[i]] ?? ""; });
    show();
  });
  page.addEventListener("change", show);
  missions.start(page, (state) => {
    const [councils, ticked] = ["councils", "indicators"].map((name) => (state.get(name) || "").split(","));
    selects.forEach((select, i) => { select.value = codes.includes(councils[i]) ? councils[i] : ""; });
    boxes.forEach((box) => { box.checked = ticked.includes(box.dataset.indicator); });
    show();
  });
})();
