# SPDX-License-Identifier: MIT
"""What is made of the contract's headers; TAP on stdout.

1. An operation that is declared stands in every table, and nothing else has to
   name it.
2. A header that cannot be read whole, or does not say what its name says, is an
   error.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

FEATURE = """struct pmm_{name}_ops {{
  size_t struct_size;
  /** What it does; (*not_this)(pmm_rt *rt). */
  enum pmm_status (*list_find)(pmm_rt *rt, pmm_obj *list, pmm_visit visit,
                               const uint64_t values[3], size_t *at);
  {more}
}};
"""
EXPECTED = {
    "ops": [
        "X(list_find, shelf)",
        "enum pmm_status (*list_find)(pmm_rt *rt, pmm_obj *list, pmm_visit visit, ",
        ", const uint64_t values[3], size_t *at);",
        "sizeof(struct pmm_shelf_ops), .list_find = p##list_find}",
        "enum pmm_status p##list_find(pmm_rt *rt,",
        '#include "pmm/features/shelf.h"',
    ],
    "watch": ["real->list_find(rt, list, visit, values, at)", "= watch_list_find;"],
    "refuse": ['{"list_find", (void (*)(void))refuse_list_find},'],
}
WRONG = {
    "a line that is no operation": ("shelf", "int broken;"),
    "a name twice": ("shelf", "void (*close)(pmm_rt *rt);"),
    "another feature's structure": ("desk", ""),
}


def make(kind: str, root: Path, headers: list[str]) -> subprocess.CompletedProcess[str]:
    """Run the generator; what it wrote is in `root`/out."""
    program = [sys.executable, str(GENERATOR), kind, str(root / "out"), *headers]
    return subprocess.run(program, capture_output=True, text=True, check=False)


def added(root: Path, name: str, more: str) -> list[str]:
    """The headers, and one more in features/shelf.h."""
    path = root / "features" / "shelf.h"
    path.parent.mkdir(exist_ok=True)
    path.write_text(FEATURE.format(name=name, more=more), encoding="utf-8")
    return [*HEADERS, str(path)]


def results(root: Path) -> list[tuple[str, str]]:
    """Each check and what is wrong with it."""
    found = []
    for kind, lines in EXPECTED.items():
        done = make(kind, root, added(root, "shelf", ""))
        text = (root / "out").read_text(encoding="utf-8") if not done.stderr else ""
        lost = [line for line in lines if line not in text]
        found.append((f"{kind} has it", done.stderr or "\n".join(lost)))
    for what, (name, more) in WRONG.items():
        done = make("ops", root, added(root, name, more))
        good = done.returncode == 1 and done.stderr.count("\n") == 1
        found.append((f"{what} is refused", "" if good else done.stderr or "it is not"))
    return found


def main() -> int:
    """One TAP line a check."""
    with tempfile.TemporaryDirectory() as folder:
        checks = results(Path(folder))
    print(f"1..{len(checks)}")
    for number, (what, wrong) in enumerate(checks, 1):
        print(f"{'not ok' if wrong else 'ok'} {number} - {what}")
        for line in wrong.splitlines():
            print(f"# {line}")
    return 0


GENERATOR, *REST = map(Path, sys.argv[1:])
HEADERS = [str(path) for path in REST]

if __name__ == "__main__":
    raise SystemExit(main())
