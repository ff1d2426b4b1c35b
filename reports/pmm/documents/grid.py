# SPDX-License-Identifier: MIT
"""The grid of collectors: what `pmm gc grid` writes, and what cyclotron writes.

A `Grid` has an arm for each interpreter, an arm a cell for each shape, size of the
cycles, payload and live heap, a cell the runs of its repetitions.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from pmm.base.decoding import decode_json
from pmm.documents.programs import Foreign, Strict

Shape = Literal["chain", "tree"]


class GridRun(Foreign, frozen=True):
    """One process."""

    program_ns: int
    pauses_ns: tuple[int, ...]
    most: int
    """The most garbage that waited, in objects."""
    left: int
    garbage: int
    """How many objects became garbage."""
    stable: bool
    """What waits no longer rises at the end."""
    peak_bytes: int | None


class GridCell(Strict, frozen=True):
    """One cell."""

    shape: Shape
    size: int
    """Objects of a cycle."""
    payload: int
    """Bytes of a cycle."""
    live: int
    """Objects that are held, about."""
    runs: tuple[GridRun, ...]


class GridArm(Strict, frozen=True):
    """One interpreter."""

    id: str
    path: str | None
    fault: str | None
    absence: str | None
    cells: tuple[GridCell, ...]


class Grid(Strict, frozen=True):
    """One invocation of `pmm gc grid`."""

    schema: Literal["pmm.gc.grid"]
    version: Literal[1]
    created: str
    elapsed_ns: int
    command: str
    total: int
    """Objects made in a process."""
    repetitions: int
    arms: tuple[GridArm, ...]
    left_out: tuple[str, ...]
    """Cells that would have taken too much memory."""


def encode_grid(grid: Grid) -> bytes:
    """Return the grid as JSON."""
    return msgspec.json.encode(grid, order="deterministic") + b"\n"


# ----------------------------------------------------------------------- cyclotron


class CyclotronParams(Foreign, frozen=True):
    """The cell of a run."""

    cycle_size: int
    extra_bytes: int
    live_objects: int
    python: str = "?"
    workload: str = "chain"


class CyclotronRun(Foreign, frozen=True):
    """One run of cyclotron's batch."""

    params: CyclotronParams
    summary: dict[str, Any] = msgspec.field(default_factory=dict)
    samples: tuple[dict[str, Any], ...] = ()
    wall_time: float = 0.0
    stable: bool | None = None


class Cyclotron(Foreign, frozen=True):
    """A file of cyclotron's batch."""

    runs: tuple[CyclotronRun, ...]
    meta: dict[str, Any] = msgspec.field(default_factory=dict)


def leading(text: object) -> float:
    """Return the number that a summary's value begins with; 0 where there is none."""
    try:
        return float(str(text).split()[0])
    except (ValueError, IndexError):
        return 0.0


def cell_of(run: CyclotronRun) -> GridCell:
    """Return a run of cyclotron's as a cell of one process."""
    said = run.summary
    seconds = leading(said.get("Total time")) or run.wall_time
    most = max([int(leading(said.get("Max trash"))),
                *(int(one.get("trash", 0)) for one in run.samples)])  # fmt: skip
    peak = max([int(leading(said.get("Peak RSS"))),
                *(int(one.get("rss_kb", 0)) for one in run.samples)])  # fmt: skip
    pause = max([leading(said.get("GC pause max ms")),
                 *(leading(one.get("pause_ms")) for one in run.samples)])  # fmt: skip
    one = GridRun(
        program_ns=int(seconds * 1e9), pauses_ns=(int(pause * 1e6),) if pause else (),
        most=most, left=most, garbage=0, stable=run.stable is not False,
        peak_bytes=peak * 1024 or None,
    )  # fmt: skip
    where = run.params
    return GridCell(
        shape="tree" if where.workload == "tree" else "chain", size=where.cycle_size,
        payload=where.extra_bytes, live=where.live_objects, runs=(one,),
    )  # fmt: skip


def decode_cyclotron(text: bytes, name: str) -> GridArm:
    """Read cyclotron's file; raise `msgspec.MsgspecError` when it is not one."""
    found = decode_json(text, Cyclotron)
    cells: dict[tuple[str, int, int, int], GridCell] = {}
    for cell in map(cell_of, found.runs):
        key = (cell.shape, cell.size, cell.payload, cell.live)
        runs = (*cells[key].runs, *cell.runs) if key in cells else cell.runs
        cells[key] = msgspec.structs.replace(cell, runs=runs)
    label = str(found.meta.get("python", name))
    return GridArm(id=label, path=None, fault=None, absence=None,
                   cells=tuple(cells.values()))  # fmt: skip


def encode_cyclotron(arm: GridArm, total: int, created: str) -> bytes:
    """Return an arm as cyclotron writes it, a run for each process."""
    runs = [
        {
            "params": {
                "python": arm.path or arm.id, "workload": cell.shape,
                "cycle_size": cell.size, "extra_bytes": cell.payload,
                "live_objects": cell.live, "cyclic_fraction": 1.0,
            },
            "cmd": [], "returncode": 0, "wall_time": run.program_ns / 1e9,
            "samples": [], "stable": run.stable, "stderr_tail": "",
            "summary": {
                "Total time": f"{run.program_ns / 1e9:.6f}",
                "Peak RSS": f"{(run.peak_bytes or 0) // 1024}",
                "Max trash": f"{run.most}",
                "GC pause max ms": f"{max(run.pauses_ns, default=0) / 1e6:.6f}",
                "GC stable": "yes" if run.stable else "no",
            },
        }
        for cell in arm.cells
        for run in cell.runs
    ]  # fmt: skip
    meta = {"python": arm.path or arm.id, "total_objects": total, "started": created}
    return msgspec.json.encode({"meta": meta, "runs": runs}) + b"\n"
