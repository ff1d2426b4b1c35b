// SPDX-License-Identifier: MIT
// Adds to pages that are complete without it: a theme switch that is
// remembered, tables that sort by their heads, folded parts that open when a
// link points into them, buttons that copy a command, and a filter of rows whose
// words stand in the address behind #, so that a filtered page can be linked.
"use strict";
(function () {
  const root = document.documentElement;
  const themes = ["auto", "light", "dark"];

  function remembered() {
    try { return localStorage.getItem("pmm-theme") || "auto"; } catch { return "auto"; }
  }
  function setTheme(name) {
    if (name === "auto") { delete root.dataset.theme; } else { root.dataset.theme = name; }
    try { localStorage.setItem("pmm-theme", name); } catch { /* private windows refuse */ }
    for (const button of document.querySelectorAll("[data-theme-button]")) {
      button.textContent = "Theme: " + name;
      button.hidden = false;
    }
  }
  let theme = remembered();
  setTheme(themes.includes(theme) ? theme : "auto");
  for (const button of document.querySelectorAll("[data-theme-button]")) {
    button.addEventListener("click", () => {
      theme = themes[(themes.indexOf(theme) + 1) % themes.length];
      setTheme(theme);
    });
  }

  function key(cell) {
    const text = cell.dataset.value ?? cell.textContent.trim();
    const plain = Number(text.replace(/[,%×\s]/g, ""));
    return text !== "" && Number.isFinite(plain) ? plain : text.toLowerCase();
  }
  function compare(a, b) {
    if (typeof a === typeof b) { return a < b ? -1 : a > b ? 1 : 0; }
    return typeof a === "number" ? -1 : 1;
  }
  function sortBy(table, head, column) {
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const other of head.parentNode.children) { other.removeAttribute("aria-sort"); }
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const rows = Array.from(table.tBodies[0].rows, (row) => [key(row.cells[column]), row]);
    rows.sort((a, b) => (down ? compare(b[0], a[0]) : compare(a[0], b[0])));
    table.tBodies[0].append(...rows.map((row) => row[1]));
  }
  for (const table of document.querySelectorAll("table.sortable")) {
    const rows = table.tBodies[0] ? Array.from(table.tBodies[0].rows) : [];
    const width = table.tHead.rows[0].cells.length;
    if (rows.some((row) => row.cells.length !== width)) { continue; }
    Array.from(table.tHead.rows[0].cells).forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => sortBy(table, head, column));
    });
  }

  for (const command of document.querySelectorAll(".command")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.dataset.said = "Copy";
    button.setAttribute("aria-label", "Copy the command");
    const text = command.textContent;
    button.addEventListener("click", () => {
      const copied = () => { button.dataset.said = "Copied"; };
      const chosen = () => { getSelection().selectAllChildren(command.firstElementChild); button.dataset.said = "Selected"; };
      if (navigator.clipboard) { navigator.clipboard.writeText(text).then(copied, chosen); } else { chosen(); }
    });
    command.append(button);
  }

  // What scrolls is a stop for the keyboard, and nothing else is.
  const scrollers = Array.from(document.querySelectorAll(".scroll, .chart, main pre:not(.command)"));
  function stops() {
    for (const part of scrollers) {
      if (part.closest("details:not([open])")) { continue; }  // to ask would lay it out
      const scrolls = part.scrollWidth > part.clientWidth || part.scrollHeight > part.clientHeight + 1;
      if (scrolls) { part.tabIndex = 0; } else { part.removeAttribute("tabindex"); }
    }
  }
  let waiting = 0;
  function later() { cancelAnimationFrame(waiting); waiting = requestAnimationFrame(stops); }
  addEventListener("resize", later);
  document.addEventListener("toggle", later, true);

  const box = document.querySelector("[data-search-box]");
  const told = document.querySelector("[data-found]");
  const filtered = Array.from(document.querySelectorAll(".searched tbody tr, .problems > li, .finding"));
  const words = new Map();
  function wordsOf(part) {
    if (!words.has(part)) { words.set(part, part.textContent.toLowerCase()); }
    return words.get(part);
  }
  function filter() {
    const wanted = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const part of filtered) {
      part.hidden = !wanted.every((word) => wordsOf(part).includes(word));
      shown += part.hidden ? 0 : 1;
    }
    told.hidden = wanted.length === 0;
    told.textContent = shown + " of " + filtered.length + " rows have these words.";
    if (wanted.length) {
      for (const fold of document.querySelectorAll("details:has(.searched, .problems, .finding)")) {
        fold.open = filtered.some((part) => !part.hidden && fold.contains(part));
      }
    }
    later();
  }
  const choices = Array.from(document.querySelectorAll(".filter input"));
  function remember() {
    const state = new URLSearchParams();
    if (box.value) { state.set("q", box.value); }
    for (const one of choices) {
      if (one.checked && !one.defaultChecked) { state.append("show", one.id); }
    }
    history.replaceState(null, "", "#" + (String(state) || "main"));
  }
  function fromAddress() {
    const state = new URLSearchParams(location.hash.slice(1));
    const chosen = state.getAll("show");
    for (const one of choices) { if (chosen.includes(one.id)) { one.checked = true; } }
    if (state.has("q")) { box.value = state.get("q"); filter(); }
  }
  if (filtered.length) {
    box.hidden = false;
    box.addEventListener("input", () => { filter(); remember(); });
  }
  for (const one of choices) { one.addEventListener("change", remember); }
  addEventListener("hashchange", fromAddress);
  fromAddress();

  function reveal() {
    let id = location.hash.slice(1);
    try { id = decodeURIComponent(id); } catch { /* somebody's percent sign */ }
    const target = id && document.getElementById(id);
    for (let node = target; node; node = node.parentElement) {
      if (node.tagName === "DETAILS") { node.open = true; }
    }
    if (target) { target.scrollIntoView(); }
  }
  addEventListener("hashchange", reveal);
  reveal();
  stops();
})();
