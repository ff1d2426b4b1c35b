# SPDX-License-Identifier: MIT
"""Print a shrunk program as a case in C, with what the right side has to show.

The text of each operation is that of operations.inc, as the program itself runs
it; `pmm-lockstep operations` tells it. The case compiles against the harness and
words.h, and fails where the difference was seen.

Python 3.11, the standard library alone.
"""

from __future__ import annotations

import json
import re
import subprocess
import textwrap
import tomllib
from dataclasses import dataclass, field
from functools import cache
from itertools import zip_longest
from typing import Any

from shrink import first_difference
from sides import ROOT, Side, trace

EVENTS = ("finalized", "deallocated", "callback", "log")
NEAREST = {
    "finalized": "REF-004", "deallocated": "REF-004", "callback": "WRF-006",
    "log": "GENR-005", "tuple": "TUP-005", "dict": "DCT-005", "list": "LST-007",
    "generator": "GENR-007", "collect": "GC-004",
}  # fmt: skip
"""The requirement that a case is printed for, by event or operation."""
ELSE = "REF-006"
NO_CASE = "/* When it is played alone, both sides show the same: it is no case. */"

Operation = dict[str, Any]
Observation = tuple[str, int]


@dataclass
class Step:
    """A step of a program, and what the right side observed of it."""

    operation: Operation
    to: int
    registers: list[int]
    numbers: dict[str, int]
    seen: list[Observation] = field(default_factory=list)


@cache
def operations(program: tuple[str, ...]) -> dict[str, Operation]:
    """The operations by name, as a side's program lists them."""
    said = subprocess.run([*program, "operations"], capture_output=True, text=True, check=True)
    return {o["name"]: o for o in json.loads(said.stdout)["operations"]}


@cache
def requirement(name: str) -> dict[str, Any]:
    """A requirement of the specification."""
    with (ROOT / "conformance" / "requirements.toml").open("rb") as stream:
        return next(r for r in tomllib.load(stream)["requirement"] if r["id"] == name)


def parse(line: str, known: dict[str, Operation]) -> Step:
    """A line of a program."""
    words = line.split()
    to = -1
    if len(words) > 1 and words[1] == "=":
        to = int(words[0][1:])
        words = words[2:]
    operation = known[words[0]]
    values = words[1:]
    registers = [int(values.pop(0)[1:]) for c in operation["registers"] if c == "r"]
    numbers = {}
    for letter, register in zip(operation["operands"], operation["registers"], strict=True):
        if register == "-":
            numbers["K" if letter in "mk" else "N"] = int(values.pop(0))
    return Step(operation, to, registers, numbers)


def observations(line: str) -> list[Observation]:
    """What a line of a trace tells."""
    words = line.partition("->")[2].split()
    pairs = (word.partition("=") for word in words if "=" in word)
    return [(name, int(value)) for name, _, value in pairs]


# ---- C -----------------------------------------------------------------------


def expression(step: Step) -> str:
    """The operation's text over the registers of the case."""
    names = dict(zip("ABC", (f"w->r[{r}]" for r in step.registers), strict=False))
    names |= {n: str(v) for n, v in step.numbers.items()}
    names |= {"HOST": "w", "FLAG": "flag", "SIZE": "size", "ANSWER": "answer"}
    text = re.sub(r"\b(TYPE|CODE)\(N\)", lambda m: f"w->{m[1].lower()}s[{step.numbers['N']}]",
                  step.operation["text"])  # fmt: skip
    return re.sub(r"\b(?:[ABCNK]|HOST|FLAG|SIZE|ANSWER)\b",
                  lambda m: names.get(m[0], m[0]), text)  # fmt: skip


def statement(step: Step) -> list[str]:
    """The step, where nothing is expected of it."""
    gives = step.operation["gives"]
    if gives in ("new", "borrowed"):
        verb = "put" if gives == "new" else "lend"
        return [f"{verb}(w, {step.to}, {expression(step)});"]
    return [f"said = {expression(step)};", "OPS->error_clear(RT);"]


def there(step: Step) -> list[str]:
    """The step, while it is noted whether it gave an object."""
    given = statement(step)[0].replace(expression(step), "given")
    return [f"pmm_obj *given = {expression(step)};", "int made = given != NULL;", given]


def event_expected(
    mine: list[Observation], theirs: list[Observation], pair: tuple[Observation, ...]
) -> list[str]:
    """How often an event happened; where that is equal, which was first."""
    for event in pair:
        count = mine.count(event)
        if count != theirs.count(event):
            return [f"expect_eq(happened({event[0].upper()}, {event[1]}), {count});"]
    first, second = (f"when({name.upper()}, {value})" for name, value in pair)
    return [f"expect_lt({first}, {second});"]


