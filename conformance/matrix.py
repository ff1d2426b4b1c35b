# SPDX-License-Identifier: MIT
"""The matrix: how all cases ended on each interpreter that could be had.

    pmm conform --subject cpython-3.12 --json >answer.json
    matrix.py add answer.json     # its columns into matrix.toml, in place of older ones
    matrix.py write               # MATRIX.md anew
    matrix.py check               # exit 1 when MATRIX.md is not what the file says

A column is a subject and what it allocates with, its collector mode and a lane. Only
whole ones are taken: every case was asked and the job ended. `add` takes what
`pmm conform --json` or `pmm run --json` printed, or the folder of a run.

What could not be run is entered by hand, with the reason::

    [[absent]]
    column = "cpython-3.13, free-threaded"
    reason = "no package source has one"

exit code: 0 done; 1 MATRIX.md is out of date; 2 what was named is no such run.
Python 3.11, the standard library alone.
"""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
DATA, PAGE = HERE / "matrix.toml", HERE / "MATRIX.md"
TELLING = ("PASS", "WARN", "UNSUPPORTED", "WAIVED", "XFAIL")
HEADINGS = ("pass", "warn", "unsupported", "waived", "expected", "unexpected")
KEYS = ("column", "mode", "lane")
Entry = dict[str, Any]

TOP = """\
# SPDX-License-Identifier: MIT
# How all cases ended on each interpreter that could be had: matrix.py says more.
"""
HEAD = """\
# The matrix

How all cases ended on each interpreter that could be had, newest measurement each.
*Expected* is a failure that `expectations/` explains; *unexpected* is any other, and
an expected failure that passed. *Unsupported* is what the interpreter lacks or a
build hides. The number of cases is what the suite had when a column was measured;
its command stands at its end where it was kept. `matrix.py` made this page of
`matrix.toml`; a column is measured anew by

```sh
pmm conform --subject cpython-3.12 --json >answer.json
python3 conformance/matrix.py add answer.json && python3 conformance/matrix.py write
```

| interpreter | mode | lane | cases | {headings} | measured | commit | command |
| --- | --- | --- | --- | {dashes} | --- | --- | --- |
"""
ABSENT = """
## What could not be run

| column | why |
| --- | --- |
"""


class NoRunError(Exception):
    """A file or folder that is no run with whole columns."""


def load(path: Path) -> Any:
    """Read a JSON file."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise NoRunError(f"{path}: {error}") from None


def run_of(named: Path) -> Entry:
    """The run document of an answer, of a folder, or of a run.json itself."""
    if named.is_dir():
        return dict(load(named / "run.json"))
    said = load(named)
    if isinstance(said, dict) and "columns" in said:
        return said
    if isinstance(said, dict) and isinstance(said.get("folder"), str):
        return dict(load(Path(said["folder"]) / "run.json"))
    raise NoRunError(f"{named} is neither an answer of pmm nor a run")


def entry_of(column: Entry, run: Entry) -> Entry:
    """What the file keeps of a column."""
    counts = column["counts"]
    told = [counts.get(name, 0) for name in TELLING]
    total = sum(counts.values())
    figures = dict(zip(HEADINGS, [*told, total - sum(told)], strict=True))
    commit = run["environment"]["commit"] or ""
    return {
        "column": column["label"], "mode": column["mode"] or "",
        "lane": column["lane"], "cases": total, **figures,
        "measured": run["created"][:10], "commit": commit[:10],
        "command": run["command"],
    }  # fmt: skip


def entries_of(named: Path) -> list[Entry]:
    """The whole columns of a run."""
    run = run_of(named)
    whole = [c for c in run["columns"] if c["kind"] == "subject" and c["complete"]]
    if not whole:
        raise NoRunError(f"{named}: no column of the run is whole")
    return [entry_of(column, run) for column in whole]


def key_of(entry: Entry) -> tuple[str, ...]:
    """By what an older measurement is found."""
    return tuple(entry[key] for key in KEYS)


def kept(table: str = "column") -> list[Entry]:
    """What matrix.toml has."""
    if not DATA.is_file():
        return []
    with DATA.open("rb") as stream:
        found: list[Entry] = tomllib.load(stream).get(table, [])
    return found


def natural(entry: Entry) -> list[tuple[int, str]]:
    """3.9 before 3.10, in the order of the page."""
    words = " ".join(key_of(entry)).replace(".", " ").replace("-", " ").split()
    return [(int(w), "") if w.isdecimal() else (-1, w) for w in words]


def written(table: str, entry: Entry) -> str:
    """An entry as TOML."""
    lines = [f"{key} = {json.dumps(value)}" for key, value in entry.items()]
    return f"\n[[{table}]]\n" + "\n".join(lines) + "\n"


def put(entries: Iterable[Entry]) -> None:
    """Write matrix.toml."""
    texts = [TOP, *(written("column", one) for one in sorted(entries, key=natural))]
    texts += [written("absent", one) for one in kept("absent")]
    DATA.write_text("".join(texts), encoding="utf-8")


def add(names: list[Path]) -> None:
    """`add`: the columns of some runs, in place of older ones."""
    all_of_them = {key_of(entry): entry for entry in kept()}
    for name in names:
        for entry in entries_of(name):
            all_of_them[key_of(entry)] = entry
            print(f"{entry['column']}, {entry['lane']}: {entry['unexpected']} unexpected")
    put(all_of_them.values())


def shown(entry: Entry) -> str:
    """The command of a column."""
    return f"`{entry['command']}`" if "command" in entry else ""


def page(entries: list[Entry], absent: list[Entry]) -> str:
    """MATRIX.md."""
    head = HEAD.format(headings=" | ".join(HEADINGS),
                       dashes=" | ".join("---" for _ in HEADINGS))  # fmt: skip
    columns = (*KEYS, "cases", *HEADINGS, "measured", "commit")
    rows = ["| " + " | ".join(str(entry[key]) for key in columns)
            + f" | {shown(entry)} |\n" for entry in entries]  # fmt: skip
    rows += [ABSENT] if absent else []
    rows += [f"| {entry['column']} | {entry['reason']} |\n" for entry in absent]
    return head + "".join(rows)


def main(argv: list[str] | None = None) -> int:
    """Do what is asked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("verb", choices=("add", "write", "check"))
    parser.add_argument("run", nargs="*", type=Path, help="for add: answers or folders")
    parser.add_argument("--stamp", type=Path, help="file to write when all is well")
    options = parser.parse_args(argv)
    try:
        if options.verb == "add":
            add(options.run)
    except NoRunError as error:
        print(f"matrix.py: {error}", file=sys.stderr)
        return 2
    made = page(kept(), kept("absent"))
    if options.verb == "write":
        PAGE.write_text(made, encoding="utf-8")
    elif options.verb == "check" and PAGE.read_text(encoding="utf-8") != made:
        print("MATRIX.md is out of date: conformance/matrix.py write", file=sys.stderr)
        return 1
    if options.stamp:
        options.stamp.write_text("", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
