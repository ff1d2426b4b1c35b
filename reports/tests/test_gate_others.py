# SPDX-License-Identifier: MIT
"""Another project's pipeline: its steps, run one by one in a repository of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from pmm.render import markdown

ROOT = Path(__file__).resolve().parents[2]
GITHUB, GITLAB = ROOT / "ci" / "github", ROOT / "ci" / "gitlab"
EXAMPLE = ROOT / "build" / "conformance" / "example" / "example_subject.so"
BROKEN = ROOT / "build" / "conformance" / "fakes" / "double_free.so"
SCHEMAS = {
    GITHUB / "action.yml": "vendor.github-actions",
    GITHUB / "gate.yml": "vendor.github-workflows",
    GITHUB / "pmm.yml": "vendor.github-workflows",
    GITLAB / "gate.gitlab-ci.yml": "vendor.gitlab-ci",
    GITLAB / "pmm.gitlab-ci.yml": "vendor.gitlab-ci",
}


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.name)
def test_templates_are_as_their_servers_want_them(path):
    schema = SCHEMAS[path]
    extra = ["--data-transform", "gitlab-ci"] if "gitlab" in schema else []
    done = subprocess.run(
        [
            sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema,
            *extra, path,
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_foreign_actions_are_pinned_and_rights_are_the_least():
    workflow = yaml.safe_load((GITHUB / "gate.yml").read_text())
    action = yaml.safe_load((GITHUB / "action.yml").read_text())
    assert workflow["permissions"] == {"contents": "read"}
    assert workflow["concurrency"]["cancel-in-progress"] is True
    steps = [*workflow["jobs"]["gate"]["steps"], *action["runs"]["steps"]]
    used = [step["uses"] for step in steps if "uses" in step]
    assert used
    for name in used:
        ref = name.partition("@")[2]
        assert ref == "REF" or len(ref) == 40, name


@dataclass
class Pipeline:
    """A repository that is not ours, and the steps of the action in it."""

    root: Path

    def run(self, script: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a step as the server does."""
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
            cwd=self.root, capture_output=True, text=True, check=False, timeout=300,
            env={
                **os.environ, "GITHUB_ACTIONS": "true", "HOME": str(self.root),
                "GITHUB_ACTION_PATH": str(GITHUB),
                "GITHUB_STEP_SUMMARY": str(self.root / "step.md"), **variables,
            },
        )  # fmt: skip

    def gate(self, update: str = "") -> subprocess.CompletedProcess[str]:
        """Run the steps that are scripts; return what the gate answered."""
        steps = yaml.safe_load((GITHUB / "action.yml").read_text())["runs"]["steps"]
        scripts = {step["name"]: step["run"] for step in steps if "run" in step}
        done = self.run(
            scripts["Gate"], KIND="runtime", WHAT="./mine.so", UPDATE=update,
            OPTIONS="--ready --case ref.*",
        )  # fmt: skip
        (self.root / "step.md").write_text("")
        said = self.run(scripts["Say what changed"])
        assert said.returncode == 0, said.stderr
        return done

    def summary(self) -> str:
        """What the page of the job shows."""
        return (self.root / "step.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    if not EXAMPLE.is_file() or not BROKEN.is_file():
        pytest.skip("the examples are not built")
    found = Pipeline(tmp_path_factory.mktemp("their repository"))
    shutil.copy(EXAMPLE, found.root / "mine.so")
    return found


def test_a_first_run_is_green_an_equal_one_too_and_a_regression_is_stopped(pipeline):
    first = pipeline.gate()
    assert first.returncode == 0, first.stdout + first.stderr
    assert "no baseline in .pmm yet" in first.stdout
    baseline = pipeline.root / ".pmm" / "run.json"
    kept = baseline.read_bytes()

    equal = pipeline.gate()
    assert equal.returncode == 0, equal.stdout + equal.stderr
    assert "nothing worse than" in pipeline.summary()
    assert baseline.read_bytes() == kept, "only the main branch moves the baseline"

    shutil.copy(BROKEN, pipeline.root / "mine.so")
    bad = pipeline.gate("--update")
    assert bad.returncode == 3, bad.stdout + bad.stderr
    assert pipeline.summary().startswith("## ❌ pmm: Fail")
    assert "### What is wrong" in pipeline.summary()
    assert "::error title=" in bad.stdout
    assert (pipeline.root / "pmm-report" / "junit.xml").is_file()
    assert baseline.read_bytes() == kept, "a red run is no baseline"


@pytest.mark.parametrize(
    "words", [(), ("allocator",), ("runtimes", "./mine.so"), ("runtime", "./none.so")]
)
def test_a_wrong_call_is_2_and_says_why(tmp_path, words):
    done = subprocess.run(
        [ROOT / "ci" / "gate.sh", *words, *(("--ready",) if len(words) == 2 else ())],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_name_from_outside_is_no_markup():
    hostile = "x`y` | [a](javascript:b) <img src=x> @all #1\n## heading"
    written = markdown.text(hostile)
    assert "\n" not in written
    for mark in "`|[]<>@#":
        assert f"\\{mark}" in written
    fenced = list(markdown.code("```\nrm -rf /\n```", "sh"))
    assert fenced[0] == "````sh"
    assert fenced[-1] == "````"
