// What a text matches: the matcher of missions/reading/matching.py and name_keys.py, in the browser.
// Names, keys and rules come from data/search.js; tests/site/test_search_names.py holds both to the same answers.
window.missions.find = (() => {
  const { search, nameRules: rules } = window.missions;
  const entries = search.map(([label, note, page, kind, codes, full, short]) => ({
    label, note, page, kind, codes: codes.split(" "), full: full.split("|"), short: short.split("|"),
  }));
  const [beginsWithWords, begins, hasWord, holds, misspelt, unlike] = [0, 1, 2, 3, 4, 99], laterWord = 0.4;
  const tables = ["full", "short"].map(table => group(entries, entry => entry[table]));
  const codes = group(entries, entry => entry.codes);
  const before = new Map(Object.entries(rules.before)), after = new Map(Object.entries(rules.after));

  function group(list, keys) {
    const groups = new Map();
    for (const item of list) for (const key of keys(item)) if (key) groups.set(key, [...groups.get(key) ?? [], item]);
    return groups;
  }

  const words = text => text.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "").replace(/&/g, " and ")
    .replace(/([\p{L}\p{N}]{2})\.(?=[\p{L}\p{N}])/gu, "$1 ").replace(/[.'‘’]/g, "").match(/[\p{L}\p{N}]+/gu) ?? [];
  const key = text => words(text).map((word, i) => rules.words[word] ?? (i ? word : rules.firstWords[word] ?? word)).join(" ");
  const withoutJoiners = key => key.split(" ").filter(word => !rules.joiners.includes(word)).join(" ");

  // The words without the longest title at their end or, if there is none, at their beginning; never without all.
  function cut(list) {
    for (let size = Math.min(list.length - 1, 5); size > 0; size--) {
      const title = list.slice(-size).join(" ");
      if (after.has(title)) return [list.slice(0, -size), after.get(title)];
    }
    for (let size = Math.min(list.length - 1, 5); size > 0; size--) {
      const title = list.slice(0, size).join(" ");
      if (before.has(title)) return [list.slice(size), before.get(title)];
    }
    return null;
  }

  // A key and what is left of it as titles are taken off, each with the kind of place that the titles name.
  function shorter(full) {
    const forms = [[full, null]];
    for (let left = cut(full.split(" ")), kind = null; left; left = cut(left[0])) {
      kind ??= left[1];
      forms.push([left[0].join(" "), kind]);
    }
    return forms;
  }

  const fits = (kind, titled) => titled === null || kind === titled
    || titled === "council" && ["former_council", "coming_council", "outside_england"].includes(kind);
  const firstGroup = found => {
    const first = Math.min(...found.map(entry => rules.precedence[entry.kind]));
    return found.filter(entry => rules.precedence[entry.kind] === first);
  };

  // What matches the text, in full or without titles; nothing if that is not certain.
  function called(text) {
    const coded = codes.get(text.trim().toUpperCase());
    if (coded) return coded;
    for (const [form, titled] of shorter(key(text))) for (const probe of [form, withoutJoiners(form)]) for (const table of tables) {
      const found = table.get(probe) ?? [], fitting = found.filter(entry => fits(entry.kind, titled));
      if (fitting.length || found.length && titled === "council") return firstGroup(fitting.length ? fitting : found);
    }
    return [];
  }

  // How many letters to change, add, drop or swap to turn a into the nearest beginning of b, give or take some letters.
  function distance(a, b, allowed) {
    let last, row = Array.from({ length: b.length + 1 }, (_, j) => j), before;
    for (let i = 1; i <= a.length; i++) {
      [before, last, row] = [last, row, [i]];
      for (let j = 1; j <= b.length; j++) {
        row[j] = Math.min(row[j - 1] + 1, last[j] + 1, last[j - 1] + (a[i - 1] !== b[j - 1]));
        if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) row[j] = Math.min(row[j], before[j - 2] + 1);
      }
    }
    return Math.min(...row.slice(Math.max(a.length - allowed, 0), a.length + allowed + 1));
  }

  function unlikeness(query, name) {
    if (name === query || name.startsWith(`${query} `)) return beginsWithWords;
    if (name.startsWith(query)) return begins;
    if (` ${name}`.includes(` ${query}`)) return hasWord;
    if (query.length > 2 && name.includes(query)) return holds;
    if (query.length < 4) return unlike;
    const allowed = Math.min(Math.floor((query.length + 1) / 4), 3), starts = name.split(" ");
    const far = starts.map((word, i) => word[0] !== query[0] ? unlike
      : distance(query, starts.slice(i).join(" "), allowed) + (i && laterWord));
    const nearest = Math.min(...far);
    return nearest <= allowed + laterWord ? misspelt + nearest : unlike;
  }

  // Those whose names are most like the text, closest first; misspelt ones if there are no others.
  function like(text) {
    const full = key(text), queries = [full, shorter(full).at(-1)[0]].filter(Boolean), ranks = new Map();
    const compare = (a, b) => { const i = a.findIndex((part, i) => part !== b[i]); return i < 0 ? 0 : a[i] < b[i] ? -1 : 1; };
    for (const [name, named] of tables[0]) {
      const near = Math.min(unlike, ...queries.map(query => unlikeness(query, name)));
      if (near < unlike) for (const entry of firstGroup(named)) {
        const rank = [near, rules.precedence[entry.kind], name.length, name, entry.label];
        if (!ranks.has(entry) || compare(rank, ranks.get(entry)) < 0) ranks.set(entry, rank);
      }
    }
    const found = [...ranks.keys()].sort((a, b) => compare(ranks.get(a), ranks.get(b)));
    const farthest = found.length ? Math.max(misspelt - 1, ranks.get(found[0])[0] + 1) : unlike;
    return found.filter(entry => ranks.get(entry)[0] <= farthest).map(entry => [entry, ranks.get(entry)[0] < misspelt]);
  }

  window.missions.keyOf = key;

  // Everything found, in order, what to say about it, and whether the match is certain.
  return function find(text) {
    if (!key(text)) return { found: [], words: "", isSure: true };
    const sure = called(text), others = like(text).filter(([entry, begun]) => !sure.includes(entry) && (begun || !sure.length));
    const found = [...sure, ...others.map(([entry]) => entry)];
    const isSure = sure.length > 0 || others.some(([, begun]) => begun);
    return { found, words: found.length ? some(found.length, isSure) : nothing(text), isSure };
  };

  function some(count, isSure) {
    return isSure ? `${count} ${count === 1 ? "result" : "results"}` : `No exact match; ${count} similar ${count === 1 ? "name" : "names"}`;
  }

  function nothing(text) {
    return /^[WSN]\d{8}$/i.test(text.trim()) ? `No results: ${rules.onlyEngland}` : "No results";
  }
})();
