# SPDX-License-Identifier: MIT
"""Readers of other programs' documents: valgrind, lcov; and what leaks come to."""

from __future__ import annotations

from pathlib import Path

import pytest
from sample_jobs import CREATED

from pmm.base.errors import PmmError
from pmm.base.paths import Paths
from pmm.collect.coverage_ledger import LEDGER, disagreements, read_ledger
from pmm.collect.lcov import collect_coverage
from pmm.collect.valgrind import collect_valgrind, site_frame
from pmm.execute.executor import unstarted
from pmm.judge.leaks import mark_expected, tally_row
from pmm.plan.parts import make_job

ERROR = """
<error><unique>0x1</unique><tid>1</tid><kind>Leak_DefinitelyLost</kind>
<xwhat><text>96 bytes in 2 blocks are definitely lost</text>
<leakedbytes>96</leakedbytes><leakedblocks>2</leakedblocks></xwhat>
<stack>
<frame><ip>0x1</ip><obj>/usr/lib/vg.so</obj><fn>malloc</fn></frame>
<frame><ip>0x2</ip><obj>/b/pmm-work</obj><fn>lose&lt;T&gt;</fn>
<dir>{root}/build/../workloads</dir><file>leaks.c</file><line>3</line></frame>
</stack>
<suppression><sname>n</sname><rawtext><![CDATA[{{ x }}]]></rawtext></suppression>
</error>
"""
PAGE = """<?xml version="1.0"?>
<valgrindoutput><protocolversion>{version}</protocolversion>
<protocoltool>memcheck</protocoltool>{error}
<suppcounts><pair><count>4</count><name>libc known</name></pair></suppcounts>
</valgrindoutput>
"""


