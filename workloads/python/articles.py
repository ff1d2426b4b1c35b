# SPDX-License-Identifier: MIT
"""The code examples of the four articles, run, and what they claim, measured.

1. The example as printed is compiled: does it run at all?
2. With its line breaks restored it is run, and its output stands beside the
   output that the article prints.
3. What the article says of it is measured; the verdict follows from the
   measurement and from nothing else.

A variant is verified when the example did its job (sum, contents, size), not
when the article is right.
"""

from __future__ import annotations

import io
import os
import re
import struct
import sys
import tempfile
import tracemalloc
from contextlib import redirect_stdout
from typing import Any, Callable, Dict

from articles_text import ARTICLE, MENDED, OUTPUT, PRINTED, RESTORED
from input import make_input
from measure import Stage

SUMMARY = "the code examples of four articles, and their claims measured"
TITLE = "Examples of the articles"
QUESTION = "What do the articles' own examples take when they are run?"
PAGE = "claims"
SMALL = ""
PARAMETERS = {"input": ("", None, None,
                        "path; empty: the Python sources found")}
MILLION = 1000000

Names = Dict[str, Any]


def resolve(parameters: dict[str, Any]) -> None:
    """Find the default input, once for all variants.  Raises OSError."""
    path = os.path.abspath(parameters["input"] or make_input())
    if not os.path.isfile(path):
        raise FileNotFoundError(f"no such file: {path}")
    parameters["input"] = path


def claim(stage: Stage, text: str, expected: str, measured: str, verdict: str,
          why: str) -> None:
    """Judge a sentence; conformance/claims.toml finds it by its `text`."""
    stage.claims.append({
        "text": text, "expected": expected, "measured": measured,
        "article": ARTICLE[stage.variant], "verdict": verdict, "why": why})


def true_if(holds: bool) -> str:
    return "true" if holds else "false"


# -- running an example ----------


def execute(source: str) -> tuple[Names, list[str]]:
    """Run `source` as a module; its names and the lines it printed."""
    names: Names = {"__name__": "__example__"}
    out = io.StringIO()
    with redirect_stdout(out):
        exec(compile(source, "<example>", "exec"), names)
    return names, out.getvalue().splitlines()


def outcome(source: str) -> str:
    """What becomes of a text that is run as it stands."""
    try:
        _, lines = execute(source)
    except SyntaxError:
        return "SyntaxError"
    return "runs" if lines else "runs and prints nothing"


def run_restored(stage: Stage) -> tuple[Names, list[str]]:
    """Run the example with its line breaks, mended where that is not enough,
    and say what had to be done."""
    name = stage.variant
    source = RESTORED[name]
    if name in PRINTED:
        seen = outcome(PRINTED[name])
        claim(stage, name + " runs as printed, on one line", "runs", seen,
              true_if(seen == "runs"), "the print lost the line breaks")
    if name in MENDED:
        seen = outcome(source)
        claim(stage, name + " runs with its line breaks", "runs", seen,
              true_if(seen == "runs"), "a comma is missing")
        source = source.replace(*MENDED[name])
    names, lines = execute(source)
    pairs = zip(OUTPUT.get(name, []), lines)
    for number, (printed, line) in enumerate(pairs, 1):
        claim(stage, "line %d that %s prints" % (number, name), printed, line,
              true_if(printed == line), compare_output(printed, line))
    return names, lines


def compare_output(printed: str, line: str) -> str:
    if printed == line:
        return "as printed"
    if printed.replace(" ", "") == line.replace(" ", ""):
        return "only blanks differ"
    return "the figure differs"


def plain_example(check: Callable[[Stage, Names, list[str]], None]
                  ) -> Callable[[Stage], None]:
    """A variant that runs its example and then checks it."""
    def variant(stage: Stage) -> None:
        stage.phase("build")
        names, lines = run_restored(stage)
        stage.phase("use")
        check(stage, names, lines)
        stage.phase("release")
        names.clear()
    return variant


# -- article 0 ----------


