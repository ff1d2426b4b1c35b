# SPDX-License-Identifier: MIT
"""Bringing interpreters into the cache, so that each is there whole or not at all.

1. One process fetches at a time; the others wait and then find it there.
2. Lists come through a private apt from the machine's own source; what they say
   of each package is held against its pin before anything is downloaded.
3. Each file is held against its pin again, before anything is unpacked.
4. Everything happens in a folder `.part-…`. It gets its name, is started in its
   place, and is marked complete; what an interrupted fetch leaves has no mark,
   and is removed by the next.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pmm.base.cache import COMPLETE, cache_folder, fetched_folder
from pmm.base.errors import PmmError, no_room
from pmm.base.locks import held_in_turn
from pmm.fetch.pins import (
    AbsentError,
    Catalogue,
    ChangedError,
    Interpreter,
    Machine,
    Pin,
    catalogue,
    digest,
    pins_for,
    write_pins,
)
from pmm.fetch.private_apt import Package, PrivateApt, source_files, this_machine
from pmm.fetch.sources import own_sources
from pmm.fetch.unpack import leave_alone, saying, unpack, use_own_libraries

Note = Callable[[str], None]
MIB = 1 << 20
SYMBOLS = "usr/lib/debug"
"""What debuggers read of a debug build: several times its size."""


def place_of(name: str, pins: Mapping[str, Pin]) -> Path:
    """Return the folder that an interpreter has when it is there."""
    return fetched_folder() / name / digest(pins)


def there(name: str, one: Interpreter, machine: Machine) -> Path | None:
    """Return the program of an interpreter that was fetched, by today's pins."""
    try:
        place = place_of(name, pins_for(machine, one.packages))
    except AbsentError:
        return None
    return place / one.program if (place / COMPLETE).is_file() else None


def check_pins(found: Mapping[str, Package], pins: Mapping[str, Pin]) -> None:
    """Raise AbsentError or ChangedError where a suite has something else."""
    for name, pin in pins.items():
        has = found.get(name)
        if has is None:
            raise AbsentError(f"the suite has no {name}")
        if has.pin.version != pin.version:
            raise AbsentError(
                f"the suite has {name} {has.pin.version}, and {pin.version} is pinned"
            )
        if has.pin.sha256 != pin.sha256:
            raise ChangedError(f"{name} {pin.version} is not the file that is pinned")


def check_file(path: Path, name: str, pin: Pin) -> None:
    """Raise ChangedError for a file that is not the pinned one."""
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != pin.sha256:
            raise ChangedError(f"{name} {pin.version} is not the file that is pinned")


def check_room(folder: Path, packages: Mapping[str, Package]) -> None:
    """Raise PmmError where the packages would not fit."""
    needed = sum(one.download_bytes + one.unpacked_bytes for one in packages.values())
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise PmmError(
            f"cannot write {folder}: {needed // MIB} MiB are needed, and "
            f"{free // MIB} are free"
        )


