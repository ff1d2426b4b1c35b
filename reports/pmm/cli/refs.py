# SPDX-License-Identifier: MIT
"""Two commits of a clone, built alike, to be measured side by side.

Each is checked out in a work tree of its own below the build folder and configured
with the options of the clone's build, so that only the sources differ. One that is
built is used again: a commit does not change.
"""

from __future__ import annotations

import os
from pathlib import Path

from rich.console import Console

from pmm.base.errors import PmmError, UsageError
from pmm.base.paths import Paths, shown
from pmm.base.tools import answered, called
from pmm.discover.build_facts import build_facts

SAME = ("buildtype", "b_ndebug", "b_lto", "c_args", "cpp_args", "checked")
"""Options that the two take over from the clone's build."""
RUNNER = "runner"
"""The target of all that the runner needs, without the tests."""


def commit_of(root: Path, ref: str) -> str:
    """Return the commit that a name means; raise UsageError when it means none."""
    try:
        return answered(
            ["git", "rev-parse", "--verify", "--quiet", "--end-of-options",
             f"{ref}^{{commit}}"], root,
        )  # fmt: skip
    except PmmError:
        raise UsageError(f"'{ref}' is no commit of {root}") from None


def options_of(build: Path) -> list[str]:
    """Return the options of the clone's build, as Meson takes them."""
    known = build_facts(build).options
    return [
        f"-D{name}={known[name]}"
        for name in SAME
        if known.get(name, "none") not in ("none", "")
    ]


def built_commit(paths: Paths, commit: str, console: Console) -> Path:
    """Return the build of a commit; make it where it is not there."""
    place = paths.build / "commits" / commit[:12]
    source, build = place / "source", place / "build"
    if not (source / "meson.build").is_file():
        place.mkdir(parents=True, exist_ok=True)
        called(["git", "worktree", "prune"], paths.root)
        called(
            ["git", "worktree", "add", "--force", "--detach", source, commit],
            paths.root,
        )
    if not (build / "build.ninja").is_file():
        called(["meson", "setup", build, *options_of(paths.build)], source)
    console.print(
        f"building {commit[:12]} in {shown(build)}", markup=False, highlight=False
    )
    cores = str(len(os.sched_getaffinity(0)))
    called(["ninja", "-C", build, "-j", cores, *needed_of(build)], source)
    return build


def needed_of(build: Path) -> list[str]:
    """Return what to build: what the runner needs, where a commit has a name for it."""
    known = answered(["ninja", "-C", build, "-t", "targets", "all"], build)
    return [RUNNER] if f"\n{RUNNER}: phony" in known else []


def built_refs(paths: Paths, ref: str, console: Console) -> tuple[str, str]:
    """Return the builds of a commit and of HEAD, made alike."""
    paths.need_sources("--base-ref")
    base, head = commit_of(paths.root, ref), commit_of(paths.root, "HEAD")
    if base == head:
        raise UsageError(f"'{ref}' is HEAD itself: there is nothing to compare")
    first, second = (built_commit(paths, one, console) for one in (base, head))
    return str(first), str(second)
