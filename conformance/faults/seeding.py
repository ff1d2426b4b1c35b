# SPDX-License-Identifier: MIT
"""A build folder as a source of faulty programs: compile one changed source,
link it in place of the sound one, run cases.

How the faulty object wins: it is named on the command line, and the sound one
is a member of a static library.  A linker takes a member only for a symbol that
nothing before it defined, so the member is never taken.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

from catalogue import Fault, Result, Table

PROGRAMS = {
    "pmm-conform": "conformance/pmm-conform",
    "pmm-backend-check": "conformance/backends/pmm-backend-check",
    "pmm-lockstep": "conformance/lockstep/pmm-lockstep",
}
LISTS = {"pmm-backend-check": "--cases"}
# Options with an argument of their own that name output.
OUTPUTS = {"-o", "-MF", "-MQ", "-MT"}
DROPPED = ("-O", "-g", "-M", "-c", "-fdiagnostics-color", "-DNDEBUG", "-UNDEBUG")
# Quick to compile.  Without the assertions of its source, as the cases shall
# tell and a release has none.
OWN = ("-O1", "-DNDEBUG", "-fdiagnostics-color=never")
NINJAS = ("ninja", "ninja-build", "samu")


class BuildError(Exception):
    """The build folder is not what it should be."""


def run_quietly(
    command: list[str], folder: Path, text: str | None = None
) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of a command in `folder`."""
    done = subprocess.run(
        command, cwd=folder, input=text, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


class Build:
    """Commands of a build folder, and programs made with them."""

    def __init__(
        self,
        folder: Path,
        root: Path,
        timeout_s: int,
        programs: dict[str, str] = PROGRAMS,
    ) -> None:
        self.folder = folder
        self.root = root
        self.timeout_s = timeout_s
        for path in programs.values():
            if not (folder / path).is_file():
                raise BuildError(f"{folder / path} is missing: run ninja -C {folder}")
        self.links = {name: self.link_words(path) for name, path in programs.items()}
        self.sanitized = any("-fsanitize" in w for link in self.links.values()
                             for w in link)  # fmt: skip
        self.compiles = self.compile_entries()

    def link_words(self, target: str) -> list[str]:
        """The command that links a program."""
        ninja = next(filter(None, map(shutil.which, NINJAS)), None)
        if ninja is None:
            raise BuildError("Ninja is missing: it tells how the build links")
        code, said, wrong = run_quietly([ninja, "-t", "commands", target], self.folder)
        if code != 0 or not said.strip():
            raise BuildError(f"{ninja} does not tell how to link {target}: {wrong}")
        return shlex.split(said.strip().splitlines()[-1])

    def compile_entries(self) -> dict[str, list[dict[str, str]]]:
        """The commands that compile each source of the tree."""
        path = self.folder / "compile_commands.json"
        entries: dict[str, list[dict[str, str]]] = {}
        for entry in json.loads(path.read_text(encoding="utf-8")):
            source = Path(os.path.normpath(Path(entry["directory"]) / entry["file"]))
            if source.is_relative_to(self.root):
                name = str(source.relative_to(self.root))
                entries.setdefault(name, []).append(entry)
        return entries

    def cases(self, name: str = "pmm-conform") -> list[Table]:
        """All cases of a program."""
        program = str(self.folder / PROGRAMS[name])
        words = [program, LISTS.get(name, "--list"), "--json"]
        code, said, wrong = run_quietly(words, self.folder)
        if code != 0:
            raise BuildError(f"{program} does not list its cases: {wrong}")
        cases: list[Table] = json.loads(said)["cases"]
        return cases

    # ---- seeding -------------------------------------------------------------

    def compile_words(self, fault: Fault) -> tuple[list[str], str]:
        """The compiler's call for text on stdin, and the name it goes by."""
        link = self.links[fault.program]
        for entry in self.compiles.get(fault.file, []):
            if str(Path(entry["output"]).parent).removesuffix(".p") in link:
                break
        else:
            raise BuildError(f"no library of {fault.program} holds {fault.file}")
        words = shlex.split(entry["command"])
        if Path(words[0]).name == "ccache":
            words = words[1:]
        kept = []
        rest = iter(words)
        for word in rest:
            if word in OUTPUTS:
                next(rest)
            elif not word.startswith(DROPPED) and word != entry["file"]:
                kept.append(word)
        quoted = str(Path(entry["file"]).parent)
        return [*kept, *OWN, "-iquote", quoted, "-x", "c", "-c", "-"], entry["file"]

    def compile(self, fault: Fault, text: str, output: Path) -> tuple[int, str]:
        """Compile `text` as if it stood in the fault's file."""
        words, name = self.compile_words(fault)
        source = f'#line 1 "{name}"\n{text}'
        code, _, said = run_quietly([*words, "-o", str(output)], self.folder, source)
        return code, said

    def compiles_cleanly(self, fault: Fault, text: str, output: Path) -> str:
        """Nothing, or what the compiler said.

        A warning counts: a fault that the compiler tells is nobody's.  One that
        the sound text gets as well (another compiler than ours) does not.
        """
        code, said = self.compile(fault, text, output)
        if code != 0:
            return said or "the compiler failed"
        if "warning:" in said:
            sound = (self.root / fault.file).read_text(encoding="utf-8")
            _, usual = self.compile(fault, sound, output.with_suffix(".sound.o"))
            if said.count("warning:") > usual.count("warning:"):
                return said
        return ""

    def seed(
        self, fault: Fault, text: str, folder: Path, name: str = ""
    ) -> tuple[Path | None, str]:
        """The faulty program (of that name), or None and why it cannot be made."""
        output = folder / "faulty.o"
        wrong = self.compiles_cleanly(fault, text, output)
        if wrong:
            return None, wrong
        return self.link(name or fault.program, [output], folder)

    def link(
        self, name: str, objects: list[Path], folder: Path
    ) -> tuple[Path | None, str]:
        """A program with these objects before all others, or None and why not."""
        program = folder / name
        words = list(self.links[name])
        words[words.index("-o") + 1] = str(program)
        first = next(i for i, word in enumerate(words) if word.endswith(".o"))
        words[first:first] = map(str, objects)
        code, said, wrong = run_quietly(words, self.folder)
        return (program, "") if code == 0 else (None, said + wrong)

    # ---- running -------------------------------------------------------------

    def run(
        self, program: Path, setting: tuple[str, ...], cases: list[str], folder: Path
    ) -> dict[str, Result]:
        """How each case ends in the setting (program, backend, lane, mode)."""
        if setting[0] == "pmm-conform":
            return self.run_once(program, setting, cases, folder)
        results: dict[str, Result] = {}  # pmm-backend-check takes one name
        for case in cases:
            results |= self.run_once(program, setting, [case], folder)
        return results

    def run_once(
        self, program: Path, setting: tuple[str, ...], cases: list[str], folder: Path
    ) -> dict[str, Result]:
        """One call of the program."""
        lines = folder / "results.jsonl"
        name, backend, lane, mode = setting
        command = [str(program), "--backend", backend, "--jsonl", str(lines)]
        command += ["--timeout", str(self.timeout_s)]
        if name == "pmm-conform":
            command += ["--lane", lane]
            if mode:
                command += ["--mode", mode]
        for case in cases:
            command += ["--case", case]
        code, _, said = run_quietly(command, folder)
        if code not in (0, 3) or not lines.exists():
            raise BuildError(f"{shlex.join(command)}: exit code {code}: {said}")
        results = {}
        for line in lines.read_text(encoding="utf-8").splitlines():
            document = json.loads(line)
            if document["type"] == "case":
                level = document.get("level") or "MUST"
                results[document["id"]] = Result(document["class"], level)
        return results

    def run_clean(
        self, setting: tuple[str, ...], cases: list[str]
    ) -> dict[str, Result]:
        """The same on the program that the build made."""
        program = self.folder / PROGRAMS[setting[0]]
        with tempfile.TemporaryDirectory(prefix="pmm-sound-") as folder:
            return self.run(program, setting, cases, Path(folder))