def value_expected(name: str, value: int) -> list[str]:
    """A count, a length or a status."""
    register, _, what = name.partition(".")
    place = f"w->r[{register[1:]}]"
    if what == "count":
        return [f"expect_eq(OPS->refcount(RT, {place}), {value});"]
    if what == "length":
        return [f"expect_eq(length_of(t, {place}), {value});"]
    if name == "status":
        return [f"expect_eq(said, {value});"]
    if name == "answer":
        return [f"expect_eq((int64_t)flag + (int64_t)size + answer, {value});"]
    return []


def expectation(mine: list[Observation], theirs: list[Observation], at: int) -> list[str]:
    """What has to hold where the two part: the first that a case can say.

    `at` is where the observations of the last step begin.
    """
    last = (mine[at:], theirs[at:])
    if not theirs[at:]:
        return []  # it died
    for x, y in zip_longest(*last):
        if x == y:
            continue
        events = tuple(o for o in (x, y) if o is not None and o[0] in EVENTS)
        if events:
            return event_expected(mine, theirs, events)
        wanted = value_expected(*x) if x is not None else []
        if wanted:
            return wanted
    return ['unsupported(t, "what is different has no name in a case");']


def features(steps: list[Step]) -> str:
    """What the case needs, at most ten."""
    named = {s.operation["feature"] for s in steps} - {"core"}
    if any("CODE" in s.operation["text"] for s in steps):
        named |= {"frame", "generator"}
    return ", ".join(sorted(named | {"refcount"})[:10])


def body(steps: list[Step], at: int, wanted: list[str]) -> list[str]:
    """The statements of the case."""
    texts = [line for s in steps for line in statement(s)]
    last = steps[-1]
    if last.operation["gives"] in ("new", "borrowed") and wanted[:1] and (
        status := re.fullmatch(r"expect_eq\(said, (\d+)\);", wanted[0])
    ):
        texts[-1:] = there(last)
        wanted = [f"expect_eq(made, {int(status[1] == '0')});"]
    ended = at >= len(steps) and any("w->r[" not in w for w in wanted)
    return [*texts, *(["words_end(w);"] if ended else []), *wanted]


def nearest(steps: list[Step], at: int, mine: str, theirs: str) -> dict[str, Any]:
    """The requirement to print it for."""
    words = [w.partition("=")[0] for w in (mine, theirs)]
    words += [steps[min(at, len(steps) - 1)].operation["name"].partition("_")[0]]
    return requirement(next((NEAREST[w] for w in words if w in NEAREST), ELSE))


def printed(steps: list[Step], name: str, about: dict[str, Any], lines: list[str]) -> str:
    """The file."""
    quote = textwrap.fill(f'"{about["text"]}"', 74, initial_indent="/* ",
                          subsequent_indent=" * ")  # fmt: skip
    variables = [
        f"{kind} {name} = 0;"
        for kind, name in (("int", "flag"), ("size_t", "size"), ("int64_t", "answer"))
        if any(re.search(rf"\b{name}\b", line) for line in lines)
    ]
    if any("said" in line for line in lines):
        variables.append("enum pmm_status said = PMM_OK;")
    text = "\n".join("  " + line for line in [*variables, *lines])
    unused = "  (void)said;\n" if any("said" in v for v in variables) else ""
    return f"""\
/* SPDX-License-Identifier: MIT */
/* A random program, shrunk. */
#include "case.h"
#include "words.h"

static void end_words(struct pmm_test *t, void *w) {{
  (void)t;
  words_close(w);
}}

{quote} */
{about["level"]}(lockstep, {name}, "A random program, shrunk",
     REQ("{about["id"]}"), NEEDS({features(steps)}),
     OOM_EXEMPT("a program that nobody made for it")) {{
  struct words *w = SCRATCH(struct words);
  expect_ok(words_open(w, RT, &t->view->ops));
  defer(t, end_words, w);
{text}
{unused}}}
"""


def print_case(left: Side, right: Side, lines: list[str], name: str) -> str:
    """The program as a case that the left side passes."""
    known = operations(base_program(left))
    steps = [parse(line, known) for line in lines]
    mine, theirs = trace(left, lines), trace(right, lines)
    if mine == theirs:
        return NO_CASE
    at, x, y = first_difference(mine, theirs)
    before, left, right = (
        [o for line in lines for o in observations(line)]
        for lines in (mine[:at], mine[: at + 1], theirs[: at + 1])
    )
    wanted = expectation(left, right, len(before))
    about = nearest(steps, at, x, y)
    done = [step for n, step in enumerate(steps[: at + 1])
            if n == at or did_something(mine[n])]  # fmt: skip
    ended = len(done) if at >= len(steps) else len(done) - 1
    return printed(done, name, about, body(done, ended, wanted))


def did_something(line: str) -> bool:
    """Whether a step ran; one whose operands are missing does nothing."""
    return bool(line.partition("->")[2].strip())


def base_program(side: Side) -> tuple[str, ...]:
    """The command of a side without options of a subject."""
    return side.command[:1] if "--subject" in side.command else side.command