class Fetcher:
    """One call of `pmm fetch`; it says each step through `note`."""

    def __init__(self, note: Note) -> None:
        self.note = note
        self.catalogue: Catalogue = catalogue()
        self.machine = this_machine()
        self.apt = PrivateApt(cache_folder() / "apt")
        self.is_open = False

    def open(self) -> None:
        """Get the lists of the suite; raise AbsentError where no source has it."""
        suite = self.catalogue.suites.get(self.machine.distribution)
        if suite is None:
            known = " and ".join(sorted(self.catalogue.suites))
            raise AbsentError(
                f"packages are known for {known}, and this is "
                f"{self.machine.distribution}"
            )
        sources = own_sources(source_files(), self.machine)
        if not sources:
            raise AbsentError(
                f"apt has no source of {self.machine.codename} with component main"
            )
        reasons = []
        for source in sources:
            self.apt.set_up(source, suite)
            self.note(f"getting the lists of {suite}")
            try:
                self.apt.update()
            except PmmError as error:
                reasons.append(str(error))
                continue
            self.is_open = True
            return
        raise AbsentError(f"the suite {suite} cannot be had: {reasons[0]}")

    def known(self, names: Sequence[str]) -> dict[str, Package]:
        """Return what the suite has of some packages."""
        if not self.is_open:
            self.open()
        return self.apt.known(names)

    def fetch(self, name: str) -> Path:
        """Bring an interpreter; return its program.

        Raises AbsentError when it cannot be had, ChangedError when a package is
        not the pinned one, PmmError for all else; then nothing of it is there.
        """
        one = self.catalogue.interpreter[name]
        pins = pins_for(self.machine, one.packages)
        folder = fetched_folder()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with held_in_turn(cache_folder() / "fetch.lock", "fetch", self.note):
                clear(folder)
                place = place_of(name, pins)
                if not (place / COMPLETE).is_file():
                    self.bring(name, one, pins)
                return place / one.program
        except OSError as error:
            raise no_room(error, folder) from error

    def bring(self, name: str, one: Interpreter, pins: Mapping[str, Pin]) -> None:
        """Download, check, unpack, start; the last step gives it its place."""
        found = self.known(one.packages)
        check_pins(found, pins)
        final = place_of(name, pins)
        check_room(fetched_folder(), found)
        part = Path(tempfile.mkdtemp(prefix=".part-", dir=fetched_folder()))
        try:
            files = self.download(name, found, pins, part)
            root = part / "root"
            root.mkdir()
            unpack(files, root)
            leave_alone(root / one.program)
            shutil.rmtree(root / SYMBOLS, ignore_errors=True)
            use_own_libraries(root / one.program, root, final)
            final.parent.mkdir(exist_ok=True)
            root.replace(final)
            check_start(final, one)
            (final / COMPLETE).touch()
        finally:
            shutil.rmtree(part, ignore_errors=True)
        for old in final.parent.iterdir():
            if old != final:
                shutil.rmtree(old, ignore_errors=True)

    def download(
        self, name: str, found: Mapping[str, Package], pins: Mapping[str, Pin],
        folder: Path,
    ) -> list[Path]:  # fmt: skip
        """Get the files of an interpreter; raise ChangedError for a wrong one."""
        files = []
        for number, (package, pin) in enumerate(pins.items(), 1):
            size = found[package].download_bytes / MIB
            self.note(
                f"{name}: {number} of {len(pins)}, {package} {pin.version}, "
                f"{size:.1f} MiB"
            )
            path = self.apt.download(package, pin.version, folder)
            check_file(path, package, pin)
            files.append(path)
        return files

    def update_pins(self) -> int:
        """Pin what the suite has; return the number of packages."""
        names = dict.fromkeys(
            name for one in self.catalogue.interpreter.values() for name in one.packages
        )
        cache_folder().mkdir(parents=True, exist_ok=True)
        with held_in_turn(cache_folder() / "fetch.lock", "fetch", self.note):
            found = self.known(list(names))
        for name in names:
            if name not in found:
                self.note(f"the suite has no {name}: it loses its pin")
        write_pins(self.machine, {name: one.pin for name, one in found.items()})
        return len(found)


def check_start(root: Path, one: Interpreter) -> None:
    """Start what was unpacked; remove it and raise PmmError when it is not it."""
    try:
        said = saying(root / one.program)
        if not said.startswith(one.says):
            raise PmmError(f"{root / one.program} says that it is {said}")  # noqa: TRY301
    except BaseException:
        shutil.rmtree(root, ignore_errors=True)
        raise


def clear(folder: Path) -> None:
    """Remove what interrupted fetches left."""
    for path in [*folder.glob(".part-*"), *folder.glob("[!.]*/*")]:
        if not (path / COMPLETE).is_file():
            shutil.rmtree(path, ignore_errors=True)
