# SPDX-License-Identifier: MIT
"""Copies, shallow and deep, and views."""


@must("Passing and assigning never copy an object", "COPY-001")
def assignment_copies_nothing():
    """Passing or assigning an object of any size allocates nothing and keeps its id."""
    items = list(range(1000))

    def passed(given):
        other = given
        return id(other)

    expect_eq(passed(items), id(items), "the id of the argument")


@must(
    "A deep copy of a tuple of atoms is the tuple itself",
    "COPY-004",
    needs="copy.deepcopy",
)
def atomic_tuples_are_not_copied():
    """A tuple of only immutable items deep-copies to itself; one holding a list does
    not."""
    import copy

    atoms = (1, "two", 3.5, (4, None))
    holder = (1, [2])
    expect(copy.deepcopy(atoms) is atoms, "a tuple of atoms was copied")
    expect(copy.deepcopy(holder) is not holder, "a tuple of a list was not copied")


@must("A cycle through a tuple is copied once", "COPY-003", needs="copy.deepcopy")
def deep_copies_close_cycles_through_tuples():
    """A deep copy copies each mutable object once: shared items stay shared and a
    self-containing list maps to itself."""
    import copy

    inner = []
    ring = (inner, 1)
    inner.append(ring)
    other = copy.deepcopy(ring)
    expect(other is not ring, "the tuple is the same")
    expect(other[0] is not inner, "the list is the same")
    expect(other[0][0] is other, "the cycle does not come back to the copy")


@must("A deep copy copies each object once", "COPY-003", needs="copy.deepcopy")
def deep_copies_keep_sharing():
    """A deep copy copies each mutable object once: shared items stay shared and a
    self-containing list maps to itself."""
    import copy

    shared = [1]
    own = [shared, shared]
    own.append(own)
    other = copy.deepcopy(own)
    expect(other[0] is other[1], "what was shared is not")
    expect(other[0] is not shared, "an item was not copied")
    expect(other[2] is other, "the list does not hold itself")


@must("A deep copy of instances keeps sharing", "COPY-003", needs="copy.deepcopy")
def deep_copies_of_instances():
    """A deep copy copies each mutable object once: shared items stay shared and a
    self-containing list maps to itself."""
    import copy

    shared, holder = Thing("shared"), Thing("holder")
    holder.left = holder.right = shared
    shared.back = holder
    other = copy.deepcopy(holder)
    expect(other.left is other.right, "what was shared is not")
    expect(other.left is not shared, "an attribute was not copied")
    expect(other.left.back is other, "the cycle does not come back to the copy")


@must(
    "A deep copy copies a shared set or array once",
    "COPY-003",
    needs="copy.deepcopy array.array",
)
def deep_copies_share_sets_and_arrays():
    """A deep copy copies each mutable object once: shared items stay shared and a
    self-containing list maps to itself."""
    import array
    import copy

    one, numbers = {1, 2}, array.array("i", [1, 2, 3])
    other = copy.deepcopy([one, one, numbers, numbers])
    expect(other[0] is other[1] and other[0] is not one, "the set was not copied once")
    expect(other[2] is other[3] and other[2] is not numbers, "nor was the array")
    expect_eq(list(other[2]), [1, 2, 3])


@must("A deep copy of a dict keeps sharing", "COPY-003", needs="copy.deepcopy")
def deep_dict_copies_keep_sharing():
    """A deep copy copies each mutable object once: shared items stay shared and a
    self-containing list maps to itself."""
    import copy

    shared = [1]
    own = {"a": shared, "b": shared}
    own["c"] = own
    other = copy.deepcopy(own)
    expect(other["a"] is other["b"], "what was shared is not")
    expect(other["a"] is not shared, "a value was not copied")
    expect(other["c"] is other, "the dict does not hold itself")


@must(
    "Functions, types and weak references are their own copies",
    "COPY-004",
    needs="copy.deepcopy weakref.ref",
)
def functions_stand_for_themselves():
    """A tuple of only immutable items deep-copies to itself; one holding a list does
    not."""
    import copy
    import weakref

    target = Thing()
    for one in (collect, Thing, weakref.ref(target)):
        expect(copy.copy(one) is one, "a copy of " + shown(one))
        expect(copy.deepcopy(one) is one, "a deep copy of " + shown(one))


@must(
    "A shallow copy of an instance shares its attribute values",
    "COPY-002",
    needs="copy.copy",
)
def instances_share_their_state():
    """A shallow copy is a new container with the same items, each gaining one
    reference."""
    import copy

    one = Thing([1])
    other = copy.copy(one)
    expect(other is not one, "it is the same instance")
    expect(other.name is one.name, "the attribute was copied")
    other.name = 5
    expect_eq(one.name, [1])


