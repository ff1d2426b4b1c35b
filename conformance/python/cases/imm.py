# SPDX-License-Identifier: MIT
"""Shared immutable objects."""

NONE = ((), "", b"")
"""Compared by identity under a name: a literal would be warned of."""


@must("Small integers are one object each", "IMM-001")
def small_integers_are_shared():
    """Integers from -5 to 256 inclusive (to 1024 from 3.15) are preallocated: two
    independent constructions of the same value give the same object."""
    for number in range(-5, 257):
        expect(int(str(number)) is int(str(number)), "%d is two objects" % number)


@must("Cached objects outlive their users", "IMM-003")
def cached_objects_stay():
    """Dropping all user references to a cached integer, the empty tuple or None leaves
    a valid object at the same address."""
    for make in (lambda: None, lambda: (), lambda: int("7"), lambda: True):
        before = id(make())
        for _ in range(1000):
            one = make()
            del one
        collect()
        expect_eq(id(make()), before, "the id")


@must("Each empty immutable is one object", "IMM-010")
def empty_immutables_are_singletons():
    """Every empty tuple, empty str and empty bytes produced by any constructor is one
    object."""
    for one in ((), tuple([]), (1, 2)[2:], () + (), () * 3):
        expect(one is NONE[0], "an empty tuple is another one")
    for one in ("", str(), "ab"[2:], "".join([]), "ab" * 0):
        expect(one is NONE[1], "an empty str is another one")
    for one in (b"", bytes(), b"ab"[2:], b"".join([]), b"ab" * 0):
        expect(one is NONE[2], "an empty bytes is another one")


@must("Equal interned strings are one object", "IMM-007", needs="sys.intern")
def interning_gives_one_object():
    """Interning two equal strings built separately yields the same object; interning
    does not change the value."""
    base = "interned by pmm "
    one, other = base + str(12345), base + str(12345)
    expect(sys.intern(one) is sys.intern(other), "they are two objects")
    expect_eq(sys.intern(one), base + "12345")
