"""A repository of packages in a folder, and an apt that has it as its source."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

SAYS = "CPython 3.99.0"
CONFIGURATION = """\
Dir::Etc::SourceList "{folder}/sources.list";
Dir::Etc::SourceParts "{folder}/sources.list.d";
APT::Update::Post-Invoke {{ "touch {folder}/hook-ran"; }};
"""


def run(*argv: str | Path, **options) -> str:
    done = subprocess.run(
        [str(part) for part in argv], check=True, capture_output=True, text=True,
        **options,
    )  # fmt: skip
    return done.stdout


def architecture() -> str:
    return run("dpkg", "--print-architecture").strip()


@dataclass
class Repository:
    """Suite `later` beside a release `here`; `here` is the machine's own."""

    folder: Path
    keys: Path | None = None
    packages: dict[str, Path] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (self.folder / "sources.list.d").mkdir(parents=True)
        (self.folder / "apt.conf").write_text(CONFIGURATION.format(folder=self.folder))
        if shutil.which("gpg"):
            self.make_key()
        self.use()

    def make_key(self) -> None:
        self.keys = Path(tempfile.mkdtemp(prefix="pmm-gpg-"))
        gpg = ("gpg", "--homedir", self.keys, "--batch", "--quiet")
        run(*gpg, "--passphrase", "", "--quick-gen-key", "pmm test", "ed25519", "sign")
        run(*gpg, "--output", self.folder / "key.gpg", "--export")

    def close(self) -> None:
        """End the agent of the key, which removes its sockets, and remove the key."""
        if self.keys is not None:
            subprocess.run(
                ["gpgconf", "--homedir", str(self.keys), "--kill", "all"], check=False
            )
            shutil.rmtree(self.keys, ignore_errors=True)

    def use(self, suite: str = "here") -> None:
        """Let apt have the repository as its source of a release."""
        how = f"signed-by={self.folder}/key.gpg" if self.keys else "trusted=yes"
        line = f"deb [{how}] file:{self.folder}/repo {suite} main\n"
        (self.folder / "sources.list").write_text(line)

    def add(
        self, name: str, files: dict[str, str | bytes], version: str = "1.0-1"
    ) -> str:
        """Build a package, or build it anew; return its hash."""
        tree = self.folder / "trees" / name
        shutil.rmtree(tree, ignore_errors=True)
        for path, text in files.items():
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            content = text if isinstance(text, bytes) else text.encode()
            (tree / path).write_bytes(content)
            (tree / path).chmod(0o755)
        (tree / "DEBIAN").mkdir(parents=True)
        (tree / "DEBIAN" / "control").write_text(
            f"Package: {name}\nVersion: {version}\nArchitecture: {architecture()}\n"
            "Maintainer: Nobody <nobody@example.org>\nInstalled-Size: 4\n"
            "Description: a test\n"
        )
        pool = self.folder / "repo" / "pool"
        pool.mkdir(parents=True, exist_ok=True)
        self.packages[name] = pool / f"{name}.deb"
        run("dpkg-deb", "--root-owner-group", "--build", tree, self.packages[name])
        return hash_of(self.packages[name])

    def publish(self, suite: str = "later") -> None:
        """Write the lists of a suite."""
        base = self.folder / "repo" / "dists" / suite
        inside = f"main/binary-{architecture()}/Packages"
        (base / inside).parent.mkdir(parents=True, exist_ok=True)
        (base / inside).write_text("\n".join(map(stanza, self.packages.values())))
        size, sha = (base / inside).stat().st_size, hash_of(base / inside)
        release = base / "Release"
        release.write_text(
            f"Origin: Test\nSuite: {suite}\nCodename: {suite}\n"
            f"Date: Sat, 01 Jan 2022 00:00:00 UTC\nComponents: main\n"
            f"Architectures: {architecture()}\nSHA256:\n {sha} {size} {inside}\n"
        )
        if self.keys:
            signed = base / "InRelease"
            signed.unlink(missing_ok=True)
            run("gpg", "--homedir", self.keys, "--batch", "--quiet", "--output", signed,
                "--clearsign", release)  # fmt: skip


def hash_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def stanza(path: Path) -> str:
    return (
        f"{run('dpkg-deb', '--field', path)}Filename: pool/{path.name}\n"
        f"Size: {path.stat().st_size}\nSHA256: {hash_of(path)}\n"
    )
