# SPDX-License-Identifier: MIT
"""The stages of killing: a program, and how it is asked to run its cases.

    plain-generational    the reference over its pool: what a mutant meets first
    check-libc            pmm-backend-check, the cases about allocators, over libc
    plain-incremental     the reference once more, with another collector
    oom-once-generational each allocation fails once

A backend whose library this machine lacks has no stage, which the run says.
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass

from program import CHECK, CHECKED, CONFORM, Made


@dataclass(frozen=True)
class Stage:
    """A program and its options."""

    name: str
    program: str
    words: tuple[str, ...]
    """`{build}` in them is the build folder."""
    quick_s: float = 0.05
    """Processor time that a case may take to count among the quick ones."""
    usual: bool = True
    """Asked without being named."""
    form: str = ""
    """In which form the program was made; nothing: its own."""

    def argv(self, made: Made) -> list[str]:
        """The program's call, without cases."""
        build = str(made.folder.parents[1])
        words = [word.format(build=build) for word in self.words]
        return [str(made.programs[self.form or self.program]), *words]

    def absent(self, made: Made) -> str:
        """Why it cannot be run here; nothing: it can."""
        if (self.form or self.program) not in made.programs:
            return f"{self.program} has none of these mutants"
        if self.program == CONFORM:
            return ""
        done = subprocess.run(
            [*self.argv(made), "--describe"], capture_output=True, text=True, check=False
        )  # fmt: skip
        return "" if done.returncode == 0 else done.stderr.strip()


def conform(lane: str, mode: str, quick_s: float = 0.05, usual: bool = True) -> Stage:
    """The cases of the reference over its pool."""
    words = ("--lane", lane, "--mode", mode)
    return Stage(f"{lane}-{mode}", CONFORM, words, quick_s, usual)


def check(name: str, backend: str = "", form: str = "") -> Stage:
    """The cases about allocators, over one of them."""
    return Stage(f"check-{name}", CHECK, ("--backend", backend or name), form=form)


PLAIN = conform("plain", "generational")
CHECKS = (
    *map(check, ("pool", "libc", "mimalloc", "jemalloc", "tcmalloc", "bump", "null")),
    check("checked", "pool", CHECKED),
    check("named", "named=libc.so.6,prefix=,no=threads"),
    check("plug-in", "{build}/conformance/example/example_backend.so"),
    check("named-plug-in", "mine={build}/conformance/example/example_backend.so"),
)
STAGES = (
    PLAIN, *CHECKS, conform("plain", "full"), conform("plain", "incremental"),
    conform("oom-once", "generational", 1.0, usual=False),
)  # fmt: skip
