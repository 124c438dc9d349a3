// The search box of every page and the list on search.html. What a text finds is in names.js and places.js, which are loaded when a
// reader first turns to the box.
"use strict";
(() => {
  const root = document.body.dataset.root;
  let loading;
  const script = (path) => new Promise((done, failed) => {
    document.head.append(Object.assign(document.createElement("script"), { src: root + path, onload: done, onerror: failed }));
  });
  const ready = () => (loading ??= ["data/search.js", "static/names.js", "static/places.js"].reduce(
    (before, path) => before.then(() => script(path)), Promise.resolve()).then(() => { form.dataset.isReady = "true"; }));

  function show(list, text, most) {
    const { found, words, isSure } = window.missions.find(text), shown = found.slice(0, most);
    list.replaceChildren(...shown.map(({ label, note, page }) => {
      const item = document.createElement("li"), name = item.appendChild(document.createElement(page ? "a" : "b"));
      name.textContent = label;
      if (page) name.href = root + page;
      item.append(` ${note}`);
      return item;
    }));
    if (!isSure) list.prepend(Object.assign(document.createElement("li"), { textContent: words, ariaHidden: true }));
    return { shown: shown.length, words };
  }

  const form = document.querySelector(".search"), input = form.elements.q, list = form.querySelector(".found");
  const status = form.querySelector(".status"), results = document.getElementById("results");
  const asked = new URLSearchParams(location.search).get("q");
  input.addEventListener("focus", ready);
  input.addEventListener("input", async () => {
    await ready();
    const { shown, words } = show(list, input.value, 8);
    list.hidden = !list.children.length;
    status.textContent = shown ? `${words}; the arrow keys reach them` : words;
  });
  form.addEventListener("submit", (event) => { if (!input.value.trim()) event.preventDefault(); });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Escape") list.hidden = true;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key], stops = [input, ...list.querySelectorAll("a")];
    if (!step || list.hidden) return;
    event.preventDefault();
    stops[(stops.indexOf(document.activeElement) + step + stops.length) % stops.length].focus();
  });
  form.addEventListener("focusout", (event) => { if (!form.contains(event.relatedTarget)) list.hidden = true; });
  const showResults = () => {
    results.querySelector("h2").textContent = `${show(results.querySelector("ul"), asked, 30).words} for “${asked}”`;
  };
  if (results && asked) {
    ready().then(() => {
      [input.value, results.hidden] = [asked, false];
      showResults();
    });
  }
  document.addEventListener("places", () => {
    if (document.activeElement === input) input.dispatchEvent(new Event("input"));
    if (results && asked) showResults();
  });
})();
