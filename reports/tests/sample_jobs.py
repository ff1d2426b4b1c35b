# SPDX-License-Identifier: MIT
"""The jobs of the made-up run, and the machine that it ran on."""

from __future__ import annotations

from pathlib import Path

from pmm.documents.jobs import Binary, Environment, Job, JobResult, Timer

ROOT = Path(__file__).resolve().parents[2]
BACKENDS = ("pool", "libc", "mimalloc", "jemalloc", "tcmalloc")
CPYTHONS = ("3.11.2", "3.12.1", "3.13.0")
MS = 1_000_000
MIB = 1 << 20
CREATED = "2025-01-01T12:00:00Z"


def environment() -> Environment:
    """A plain Debian machine with two cores."""
    return Environment(
        host="sample",
        system="Debian GNU/Linux 12 (bookworm)",
        kernel="6.1.0-18-amd64",
        architecture="x86_64",
        libc="glibc 2.36",
        cpu="AMD EPYC 7763 64-Core Processor",
        cpu_count=2,
        cpus_allowed=(0, 1),
        memory_bytes=8 << 30,
        virtualised="kvm",
        compiler="gcc 12.2.0",
        flags="-O2 -g",
        build_type="debugoptimized",
        build_options={"bench": "auto", "checked": "false"},
        thp="madvise",
        governor=None,
        aslr="2",
        cgroup={"cpu.max": "200000 100000", "memory.max": "max"},
        load_average=(0.31, 0.22, 0.1),
        tools={"valgrind": "3.19.0", "lcov": "1.16", "meson": "1.0.1"},
        libraries={"mimalloc": "2.0.9", "jemalloc": "5.3.0", "tcmalloc": "2.10"},
        python="3.11.2",
        commit="0123456789abcdef0123456789abcdef01234567",
        dirty=False,
        binaries=(
            Binary(path="build/pmm-conform", sha256="ab" * 32, size_bytes=90000),
        ),
        variables={"PATH": "/usr/bin:/bin"},
        seed=1,
        timer=Timer(resolution_ns=1, read_ns=21.5),
        unknown={"governor": "no cpufreq in this machine"},
    )


def job(kind: str, name: str, *argv: str, measured: bool = False) -> Job:
    """A planned job."""
    return Job(
        id=f"{kind}/{name}",
        kind=kind,  # type: ignore[arg-type]
        argv=argv,
        output_argv=(),
        output_first=(),
        environment={},
        timeout_s=60,
        measured=measured,
        program=Path(argv[0]).name,
        subject="reference",
        interpreter=None,
        backend=None,
        mode="full",
        lane=None,
        workload=None,
        variant=None,
    )


def result(planned: Job, status: str = "ok", reason: str | None = None) -> JobResult:
    """What became of it."""
    return JobResult(
        job=planned.id,
        status=status,  # type: ignore[arg-type]
        reason=reason,
        exit_code=0 if status == "ok" else None,
        signal="SIGKILL" if status == "timeout" else None,
        started=CREATED,
        elapsed_ns=1200 * MS,
        user_ns=1000 * MS,
        system_ns=100 * MS,
        peak_rss_bytes=60 * MIB,
        command=" ".join(planned.argv),
        stderr_tail="" if status == "ok" else "no progress for 60 s\n",
        log=f"jobs/{planned.id.replace('/', '-')}",
    )
