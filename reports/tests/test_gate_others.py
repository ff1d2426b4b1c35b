# SPDX-License-Identifier: MIT
"""Another project's pipeline: its steps, run one by one in a repository of its own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import dekobon_tree_sitter_groovy as groovy
import pytest
import tree_sitter
import yaml

from pmm.render import markdown

ROOT = Path(__file__).resolve().parents[2]
GITHUB, GITLAB = ROOT / "ci" / "github", ROOT / "ci" / "gitlab"
JENKINS = ROOT / "ci" / "jenkins" / "Jenkinsfile"
PLAIN = ROOT / "ci" / "plain" / "pmm.sh"
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
    (baseline,) = (pipeline.root / ".pmm" / "runtime").glob("*/run.json")
    kept = baseline.read_bytes()

    equal = pipeline.gate()
    assert equal.returncode == 0, equal.stdout + equal.stderr
    assert "nothing is worse than" in pipeline.summary()
    assert baseline.read_bytes() == kept, "only the main branch moves the baseline"

    shutil.copy(BROKEN, pipeline.root / "mine.so")
    bad = pipeline.gate("--update")
    assert bad.returncode == 3, bad.stdout + bad.stderr
    assert pipeline.summary().startswith("## ❌ pmm: Fail")
    assert "### Problems" in pipeline.summary()
    assert "::error title=" in bad.stdout
    assert (pipeline.root / "pmm-report" / "junit.xml").is_file()
    (log,) = json.loads((pipeline.root / "pmm.sarif").read_text())["runs"]
    assert {result["level"] for result in log["results"]} == {"error"}
    assert json.loads((pipeline.root / "pmm-code-quality.json").read_text())
    assert "fail: " in (pipeline.root / "pmm-badge.svg").read_text()
    assert baseline.read_bytes() == kept, "a red run is no baseline"
    assert len(list(baseline.parents[1].glob("*/run.json"))) == 1


def test_what_was_built_is_kept_for_the_same_sources(tmp_path):
    steps = yaml.safe_load((GITHUB / "action.yml").read_text())["runs"]["steps"]
    (told,) = (one["run"] for one in steps if one.get("id") == "pmm")
    (kept,) = (one["with"] for one in steps if one["name"] == "Keep what was built")
    assert kept["key"] == "${{ steps.pmm.outputs.key }}"
    place = tmp_path / "pmm of theirs"
    for name in ("ci/github/action.yml", "build/x.o", "a b.c"):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(name)

    def answer() -> list[str]:
        (tmp_path / "out").write_text("")
        done = Pipeline(tmp_path).run(
            told, GITHUB_ACTION_PATH=str(place / "ci" / "github"),
            GITHUB_OUTPUT=str(tmp_path / "out"), ImageOS="ubuntu24",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return (tmp_path / "out").read_text().splitlines()

    root, key = answer()
    assert root == f"root={place}"
    assert key.startswith("key=pmm-ubuntu24-")
    assert (place / "a b.c").stat().st_mtime == 0
    (place / "build" / "x.o").write_text("built again")
    assert answer() == [root, key]
    assert (place / "build" / "x.o").stat().st_mtime > 0
    (place / "a b.c").write_text("changed")
    assert answer()[1] != key


def other_machine(run: dict) -> None:
    """Let a run be of another machine, and its figures of time be others."""
    run["environment"] |= {"host": "elsewhere", "cpu": "another", "kernel": "1.0"}


def more_allocations(run: dict) -> None:
    """Let each case have allocated once more than it did."""
    for case in run["cases"]:
        if case["counters"].get("allocations") is not None:
            case["counters"]["allocations"] -= 1


def nothing_in_common(run: dict) -> None:
    """Let a run be one of a later version."""
    run["version"] = 99


@pytest.mark.long
@pytest.mark.parametrize(
    ("change", "codes", "said"),
    [
        (other_machine, (0, 0), "nothing is worse than"),
        (more_allocations, (3, 3), "allocations"),
        (nothing_in_common, (5, 0), "was written by another version of pmm"),
    ],
)
def test_a_baseline_that_is_old_or_from_elsewhere(tmp_path, change, codes, said):
    shutil.copy(ROOT / "build" / "bench" / "known" / "extra_0.so", tmp_path / "mine.so")
    pipeline = Pipeline(tmp_path)
    first = pipeline.gate("--update")
    assert first.returncode == 0, first.stdout + first.stderr
    (baseline,) = (tmp_path / ".pmm" / "runtime").glob("*/run.json")
    stamp = baseline.with_name("baseline.json")
    stamp.write_text(re.sub(r'"saved": *"\d+', '"saved":"1999', stamp.read_text()))
    run = json.loads(baseline.read_text())
    change(run)
    baseline.write_text(json.dumps(run))
    for update, code in zip(("", "--update"), codes, strict=True):
        done = pipeline.gate(update)
        assert done.returncode == code, done.stdout + done.stderr
        assert said in done.stdout + done.stderr or update
        assert "days old" in done.stderr or update


# ------------------------------------------------- Jenkins, and any other pipeline


def jenkins_steps() -> tuple[dict[str, str], dict[str, str]]:
    """Return the variables of the Jenkinsfile, and its scripts by stage."""
    text = JENKINS.read_text()
    variables = dict(re.findall(r"^ {4}(\w+) = '(.*)'$", text, re.MULTILINE))
    stages = re.split(r"stage\('(.*)'\)", text.partition("stages {")[2])[1:]
    scripts = {
        name: re.findall(r"sh '''(.*?)'''", body, re.DOTALL)
        or re.findall(r"sh '(.*)'", body)
        for name, body in zip(stages[::2], stages[1::2], strict=True)
    }
    return variables, {name: found for name, (found,) in scripts.items()}


def errors_of(tree: tree_sitter.Node) -> list[str]:
    """Return what a parser made nothing of."""
    found = [str(tree.start_point)] if tree.is_error or tree.is_missing else []
    return found + [one for child in tree.children for one in errors_of(child)]


def test_the_jenkinsfile_is_groovy_and_its_stages_are_scripts():
    language = tree_sitter.Language(groovy.language())
    parser = tree_sitter.Parser(language)
    text = JENKINS.read_bytes()
    assert errors_of(parser.parse(text).root_node) == []
    assert errors_of(parser.parse(text.replace(b"steps {", b"steps ((")).root_node)
    variables, scripts = jenkins_steps()
    assert list(scripts) == ["Build", "Build the base", "Fetch pmm", "Gate"]
    assert variables["PMM_KIND"] == "allocator"


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A repository that stands for pmm's: its script, with what is built here."""
    root = tmp_path / "origin"
    (root / "ci").mkdir(parents=True)
    shutil.copy(ROOT / "ci" / "gate.sh", root / "ci")
    for name in (".venv", "build"):
        (root / name).symlink_to(ROOT / name)
    for words in (("init", "-q", "-b", "main"), ("add", "."), ("commit", "-qm", "x")):
        subprocess.run(
            ["git", "-c", "user.name=x", "-c", "user.email=x@y", *words],
            cwd=root, check=True,
        )  # fmt: skip
    return root


