# SPDX-License-Identifier: MIT
"""A workload and a backend more: three files each, and none of them the runner's.

In a copy of the sources a workload and a backend are added as their headers say: a
file, a line in the registry, a line in meson.build. What is new or changed is
compiled with the build's own commands and linked with its objects; then the runner,
as it is, lists both, runs one over the other, and shows them by their own words.
"""

from __future__ import annotations

import ast
import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from compiled import BUILD, ROOT

from pmm.base.paths import Paths
from pmm.discover.world import discover
from pmm.documents.run import Run, decode_run
from pmm.plan.plan import make_plan
from pmm.plan.selection import Selection, wanted_by

PACKAGE = ROOT / "reports" / "pmm"
COPIED = ("impl", "workloads", "conformance", "bench")
TITLE = "Two lists of the neighbours"
QUESTION = "What do the lists of somebody else take?"
WORKLOAD = {"workloads/neighbours.c", "workloads/registry.c", "workloads/meson.build"}
BACKEND = {"impl/backends/borrowed.c", "impl/backends/source.h",
           "impl/backends/meson.build"}  # fmt: skip


def edited(path: Path, old: str, new: str) -> None:
    """Replace the first of some text in a file."""
    text = path.read_text(encoding="utf-8")
    assert old in text, path
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


class Clone:
    """A copy of the sources, and of what is built as far as it is needed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.build = root / "build"
        ignored = shutil.ignore_patterns("__pycache__")
        for name in COPIED:
            shutil.copytree(ROOT / name, root / name, ignore=ignored)
        shutil.copy(ROOT / "meson.build", root)
        shutil.copy(ROOT / "meson_options.txt", root)
        (self.build / "reports").mkdir(parents=True)
        shutil.copy(BUILD / "reports" / "pmm-launch", self.build / "reports")

    def add_workload(self) -> None:
        """Add one: the job of list_concat under another name."""
        text = (self.root / "workloads" / "list_concat.c").read_text(encoding="utf-8")
        text = text.replace("workload_list_concat", "workload_neighbours")
        text = text.replace('"list_concat"', '"neighbours"')
        text = re.sub(r'\.title = "[^"]*"', f'.title = "{TITLE}"', text)
        text = re.sub(r'\.question = "[^"]*"', f'.question = "{QUESTION}"', text)
        text = re.sub(r'\.page = "[^"]*",', "", text)
        (self.root / "workloads" / "neighbours.c").write_text(text, encoding="utf-8")
        edited(self.root / "workloads" / "registry.c", "  X(list_concat)",
               "  X(list_concat) \\\n  X(neighbours)")  # fmt: skip
        edited(self.root / "workloads" / "meson.build", "  'list_concat.c',",
               "  'list_concat.c',\n  'neighbours.c',")  # fmt: skip

    def add_backend(self) -> None:
        """Add one: the C library's malloc, as if a package brought it."""
        folder = self.root / "impl" / "backends"
        text = (folder / "libc.c").read_text(encoding="utf-8")
        for old, new in (
            ('"libc"', '"borrowed"'),
            ("source_libc", "source_borrowed"),
            (".get = get}", '.get = get, .package = "libborrowed-dev", '
             ".replaced_by_valgrind = 1}"),
        ):  # fmt: skip
            text = text.replace(old, new)
        (folder / "borrowed.c").write_text(text, encoding="utf-8")
        edited(folder / "source.h", "  X(bump) ", "  X(borrowed) \\\n  X(bump) ")
        edited(folder / "meson.build", "'bump.c'", "'borrowed.c', 'bump.c'")

    def changed(self) -> set[str]:
        """Return the files that are new or other than in the clone of the tests."""
        return {
            str(path.relative_to(self.root))
            for name in COPIED
            for path in (self.root / name).rglob("*")
            if path.is_file() and not same(path, ROOT / path.relative_to(self.root))
        }

    def sources(self, target: str) -> set[str]:
        """Return the sources of a target, as Meson reads the build files."""
        done = subprocess.run(
            ["meson", "introspect", "--targets", "meson.build"], cwd=self.root,
            capture_output=True, text=True, check=True, timeout=60,
        )  # fmt: skip
        (found,) = (one for one in json.loads(done.stdout) if one["name"] == target)
        return {
            str(Path(path).relative_to(self.root))
            for group in found["target_sources"]
            for path in group["sources"]
        }

    def compile(self, target: str, source: str, like: str) -> Path:
        """Compile a source of the copy as the build compiles another of its target."""
        entries = json.loads((BUILD / "compile_commands.json").read_text())
        command = next(
            one["command"] for one in entries
            if one["file"] == f"../{like}" and f"/lib{target}.a.p/" in one["output"]
        )  # fmt: skip
        out = self.build / f"{Path(source).stem}-{target}.o"
        words = shlex.split(command)
        first = next(at for at, word in enumerate(words) if word.startswith("-I"))
        options = [self.moved(word) for word in words[first : words.index("-MD")]]
        subprocess.run(
            ["cc", *options, "-Werror", "-o", out, "-c", self.root / source],
            check=True, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        return out

    def moved(self, option: str) -> str:
        """Return an option whose folder of sources is the copy's.

        What the build generates is taken from where it was built.
        """
        if not option.startswith("-I"):
            return option
        folder = option.removeprefix("-I")
        ours = folder.startswith("../")
        return f"-I{self.root / folder[3:] if ours else BUILD / folder}"

    def link(self, program: str, objects: list[Path]) -> None:
        """Link a program as the build does, with some objects put before its own."""
        done = subprocess.run(
            ["ninja", "-C", str(BUILD), "-t", "commands", program],
            capture_output=True, text=True, check=True, timeout=60,
        )  # fmt: skip
        words = shlex.split(done.stdout.strip().splitlines()[-1])
        at = words.index("-o")
        out = self.build / program
        out.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [*words[:at], "-o", out, *objects, *words[at + 2 :]], cwd=BUILD,
            check=True, capture_output=True, text=True, timeout=60,
        )  # fmt: skip

    def pmm(self, *arguments: str) -> None:
        """Run the program of the tests in the copy; it has to pass."""
        done = subprocess.run(
            [sys.executable, "-m", "pmm", *arguments], cwd=self.root,
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr


def same(one: Path, other: Path) -> bool:
    """Tell whether two files hold the same."""
    return other.is_file() and one.read_bytes() == other.read_bytes()


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Clone:
    """The copy with both added and both programs built anew."""
    if not (BUILD / "workloads" / "pmm-work").is_file() or not shutil.which("meson"):
        pytest.skip("the workloads are not built in build/")
    made = Clone(tmp_path_factory.mktemp("adding") / "clone")
    assert made.changed() == set()
    made.add_workload()
    made.add_backend()
    work = [made.compile("pmm_work", f"workloads/{name}.c", "workloads/registry.c")
            for name in ("registry", "neighbours")]  # fmt: skip
    backends = [
        made.compile("pmm_backends", f"impl/backends/{name}.c",
                     "impl/backends/registry.c")
        for name in ("registry", "borrowed")
    ]  # fmt: skip
    made.link("workloads/pmm-work", [*work, *backends])
    made.link("conformance/backends/pmm-backend-check", backends)
    return made


@pytest.fixture(scope="module")
def run(clone: Clone) -> Run:
    """The workload over the backend, with its report."""
    clone.pmm("work", "neighbours", "--backend", "borrowed", "--subject", "reference",
              "--set", "items=1000", "--out", "report")  # fmt: skip
    return decode_run((clone.root / "report" / "run.json").read_bytes())


def test_a_workload_and_a_backend_change_three_files_each(clone):
    assert clone.changed() == WORKLOAD | BACKEND


def test_the_line_in_the_build_file_is_enough(clone):
    assert "workloads/neighbours.c" in clone.sources("pmm_work")
    assert "impl/backends/borrowed.c" in clone.sources("pmm_backends")


def test_the_runner_lists_them_and_knows_what_they_say(clone):
    selection = Selection(
        profile="nightly", kinds=("work", "backend-check", "leaks"),
        subjects=("reference",),
    )  # fmt: skip
    paths = Paths(clone.root, clone.build)
    world = discover(paths, "/usr/bin/valgrind", wanted_by(selection))
    assert "neighbours" in [one.name for one in world.workloads]
    (entry,) = (one for one in world.backends if one.name == "borrowed")
    assert entry.package == "libborrowed-dev"
    jobs = [job.id for job in make_plan(world, selection).jobs]
    assert "work/neighbours/reference/borrowed" in jobs
    assert "backend-check/borrowed" in jobs
    assert [job for job in jobs if job.startswith("leaks/") and "pool" in job]
    assert not [job for job in jobs if job.startswith("leaks/") and "borrowed" in job]


def test_a_run_is_verified_and_shown_by_their_own_words(clone, run):
    assert run.verdict.exit_code == 0
    (work,) = run.work
    assert (work.document.workload, work.document.backend) == ("neighbours", "borrowed")
    assert work.document.verified
    page = (clone.root / "report" / "memory.html").read_text(encoding="utf-8")
    assert TITLE in page
    assert QUESTION in page


# --------------------------------------------------- names that the runner does know

KNOWN = {
    "plan/profiles.py": {"pool", "libc"},  # the yardsticks
    "judge/bench.py": {"libc"},  # the yardstick of ratios
    "judge/compare.py": {"libc"},  # the C library of the machine
    "collect/grade_parts.py": {"pool"},  # what the reference is graded over
    "plan/pairs.py": {"pool"},  # what the reference brings when none is named
    "plan/costs.py": {  # guesses: what is not listed costs what its kind does
        "pool", "list_vs_generator", "file_read", "tuple_sharing", "sparse",
        "str_concat", "list_concat",
    },
    "render/identity.py": {  # colours that never change
        "pool", "libc", "mimalloc", "jemalloc", "tcmalloc",
    },
    "render/backends.py": {"list_vs_generator"},  # an example
    "cli/versus.py": {"pool"},  # what the reference brings when none is named
    "judge/rank_programs.py": {"libc"},  # the C library of the machine
    "plan/rank_programs.py": {"pool", "libc", "mimalloc"},  # what PYTHONMALLOC names
    "inside/facts/measures.py": {"pool"},  # pymalloc's own word
    "render/memory.py": {"list_vs_generator", "pool"},  # the page's first sentence
}  # fmt: skip
WORDS = {"leaks", "null", "cycles"}
"""Names that are words of the runner, too: a kind of job, JSON's null, a verb."""


def texts(path: Path) -> Iterator[str]:
    """Yield the strings of a module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_the_runner_names_no_other_workload_and_no_other_backend():
    registry = (ROOT / "workloads" / "registry.c").read_text(encoding="utf-8")
    source = (ROOT / "impl" / "backends" / "source.h").read_text(encoding="utf-8")
    names = set(re.findall(r"X\((\w+)\)", registry + source)) - {"X"}
    assert {"cycles", "tcmalloc"} <= names
    found: dict[str, set[str]] = {}
    for path in PACKAGE.rglob("*.py"):
        where = str(path.relative_to(PACKAGE))
        here = names.intersection(texts(path)) - WORDS
        if here:
            found[where] = here
    assert found == KNOWN
