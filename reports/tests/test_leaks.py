# SPDX-License-Identifier: MIT
"""The marked line of a leak is the line that asks for the memory.

Programs are compiled and run under the real valgrind.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import msgspec
import pytest
from pages import page_text
from sample_jobs import CREATED

from pmm.collect.valgrind import collect_valgrind, origin
from pmm.documents.results import Frame, LeakFinding
from pmm.documents.run import Run
from pmm.execute.executor import unstarted
from pmm.plan.parts import make_job
from pmm.plan.work_jobs import LEAK_OPTIONS
from pmm.render import leaks

SOURCES = {
    "impl/pool/pool.h": """#include <stdlib.h>
static inline void *pool_alloc(size_t size) { return malloc(size); }
""",
    "impl/types/thing.c": """#include "../pool/pool.h"
void *thing_new(size_t size) { return pool_alloc(size); }
void thing_loses(void) {
  void *volatile kept = pool_alloc(3000); /* runtime */
  kept = 0;
}
""",
    "workloads/leaks.c": """#include <stdlib.h>
void *thing_new(size_t size);
void thing_loses(void);
#define MAKE(size) thing_new(size)
static void *volatile lost;
static inline void *inlined(void) {
  return thing_new(101); /* inlined */
}
static void multi_line(void) {
  lost = thing_new( /* multi */
      100 +
      2);
}
int main(void) {
  lost = inlined();
  multi_line();
  lost = MAKE(103); /* macro */
  lost = malloc(104); /* plain */
  thing_loses(); /* above the runtime */
  lost = 0;
}
""",
}
EXPECTED = {
    101: "inlined", 102: "multi", 103: "macro", 104: "plain", 3000: "above the runtime",
}  # fmt: skip


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of a runtime, an allocator and a program that loses five blocks."""
    if shutil.which("valgrind") is None or shutil.which("cc") is None:
        pytest.skip("needs valgrind and a compiler")
    top = tmp_path_factory.mktemp("leaking")
    for name, text in SOURCES.items():
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).write_text(text)
    sources = [top / name for name in SOURCES if name.endswith(".c")]
    (top / "build").mkdir()
    subprocess.run(
        ["cc", "-O2", "-g", "-o", top / "build" / "lose", *sources], check=True
    )
    return top


def findings_of(root: Path, prefix: Path | None = None) -> dict[int, LeakFinding]:
    """What valgrind finds, by the block's size."""
    job = make_job("leaks", "x", ["valgrind", "lose"], subject="reference",
                   workload="leaks", variant="lost_reference")  # fmt: skip
    out = root / "out"
    out.mkdir(exist_ok=True)
    if prefix is None:
        subprocess.run(
            ["valgrind", "-q", *LEAK_OPTIONS, "--xml=yes",
             f"--xml-file={out}/valgrind.1.xml", root / "build" / "lose"],
            check=True, capture_output=True, timeout=60,
        )  # fmt: skip
    else:
        text = (out / "valgrind.1.xml").read_text()
        text = re.sub(rf"<dir>{re.escape(str(root))}", f"<dir>{prefix}", text)
        (out / "valgrind.1.xml").write_text(text)
    found, complaint = collect_valgrind(job, unstarted(job, CREATED, ""), out, root)
    assert complaint is None
    return {f.bytes or 0: f for f in found if not f.suppressed}


@pytest.fixture(scope="module")
def lost(root: Path) -> dict[int, LeakFinding]:
    return findings_of(root)


def marked(frame: Frame) -> str:
    """The text of the marked line."""
    return next(line.text for line in frame.excerpt if line.number == frame.line)


@pytest.mark.parametrize("size", EXPECTED)
def test_the_marked_line_asks_for_the_memory(lost, size):
    """However it asks: on several lines, by a macro, inlined, through a runtime."""
    frame = leaks.origin_frame(lost[size])
    assert frame.file == "workloads/leaks.c"
    assert f"/* {EXPECTED[size]} */" in marked(frame)


def test_lines_of_an_allocator_are_never_marked(lost):
    for finding in lost.values():
        shown = [frame for frame in finding.frames if frame.excerpt]
        assert shown
        assert not [f for f in shown if f.file.startswith("impl/pool")]


def test_what_the_runtime_lost_by_itself_is_marked_there(lost, root):
    """A stack without a line above the runtime: a constructor, a thread of it."""
    whole = lost[3000].frames
    own = [f for f in whole if f.file and f.file.startswith("impl/")]
    at = origin(own, root)
    assert own[at].file == "impl/types/thing.c"
    assert own[at].function == "thing_loses"


def test_a_program_with_the_paths_of_another_clone_has_its_lines(lost, root):
    moved = findings_of(root, prefix=Path("/elsewhere/clone"))
    for size, word in EXPECTED.items():
        assert f"/* {word} */" in marked(leaks.origin_frame(moved[size]))


# ------------------------------------------------------------------------ page


def test_findings_of_one_line_are_one_card_with_each_detector(lost, run: Run, tmp_path):
    seen = msgspec.structs.replace(lost[104], expected=True)
    others = [
        msgspec.structs.replace(seen, by="runtime", backend="pool"),
        msgspec.structs.replace(seen, subject="cpython-3.8.18"),
        msgspec.structs.replace(seen, subject="cpython-3.13.0"),
    ]
    job = next(job.id for job in run.plan if job.kind == "leaks")
    others += [msgspec.structs.replace(others[0], job=job, subject="reference-2")]
    more = msgspec.structs.replace(run, leaks=(seen, *others))
    page = page_text(more, "leaks")
    cards = re.findall(r"<article.*?</article>", page, re.DOTALL)
    assert len(cards) == 1
    assert cards[0].count("<td>runtime, under valgrind</td>") == 1
    assert cards[0].count("<mark>") >= 1
    assert "/* plain */" in re.search(r"<mark>(.*?)</mark>", cards[0])[1]
    rows = re.findall(
        r'<tr><th scope="row">([^<]+)</th><td>[^<]*</td><td>(\w+)', cards[0]
    )
    assert rows == [
        ("reference", "valgrind"), ("reference", "runtime"), ("reference-2", "runtime"),
        ("cpython-3.13.0", "valgrind"), ("cpython-3.8.18", "valgrind"),
    ]  # fmt: skip


def test_rows_of_the_tally_say_how_the_job_ran(run: Run, report: Path):
    page = (report / "leaks.html").read_text()
    heads = page.split("What each detector found", 1)[1].split("</table>")[0]
    assert heads.count("<td>under valgrind</td>") == sum(
        "valgrind" in t.needs for t in run.leak_tally
    )
