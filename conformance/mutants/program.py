# SPDX-License-Identifier: MIT
"""The build of the programs with all mutants, kept below BUILD/mutants.

Each source of impl/ that pmm-conform is linked of is written with its mutants into
a tree of its own, headers too, and compiled by the build's own command for it. The
objects go before the build's libraries (conformance/faults/seeding.py says why
they win), into pmm-conform and, those that it is made of, into pmm-backend-check,
the pool's in both forms.
All is kept by a hash of what it is made of, and made again when that changes. What
the cases reach is kept beside it (running.py).
"""

from __future__ import annotations

import hashlib
import json
import shlex
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from schemata import CHOICE, Mutant, Source, as_documents, compile_source

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent / "faults"))

from catalogue import Fault
from seeding import PROGRAMS, Build, BuildError

LEFT_OUT = ("impl/base/*", "impl/tests/*", "impl/subjects/cpython/*", "impl/hosts/*")
"""What stands below the harness itself, and what pmm-conform is not made of."""
QUIET = ("-w", "-ftrivial-auto-var-init=zero", "-fno-lto")
"""A variable that a mutant leaves unset is zero, not what was there before."""
CONFORM = "pmm-conform"
CHECK = "pmm-backend-check"
CHECKED = "checked"
"""pmm-backend-check once more, with the checked heap in the pool's place."""
OF_THE_POOL = ("impl/pool/*.c", "impl/backends/pool*.c")
"""What has to be compiled anew for it."""


@dataclass
class Made:
    """The programs, their mutants, and where what is known of them is kept."""

    programs: dict[str, Path]
    """pmm-conform alone where the others have none of the mutants."""
    folder: Path
    mutants: list[Mutant]
    places: int
    refused: int
    soft: frozenset[str] = frozenset()
    """The cases of a SHOULD or MAY, which fail by a WARN."""


def library_of(entry: dict[str, str]) -> str:
    """The library that a compiled source goes into."""
    return str(Path(entry["output"]).parent).removesuffix(".p")


def is_left_out(path: str | Path) -> bool:
    """Whether a file has no mutants."""
    return any(fnmatchcase(str(path), glob) for glob in LEFT_OUT)


def sources_of(build: Build, program: str) -> list[str]:
    """The sources of impl/ that a program is linked of."""
    linked = set(build.links[program])
    return sorted(
        name
        for name, entries in build.compiles.items()
        if name.startswith("impl/")
        and not is_left_out(name)
        and any(library_of(entry) in linked for entry in entries)
    )


def headers() -> list[str]:
    """The headers of impl/ that functions may stand in."""
    return sorted(
        str(path.relative_to(ROOT))
        for path in (ROOT / "impl").rglob("*.[hi]*")
        if path.suffix in (".h", ".inc") and not is_left_out(path.relative_to(ROOT))
    )


def identity(names: list[str], build: Build) -> str:
    """A hash of all that the program is made of, and of the cases."""
    digest = hashlib.sha256()
    tools = [HERE / name for name in ("operators.py", "program.py", "schemata.py")]
    sound = [build.folder / PROGRAMS[name] for name in (CONFORM, CHECK)]
    for path in [*(ROOT / name for name in names), *tools, *sound]:
        digest.update(str(path).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def words_of(build: Build, name: str, folder: Path) -> list[str]:
    """The compiler's call for a source in the tree of mutants."""
    words, _ = build.compile_words(Fault("", "", name, "", ""))
    kept = words[: words.index("-iquote")]
    quoted = folder / Path(name).parent
    moved = [moved_include(word, build, folder) for word in kept]
    return [*moved, *QUIET, "-iquote", str(quoted), "-c"]


def moved_include(word: str, build: Build, folder: Path) -> str:
    """`-I../impl/x` as the folder of mutants has it."""
    if not word.startswith("-I"):
        return word
    path = (build.folder / word[2:]).resolve()
    if path.is_relative_to(ROOT / "impl"):
        return f"-I{folder / path.relative_to(ROOT)}"
    return f"-I{path}"


def lay_out(folder: Path, names: list[str]) -> list[Source]:
    """All files with their first numbers; each header is written as it is."""
    sources, first = [], 1
    for name in names:
        text = (ROOT / name).read_text(encoding="utf-8")
        source = Source(name, text, first)
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source.write(), encoding="utf-8")
        first += len(source.mutants)
        sources.append(source)
    return sources


def check_header(source: Source, build: Build, folder: Path, user: str) -> None:
    """Leave out the mutants of a header that do not compile."""
    path = folder / source.file
    if not source.mutants:
        return
    words = words_of(build, user, folder)
    said = compile_source(source, [*words, "-x", "c"], path, Path("/dev/null"))
    if said:
        shutil.copyfile(ROOT / source.file, path)
        source.refused |= {one.number for one in source.mutants}


