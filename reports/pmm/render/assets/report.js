// SPDX-License-Identifier: MIT
// Adds to pages that are complete without it: a theme switch that is
// remembered, tables that sort by their heads, and folded parts that open when
// a link points into them.
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

  function reveal() {
    const id = decodeURIComponent(location.hash.slice(1));
    const target = id && document.getElementById(id);
    for (let node = target; node; node = node.parentElement) {
      if (node.tagName === "DETAILS") { node.open = true; }
    }
    if (target) { target.scrollIntoView(); }
  }
  addEventListener("hashchange", reveal);
  reveal();
})();
