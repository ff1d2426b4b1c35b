# SPDX-License-Identifier: MIT
"""The machine, the build and the settings that figures depend on.

Each probe gives a value, or None with the reason in `unknown`; none of them can
fail the run. Binaries are hashed, so that a resumed run and a comparison know
whether the same programs were at work.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pmm.base.paths import LAUNCHER, Paths, shown
from pmm.base.plain_text import plain
from pmm.base.processes import KEPT_VARIABLES
from pmm.discover.build_facts import build_facts
from pmm.documents.jobs import Binary, Environment, Timer
from pmm.documents.programs import BackendEntry

TOOLS = {
    "valgrind": ("valgrind", "--version"),
    "lcov": ("lcov", "--version"),
    "ninja": ("ninja", "--version"),
    "gcc": ("gcc", "-dumpfullversion"),
    "clang": ("clang", "--version"),
}
PACKAGES = ("msgspec", "typer", "rich", "jinja2", "altair", "vl-convert-python")
CGROUP = ("cpu.max", "memory.max", "memory.high", "cpuset.cpus.effective")


class Probes:
    """Collects values, and the reasons where there is none."""

    def __init__(self) -> None:
        self.unknown: dict[str, str] = {}

    def text(self, name: str, path: str) -> str | None:
        """Return a file's content in one line."""
        return self.value(name, lambda: Path(path).read_text(encoding="utf-8").strip())

    def value(self, name: str, probe: Callable[[], str | None]) -> str | None:
        """Return what a probe gives; note the reason when it gives nothing."""
        try:
            found = probe()
        except OSError as error:
            why = error.strerror or str(error)
            self.unknown[name] = f"{why}: {error.filename}" if error.filename else why
            return None
        except (ValueError, subprocess.SubprocessError) as error:
            self.unknown[name] = str(error)
            return None
        if not found:
            self.unknown[name] = "not told"
            return None
        return found


def output(*argv: str, cwd: Path | None = None) -> str:
    """Return the first line that a tool prints; raise OSError when it fails."""
    done = subprocess.run(
        argv,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=20,
        check=False,
        cwd=cwd,
    )
    if done.returncode != 0:
        raise OSError(f"{argv[0]} ended with {done.returncode}")
    lines = done.stdout.strip().splitlines()
    return lines[0] if lines else ""


def version(text: str) -> str:
    """Return the version number in a tool's answer."""
    found = re.search(r"\d+(\.\d+)+\S*", text)
    return found.group(0) if found else text


def tool_version(argv: Sequence[str]) -> str | None:
    """Return one tool's version."""
    try:
        return version(output(*argv))
    except (OSError, subprocess.SubprocessError):
        return None


def tool_versions() -> dict[str, str | None]:
    """Return the versions of the tools; None for one that is not there."""
    with ThreadPoolExecutor() as pool:
        found = dict(zip(TOOLS, pool.map(tool_version, TOOLS.values()), strict=True))
    for name in PACKAGES:
        try:
            found[name] = importlib_version(name)
        except ModuleNotFoundError:
            found[name] = None
    return found


def importlib_version(name: str) -> str:
    """Return an installed Python package's version."""
    from importlib import metadata  # noqa: PLC0415 - slow to import, seldom used

    return metadata.version(name)


def operating_system() -> str:
    """Return the distribution's name."""
    return platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())


def cpu_model() -> str | None:
    """Return the processor's name."""
    text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    found = re.search(r"^(?:model name|Model|Hardware)\s*:\s*(.+)$", text, re.MULTILINE)
    return found.group(1) if found else None


def memory_bytes() -> int:
    """Return the machine's memory."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def cgroup_limits() -> dict[str, str]:
    """Return the limits of this process's control group (version 2)."""
    try:
        own = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    path = next((line[3:] for line in own if line.startswith("0::")), "/")
    found = {}
    for name in CGROUP:
        for folder in (Path("/sys/fs/cgroup" + path), Path("/sys/fs/cgroup")):
            file = folder / name
            if file.is_file():
                found[name] = file.read_text(encoding="utf-8").strip()
                break
    return found


def thp_setting(text: str) -> str:
    """Return the choice in brackets of `always [madvise] never`."""
    found = re.search(r"\[(\w+)\]", text)
    return found.group(1) if found else text