def make(build: Build, jobs: int, only: list[str] | None = None) -> Made:
    """The program, made or found."""
    names = sources_of(build, CONFORM)
    chosen = [n for n in names if not only or any(fnmatchcase(n, g) for g in only)]
    if not chosen:
        raise BuildError("no source of impl/ has such a name; see --files")
    tree = headers()
    tag = identity(names + tree, build) + ("-" + "-".join(chosen) if only else "")
    folder = build.folder / "mutants" / hashlib.sha256(tag.encode()).hexdigest()[:16]
    if not (folder / "mutants.json").is_file():
        shutil.rmtree(folder, ignore_errors=True)
        compile_all(build, folder, tree, chosen, jobs, bool(only))
    made = read(folder)
    cases = [case for name in (CONFORM, CHECK) for case in build.cases(name)]
    made.soft = frozenset(c["id"] for c in cases if c["level"] != "MUST")
    return made


def read(folder: Path) -> Made:
    """What was made before."""
    said = json.loads((folder / "mutants.json").read_text(encoding="utf-8"))
    mutants = [Mutant(**one) for one in said["mutants"]]
    places = {CONFORM: folder / CONFORM, CHECK: folder / CHECK,
              CHECKED: folder / CHECKED / CHECK}  # fmt: skip
    programs = {name: path for name, path in places.items() if path.is_file()}
    return Made(programs, folder, mutants, said["places"], said["refused"])


def compile_all(
    build: Build, folder: Path, tree: list[str], chosen: list[str], jobs: int,
    plain_headers: bool,
) -> None:
    """Write, compile and link; mutants.json comes last."""
    folder.mkdir(parents=True)
    shutil.copytree(ROOT / "impl", folder / "impl", dirs_exist_ok=True)
    sources = lay_out(folder, chosen if plain_headers else [*tree, *chosen])
    for source in sources:
        if source.file in tree:
            check_header(source, build, folder, chosen[0])
    programs = [one for one in sources if one.file in set(chosen)]
    objects = [folder / f"{n}.o" for n in range(len(programs))]

    def one(pair: tuple[Source, Path]) -> str:
        source, output = pair
        words = words_of(build, source.file, folder)
        return compile_source(source, words, folder / source.file, output)

    with ThreadPoolExecutor(jobs) as pool:
        said = list(pool.map(one, zip(programs, objects, strict=True)))
    for source, wrong in zip(programs, said, strict=True):
        if wrong:
            raise BuildError(f"{source.file} does not compile with mutants: {wrong[:800]}")
    choice = compile_choice(build, folder, sources)
    link(build, CONFORM, [choice, *objects], folder)
    inside = set(sources_of(build, CHECK))
    shared = {s.file: o for s, o in zip(programs, objects, strict=True)
              if s.file in inside}  # fmt: skip
    if shared:
        link(build, CHECK, [choice, *shared.values()], folder)
        checked = [checked_one(build, folder, *pair) for pair in shared.items()]
        link(build, CHECK, [choice, *checked], folder / CHECKED)
    note(folder, sources)


def checked_one(build: Build, folder: Path, name: str, output: Path) -> Path:
    """The object of a source in a build whose pool is the checked heap."""
    if not any(fnmatchcase(name, glob) for glob in OF_THE_POOL):
        return output
    made = folder / CHECKED / output.name
    made.parent.mkdir(exist_ok=True)
    words = [*words_of(build, name, folder), "-DPMMI_CHECKED=1"]
    said = subprocess.run([*words, "-o", str(made), str(folder / name)],
                          capture_output=True, text=True, check=False)  # fmt: skip
    if said.returncode != 0:
        raise BuildError(f"{name} does not compile as checked: {said.stderr[:800]}")
    return made


def places_of(sources: list[Source]) -> int:
    """One more than the highest number of a mutant."""
    return max((m.number for s in sources for m in s.mutants), default=0) + 1


def compile_choice(build: Build, folder: Path, sources: list[Source]) -> Path:
    """The object that reads which mutant it is."""
    choice = folder / "choice.o"
    compiler = [w for w in shlex.split(next(iter(build.compiles.values()))[0]["command"])]
    program = compiler[1] if Path(compiler[0]).name == "ccache" else compiler[0]
    subprocess.run(
        [program, f"-DPLACES={places_of(sources)}", "-D_GNU_SOURCE", "-O1", "-fPIC",
         "-x", "c", "-c", "-", "-o", str(choice)], input=CHOICE, text=True, check=True,
    )  # fmt: skip
    return choice


def link(build: Build, name: str, objects: list[Path], folder: Path) -> None:
    """Link a program with all mutants."""
    folder.mkdir(exist_ok=True)
    made, said = build.link(name, objects, folder)
    if made is None:
        raise BuildError(f"{name} with all mutants does not link: {said[:800]}")


def note(folder: Path, sources: list[Source]) -> None:
    """Write down what there is."""
    tried = [one for source in sources for one in source.tried()]
    document = {
        "places": places_of(sources),
        "refused": sum(len(s.mutants) - len(s.tried()) for s in sources),
        "mutants": as_documents(tried),
    }
    (folder / "mutants.json").write_text(json.dumps(document), encoding="utf-8")
