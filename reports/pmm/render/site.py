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
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jinja2
from markupsafe import Markup, escape

from pmm.base import formatting
from pmm.base.plain_text import isolated, plain
from pmm.collect.coverage_ledger import LEDGER
from pmm.documents.run import Run, encode_run
from pmm.render import (
    backends,
    claims,
    conformance,
    coverage,
    grade,
    index,
    leaks,
    memory,
    run_page,
    speed,
    speed_figures,
)

PAGES = {
    "index": ("Overview", index),
    "conformance": ("Conformance", conformance),
    "memory": ("Memory", memory),
    "backends": ("Backends", backends),
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


def shown(value: object) -> object:
    """Make text of a run fit to stand in a page, wherever a template puts it."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return isolated(plain(value))
    return value


def verbatim(text: str) -> Markup:
    """Text that is copied, such as a command: nothing may be put around it."""
    return escape(plain(text))


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
    style, script = _asset("report.css"), _asset("report.js")
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
    env.filters.update(svg=Markup, verbatim=verbatim)
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
        pages={name: title for name, (title, _) in PAGES.items()},
        LCOV=LCOV_FOLDER,
        LEDGER=str(LEDGER),
    )
    return env


def _lcov_pages(run: Run, run_folder: Path | None) -> Path | None:
    """Where genhtml's pages are, if the run has them."""
    if run.coverage is None or run.coverage.html is None or run_folder is None:
        return None
    pages = run_folder / run.coverage.html
    return pages if (pages / "index.html").is_file() else None


def render(
    run: Run,
    out: Path,
    run_folder: Path | None = None,
    files: Mapping[str, bytes] | None = None,
) -> Path:
    """Write the report of `run` into the folder `out`; return its index page.

    `run_folder` is where run.json lies; lcov's pages are copied from there.
    `files` are others to put beside the pages, by name. An earlier report is
    moved aside before it goes, so that there is always a whole one or none.
    Raise OSError when the folder cannot be written.
    """
    out = out.resolve()
    lcov = _lcov_pages(run, run_folder)
    env = environment()
    fresh, old = (out.with_name(f".{out.name}.{word}") for word in ("new", "old"))
    for stale in (fresh, old):
        shutil.rmtree(stale, ignore_errors=True)
    fresh.mkdir(parents=True)
    try:
        for name, (title, page) in PAGES.items():
            values: dict[str, Any] = page.context(run)
            text = env.get_template(f"{name}.html").render(
                run=run, page=name, title=title, lcov=lcov is not None, **values
            )
            (fresh / f"{name}.html").write_text(text, encoding="utf-8")
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
