# SPDX-License-Identifier: MIT
"""What there is to run: programs, backends, CPythons, workloads, benchmarks.

Every answer comes from the thing itself (`--list`, `--describe`), never from a
table here, so adding a backend or a workload changes nothing in this package.
Probes run with a short time limit; one that fails is reported as not available,
with the reason.
"""

from __future__ import annotations

import dataclasses
import json
import os
import re
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from pmm.documents import SubjectEntry
from pmm.errors import PmmError
from pmm.places import Places, shown
from pmm.programs import BackendEntry, BackendList, Foreign

PROBE_SECONDS = 20
EXTENSION_FOLDER = "impl/subjects/cpython"
OLDEST = (3, 8)
NAMES = tuple(f"python3.{minor}" for minor in range(8, 16))
# Distributions optimise by profile in their own build rules, which leave no
# trace in sysconfig; an interpreter of the system is taken for optimised.
PROBE = """
import json, platform, sys, sysconfig
get = sysconfig.get_config_var
debug, free = bool(get("Py_DEBUG")), bool(get("Py_GIL_DISABLED"))
names = ["malloc"] if not free else []
if get("WITH_MIMALLOC") and sys.version_info >= (3, 13):
    names.insert(0, "mimalloc")
if get("WITH_PYMALLOC") and not free:
    names.insert(0, "pymalloc")
names = [name + mark for mark in ("", "_debug") for name in names]
print(json.dumps({
    "allocators": sorted(names, key=lambda n: debug and not n.endswith("_debug")),
    "implementation": platform.python_implementation(),
    "version": platform.python_version(),
    "executable": sys.executable,
    "optimised": sys.base_prefix == "/usr"
    or "--enable-optimizations" in (get("CONFIG_ARGS") or ""),
    "debug": debug,
    "free_threaded": free,
    "compiler": platform.python_compiler(),
}))
"""


@dataclass(frozen=True)
class CPython:
    """One interpreter that was found."""

    id: str
    """`cpython-3.11.7`, with what is unusual about the build behind it."""
    interpreter: str
    version: str
    optimised: bool
    build: str
    hosts: bool
    """Whether the suite's extension can be loaded into it."""
    reason: str | None
    """Why not."""
    allocators: tuple[str, ...] = ()
    """What PYTHONMALLOC may name in this build; its own choice first."""

    @property
    def order(self) -> tuple[int, ...]:
        """The version as numbers, for sorting."""
        return tuple(int(part) for part in re.findall(r"\d+", self.version))


@dataclass(frozen=True)
class World:
    """Everything that can be asked to run."""

    places: Places
    backends: tuple[BackendEntry, ...]
    cpythons: tuple[CPython, ...]
    cases: tuple[str, ...]
    workloads: tuple[str, ...]
    twins: tuple[str, ...]
    benches: tuple[str, ...]
    valgrind: str | None
    missing: tuple[tuple[str, str], ...]
    """Programs that were not built, and what is lost without each."""
    modes: tuple[str, ...] = ()
    """The reference's collector modes, its default first."""

    @property
    def available(self) -> tuple[BackendEntry, ...]:
        """The backends that can be used on this machine."""
        return tuple(entry for entry in self.backends if entry.available)


