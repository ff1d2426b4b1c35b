# SPDX-License-Identifier: MIT
"""Runs the jobs of a plan, each as one fresh process.

1. Checks come first and share the cores, one job a core.
2. Measured jobs follow, one at a time on one core, while the runner stays on
   another, under a lock that holds for the whole machine.
3. Each finished job becomes one journal line before it counts as done.

A job that crashes, hangs or floods its output is a result. Only a full disk and
signals stop a run, and then the journal says what is done.
"""

from __future__ import annotations

import os
import selectors
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from pmm.base.errors import InterruptedRunError, no_room
from pmm.base.last_words import clean, with_line
from pmm.base.locks import Note, held_in_turn
from pmm.base.plain_text import shell_line, shell_word
from pmm.base.processes import KEPT_VARIABLES, Child, Ending, start
from pmm.base.signals import Interruption, end_if_told, heard_later, refuse_more
from pmm.documents.jobs import Job, JobResult, JobStatus
from pmm.execute.allowance import Allowance
from pmm.execute.busy import Sample, excuse, others, sample
from pmm.execute.journal import Journal

Report = Callable[[Job, JobResult | None], None]
"""Called with None when a job starts and with its result when it is done."""


def utc_now() -> str:
    """Return the time as run documents have it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def job_environment(job: Job, outer: Mapping[str, str]) -> dict[str, str]:
    """Return the fixed environment of a job: what must stay, and what it asks for.

    A variable of the caller's shell (MALLOC_CONF, PYTHONMALLOC, LD_PRELOAD) must
    not change a figure unseen.
    """
    kept = {name: outer[name] for name in KEPT_VARIABLES if name in outer}
    return {**kept, "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0", **job.environment}


def job_command(job: Job) -> str:
    """Return the shell line that repeats a job."""
    settings = [f"{name}={shell_word(v)}" for name, v in job.environment.items()]
    return " ".join([*settings, shell_line(job.argv)])


def full_argv(job: Job, folder: Path) -> list[str]:
    """Return the arguments with the job's folder filled in."""

    def fill(arguments: Sequence[str]) -> list[str]:
        return [one.replace("{dir}", str(folder)) for one in arguments]

    first = fill(job.output_first)
    return [job.argv[0], *first, *job.argv[1:], *fill(job.output_argv)]


@dataclass
class Running:
    """A job that has been started."""

    job: Job
    child: Child
    folder: Path
    started: str
    deadline: float
    cpu: int
    late: bool = False
    clocks: Sample | None = None


