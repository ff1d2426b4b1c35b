# SPDX-License-Identifier: MIT
"""`pmm museum`: regressions that are told by counts, in the reference and outside."""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path

import pytest
from real import ROOT
from test_cli import call

from pmm.documents.museum import Museum, decode_museum

BUILD = ROOT / "build"
TABLE = ROOT / "conformance" / "museum" / "museum.toml"
pytestmark = pytest.mark.skipif(
    not (BUILD / "workloads" / "ledger" / "pmm-ledger").is_file(),
    reason="pmm-ledger is not built",
)


def museum(*arguments: object, folder: Path) -> tuple[int, Museum | None, str]:
    """Run the verb; return its code, its document, and what it said."""
    path = folder / "museum.json"
    words = ["museum", "--build", str(BUILD), "--out", str(path)]
    done = call(*words, *map(str, arguments))
    found = decode_museum(path.read_bytes()) if path.is_file() else None
    return done.exit_code, found, " ".join(done.output.split())


def test_a_regression_is_told_apart_and_looked_for(tmp_path):
    code, found, said = museum(
        "--exhibit", "literal_has_spare", "--exhibit", "not_seen_again",
        "--python", sys.executable, folder=tmp_path,
    )  # fmt: skip
    assert code == 0
    assert "2 of 2 regressions are told apart" in said
    for one in found.exhibits:
        assert one.sound <= one.bound < one.faulty
        assert [seen.fault for seen in one.seen] == [None]
        assert one.seen[0].shows == (one.seen[0].figure > one.bound)


@pytest.mark.long
def test_who_cannot_be_looked_into_is_a_line(tmp_path):
    code, found, said = museum(
        "--exhibit", "literal_has_spare", "--python", "/bin/cat", folder=tmp_path
    )
    assert code == 0
    assert "cat: it does not say what it is" in said
    assert found.exhibits[0].seen[0].figure is None
    code, found, said = museum("--exhibit", "nothing", folder=tmp_path / "b")
    assert (code, found) == (2, None)
    assert "there are garbage_waits" in said


def test_every_exhibit_has_its_programs():
    with TABLE.open("rb") as stream:
        table = tomllib.load(stream)["exhibit"]
    native = (ROOT / "workloads" / "ledger" / "exhibits.c").read_text()
    inside = (ROOT / "reports/pmm/inside/museum/exhibits.py").read_text()
    assert len(table) == 10
    for one in table:
        assert f'{{"{one["id"]}", {one["id"]},' in native
        assert f"def {one['id']}():" in inside
        assert (ROOT / one["file"]).read_text().count(one["old"]) == 1


def test_the_document_is_the_answer(tmp_path):
    path = tmp_path / "museum.json"
    done = call("museum", "--build", str(BUILD), "--out", str(path), "--json",
                "--no-python", "--exhibit", "tuples_pile_up")  # fmt: skip
    assert done.exit_code == 0
    assert json.loads(done.stdout) == json.loads(path.read_text())
    assert json.loads(done.stdout)["exhibits"][0]["sound"] == 1
