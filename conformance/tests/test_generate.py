# SPDX-License-Identifier: MIT
"""The check of the cases must fail on each fault it is there for.

Run by Meson as a TAP test; the standard library alone.
"""

from __future__ import annotations

import copy
import importlib.util
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
SPEC = importlib.util.spec_from_file_location("generate", HERE.parent / "generate.py")
if SPEC is None or SPEC.loader is None:
    raise SystemExit("conformance/generate.py cannot be loaded")
generate = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(generate)

SENTENCE = 'A list keeps "its" items, one reference each.'
REQUIREMENT = {"id": "LST-900", "level": "MUST", "title": "t", "text": SENTENCE}
OPERATIONS = {"list_append": "list", "retain": "core"}
CASE: dict[str, Any] = {
    "id": "lst.keeps_items",
    "requirements": ["LST-900"],
    "level": "MUST",
    "needs": ["list"],
    "file": "case.c",
    "line": 3,
}
SOURCE = """/* "A list keeps "its" items, one
 * reference each." */
MUST(lst, keeps_items, "Items stay", REQ("LST-900"),
     NEEDS(list)) {
  expect_ok(OPS->list_append(RT, l, o));
}
"""


def faults(source: str = SOURCE, **changes: Any) -> str:
    """Faults of CASE with changes, as one text."""
    case = copy.deepcopy(CASE) | changes
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "case.c").write_text(source, encoding="utf-8")
        found = generate.case_faults(
            case, {"LST-900": REQUIREMENT}, OPERATIONS, Path(folder)
        )
    return "\n".join(found)


def told(number: int) -> str:
    """Faults of documents that speak of that many requirements, where one is."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "conformance").mkdir()
        (root / "README.md").write_text(
            f"says in {number} requirements. 0 of the\n  requirements are for allocators"
        )
        (root / "conformance" / "README.md").write_text(
            f"the specification: {number} sentences, 0 of them, area ALLOC"
        )
        return "\n".join(generate.number_faults([{"area": "LST"}], root))


def long_body() -> str:
    """The same case with 30 lines of body."""
    return SOURCE.replace("  expect_ok", "  ;\n" * 30 + "  expect_ok")


def coverage(
    covered: set[str], listed: list[str], level: str = "MUST", reason: str = "because"
) -> str:
    """Faults of coverage with LST-900 as the only requirement."""
    entries = [{"requirements": listed, "reason": reason}] if listed else []
    found = generate.coverage_faults(
        {"LST-900": REQUIREMENT | {"level": level}}, covered, {"uncovered": entries}
    )
    return "\n".join(found)


def shown(test: str, section: str = "shown_elsewhere") -> str:
    """Faults of LST-900 shown by `test`, where a file has the test 'faults'."""
    entry = {"requirements": ["LST-900"], "reason": "r", "test": test, "file": "m"}
    uncovered = {section: [entry]}
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "m").write_text("test('faults', python)", encoding="utf-8")
        found = generate.shown_faults(generate.shown(uncovered), Path(folder))
    found += generate.coverage_faults({"LST-900": REQUIREMENT}, set(), uncovered)
    return "\n".join(found)


def keys(*declared: str) -> str:
    """Faults of a profile of these keys; a case reads list_a and list_b."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "case.c"
        path.write_text(
            'n = profile_int(t, "list_a");\nif (profile_has(\n  t, "list_b"))\n',
            encoding="utf-8",
        )
        return "\n".join(generate.profile_key_faults([path], set(declared)))


def late(first: str, second: str) -> str:
    """Faults of a case whose body is these two lines."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "case.c"
        head = 'MUST(lst, x, "X",\n     REQ("LST-900")) {\n'
        path.write_text(f"{head}  {first}\n  {second}\n}}\n", encoding="utf-8")
        return "\n".join(generate.late_number_faults([path]))


READ = 'int64_t n = profile_int(t, "list_a");'
LOST = "work->o = GIVE(o);"


def review(recorded: str) -> str:
    """Faults when `recorded` is the hash of the last review."""
    return "\n".join(
        generate.review_faults(
            {"LST-900": REQUIREMENT}, [CASE], {"requirements": {"LST-900": recorded}}
        )
    )


def checks() -> list[tuple[str, bool]]:
    """What must hold: (title, holds)."""
    changed = dict(REQUIREMENT, text="Another sentence.")
    return [
        ("a good case has no fault", faults() == ""),
        ("unknown requirement", "no requirement X" in faults(requirements=["X"])),
        ("no requirement", "names no requirement" in faults(requirements=[])),
        ("wrong level", "level SHOULD" in faults(level="SHOULD")),
        ("feature not declared", "does not need list" in faults(needs=[])),
        ("inexact is fine", faults(inexact={"peak_bytes": "threads"}) == ""),
        ("no counter", "no counter bytes" in faults(inexact={"bytes": "threads"})),
        ("inexact without why", "say why" in faults(inexact={"peak_bytes": " "})),
        ("number read first", late(READ, LOST) == ""),
        ("number read late", "read numbers first" in late(LOST, READ)),
        ("long body", "31 lines" in faults(long_body())),
        (
            "sentence not quoted",
            "does not quote" in faults(SOURCE.replace("items, one", "things, one")),
        ),
        ("covered is fine", coverage({"LST-900"}, []) == ""),
        ("listed is fine", coverage(set(), ["LST-900"]) == ""),
        ("neither", "MUST without a case" in coverage(set(), [])),
        ("neither, at any level", "MAY without a case" in coverage(set(), [], "MAY")),
        ("both", "remove it" in coverage({"LST-900"}, ["LST-900"])),
        ("no reason", "no reason" in coverage(set(), ["LST-900"], reason=" ")),
        ("shown by a test is fine", shown("faults") == ""),
        ("shown by no test", "no test 'fault'" in shown("fault")),
        ("shown by nothing", "no test ''" in shown("")),
        ("shown is listed", "MUST without a case" in shown("faults", "shwon")),
        ("unknown listed", "no requirement Y" in coverage({"LST-900"}, ["Y"])),
        ("reviewed", review(generate.text_hash(REQUIREMENT)) == ""),
        ("changed since", "look at lst.keeps" in review(generate.text_hash(changed))),
        ("never reviewed", "look at lst.keeps" in review("")),
        ("number is told", told(1) == ""),
        ("another number", told(2).count("says 2 where it is 1") == 2),
        ("duplicate id", generate.duplicate_faults([CASE, CASE]) != []),
        ("C string", generate.c_string('a"\\é') == '"a\\"\\\\\\303\\251"'),
        ("profile key", "has no key list_b" in keys("list_a")),
        ("all keys known and read", keys("list_a", "list_b") == ""),
        ("key that nothing reads", "no case reads x" in keys("list_a", "list_b", "x")),
    ]


def main() -> int:
    """One TAP line a check."""
    results = checks()
    print(f"1..{len(results)}")
    for number, (title, holds) in enumerate(results, 1):
        print(f"{'ok' if holds else 'not ok'} {number} - {title}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
