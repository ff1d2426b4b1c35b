# SPDX-License-Identifier: MIT
"""counts, methods, copies, reinit, errors: what grows from round to round."""

import contextvars
import gc
import sys
import types

from .finding import methods_of
from .making import PROBE, is_heap, settle
from .meters import Growth, Meters, growths
from .using import (
    DANGEROUS,
    HELPERS,
    bounded,
    doer,
    is_slot,
    operations,
    prepared,
    try_each,
)

ORDINARY = (None, True, False, NotImplemented, Ellipsis, (), "", b"", 0, 1, 2)
COUNTED = [
    "def rounds():",
    "    for _ in range(200): once()",
    "    gc.collect(); sys.version_info < (3, 12) and sys._clear_type_cache()",
]
EVIL = [
    "class E:  # raises, whatever it is asked",
    "    def no(self, *a, **k): raise LookupError",
    "    __eq__ = __lt__ = __hash__ = __repr__ = __str__ = __iter__ = no",
    "    __next__ = __len__ = __bool__ = __index__ = __int__ = __float__ = no",
    "    __call__ = __getitem__ = __contains__ = __fspath__ = __bytes__ = no",
    "    __getattr__ = __enter__ = __exit__ = __format__ = __add__ = no",
]
PROTOCOLS = range(6)
PAGES_BYTES = 4 << 20


def watched(job, items=()):
    """Meters that watch what each object shares with all others."""
    meters = Meters()
    for item in ORDINARY:
        meters.watch(repr(item), item)
        meters.cushion(item)
    kind = job.maker.type_of()
    if is_heap(kind):
        meters.watch("the type", kind)
    for name, item in items:
        meters.watch(name, item)
    return meters


def measure(job, doing, once, meters, lines, base=(), alike=True, excuse=None,
            calls=None):
    """Do something in rounds; tell what grew. `lines` are those of `once`.

    What grows alike in several ways is told once. `excuse` tells who keeps what
    was made, where somebody is known to. `calls` is the line that makes it grow.
    """
    try:
        grown = growths(once, meters, base=base)
    except MemoryError:
        # What this process may have at most is gone: once is enough to see it.
        few = [*lines, "import resource, gc",
               "resource.setrlimit(resource.RLIMIT_AS, (1 << 32, 1 << 32))",
               "for _ in range(2000): once()"]
        job.teller.finding("LEAK", f"{doing}: memory runs out", code=few)
        return []
    if not grown:
        return grown
    keeper = excuse() if excuse else None
    if keeper:
        job.teller.note(f"{doing}: what it makes or is given is kept by {keeper}, "
                        "as the collector can see")
        return grown
    worst = grown[0]
    each = [f"{one.each:+.4g} {worded(one)}" for one in grown]
    message = "{}: {} each time".format(doing, ", ".join(each))
    same = "{} {} {}".format(worst.kind, worst.name, "" if alike else doing)
    job.teller.finding("LEAK" if worst.each > 0 else "FAIL", message,
                       code=script_of(worst, lines), same=same, calls=calls)
    return grown


def worded(growth):
    """What a growth counts, in words."""
    if growth.kind == "references":
        return "references of " + growth.name
    return growth.name


def script_of(growth, lines):
    """The lines that show a growth without pmm."""
    measured = {
        "references": "sys.getrefcount(thing)",
        "blocks": "sys.getallocatedblocks()",
        "total": "sys.gettotalrefcount()",
        "bytes": "int(open('/proc/self/statm').read().split()[1])",
    }[growth.kind]
    thing = []
    if growth.kind == "references":
        name = {"the type": "type(make())", "the argument": "p"}.get(
            growth.name, growth.name)
        thing = ["thing = " + name]
    often = 1
    if growth.kind == "bytes":  # so often that whole pages are more
        often = int(max(1, min(100, PAGES_BYTES / (200 * growth.each))))
    return [*HELPERS[:1], *lines, *COUNTED, *thing, "rounds()",
            f"before = {measured}",
            f"for _ in range({often}): rounds()",
            f"after = {measured}",
            "print(abs(after - before) < 50)"]


def made_lines(job):
    """The lines that define make()."""
    return ["def make(): return " + job.maker.call]


def indented(lines):
    """The lines of a body."""
    return ["    " + line for line in lines]


def check_counts(job):
    """Making and dropping an object gives back what it took."""
    maker = job.maker
    job.teller.phase("making and dropping one after another",
                     ["for _ in range(2000): " + maker.call])
    lines = [*made_lines(job), "def once(): make()"]
    base = measure(job, "make and drop", maker.make, watched(job), lines)
    for code, put in maker.putters():
        argument = maker.probe()
        job.teller.phase("giving it an object: " + "; ".join(code),
                         [*code[:1], *code[1:]], skip=code[-1])
        if code[-1] in job.skip:
            continue
        lines = [*PROBE, *made_lines(job), "p = P()", "def once():",
                 *indented(code)]
        meters = watched(job, [("the argument", argument)])
        measure(job, "; ".join(code), lambda put=put, p=argument: put(p),
                meters, lines, base, excuse=lambda put=put: keeper_of(job, put))


def holders_of(item, but=()):
    """Who the collector knows to refer to an object, and how often in all."""
    found = []
    count = 0
    for one in gc.get_referrers(item):
        if isinstance(one, (types.FrameType, types.CellType)) or one is but:
            continue
        found.append(one)
        for other in gc.get_referents(one):
            count += other is item
    return found, count


def are_held(holders):
    """Whether each plain container among them is held by somebody in turn."""
    plain = [one for one in holders if type(one) in (list, dict, tuple)]
    for at in range(len(plain)):
        others = [one for one in holders_of(plain[at], plain)[0]
                  if one is not holders]
        if not others:
            return False
    return True


