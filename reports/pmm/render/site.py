# SPDX-License-Identifier: MIT
"""Write the pages of a report into a folder.

The folder is complete or untouched: pages are made next to it and moved into
place at the end, so that a full disk leaves the earlier report readable.
"""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jinja2
from markupsafe import Markup, escape

from pmm.base import formatting
from pmm.base.plain_text import plain
from pmm.collect.coverage_ledger import LEDGER
from pmm.documents.run import Run, encode_run
from pmm.render import (
    backends,
    claims,
    conformance,
    coverage,
    facts,
    film,
    grade,
    heap,
    index,
    leaks,
    memory,
    run_page,
    single,
    speed,
    speed_figures,
)
from pmm.render.figures import FOLDER as FIGURES
from pmm.render.figures import KINDS, Figure, by_run, caption, files_of, name_of
from pmm.render.safe_text import shown

PAGES = {
    "index": ("Overview", index),
    "conformance": ("Conformance", conformance),
    "memory": ("Memory", memory),
    "film": ("Line by line", film),
    "facts": ("Versions", facts),
    "backends": ("Backends", backends),
    "heap": ("Heap", heap),
    "speed": ("Speed", speed),
    "leaks": ("Leaks", leaks),
    "claims": ("Claims", claims),
    "coverage": ("Coverage", coverage),
    "grade": ("Grade", grade),
    "run": ("Run", run_page),
}
"""File name: (title in the navigation, module with `context(run)`)."""

LCOV_FOLDER = "lcov"


def _asset(name: str) -> Markup:
    """A style or script of this package, trusted."""
    path = resources.files("pmm.render").joinpath("assets", name)
    return Markup(path.read_text(encoding="utf-8"))  # noqa: S704 - our own file


def glyphs() -> Markup:
    """Rules that put the glyph of a state into a cell, which then holds its word
    alone: a matrix has thousands of them.
    """
    every = {name: state.glyph for name, state in formatting.STATES.items()}
    rules = (
        f'.is-{name}::before {{ content: "{glyph} "; content: "{glyph} " / ""; }}\n'
        for name, glyph in {**every, "none": formatting.DASH}.items()
    )
    return Markup("").join(map(Markup, rules))


def _policy(*, style: str, script: str) -> str:
    """What a page may do: show itself, and run nothing but its own script."""

    def source(text: str) -> str:
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest())
        return f"'sha256-{digest.decode()}'"

    return (
        "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; "
        f"style-src {source(style)}; style-src-attr 'unsafe-inline'; "
        f"script-src {source(script)}"
    )


def verbatim(text: str) -> Markup:
    """Text that is copied, such as a command: nothing may be put around it."""
    return escape(plain(text))


def job_place(job: str) -> str:
    """Name the row of a job on the page of the run."""
    return f"job-{'--'.join(map(name_of, job.split('/')))}"


def is_web_address(text: str | None) -> bool:
    """Tell whether a link leads into the web, and neither runs nor holds anything."""
    try:
        parts = urlsplit(text or "")
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc)


def compiled_templates() -> jinja2.BytecodeCache | None:
    """Keep compiled templates beside Python's own, where that may write."""
    folder = Path(__file__).with_name("__pycache__")
    if sys.dont_write_bytecode or not os.access(folder, os.W_OK):
        return None
    return jinja2.FileSystemBytecodeCache(str(folder))