def ask(argv: Sequence[str | Path], working: Path) -> subprocess.CompletedProcess[str]:
    """Run a probe; raise PmmError when it cannot start or does not end."""
    try:
        return subprocess.run(
            [str(part) for part in argv],
            cwd=working,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PROBE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PmmError(f"cannot ask {argv[0]}: {error}") from error


def find_backends(places: Places) -> tuple[BackendEntry, ...]:
    """Return the backends as `pmm-backend-check` lists them; none if not built."""
    program = places.program("pmm-backend-check")
    if program is None:
        return ()
    answer = ask([program, "--list", "--json"], places.root)
    try:
        return msgspec.json.decode(answer.stdout, type=BackendList).backends
    except msgspec.MsgspecError as error:
        raise PmmError(f"{program.name} --list --json: {error}") from error


def given_backends(places: Places, specs: Iterable[str]) -> tuple[BackendEntry, ...]:
    """Ask each backend that a user gave for its own name and version.

    One that gives no answer has an entry that is not available and says why.
    """
    program = places.program("pmm-backend-check")
    if program is None:
        return ()
    entries = []
    for spec in specs:
        answer = ask([program, "--describe", "--backend", spec], Path.cwd())
        try:
            entry = msgspec.json.decode(answer.stdout, type=BackendEntry)
        except msgspec.MsgspecError:
            entry = unanswered(spec, answer)
        entries.append(msgspec.structs.replace(entry, origin="given", spec=spec))
    return tuple(entries)


def unanswered(spec: str, answer: subprocess.CompletedProcess[str]) -> BackendEntry:
    """Make the entry of a backend that could not be asked."""
    said = answer.stderr.strip().splitlines() or [f"exit code {answer.returncode}"]
    return BackendEntry(
        name=spec.partition("=")[0].rpartition("/")[2], version=None, summary="",
        available=False, reason=said[-1], capabilities=(), object=None,
    )  # fmt: skip


def candidates() -> list[Path]:
    """Return paths that may be a CPython: on PATH, in /usr/bin, of pyenv."""
    folders = [Path(part) for part in os.environ.get("PATH", "").split(":") if part]
    folders.append(Path("/usr/bin"))
    versions = Path.home() / ".pyenv" / "versions"
    if versions.is_dir():
        folders += sorted(path / "bin" for path in versions.iterdir())
    found: dict[Path, Path] = {}
    for folder in folders:
        for name in NAMES:
            path = folder / name
            if path.is_file() and os.access(path, os.X_OK):
                found.setdefault(path.resolve(), path)
    return list(found)


def describe(path: Path, working: Path) -> dict[str, Any] | None:
    """Ask an interpreter who it is; None when it does not answer."""
    try:
        answer = ask([path, "-I", "-c", PROBE], working)
        found = json.loads(answer.stdout)
    except (PmmError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def host_script(places: Places, version: str, named: bool = False) -> list[str]:
    """Return the start of a command line of the host script.

    The script looks into the clone's own build; another one has to be named, as
    has one whose binary is to be noted (`named`).
    """
    script = shown(places.host_script)
    if places.build == places.root / "build" and not named:
        return [script]
    major, minor = version.split(".")[:2]
    for name in (f"_pmm.cpython-{major}{minor}.so", "_pmm.abi3.so"):
        module = places.build / EXTENSION_FOLDER / name
        if module.is_file():
            return [script, "--module", shown(module)]
    return [script, "--module", shown(places.build / EXTENSION_FOLDER)]


def host_state(path: str, version: str, places: Places) -> tuple[bool, str | None]:
    """Ask the host script whether the extension loads into an interpreter."""
    if not places.host_script.is_file():
        return False, "conformance/cpython_host.py is missing"
    try:
        command = [path, *host_script(places, version), "--describe"]
        answer = ask(command, Path.cwd())
    except PmmError as error:
        return False, str(error)
    if answer.returncode == 0:
        return True, None
    lines = (answer.stderr or answer.stdout).strip().splitlines()
    reason = lines[-1] if lines else f"exit code {answer.returncode}"
    return False, reason.removeprefix(f"{places.host_script.name}: ")


def find_cpythons(places: Places) -> tuple[CPython, ...]:
    """Return the CPythons of 3.8 and later, each real binary once, by version."""
    found: dict[str, CPython] = {}
    seen: set[Path] = set()
    for path in candidates():
        answer = describe(path, places.root)
        if answer is None or answer["implementation"] != "CPython":
            continue
        real = Path(answer["executable"]).resolve()
        one = make_cpython(answer)
        if real in seen or one.order[:2] < OLDEST:
            continue
        seen.add(real)
        hosts, reason = host_state(one.interpreter, one.version, places)
        name, number = one.id, 2
        while name in found:
            name, number = f"{one.id}-{number}", number + 1
        found[name] = dataclasses.replace(one, id=name, hosts=hosts, reason=reason)
    return tuple(sorted(found.values(), key=lambda one: (one.order, one.id)))


def make_cpython(answer: dict[str, Any]) -> CPython:
    """Make the entry of an interpreter, not yet asked about the extension."""
    marks = [word for word in ("debug", "free_threaded") if answer[word]]
    optimised = bool(answer["optimised"])
    build = ", ".join(
        ["optimised" if optimised else "not optimised", *marks, answer["compiler"]]
    )
    return CPython(
        id="-".join([f"cpython-{answer['version']}", *marks]),
        interpreter=answer["executable"],
        version=answer["version"],
        optimised=optimised,
        build=build,
        hosts=False,
        reason=None,
        allocators=tuple(answer["allocators"]),
    )


class ListedCase(Foreign, frozen=True):
    """What we need of one entry of `pmm-conform --list --json`."""

    id: str


class CaseList(Foreign, frozen=True):
    """The whole answer."""

    cases: tuple[ListedCase, ...]
    modes: tuple[str, ...] | None = None
    """Of the subject; None when it cannot be used."""


def find_cases(places: Places, subject: str = "reference") -> CaseList:
    """Return the cases and a subject's modes; none if pmm-conform was not built."""
    program = places.program("pmm-conform")
    if program is None:
        return CaseList(cases=())
    answer = ask([program, "--list", "--json", "--subject", subject], Path.cwd())
    try:
        return msgspec.json.decode(answer.stdout, type=CaseList)
    except msgspec.MsgspecError as error:
        raise PmmError(f"{program.name} --list --json: {error}") from error


def find_modes(world: World, subject: str) -> tuple[str, ...]:
    """Return the collector modes of a subject; none of one that gives no answer."""
    if subject == "reference":
        return world.modes
    try:
        return find_cases(world.places, subject).modes or ()
    except PmmError:
        return ()  # what is wrong with it, its job will say


def primary(cpythons: Sequence[CPython]) -> CPython | None:
    """Return the CPython that stands for all where one has to do: 3.11, else the
    newest.

    3.11 is the specification's baseline; of several the first on the PATH's.
    """
    baseline = [one for one in cpythons if one.order[:2] == (3, 11)]
    optimised = [one for one in baseline if one.optimised]
    ranked = optimised or baseline or list(cpythons)
    return ranked[-1] if ranked else None


def listed_names(text: str) -> tuple[str, ...]:
    """Return the names at the left edge of a program's `--list`."""
    return tuple(re.findall(r"^([a-z][a-z0-9_]*)(?=[:\s]|$)", text, re.MULTILINE))


def find_workloads(argv: Iterable[str | Path], working: Path) -> tuple[str, ...]:
    """Return the workloads that a program lists."""
    answer = ask([*argv, "--list"], working)
    return listed_names(answer.stdout) if answer.returncode == 0 else ()


def subject_entries(world: World) -> tuple[SubjectEntry, ...]:
    """Return the subjects: the reference and every CPython."""
    reference = world.places.program("pmm-conform") or world.places.program("pmm-work")
    entries = [
        SubjectEntry(
            name="reference",
            kind="builtin",
            version=None,
            build=None,
            available=reference is not None,
            reason=None if reference else "pmm-conform is not built",
            interpreter=None,
            optimised=None,
            features=(),
        )
    ]
    entries += [
        SubjectEntry(
            name=one.id,
            kind="cpython",
            version=one.version,
            build=one.build,
            available=one.hosts,
            reason=one.reason,
            interpreter=one.interpreter,
            optimised=one.optimised,
            features=(),
        )
        for one in world.cpythons
    ]
    return tuple(entries)


LOSSES = {
    "pmm-conform": "no conformance results",
    "pmm-backend-check": "no list of backends, no backend checks",
    "pmm-work": "no memory figures, no leak checks",
}


def discover(places: Places, valgrind: str | None) -> World:
    """Look at the build and the machine."""
    missing = [
        (name, lost) for name, lost in LOSSES.items() if places.program(name) is None
    ]
    benches = tuple(
        path.name.removeprefix("pmm-bench-") for path in places.bench_programs()
    )
    if not benches:
        missing.append(("pmm-bench-*", "no benchmark figures"))
    work = places.program("pmm-work")
    cpythons = find_cpythons(places)
    listed = find_cases(places)
    twin = places.twin_script
    has_twins = bool(cpythons) and twin.is_file()
    return World(
        places=places,
        backends=find_backends(places),
        cpythons=cpythons,
        cases=tuple(case.id for case in listed.cases),
        modes=listed.modes or (),
        workloads=find_workloads([work], places.root) if work else (),
        twins=find_workloads([cpythons[-1].interpreter, twin], places.root)
        if has_twins
        else (),
        benches=benches,
        valgrind=valgrind,
        missing=tuple(missing),
    )
