# SPDX-License-Identifier: MIT
"""An apt with a state of its own: it reads the machine's settings and keys, and
writes into a folder of ours alone.

Needs no root. Hooks that the machine's settings run after apt are not run, as
those would touch the system; what is not signed is refused, as everywhere.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import Message
from email.parser import Parser
from pathlib import Path

from pmm.base.errors import PmmError
from pmm.fetch.pins import AbsentError, Machine, Pin
from pmm.fetch.sources import Source

TOOLS = ("apt-get", "apt-cache", "apt-config", "dpkg", "dpkg-deb")
SILENT_SECONDS = 30
"""After which a server that says nothing is given up."""
SETTINGS = """\
Dir::Etc::SourceList "/dev/null";
Dir::Etc::SourceParts "{folder}/sources";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
Dir::State "{folder}/state";
Dir::State::Lists "{folder}/state/lists";
Dir::State::Status "{folder}/state/status";
Dir::State::Extended_States "{folder}/state/extended";
Dir::Cache "{folder}/cache";
Dir::Cache::Archives "{folder}/cache/archives";
Dir::Cache::PkgCache "pkgcache.bin";
Dir::Cache::SrcPkgCache "srcpkgcache.bin";
Dir::Log "{folder}/log";
APT::Sandbox::User "root";
APT::Get::AllowUnauthenticated "false";
Acquire::AllowInsecureRepositories "false";
Acquire::Languages "none";
Acquire::Retries "2";
Acquire::http::Timeout "{seconds}";
Acquire::https::Timeout "{seconds}";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Invoke;
#clear DPkg::Post-Invoke;
#clear Acquire::IndexTargets::deb::DEP-11;
#clear Acquire::IndexTargets::deb::Contents-deb;
"""
FOLDERS = ("sources", "state/lists/partial", "cache/archives/partial", "log")


@dataclass(frozen=True)
class Package:
    """What a suite says of a package."""

    pin: Pin
    download_bytes: int
    unpacked_bytes: int


def run_tool(argv: Sequence[str | Path], working: Path | None = None) -> str:
    """Run a tool; raise PmmError with its own last error."""
    done = subprocess.run(
        [str(part) for part in argv], cwd=working, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, errors="replace", check=False,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    if done.returncode == 0:
        return done.stdout
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    wrong = [line for line in lines if line.startswith(("E:", "Err:"))]
    words = [*lines[-1:], *wrong[:1]][-1:] or [f"exit code {done.returncode}"]
    raise PmmError(f"{argv[0]}: {words[0].removeprefix('E: ')}")


def this_machine() -> Machine:
    """Say what this machine is; raise AbsentError where nothing can be fetched."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        raise AbsentError(f"this system has no {missing[0]}")
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        release = {}
    return Machine(
        release.get("ID", "unknown"),
        release.get("VERSION_CODENAME", "unknown"),
        run_tool(["dpkg", "--print-architecture"]).strip(),
    )


def source_files() -> list[Path]:
    """Return the files that apt reads its sources from."""
    asked = ["apt-config", "shell", "LIST", "Dir::Etc::sourcelist/f",
             "PARTS", "Dir::Etc::sourceparts/d"]  # fmt: skip
    answer = run_tool(asked)
    found = dict(re.findall(r"^(\w+)='(.*)'$", answer, re.MULTILINE))
    parts = Path(found.get("PARTS", "/nowhere"))
    names = sorted(parts.iterdir()) if parts.is_dir() else []
    kept = [path for path in names if path.suffix in (".list", ".sources")]
    return [Path(found.get("LIST", "/nowhere")), *kept]


class PrivateApt:
    """One suite of one source, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = folder / "apt.conf"

    def set_up(self, source: Source, suite: str) -> None:
        """Make the folder anew; lists of another source do not count."""
        shutil.rmtree(self.folder, ignore_errors=True)
        for name in FOLDERS:
            (self.folder / name).mkdir(parents=True)
        (self.folder / "state" / "status").touch()
        text = SETTINGS.format(folder=self.folder, seconds=SILENT_SECONDS)
        self.settings.write_text(text, encoding="utf-8")
        name, entry = source.entry(suite)
        (self.folder / "sources" / name).write_text(entry, encoding="utf-8")

    def update(self) -> None:
        """Get the suite's lists; raise PmmError when they cannot be had."""
        run_tool(["apt-get", "-c", self.settings, "-q", "update",
                  "-o", "APT::Update::Error-Mode=any"])  # fmt: skip

    def known(self, names: Sequence[str]) -> dict[str, Package]:
        """Return what the suite has of some packages."""
        argv: list[str | Path] = [
            "apt-cache",
            "-c",
            self.settings,
            "show",
            "--no-all-versions",
        ]
        try:
            answer = run_tool([*argv, *names])
        except PmmError:
            if len(names) < 2:
                return {}
            each = [self.known([name]) for name in names]
            return {name: one for found in each for name, one in found.items()}
        stanzas = [Parser().parsestr(text) for text in answer.split("\n\n")]
        return {one["Package"]: as_package(one) for one in stanzas if one["SHA256"]}

    def download(self, name: str, version: str, folder: Path) -> Path:
        """Get a package's file; raise PmmError when that cannot be had."""
        before = set(folder.glob("*.deb"))
        wanted = f"{name}={version}"
        argv = ["apt-get", "-c", str(self.settings), "-q", "download", wanted]
        run_tool(argv, folder)
        found = sorted(set(folder.glob("*.deb")) - before)
        if not found:
            raise PmmError(f"apt-get downloaded no file of {name}")
        return found[0]


def as_package(fields: Message) -> Package:
    """Read what apt shows of a package; sizes are bytes and KiB."""
    return Package(
        Pin(version=fields["Version"], sha256=fields["SHA256"]),
        int(fields["Size"]),
        int(fields["Installed-Size"]) * 1024,
    )