def hash_binaries(paths: Iterable[Path]) -> tuple[Binary, ...]:
    """Return path, hash and size of each program."""
    return tuple(
        Binary(
            path=shown(path),
            sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
            size_bytes=path.stat().st_size,
        )
        for path in sorted(set(paths))
    )


def hash_of(path: str | None) -> str | None:
    """Return a file's SHA-256; None for one that cannot be read."""
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest() if path else None
    except OSError:
        return None


def measure_timer() -> Timer:
    """Measure the clock's grain and the cost of reading it, from Python."""
    rounds = 20_000
    clock = time.perf_counter_ns
    started = clock()
    for _ in range(rounds):
        clock()
    cost = (clock() - started) / rounds
    grain = time.get_clock_info("perf_counter").resolution
    return Timer(resolution_ns=max(1, round(grain * 1e9)), read_ns=round(cost, 1))


def git_state(root: Path) -> tuple[str | None, bool | None]:
    """Return commit and whether the work tree differs from it."""
    if not (root / ".git").exists():
        return None, None  # a repository above it is somebody else's
    git = ("git", "-c", f"safe.directory={root}")  # whoever owns the clone
    try:
        commit = output(*git, "rev-parse", "HEAD", cwd=root)
        changed = output(*git, "status", "--porcelain", cwd=root)
    except (OSError, subprocess.SubprocessError):
        return None, None
    return commit, bool(changed)


def capture_environment(
    paths: Paths,
    programs: Iterable[Path],
    backends: Iterable[BackendEntry],
    seed: int,
    outer: Mapping[str, str],
) -> Environment:
    """Look at everything once."""
    probes = Probes()
    facts = build_facts(paths.build)
    probes.unknown |= facts.unknown
    commit, dirty = git_state(paths.root)
    if paths.installed:
        commit, dirty = facts.commit, None
    if commit is None:
        probes.unknown["commit"] = "not a git clone, or git is missing"
    if paths.program(LAUNCHER) is None:
        why = f"{LAUNCHER} is not built, and a job's peak without it is the runner's"
        probes.unknown["peak_rss_bytes"] = why
    thp = probes.text("thp", "/sys/kernel/mm/transparent_hugepage/enabled")
    libc = " ".join(platform.libc_ver())
    return Environment(
        host=platform.node(),
        system=probes.value("system", operating_system) or platform.system(),
        kernel=platform.release(),
        architecture=platform.machine(),
        libc=libc.strip() or None,
        cpu=probes.value("cpu", cpu_model),
        cpu_count=os.cpu_count() or 1,
        cpus_allowed=tuple(sorted(os.sched_getaffinity(0))),
        memory_bytes=memory_bytes(),
        virtualised=probes.value("virtualised", virtualisation),
        compiler=facts.compiler,
        flags=facts.flags,
        build_type=facts.options.get("buildtype"),
        build_options=facts.options,
        thp=thp_setting(thp) if thp else None,
        governor=probes.text(
            "governor", "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"
        ),
        aslr=probes.text("aslr", "/proc/sys/kernel/randomize_va_space"),
        cgroup=cgroup_limits(),
        load_average=os.getloadavg(),
        tools=tool_versions() | {"meson": facts.meson},
        libraries={
            one.name: one.version for one in backends if one.available and one.object
        },
        python=platform.python_version(),
        commit=commit,
        dirty=dirty,
        binaries=hash_binaries(programs),
        variables={n: plain(outer[n]) for n in KEPT_VARIABLES if n in outer},
        seed=seed,
        timer=measure_timer(),
        unknown=probes.unknown,
    )


def virtualisation() -> str:
    """Return what the machine runs in: `kvm`, `docker`, `none`."""
    done = subprocess.run(
        ["systemd-detect-virt"], capture_output=True, text=True, timeout=5, check=False
    )
    return done.stdout.strip()


def differing_binaries(before: Environment, programs: Iterable[Path]) -> list[str]:
    """Return the programs that are not those of an earlier environment."""
    then = {one.path: one.sha256 for one in before.binaries}
    now = {one.path: one.sha256 for one in hash_binaries(programs)}
    return sorted(path for path in then if now.get(path) != then[path])
