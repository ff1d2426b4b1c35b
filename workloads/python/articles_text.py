# SPDX-License-Identifier: MIT
"""The code examples of the four articles, and the output printed with them.

`PRINTED` is an example as the article prints it, where that lost its line
breaks; `RESTORED` has the breaks back and nothing else changed; `OUTPUT` is
what the article says it prints.  Article 2 prints no code.
"""

from __future__ import annotations

ARTICLE = {
    "create_list": 0, "create_generator": 0, "read_and_close": 0,
    "read_with": 0, "list_and_tuple": 0, "memory_usage": 1, "print_x": 3,
    "list_append": 3, "list_remove": 3, "tuple_allocate": 3,
}

RESTORED = {
    "create_list": """\
def create_list():
    result = []
    for i in range(1000000):
        result.append(i)
    return result
""",
    "create_generator": """\
def create_generator():
    for i in range(1000000):
        yield i
""",
    "read_and_close": """\
file = open('large_file.txt', 'r')
data = file.read()
file.close()
""",
    "read_with": """\
with open('large_file.txt', 'r') as file:
    data = file.read()
""",
    "list_and_tuple": """\
my_list = [1, 2, 3]
my_tuple = (1, 2, 3)
""",
    "memory_usage": """\
import sys
def memory_usage():
    a = [1] * 1000000
    b = [2] * 1000000
    c = a + b
    print(f"Size of 'a': {sys.getsizeof(a)} bytes")
    print(f"Size of 'b': {sys.getsizeof(b)} bytes")
    print(f"Size of 'c': {sys.getsizeof(c)} bytes")
memory_usage()
""",
    "print_x": """\
x = 10
print(x)
""",
    "list_append": """\
#python memory management in Lists
list1 = [11, 12, 13]
print("list1 =",list1)
#inserting values into list1
list1.append(14)
list1.append(15)
#printing final values of list1
print("Final list1 =",list1)
""",
    "list_remove": """\
#python memory management
list1 = [3,4,5,6,7]
print("list ="list1)
#to delete elements from list
list1.remove(4)
list1.remove(5)
#printing of new tuple
print("new list =",list1)
""",
    "tuple_allocate": """\
#memory allocation in tuples
Tuple1 = (22, 33, 44)
#printing of tuple
print("Tuple =",Tuple1)
""",
}

PRINTED = {
    name: " ".join(line.strip() for line in RESTORED[name].splitlines())
    for name in ("memory_usage", "print_x", "list_append", "list_remove",
                 "tuple_allocate")
}

# What restoring line breaks does not mend.
MENDED = {"list_remove": ('"list ="list1', '"list =",list1')}

OUTPUT = {
    "memory_usage": ["Size of 'a': 9000112 bytes",
                     "Size of 'b': 9000112 bytes",
                     "Size of 'c': 16000112 bytes"],
    "print_x": ["10"],
    "list_append": ["list1 =[11, 12, 13]",
                    "Final list1 =[11, 12, 13, 14, 15]"],
    "list_remove": ["list =[3,4,5,6,7]", "new list =[3,6,7]"],
    "tuple_allocate": ["Tuple =(22, 33, 44)"],
}
