# SPDX-License-Identifier: MIT
"""The runner of seeded faults must tell each thing that can go wrong.

Runs it over small catalogues of its own; TAP on stdout.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

RUNNER = Path(__file__).resolve().parents[1] / "run_faults.py"
LIST = "impl/types/list.c"
APPEND = "    l->items[n] = pmmi_new_reference(rt, item);"
BORROWED = "    l->items[n] = item;"


def entry(
    old: str = APPEND,
    new: str = BORROWED,
    requirement: str = "REF-009",
    identity: str = "own.fault",
    more: str = "",
) -> str:
    """One fault as TOML."""
    return (
        f'[[fault]]\nid = "{identity}"\ntitle = "A title"\n'
        f'requirements = ["{requirement}"]\nfile = "{LIST}"\n'
        f"old = '''{old}'''\nnew = '''{new}'''\n{more}\n"
    )


def run(build: str, text: str, *options: str) -> tuple[int, str]:
    """Exit code and output of the runner over a catalogue of this text."""
    whole = {name: os.environ[name] for name in os.environ if name != "PMM_PART"}
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "own.toml").write_text(text, encoding="utf-8")
        command = [sys.executable, str(RUNNER), build, "--catalogue", folder]
        done = subprocess.run(
            [*command, *options],
            env=whole,
            capture_output=True,
            text=True,
            check=False,
        )
    return done.returncode, done.stdout + done.stderr


def judged(build: str) -> list[tuple[str, bool]]:
    """What each kind of fault gets: (title, holds)."""
    harmless = "    l->items[n] = (pmmi_retain(rt, item), item);"
    kinds = [
        ("caught", entry(), 0),
        ("missed", entry(new=harmless), 3),
        ("missed", entry(requirement="TUP-002"), 3),
        ("does not apply", entry(old="no such text"), 3),
        ("does not apply", entry(old="return"), 3),
        ("does not compile", entry(new="    no C"), 3),
        ("does not compile", entry(new="    int unused;\n" + BORROWED), 3),
        ("unsound", entry(more='backend = "null"'), 3),
    ]
    results = []
    for status, text, wanted in kinds:
        code, said = run(build, text)
        shown = f"1 {status}" in said and ("ok 1 - own.fault" in said)
        results.append((f"{status}: {text.splitlines()[3]}", code == wanted and shown))
    return results


def refused(build: str) -> list[tuple[str, bool]]:
    """Catalogues that say nothing sensible are refused, with the reason."""
    twice = entry() + entry()
    kinds = [
        ("another fault has this id", twice),
        ("no case carries", entry(requirement="REF-999")),
        ("it changes nothing", entry(new=APPEND)),
        ("does not begin with own.", entry(identity="lst.fault")),
        ("no field tilte", entry(more='tilte = "x"')),
    ]
    results = []
    for reason, text in kinds:
        code, said = run(build, text)
        results.append((f"refused: {reason}", code == 1 and reason in said))
    return results


def asked(build: str) -> list[tuple[str, bool]]:
    """Options: names, a part, what changes, what has no fault, repeating."""
    many = "".join(entry(identity=f"own.f{i}") for i in range(5))
    _, named = run(build, many, "--fault", "own.f3")
    _, half = run(build, many, "--part", "2/2")
    beyond, _ = run(build, many, "--part", "3/2")
    _, diff = run(build, entry(), "--diff")
    _, uncovered = run(build, entry(), "--uncovered")
    nothing, _ = run(build, many, "--fault", "own.none")
    _, missed = run(build, entry(requirement="TUP-002"))
    return [
        ("a fault by its name", "1..1\n" in named and "own.f3" in named),
        ("a part is spread", "own.f1" in half and "own.f3" in half),
        ("a part has its size", "1..2\n" in half),
        ("a part that is none is a wrong usage", beyond == 2),
        ("the change is shown", f"+{BORROWED}" in diff and f"-{APPEND}" in diff),
        ("MUSTs without a fault", "TUP-001 " in uncovered),
        ("one with a fault is left out", "REF-009 " not in uncovered),
        ("an unknown name is a wrong usage", nothing == 2),
        ("a missed one can be repeated", "--fault own.fault" in missed),
    ]


def main(build: str) -> int:
    """One TAP line a check."""
    source = RUNNER.parents[2] / LIST
    before = source.read_bytes()
    results = judged(build) + refused(build) + asked(build)
    results.append(("the source is as before", source.read_bytes() == before))
    print(f"1..{len(results)}")
    for number, (title, holds) in enumerate(results, 1):
        print(f"{'ok' if holds else 'not ok'} {number} - {title}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
