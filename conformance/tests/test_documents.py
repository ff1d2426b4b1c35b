# SPDX-License-Identifier: MIT
"""Profiles and expectations at run time, right and wrong; TAP on stdout.

1. A profile's numbers count; a wrong file ends the run with exit code 2 and a
   line that names file, line and key.
2. Expected failures become XFAIL, and those that pass XPASS.
3. What is missing is written as a profile that can be read again.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

CASE = "siz.headers_have_the_declared_size"
SIZES = (
    "object_bytes = 16\nvar_object_bytes = 24 # bytes\npointer_bytes = 9\n"
    "tuple_hash_bytes = 0\n"
)
NUMBERS = 'schema = 1\nname = "mine"\n[numbers]\n'
ENTRY = '[[expectation]]\ncase = "{case}"\nclass = "FAIL"\nreason = "why"\n'
KNOWN = "schema = 1\n" + ENTRY

# what is wrong: (option, text, words of the message)
WRONG: dict[str, tuple[str, str, str]] = {
    "an unknown number": (
        "profile",
        NUMBERS + "gc_treshold = 1\n",
        ":4: gc_treshold: ",
    ),
    "the nearest is named": (
        "profile",
        NUMBERS + "pointer_byte = 1\n",
        "nearest: pointer_bytes",
    ),
    "the nearest among all": (
        "profile",
        NUMBERS + "close_finalises_held = 1\n",
        "nearest: close_finalizes_held",
    ),
    "a text for a number": (
        "profile",
        NUMBERS + 'none_bytes = "1"\n',
        ":4: none_bytes",
    ),
    "an empty list": ("profile", NUMBERS + "list_capacities = []\n", ":4: list_capa"),
    "a list without an end": (
        "profile",
        NUMBERS + "list_capacities = [1,\n2\n",
        ":6: list_capacities: expected a comma",
    ),
    "a number twice": (
        "profile",
        NUMBERS + "none_bytes = 1\nnone_bytes = 2\n",
        ":5: none_bytes: the key is given twice",
    ),
    "another schema": ("profile", 'schema = 2\nname = "m"\n', ":1: schema: "),
    "no name": ("profile", "schema = 1\n", "name: the key is missing"),
    "another table": ("profile", NUMBERS + "[more]\n", ":4: more: "),
    "no =": ("profile", NUMBERS + "none_bytes 16\n", ":4: none_bytes: expected ="),
    "a float": ("profile", NUMBERS + "none_bytes = 1.5\n", ":4: none_bytes: "),
    "wider than 64 bits": (
        "profile",
        NUMBERS + "none_bytes = 99999999999999999999\n",
        ":4: none_bytes: ",
    ),
    "an unknown key": (
        "expect",
        KNOWN.format(case="*") + "lanes = 'x'\n",
        ":6: lanes: ",
    ),
    "an unknown class": (
        "expect",
        KNOWN.format(case="*").replace("FAIL", "FAILS"),
        ":4: class: expected a class",
    ),
    "no such range": (
        "expect",
        KNOWN.format(case="*") + 'version = "3.10 or so"\n',
        ":6: version: ",
    ),
    "no such date": (
        "expect",
        KNOWN.format(case="*") + "expires = 7\n",
        ":6: expires: ",
    ),
    "no case of that name": ("expect", KNOWN.format(case="gc.x"), ":2: case: no case"),
    "an entry without a reason": (
        "expect",
        KNOWN.format(case="*").replace('reason = "why"\n', ""),
        "a case, a class or a reason",
    ),
    "a byte 0": ("profile", NUMBERS + "\0none_bytes = 1\n", " "),
    "no schema": ("expect", ENTRY.format(case="*"), "schema is missing"),
    "a string without an end": (
        "expect",
        KNOWN.format(case="*").replace('"why"', '"why'),
        ":5: reason: the string has no closing quote",
    ),
}


def run(program: str, *options: str) -> subprocess.CompletedProcess[str]:
    """A run of one case on the reference, which is mis-measured at will."""
    return subprocess.run(
        [program, "--case", CASE, *options], capture_output=True, text=True, check=False
    )


def refused(program: str, folder: Path, option: str, text: str, words: str) -> str:
    """What is wrong with how a wrong file is refused."""
    path = folder / "given.toml"
    path.write_text(text, encoding="utf-8")
    done = run(program, f"--{option}", str(path))
    start = f"--{option}: {path}:"
    good = done.returncode == 2 and done.stderr.startswith(start)
    return "" if good and words in done.stderr else f"{done.returncode}: {done.stderr}"


def judged(program: str, folder: Path) -> list[tuple[str, str]]:
    """Runs with documents that are right: name and what is wrong with it."""
    numbers, known = folder / "numbers.toml", folder / "known.toml"
    numbers.write_text(NUMBERS + SIZES, encoding="utf-8")
    known.write_text(KNOWN.format(case="siz.head*"), encoding="utf-8")
    profile, expect = ("--profile", str(numbers)), ("--expect", str(known))
    results = []
    for name, options, code, words in [
        ("a profile's number counts", profile, 3, f"not ok 1 - {CASE}\n"),
        ("the line repeats it", profile, 3, f"--profile {numbers} "),
        ("an expected failure", (*profile, *expect), 0, " # TODO why: "),
        ("one that passes", expect, 3, "# XPASS: why"),
    ]:
        done = run(program, *options)
        good = done.returncode == code and words in done.stdout
        results.append((name, "" if good else f"{done.returncode}: {done.stdout}"))
    other = KNOWN.format(case="siz.head*") + 'version = ">=0.1,<0.1.1, !=0.2.*"\n'
    for name, text, code in [
        ("a range that has the version", other, 0),
        ("one that has not", other.replace("<0.1.1", "<0.1"), 3),
        ("another subject's", other + 'subject = "cpy*"\n', 3),
        ("one that has expired", other + "expires = 2020-01-01\n", 3),
        ("one about what the case says", other + 'message = "expected *"\n', 0),
        ("one about another message", other + 'message = "*SYSTEM*"\n', 3),
    ]:
        known.write_text(text, encoding="utf-8")
        done = run(program, *profile, *expect)
        good = done.returncode == code
        results.append((name, "" if good else f"{done.returncode}: {done.stdout}"))
    return results


def missing(program: str, folder: Path) -> str:
    """What is wrong with what the null subject is told that it lacks."""
    path = folder / "missing.toml"
    command = [program, "--subject", "null", "--missing", str(path), "--case", "imm.*"]
    subprocess.run(command, capture_output=True, check=False)
    text = path.read_text(encoding="utf-8")
    document = tomllib.loads(text)
    if document != {"schema": 1, "name": "null", "numbers": {}}:
        return f"read again: {document}"
    if "#   refcount" not in text or "\n# small_int_min = -5 # 2\n" not in text:
        return text
    path.write_text(text.replace("# small_int", "small_int"), encoding="utf-8")
    done = run(program, "--subject", "null", "--profile", str(path))
    return "" if done.returncode == 0 else done.stdout + done.stderr


def main(program: str) -> int:
    """One TAP line for each of the documents."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        results = [
            (what, refused(program, folder, *rest)) for what, rest in WRONG.items()
        ]
        results += judged(program, folder)
        results.append(("what is missing", missing(program, folder)))
    print(f"1..{len(results)}")
    for number, (what, wrong) in enumerate(results, 1):
        print(f"{'not ok' if wrong else 'ok'} {number} - {what}")
        for line in wrong.splitlines():
            print(f"# {line}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
