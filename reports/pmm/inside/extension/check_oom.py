# SPDX-License-Identifier: MIT
"""oom: each allocation of a scenario fails once, each in a process of its own.

1. The scenario is a list of lines that make, fill, use and drop an object. It runs
   a few times, so that what is made once is there, and its allocations are counted:
   of an extension in a shared object those that are made below its functions.
2. For each number n a forked process runs it again with the nth one failing. The
   line that met the failure may raise MemoryError, or do without.
3. Then the same failure again and again: what grows each time is a leak.
"""

import gc
import itertools
import json
import os
import re
import signal
import sys
from array import array

from .finding import is_made_in_c, methods_of
from .telling import Teller
from .using import (
    DANGEROUS,
    HELPERS,
    PROTOCOL,
    bounded,
    broken_rule,
    doer,
    is_slot,
    prepared,
)

MOST_POINTS = 400
MOST_METHODS = 40
METHOD_POINTS = 12
"""Of a method that is called with nothing, or with any object."""
WARM = 4
AGAIN = 20
COUNTED = 3
"""Rounds of so many failures that are counted, after two that are not."""
ENOUGH = AGAIN * COUNTED * 3 // 4
"""Blocks that are a leak."""
SPARE = 16
"""References of the argument beside ours: it outlives who gives back too many."""
PROCESS_SECONDS = 10
ADDRESSES = "0x"
LINES = ("repr(o)", "str(o)", "o == o", "len(o)", "bool(o)",
         "list(itertools.islice(iter(o), 3))", "hash(o)", "copy.copy(o)",
         "o.__reduce_ex__(2)")
assert set(LINES) - {"copy.copy(o)", "o.__reduce_ex__(2)"} <= set(PROTOCOL)


class Step:
    """A line of the scenario, and what it gave when all went well.

    `points` are so many of its allocations that may fail; where a line need not give
    the same twice, only errors are judged.
    """

    def __init__(self, code, work, points=MOST_POINTS, is_pure=True):
        self.code = code
        self.work = work
        self.points = points
        self.is_pure = is_pure
        self.usual = ""
        self.anyway = 0
        """Blocks that the rounds leave behind without a failure."""


def scenario(job):
    """The steps: make, then fill and use; each gets a fresh object."""
    maker = prepared(job.maker)
    maker.run_lines(["p = P()"])
    steps = [Step("o = " + maker.call, maker.function("o, p", "return "
                                                     + maker.call))]
    steps += [Step("o = " + one, maker.function("o, p", "return " + one))
              for one in maker.holders]
    steps += [Step(way, doer(maker, way, "o, p")) for way in maker.ways]
    steps += [Step(code, maker.function("o, p", "return " + code))
              for code in LINES]
    steps += method_steps(job)
    return [step for step in steps
            if step.code not in job.skip and may_fail(job, step.code)]


def method_steps(job):
    """Methods of the type, called with nothing and with any object.

    Each is called once before anything fails: one that waits for ever ends it here.
    """
    if not job.spec["file"]:
        return []
    names = [name for name in methods_of(job.maker.type_of())
             if not DANGEROUS.match(name) and not is_slot(name)]
    codes = [f"o.{name}({form})" for name in names[:MOST_METHODS]
             for form in ("", "p")]
    found = [Step(code, doer(job.maker, code, "o, p"), METHOD_POINTS, False)
             for code in codes if code not in (*job.maker.ways, *job.skip)]
    for step in found:
        job.teller.phase(step.code, ["p = P()", step.code], skip=step.code)
        bounded(step.work, job.maker.make(), job.maker.probe())
    return found


def may_fail(job, code):
    """Whether what fails below a line is the type's own.

    Of an extension only what it asks for itself fails. A type of the interpreter
    cannot be told from it, so lines that run other Python code are left out.
    """
    if job.spec["file"]:
        return True
    return (job.spec["is_type"] and code != "copy.copy(o)") or code in LINES[:7]


def result_of(value):
    """What a step gave, in a form that two runs can be compared by."""
    if isinstance(value, BaseException):
        return "raises " + type(value).__name__
    if isinstance(value, (str, int, bool)):
        return repr(value)
    return type(value).__name__


def do(step, thing, item):
    """Run a step; return what it gave or raised."""
    try:
        return step.work(thing, item)
    except BaseException as error:  # what it raises is judged
        return error


