# SPDX-License-Identifier: MIT
"""From valgrind's XML (protocol 4, memcheck) to findings with source lines.

A stack goes from the allocator's inside to main. What a reader looks for is its
*origin*: the innermost line of a program over the runtime, where that asked for
the memory; for memory that the runtime itself lost, the innermost line of the
runtime that is no allocator's. Source lines are shown from there on.

Source: docs/internals/xml-output-protocol4.txt of valgrind. One process writes
one file; a file without its closing tag belongs to a process that was killed.
"""

from __future__ import annotations

import os
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path

import msgspec

from pmm.base.paths import Paths
from pmm.documents.jobs import Job, JobResult
from pmm.documents.results import Frame, LeakFinding, SourceLine

CONTEXT_LINES = 2
EXCERPTS = 3
RUNTIME = "impl/"
ALLOCATORS = (
    "impl/pool/", "impl/backends/", "impl/memory/", "impl/host.", "impl/sanitize.",
)  # fmt: skip
"""Where the runtime's own allocators and their layers live."""


def collect_valgrind(
    job: Job, result: JobResult, folder: Path, root: Path
) -> tuple[tuple[LeakFinding, ...], str | None]:
    """Read every XML file of a job; the complaint says what cannot be read."""
    files = sorted(folder.glob("valgrind.*.xml"))
    if not files:
        return (), "valgrind wrote no XML"
    findings: list[LeakFinding] = []
    for path in files:
        try:
            top = ET.parse(path).getroot()  # noqa: S314 - our own valgrind wrote it
        except (ET.ParseError, OSError) as error:
            return tuple(findings), f"{path.name} is incomplete: {error}"
        if top.findtext("protocolversion") != "4":
            return tuple(findings), f"{path.name} is not of protocol 4"
        findings += [finding(job, result, e, root) for e in top.iter("error")]
        findings += [
            suppressed(job, result, e) for e in top.iterfind("suppcounts/pair")
        ]
    return tuple(findings), None


def whole(text: str | None) -> int | None:
    """Return a count that valgrind writes; None for what is not a whole number."""
    digits = (text or "").strip().replace(",", "")
    return int(digits) if digits.isascii() and digits.isdigit() else None


def finding(job: Job, result: JobResult, error: ET.Element, root: Path) -> LeakFinding:
    """Make a finding of one <error>."""
    lost = error.findtext("xwhat/leakedbytes")
    blocks = error.findtext("xwhat/leakedblocks")
    stack = error.find("stack")
    raw = error.findtext("suppression/rawtext")
    return LeakFinding(
        job=job.id,
        by="valgrind",
        kind=error.findtext("kind") or "unknown",
        workload=job.workload or "",
        variant=job.variant,
        subject=job.subject or "",
        backend=job.backend,
        type=None,
        message=error.findtext("xwhat/text") or error.findtext("what") or "",
        count=whole(blocks) or 1,
        bytes=whole(lost),
        frames=with_excerpts(frames(stack, root), root) if stack is not None else (),
        suppression=raw.strip() if raw else None,
        suppressed=False,
        expected=False,
        reproduce=result.command,
    )


def suppressed(job: Job, result: JobResult, pair: ET.Element) -> LeakFinding:
    """Make a finding of one used suppression: counted, never hidden."""
    name = pair.findtext("name") or "unnamed"
    return LeakFinding(
        job=job.id,
        by="valgrind",
        kind="Suppressed",
        workload=job.workload or "",
        variant=job.variant,
        subject=job.subject or "",
        backend=job.backend,
        type=None,
        message=f"suppressed by {name}",
        count=whole(pair.findtext("count")) or 0,
        bytes=None,
        frames=(),
        suppression=name,
        suppressed=True,
        expected=False,
        reproduce=result.command,
    )


def frames(stack: ET.Element, root: Path) -> list[Frame]:
    """Return the frames of a stack, innermost first."""
    out = []
    for frame in stack.iter("frame"):
        folder, name = frame.findtext("dir"), frame.findtext("file")
        line, built = frame.findtext("line"), frame.findtext("obj")
        out.append(
            Frame(
                function=frame.findtext("fn"),
                file=project_path(folder, name, built, root) if name else None,
                line=whole(line),
                object=built,
            )
        )
    return out


def project_path(folder: str | None, name: str, built: str | None, root: Path) -> str:
    """Return the path from the project's root, or as it is when outside.

    A program of this project may bear another clone's paths, where a compiler's
    cache served its objects: then the longest end that is a file here counts.
    """
    whole = Path(os.path.normpath(Path(folder) / name) if folder else name)
    if whole.is_relative_to(root):
        return str(whole.relative_to(root))
    if built is not None and Path(built).is_relative_to(root):
        for start in range(1, len(whole.parts) - 1):
            end = Path(*whole.parts[start:])
            if (root / end).is_file():
                return str(end)
    return str(whole)


def origin(found: Sequence[Frame], root: Path) -> int | None:
    """Return the place of the frame that asked for the memory; None: unknown."""
    mine = [
        (at, frame.file)
        for at, frame in enumerate(found)
        if frame.file is not None and (root / frame.file).is_file()
        if not Path(frame.file).is_absolute()
    ]
    above = [at for at, file in mine if not file.startswith(RUNTIME)]
    asking = [at for at, file in mine if not file.startswith(ALLOCATORS)]
    return next(iter([*above, *asking, *(at for at, _ in mine)]), None)


def with_excerpts(found: Sequence[Frame], root: Path) -> tuple[Frame, ...]:
    """Add source lines to the origin and to those of the project that called it."""
    first = origin(found, root)
    out = []
    left = EXCERPTS
    for at, frame in enumerate(found):
        wanted = first is not None and at >= first and left > 0
        lines = excerpt(root, frame.file, frame.line) if wanted else ()
        left -= bool(lines)
        out.append(msgspec.structs.replace(frame, excerpt=lines))
    return tuple(out)


def excerpt(root: Path, file: str | None, line: int | None) -> tuple[SourceLine, ...]:
    """Return the lines around a place; nothing when it is not in the project."""
    if file is None or line is None:
        return ()
    path = (root / file).resolve()
    if not path.is_relative_to(root) or not path.is_file():
        return ()
    text = path.read_text(encoding="utf-8", errors="replace").splitlines()
    first = max(1, line - CONTEXT_LINES)
    last = min(len(text), line + CONTEXT_LINES)
    return tuple(SourceLine(number=n, text=text[n - 1]) for n in range(first, last + 1))


def site_frame(site: str | None, paths: Paths) -> tuple[Frame, ...]:
    """Return the one frame of a runtime's `file:line`."""
    if not site:
        return ()
    file, _, number = site.rpartition(":")
    if not file or not number.isdigit():
        return (Frame(function=site, file=None, line=None, object=None),)
    path = paths.source(file)
    return (
        Frame(
            function=None,
            file=path,
            line=int(number),
            object=None,
            excerpt=excerpt(paths.root, path, int(number)),
        ),
    )
