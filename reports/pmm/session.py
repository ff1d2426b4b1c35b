# SPDX-License-Identifier: MIT
"""One run from its plan to its report.

    start:  plan -> folder, journal header -> execute ... -> finish
    resume: journal header, results so far  -> execute rest -> finish
    finish: fold -> compare -> run.json -> report

An interrupted or failed run leaves its journal, from which both `--resume` and
`pmm report` go on.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from rich.console import Console

from pmm.collect import compared, covers, fold, with_baseline
from pmm.compare import not_comparable
from pmm.discover import World, given_backends, subject_entries
from pmm.documents import Run
from pmm.environment import capture_environment, differing_binaries, hash_of
from pmm.errors import (
    InterruptedRunError,
    NotComparableError,
    PmmError,
    UsageError,
    no_room,
)
from pmm.execute import Executor, utc_now
from pmm.jobs import Job
from pmm.junit import JUNIT, junit_bytes
from pmm.lcov import COVERAGE, INFO, PAGES
from pmm.names import is_path
from pmm.places import LAUNCHER, Places, is_root, shown
from pmm.plan import Plan
from pmm.programs import BackendEntry
from pmm.progress import Display
from pmm.selection import Selection
from pmm.store import (
    JOURNAL,
    RUN,
    Header,
    Journal,
    claim_report_folder,
    find_run,
    job_folder,
    load_run,
    make_run_folder,
    mend_journal,
    read_journal,
    save_run,
    write_atomically,
)


@dataclass(frozen=True)
class Outcome:
    """A finished run and where its parts are."""

    run: Run
    folder: Path
    report: Path | None


def programs_of(places: Places, jobs: tuple[Job, ...]) -> list[Path]:
    """Return the built programs that a plan starts, and the extension's host."""
    names = {Path(part).name for job in jobs for part in job.argv}
    folders = [path for path in places.build.glob("*/*") if path.name in names]
    folders += [path for path in places.build.glob("*/*/*") if path.name in names]
    return [path for path in folders if path.is_file() and os.access(path, os.X_OK)]


def known_backends(world: World, jobs: tuple[Job, ...]) -> tuple[BackendEntry, ...]:
    """Return what is known of every backend: the user's first, files with hashes."""
    asked = {job.backend for job in jobs if job.backend and not job.interpreter}
    given = given_backends(world.places, sorted(s for s in asked if is_path(s)))
    return tuple(
        msgspec.structs.replace(one, sha256=hash_of(one.object))
        if (one.spec or one.name) in asked
        else one
        for one in (*given, *world.backends)
    )


