# SPDX-License-Identifier: MIT
"""visits, cycles, type, subclass, weakrefs, death: what the collector is shown."""

import gc
import sys
import types
import weakref

from .making import PROBE, has_gc, is_base, is_heap, is_immortal, settle

DEPTH = 5
"""How far from an object what it owns may lie: a dict, its list, …"""
FAR = (type, types.ModuleType, types.FunctionType, types.FrameType)
MANY = 50


def edges_to(item, start):
    """How often the collector is shown `item` from an object and what it owns."""
    seen = {id(item), id(start)}
    level, edges = [start], 0
    for _ in range(DEPTH):
        following = []
        for holder in level:
            for one in gc.get_referents(holder):
                if one is item:
                    edges += 1
                elif id(one) not in seen and not isinstance(one, FAR):
                    seen.add(id(one))
                    following.append(one)
        level = following
    return edges


def check_visits(job):
    """The collector is shown each reference that an object owns, once."""
    tried = False
    for code, put in job.maker.putters():
        if code[-1] in job.skip:
            continue
        tried = True
        job.teller.phase("giving it an object: " + "; ".join(code),
                         skip=code[-1])
        item = job.maker.probe()
        before = sys.getrefcount(item)
        thing = put(item)
        count = sys.getrefcount(item) - before
        shown = edges_to(item, thing)
        if shown > count:
            too_many(job, code, count, shown)
        elif shown < count:
            del thing, item
            too_few(job, code, put, count, shown)
            continue
        del thing
    if not tried:
        job.teller.unsupported(nothing_held(job))


def too_few(job, code, put, count, shown):
    """A reference that is owned and not shown: a leak, if a cycle stays."""
    words = "after {} it owns {} reference(s) and shows the collector {}".format(
        "; ".join(code), count, shown)
    if not has_gc(job.maker.type_of()):
        job.teller.note("the collector does not know objects of the type; see "
                        "the check of cycles")
    elif not dies(job, code, put, cycle=False):
        job.teller.note(words + ": something else holds it, too")
    elif dies(job, code, put, cycle=True):
        job.teller.note(words + ", and what it holds is freed all the same")
    else:
        job.teller.finding("LEAK", words, code=shown_lines(code, ">="),
                           slot="tp_traverse", same="too few")


def shown_lines(code, sign):
    """The lines that hold what is shown against what is owned."""
    return ["import gc, sys", *PROBE, "p = P()", "before = sys.getrefcount(p)",
            *code, "owned = sys.getrefcount(p) - before",
            "shown = sum(one is p for one in gc.get_referents(o))",
            f"print(shown {sign} owned)"]


def too_many(job, code, count, shown):
    """A reference that is shown and not owned."""
    job.teller.finding(
        "FAIL", "after {} it owns {} reference(s), and its tp_traverse shows the "
        "collector {}: it may be freed while it is in use".format(
            "; ".join(code), count, shown), code=shown_lines(code, "<="),
        slot="tp_traverse", same="too many")


def nothing_held(job):
    """Why an object of the type cannot be in a cycle."""
    return ("no way was found to let it hold an object; a factory that takes one "
            "argument is given what its object is to hold")


def check_cycles(job):
    """What is in a cycle with an object is freed by the collector, once."""
    tried = leaks = False
    for code, put in job.maker.putters():
        if code[-1] in job.skip:
            continue
        if not dies(job, code, put, cycle=False):
            job.teller.note(
                "after {} what it held outlives it: something else keeps "
                "it".format("; ".join(code)))
            continue
        tried = True
        if not dies(job, code, put, cycle=True):
            leaks = True
            never_freed(job, code, put)
    if not tried:
        job.teller.unsupported(nothing_held(job))
        return
    for way in job.maker.ways:
        if way not in job.skip and not leaks:
            of_itself(job, way)


def of_itself(job, way):
    """A cycle that only the object itself can break: what is in a tuple with it.

    A type whose objects can be changed after they are made needs a tp_clear.
    """
    code = ["o = " + job.maker.call, "p = (o,)", way]
    lines = ["import gc", *code, "kind = type(o)", "del p, o", "gc.collect()",
             "print(not any(type(x) is kind for x in gc.get_objects()))"]
    job.teller.phase("collecting a tuple in a cycle with it by " + way, lines,
                     skip=way)
    alone = job.maker.function("", code[0], f"p = ({job.maker.call},)", way)
    cycle = job.maker.function("", *code)
    if not grows(job, alone) and grows(job, cycle):
        job.teller.finding(
            "LEAK", f"a cycle through it and a tuple, made by {way}, is never freed: "
            "tp_clear does not let go of what it holds", code=lines,
            slot="tp_clear", same="tp_clear")