class Executor:
    """Runs jobs into a journal."""

    def __init__(
        self,
        journal: Journal,
        folders: Mapping[str, Path],
        working: Path,
        report: Report,
        note: Note,
        launcher: Path | None = None,
        within_s: float | None = None,
    ) -> None:
        """Take the job folders by job id, the folder that commands start in, the
        program that starts them, and the seconds that a ranking may take.
        """
        self.journal = journal
        self.folders = folders
        self.working = working
        self.report = report
        self.note = note
        self.launcher = launcher
        self.allowance = Allowance(within_s)
        self.cpus = sorted(os.sched_getaffinity(0))
        self.selector = selectors.DefaultSelector()
        self.running: dict[int, Running] = {}
        self.hopeless: dict[str, JobResult] = {}
        """What crashed or did not end in a round, and would in the next one."""

    def run(self, jobs: Sequence[Job]) -> None:
        """Run them all.

        Raises InterruptedRunError after a signal and PmmError on a full disk; in
        both cases no child is left.
        """
        checks = [job for job in jobs if not job.measured]
        measured = [job for job in jobs if job.measured]
        try:
            self.run_side_by_side(checks, self.cpus)
            if measured:
                with one_measurement_at_a_time(self.note), self.apart():
                    self.run_side_by_side(measured, self.cpus[-1:])
        except Interruption as end:
            refuse_more()
            raise InterruptedRunError(f"interrupted by {end}") from None
        finally:
            self.end_all()

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Keep this process off the core that measures."""
        if len(self.cpus) > 1:
            os.sched_setaffinity(0, self.cpus[:-1])
        try:
            yield
        finally:
            os.sched_setaffinity(0, self.cpus)

    def run_side_by_side(self, jobs: Sequence[Job], cpus: Sequence[int]) -> None:
        """Run jobs, at most one on each of the cores."""
        waiting = list(jobs)
        while waiting or self.running:
            busy = {entry.cpu for entry in self.running.values()}
            for cpu in cpus:
                if waiting and cpu not in busy:
                    self.begin(waiting.pop(0), cpu)
            self.attend()

    def begin(self, job: Job, cpu: int) -> None:
        """Start a job, or record at once that it cannot be started."""
        folder = self.folders[job.id]
        self.report(job, None)
        started = utc_now()
        useless = self.useless(job, started)
        if useless is not None:
            self.finish(job, useless)
            return
        clear_folder(folder)
        try:
            with heard_later():
                child = start(
                    full_argv(job, folder),
                    folder=folder,
                    working=self.working,
                    environment=job_environment(job, os.environ),
                    cpus=[cpu],
                    launcher=self.launcher,
                )
        except OSError as error:
            if error.filename in {str(folder / "stdout"), str(folder / "stderr")}:
                raise no_room(error, folder) from error
            reason = f"cannot start {job.argv[0]}: {error.strerror}"
            self.finish(job, unstarted(job, started, reason))
            return
        entry = Running(
            job, child, folder, started, time.monotonic() + job.timeout_s, cpu
        )
        entry.clocks = sample(self.cpus, self.running)
        self.running[child.process.pid] = entry
        for stream in (child.stdout, child.stderr):
            self.selector.register(stream.pipe, selectors.EVENT_READ, stream)
        self.selector.register(child.pidfd, selectors.EVENT_READ, entry)

    def useless(self, job: Job, started: str) -> JobResult | None:
        """Return the result of a job that is not to be started; None where it is."""
        before = self.hopeless.get(other_rounds(job))
        if before is not None:
            return not_again(job, started, before)
        refusal = self.allowance.refusal(job)
        if refusal is None:
            return None
        status, reason = refusal
        return msgspec.structs.replace(unstarted(job, started, reason), status=status)

    def attend(self) -> None:
        """Wait for output, an end or a deadline, and see to it."""
        end_if_told()
        if not self.running:
            return
        nearest = min(entry.deadline for entry in self.running.values())
        ended = []
        for key, _ in self.selector.select(max(0.0, nearest - time.monotonic())):
            if isinstance(key.data, Running):
                ended.append(key.data)
            else:
                self.pump(key)
        for entry in ended:
            self.complete(entry)
        now = time.monotonic()
        for entry in self.running.values():
            if now >= entry.deadline and not entry.late:
                entry.late = True
                entry.deadline = now + 10
                entry.child.end()

    def pump(self, key: selectors.SelectorKey) -> None:
        """Copy a pipe's content; stop listening at its end."""
        try:
            if not key.data.pump():
                self.selector.unregister(key.fileobj)
        except OSError as error:
            raise no_room(error, key.data.file.name) from error

    def complete(self, entry: Running) -> None:
        """Reap an ended job and record its result."""
        child = entry.child
        for handle in (child.stdout.pipe, child.stderr.pipe, child.pidfd):
            if handle in self.selector.get_map():
                self.selector.unregister(handle)
        del self.running[child.process.pid]
        try:
            ending = child.wait()
        except OSError as error:
            raise no_room(error, entry.folder) from error
        taken = others(entry.clocks, sample(self.cpus, self.running))
        result = msgspec.structs.replace(
            ended_result(entry, ending), load_average=os.getloadavg()[0], others=taken
        )
        if result.status == "timeout":
            why = f"{result.reason}{excuse(result, len(self.cpus))}"
            result = msgspec.structs.replace(result, reason=why)
        self.allowance.take(entry.job, ending.elapsed_ns / 1e9)
        self.finish(entry.job, result)

    def finish(self, job: Job, result: JobResult) -> None:
        """Write the job's line, then tell of it."""
        if job.in_rounds and result.status in ("crash", "timeout"):
            self.hopeless.setdefault(other_rounds(job), result)
        self.journal.append(result)
        self.report(job, result)

    def end_all(self) -> None:
        """End every child that is still there."""
        for entry in self.running.values():
            entry.child.end()
            entry.child.process.wait()
        self.running.clear()
        self.selector.close()


