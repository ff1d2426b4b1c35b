# SPDX-License-Identifier: MIT
"""`pmm baseline`: the runs that later ones are compared with, kept by themselves."""

from __future__ import annotations

import hashlib
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from pmm.base import errors
from pmm.base.errors import PmmError, UsageError
from pmm.base.formatting import plural
from pmm.base.paths import shown
from pmm.base.plain_text import say
from pmm.base.tools import answered
from pmm.cli.options import BuildOption, complain, guarded
from pmm.cli.runs import answer_console, finished_run
from pmm.documents.baseline import Stamp
from pmm.documents.run import encode_run
from pmm.store.baseline_branch import BranchPlace
from pmm.store.baselines import (
    TIME,
    FolderPlace,
    Place,
    age_days,
    aged,
    cached,
    chosen,
    newest_first,
)

DEFAULT = ".pmm"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
DEPTH = 2000
"""Commits back in which an ancestor's baseline is looked for."""
KEEP = 20

PlaceOption = Annotated[
    str,
    typer.Option(
        "--in",
        metavar="PLACE",
        help="A folder; cache:NAME, a folder in your cache; branch:NAME, a branch of "
        "the repository you stand in; branch:NAME@REMOTE, fetched and pushed.",
    ),
]
NameOption = Annotated[
    str, typer.Option(help="What it is a baseline of, where a place serves several.")
]
KeepOption = Annotated[
    int, typer.Option(min=1, help="Keep so many of the name, the newest.")
]
CommitOption = Annotated[
    str | None,
    typer.Option(help="The commit that was measured; default: HEAD where you stand."),
]

baseline = typer.Typer(
    help="The runs that later ones are compared with: keep, find and age them.",
    no_args_is_help=True,
)


def place_of(text: str) -> Place:
    """Return the place that a text names; raise UsageError for a wrong name."""
    kind, colon, rest = text.partition(":")
    if not colon or kind not in ("cache", "branch"):
        return FolderPlace(Path(text))
    name, at, remote = rest.partition("@")
    if not NAME.fullmatch(name) or (at and not NAME.fullmatch(remote)):
        raise UsageError(f"--in {text}: a name is letters, digits, dots and dashes")
    if kind == "cache" and at:
        raise UsageError(f"--in {text}: only a branch has a remote")
    return BranchPlace(repository(), name, remote or None) if kind == "branch" else (
        cached(name)
    )


def repository() -> Path:
    """Return the repository of the current folder; raise UsageError for none."""
    try:
        return Path(answered(("git", "rev-parse", "--show-toplevel"), Path.cwd()))
    except PmmError as error:
        raise UsageError(f"--in branch: {error}") from error


def commit_here(named: str | None) -> str | None:
    """Return the commit that is measured; None outside of a repository."""
    ref = named or "HEAD"
    words = ("git", "rev-parse", "--verify", "--quiet", "--end-of-options")
    try:
        return answered((*words, f"{ref}^{{commit}}"), Path.cwd())
    except PmmError as error:
        if named is not None:
            raise UsageError(f"--commit {named}: no such commit here") from error
        return None


def ancestors(commit: str | None) -> dict[str, int]:
    """Return how far back each ancestor of a commit is."""
    if commit is None:
        return {}
    listed = answered(("git", "rev-list", f"--max-count={DEPTH}", commit), Path.cwd())
    return {one: at for at, one in enumerate(listed.split())}


def checked_name(name: str) -> str:
    """Return the name of a baseline; raise UsageError for one that is no name."""
    if not NAME.fullmatch(name):
        raise UsageError(f"--name {name}: letters, digits, dots and dashes")
    return name