def grows(job, work):
    """Whether more objects of the type are there afterwards than before."""
    kind = job.maker.type_of()
    before = sum(type(one) is kind for one in gc.get_objects())
    try:
        work()
    except Exception:
        return False
    settle()
    return sum(type(one) is kind for one in gc.get_objects()) > before


def dies(job, code, put, cycle):
    """Whether what an object was given dies with it."""
    job.teller.phase(
        "collecting a cycle through " + "; ".join(code) if cycle
        else "dropping what holds an object: " + "; ".join(code),
        cycle_lines(code) if cycle else [*PROBE, "p = P()", *code, "del p, o"],
        skip=code[-1])
    kind = job.maker.probe
    item = kind()
    thing = put(item)
    settle()
    kind.deaths = 0
    item.ring = thing if cycle else None
    del item, thing
    settle()
    if kind.deaths > 1:
        job.teller.finding(
            "FAIL", "what is in a cycle through {} is finalized {} times".format(
                "; ".join(code), kind.deaths), code=cycle_lines(code))
    return kind.deaths > 0


def cycle_lines(code):
    """The lines that make a cycle and see whether it dies."""
    return ["import gc", *PROBE, "p = P()", *code, "p.ring = o", "del p, o",
            "gc.collect()", "print(P.deaths == 1)"]


def never_freed(job, code, put):
    """Say why a cycle does not die, as far as Python can see it."""
    item = job.maker.probe()
    before = sys.getrefcount(item)
    thing = put(item)
    count = sys.getrefcount(item) - before
    shown = edges_to(item, thing)
    kind = type(thing)
    if not has_gc(kind):
        why, slot = ("the type has no Py_TPFLAGS_HAVE_GC, so the collector does "
                     "not know what its objects hold"), "tp_flags"
    elif not gc.is_tracked(thing):
        why, slot = "the collector does not track the object", "tp_alloc"
    elif shown < count:
        why, slot = (f"of {count} reference(s) tp_traverse shows the collector "
                     f"{shown}"), "tp_traverse"
    else:
        why, slot = ("all is visited, so tp_clear does not let go of "
                     "it"), "tp_clear"
    job.teller.finding(
        "LEAK", "a cycle through {} is never freed: {}".format(
            "; ".join(code), why), code=cycle_lines(code), slot=slot, same=why)


# ------------------------------------------------------------- the type itself


def check_type(job):
    """Objects own their type, give it back, and show it to the collector."""
    maker = job.maker
    kind = maker.type_of()
    if not is_heap(kind):
        job.teller.unsupported("the type is static: its objects do not count it")
        return
    if is_immortal(kind):
        job.teller.unsupported("the type is immortal in this interpreter")
        return
    job.teller.phase("counting references of the type", type_lines(maker.call))
    one = maker.make()
    if maker.make() is one:
        job.teller.unsupported("it makes the same object each time")
        return
    del one
    counts_of_type(job, kind)
    shown_type(job, kind)


def counts_of_type(job, kind):
    """Hold the type's count against the objects there are."""
    maker = job.maker
    maker.make()
    settle()
    before = sys.getrefcount(kind)
    things = [maker.make() for _ in range(MANY)]
    held = sys.getrefcount(kind) - before
    del things
    settle()
    after = sys.getrefcount(kind) - before
    if after != 0:
        job.teller.finding(
            "LEAK" if after > 0 else "FAIL",
            f"{MANY} objects made and dropped leave its type with {after:+d} "
            "references", code=type_lines(maker.call),
            slot="tp_dealloc")
    elif held == 0:
        job.teller.finding(
            "FAIL", "its objects do not own their type, which may be freed before "
            "them", code=[
                "import sys", f"kind = type({maker.call})",
                "before = sys.getrefcount(kind)",
                f"kept = [{maker.call} for _ in range(50)]",
                "print(sys.getrefcount(kind) - before >= 50)"], slot="tp_alloc")


def type_lines(call):
    """The lines that see whether a type's count is restored."""
    return ["import gc, sys", f"kind = type({call})",
            "before = sys.getrefcount(kind)",
            "for _ in range(50): " + call, "gc.collect()",
            "print(sys.getrefcount(kind) == before)"]


