// Ranks under other weights, by the method of `missions what-if`: weighted averages of z-scores, as z-scores again, at every
// level of the tree.
"use strict";
(() => {
  const { codes, inReference, missions: ids, indicators, nodes: tree, ranks, places: placed, ranges, z } = missions.whatIf;
  const official = Object.fromEntries(tree.map(([id, , weight]) => [id, weight]));
  const nodes = ids.map((id) => [id, official[id]]);
  const root = tree.find(([, parent]) => parent === null)[0];
  const below = (id) => tree.filter(([, parent]) => parent === id).map(([child]) => child);
  const bytes = Uint8Array.from(atob(z), (character) => character.charCodeAt(0));
  const columns = indicators.map((_, i) => new Float64Array(bytes.buffer, 8 * i * codes.length, codes.length));
  const page = document.getElementById("what-if");
  const find = (name) => page.querySelector(`[data-part="${name}"]`);
  const sliders = nodes.map(([id]) => page.querySelector(`[data-mission="${id}"]`));
  const boxes = indicators.map((id) => page.querySelector(`[data-indicator="${id}"]`));
  const sum = (values) => values.reduce((total, value) => total + value, 0);
  // The weighted average of columns as a z-score over the reference set; undefined if no weight is left.
  const score = (weighted) => {
    const parts = weighted.filter(([weight, column]) => weight > 0 && column);
    const total = sum(parts.map(([weight]) => weight));
    if (!total) return undefined;
    const means = codes.map((_, i) => sum(parts.map(([weight, column]) => (weight / total) * column[i])));
    const reference = means.filter((_, i) => inReference[i]);
    const mean = sum(reference) / reference.length;
    const deviation = Math.sqrt(sum(reference.map((value) => (value - mean) ** 2)) / (reference.length - 1));
    return means.map((value) => (value - mean) / deviation);
  };
  const show = () => {
    const weights = sliders.map(({ value }) => Number(value));
    const weightOf = (id) => (ids.includes(id) ? weights[ids.indexOf(id)] : official[id]);
    const of = (id) => {
      const leaf = indicators.indexOf(id);
      if (leaf >= 0) return boxes[leaf].checked ? columns[leaf] : undefined;
      return score(below(id).map((child) => [weightOf(child), of(child)]));
    };
    const composite = of(root);
    const changed = nodes.map(([id], m) => [id, weights[m]]).filter(([, weight], m) => weight !== nodes[m][1]);
    const off = indicators.filter((_, i) => !boxes[i].checked);
    const own = find("own").value;
    missions.keep([...changed, ...(off.length ? [["off", off]] : []), ...(own ? [["council", own]] : [])]);
    const share = (weight) => Math.round((100 * weight) / (sum(weights) || 1));
    sliders.forEach((slider, m) => { slider.nextElementSibling.value = `${weights[m]} (${share(weights[m])}%)`; });
    // The command wants a theme or mission dropped by its own name if nothing is left of it.
    const isOff = (id) => (indicators.includes(id) ? off.includes(id) : below(id).every(isOff));
    const dropped = (id) => below(id).flatMap((child) => (isOff(child) ? [child] : dropped(child)));
    const drops = dropped(root);
    const kept = changed.filter(([id]) => !drops.includes(id));
    const options = [...kept.map((pair) => ` --weight ${pair.join("=")}`), ...drops.map((id) => ` --drop ${id}`)];
    find("command").textContent = `missions what-if${options.join("")}`;
    find("results").hidden = !composite;
    find("status").textContent = "There is nothing left to rank by: give a mission some weight, and switch on one of its indicators.";
    if (!composite) return;
    const rounded = composite.map((value) => Math.round(value * 1e9));
    const rows = codes.map((code, i) => {
      const rank = 1 + rounded.filter((value) => value > rounded[i]).length;
      return { ...missions.council(code), rank, official: ranks[i], place: placed[i], range: ranges[i], move: rank - ranks[i], score: 100 + 10 * composite[i] };
    }).sort((a, b) => a.rank - b.rank || a.name.localeCompare(b.name));
    const moved = rows.filter(({ move }) => move).sort((a, b) => a.move - b.move);
    const entered = rows.filter(({ rank, official }) => 5 * rank <= codes.length && 5 * official > codes.length);
    const places = (sum(moved.map(({ move }) => Math.abs(move))) / codes.length).toFixed(1);
    find("status").textContent = !moved.length ? "These are the official ranks." : `${moved.length} of ${codes.length} `
      + `councils change rank; the average change across all councils is ${places} places; ${entered.length} join the 20% with the highest need.`;
    const pinned = rows.find(({ code }) => code === own);
    find("pinned").hidden = !pinned;
    const sign = (move) => (move ? `${move < 0 ? "↑" : "↓"}${Math.abs(move)}` : "0");
    if (pinned) find("pinned").textContent = `${pinned.name}: rank ${pinned.rank}, officially ${pinned.place}${pinned.move ? ` (${sign(pinned.move)})` : ""}.`;
    const cells = (row) => [{ text: row.name, href: row.href }, row.rank, row.place, row.range, sign(row.move), row.score.toFixed(1), row.region];
    const fill = (part, some) => find(part).replaceChildren(...some.map((row) => missions.row(cells(row))));
    find("movers").hidden = !moved.length;
    fill("nearer", moved.filter(({ move }) => move < 0).slice(0, 5));
    fill("farther", moved.filter(({ move }) => move > 0).reverse().slice(0, 5));
    fill("ranks", rows);
    missions.csv(find("csv"), [("authority_code authority_name index_id index_name higher_means ranked_councils new_rank "
      + "official_rank rank_change new_score").split(" "),
      ...rows.map((row) => [row.code, row.name, "composite", "All missions", "more_need", codes.length, row.rank, row.official, row.move, row.score])]);
  };
  for (const [code, [name]] of Object.entries(missions.authorities)) find("own").append(new Option(name, code));
  page.addEventListener("input", show);
  missions.start(page, (state) => {
    nodes.forEach(([id, weight], m) => { sliders[m].value = state.get(id) ?? weight; });
    indicators.forEach((id, i) => { boxes[i].checked = !`${state.get("off")}`.split(",").includes(id); });
    find("own").value = codes.includes(state.get("council")) ? state.get("council") : find("own").value;
    show();
  });
})();