def check_oom(job):
    """Each allocation may fail: the error is MemoryError, and nothing is lost."""
    if job.library is None:
        job.teller.unsupported("allocations are made to fail through ctypes, "
                               "which this interpreter cannot load")
        return
    if not job.spec["file"] and not is_made_in_c(job.maker.type_of()):
        job.teller.unsupported("its class is written in Python: what would fail is "
                               "the interpreter")
        return
    if not job.library.install(job.spec["file"]):
        job.teller.unsupported("the interpreter exports no PyMem_SetAllocator")
        return
    total = 0
    for step in scenario(job):
        job.teller.phase(step.code, skip=step.code)
        count = count_of(job, step)
        if step.usual.startswith("raises "):
            continue
        total += count
        step.anyway = growth(job, step, 0) if count else 0
        for nth in range(1, min(count, step.points) + 1):
            one_process(job, step, nth)
    if total == 0:
        job.teller.note("none of its lines allocates" + (
            " below the functions of " + os.path.basename(job.spec["file"])
            if job.spec["file"] else ""))


def count_of(job, step):
    """How many allocations a step makes when all goes well."""
    count = 0
    for _ in range(WARM):
        thing, item = job.maker.make(), job.maker.probe()
        gc.collect()
        job.library.watch(0, 0)
        value = do(step, thing, item)
        count = job.library.stop()
        step.usual = result_of(value)
        del value, thing, item
    return count


def one_process(job, step, nth):
    """Let the nth allocation of a step fail in a forked process."""
    point = f"{step.code}, allocation {nth}"
    reader, writer = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(PROCESS_SECONDS)
        job.library.listen(writer)
        try:
            in_child(job, step, nth, Teller(writer))
        except BaseException as error:  # raised by a call that cannot raise
            Teller(writer).line("wrong", frames=job.library.frames(),
                                text=f"an error is left behind ({error})")
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, errors="replace") as pipe:
        lines = pipe.read().splitlines()
    _, status = os.waitpid(pid, 0)
    pass_on(job, step, nth, point, lines, status)


def in_child(job, step, nth, teller):
    """Fail once and look; then fail again and again and count."""
    thing, item = job.maker.make(), job.maker.probe()
    spare = [item] * SPARE
    gc.collect()
    before = sys.getrefcount(item)
    job.library.watch(nth, 0)
    value = do(step, thing, item)
    job.library.stop()
    if not job.library.injected():
        return
    judge(job, step, value, teller)
    del value
    lost = before - sys.getrefcount(item)
    if lost > 0:
        teller.line("wrong", frames=job.library.frames(), code=drop_script(job, step),
                    text=f"{lost} reference(s) of p too many are given back")
        return
    del spare
    for code in ("repr(o)", "len(o)", "list(itertools.islice(iter(o), 3))"):
        do(Step(code, job.maker.function("o, p", "return " + code)), thing, item)
    del thing, item
    gc.collect()
    teller.line("alive")
    leaks_again(job, step, nth, teller)


def judge(job, step, value, teller):
    """Tell what a failed allocation led to, unless it is what should be."""
    given = result_of(value)
    if isinstance(value, MemoryError) or given == step.usual:
        return
    frames = job.library.frames()
    words = broken_rule(value)
    if words:
        teller.line("wrong", text="SystemError: " + words, frames=frames)
    elif isinstance(value, BaseException):
        name = type(value).__name__
        teller.line("wrong", text=name + " instead of MemoryError", frames=frames)
    elif step.is_pure and ADDRESSES not in given + step.usual:
        words = f"{given} instead of {step.usual}, and no error"
        teller.line("wrong", text=words, frames=frames)


def leaks_again(job, step, nth, teller):
    """Tell what each failure of the same allocation leaves behind.

    What the same lines leave behind without a failure is not counted.
    """
    left = growth(job, step, nth) - step.anyway
    each = round(left / (AGAIN * COUNTED))
    if left >= ENOUGH:
        teller.line("wrong", text=f"{each} block(s) leak",
                    frames=job.library.frames(), leak=True)


