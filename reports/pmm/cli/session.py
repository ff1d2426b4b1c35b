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
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from rich.console import Console

from pmm.base.errors import (
    InterruptedRunError,
    NotComparableError,
    PmmError,
    UsageError,
    no_room,
)
from pmm.base.locks import held_alone
from pmm.base.paths import LAUNCHER, Paths, is_root, pasted, shown
from pmm.base.signals import Interruption, refuse_more
from pmm.base.typed_names import is_path, parse_backend
from pmm.cli.clustered import needed, on_cluster
from pmm.cli.progress import Display
from pmm.collect.gather import gather
from pmm.collect.lcov import COVERAGE, INFO, PAGES, covers
from pmm.discover.environment import capture_environment, differing_binaries, hash_of
from pmm.discover.world import World, subject_entries
from pmm.documents.asked import GonePolicy
from pmm.documents.jobs import Job, JobResult
from pmm.documents.journal import JOURNAL, Header, job_folders
from pmm.documents.programs import BackendEntry, WorkloadEntry
from pmm.documents.run import Run
from pmm.execute.executor import Executor, utc_now
from pmm.execute.journal import Journal, mend_journal, read_journal
from pmm.judge.run import compared, judge_run
from pmm.plan.plan import Plan
from pmm.plan.selection import Selection
from pmm.plan.shards import dealt
from pmm.store.baseline import Baseline, asked_of, read_baseline
from pmm.store.junit import JUNIT, junit_bytes
from pmm.store.runs import (
    LOCK,
    claim_report_folder,
    load_grade,
    make_run_folder,
    save_run,
    sole_writer,
    write_atomically,
)


class Against(NamedTuple):
    """What a run is compared with, and what it costs to lack some of it."""

    baseline: Baseline | None = None
    gone: GonePolicy = "inconclusive"

    @property
    def folder(self) -> str | None:
        """Where the baseline lies."""
        return str(self.baseline.folder) if self.baseline is not None else None


@dataclass(frozen=True)
class Outcome:
    """A finished run and where its parts are."""

    run: Run
    folder: Path
    report: Path | None


def programs_of(paths: Paths, jobs: tuple[Job, ...]) -> list[Path]:
    """Return the built programs that a plan starts, and the extension's host."""
    names = {Path(part).name for job in jobs for part in job.argv}
    folders = [path for path in paths.build.glob("*/*") if path.name in names]
    folders += [path for path in paths.build.glob("*/*/*") if path.name in names]
    built = [path for path in folders if path.is_file() and os.access(path, os.X_OK)]
    return built + [path for path in named_files(jobs) if path.is_file()]


def named_files(jobs: tuple[Job, ...]) -> list[Path]:
    """Return the libraries that a plan's subjects and backends are."""
    specs = {spec for job in jobs for spec in (job.subject, job.backend) if spec}
    return [Path(parse_backend(spec).path or "") for spec in specs if is_path(spec)]


def known_backends(world: World, jobs: tuple[Job, ...]) -> tuple[BackendEntry, ...]:
    """Return what is known of every backend: the user's first, files with hashes."""
    asked = {job.backend for job in jobs if job.backend and not job.interpreter}
    given = (one.entry for one in world.named.backends)
    return tuple(
        msgspec.structs.replace(one, sha256=hash_of(one.object))
        if (one.spec or one.name) in asked
        else one
        for one in (*given, *world.backends)
    )


def known_workloads(world: World, jobs: tuple[Job, ...]) -> tuple[WorkloadEntry, ...]:
    """Return what the workloads of a plan say of themselves, in their order."""
    planned = {job.workload for job in jobs}
    return tuple(one for one in world.every_workload if one.name in planned)


def start_run(
    world: World,
    selection: Selection,
    plan: Plan,
    command: str,
    against: Against,
    shard: tuple[int, int] | None = None,
) -> tuple[Header, Path]:
    """Make the run's folder and write the journal's first line.

    A shard's says of the world what the whole plan needs.
    """
    now = datetime.now(UTC)
    paths = world.paths
    name = f"{now:%Y%m%d-%H%M%S}-{selection.profile}"
    folder = make_run_folder(paths.runs, name)
    backends = known_backends(world, plan.jobs)
    header = Header(
        schema="pmm.journal",
        version=1,
        id=folder.name,
        created=utc_now(),
        command=command,
        profile=selection.profile,
        working=str(Path.cwd()),
        root=str(paths.root),
        build=str(paths.build),
        filtered=bool(selection.cases),
        environment=capture_environment(
            paths,
            programs_of(paths, plan.jobs),
            backends,
            selection.seed,
            os.environ,
        ),
        plan=dealt(plan.jobs, shard) if shard is not None else plan.jobs,
        skipped=plan.skipped,
        backends=backends,
        subjects=subject_entries(world),
        workloads=known_workloads(world, plan.jobs),
        asked=asked_of(selection),
        baseline=against.folder,
        gone=against.gone,
        shard=shard,
        within_s=plan.within_s,
    )
    journal = Journal(folder / JOURNAL)
    try:
        journal.append(header)
    finally:
        journal.close()
    return header, folder


def in_use(folder: Path) -> AbstractContextManager[None]:
    """Keep other processes from going on with a run, or folding it, meanwhile."""
    return held_alone(folder / LOCK, f"run {folder.name}")