def shown_type(job, kind):
    """Whether the collector learns that an object owns its type."""
    thing = job.maker.make()
    if sys.version_info < (3, 9) or not has_gc(kind) or not gc.is_tracked(thing):
        return
    shown = sum(one is kind for one in gc.get_referents(thing))
    lines = ["import gc", "o = " + job.maker.call]
    if shown == 0:
        job.teller.finding(
            "WARN", "tp_traverse does not visit the type, as objects of heap types "
            "must since 3.9: a cycle through the type or its module is never "
            "freed", code=[*lines, "print(type(o) in gc.get_referents(o))"],
            slot="tp_traverse")
    elif shown > 1:
        job.teller.finding(
            "FAIL", f"tp_traverse visits the type {shown} times",
            code=[*lines, "shown = gc.get_referents(o)",
                  "print(sum(one is type(o) for one in shown) == 1)"],
            slot="tp_traverse")


# ------------------------------------------------------------------ a subclass


def check_subclass(job):
    """A subclass with a dict: its objects, their dict and the class itself die."""
    maker = job.maker
    kind = maker.type_of()
    if not is_base(kind):
        job.teller.unsupported("the type allows no subclass")
        return
    call = maker.call.replace(job.spec["path"] + "(", "S(", 1)
    lines = ["class S({}): pass".format(job.spec["path"]), "o = " + call]
    job.teller.phase("making an object of a subclass", [*PROBE, *lines])
    try:
        if not job.spec["is_type"]:
            raise TypeError("a factory makes objects of no subclass")
        maker.run_lines(lines)
    except Exception as error:
        job.teller.unsupported(f"no object of a subclass: {error}")
        return
    maker.run_lines(["del o, S"])
    dict_of_a_subclass(job, lines)
    class_dies(job, lines)


def dict_of_a_subclass(job, lines):
    """A cycle through the dict of an object of a subclass."""
    ring = ["import gc", *PROBE, *lines, "p = P()", "o.pmm_held = p", "p.ring = o"]
    job.teller.phase("collecting a cycle through the dict of a subclass", ring)
    probe = job.maker.probe
    probe.deaths = 0
    job.maker.run_lines([*lines, "p = P()", "o.pmm_held = p", "p.ring = o",
                         "del p, o, S"])
    settle()
    if probe.deaths != 1:
        job.teller.finding(
            "LEAK", "what is in a cycle through the dict of a subclass's object "
            f"died {probe.deaths} times instead of once",
            code=[*ring, "del p, o", "gc.collect()", "print(P.deaths == 1)"])


def class_dies(job, lines):
    """A subclass dies when its objects are gone, also in a cycle with one."""
    ring = [*lines, "S.kept = o"]
    job.teller.phase("collecting a subclass in a cycle with its object", ring)
    job.maker.run_lines([*ring, "import weakref", "dead = weakref.ref(S)",
                         "del o, S"])
    settle()
    if job.maker.space["dead"]() is not None:
        job.teller.finding(
            "LEAK", "a subclass that keeps one of its objects is never freed",
            code=["import gc, weakref", *ring, "dead = weakref.ref(S)", "del o, S",
                  "gc.collect()", "print(dead() is None)"])


# -------------------------------------------------------------- weak references


def check_weakrefs(job):
    """Weak references are told of the death, once."""
    kind = job.maker.type_of()
    if not kind.__weakrefoffset__ and not takes_weakref(job.maker.make()):
        job.teller.unsupported("the type has no weak references")
        return
    told: list[object] = []
    lines = ["import gc, weakref", "told = []", "o = " + job.maker.call,
             "w = weakref.ref(o, told.append)", "del o", "gc.collect()",
             "print(told == [w] and w() is None)"]
    job.teller.phase("dropping what has a weak reference", lines)
    thing = job.maker.make()
    weak = weakref.ref(thing, told.append)
    del thing
    settle()
    if weak() is not None:
        job.teller.note("a weak reference outlives its object: something keeps it")
        return
    if len(told) != 1:
        job.teller.finding(
            "FAIL", f"the callback of a weak reference is called {len(told)} times",
            code=lines, slot="tp_dealloc")


def takes_weakref(thing):
    """Whether an object may be weakly referenced."""
    try:
        weakref.ref(thing)
    except TypeError:
        return False
    return True