def growth(job, step, nth):
    """How many blocks are more after rounds of failures, the first ones aside."""
    readings = array("q", [0]) * (COUNTED + 2)
    for at in range(COUNTED + 2):
        for _ in itertools.repeat(None, AGAIN):
            thing, item = job.maker.make(), job.maker.probe()
            job.library.watch(nth, 0)
            do(step, thing, item)
            job.library.stop()
            del thing, item
        gc.collect()
        readings[at] = sys.getallocatedblocks()
    return readings[-1] - readings[1]


def pass_on(job, step, nth, point, lines, status):
    """Turn what a forked process told into findings."""
    frames = [line[6:] for line in lines if line.startswith("frame ")]
    told = list(filter(None, map(read_line, lines)))
    script = oom_script(job, step)
    for line in told:
        if line["type"] == "wrong" and line.get("leak"):
            script = leak_script(job, step)
        if line["type"] == "wrong":
            job.teller.finding(
                "LEAK" if line.get("leak") else "OOM_UNSAFE",
                "{}: with allocation {} failing: {}".format(
                    step.code, nth, line["text"]),
                code=line.get("code", script), frames=line["frames"],
                same=step.code + line["text"],
                alike=plain(line["text"]))
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        crashed = any(line["type"] == "crash" for line in told)
        name = signal.Signals(number).name
        hangs = number == signal.SIGALRM and not crashed
        job.teller.finding(
            "TIMEOUT" if hangs else "OOM_UNSAFE",
            "{}: with allocation {} failing: {}".format(
                step.code, nth, "it does not end" if hangs else name),
            code=script, frames=frames, same=step.code + name, alike=name)


def read_line(line):
    """A line that a forked process told; None for what others write there."""
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) and "type" in found else None


def plain(words):
    """What two lines say alike of one mistake."""
    return re.sub(r"<.*?>|'.*?'|\\(.*\\)", "", words)


def oom_script(job, step):
    """The lines that let one allocation after another fail without pmm."""
    compared = step.code in LINES and not step.code.startswith("copy")
    ask = "usual = got = " + step.code if compared else "usual = got = 0"
    again = "got = " + step.code if compared else step.code
    return [
        *HELPERS[:1], "import _testcapi, os", *PROBE_LINES, "good = True",
        "for n in range(1, 80):", "    child = os.fork()", "    if child == 0:",
        f"        o = {job.maker.call}; p = P()",
        "        " + ask, "        try:",
        "            _testcapi.set_nomemory(n, n + 1)", "            " + again,
        "        except MemoryError: pass", "        finally: "
        "_testcapi.remove_mem_hooks()",
        "        repr(o); del o, p; gc.collect(); os._exit(type(got) is str "
        "and got != usual)",
        "    good = good and os.waitpid(child, 0)[1] == 0", "print(good)",
    ]


def leak_script(job, step):
    """The lines that see whether a failure, again and again, leaves blocks behind."""
    return [
        *HELPERS[:1], "import _testcapi, os", *PROBE_LINES, "def left(n):",
        "    for at in range(60):",
        "        if at == 20: gc.collect(); before = sys.getallocatedblocks()",
        f"        o = {job.maker.call}; p = P()", "        try:",
        "            if n: _testcapi.set_nomemory(n, n + 1)",
        "            " + step.code, "        except MemoryError: pass",
        "        finally: _testcapi.remove_mem_hooks()",
        "        del o, p", "    gc.collect()",
        "    return sys.getallocatedblocks() - before",
        "anyway, good = left(0), True", "for n in range(1, 80):",
        "    child = os.fork()",
        "    if child == 0: os._exit(left(n) - anyway >= 40)",
        "    good = good and os.waitpid(child, 0)[1] == 0", "print(good)",
    ]


def drop_script(job, step):
    """The lines that see whether a failure gives back what is not its own."""
    return [
        *HELPERS[:1], "import _testcapi", *PROBE_LINES, "kept = []",
        "for n in range(1, 80):", f"    o = {job.maker.call}; p = P()",
        "    kept += [p] * 9; before = sys.getrefcount(p)", "    try:",
        "        _testcapi.set_nomemory(n, n + 1)", "        " + step.code,
        "    except MemoryError: pass",
        "    finally: _testcapi.remove_mem_hooks()",
        "    if sys.getrefcount(p) < before: kept = False; break",
        "print(kept is not False)",
        "import os; sys.stdout.flush(); os._exit(0)",
    ]


PROBE_LINES = ["class P: pass"]
