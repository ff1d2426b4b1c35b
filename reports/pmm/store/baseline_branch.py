# SPDX-License-Identifier: MIT
"""Baselines in a branch of a git repository, which no work tree ever shows.

1. The branch is one commit without a parent: what is dropped is gone from the
   repository once git tidies up, and a fetch brings no history.
2. A change is made in an index of its own and put in place only if the branch is
   still where it was; else it is made again on what is there then.
3. With a remote, the branch is fetched before it is read, and pushed.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pmm.base.cache import cache_folder
from pmm.base.errors import PmmError, no_room
from pmm.base.tools import answered, called
from pmm.documents.baseline import Stamp, encode_stamp
from pmm.store.baselines import STAMP, read_stamp
from pmm.store.runs import RUN, write_atomically

AUTHOR = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "pmm"), ("EMAIL", "pmm@localhost"))
}
"""A pipeline's machine has no name of its own."""
TRIES = 4
EXTRACTED = "from-branches"
NOWHERE = "0" * 40
"""What git calls the commit of a branch that is not there."""


@dataclass(frozen=True)
class BranchPlace:
    """A branch of the repository that a folder belongs to."""

    root: Path
    branch: str
    remote: str | None = None

    @property
    def ref(self) -> str:
        """The branch by its whole name."""
        return f"refs/heads/{self.branch}"

    def git(self, *words: str) -> str:
        """Ask git."""
        return answered(("git", *words), self.root)

    def head(self) -> str | None:
        """Return the commit that holds the baselines; None: there is no branch."""
        if self.remote is None:
            return self.git("for-each-ref", "--format=%(objectname)", self.ref) or None
        found = self.git("ls-remote", self.remote, self.ref).split()
        if not found:
            return None
        self.git("fetch", "--quiet", "--no-tags", self.remote, self.ref)
        return self.git("rev-parse", "FETCH_HEAD")

    def stamps(self) -> list[Stamp]:
        """Return what is there."""
        head = self.head()
        if head is None:
            return []
        names = self.git("ls-tree", "-r", "--name-only", "-z", head).split("\0")
        return [
            read_stamp(self.blob(head, name), f"{self.branch}:{name}")
            for name in names
            if name.endswith(f"/{STAMP}")
        ]

    def blob(self, head: str, name: str) -> bytes:
        """Return a file of the branch."""
        return called(("git", "cat-file", "blob", f"{head}:{name}"), self.root)

    def run_file(self, stamp: Stamp) -> Path:
        """Return a file with the run of a baseline, taken out of the branch."""
        path = cache_folder() / EXTRACTED / stamp.sha256 / RUN
        if not path.is_file():
            head = self.head()
            if head is None:
                raise PmmError(f"the branch {self.branch} is gone")
            data = self.blob(head, f"{stamp.folder}/{RUN}")
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise no_room(error, path) from error
            write_atomically(path, data)
        return path

    def change(self, put: Mapping[Stamp, bytes], drop: Sequence[Stamp]) -> None:
        """Put a commit with the change in the place of the branch's."""
        files = {
            f"{stamp.folder}/{name}": self.stored(data)
            for stamp, run in put.items()
            for name, data in ((RUN, run), (STAMP, encode_stamp(stamp)))
        }
        gone = [f"{one.folder}/{name}" for one in drop for name in (RUN, STAMP)]
        for attempt in range(1, TRIES + 1):
            head = self.head()
            try:
                self.move(head, self.committed(head, files, gone))
            except PmmError:
                if attempt == TRIES or self.head() == head:
                    raise
            else:
                return

    def stored(self, data: bytes) -> str:
        """Write a file's content into the repository."""
        made = called(("git", "hash-object", "-w", "--stdin"), self.root, data)
        return made.decode().strip()

    def committed(
        self, head: str | None, files: Mapping[str, str], gone: Sequence[str]
    ) -> str:
        """Make the commit that holds what is there, with the change."""
        lines = [f"0 {NOWHERE}\t{name}\0" for name in gone]
        lines += [f"100644 {blob}\t{name}\0" for name, blob in files.items()]
        with tempfile.TemporaryDirectory(prefix="pmm-") as folder:
            own = {"GIT_INDEX_FILE": f"{folder}/index", **AUTHOR}

            def step(*words: str, given: str = "") -> str:
                made = called(("git", *words), self.root, given.encode(), own)
                return made.decode().strip()

            step("read-tree", head or "--empty")
            step("update-index", "-z", "--index-info", given="".join(lines))
            tree = step("write-tree")
            return step("commit-tree", tree, given="Baselines of pmm\n")

    def move(self, head: str | None, made: str) -> None:
        """Put a commit in the place of the one that was read."""
        if self.remote is None:
            self.git("update-ref", self.ref, made, head or NOWHERE)
            return
        lease = f"--force-with-lease={self.ref}:{head or ''}"
        self.git("push", "--quiet", lease, self.remote, f"{made}:{self.ref}")