@must(
    "The copy of an iterator continues from the same position",
    "COPY-002",
    needs="copy.copy",
)
def iterators_go_on_alone():
    """A shallow copy is a new container with the same items, each gaining one
    reference."""
    import copy

    for source in ([1, 2, 3], (1, 2, 3)):
        one = iter(source)
        next(one)
        other = copy.copy(one)
        expect_eq(list(one), [2, 3])
        expect_eq(list(other), [2, 3])


@must("A copy of an exhausted iterator is exhausted", "COPY-031", needs="copy.copy")
def copies_of_ended_iterators():
    """A copy of an exhausted iterator is exhausted too, and owns nothing."""
    import copy

    for source in ([1], (1,), "a", b"a"):
        one = iter(source)
        expect_eq(len(list(one)), 1)
        expect_eq(list(copy.copy(one)), [])


@must("Repetition repeats references and copies no row", "COPY-005")
def repetition_aliases_rows():
    """[row]*3 holds the same row three times: a write through one shows in all, and
    refcount rises by 3."""
    row = [0]
    rows = [row] * 3
    rows[0][0] = 7
    expect_eq(rows, [[7], [7], [7]])
    expect(rows[0] is row and rows[2] is row, "the row was copied")


@must("A shallow copy shares its items", "COPY-002", needs="copy.copy")
def shallow_copies_share_items():
    """A shallow copy is a new container with the same items, each gaining one
    reference."""
    import copy

    items = [Thing(), [1]]
    for other in (copy.copy(items), items[:], list(items), items.copy()):
        expect(other is not items, "it is the same list")
        expect(other[0] is items[0] and other[1] is items[1], "an item was copied")


@must("A copy of a dict shares its items", "COPY-002", needs="copy.copy")
def shallow_dict_copies_share_items():
    """A shallow copy is a new container with the same items, each gaining one
    reference."""
    import copy

    key, value = (1, 2), [3]
    own = {key: value}
    for other in (copy.copy(own), own.copy(), dict(own)):
        expect(other is not own, "it is the same dict")
        expect(other[key] is value, "a value was copied")
        expect(list(other)[0] is key, "a key was copied")


@must("A copy of a set shares its items", "COPY-002", needs="copy.copy")
def shallow_set_copies_share_items():
    """A shallow copy is a new container with the same items, each gaining one
    reference."""
    import copy

    item = Thing()
    own = {item}
    for other in (copy.copy(own), own.copy(), set(own)):
        expect(other is not own, "it is the same set")
        expect(list(other)[0] is item, "an item was copied")


@must(
    "A view copies nothing and pins its owner", "COPY-006", needs="builtins.BufferError"
)
def views_pin_their_owner():
    """A memory view slice costs under 1 KiB whatever its length, keeps its owner alive,
    and forbids resizing it."""
    owner = bytearray(b"12345678")
    view = memoryview(owner)[2:4]
    expect_raises(BufferError, owner.extend, b"9")
    expect_eq(bytes(view), b"34")
    expect_eq(len(owner), 8)


@must("A view shows what is written to its owner", "COPY-006")
def views_show_their_owner():
    """A memory view slice costs under 1 KiB whatever its length, keeps its owner alive,
    and forbids resizing it."""
    owner = bytearray(b"12345678")
    view = memoryview(owner)[2:4]
    owner[2] = 65
    expect_eq(bytes(view), b"A4")
    view[1] = 66
    expect_eq(bytes(owner[2:4]), b"AB")


@must(
    "An owner can be resized once its views are gone",
    "COPY-006",
    needs="death_by_count",
)
def without_views_owners_resize():
    """A memory view slice costs under 1 KiB whatever its length, keeps its owner alive,
    and forbids resizing it."""
    owner = bytearray(b"12345678")
    view = memoryview(owner)
    del view
    owner.extend(b"9")
    expect_eq(len(owner), 9)


@must(
    "A file cannot be copied, so its descriptor has one owner",
    "CTX-007",
    needs="copy.copy",
)
def files_have_no_copy():
    """Closing a closed file does nothing and never closes a descriptor number reused by
    another file."""
    import copy

    with open(SOURCE, "rb") as file:
        expect_raises(TypeError, copy.copy, file)
        expect_raises(TypeError, copy.deepcopy, file)
        expect(file.read(1) != b"", "the file cannot be read any more")