def create_list(stage: Stage, names: Names, _: list[str]) -> None:
    result = names["create_list"]()
    stage.traced_figure("live_built_bytes")
    size = sys.getsizeof(result)
    stage.figure("object_bytes", size)
    stage.verify(MILLION * (MILLION - 1) // 2, sum(result))
    for index in range(len(result)):
        result[index] = None
    other = sys.getsizeof(result)
    claim(stage, "the list's size depends on the size of each integer",
          "depends", f"{size:,} bytes with integers, {other:,} with None",
          "caveat" if size == other else "true",
          "a list holds references; the integers are objects of their own")


def create_generator(stage: Stage, names: Names, _: list[str]) -> None:
    before = live()
    generator = names["create_generator"]()
    stage.figure("object_bytes", sys.getsizeof(generator))
    total = used = 0
    for value in generator:
        total += value
        if value % (MILLION // 10) == 0:
            used = max(used, live() - before)
    stage.verify(MILLION * (MILLION - 1) // 2, total)
    claim(stage, "a generator needs much less memory for a large sequence",
          "much less", f"at most {used:,} bytes live, {8 * MILLION:,} in a "
          "list's references", true_if(used * 100 < 8 * MILLION),
          "one integer at a time is alive")


def read_file(stage: Stage, text: str) -> None:
    """Run the example in a folder where large_file.txt is the input."""
    home = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        os.symlink(stage.parameters["input"],
                   os.path.join(folder, "large_file.txt"))
        os.chdir(folder)
        try:
            stage.phase("read")
            names, _ = run_restored(stage)
        finally:
            os.chdir(home)
    size = os.path.getsize(stage.parameters["input"])
    closed = names["file"].closed
    stage.verify((size, True), (len(names["data"]), closed))
    stage.traced_figure("live_closed_bytes")
    with_data = live()
    stage.phase("release")
    del names["data"]
    stage.traced_figure("live_after_bytes")
    without = live()
    claim(stage, text, "freed by close",
          f"{with_data:,} bytes live after close, {without:,} after del data",
          true_if(with_data - without < size // 2),
          "closing gives back the descriptor and the buffer, not the text")


def live() -> int:
    return tracemalloc.get_traced_memory()[0]


def read_and_close(stage: Stage) -> None:
    read_file(stage, "close() frees the memory of what was read")


def read_with(stage: Stage) -> None:
    read_file(stage, "leaving the with block frees the file's contents")


def list_and_tuple(stage: Stage, names: Names, _: list[str]) -> None:
    small = (sys.getsizeof(names["my_tuple"]), sys.getsizeof(names["my_list"]))
    large = (sys.getsizeof((0,) * MILLION), sys.getsizeof([0] * MILLION))
    for kind, value in zip(("tuple", "list"), small):
        stage.figure(kind + "_bytes", value)
    smaller = small[0] < small[1] and large[0] < large[1]
    hardly = (large[1] - large[0]) * 1000 < large[1]
    verdict = "caveat" if smaller and hardly else true_if(smaller)
    claim(stage, "a tuple is stored more efficiently than a list", "smaller",
          "{} against {} bytes; of a million items {:,} against {:,}"
          .format(*small, *large), verdict,
          "the items cost the same; only the header is smaller")
    sizes = [(sys.getsizeof(frozenset(range(n))), sys.getsizeof(set(range(n))))
             for n in (3, 1000)]
    claim(stage, "a frozenset is stored more efficiently than a set",
          "smaller", "{} against {} bytes; of 1,000 items {:,} against {:,}"
          .format(*sizes[0], *sizes[1]), true_if(all(a < b for a, b in sizes)),
          "both have the same layout")
    stage.verify(([1, 2, 3], (1, 2, 3)), (names["my_list"], names["my_tuple"]))


# -- article 1 ----------


def memory_usage(stage: Stage, _: Names, lines: list[str]) -> None:
    a, b, c = [int(number) for line in lines
               for number in re.findall(r"(\d+) bytes", line)]
    claim(stage, "c takes more memory than the sum of a and b",
          f"more than {a + b:,}", f"{c:,} against {a + b:,} bytes",
          true_if(c > a + b),
          "one header instead of two")
    ones, twos = [1] * MILLION, [2] * MILLION
    lists = {"a": ones, "b": twos, "c": ones + twos}
    for name, value in (("empty", sys.getsizeof([])), ("a", a), ("b", b),
                        ("pointer", struct.calcsize("P")), ("c", c)):
        stage.figure(name + "_bytes", value)
    for name, items in lists.items():
        stage.figure(name + "_items", len(items), "count")
    stage.verify((a, b, c),
                 tuple(sys.getsizeof(items) for items in lists.values()))


# -- article 3 ----------


def print_x(stage: Stage, names: Names, lines: list[str]) -> None:
    stage.verify((10, ["10"]), (names["x"], lines))


def list_append(stage: Stage, names: Names, _: list[str]) -> None:
    stage.verify([11, 12, 13, 14, 15], names["list1"])


def list_remove(stage: Stage, names: Names, _: list[str]) -> None:
    stage.verify([3, 6, 7], names["list1"])
    values = [3, 4, 5, 6, 7]
    before = sys.getsizeof(values)
    values.remove(4)
    values.remove(5)
    after = sys.getsizeof(values)
    claim(stage, "remove() deallocates in a list", "smaller",
          "%d bytes before, %d after" % (before, after),
          "caveat" if before == after else "true",
          "the contents are right, but the list keeps its array")


def tuple_allocate(stage: Stage, names: Names, _: list[str]) -> None:
    stage.verify((22, 33, 44), names["Tuple1"])
    numbers = tuple(range(1000, 1100))
    del numbers  # the caches are warm after this
    before = sys.getallocatedblocks()
    numbers = tuple(range(1000, 1100))
    during = sys.getallocatedblocks() - before
    del numbers
    after = sys.getallocatedblocks() - before
    claim(stage, "there is no deallocation in a tuple", "none",
          "%+d blocks while it lives, %+d after" % (during, after),
          true_if(after > during // 2),
          "a dropped tuple drops its items at once")


VARIANTS: dict[str, Callable[[Stage], None]] = {
    "print_x": plain_example(print_x),
    "list_append": plain_example(list_append),
    "list_remove": plain_example(list_remove),
    "tuple_allocate": plain_example(tuple_allocate),
    "list_and_tuple": plain_example(list_and_tuple),
    "create_generator": plain_example(create_generator),
    "memory_usage": plain_example(memory_usage),
    "create_list": plain_example(create_list),
    "read_with": read_with,
    "read_and_close": read_and_close,
}