def execute_rest(
    header: Header, folder: Path, console: Console, cluster: Any = None
) -> None:
    """Run the jobs that the journal does not have; raise as the executor does.

    With a client of a cluster they run on its workers.
    """
    _, results = read_journal(folder)
    done = {result.job for result in results}
    rest = [job for job in header.plan if job.id not in done]
    folders = job_folders(folder, header.plan)
    cores = len(os.sched_getaffinity(0))
    journal = Journal(folder / JOURNAL)
    try:
        with Display(rest, cores, console, header.within_s) as display:
            paths = Paths(root=Path(header.root), build=Path(header.build))
            launcher = paths.program(LAUNCHER)
            working = Path(header.working)
            if cluster is not None:
                needs = needed(programs_of(paths, header.plan), header)
                on_cluster(cluster, header, folders, needs, display, journal, rest)
            else:
                Executor(
                    journal, folders, working, display, display.note, launcher,
                    header.within_s,
                ).run(rest)  # fmt: skip
    except (InterruptedRunError, Interruption) as end:
        refuse_more()
        _, results = read_journal(folder)
        raise InterruptedRunError(
            f"{interruption(end)}: {len(results)} of {len(header.plan)} jobs are "
            f"done and kept; continue with: pmm run --resume {pasted(folder)}"
        ) from None
    except PmmError as error:
        raise type(error)(
            f"{error}; what is done is kept in {folder / JOURNAL}; continue with: "
            f"pmm run --resume {pasted(folder)}"
        ) from error
    finally:
        journal.close()


def interruption(end: BaseException) -> str:
    """Say what ended a run."""
    return f"interrupted by {end}" if isinstance(end, Interruption) else str(end)


def reopen(folder: Path) -> Header:
    """Make an interrupted run ready to go on.

    Raises NotComparableError when its programs are not the same any more: half
    a run of one build and half of another is no run.
    """
    header, _ = read_journal(folder)
    working = Path(header.working)
    if not working.is_dir() or not is_root(Path(header.root)):
        raise PmmError(
            f"{folder.name} was started in {working}, which no longer exists"
        )
    os.chdir(working)
    paths = Paths(root=Path(header.root), build=Path(header.build))
    changed = differing_binaries(header.environment, programs_of(paths, header.plan))
    if changed:
        raise NotComparableError(
            f"{folder.name} cannot be resumed: rebuilt since it started: "
            f"{', '.join(changed)}"
        )
    mend_journal(folder)
    return header


def compared_with(folder: Path, name: str | None, gone: GonePolicy | None) -> Against:
    """Return what an interrupted run is compared with: as then, or as said now."""
    header, _ = read_journal(folder)
    paths = Paths(root=Path(header.root), build=Path(header.build))
    found = read_baseline(paths.runs, name or header.baseline)
    return Against(found, gone or header.gone)


def finish(
    folder: Path, against: Against, out: Path | None, console: Console
) -> Outcome:
    """Fold, compare, store and render a run."""
    journal = shown(folder / JOURNAL)
    kept = f"the results are kept in {journal}; continue with: pmm report"
    header, results = read_journal(folder)
    try:
        run = judged(header, results, folder, against)
        report = write_report(run, folder, out, console) if out is not None else None
    except Interruption as end:
        refuse_more()
        raise InterruptedRunError(
            f"{interruption(end)} while the run was judged and reported; "
            f"{kept} {pasted(folder)}"
        ) from None
    except UsageError:
        raise
    except PmmError as error:
        raise PmmError(f"{error}; {kept} {pasted(folder)}") from error
    return Outcome(run, folder, report)


def judged(
    header: Header, results: list[JobResult], folder: Path, against: Against
) -> Run:
    """Fold, compare and store a run."""
    paths = Paths(root=Path(header.root), build=Path(header.build))
    if covers(header.plan):
        keep_coverage(folder, paths)
    run = judge_run(header, results, gather(header, results, folder, paths), paths)
    if against.baseline is not None:
        before, where = against.baseline
        run = compared(run, before, shown(where), against.gone)
    save_run(folder, run)
    write_atomically(folder / JUNIT, junit_bytes(run))
    return run


def keep_coverage(folder: Path, paths: Paths) -> None:
    """Copy the coverage that was measured with this build into the run, once.

    A later measurement must not change what a stored run says, and one that is
    older than the programs says nothing of them.
    """
    kept, measured = folder / COVERAGE, paths.build / COVERAGE
    if kept.exists() or not (measured / INFO).is_file():
        return
    program = paths.program("pmm-conform")
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


def write_report(
    run: Run, folder: Path, out: Path, console: Console, pictures: bool = False
) -> Path | None:
    """Render the report of the run that is kept in a folder."""
    try:
        from pmm.render.site import render  # noqa: PLC0415 - charts take a second to load
    except ImportError as error:
        console.print(f"no report: {error}", markup=False)
        return None
    run = msgspec.structs.replace(run, grade=load_grade(folder) or run.grade)
    files = {JUNIT: junit_bytes(run)}
    with sole_writer(out, lambda sentence: console.print(sentence, markup=False)):
        claim_report_folder(out)
        try:
            render(run, out, folder, files, pictures)
        except OSError as error:
            raise no_room(error, out) from error
    return out / "index.html"


def write_single(run: Run, folder: Path, file: Path) -> None:
    """Write all pages of the run that is kept in a folder as one file."""
    from pmm.render.site import single_file  # noqa: PLC0415 - as above

    run = msgspec.structs.replace(run, grade=load_grade(folder) or run.grade)
    try:
        write_atomically(file, single_file(run).encode())
    except OSError as error:
        raise no_room(error, file) from error


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
        "instructions": run.instructions,
        "standings": run.standings,
    }
    return msgspec.json.encode(answer)