def clear_folder(folder: Path) -> None:
    """Make the job's folder, without what an interrupted attempt left in it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.iterdir():
            path.unlink()
    except OSError as error:
        raise no_room(error, folder) from error


def classify(entry: Running, ending: Ending) -> tuple[JobStatus, str | None]:
    """Say what an ending means, before anybody has looked at the documents."""
    said = entry.child.stderr.tail.decode("utf-8", "replace")
    if entry.late:
        return "timeout", with_line(f"not finished after {entry.job.timeout_s} s", said)
    if ending.signal is not None:
        return "crash", with_line(f"ended by {signal_name(ending.signal)}", said)
    if ending.exit_code in OK_CODES:
        return "ok", None
    return "failed", with_line(f"exit code {ending.exit_code}", said)


def signal_name(number: int) -> str:
    """Return `SIGSEGV` for 11; real-time signals have no name of their own."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


MISBEHAVED = 3
"""The exit code with which a program says that what it was to run misbehaved."""
NOTHING_APPLIED = 4
"""The subject lacks what every variant of a workload needs."""
OK_CODES = frozenset({0, MISBEHAVED, NOTHING_APPLIED})
"""With these a program did its own work; its documents say what was found."""


def ended_result(entry: Running, ending: Ending) -> JobResult:
    """Make the record of a job that ended."""
    status, reason = classify(entry, ending)
    name = signal_name(ending.signal) if ending.signal is not None else None
    return JobResult(
        job=entry.job.id,
        status=status,
        reason=reason,
        exit_code=ending.exit_code,
        signal=name,
        started=entry.started,
        elapsed_ns=ending.elapsed_ns,
        user_ns=ending.user_ns,
        system_ns=ending.system_ns,
        peak_rss_bytes=ending.peak_rss_bytes,
        command=job_command(entry.job),
        stderr_tail=clean(entry.child.stderr.tail.decode("utf-8", "replace")),
        log=f"jobs/{entry.folder.name}",
    )


def unstarted(job: Job, started: str, reason: str) -> JobResult:
    """Make the record of a job that could not be started."""
    return JobResult(
        job=job.id,
        status="failed",
        reason=reason,
        exit_code=None,
        signal=None,
        started=started,
        elapsed_ns=0,
        user_ns=None,
        system_ns=None,
        peak_rss_bytes=None,
        command=job_command(job),
        stderr_tail="",
        log=None,
    )


def other_rounds(job: Job) -> str:
    """Return what the jobs have in common that differ in their round alone."""
    if job.place is not None:
        place = job.place
        arm = f"{job.backend} {job.variant} {place.role}"
        return f"{job.kind} {place.row} {place.aged} {arm}"
    return job.id


def not_again(job: Job, started: str, before: JobResult) -> JobResult:
    """Make the record of a round that would end as an earlier one did."""
    reason = f"not tried again: {before.reason}"
    return msgspec.structs.replace(
        unstarted(job, started, reason), status=before.status, signal=before.signal
    )


def one_measurement_at_a_time(note: Note) -> AbstractContextManager[None]:
    """Hold the machine's measuring lock, waiting for another run to let go."""
    path = Path(tempfile.gettempdir()) / f"pmm-measure-{os.getuid()}.lock"
    return held_in_turn(path, "measure", note)
