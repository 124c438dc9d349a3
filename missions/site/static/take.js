// A chart as a picture with the reader's choices, and text to copy. missions/site/picture.py draws the same frame.
"use strict";
(() => {
  const { width, height, edge, letters, style } = missions.picture;
  const escaped = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;");
  const wrapped = (text, size) => text.split(/\s+/).reduce((lines, word) => {
    if (lines.length && `${lines.at(-1)} ${word}`.length <= letters[size]) lines.push(`${lines.pop()} ${word}`);
    else lines.push(word);
    return lines;
  }, []);
  const text = (words, size, x, y, kind = "") => {
    const lines = wrapped(words, size);
    return [lines.map((line, n) => `<text x="${x}" y="${y + 1.3 * size * n}" font-size="${size}" class="${kind}">${escaped(line)}</text>`).join(""), y + 1.3 * size * lines.length];
  };
  const pictureOf = (figure) => {
    const svg = figure.querySelector(".chart-view svg").cloneNode(true), isMap = svg.matches(".map");
    const [title, after] = text(figure.querySelector("figcaption").textContent, 44, edge, edge + 44, "title");
    const note = (figure.querySelector(".chart-note")?.textContent || "").replace(/Select a [^.]*\./, "").trim();
    const [subtitle, below] = text(note, 22, edge, after + 4, "quiet");
    let y = below + 30;
    const key = [...figure.querySelectorAll(".chart-legend li")].map((entry) => {
      const swatch = `<g class="key" transform="translate(${edge} ${y - 18}) scale(1.4)">${entry.querySelector("svg").innerHTML}</g>`;
      const [words, next] = text(entry.textContent.trim(), isMap ? 26 : 22, edge + 36, y);
      y = next + 6;
      return swatch + words;
    });
    const [left, top] = isMap ? [edge + 460, below] : [edge, y];
    for (const [name, value] of Object.entries({ x: left, y: top, width: width - edge - left, height: height - edge - 70 - top })) svg.setAttribute(name, value);
    const [foot] = text(figure.querySelector(".take .citation").textContent.trim(), 22, edge, height - edge - 16, "quiet");
    return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`
      + `<style>${style}</style><rect width="${width}" height="${height}" fill="#fff"/>${title}${subtitle}${key.join("")}${new XMLSerializer().serializeToString(svg)}${foot}</svg>`;
  };
  const save = (blob, figure, ending) => {
    const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob) });
    link.download = `${document.body.dataset.page.replace(/\.html$/, "").replaceAll("/", "-")}-${figure.id}.${ending}`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };
  const png = (svg) => new Promise((done, failed) => {
    const image = new Image();
    image.onload = () => {
      const canvas = Object.assign(document.createElement("canvas"), { width, height });
      canvas.getContext("2d").drawImage(image, 0, 0);
      canvas.toBlob(done, "image/png");
    };
    image.onerror = failed;
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  });
  // The page in this publication, from the site's own address or from where it is read; none if it is read from disk.
  const pinned = () => {
    const { root, page, publication, address } = document.body.dataset;
    const base = address || (location.protocol.startsWith("http") ? new URL(root || "./", location.href).href : "");
    if (!base) return "";
    return base.includes("/publication/") || !publication ? base + page : `${base}publication/${publication}/${page}`;
  };
  missions.take = async (figure, kind) => {
    const tools = figure.querySelector(".take"), status = tools.querySelector("[role=status]"), box = tools.querySelector("textarea");
    if (kind === "svg") save(new Blob([pictureOf(figure)], { type: "image/svg+xml" }), figure, "svg");
    if (kind === "png") save(await png(pictureOf(figure)), figure, "png");
    if (kind !== "embed" && kind !== "cite") return;
    const address = pinned(), state = location.hash.includes("=") ? location.hash : "";
    const title = figure.querySelector("figcaption").textContent.replaceAll('"', "&quot;");
    const words = kind === "cite" ? tools.querySelector(".citation").textContent.trim().replace(/\s+/g, " ") + (address ? ` ${address}` : "")
      : address && `<iframe src="${address}?embed=${figure.id}${state}" title="${title}" width="100%" height="640" loading="lazy"></iframe>`;
    if (!words) { status.textContent = "A page opened from disk cannot be embedded: open it on a site."; return; }
    [box.hidden, box.value] = [false, words];
    box.select();
    status.textContent = await navigator.clipboard?.writeText(words).then(() => "Copied.", () => "Copy the text below.") ?? "Copy the text below.";
  };
})();
