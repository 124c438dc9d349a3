// Search by name, former name and code, tolerant of misspellings. data/search.js has what can be found.
(() => {
  const key = text => text.toLowerCase().replace(/[.'’]/g, "").replace(/&/g, " and ").replace(/[^a-z0-9]+/g, " ").trim();
  const entries = window.missions.search.map(entry => ({ entry, name: key(entry[0]), codes: entry[3].toLowerCase() }));

  // The number of letters to change, add, drop or swap to turn a into the nearest beginning of b.
  function distance(a, b) {
    let before, last = Array.from({ length: b.length + 1 }, (_, j) => j);
    for (let i = 1; i <= a.length; i++) {
      const row = [i];
      for (let j = 1; j <= b.length; j++) {
        row[j] = Math.min(row[j - 1] + 1, last[j] + 1, last[j - 1] + (a[i - 1] !== b[j - 1]));
        if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) row[j] = Math.min(row[j], before[j - 2] + 1);
      }
      [before, last] = [last, row];
    }
    return Math.min(...last.slice(Math.max(a.length - 2, 0)));
  }

  // Lower is closer: exact name, code, start of the name, start of a word, any part, similar spellings.
  function cost(query, { name, codes }) {
    if (name === query) return 0;
    if (codes.split(" ").includes(query)) return 0.1;
    if (name.startsWith(query)) return 0.2;
    if (` ${name}`.includes(` ${query}`)) return 0.3;
    if (query.length > 2 && name.includes(query)) return 0.6;
    const starts = name.split(" ").map((_, i, words) => words.slice(i).join(" "));
    const near = Math.min(...starts.map((start, i) => distance(query, start) + (i && 0.4)));
    return near <= Math.max(1.4, query.length / 3.5) && query.length > 3 ? 1 + near : Infinity;
  }

  function show(list, text, most) {
    const query = key(text), far = entries.map(known => [query ? cost(query, known) : Infinity, known]);
    const best = Math.min(...far.map(([cost]) => cost)), found = far.filter(([cost]) => cost < (best < 1 ? 1 : Infinity))
      .sort((a, b) => a[0] - b[0] || a[1].name.length - b[1].name.length).slice(0, most);
    list.replaceChildren(...found.map(([, { entry: [name, note, page] }]) => {
      const item = document.createElement("li"), link = item.appendChild(document.createElement("a"));
      [link.href, link.textContent] = [document.body.dataset.root + page, name];
      item.append(` ${note}`);
      return item;
    }));
    return found.length;
  }

  const form = document.querySelector(".search"), input = form.elements.q, list = form.querySelector(".found");
  const status = form.querySelector(".status"), results = document.getElementById("results");
  const asked = new URLSearchParams(location.search).get("q");
  input.addEventListener("input", () => {
    const found = show(list, input.value, 8);
    list.hidden = !found;
    status.textContent = input.value.trim() ? found ? `${found} ${found === 1 ? "result" : "results"}; press Tab to reach ${found === 1 ? "it" : "them"}` : "No results" : "";
  });
  form.addEventListener("submit", event => { if (!input.value.trim()) event.preventDefault(); });
  form.addEventListener("keydown", event => { if (event.key === "Escape") list.hidden = true; });
  form.addEventListener("focusout", event => { if (!form.contains(event.relatedTarget)) list.hidden = true; });
  if (results && asked) {
    [input.value, results.hidden] = [asked, false];
    const found = show(results.querySelector("ul"), asked, 30);
    results.querySelector("h2").textContent = `${found || "No"} ${found === 1 ? "result" : "results"} for “${asked}”`;
  }
})();