def keeper_of(job, put):
    """The type of who keeps what an object was given, after the object is gone.

    A lost reference has no holder; one in a registry has.
    """
    gc.unfreeze()
    try:
        item = job.maker.probe()
        before = sys.getrefcount(item)
        _, known = holders_of(item)
        put(item)
        settle()
        more = sys.getrefcount(item) - before
        found, shown = holders_of(item)
        if more <= 0 or shown - known < more or not are_held(found):
            return None
        return ", ".join(sorted({type(one).__name__ for one in found}))
    finally:
        gc.collect()
        gc.freeze()


def measure_each(job, codes, lines_of):
    """Find what grows when lines are done with fresh objects, and which line.

    All of them in a round first, as that is mostly the answer.
    """
    maker = job.maker
    codes = [code for code in codes if code not in job.skip]
    works = [(code, doer(maker, code)) for code in codes]

    def all_of_them():
        for _, work in works:
            in_own_context(work, maker)

    job.teller.phase("all of it, again and again")
    base = growths(maker.make, watched(job))
    if not growths(all_of_them, watched(job), base=times_of(base, len(works))):
        return
    for code, work in works:
        lines = lines_of(code)
        job.teller.phase("again and again " + code,
                         [*HELPERS, *lines, "once()"], skip=code)

        def once(work=work):
            in_own_context(work, maker)

        measure(job, code, once, watched(job), lines, base, alike=False,
                calls=code)


def in_own_context(work, maker):
    """Do something with a fresh object; what a context keeps goes with it."""
    contextvars.copy_context().run(lambda: bounded(work, maker.make()))


def times_of(base, count):
    """What grows anyway when it is done so many times."""
    return [Growth(one.kind, one.name, one.each * count) for one in base]


def with_fresh(job, code, more=()):
    """The lines that define once(), which does a line with a fresh object."""
    return [*more, *made_lines(job), "import contextvars", "def use():",
            "    o = make()", "    try: " + code, "    except Exception: pass",
            "def once(): contextvars.copy_context().run(use)"]


def check_methods(job):
    """Using an object gives back what it took: attributes, protocols, methods."""
    maker = prepared(job.maker)
    codes = operations(maker.type_of())
    try_each(job, codes, ["o = " + maker.call], maker.make)
    measure_each(job, codes, lambda code: with_fresh(
        job, code, [*PROBE, *HELPERS[1:]]))


def check_reinit(job):
    """__init__ may be called again, and lets go of what it replaces."""
    maker = prepared(job.maker)
    codes = [code for code in ("o.__init__()", "o.__init__([])", "o.__init__(P())")
             if code not in job.skip and works(maker, code)]
    holders = [way for way in held_again(maker) if way not in job.skip]
    if not codes and not holders:
        job.teller.unsupported("its __init__ takes none of the arguments tried")
    for code in [*codes, *holders]:
        work = doer(maker, code, "o, p")
        setup = [*PROBE, *made_lines(job), "p = P()", "o = make()",
                 "def once():", "    " + code]
        job.teller.phase(code, [*setup, "once()"], skip=code)
        thing, argument = maker.make(), maker.probe()
        meters = watched(job, [("the argument", argument)])
        measure(job, "again and again " + code,
                lambda w=work, o=thing, p=argument: w(o, p), meters, setup,
                calls=code)
        bounded(doer(maker, "repr(o)"), thing)


def works(maker, code):
    """Whether an operation does not raise."""
    return bounded(doer(maker, code), maker.make()) is None


def held_again(maker):
    """Calls of __init__ with the arguments of the holders."""
    found = []
    for holder in maker.holders:
        arguments = holder.partition("(")[2]
        code = "o.__init__(" + arguments
        if bounded(doer(maker, code, "o, p"), maker.make(), maker.probe()) is None:
            found.append(code)
    return found


def check_copies(job):
    """Copies and pickles that are offered keep every count."""
    maker = prepared(job.maker)
    codes = ["copy.copy(o)", "copy.deepcopy(o)"]
    codes += [f"pickle.loads(pickle.dumps(o, {n}))" for n in PROTOCOLS]
    offered = False
    for code in codes:
        if code in job.skip or not works(maker, code):
            continue
        offered = True
        work = doer(maker, code)
        setup = [*made_lines(job), "o = make()", "def once(): " + code]
        job.teller.phase(code, [*HELPERS, *setup, "once()"], skip=code)
        thing = maker.make()
        measure(job, code, lambda w=work, o=thing: w(o), watched(job), setup,
                calls=code)
        settle()
    if not offered:
        job.teller.unsupported("it can neither be copied nor pickled")


def check_errors(job):
    """Arguments that raise leave no trace but their error."""
    maker = prepared(job.maker)
    maker.run_lines(EVIL)
    codes = [f"o {sign} E()" for sign in ("==", "<", "+", "*", "%")]
    codes += ["E() in o", "o[E()]", "setitem(o, E())"]
    codes += call_forms(maker, job.spec["path"])
    helper = ["def setitem(o, k): o[k] = k"]
    maker.run_lines(helper)
    more = [*EVIL, *helper]
    try_each(job, codes, [*more, "o = " + maker.call], maker.make)
    measure_each(job, codes, lambda code: with_fresh(job, code, more))


def call_forms(maker, path):
    """Calls of the type and of its methods with arguments that raise."""
    found = [f"{path}({form})" for form in
             ("E()", "[E()]", "E(), E()", "nonsense=E()", "*[E()] * 9")]
    for name in methods_of(type(maker.make())):
        if name != "__init__" and (is_slot(name) or DANGEROUS.match(name)):
            continue
        found += [f"o.{name}({form})"
                  for form in ("E()", "E(), E()", "[E()]", "nonsense=E()")]
    return found
