# SPDX-License-Identifier: MIT
"""Facts of interpreters and programs line by line: measured, gathered, shown."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys

import msgspec
import pytest
from facts_sample import FACTS, film, sheet, sheets
from pages import only, opened
from real import ROOT
from rich.console import Console
from sample_jobs import CREATED

from pmm.cli.facts_print import print_facts
from pmm.collect.facts import read_facts
from pmm.documents.facts import FactsDocument, Film
from pmm.execute.executor import unstarted
from pmm.judge.facts import text_of
from pmm.plan.parts import make_job
from pmm.render.facts import context
from pmm.render.figures import alone, csv_of
from pmm.render.site import render
from pmm.render.strips import strip

SCRIPT = ROOT / "reports/pmm/inside/facts/run.py"
LOOK = """
import sys
sys.path.insert(0, sys.argv[1])
from film import shoot
print([(f["blocks"], f["live_bytes"], f["objects"]) for f in
       shoot("pass\\nNone\\nany\\nNone\\n", {}, "")])
"""


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> FactsDocument:
    """What the tests' own interpreter says of itself."""
    path = tmp_path_factory.mktemp("facts") / "document.json"
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONMALLOC"}
    subprocess.run([sys.executable, SCRIPT, "--json", path], check=True, env=kept)
    return msgspec.json.decode(path.read_bytes(), type=FactsDocument)


@pytest.fixture(scope="module")
def films(measured: FactsDocument) -> dict[str, Film]:
    return {one.name: one for one in measured.films}


def test_the_facts_are_those_of_the_interpreter_that_was_asked(measured):
    facts = {one.key: one.value for one in measured.facts}
    assert measured.subject_version == sys.version.split()[0]
    assert facts["empty_list"] == sys.getsizeof([])
    assert facts["empty_dict"] == sys.getsizeof({})
    assert facts["list_growth"][0] == 4
    assert facts["small_ints"][0] == -5
    assert facts["pool"] % 4096 == 0
    assert (facts["step"], facts["small_request"], facts["classes"]) == (16, 512, 32)
    assert len(facts) == len(measured.facts)


def test_looking_at_a_program_holds_nothing_and_adds_nothing():
    """A program that makes nothing leaves every count where it was."""
    done = subprocess.run(
        [sys.executable, "-c", LOOK, SCRIPT.parent], capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert done.stdout.strip() == str([(0, 0, [])] * 4)


def counts(film: Film, line: int) -> list[tuple[tuple[str, ...], int | None]]:
    """Names and references behind the first run of a line."""
    frame = next(one for one in film.frames if one.line == line)
    return [(one.names, one.references) for one in frame.objects]


def test_references_are_those_of_the_program_alone(films):
    assert counts(films["names"], 1) == [(("x",), 1)]
    assert counts(films["names"], 2) == [(("x", "y"), 2)]
    assert counts(films["names"], 4) == [(("y",), 1)]
    assert counts(films["list_and_tuple"], 2)[0] == (("item",), 4)
    assert (("pair", "other_pair"), 2) in counts(films["list_and_tuple"], 5)


def test_a_circle_lives_without_names_until_it_is_collected(films):
    circle = films["cycle"]
    assert counts(circle, 6) == [((), 1), ((), 1)]
    assert counts(circle, 7) == []
    held = {one.line: one.blocks for one in circle.frames}
    assert held[6] == held[4] > held[7]
    assert held[7] <= 0


def test_a_list_holds_all_and_a_generator_one(films):
    most = {
        name: max(one.live_bytes for one in films[name].frames)
        for name in ("list", "generator")
    }
    assert most["list"] > 50 * most["generator"]
    assert films["list"].frames[-1].live_bytes < most["list"] / 10


def test_closing_a_file_leaves_its_text(films):
    held = {one.line: one.live_bytes for one in films["close"].frames}
    assert held[3] > 200_000 > 20_000 > held[4]


def test_generations_follow_the_collections(films):
    ages = [one.objects[0].generation for one in films["generations"].frames]
    assert ages == sorted(ages)
    assert ages[0] == 0 < ages[-1]


# -------------------------------------------------------------------- gathered


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (None, "no document"),
        ("{", "not valid"),
        ({"facts": []}, "measured nothing"),
        ({"subject": "pypy"}, "it reports subject pypy"),
    ],
)
def test_a_document_is_believed_only_of_what_was_asked(tmp_path, text, complaint):
    job = make_job("facts", "cpython-3.8", ["python3", "run.py"], subject="cpython")
    path = tmp_path / "document.json"
    if isinstance(text, dict):
        whole = json.loads(msgspec.json.encode(sheet("3.8.18").document))
        text = json.dumps({**whole, **text})
    if text is not None:
        path.write_text(text)
    _, said = read_facts(job, unstarted(job, CREATED, ""), path)
    assert complaint in said.replace("wrote no document", "no document")