@baseline.command("save")
@guarded
def save(
    run: Annotated[
        str, typer.Argument(metavar="[RUN]", help="An id, a folder or a run.json.")
    ] = "latest",
    place: PlaceOption = DEFAULT,
    name: NameOption = "main",
    commit: CommitOption = None,
    keep: KeepOption = KEEP,
    red: Annotated[
        bool, typer.Option("--red", help="Also a run that did not pass.")
    ] = False,
    build: BuildOption = None,
) -> int:
    """Keep a run that passed as a baseline; drop the oldest beyond --keep.

    Exit code 3: the run did not pass, and nothing was changed.

    Example: pmm baseline save --in branch:pmm-baselines@origin
    """
    where = place_of(place)
    found, _ = finished_run(run, build, answer_console(as_json=False))
    if found.verdict.exit_code != errors.PASS and not red:
        complain(f"no baseline: {found.id} did not pass ({found.verdict.sentence})")
        return errors.FAILURE
    data = encode_run(found)
    now = datetime.now(UTC)
    stamp = Stamp(
        schema="pmm.baseline", version=1, name=checked_name(name), run=found.id,
        saved=now.strftime(TIME), commit=commit_here(commit),
        verdict=found.verdict.state, sha256=hashlib.sha256(data).hexdigest(),
        size_bytes=len(data),
    )  # fmt: skip
    others = [one for one in where.stamps() if one.folder != stamp.folder]
    mine = [stamp, *(one for one in others if one.name == name)]
    gone = aged(mine, keep, None, now)
    where.change({stamp: data}, gone)
    dropped = f"; {plural(len(gone), 'older one')} dropped" if gone else ""
    say(f"baseline {name}: {found.id}, kept in {place}{dropped}")
    return errors.PASS


@baseline.command("find")
@guarded
def find(
    place: PlaceOption = DEFAULT,
    name: NameOption = "main",
    commit: CommitOption = None,
    days: Annotated[
        float | None, typer.Option(min=0, help="One that is older does not count.")
    ] = None,
) -> int:
    """Print the path of the baseline to compare with, for `pmm run --baseline`.

    It is the one that was saved at the nearest ancestor of the commit, or else the
    newest. What it is stands on stderr.

    Exit code 4: there is none yet, or it is too old; a first run makes one.

    Example: pmm run --baseline "$(pmm baseline find --in .pmm)"
    """
    where = place_of(place)
    now = datetime.now(UTC)
    near = ancestors(commit_here(commit))
    best = chosen(where.stamps(), checked_name(name), near)
    if best is None:
        complain(f"no baseline {name} in {place} yet")
        return errors.INCONCLUSIVE
    age = age_days(best, now)
    if days is not None and age > days:
        complain(f"the baseline {best.run} is {age:.0f} days old: too old")
        return errors.INCONCLUSIVE
    print(shown(where.run_file(best)))
    print(f"baseline {said(best, near, now)}", file=sys.stderr)
    return errors.PASS


def said(stamp: Stamp, near: dict[str, int], now: datetime) -> str:
    """Say what a baseline is: its run, its commit, its age."""
    at = ""
    if stamp.commit is not None:
        far = near.get(stamp.commit)
        back = "" if far is None else f", {plural(far, 'commit')} back"
        at = f", of {stamp.commit[:10]}{back}"
    return f"{stamp.name}: {stamp.run}{at}, {age_days(stamp, now):.1f} days old"


@baseline.command("age")
@guarded
def age(
    place: PlaceOption = DEFAULT,
    keep: KeepOption = KEEP,
    days: Annotated[
        float | None, typer.Option(min=0, help="Drop what is older, too.")
    ] = None,
    dry: Annotated[
        bool, typer.Option("--dry-run", help="Say what would go, and keep it.")
    ] = False,
) -> int:
    """List the baselines with their ages; drop those that are too many or too old.

    The newest of each name stays, however old it is.

    Example: pmm baseline age --in branch:pmm-baselines@origin --keep 10 --days 90
    """
    where = place_of(place)
    now = datetime.now(UTC)
    there = newest_first(where.stamps())
    gone = aged(there, keep, days, now)
    word = "would go" if dry else "dropped"
    for one in there:
        say(said(one, {}, now) + (f" ({word})" if one in gone else ""))
    say(f"{plural(len(there), 'baseline')} in {place}, {len(gone)} {word}")
    if gone and not dry:
        where.change({}, gone)
    return errors.PASS


def register(app: typer.Typer) -> None:
    """Add the verb to the program."""
    app.add_typer(baseline, name="baseline")
