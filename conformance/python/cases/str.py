# SPDX-License-Identifier: MIT
"""Strings."""


@must("+= never changes a string that others refer to", "STR-006")
def append_respects_aliases():
    """Building a string by += must give the right value; an in-place path is allowed
    only when the left operand has one reference."""
    text = "abc" + str(5)
    alias, kept = text, [text]
    for number in range(100):
        text += str(number)
    expect_eq((alias, kept), ("abc5", ["abc5"]))
    expect_eq(len(text), 4 + 190)


@must(
    "Appending to an interned string makes another one", "STR-009", needs="sys.intern"
)
def interned_strings_do_not_change():
    """A string that is interned, or that anything else can reach, never changes in
    place."""
    text = sys.intern("interned" + str(7))
    before = text
    text += "more"
    expect_eq((before, text), ("interned7", "interned7more"))
    expect(sys.intern("interned" + str(7)) is before, "it is found no more")


@must("+= leaves no stale hash, encoding or interned entry", "STR-006")
def append_forgets_what_was_cached():
    """Building a string by += must give the right value; an in-place path is allowed
    only when the left operand has one reference."""
    text = "key" + str(1)
    table = {text: 1}
    hash(text)
    text += "2"
    expect_eq(hash(text), hash("key12"))
    expect(text not in table and "key1" in table, "a stale hash")
    table[text] = 2
    expect_eq(table, {"key1": 1, "key12": 2})


@must("A slice does not keep its source", "STR-004")
def slices_copy():
    """A proper slice is an independent object whose size depends on its own length, and
    it stays valid after the source dies."""

    def part():
        source = "0123456789" * 1000
        return source[3:8]

    text = part()
    burn()
    collect()
    expect_eq(text, "34567")
    if hasattr(sys, "getsizeof") and "counts" not in LACKS:
        expect(sys.getsizeof(text) < 200, "the size is not that of a short string")
