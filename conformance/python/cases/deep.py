# SPDX-License-Identifier: MIT
"""What is nested deeply."""


@must("A list that contains itself prints as [[...]]", "DEEP-004")
def a_list_in_itself_prints():
    """Recursive operations on 1e5-deep data (2e5 from 3.14) give a recursion error,
    never a crash, and release what they took; self-containing lists print with an
    ellipsis."""
    own = []
    own.append(own)
    expect_eq(repr(own), "[[...]]")


@must("Printing, comparing and copying too deep data fails cleanly", "DEEP-004")
def recursive_operations_fail_cleanly():
    """Recursive operations on 1e5-deep data (2e5 from 3.14) give a recursion error,
    never a crash, and release what they took; self-containing lists print with an
    ellipsis."""

    def nested():
        out = []
        for _ in range(200000):
            out = [out]
        return out

    one, other = nested(), nested()
    for action in (repr, lambda value: value == other):
        try:
            action(one)
        except TOO_DEEP:
            pass
    expect_eq(len(one), 1)


@must("Recursion into deep tuples and dicts fails cleanly", "DEEP-004")
def recursion_in_tuples_and_dicts_fails_cleanly():
    """Recursive operations on 1e5-deep data (2e5 from 3.14) give a recursion error,
    never a crash, and release what they took; self-containing lists print with an
    ellipsis."""
    one, other, tables, more = (), (), {}, {}
    for _ in range(200000):
        one, other = (one,), (other,)
        tables, more = {1: tables}, {1: more}
    for action in (
        lambda: repr(one),
        lambda: one == other,
        lambda: repr(tables),
        lambda: tables == more,
    ):
        try:
            action()
        except TOO_DEEP:
            pass
    expect_eq((len(one), len(tables)), (1, 1))


def dies(step, depth):
    """Make a chain, let go of it, and collect."""
    chain = None
    for _ in range(depth):
        chain = step(chain)
    chain = None
    collect()


@must("A million nested lists die on a small stack", "DEEP-001")
def chains_of_lists_die():
    """Dropping a 1e6-deep chain of lists, tuples or dicts on a 256 KiB stack completes
    and frees every object. Stack bound is a profile value: 256 KiB holds on 3.11/3.12;
    3.13.0 needs the default 8 MiB because its limit is a call counter."""
    dies(lambda chain: [chain], 1000000)


@must("A million nested tuples die on a small stack", "DEEP-001")
def chains_of_tuples_die():
    """Dropping a 1e6-deep chain of lists, tuples or dicts on a 256 KiB stack completes
    and frees every object. Stack bound is a profile value: 256 KiB holds on 3.11/3.12;
    3.13.0 needs the default 8 MiB because its limit is a call counter."""
    dies(lambda chain: (chain,), 1000000)


@must("A million nested dicts die on a small stack", "DEEP-001")
def chains_of_dicts_die():
    """Dropping a 1e6-deep chain of lists, tuples or dicts on a 256 KiB stack completes
    and frees every object. Stack bound is a profile value: 256 KiB holds on 3.11/3.12;
    3.13.0 needs the default 8 MiB because its limit is a call counter."""
    dies(lambda chain: {1: chain}, 1000000)


@must("300000 instances linked by attributes die on a small stack", "DEEP-002")
def chains_of_instances_with_a_dict_die():
    """Chains of 300000 instances, with a dict and with slots, are released on the same
    small stack with every object freed."""
    dies(Thing, 300000)


@must("300000 nested instances die on a small stack", "DEEP-002")
def chains_of_instances_die():
    """Chains of 300000 instances, with a dict and with slots, are released on the same
    small stack with every object freed."""

    class Slotted:
        __slots__ = ("next",)

        def __init__(self, following):
            self.next = following

    dies(Slotted, 300000)


@must("Chains of functions and closures die", "DEEP-003")
def chains_of_functions_die():
    """Objects whose release is deferred are released exactly once, and none is left
    when the outermost release returns."""

    def step(chain):
        return lambda: chain

    dies(step, 100000)


@must(
    "Chains of five kinds of objects die, each object once",
    "DEEP-003",
    needs="death_by_count finalizer",
)
def mixed_chains_die_once():
    """Objects whose release is deferred are released exactly once, and none is left
    when the outermost release returns."""
    log = []
    chain = Probe(log, "end")
    for _ in range(50000):
        chain = [chain]
        chain = (chain,)
        chain = {1: chain}
        chain = Thing(chain)
    expect_eq(log, [])
    del chain
    expect_eq(log, ["end"])


@must(
    "Deferred releases happen exactly once",
    "DEEP-003",
    needs="death_by_count finalizer",
)
def deferred_objects_die_once():
    """Objects whose release is deferred are released exactly once, and none is left
    when the outermost release returns."""
    log = []
    chain = None
    for number in range(20000):
        chain = [chain, Probe(log, number)]
    del chain
    expect_eq(len(log), 20000)
    expect_eq(sorted(log), list(range(20000)))