def start_run(
    world: World, selection: Selection, plan: Plan, command: str
) -> tuple[Header, Path]:
    """Make the run's folder and write the journal's first line."""
    now = datetime.now(UTC)
    places = world.places
    name = f"{now:%Y%m%d-%H%M%S}-{selection.profile}"
    folder = make_run_folder(places.runs, name)
    backends = known_backends(world, plan.jobs)
    header = Header(
        schema="pmm.journal",
        version=1,
        id=folder.name,
        created=utc_now(),
        command=command,
        profile=selection.profile,
        working=str(Path.cwd()),
        root=str(places.root),
        build=str(places.build),
        filtered=bool(selection.cases),
        environment=capture_environment(
            places,
            programs_of(places, plan.jobs),
            backends,
            selection.seed,
            os.environ,
        ),
        plan=plan.jobs,
        skipped=plan.skipped,
        backends=backends,
        subjects=subject_entries(world),
    )
    journal = Journal(folder / JOURNAL)
    try:
        journal.append(header)
    finally:
        journal.close()
    return header, folder


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end a run as Ctrl-C does."""

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    kept = {n: signal.signal(n, interrupt) for n in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


def execute_rest(header: Header, folder: Path, console: Console) -> None:
    """Run the jobs that the journal does not have; raise as the executor does."""
    _, results = read_journal(folder)
    done = {result.job for result in results}
    rest = [job for job in header.plan if job.id not in done]
    folders = {job.id: job_folder(folder, job, header.plan) for job in header.plan}
    cores = len(os.sched_getaffinity(0))
    journal = Journal(folder / JOURNAL)
    try:
        with Display(rest, cores, console) as display, ended_by_signals():
            places = Places(root=Path(header.root), build=Path(header.build))
            launcher = places.program(LAUNCHER)
            working = Path(header.working)
            Executor(journal, folders, working, display, launcher).run(rest)
    except InterruptedRunError:
        _, results = read_journal(folder)
        raise InterruptedRunError(
            f"interrupted: {len(results)} of {len(header.plan)} jobs are done and "
            f"kept; go on with: pmm run --resume {shown(folder)}"
        ) from None
    except PmmError as error:
        raise PmmError(
            f"{error}; what is done is kept in {folder / JOURNAL}; go on with: "
            f"pmm run --resume {shown(folder)}"
        ) from error
    finally:
        journal.close()


def reopen(folder: Path) -> Header:
    """Make an interrupted run ready to go on.

    Raises NotComparableError when its programs are not the same any more: half
    a run of one build and half of another is no run.
    """
    header, _ = read_journal(folder)
    working = Path(header.working)
    if not working.is_dir() or not is_root(Path(header.root)):
        raise PmmError(f"{folder.name} was started in {working}, which is gone")
    os.chdir(working)
    places = Places(root=Path(header.root), build=Path(header.build))
    changed = differing_binaries(header.environment, programs_of(places, header.plan))
    if changed:
        raise NotComparableError(
            f"{folder.name} cannot go on: built anew since: {', '.join(changed)}"
        )
    mend_journal(folder)
    return header


def finish(
    folder: Path, baseline: Path | None, out: Path | None, console: Console
) -> Outcome:
    """Fold, compare, store and render a run."""
    header, results = read_journal(folder)
    places = Places(root=Path(header.root), build=Path(header.build))
    if covers(header.plan):
        keep_coverage(folder, places)
    run = fold(header, results, folder, places)
    if baseline is not None:
        run = against(run, baseline)
    try:
        save_run(folder, run)
        write_atomically(folder / JUNIT, junit_bytes(run))
        report = write_report(run, folder, out, console) if out is not None else None
    except UsageError:
        raise
    except PmmError as error:
        raise PmmError(
            f"{error}; the results are kept in {shown(folder / JOURNAL)}; go on with: "
            f"pmm report {shown(folder)}"
        ) from error
    return Outcome(run, folder, report)


def keep_coverage(folder: Path, places: Places) -> None:
    """Copy the coverage that was measured with this build into the run, once.

    A later measurement must not change what a stored run says, and one that is
    older than the programs says nothing of them.
    """
    kept, measured = folder / COVERAGE, places.build / COVERAGE
    if kept.exists() or not (measured / INFO).is_file():
        return
    program = places.program("pmm-conform")
    when = (measured / INFO).stat().st_mtime
    if program is not None and when < program.stat().st_mtime:
        return
    try:
        kept.mkdir()
        shutil.copy(measured / INFO, kept / INFO)
        if (measured / PAGES).is_dir():
            shutil.copytree(measured / PAGES, kept / PAGES)
    except OSError as error:
        raise no_room(error, kept) from error


def against(run: Run, baseline: Path) -> Run:
    """Compare with a stored run; one that cannot be read does not compare."""
    try:
        before = load_run(baseline)
    except PmmError as error:
        if not (baseline / RUN).is_file():
            raise
        path = shown(baseline)
        return with_baseline(run, not_comparable(baseline.name, path, str(error)))
    return compared(run, before, shown(baseline))


def baseline_folder(runs: Path, name: str | None) -> Path | None:
    """Find the baseline before the run, so that a wrong name costs nothing."""
    return find_run(runs, name).resolve() if name is not None else None


def write_report(run: Run, folder: Path, out: Path, console: Console) -> Path | None:
    """Render the report of the run that is kept in a folder."""
    try:
        from pmm.render import render  # noqa: PLC0415 - charts take a second to load
    except ImportError as error:
        console.print(f"no report: {error}", markup=False)
        return None
    claim_report_folder(out)
    try:
        render(run, out, folder)
        write_atomically(out / JUNIT, junit_bytes(run))
    except OSError as error:
        raise no_room(error, out) from error
    return out / "index.html"


def machine_answer(outcome: Outcome) -> bytes:
    """Return what `--json` prints."""
    run = outcome.run
    answer = {
        "run": run.id,
        "folder": str(outcome.folder),
        "report": str(outcome.report) if outcome.report else None,
        "verdict": run.verdict,
        "baseline": run.baseline,
        "skipped": run.skipped,
        "speed": run.speed,
        "standings": run.standings,
    }
    return msgspec.json.encode(answer)