def call(script: list[str], root: Path, **more: str):
    """Run a script of somebody's repository."""
    return subprocess.run(
        script, cwd=root, capture_output=True, text=True, check=False, timeout=300,
        env={**os.environ, "XDG_CACHE_HOME": str(root / "cache"), **more},
    )  # fmt: skip


@pytest.mark.long
def test_jenkins_stages_fetch_gate_and_stop_a_regression(suite, tmp_path):
    theirs = tmp_path / "their repository"
    theirs.mkdir()
    shutil.copy(EXAMPLE, theirs / "mine.so")
    variables, scripts = jenkins_steps()
    variables |= {
        "PMM_REPOSITORY": str(suite), "PMM_KIND": "runtime", "PMM_WHAT": "./mine.so",
        "PMM_OPTIONS": "--ready --case ref.*", "JOB_NAME": "a folder/theirs",
    }  # fmt: skip
    codes = []
    for name in (EXAMPLE, EXAMPLE, BROKEN):
        shutil.copy(name, theirs / "mine.so")
        fetched = call(["sh", "-xe", "-c", scripts["Fetch pmm"]], theirs, **variables)
        assert fetched.returncode == 0, fetched.stderr
        gated = call(["sh", "-xe", "-c", scripts["Gate"]], theirs, **variables)
        codes.append(gated.returncode)
    assert codes == [0, 0, 3], gated.stdout + gated.stderr
    kept = theirs / "cache" / "pmm" / "baselines" / "job-a-folder" / "runtime"
    assert list(kept.glob("*/run.json"))
    assert (theirs / "pmm-report" / "junit.xml").is_file()


