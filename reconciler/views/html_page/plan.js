"use strict";
(() => {
  const root = document.documentElement;
  const theme = document.getElementById("theme");
  const tools = document.getElementById("tools");
  const search = document.getElementById("search");
  const kind = document.getElementById("kind");
  const count = document.getElementById("count");
  const dark = () => (root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches);
  const tell = () => theme.setAttribute("aria-pressed", String(dark()));
  theme.addEventListener("click", () => { root.dataset.theme = dark() ? "light" : "dark"; tell(); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", tell);
  tell();
  theme.hidden = false;
  tools.hidden = false;

  const fold = (text) => text.normalize("NFKC").toLowerCase();
  const sections = [...document.querySelectorAll("main [data-kind]")].map((section) => {
    const lines = [...section.querySelectorAll("[data-line]")];
    return { section, kind: section.dataset.kind, details: section.querySelector("details"), lines,
      link: document.querySelector(`nav a[href="#${section.id}"]`), opened: null, texts: null };
  });
  const total = sections.reduce((sum, each) => sum + each.lines.length, 0);
  const number = new Intl.NumberFormat("en");

  function filter() {
    const words = fold(search.value).split(/\s+/).filter(Boolean);
    const chosen = kind.value;
    const narrowed = words.length > 0;
    let found = 0;
    for (const each of sections) {
      let mine = 0;
      if (narrowed && each.texts === null) each.texts = each.lines.map((line) => fold(line.textContent));
      const offered = chosen === "" || each.kind === chosen;
      each.lines.forEach((line, at) => {
        const fits = offered && words.every((word) => each.texts[at].includes(word));
        line.hidden = !fits;
        mine += fits;
      });
      found += mine;
      const shown = offered && (mine > 0 || (!narrowed && each.lines.length === 0));
      each.section.hidden = !shown;
      if (each.link) each.link.parentElement.hidden = !shown;
      for (const cut of each.section.querySelectorAll("[data-cut]")) cut.hidden = narrowed;
      if (each.details) {
        if (narrowed && each.opened === null) { each.opened = each.details.open; }
        if (narrowed) each.details.open = true;
        else if (each.opened !== null) { each.details.open = each.opened; each.opened = null; }
      }
    }
    const all = !narrowed && chosen === "";
    count.textContent = all ? `${number.format(total)} lines` : `${number.format(found)} of ${number.format(total)} lines`;
  }

  for (const each of sections) {
    if (each.link && each.details) each.link.addEventListener("click", () => { each.details.open = true; });
  }
  let waiting = 0;
  search.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(filter, 120); });
  kind.addEventListener("change", filter);
  tools.addEventListener("submit", (event) => { event.preventDefault(); filter(); });
  tools.addEventListener("reset", () => setTimeout(() => { filter(); search.focus(); }));
  filter();
})();