def environment() -> jinja2.Environment:
    """The template environment: escaping on, an unknown name is an error."""
    style, script = _asset("report.css") + glyphs(), _asset("report.js")
    env = jinja2.Environment(
        loader=jinja2.PackageLoader("pmm.render", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=shown,
        bytecode_cache=compiled_templates(),
    )
    for function in (
        formatting.number, formatting.size, formatting.duration,
        formatting.quantity, formatting.times, formatting.percent, formatting.plural,
    ):  # fmt: skip
        env.filters[function.__name__] = function
    env.filters.update(svg=Markup, verbatim=verbatim, job_place=job_place)
    env.tests["web_address"] = is_web_address
    env.globals.update(
        states=formatting.STATES,
        verdicts=formatting.VERDICTS,
        severities=formatting.SEVERITIES,
        changes=formatting.CHANGES,
        truths=formatting.TRUTHS,
        agreements=formatting.AGREEMENTS,
        claim_states=formatting.CLAIM_STATES,
        paces=formatting.PACES,
        figure=speed_figures.figure,
        interval=speed_figures.interval,
        reached=speed_figures.reached,
        style=style,
        script=script,
        policy=_policy(style=style, script=script),
        LCOV=LCOV_FOLDER,
        FIGURES=FIGURES,
        LEDGER=str(LEDGER),
    )
    return env


def _lcov_pages(run: Run, run_folder: Path | None) -> Path | None:
    """Where genhtml's pages are, if the run has them."""
    if run.coverage is None or run.coverage.html is None or run_folder is None:
        return None
    pages = run_folder / run.coverage.html
    return pages if (pages / "index.html").is_file() else None


def bar(run: Run) -> dict[str, str]:
    """Return the pages that have something to show, with their titles."""
    shown = {
        "conformance": run.columns, "memory": memory.workloads_on(run, "memory"),
        "film": run.facts, "facts": run.facts, "backends": backends.told(run),
        "heap": run.rank, "speed": run.speed or run.instructions,
        "leaks": run.leaks or run.leak_tally, "claims": claims.has_evidence(run),
        "coverage": run.coverage, "grade": run.grade,
    }  # fmt: skip
    return {
        name: title for name, (title, _) in PAGES.items() if shown.get(name, True)
    }


def page_texts(
    run: Run, lcov: bool, pictures: bool
) -> Iterator[tuple[str, str, Sequence[Figure]]]:
    """Make each page that has something to show: its name, its text, and the figures
    to take away.
    """
    env = environment()
    for name, title in bar(run).items():
        values: dict[str, Any] = PAGES[name][1].context(run)
        figures: Sequence[Figure] = values.pop("figures", ())
        text = env.get_template(f"{name}.html").render(
            run=run, page=name, title=title, pages=bar(run), lcov=lcov,
            figure_kinds=KINDS if pictures else KINDS[:2], addresses={},
            cite=f"run {run.id} of {run.created[:10]}", **values,
        )  # fmt: skip
        yield name, text, figures


def write_pages(run: Run, folder: Path, lcov: bool, pictures: bool) -> None:
    """Write every page, and the figures that they have to take away."""
    for name, text, figures in page_texts(run, lcov, pictures):
        (folder / f"{name}.html").write_text(text, encoding="utf-8")
        for figure in figures:
            (folder / FIGURES).mkdir(exist_ok=True)
            said = caption(figure, by_run(run))
            for kind, data in files_of(figure, said, pictures).items():
                (folder / FIGURES / f"{figure.id}.{kind}").write_bytes(data)


def single_file(run: Run) -> str:
    """Return the pages that have something to show as one HTML text."""
    shown_pages = bar(run)
    parts = [
        (name, single.part(text, name, shown_pages))
        for name, text, _ in page_texts(run, lcov=False, pictures=False)
    ]
    return environment().get_template("single.html").render(
        run=run, page="index", title=PAGES["index"][0], pages=shown_pages,
        parts=parts, addresses={n: f"#{single.place(n, '')}" for n in shown_pages},
    )  # fmt: skip


def render(
    run: Run,
    out: Path,
    run_folder: Path | None = None,
    files: Mapping[str, bytes] | None = None,
    pictures: bool = False,
) -> Path:
    """Write the report of `run` into the folder `out`; return its index page.

    `run_folder` is where run.json lies; lcov's pages are copied from there.
    `files` are others to put beside the pages, by name; `pictures` has each figure
    written as PNG, too, which takes a tenth of a second each. An earlier report is
    moved aside before it goes, so that there is always a whole one or none.
    Raise OSError when the folder cannot be written.
    """
    out = out.resolve()
    lcov = _lcov_pages(run, run_folder)
    fresh, old = (out.with_name(f".{out.name}.{word}") for word in ("new", "old"))
    for stale in (fresh, old):
        shutil.rmtree(stale, ignore_errors=True)
    fresh.mkdir(parents=True)
    try:
        write_pages(run, fresh, lcov is not None, pictures)
        (fresh / "run.json").write_bytes(encode_run(run))
        if lcov is not None:
            shutil.copytree(lcov, fresh / LCOV_FOLDER)
        for name, data in (files or {}).items():
            (fresh / name).write_bytes(data)
        if out.exists():
            out.replace(old)
        fresh.replace(out)
    finally:
        if old.exists() and not out.exists():
            old.replace(out)
        for stale in (fresh, old):
            shutil.rmtree(stale, ignore_errors=True)
    return out / "index.html"
