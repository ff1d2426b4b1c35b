# SPDX-License-Identifier: MIT
"""The jobs that measure backends with Google Benchmark."""

from __future__ import annotations

from collections.abc import Iterator

from pmm.discover.world import World
from pmm.documents.jobs import Job
from pmm.plan.parts import command, make_job
from pmm.plan.profiles import reaches
from pmm.plan.selection import Chosen, Selection

BENCH_BOUNDS = ("alloc",)
"""The benchmarks that measure a backend by itself, so that a bound can run them."""
NO_MILLIONS = "--benchmark_filter=-/1000000(/|$)"
SMALLEST_SIZES = "--benchmark_filter=-/10{5,}(/|$)"


def bench_sizes(selection: Selection, backend: str) -> list[str]:
    """Return the option that leaves out the sizes that are not worth their time."""
    how = selection.how_much
    if how.smallest:
        return [SMALLEST_SIZES]
    return (
        []
        if how.millions != "one" and reaches(how.millions, backend)
        else [NO_MILLIONS]
    )


def bench_jobs(world: World, selection: Selection, chosen: Chosen) -> Iterator[Job]:
    """Google Benchmark: one process a program and backend."""
    how = selection.how_much
    for area in chosen.benches if chosen.reference else ():
        for backend in chosen.backends:
            if world.is_bound(backend) and area not in BENCH_BOUNDS:
                continue
            argv = [
                command(world, f"pmm-bench-{area}"), "--backend", backend,
                f"--benchmark_min_time={how.bench_seconds}",
                f"--benchmark_repetitions={how.repetitions}",
                "--benchmark_enable_random_interleaving=true",
                *bench_sizes(selection, backend),
            ]  # fmt: skip
            yield make_job(
                "bench", f"{area}/{world.label(backend)}", argv,
                output_argv=(
                    "--benchmark_out={dir}/document.json",
                    "--benchmark_out_format=json",
                ),
                subject="reference", backend=backend, measured=True, timeout_s=600,
            )  # fmt: skip
