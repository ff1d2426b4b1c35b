# SPDX-License-Identifier: MIT
"""conformance/mutants: what is changed, how it is compiled, and who kills it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from real import ROOT

HERE = ROOT / "conformance" / "mutants"
sys.path.insert(0, str(HERE))

from operators import parser  # noqa: E402 - a folder of scripts
from run_mutants import Reasons, Told, by_lot, main  # noqa: E402
from running import Verdict  # noqa: E402
from schemata import CHOICE, Mutant, Source, bodies, compile_source  # noqa: E402

CODE = """\
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#define LIMIT(x) ((x) + 1)
static const int table[2] = {1, 2};
static int half(int a) {
  assert(a > 0);
  static int calls = 0;
  calls++;
  switch (a) {
  case 7:
    return LIMIT(a);
  default:
    break;
  }
  char room[4];
  if (a < 10 && table[0] == 1) {
    a = a / 2;
  }
  return a + (int)sizeof(room) - 4;
}
int main(int argc, char **argv) {
  (void)argc;
  printf("%d\\n", half(atoi(argv[1])));
  return 0;
}
"""


def source() -> Source:
    made = Source("code.c", CODE, 1)
    made.write()
    return made


def test_only_what_can_be_chosen_at_run_time_is_changed():
    changed = {(m.operator, m.old, m.new) for m in source().mutants}
    assert ("comparison", "a < 10", "a <= 10") in changed
    assert ("logical", "a < 10 && table[0] == 1", "!!(a < 10)") in changed
    assert ("arithmetic", "a / 2", "a * 2") in changed
    assert ("statement", "a = a / 2;", "") in changed
    assert ("constant", "2", "(2 + 1)") in changed
    assert ("return", "a + (int)sizeof(room) - 4", "0") in changed
    lines = {m.line for m in source().mutants}
    texts = CODE.splitlines()
    for left_alone in ("assert(a > 0);", "static int calls", "case 7:", "char room",
                       "static const", "#define"):  # fmt: skip
        assert next(n for n, t in enumerate(texts, 1) if left_alone in t) not in lines


def test_the_functions_of_all_but_a_few_sources_are_read():
    paths = sorted((ROOT / "impl").rglob("*.c"))[::5]
    read = [bool(list(bodies(parser().parse(p.read_bytes()).root_node))) for p in paths]
    assert read.count(True) >= 0.95 * len(paths) > 10


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Source]:
    """The program of CODE with all its mutants."""
    folder = tmp_path_factory.mktemp("mutants")
    made = source()
    output, choice = folder / "code.o", folder / "choice.c"
    words = ["gcc", "-w", "-O1", "-DNDEBUG", "-c"]
    assert compile_source(made, words, folder / "code.c", output) == ""
    choice.write_text(CHOICE)
    places = len(made.mutants) + 1
    subprocess.run(["gcc", "-D_GNU_SOURCE", f"-DPLACES={places}", "-o",
                    folder / "code", output, choice], check=True)  # fmt: skip
    return folder / "code", made


def said(program: Path, number: int, argument: str, **more: str) -> str:
    done = subprocess.run([program, argument], env={"PMM_MUTANT": str(number), **more},
                          capture_output=True, text=True, check=False)  # fmt: skip
    return done.stdout.strip()


def test_one_program_is_every_mutant(program):
    path, made = program
    assert [said(path, 0, a) for a in ("6", "7", "10", "12")] == ["3", "8", "10", "12"]
    one = {m.said: m.number for m in made.tried()}
    assert said(path, one["a < 10 -> a <= 10"], "10") == "5"
    assert said(path, one["a / 2 -> a * 2"], "6") == "12"
    assert said(path, one["a = a / 2; -> nothing"], "6") == "6"
    assert said(path, one["a + (int)sizeof(room) - 4 -> 0"], "6") == "0"


def test_it_is_noted_which_places_are_reached(program, tmp_path):
    path, made = program
    rows = {}
    for argument in ("6", "12"):
        file = tmp_path / argument
        file.write_bytes(bytes(len(made.mutants) + 1))
        said(path, 0, argument, PMM_REACHED=str(file))
        rows[argument] = file.read_bytes()
    division = next(m.number for m in made.tried() if m.old == "a / 2")
    assert (rows["6"][division], rows["12"][division]) == (1, 0)


def test_what_the_compiler_refuses_is_left_out_and_nothing_else(tmp_path):
    text = "int f(char *a, char *b) {\n  return (int)(a - b) + 1;\n}\n"
    made = Source("f.c", text, 1)
    words = ["gcc", "-w", "-c"]
    assert compile_source(made, words, tmp_path / "f.c", tmp_path / "f.o") == ""
    refused = {m.said for m in made.mutants if m.number in made.refused}
    assert refused == {"a - b -> a + b"}


def mutant(number: int, file: str = "impl/types/tuple.c") -> Mutant:
    return Mutant(number, file, 1, 1, "f", "constant", "1", "(1 + 1)")


def test_a_lot_has_each_file_and_is_the_same_by_seed():
    mutants = [mutant(n, f"impl/{n % 5}.c") for n in range(100)]
    lot = by_lot(mutants, 8, 3)
    assert len(lot) == 8
    assert {m.file for m in lot} == {m.file for m in mutants}
    assert lot == by_lot(mutants, 8, 3) != by_lot(mutants, 8, 4)


@pytest.mark.parametrize(
    ("killer", "reason", "reached", "state"),
    [("gc.x", "", 3, "killed"), ("gc.x", "equal", 3, "killed"),
     ("", "equal", 3, "explained"), ("", "", 3, "survived"),
     ("", "", 0, "not reached")],
)  # fmt: skip
def test_states(killer, reason, reached, state):
    told = Told(Verdict(mutant(1), killer, reached), reason)
    assert told.state == state
    assert told.line(1).startswith("ok") is (state in ("killed", "explained"))


def test_reasons_are_of_mutants_that_there_are():
    from run_mutants import KEPT, read_reasons  # noqa: PLC0415

    reasons = Reasons(read_reasons(KEPT))
    for file, _function, at, _change in reasons.known:
        lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
        assert at in [line.strip() for line in lines], f"{file}: {at}"


def run(monkeypatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["run_mutants.py", str(ROOT / "build"), *words])
    return main()


def test_a_sample_of_a_file_ends_alike_twice(monkeypatch, tmp_path, capsys):
    out = tmp_path / "out.json"
    code = run(monkeypatch, "--files", "impl/types/tuple_ops.c", "--case", "tup.*",
               "--stage", "plain-generational", "--sample", "16", "--times", "2",
               "--goal", "0.5", "--json", str(out))  # fmt: skip
    assert code == 0, capsys.readouterr().out
    mutants = json.loads(out.read_text())["mutants"]
    assert len(mutants) == 16
    assert {m["killer"].partition(".")[0] for m in mutants if m["killer"]} == {"tup"}


def test_an_allocator_is_asked_by_the_cases_about_allocators(
    monkeypatch, tmp_path, capsys
):
    out = tmp_path / "out.json"
    code = run(monkeypatch, "--files", "impl/backends/bump.c", "--sample", "8",
               "--stage", "check-bump", "--stage", "plain-generational",
               "--case", "backend.z*", "--case", "backend.owns", "--case", "ref.new_*",
               "--goal", "0.1", "--json", str(out))  # fmt: skip
    assert code == 0, capsys.readouterr().out
    mutants = json.loads(out.read_text())["mutants"]
    killers = {m["killer"] for m in mutants if m["killer"]}
    assert killers
    assert all((k.startswith("backend.") and k.endswith("in check-bump")) or
               k.startswith("no report") for k in killers), killers  # fmt: skip


def test_a_stage_that_cannot_be_run_says_why(tmp_path):
    from program import CHECK, CONFORM, Made  # noqa: PLC0415 - a folder of scripts
    from stages import PLAIN, check  # noqa: PLC0415

    program = str(ROOT / "build/conformance/backends/pmm-backend-check")
    made = Made({CHECK: Path(program)}, tmp_path / "a" / "b", [], 1, 0)
    assert check("bump").absent(made) == ""
    assert "no backend" in check("odd").absent(made)
    del made.programs[CHECK]
    assert CHECK in check("bump").absent(made)
    made.programs[CONFORM] = Path("pmm-conform")
    assert PLAIN.absent(made) == ""


def test_wrong_words_are_refused(monkeypatch, capsys):
    assert run(monkeypatch, "--files", "impl/none.c") == 1
    assert "no source of impl/" in capsys.readouterr().err
    with pytest.raises(SystemExit) as end:
        run(monkeypatch)
    assert end.value.code == 2
