# SPDX-License-Identifier: MIT
"""The programs of the film strips: a lesson each, in a few lines.

Each is this project's own program for a lesson that an article has an example
of.  What `SETUP` and the caller name is there before the film begins, and is
not shown.
"""

from __future__ import annotations

from typing import NamedTuple

FILE_BYTES = 200000
"""Length of the file that `path` names."""

SETUP = """\
import copy, gc, weakref
class Node:
    pass
Node().other = None
"""


class Program(NamedTuple):
    """One film: what it is called, what it teaches, and its lines."""

    name: str
    article: int
    title: str
    lesson: str
    source: str


PROGRAMS = (
    Program("names", 3, "A name is a label",
            "Assigning gives an object one more name; it copies nothing. The "
            "number goes when its last name goes.", """\
x = int("1234567890123")
y = x
y = y + 1
del x
"""),
    Program("append", 3, "A list grows in steps",
            "append() asks for room ahead: most calls take no memory, a few "
            "take some for the calls to come.", """\
row = [spam, eggs, ham]
row.append(spam)
row.append(eggs)
row.append(ham)
row.append(spam)
row.append(eggs)
row.append(ham)
"""),
    Program("remove", 3, "A list gives room back late",
            "remove() takes the item out, and the array stays as it is until "
            "less than half of it is used.", """\
row = [spam, eggs, ham] * 3
row.remove(spam)
row.remove(eggs)
row.remove(ham)
del row[3:]
row.clear()
"""),
    Program("tuple", 3, "A tuple holds what it has, and lets it go",
            "A tuple is one block with its references inside. When its last "
            "name goes, the tuple goes, and so does what only it held.", """\
item = Node()
pair = (item, item, 7)
del item
del pair
"""),
    Program("list_and_tuple", 0, "Copying a list, copying a tuple",
            "tuple(t) is the tuple itself, as nobody can change it; list(l) "
            "has to be another list. The items cost the same in both.", """\
item = Node()
row = [item, item, item]
pair = (item, item, item)
other_row = list(row)
other_pair = tuple(pair)
"""),
    Program("list", 0, "A list holds all its values",
            "Every value is alive at once: the memory grows with their "
            "number, and comes back when the list goes.", """\
values = [n * n for n in range(1000, 3000)]
total = sum(values)
del values
"""),
    Program("generator", 0, "A generator holds its place",
            "One value is alive at a time: the memory does not depend on how "
            "many there will be.", """\
values = (n * n for n in range(1000, 3000))
total = sum(values)
del values
"""),
    Program("close", 0, "close() gives back the file, not the text",
            "Closing frees the file's buffer and its descriptor. What was "
            "read is another object, and lives as long as its name.", """\
file = open(path)
text = file.read()
file.close()
del text
del file
"""),
    Program("with", 0, "with closes the file, and keeps both names",
            "Leaving the block closes the file, also after an error. The "
            "names stay, and with them the text.", """\
with open(path) as file:
    text = file.read()
del text
del file
"""),
    Program("concat", 1, "a + b makes a third list",
            "The sum has room for both and one head less than two lists. "
            "+= lets the first list grow instead.", """\
a = [spam] * 1000
b = [eggs] * 1000
c = a + b
del c
a += b
"""),
    Program("cycle", 1, "A circle is not freed by counting",
            "Each object is held by the other, so neither count gets to 0. "
            "The collector finds that nobody else holds them.", """\
one = Node()
two = Node()
one.other = two
two.other = one
del one
del two
gc.collect()
"""),
    Program("weakref", 1, "A weak reference does not hold",
            "It leads to the object and is not counted: the object goes with "
            "its last name.", """\
one = Node()
watch = weakref.ref(one)
del one
found = watch()
"""),
    Program("strings", 2, "Strings that grow, strings that are joined",
            "A string cannot change: adding to one that has two names makes "
            "another. join() makes the whole at once.", """\
text = word * 100
kept = text
text = text + word
parts = [word] * 101
text = ''.join(parts)
"""),
    Program("copies", 2, "One object, a copy, a deep copy",
            "A second name costs nothing, a copy costs the outer list, a deep "
            "copy costs all that is inside.", """\
grid = [[spam] * 100, [eggs] * 100]
same = grid
shallow = list(grid)
deep = copy.deepcopy(grid)
"""),
    Program("generations", 2, "An object grows old",
            "What a collection finds alive is looked at less often from then "
            "on.", """\
box = [spam]
gc.collect(0)
gc.collect(1)
gc.collect(2)
"""),
)
