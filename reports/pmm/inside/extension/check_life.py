# SPDX-License-Identifier: MIT
"""unmade, stress, nesting: half-made objects, collections any time, deep death."""

import builtins
import gc
import sys

from .dying import can_look, dies_tracked
from .making import PROBE, settle
from .using import HELPERS, bounded, doer, operations, prepared, try_each

DEEP = 200000
DEEPER = 600000
"""So deep that frames of the least size, 16 bytes a level, overflow 8 MiB."""
SMALL = 160
"""Bytes of an object of which so many may be made."""
WAYS_TO_NEST = 2
REFUSALS = 100
STRESS_ROUNDS = 20
WAYS_DOWN = 2
HOOKS = [
    "class C:  # collects while it dies",
    "    def __del__(self): gc.collect(); [[] for _ in range(20)]",
    "    def __call__(self, *a, **k): return None",
    "    def __iter__(self): return self",
    "    def __next__(self): raise StopIteration",
]
OVER_NESTED = {
    "repr": "repr(o)", "eq": "o == other", "hash": "hash(o)", "next": "next(o)",
}
"""What goes down all levels."""


def check_unmade(job):
    """An object that __new__ made and __init__ did not see can be used."""
    maker = prepared(job.maker)
    path = job.spec["path"]
    if not job.spec["is_type"]:
        job.teller.unsupported("a factory was given, and no type")
        return
    call = next((code for code in ("T.__new__(T)", "T.__new__(T, [])")
                 if makes(job, code.replace("T", path))), None)
    if call is None:
        job.teller.unsupported("its __new__ makes nothing without __init__")
        return
    call = call.replace("T", path)
    setup = [*PROBE, "o = " + call]
    fresh = maker.function("", "return " + call)
    job.teller.phase("dropping what was never initialised", [*setup, "del o"])
    fresh()
    settle()
    codes = operations(maker.type_of()) + maker.ways
    codes += ["o.p = o", "o.__reduce_ex__(2)", "copy.copy(o)", "copy.deepcopy(o)"]
    maker.run_lines(["p = P()"])
    try_each(job, codes, [*setup, "p = P()"], fresh)


def makes(job, code):
    """Whether an expression makes something."""
    if code in job.skip:
        return False
    job.teller.phase(code, [code], skip=code)
    return bounded(job.maker.function("", code)) is None


def check_stress(job):
    """A collection at any allocation, and while an object dies, does no harm."""
    maker = prepared(job.maker)
    maker.run_lines(HOOKS)
    putters: list = [(["o = " + maker.call], None)]
    putters += [one for one in maker.putters() if one[0][-1] not in job.skip]
    for code, put in putters:
        setup = [*HELPERS[:1], *HOOKS, "gc.set_threshold(1, 1, 1)"]
        lines = [*setup, "for _ in range(200):", "    p = C(); p.o = C()",
                 *["    " + line for line in code], "    if _ % 2: p.ring = o",
                 "    del p, o", "gc.collect()"]
        if put is None:
            lines = [*setup, "for _ in range(200): " + maker.call, "gc.collect()"]
        job.teller.phase("collecting at each allocation and in each death: "
                         + "; ".join(code), lines, skip=code[-1])
        if put is not None and can_look() and dies_tracked(put):
            job.teller.finding(
                "FAIL", "it lets go of what it holds while the collector still has it "
                "in its list: PyObject_GC_UnTrack comes first", code=lines,
                slot="tp_dealloc", same="tracked")
            continue
        under_stress(job, put)


def under_stress(job, put):
    """Make and drop objects, also in cycles, while the collector always runs."""
    collects = job.maker.space["C"]
    codes = ["repr(o)", "copy.copy(o)", "list(itertools.islice(iter(o), 3))"]
    works = [doer(job.maker, code) for code in codes]
    before = gc.get_threshold()
    gc.set_threshold(1, 1, 1)
    try:
        for at in range(STRESS_ROUNDS):
            item = collects()
            item.other = collects()
            thing = put(item) if put else job.maker.make()
            for work in works:
                bounded(work, thing)
            if at % 2:
                item.ring = thing
            del item, thing
        gc.collect()
    finally:
        gc.set_threshold(*before)
    settle()


