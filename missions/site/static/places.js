// Postcodes, towns, wards and parishes in the search: their data is loaded when asked for, by postcode area or first letter.
// The answers are those of missions/reading/places.py; tests/site/test_search_places.py holds both to the same.
(() => {
  const { find, keyOf, nameRules: rules } = window.missions, root = document.body.dataset.root, asked = new Set();

  // The data of a file, or nothing until it is loaded; the search is then asked again.
  function loaded(name, file) {
    if (!window.missions[name] && !asked.has(file)) {
      const script = document.createElement("script");
      script.src = root + file;
      script.onload = script.onerror = () => document.dispatchEvent(new Event("places"));
      asked.add(file);
      document.head.append(script);
    }
    return window.missions[name];
  }

  const said = (words, councils = []) => ({
    found: councils.map(([label, page]) => ({ label, note: "council", page, kind: "place" })), words, isSure: false,
  });
  const and = councils => councils.map(([name]) => name).join(" and ");

  function postcode(text) {
    const plain = text.trim().replace(/\s+/g, " ");
    if (!new RegExp(rules.postcode).test(plain.toLowerCase())) return null;
    const compact = plain.toUpperCase().replace(" ", ""), area = compact.match(/^[A-Z]+/)[0];
    const full = compact.length > 4 && compact.match(/^(.+)(\d)([A-Z]{2})$/);
    const [outward, sector] = full ? [full[1], `${full[1]} ${full[2]}`] : [compact, null];
    const whole = full ? sector + full[3] : compact;
    if (rules.elsewhere[area]) return said(`${whole} is in ${rules.elsewhere[area]}; ${rules.onlyEngland}`);
    if (!rules.postcodeAreas.includes(area)) return said(`${whole} is not a live English postcode`);
    const data = loaded(`postcode${area}`, `data/postcode/${area}.js`);
    return data ? within(data, whole, outward, sector, full?.[3]) : said("Looking up the postcode");
  }

  function within(data, whole, outward, sector, unit) {
    const pairs = data.sectors[sector] ?? [];
    for (let i = 0; i < pairs.length; i += 2) {
      if (!pairs[i + 1].match(/../g).includes(unit)) continue;
      const [title, ward, council] = data.areas[pairs[i]], [name, page] = data.councils[council];
      const entry = { label: `${whole}: ${title}`, note: `${name}, ${ward} ward`, page, kind: "place" };
      return { found: [entry], words: "1 result", isSure: true };
    }
    const near = councilsOf(data, pairs), all = near.length ? near : councilsOf(data, Object.entries(data.sectors)
      .filter(([other]) => other.startsWith(`${outward} `)).flatMap(([, others]) => others));
    if (!all.length) return said(`${whole} is not a live English postcode`);
    return sector
      ? said(`There is no live postcode ${whole}. Others that begin ${near.length ? sector : outward} are in ${and(all)}`, all)
      : said(`${whole} is the first half of a postcode, in ${and(all)}: give the whole postcode`, all);
  }

  // The councils of pairs of a small area and the endings in it, those with most postcodes first.
  function councilsOf(data, pairs) {
    const counts = new Map();
    for (let i = 0; i < pairs.length; i += 2) {
      const council = data.areas[pairs[i]][2];
      counts.set(council, (counts.get(council) ?? 0) + pairs[i + 1].length);
    }
    const most = (a, b) => b[1] - a[1] || (data.councils[a[0]][0] < data.councils[b[0]][0] ? -1 : 1);
    return [...counts].sort(most).map(([council]) => data.councils[council]);
  }

  // Places with this name, or whose name begins with it, one per council; a name may be followed by its council.
  function places(text) {
    const splits = [[text, ""], ...[...text.matchAll(/,/g)].map(({ index }) => [text.slice(0, index), text.slice(index + 1).trim()])];
    for (const [name, council] of splits) {
      const key = keyOf(name), data = key && loaded(`place${key[0]}`, `data/place/${key[0]}.js`);
      if (!data || key.length < 3) continue;
      const entries = data.names.filter(([other]) => other === key || !council && other.startsWith(key)).map(([other, label, kind, i]) => (
        { label, note: `${kind} in ${data.councils[i][0]}`, page: data.councils[i][1], kind: "place", isExact: other === key }))
        .filter(({ note }) => note.split(" in ").at(-1).toLowerCase().startsWith(council.toLowerCase()));
      if (entries.length) return entries.filter((entry, i) => entries.findIndex(other => other.page === entry.page) === i);
    }
    return [];
  }

  window.missions.find = text => {
    const located = postcode(text);
    if (located) return located;
    const result = find(text), key = keyOf(text), named = key ? places(text) : [];
    if (!named.length) return result;
    const exact = named.filter(entry => entry.isExact), own = result.found.filter(entry => entry.full?.includes(key));
    const others = result.found.filter(entry => !own.includes(entry));
    const found = [...own, ...exact, ...(result.isSure || !exact.length ? others : []), ...named.filter(entry => !entry.isExact)];
    return { found, words: `${found.length} ${found.length === 1 ? "result" : "results"}`, isSure: true };
  };
})();
