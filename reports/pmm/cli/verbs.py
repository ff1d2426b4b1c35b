# SPDX-License-Identifier: MIT
"""The verbs that run or report: each turns its options into a Selection."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pmm.base import errors
from pmm.base.errors import PmmError, UsageError
from pmm.base.formatting import plural
from pmm.base.paths import find_paths, pasted, shown
from pmm.base.typed_names import unknown
from pmm.cli.options import (
    AllocatorOption,
    ArmOption,
    BackendOption,
    BaselineOption,
    BuildOption,
    CaseOption,
    ClusterOption,
    ExpectOption,
    ExportOption,
    GoneOption,
    JsonOption,
    LaneOption,
    MissingOption,
    ModeOption,
    NumbersOption,
    ObjectsOption,
    OutOption,
    PairsOption,
    ProfileOption,
    SeedOption,
    SubjectOption,
    SubjectProfileOption,
    SummaryOption,
    guarded,
    writable_file,
)
from pmm.cli.runs import (
    Order,
    answer_console,
    files_of,
    finished_run,
    go_on,
    report_folder,
    run_selection,
)
from pmm.cli.screenshots import take
from pmm.cli.session import Against, Outcome, machine_answer, write_report, write_single
from pmm.documents.jobs import JobKind
from pmm.plan.selection import KINDS, Selection
from pmm.plan.shards import shard_of
from pmm.render.exports import write_exports
from pmm.store.baseline import policy_of


def documents(
    profile: str | None, expect: str | None, missing: str | None = None
) -> tuple[tuple[str, str], ...]:
    """Return the files for a subject of the user's, by pmm-conform's options."""
    given = (("profile", profile), ("expect", expect), ("missing", missing))
    if missing is not None and not Path(missing).absolute().parent.is_dir():
        raise UsageError(f"--missing {missing}: there is no such folder")
    return tuple((option, path) for option, path in given if path is not None)


@guarded
def run(
    profile: ProfileOption = "standard",
    baseline: BaselineOption = None,
    gone: GoneOption = None,
    backend: BackendOption = None,
    subject: SubjectOption = None,
    case: CaseOption = None,
    workload: Annotated[
        list[str] | None,
        typer.Option("--workload", "-w", help="Only this workload (repeatable)."),
    ] = None,
    lane: LaneOption = None,
    mode: ModeOption = None,
    allocator: AllocatorOption = None,
    subject_profile: SubjectProfileOption = None,
    expect: ExpectOption = None,
    only: Annotated[
        list[str] | None,
        typer.Option(help=f"Only this kind of job: {', '.join(KINDS)} (repeatable)."),
    ] = None,
    out: OutOption = None,
    resume: Annotated[
        str | None,
        typer.Option(help="Resume an interrupted run (folder or id)."),
    ] = None,
    summary: SummaryOption = None,
    export: ExportOption = None,
    shard: Annotated[
        str | None,
        typer.Option(
            metavar="I/N", help="Only part I of N of the plan; `pmm merge` joins them."
        ),
    ] = None,
    cluster: ClusterOption = None,
    seed: SeedOption = 1,
    build: BuildOption = None,
    as_json: JsonOption = False,
) -> int:
    """Run the suite, judge it, and write the report.

    The report goes to build/report, or from an installed package to pmm-report in
    the current folder, unless --out names another one. After Ctrl-C, continue with
    --resume. The quick profile takes two minutes; standard, up
    to ten, samples what nightly sweeps in hours; smoke, the plan of standard at its
    smallest sizes, takes one.
    """
    policy = policy_of(gone) if gone is not None else None
    files = files_of(summary, export)
    if resume is not None:
        return go_on(
            resume, baseline, policy, Order(Against(), out, as_json, files, cluster),
            build,
        )
    for kind in only or ():
        if kind not in KINDS:
            raise unknown("kind of job", kind, KINDS)
    kinds: tuple[JobKind, ...] = tuple(k for k in KINDS if not only or k in only)
    selection = Selection(
        profile=profile,
        kinds=kinds,
        backends=tuple(backend or ()),
        subjects=tuple(subject or ()),
        cases=tuple(case or ()),
        workloads=tuple(workload or ()),
        lanes=tuple(lane or ()),
        modes=tuple(mode or ()),
        allocators=tuple(allocator or ()),
        documents=documents(subject_profile, expect),
        seed=seed,
    )
    report = out or find_paths(None, build).kept("report")
    part = shard_of(shard) if shard is not None else None
    if part is not None and baseline is not None:
        raise UsageError("a shard has no baseline: give it to pmm merge")
    return run_selection(
        selection, build, baseline, report, as_json, policy or "inconclusive", files,
        part, cluster,
    )


@guarded
def conform(
    subject: SubjectOption = None,
    backend: BackendOption = None,
    case: CaseOption = None,
    lane: LaneOption = None,
    mode: ModeOption = None,
    allocator: AllocatorOption = None,
    profile: NumbersOption = None,
    expect: ExpectOption = None,
    missing: MissingOption = None,
    out: OutOption = None,
    seed: SeedOption = 1,
    build: BuildOption = None,
    as_json: JsonOption = False,
) -> int:
    """Check subjects against the requirements, without measuring.

    Every collector mode of a subject is checked unless --mode names some, in the
    plain lane unless --lane does; the oldest and the newest CPython unless --subject
    does, over its own allocator unless --allocator does.

    Example: pmm conform --subject cpython-3.11 --allocator all --case 'ref.*'
    """
    kinds: tuple[JobKind, ...] = ("conform",)
    if not (subject or case or lane or mode or allocator):
        kinds = ("conform", "backend-check")
    selection = Selection(
        kinds=kinds,
        backends=tuple(backend or ()),
        subjects=tuple(subject or ()),
        cases=tuple(case or ()),
        lanes=tuple(lane or ("plain",)),
        modes=tuple(mode or ("all",)),
        allocators=tuple(allocator or ()),
        documents=documents(profile, expect, missing),
        seed=seed,
    )
    return run_selection(selection, build, None, out, as_json)


@guarded
def work(
    workload: Annotated[
        list[str] | None,
        typer.Argument(help="Names from `pmm list workloads`; default: all."),
    ] = None,
    subject: SubjectOption = None,
    backend: BackendOption = None,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", help="A parameter, e.g. items=100000 (repeatable)."),
    ] = None,
    variant: Annotated[
        list[str] | None, typer.Option(help="Only this variant (repeatable).")
    ] = None,
    out: OutOption = None,
    seed: SeedOption = 1,
    build: BuildOption = None,
    as_json: JsonOption = False,
) -> int:
    """Run workloads: a realistic job, verified, with its memory over time.

    Example: pmm work list_vs_generator --subject reference --backend mimalloc
    """
    selection = Selection(
        kinds=("work",),
        workloads=tuple(workload or ()),
        backends=tuple(backend or ()),
        subjects=tuple(subject or ()),
        settings=tuple(setting or ()),
        variants=tuple(variant or ()),
        seed=seed,
    )
    return run_selection(selection, build, None, out, as_json)


@guarded
def bench(
    area: Annotated[
        list[str] | None,
        typer.Argument(help="Names from `pmm list benchmarks`; default: all."),
    ] = None,
    backend: BackendOption = None,
    subject: ArmOption = None,
    pairs: PairsOption = None,
    objects: ObjectsOption = 1_000_000,
    profile: ProfileOption = "quick",
    out: OutOption = None,
    seed: SeedOption = 1,
    build: BuildOption = None,
    as_json: JsonOption = False,
) -> int:
    """Run Google Benchmark programs over the backends, or compare two subjects.

    Example: pmm bench alloc --backend pool --backend libc --profile standard

    Example: pmm bench --subject reference --subject cpython:/usr/bin/python3.11
    """
    selection = Selection(
        profile="pairs" if subject else profile,
        kinds=("bench",),
        benches=tuple(area or ()),
        backends=tuple(backend or ()),
        seed=seed,
        arms=tuple(subject or ()),
        pairs=pairs,
        objects=objects,
    )
    return run_selection(selection, build, None, out, as_json)


@guarded
def report(
    name: Annotated[
        str,
        typer.Argument(
            metavar="[RUN]", help="An id, a folder, a run.json, or `latest`."
        ),
    ] = "latest",
    out: OutOption = None,
    figures: Annotated[
        bool, typer.Option("--figures", help="Write each figure as PNG, too.")
    ] = False,
    screenshots: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Take pictures of all pages there: both themes, three widths. Needs "
            "Chromium and playwright.",
        ),
    ] = None,
    small: Annotated[
        bool,
        typer.Option("--small", help="Of the pictures only the small ones of README."),
    ] = False,
    single: Annotated[
        Path | None,
        typer.Option(
            "--single-file", metavar="FILE", callback=writable_file,
            help="All pages in one HTML file, too.",
        ),
    ] = None,
    export: ExportOption = None,
    build: BuildOption = None,
    as_json: JsonOption = False,
) -> int:
    """Write the HTML report of a stored run again.

    A run.json that was made elsewhere needs no build: the report then goes to
    pmm-report in the current folder. What can be taken away from the pages is in
    the report's folder `figures`: drawings (SVG), their numbers (CSV).

    Example: pmm report 20250101-120000-quick --out /tmp/report

    Example: pmm report downloads/run.json

    Example: pmm report latest --export perfetto=trace.json --export csv=figures.csv

    Example: pmm report latest --screenshots /tmp/pictures
    """
    if small and screenshots is None:
        raise UsageError("--small is of --screenshots FOLDER: name the folder")
    console = answer_console(as_json)
    files = files_of(None, export)
    found, folder = finished_run(name, build, console)
    write_exports(found, files)
    path = write_report(found, folder, report_folder(out, build), console, figures)
    if path is None:
        raise PmmError("no report was written")
    if single is not None:
        write_single(found, folder, single)
        console.print(f"single file: {shown(single)}", markup=False, soft_wrap=True)
    if screenshots is not None:
        taken = take(path.parent, screenshots, small)
        console.print(
            f"{plural(taken, 'picture')}: {shown(screenshots)}", markup=False,
            highlight=False, soft_wrap=True,
        )  # fmt: skip
    if as_json:
        print(machine_answer(Outcome(found, folder, path)).decode())
    else:
        print(f"report: {pasted(path)}")
    return errors.PASS


def register(app: typer.Typer) -> None:
    """Add the verbs to the program."""
    for verb in (run, conform, work, bench, report):
        app.command()(verb)