@pytest.fixture
def job():
    """A leaks job over libc."""
    return make_job(
        "leaks", "lost_reference/libc", ["valgrind", "pmm-work"], subject="reference",
        backend="libc", workload="leaks", variant="lost_reference",
    )  # fmt: skip


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A clone with one source file."""
    (tmp_path / "workloads").mkdir()
    lines = [f"line {n} <b>" for n in range(1, 6)]
    (tmp_path / "workloads" / "leaks.c").write_text("\n".join(lines))
    return tmp_path


def read(job, root, text: str):
    """Read one XML file."""
    folder = root / "out"
    folder.mkdir(exist_ok=True)
    (folder / "valgrind.12.xml").write_text(text)
    return collect_valgrind(job, unstarted(job, CREATED, ""), folder, root)


def test_a_leak_has_bytes_stack_and_source_lines(job, root):
    text = PAGE.format(version=4, error=ERROR.format(root=root))
    (leak, suppressed), complaint = read(job, root, text)
    assert complaint is None
    assert (leak.bytes, leak.count, leak.kind) == (96, 2, "Leak_DefinitelyLost")
    assert leak.frames[1].function == "lose<T>"
    assert (leak.frames[1].file, leak.frames[1].line) == ("workloads/leaks.c", 3)
    assert [line.number for line in leak.frames[1].excerpt] == [1, 2, 3, 4, 5]
    assert leak.frames[1].excerpt[2].text == "line 3 <b>"
    assert leak.suppression == "{ x }"
    assert (suppressed.count, suppressed.suppressed) == (4, True)


@pytest.mark.parametrize(
    "text",
    ["", "<valgrindoutput>", PAGE.format(version=5, error=""), "no xml at all"],
)
def test_torn_xml_is_a_complaint(job, root, text):
    _, complaint = read(job, root, text)
    assert complaint


def test_no_xml_is_a_complaint(job, root):
    found = collect_valgrind(job, unstarted(job, CREATED, ""), root, root)
    assert found == ((), "valgrind wrote no XML")


def test_an_excerpt_never_leaves_the_project(root):
    paths = Paths(root, root / "build")
    for site in ("/etc/passwd:1", "../../../etc/passwd:1", "workloads/leaks.c:99"):
        assert site_frame(site, paths)[0].excerpt == ()
    for site in ("workloads/leaks.c:3", "../workloads/leaks.c:3"):
        frame = site_frame(site, paths)[0]
        assert (frame.file, len(frame.excerpt)) == ("workloads/leaks.c", 5)
    assert site_frame(None, paths) == ()


def test_a_planted_leak_needs_every_detector_and_a_line(job, root):
    text = PAGE.format(version=4, error=ERROR.format(root=root))
    found, _ = read(job, root, text)
    findings = [f for f in mark_expected(found) if not f.suppressed]
    assert findings[0].expected
    row = tally_row(job, "lost_reference", findings)
    assert (row.valgrind, row.runtime, row.right) == (1, 0, False)
    assert "runtime" in row.note
    assert not tally_row(job, "clean", findings).right
    assert tally_row(job, "clean", []).right


INFO = """TN:
SF:{root}/impl/a.c
FN:1,f
FN:9,g
FNF:2
BRDA:4,0,0,7
BRDA:4,0,1,2
BRDA:11,0,0,-
BRDA:9,0,1,0
FNH:1
BRF:4
BRH:3
LF:10
LH:9
end_of_record
SF:/usr/include/x.h
LF:1
LH:1
end_of_record
"""


def test_coverage_adds_up(root):
    (root / "coverage").mkdir()
    (root / "coverage" / "impl.info").write_text(INFO.format(root=root))
    found = collect_coverage(root, root)
    assert (found.lines_hit, found.lines_found) == (10, 11)
    assert (found.branches_hit, found.functions_hit) == (3, 1)
    assert [f.path for f in found.files] == ["impl/a.c", "/usr/include/x.h"]
    assert found.html is None


LEDGER_TEXT = """schema = 1
[[gap]]
file = "impl/a.c"
why = "no host does this"
functions = {{ {functions} }}
"""


def measured(root: Path, functions: str):
    """What the info file above and a ledger say together."""
    (root / "coverage").mkdir()
    (root / "coverage" / "impl.info").write_text(INFO.format(root=root))
    (root / "impl" / "tests").mkdir(parents=True)
    (root / LEDGER).write_text(LEDGER_TEXT.format(functions=functions))
    gaps = collect_coverage(root, root).gaps
    return gaps, disagreements(read_ledger(root / LEDGER), gaps)


def test_branches_not_taken_are_listed_by_function_with_the_reason(root):
    (gap,), wrong = measured(root, "g = 2")
    assert (gap.path, gap.function, gap.lines) == ("impl/a.c", "g", (9, 11))
    assert gap.why == "no host does this"
    assert not wrong


@pytest.mark.parametrize(
    ("functions", "sentence"),
    [
        ("", "g: 2 branches are not taken (line 9, 11), coverage_gap.toml has 0"),
        ("g = 1", "g: 2 branches are not taken (line 9, 11), coverage_gap.toml has 1"),
        ("g = 2, f = 1", "f: every branch is taken, coverage_gap.toml has 1"),
        ("g = 2, gone = 1", "gone: every branch is taken, coverage_gap.toml has 1"),
    ],
)
def test_the_ledger_and_the_measurement_must_agree(root, functions, sentence):
    (gap,), wrong = measured(root, functions)
    assert gap.function == "g"
    assert len(wrong) == 1
    assert sentence in wrong[0]


@pytest.mark.parametrize(
    ("functions", "sometimes", "sentences"),
    [
        ("g = 2", "f = 1, gone = 3", []),
        ("", "g = 2", []),
        ("g = 1", "g = 1", []),
        ("g = 1", "f = 2", ["g: 2 branches are not taken"]),
        ("g = 1, f = 1", "g = 1, f = 1", ["f: every branch is taken"]),
    ],
)
def test_what_some_runs_take_may_be_taken_or_not(root, functions, sometimes, sentences):
    measured(root, functions)
    path = root / LEDGER
    entry = LEDGER_TEXT.format(functions=sometimes).removeprefix("schema = 1")
    path.write_text(path.read_text() + entry + "sometimes = true\n")
    ledger = read_ledger(path)
    wrong = disagreements(ledger, collect_coverage(root, root).gaps)
    assert len(wrong) == len(sentences)
    assert all(said in one for said, one in zip(sentences, wrong, strict=True))
    why = collect_coverage(root, root).gaps[0].why
    assert (why or "").endswith("some runs take it: no host does this") is (
        "g" in sometimes.split()
    )


def test_a_function_is_judged_once(root):
    text = LEDGER_TEXT.format(functions="g = 2")
    path = root / "twice.toml"
    path.write_text(text + text.removeprefix("schema = 1"))
    with pytest.raises(PmmError, match="g is listed 2 times"):
        read_ledger(path)


@pytest.mark.parametrize("text", ["", "SF:a\nLF:10\n", "SF:a\nLF:x\nend_of_record\n"])
def test_torn_coverage_is_refused(root, text):
    (root / "coverage").mkdir()
    (root / "coverage" / "impl.info").write_text(text)
    with pytest.raises(PmmError, match="cannot read coverage"):
        collect_coverage(root, root)
