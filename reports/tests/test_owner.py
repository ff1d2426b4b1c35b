# SPDX-License-Identifier: MIT
"""A clone that belongs to another user is a clone all the same."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from pmm.discover.environment import git_state


@pytest.mark.skipif(os.getuid() != 0 or not shutil.which("git"), reason="needs root")
def test_the_commit_of_somebody_elses_clone_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its commit is found, and the user's own settings stay as they are."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    clone = tmp_path / "a clone"
    clone.mkdir()
    (clone / "file").write_text("one")

    def git(*words: str) -> subprocess.CompletedProcess[str]:
        settings = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        return subprocess.run(
            ["git", *settings, *words], cwd=clone, capture_output=True, text=True,
            check=False,
        )  # fmt: skip

    for words in (("init", "-q"), ("add", "."), ("commit", "-qm", "one")):
        assert git(*words).returncode == 0
    commit = git("rev-parse", "HEAD").stdout.strip()
    for path in (clone, *clone.rglob("*")):
        os.chown(path, 12345, 12345)
    assert "dubious ownership" in git("status").stderr
    assert git_state(clone) == (commit, False)
    (clone / "file").write_text("two")
    assert git_state(clone) == (commit, True)
    assert not (tmp_path / "home" / ".gitconfig").exists()
