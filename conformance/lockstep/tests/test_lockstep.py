# SPDX-License-Identifier: MIT
"""What lockstep.py and pmm-lockstep do with programs, good and bad.

    test_lockstep.py BUILD

Python 3.11, the standard library alone; TAP on stdout.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HERE))

from lockstep import Difference, known_reason
from shrink import ddmin, first_difference
from sides import PROGRAM

BUILD = Path(sys.argv[1])


def program(*words: str, text: str = "") -> subprocess.CompletedProcess[str]:
    """Run pmm-lockstep."""
    return subprocess.run([BUILD / PROGRAM, *words], input=text, text=True,
                          capture_output=True, check=False)  # fmt: skip


def lockstep(*words: str) -> subprocess.CompletedProcess[str]:
    """Run lockstep.py."""
    return subprocess.run([sys.executable, HERE / "lockstep.py", *words],
                          text=True, capture_output=True, check=False)  # fmt: skip


def a_seed_gives_the_same_digests() -> None:
    """Twice the same, another seed gives others, a program alone gives its own."""
    words = ("run", "--programs", "40", "--seed")
    first = program(*words, "7").stdout
    assert first.count("\n") == 40
    assert program(*words, "7").stdout == first
    assert program(*words, "8").stdout != first
    alone = program("run", "--programs", "1", "--from", "39", "--seed", "7").stdout
    assert alone == first.splitlines(keepends=True)[39]


def a_drawn_program_replays_to_its_digest() -> None:
    """What `draw` prints is what `run` ran."""
    drawn = program("draw", "--from", "3").stdout
    replayed = program("replay", "-", text=drawn).stdout.split()[1]
    assert replayed == program("run", "--from", "3", "--programs", "1").stdout.split()[1]


def backends_and_modes_agree() -> None:
    """The reference does the same over each of them."""
    words = ("--programs", "400", "--seed", "3")
    done = lockstep("run", str(BUILD), *words, "--right",
                    "reference,backend=libc,mode=incremental")  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert "25,600 operations" in done.stdout


def bad_programs_are_refused() -> None:
    """With the line, and with what to write."""
    for text, wanted in (
        ("frobnicate r1", "unknown operation"),
        ("r1 = list_append r1 r2", "returns no object"),
        ("list_empty", "returns an object"),
        ("list_append r1 r12", "a register r0 to r11"),
        ("r1 = int_new 9", "a number"),
        ("list_append r1 r2 r3", "too many operands"),
        ("r1 =", "unknown operation"),
    ):
        done = program("replay", "-", text=f"r0 = none\n{text}\n")
        assert done.returncode == 2, text
        assert "line 2" in done.stderr and wanted in done.stderr, done.stderr


def bad_words_are_usage_errors() -> None:
    """Exit code 2 and one line."""
    for words in (
        ("run", "--seed", "x"), ("fly",), ("run", "--length", "5000"), ("run", "more"),
        ("run", "--subject", "nobody"), ("replay", "no such file"), (),
    ):  # fmt: skip
        done = program(*words)
        assert done.returncode == 2, words
        assert len(done.stderr.splitlines()) == 1, done.stderr
    for name in ("pythonx", "./pmm-lockstep-x", "reference,pace=2", "nobody"):
        done = lockstep("run", str(BUILD), "--right", name, "--programs", "1")
        assert done.returncode == 2, (name, done.stderr)
        assert "Traceback" not in done.stderr


def a_file_is_replayed_on_both() -> None:
    """`replay` shows what is observed, and says that they agree."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("r0 = instance_new 1 5\nr1 = list_from r0 r0\ndrop r0\ndrop r1\n")
        file.flush()
        done = lockstep("replay", str(BUILD), file.name, "--right", "reference,mode=full")
    assert done.returncode == 0, done.stderr
    assert "finalized=5 deallocated=5" in done.stdout
    assert "agree" in done.stdout


def delta_debugging_leaves_what_matters() -> None:
    """Three steps of forty; no more than they are tried for."""
    steps = [str(i) for i in range(40)]
    wanted = {"3", "17", "38"}
    assert ddmin(steps, lambda s: wanted <= set(s)) == ["3", "17", "38"]
    assert ddmin(["1"], lambda s: True) == ["1"]


def the_first_difference_is_named() -> None:
    """The step and both observations; one that is longer; none."""
    assert first_difference(["0 -> a=1 b=2"], ["0 -> a=1 b=3"]) == (0, "b=2", "b=3")
    assert first_difference(["0 -> a=1"], ["0 -> a=1 c=1"]) == (0, "nothing", "c=1")
    assert first_difference(["0 -> a=1 c=1"], ["0 -> a=1"]) == (0, "c=1", "nothing")
    assert first_difference(["0 ->"], ["0 ->"])[1:] == ("nothing", "nothing")


def a_glob_that_stands_twice_needs_two_steps() -> None:
    """One step does not explain what needs two of its kind."""
    entry = {"id": "two", "right": ["cpython-*"], "steps": ["* = x *", "* = x *"]}
    one = Difference(1, ["r1 = x 1", "drop r1"], 2, "drop r1", "", "")
    two = Difference(1, ["r1 = x 1", "r2 = x 2"], 2, "end of the program", "", "")
    assert known_reason(one, "cpython-3.9.18", [entry]) == ""
    assert known_reason(two, "cpython-3.9.18", [entry]) == "two"
    assert known_reason(two, "reference", [entry]) == ""


TESTS: list[Callable[[], None]] = [
    a_seed_gives_the_same_digests,
    a_drawn_program_replays_to_its_digest,
    backends_and_modes_agree,
    bad_programs_are_refused,
    bad_words_are_usage_errors,
    a_file_is_replayed_on_both,
    delta_debugging_leaves_what_matters,
    the_first_difference_is_named,
    a_glob_that_stands_twice_needs_two_steps,
]


def main() -> int:
    """Run them all; 1 when one fails."""
    failed = 0
    print(f"TAP version 13\n1..{len(TESTS)}")
    for number, test in enumerate(TESTS, 1):
        name = test.__name__.replace("_", " ")
        try:
            test()
            print(f"ok {number} - {name}", flush=True)
        except AssertionError as error:
            failed += 1
            print(f"not ok {number} - {name}\n# {str(error)[:600]!r}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
