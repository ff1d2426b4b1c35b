# SPDX-License-Identifier: MIT
"""Reference cycles of thirty and more kinds, each made by a function and lost.

`pmm cycles -- python3 planted.py` names each with its way round; `planted.toml`
says which way that is. A name or two of a kind as arguments plant only these.
Valid on CPython 3.8 and later; a kind that a version has not is left out.
"""

import asyncio
import collections
import contextvars
import ctypes
import dataclasses
import enum
import functools
import io
import itertools
import logging
import sys
import threading
import types
import weakref
import xml.dom.minidom

KINDS = {}


def kind(function):
    """Enter a function into the table of kinds."""
    KINDS[function.__name__] = function
    return function


class Thing:
    """An object of a plain class."""


@kind
def itself():
    thing = Thing()
    thing.me = thing


@kind
def pair():
    left, right = Thing(), Thing()
    left.right, right.left = right, left


class Node:
    """A tree with links to the parent."""

    def __init__(self, parent=None):
        self.parent = parent
        self.children = []
        if parent is not None:
            parent.children.append(self)


@kind
def parent_link():
    Node(Node())


class Ring:
    """A doubly linked list."""

    def __init__(self):
        self.next = self.previous = None


@kind
def linked_list():
    first, second = Ring(), Ring()
    first.next, second.previous = second, first


class Slotted:
    """An object without a dict."""

    __slots__ = ("other",)


@kind
def slots():
    thing = Slotted()
    thing.other = thing


@kind
def list_in_itself():
    items = []
    items.append(items)


@kind
def dict_in_itself():
    table = {}
    table["self"] = table


@kind
def tuple_of_a_list():
    items = []
    items.append((items,))


@kind
def deque_in_itself():
    queue = collections.deque()
    queue.append(queue)


class OwnList(list):
    """A subclass of a container."""


@kind
def list_subclass():
    items = OwnList()
    items.append(items)


@kind
def in_a_set():
    thing = Thing()
    thing.group = {thing}


@kind
def exception_traceback():
    try:
        raise ValueError("planted")
    except ValueError as error:
        kept = error
    return str(kept)


@kind
def exception_on_self():
    thing = Thing()

    def fail(owner):
        raise KeyError("planted")

    try:
        fail(thing)
    except KeyError as error:
        thing.error = error


@kind
def exception_context():
    first, second = ValueError("first"), ValueError("second")
    first.other, second.__cause__ = second, first


@kind
def frame():
    here = sys._getframe()
    return here.f_lineno


@kind
def closure():
    def count(number):
        return count(number - 1) if number else 0

    return count(2)


@kind
def two_closures():
    def even(number):
        return number == 0 or odd(number - 1)

    def odd(number):
        return number != 0 and even(number - 1)

    return even(4)


@kind
def lambda_on_self():
    thing = Thing()
    thing.callback = lambda: thing


class Button:
    """It keeps a method of its own."""

    def __init__(self):
        self.on_click = self.clicked

    def clicked(self):
        """React."""


@kind
def bound_method():
    Button()


@kind
def partial():
    thing = Thing()
    thing.later = functools.partial(print, thing)


@kind
def generator():
    box = []

    def produce():
        kept = box
        yield kept

    made = produce()
    next(made)
    box.append(made)


class Pause:
    """Something to wait for."""

    def __await__(self):
        yield


@kind
def coroutine():
    box = []

    async def work():
        kept = box
        await Pause()
        return kept

    made = work()
    made.send(None)
    box.append(made)


@kind
def async_generator():
    box = []

    async def produce():
        kept = box
        yield kept

    made = produce()
    try:
        made.__anext__().send(None)
    except StopIteration:
        box.append(made)


class Shape:
    """Something that is made in each call."""


@kind
def local_class():
    class Local(Shape):
        pass

    return Local.__name__


@kind
def class_and_instance():
    class Single(Shape):
        pass

    Single.instance = Single()


class Lazy:
    """A descriptor that remembers whom it served."""

    def __init__(self):
        self.served = []

    def __get__(self, owner, kind):
        self.served.append(owner)
        return self


@kind
def descriptor():
    class User(Shape):
        value = Lazy()

    return str(User().value)


@kind
def property_of_class():
    class User(Shape):
        @property
        def owner(self):
            return User

    return User().owner.__name__


class Cached:
    """It caches a method on itself."""

    def __init__(self):
        self.look_up = functools.lru_cache(maxsize=None)(self.slow)

    def slow(self, key):
        """Compute."""
        return key


@kind
def lru_cache():
    Cached().look_up(1)


@kind
def asyncio_task():
    async def work(box):
        box.append(asyncio.current_task())
        await asyncio.get_running_loop().create_future()

    loop = asyncio.new_event_loop()
    box = []
    task = loop.create_task(work(box))
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    task._log_destroy_pending = False


@kind
def asyncio_future():
    loop = asyncio.new_event_loop()
    future = loop.create_future()
    future.set_result([future])
    loop.close()


@kind
def context_variable():
    context = contextvars.copy_context()
    variable = contextvars.ContextVar("planted")
    context.run(variable.set, context)


@kind
def ctypes_callback():
    thing = Thing()
    thing.callback = ctypes.CFUNCTYPE(None)(lambda: thing)


@kind
def itertools_object():
    items = []
    items.append(itertools.chain(items))


@kind
def map_object():
    thing = Thing()
    thing.words = map(str, [thing])


class Buffer(io.BytesIO):
    """A type in C with attributes."""


@kind
def c_extension_type():
    buffer = Buffer()
    buffer.owner = [buffer]


class Handler(logging.Handler):
    """It keeps the logger that it hangs on."""


@kind
def logging_handler():
    logger = logging.Logger("planted")
    handler = Handler()
    handler.logger = logger
    logger.addHandler(handler)
    logging._handlerList[:] = [
        one for one in logging._handlerList if one() is not handler
    ]


@kind
def weakref_callback():
    thing, target = Thing(), Thing()
    thing.target = target
    target.watch = weakref.ref(thing, lambda _: thing)


@dataclasses.dataclass
class Record:
    """A plain record."""

    name: str
    link: object = None


@kind
def dataclass():
    record = Record("planted")
    record.link = record


@kind
def enumeration():
    class Colour(enum.Enum):
        RED = 1

    return Colour.RED.name


@kind
def thread_local():
    local = threading.local()
    local.box = [local]


@kind
def module_object():
    module = types.ModuleType("planted")
    exec("def function():\n    return function", module.__dict__)


@kind
def namespace():
    space = types.SimpleNamespace()
    space.inner = space


@kind
def own_finalizer():
    thing = Closing()
    thing.peer = thing


class Closing:
    """It takes its own cycle apart when it is finalized."""

    def __del__(self):
        self.peer = None


@kind
def minidom():
    xml.dom.minidom.parseString("<a><b/></a>")


def main(names):
    """Plant what is asked for; all without a name."""
    for name in names or KINDS:
        KINDS[name]()


if __name__ == "__main__":
    main(sys.argv[1:])
