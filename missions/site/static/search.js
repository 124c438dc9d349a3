// The search box of every page and the list on search.html. What a text finds is in names.js.
(() => {
  function show(list, text, most) {
    const { found, words, isSure } = window.missions.find(text), shown = found.slice(0, most);
    list.replaceChildren(...shown.map(({ label, note, page }) => {
      const item = document.createElement("li"), name = item.appendChild(document.createElement(page ? "a" : "b"));
      name.textContent = label;
      if (page) name.href = document.body.dataset.root + page;
      item.append(` ${note}`);
      return item;
    }));
    if (!isSure) list.prepend(Object.assign(document.createElement("li"), { textContent: words, ariaHidden: true }));
    return { shown: shown.length, words };
  }

  const form = document.querySelector(".search"), input = form.elements.q, list = form.querySelector(".found");
  const status = form.querySelector(".status"), results = document.getElementById("results");
  const asked = new URLSearchParams(location.search).get("q");
  input.addEventListener("input", () => {
    const { shown, words } = show(list, input.value, 8);
    list.hidden = !list.children.length;
    status.textContent = shown ? `${words}; press Tab to reach them` : words;
  });
  form.addEventListener("submit", event => { if (!input.value.trim()) event.preventDefault(); });
  form.addEventListener("keydown", event => { if (event.key === "Escape") list.hidden = true; });
  form.addEventListener("focusout", event => { if (!form.contains(event.relatedTarget)) list.hidden = true; });
  const showResults = () => {
    results.querySelector("h2").textContent = `${show(results.querySelector("ul"), asked, 30).words} for “${asked}”`;
  };
  if (results && asked) {
    [input.value, results.hidden] = [asked, false];
    showResults();
  }
  document.addEventListener("places", () => {
    if (document.activeElement === input) input.dispatchEvent(new Event("input"));
    if (results && asked) showResults();
  });
})();