# ----------------------------------------------------------------------- shown


def test_columns_that_agree_share_one_and_changes_are_marked(run):
    told = context(run)
    assert [one.label for one in told["columns"]] == ["3.8.18", "3.12.1, 3.12.9"]
    rows = {row.key: row for _, mine in told["differing"] for row in mine}
    assert sorted(rows) == ["arena", "empty_dict", "immortal_none"]
    assert [cell.changed for cell in rows["empty_dict"].cells] == [False, True]
    assert told["sentence"].startswith(
        "Of 5 measured facts 3 differ among the 3 CPythons from 3.8.18 to 3.12.9"
    )


def test_one_interpreter_has_nothing_to_differ_from(run):
    alone_here = msgspec.structs.replace(run, facts=sheets()[:1])
    told = context(alone_here)
    assert told["differing"] == []
    assert told["figures"] == []
    assert "with two CPythons" in told["sentence"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (True, "yes"), (False, "no"), (1048576, "1,048,576"),
     ((-5, 1024), "−5, 1024"), ("x", "x")],
)  # fmt: skip
def test_values_read_well(value, text):
    assert text_of(value) == text


def test_a_strip_tells_names_counts_and_the_end_of_an_object():
    text = strip(film(64))
    assert text.count(">freed<") == 1
    assert text.count(">no name<") == 1
    assert text.count(">∞<") == 2
    assert "second = [first]" in text
    assert "+2 blocks, +120 B" in text


def test_figures_can_be_taken_away(report, run):
    page = (report / "film.html").read_text(encoding="utf-8")
    for name in ("film-hold-newest", "film-hold-oldest"):
        assert f'id="figure-{name}"' in page
        drawing = (report / "figures" / f"{name}.svg").read_text(encoding="utf-8")
        assert "var(--" not in drawing
        assert f'href="figures/{name}.svg"' in page
    table = (report / "figures" / "facts-by-version.csv").read_text(encoding="utf-8")
    rows = list(csv.reader(io.StringIO(table)))
    assert rows[0] == ["group", "fact", "unit", "3.8.18", "3.12.1, 3.12.9"]
    assert len(rows) == 1 + len(FACTS["3.8.18"])
    assert f"run {run.id} of 2025-01-01" in page


def test_a_picture_is_made_on_request(run, tmp_path):
    with only("film"):
        folder = render(run, tmp_path / "out", pictures=True).parent
    picture = (folder / "figures" / "film-hold-newest.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    assert "film-hold-newest.png" in (folder / "film.html").read_text(encoding="utf-8")


def test_numbers_taken_away_are_numbers_and_run_nothing():
    text = csv_of(("a", "b"), [("=1+1", "+1,204"), ("-x", "−3")])
    assert text == "a,b\n'=1+1,+1204\n'-x,−3\n"


def test_a_drawing_alone_needs_no_page():
    text = alone('<svg viewBox="0 0 10 20"><rect fill="var(--ink)"/></svg>')
    assert 'width="10" height="20"' in text
    assert 'fill="#1c1e21"' in text


def test_the_page_shows_every_cell(browser, report, run):
    page = opened(browser, report, "facts")
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    for key, value in FACTS["3.12.1"].items():
        cells = page.locator(f"#fact-{key} td").all_inner_texts()
        assert text_of(value) in cells[-1]
        differs = value != FACTS["3.8.18"][key]
        assert ("changed" in cells[-1]) == differs


def test_the_console_says_what_the_page_says(run):
    console = Console(file=io.StringIO(), width=120)
    planned = make_job("facts", "cpython-3.8.18", ["python3", "run.py"])
    print_facts(msgspec.structs.replace(run, plan=(planned,)), console)
    said = console.file.getvalue()
    assert context(run)["sentence"] in " ".join(said.split())
    assert "◆ 64" in said
    assert "empty_list" not in said
    print_facts(run, console)
    assert console.file.getvalue() == said, "other runs have other things to say"