def test_gitlabs_script_gates_and_leaves_what_its_reports_name(suite, tmp_path):
    shutil.copy(EXAMPLE, tmp_path / "mine.so")
    job = yaml.safe_load((GITLAB / "gate.gitlab-ci.yml").read_text())[".pmm-gate"]
    variables = job["variables"] | {
        "PMM_REPOSITORY": f"file://{suite}", "PMM_KIND": "runtime",
        "PMM_WHAT": "./mine.so", "PMM_OPTIONS": "--ready --case ref.*",
        "CI_COMMIT_BRANCH": "main", "CI_DEFAULT_BRANCH": "main",
    }  # fmt: skip
    script = ["bash", "-eo", "pipefail", "-c", "\n".join(job["script"])]
    done = call(script, tmp_path, **variables)
    assert done.returncode == 0, done.stdout + done.stderr
    files, reports = job["artifacts"]["paths"], job["artifacts"]["reports"]
    for name in (*files, reports["codequality"], reports["junit"][0]):
        assert (tmp_path / name).exists(), name
    assert list((tmp_path / job["cache"]["paths"][0]).glob("runtime/*/run.json"))


@pytest.mark.long
@pytest.mark.parametrize(
    ("kind", "what"),
    [
        ("allocator", f"mine={ROOT}/build/bench/known/slow_0.so,prefix=slow_"),
        ("interpreter", sys.executable),
    ],
)
def test_an_allocator_and_an_interpreter_pass_twice(tmp_path, kind, what):
    words = [str(ROOT / "ci" / "gate.sh"), kind, what, "--ready", "--profile", "smoke"]
    for expected in ("nothing is compared", "nothing is worse than"):
        done = call(words, tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
        assert expected in done.stdout


def test_the_plain_script_gates_an_extension(suite, tmp_path):
    words = ["zlib:compressobj", "--python", sys.executable, "--check", "cycles"]
    done = call(
        [str(PLAIN), "extension", *words, "--ready"], tmp_path,
        PMM_REPOSITORY=str(suite),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "pmm-report.md").is_file()
    assert (tmp_path / "pmm-report" / "junit.xml").is_file()
    assert subprocess.run(["bash", "-n", PLAIN], check=False).returncode == 0


@pytest.mark.parametrize(
    "words",
    [
        (), ("allocator",), ("runtimes", "./mine.so"), ("runtime", "./none.so"),
        ("runtime", str(EXAMPLE), "--base", "./none.so"),
        ("extension", "zlib", "--base", str(EXAMPLE)),
        ("runtime", str(EXAMPLE), "--case", "nothing.*"),
    ],
)  # fmt: skip
def test_a_wrong_call_is_2_and_says_why(tmp_path, words):
    done = subprocess.run(
        [ROOT / "ci" / "gate.sh", *words, *(("--ready",) if len(words) >= 2 else ())],
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
