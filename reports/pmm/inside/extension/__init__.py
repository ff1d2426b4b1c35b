# SPDX-License-Identifier: MIT
"""What `pmm check-extension` runs inside somebody's interpreter.

One process is one check of one type (main.py). It gets a JSON document with what
to do, and tells on a descriptor of its own, a line each, what it is doing and
what it found, so that a crash is a line that has no successor. Plain Python of
the standard library, 3.8 and later; Linux.

    telling.py   the lines that the runner reads
    making.py    how an object is made, and how it is given one to hold
    finding.py   the types of a module, and how each can be made
    using.py     what can be done with any object
    meters.py    what is counted, and what grows from round to round
    refusing.py  failing allocations, and names of C functions (ctypes)
    naming.py    the C function that a line calls
    dying.py     whether an object dies while the collector still has it
    check_*.py   the checks

Code that a check runs is text: the same lines stand in the script that shows the
finding without pmm.
"""
