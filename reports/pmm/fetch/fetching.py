# SPDX-License-Identifier: MIT
"""Bringing things into the cache, so that each is there whole or not at all.

1. One process fetches at a time; the others wait and then find it there.
2. Lists come through a private apt from the machine's own source; what they say
   of each package is held against its pin before anything is downloaded.
3. Each file is held against its pin again, before anything is unpacked.
4. Everything happens in a folder `.part-…`. It gets its name, is started or loaded
   in its place, and is marked complete; what an interrupted fetch leaves has no
   mark, and is removed by the next.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from pmm.base.cache import ALLOCATOR, COMPLETE, cache_folder, fetched_folder
from pmm.base.errors import PmmError, UsageError, no_room
from pmm.base.locks import held_in_turn
from pmm.base.paths import NO_HOME
from pmm.fetch.pins import (
    AbsentError,
    Allocator,
    Catalogue,
    ChangedError,
    Fetchable,
    Machine,
    Pin,
    catalogue,
    digest,
    known_pins,
    pins_for,
    write_pins,
)
from pmm.fetch.private_apt import Package, PrivateApt, source_files, this_machine
from pmm.fetch.sources import own_sources
from pmm.fetch.unpack import check_ready, make_ready, unpack

Note = Callable[[str], None]
MIB = 1 << 20


def place_of(name: str, one: Fetchable, pins: Mapping[str, Pin]) -> Path:
    """Return the folder that something has when it is there."""
    return fetched_folder(one.room) / name / digest(one, pins)


def there(name: str, one: Fetchable, machine: Machine) -> Path | None:
    """Return the program or library of what was fetched, by today's pins."""
    try:
        place = place_of(name, one, pins_for(machine, one.packages))
    except AbsentError:
        return None
    return one.path_in(place) if (place / COMPLETE).is_file() else None


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
            self.note(f"fetching the package lists of {suite}")
            try:
                self.apt.update()
            except PmmError as error:
                reasons.append(str(error))
                continue
            self.is_open = True
            return
        raise AbsentError(f"the suite {suite} cannot be fetched: {reasons[0]}")

    def known(self, names: Sequence[str]) -> dict[str, Package]:
        """Return what the suite has of some packages."""
        if not self.is_open:
            self.open()
        return self.apt.known(names)

    def fetch(self, name: str) -> Path:
        """Bring something; return its program or library.

        Raises AbsentError when it cannot be had, ChangedError when a package is
        not the pinned one, PmmError for all else; then nothing of it is there.
        """
        one = self.catalogue.every[name]
        pins = pins_for(self.machine, one.packages)
        folder = fetched_folder(one.room)
        if folder.is_relative_to(NO_HOME):
            raise UsageError("no home folder is known: set HOME or XDG_CACHE_HOME")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with held_in_turn(cache_folder() / "fetch.lock", "fetch", self.note):
                clear(folder)
                place = place_of(name, one, pins)
                if not (place / COMPLETE).is_file():
                    self.bring(name, one, pins)
                return one.path_in(place)
        except OSError as error:
            raise no_room(error, folder) from error

    def bring(self, name: str, one: Fetchable, pins: Mapping[str, Pin]) -> None:
        """Download, check, unpack, start; the last step gives it its place."""
        found = self.known(one.packages)
        check_pins(found, pins)
        final = place_of(name, one, pins)
        check_room(fetched_folder(one.room), found)
        part = Path(tempfile.mkdtemp(prefix=".part-", dir=fetched_folder(one.room)))
        try:
            files = self.download(name, found, pins, part)
            root = part / "root"
            root.mkdir()
            unpack(files, root)
            if renamed := make_ready(one, root, final):
                self.note(f"{renamed} symbols of {name} are renamed for the older "
                          "C library here; its code is as it was")  # fmt: skip
            final.parent.mkdir(exist_ok=True)
            root.replace(final)
            check_ready(one, final)
            if isinstance(one, Allocator):
                tell_backend(name, one, pins, final)
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
        """Get the files of the packages; raise ChangedError for a wrong one."""
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

    def update_pins(self) -> tuple[int, int]:
        """Pin what the suite has; return how many packages it has, and lacks.

        What it lacks keeps its pin: another machine's source may have it, and what
        was fetched by that pin is still found.
        """
        names = dict.fromkeys(
            name for one in self.catalogue.every.values() for name in one.packages
        )
        cache_folder().mkdir(parents=True, exist_ok=True)
        with held_in_turn(cache_folder() / "fetch.lock", "fetch", self.note):
            found = self.known(list(names))
        before = known_pins(self.machine)
        pins = {name: before[name] for name in names if name in before}
        for name in names:
            if name not in found:
                kept = f"{before[name].version} stays" if name in before else "none"
                self.note(f"the suite has no {name}: its pin: {kept}")
        pins |= {name: one.pin for name, one in found.items()}
        write_pins(self.machine, pins)
        return len(found), len(names) - len(found)


def tell_backend(
    name: str, one: Allocator, pins: Mapping[str, Pin], root: Path
) -> None:
    """Leave in its folder what a run has to know of an allocator."""
    said = {
        "name": name, "library": str(one.path_in(root).resolve()),
        "options": one.options, "instead_of": one.instead_of,
        "version": pins[one.packages[0]].upstream,
    }  # fmt: skip
    (root / ALLOCATOR).write_bytes(msgspec.json.encode(said))


def clear(folder: Path) -> None:
    """Remove what interrupted fetches left."""
    for path in [*folder.glob(".part-*"), *folder.glob("[!.]*/*")]:
        if not (path / COMPLETE).is_file():
            shutil.rmtree(path, ignore_errors=True)