# --------------------------------------------------------------------- nesting


def nested(job, code, depth):
    """Objects that hold one another, so deep; None where they refuse."""
    held = job.maker.function("p", *code, "return o")
    thing = job.maker.make()
    refused = 0
    for level in range(depth):
        try:
            thing = held(thing)
        except Exception:
            refused += 1
            if refused > REFUSALS or level < REFUSALS:
                return None
    return thing


def depth_of(job):
    """How deep objects are nested: deeper, where they are small."""
    try:
        small = sys.getsizeof(job.maker.make()) <= SMALL
    except Exception:  # its __sizeof__ is the user's
        small = False
    return DEEPER if small else DEEP


def nest_lines(code, call, last, deep):
    """The lines that nest and then do something."""
    return ["import sys", "p = " + call, f"for _ in range({deep}):",
            *["    " + line for line in code], "    p = o",
            *last, "print(True)"]


def nesting_codes(job):
    """The ways in which an object of the type takes another one."""
    found = []
    for code, _ in job.maker.putters():
        if code[-1] in job.skip:
            continue
        job.teller.phase("nesting by " + "; ".join(code), skip=code[-1])
        if keeps_another(job, code):
            found.append(code)
    return found


def keeps_another(job, code):
    """Whether an object keeps another of the type that way."""
    thing = nested(job, code, 3)
    return thing is not None


def check_nesting(job):
    """Deeply nested objects die, and do not overflow the stack of C."""
    prepared(job.maker)
    codes = nesting_codes(job)
    if not codes:
        job.teller.unsupported("no way was found to let it hold one of its kind")
    deep = depth_of(job)
    for code in codes[:WAYS_TO_NEST]:
        lines = nest_lines(code, job.maker.call, ["o = None", "del p"], deep)
        job.teller.phase("dropping {:,} objects nested by {}".format(
            deep, "; ".join(code)), lines, skip=code[-1])
        thing = nested(job, code, deep)
        gc.collect()
        del thing
        settle()


def check_depth(job):
    """What goes down all levels of nested objects ends in a RecursionError."""
    prepared(job.maker)
    codes = nesting_codes(job)[:WAYS_DOWN]
    if not codes:
        job.teller.unsupported("no way was found to let it hold one of its kind")
    deep = depth_of(job)
    for code in codes:
        thing = nested(job, code, deep)
        job.kept.append(thing)  # its death is another check
        for name, action in OVER_NESTED.items():
            if name in job.skip:
                continue
            twice = name == "eq"
            job.teller.phase(
                "{} of {:,} objects nested by {}".format(
                    action, deep, "; ".join(code)),
                depth_lines(job, code, action, twice, deep), skip=name)
            other = nested(job, code, deep) if twice else None
            job.kept.append(other)
            bounded(doer(job.maker, action, "o, other"), thing, other)


def depth_lines(job, code, action, twice, deep):
    """The lines that go down; they end the process, as death is another check."""
    again = ["other = p", "p = " + job.maker.call,
             f"for _ in range({deep}):",
             *["    " + line for line in code], "    p = o"]
    return nest_lines(code, job.maker.call, [
        *(again if twice else ()), "import os", "try: " + action,
        "except RecursionError: pass", "print(True, flush=True); os._exit(0)"],
        deep)


def check_exit(job):
    """The interpreter ends while objects are alive, also in cycles."""
    lines = ["o = " + job.maker.call, "import builtins; builtins.kept = o"]
    kept = [job.maker.make()]
    for _, put in job.maker.putters():
        item = job.maker.probe()
        item.ring = put(item)
        kept.append(item)
    builtins.pmm_kept = kept  # type: ignore[attr-defined]  # outlives modules
    job.teller.phase("ending the interpreter with objects alive",
                     [*lines, "print(True)"])
