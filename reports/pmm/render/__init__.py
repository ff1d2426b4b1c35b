# SPDX-License-Identifier: MIT
"""Static HTML from one run: pages that open from disk, offline, without script.

    site.render(run, out)  writes index.html and its sister pages into `out`.

1. A page module turns the run into plain values for its template; it computes
   nothing that `judge` has not decided.
2. A chart is drawn at generation (Altair, vl-convert) and inlined as SVG whose
   colours are CSS variables, so one drawing serves both themes.
3. Style and script are inlined: each page stands alone. Script adds sorting,
   filters and a theme switch to pages that are complete without it.

Same run, same bytes: nothing here reads a clock or the machine.
"""
