# SPDX-License-Identifier: MIT
"""What a reference is called: an attribute, a key, a variable, a part of an object.

Nothing here runs the program's code: attributes are read through the descriptors of
the built-in types, never by `getattr`.
"""

import gc
import sys
from types import (
    AsyncGeneratorType,
    BuiltinFunctionType,
    CellType,
    CoroutineType,
    FrameType,
    FunctionType,
    GeneratorType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
    TracebackType,
)

from pmm_cycles_watch import HEAP, MRO, NAMESPACE

FRAMES = {
    GeneratorType: ("gi_frame", "gi_yieldfrom"),
    CoroutineType: ("cr_frame", "cr_await"),
    AsyncGeneratorType: ("ag_frame", "ag_await"),
}
SAFE_GETSETS = {
    "Future": ("_callbacks", "_exception", "_result", "_source_traceback"),
    "Task": ("_callbacks", "_exception", "_result", "_coro", "_fut_waiter"),
    "Token": ("old_value", "var"),
}
"""Attributes of types in C that are no members, and that only read."""
FUNCTION_PARTS = (
    "__closure__", "__defaults__", "__kwdefaults__", "__globals__", "__code__",
    "__builtins__", "__annotate__", "__type_params__",
)  # fmt: skip
LONG = 40
LABELS: dict = {}
"""Names of types that live for ever."""


def read(owner, kind, name):
    """Read an attribute by a type's own descriptor; None where there is none."""
    descriptor = NAMESPACE(kind).get(name)
    if not isinstance(descriptor, (GetSetDescriptorType, MemberDescriptorType)):
        return None
    try:
        return descriptor.__get__(owner, kind)
    except (AttributeError, ValueError, RuntimeError):
        return None


def names_of(owner):
    """Return the `__dict__` of an instance; None where it has none."""
    for base in MRO(type(owner)):
        descriptor = NAMESPACE(base).get("__dict__")
        if type(descriptor) in (GetSetDescriptorType, MemberDescriptorType):
            try:
                names = descriptor.__get__(owner, type(owner))
            except (AttributeError, TypeError):
                return None
            return names if isinstance(names, dict) else None
    return None


def raw_namespace(kind):
    """Return the dict behind a class's `__dict__`."""
    return next(
        (one for one in gc.get_referents(NAMESPACE(kind)) if type(one) is dict), None
    )


def locals_of(frame):
    """Return a frame's variables by name."""
    try:
        return dict(frame.f_locals)
    except (RuntimeError, ValueError, TypeError):
        return {}


def frame_of(generator):
    """Return the frame of a suspended generator or coroutine; None otherwise."""
    return read(generator, type(generator), FRAMES[type(generator)][0])


def same(value, target):
    """Tell whether a value is the target, or a cell that holds it."""
    if value is target:
        return True
    return type(target) is CellType and content(target) is value


def content(cell):
    """Return what a cell holds; the cell itself where it is empty."""
    try:
        return cell.cell_contents
    except ValueError:
        return cell


def key_of(mapping, target):
    """Name the entry of a dict that is the target: `['key']`, or `key of`."""
    for key, value in dict.items(mapping):
        if value is target:
            return f"[{short(key)}]"
    return "key" if any(key is target for key in dict.keys(mapping)) else None


def attribute_in(mapping, target):
    """Name the attribute that is the target, in the dict of an object."""
    if mapping is None:
        return None
    for key, value in dict.items(mapping):
        if value is target:
            return f".{key}" if isinstance(key, str) else f"[{short(key)}]"
    return None


def short(key):
    """Show a key without running code of the program's."""
    if type(key) in (str, int, bytes, bool, type(None), float):
        text = repr(key)
        return text if len(text) <= LONG else text[: LONG - 1] + "…"
    return f"a {type(key).__name__}"


def of_frame(frame, target):
    """Name a variable or a part of a frame."""
    for name, value in locals_of(frame).items():
        if same(value, target):
            return f" local '{name}'"
    for part in ("f_back", "f_globals", "f_builtins", "f_code", "f_trace"):
        if getattr(frame, part, None) is target:
            return f".{part}"
    return None


def of_generator(generator, target):
    """Name a variable of a suspended generator, or what it waits for."""
    frame = frame_of(generator)
    if frame is not None and frame is not target:
        for name, value in locals_of(frame).items():
            if same(value, target):
                return f" local '{name}'"
    if read(generator, type(generator), FRAMES[type(generator)][1]) is target:
        return " waits for"
    return f".{FRAMES[type(generator)][0]}" if frame is target else None


def of_function(function, target):
    """Name a part of a function."""
    cells = function.__closure__ or ()
    for name, cell in zip(function.__code__.co_freevars, cells):
        if cell is target or same(content(cell), target):
            return f" closure '{name}'"
    for part in FUNCTION_PARTS:
        if part in NAMESPACE(FunctionType) and getattr(function, part) is target:
            return f".{part}"
    names = names_of(function)
    return ".__dict__" if names is target else attribute_in(names, target)


def of_sequence(owner, target):
    """Name a place in a list or a tuple."""
    items = list.__iter__(owner) if isinstance(owner, list) else tuple.__iter__(owner)
    for place, value in enumerate(items):
        if value is target:
            return f"[{place}]"
    return None


def of_class(kind, target):
    """Name an attribute or a part of a class."""
    if MRO(kind) is target or target is kind:
        return ".__mro__"
    if kind.__bases__ is target or target in kind.__bases__:
        return ".__bases__"
    return attribute_in(raw_namespace(kind), target)


def of_parts(owner, names):
    """Return a function that names the target among the parts of a built-in type."""

    def named(value, target):
        for name in names:
            if getattr(value, name, None) is target:
                return f".{name}"
        return None

    return named


BUILT_IN = {
    dict: key_of,
    list: of_sequence,
    tuple: of_sequence,
    set: lambda owner, target: "{}",
    frozenset: lambda owner, target: "{}",
    FrameType: of_frame,
    GeneratorType: of_generator,
    CoroutineType: of_generator,
    AsyncGeneratorType: of_generator,
    FunctionType: of_function,
    CellType: lambda owner, target: ".cell_contents",
    MethodType: of_parts(MethodType, ("__self__", "__func__")),
    BuiltinFunctionType: of_parts(BuiltinFunctionType, ("__self__",)),
    TracebackType: of_parts(TracebackType, ("tb_frame", "tb_next")),
    ModuleType: lambda owner, target: attribute_in(names_of(owner), target),
}


def name(owner, target):
    """Name the reference from one object to another: `.attribute`, `[key]`, ….

    A reference that only the C code of the owner's type knows is "(inside)".
    """
    kind = type(owner)
    if kind in BUILT_IN:
        return BUILT_IN[kind](owner, target) or "(inside)"
    if isinstance(owner, type):
        found = of_class(owner, target)
    else:
        found = of_instance(owner, target)
    return found or (".__class__" if kind is target else "(inside)")


def of_instance(owner, target):
    """Name an attribute, a slot or an item of an instance."""
    found = attribute_in(names_of(owner), target) or slot(owner, target)
    if found is None and isinstance(owner, (list, tuple)):
        found = of_sequence(owner, target)
    if found is None and isinstance(owner, dict):
        found = key_of(owner, target)
    if found is None and isinstance(owner, (set, frozenset)):
        found = "{}"
    if found is None and names_of(owner) is target:
        found = ".__dict__"
    return found or of_deque(owner, target)


def of_deque(owner, target):
    """Name a place in a deque."""
    deque = getattr(sys.modules.get("collections"), "deque", ())
    if deque and isinstance(owner, deque):
        for place, value in enumerate(deque.__iter__(owner)):
            if value is target:
                return f"[{place}]"
    return None


def slot(owner, target):
    """Name the slot, or the member of a type in C, that is the target."""
    for base in MRO(type(owner)):
        for key, descriptor in NAMESPACE(base).items():
            readable = type(descriptor) is MemberDescriptorType or (
                type(descriptor) is GetSetDescriptorType
                and (is_exception_part(base, key) or key in SAFE_GETSETS.get(
                    base.__name__, ()))
            )  # fmt: skip
            if readable and read(owner, base, key) is target:
                return f".{key}"
    return None


def is_exception_part(base, key):
    """Tell whether a name is one of an exception's links."""
    return base is BaseException and key in (
        "__traceback__", "__context__", "__cause__", "args",
    )  # fmt: skip


def kind_of(one):
    """Return the name of an object's type, with its module where that tells more."""
    kind = type(one)
    text = label(kind)
    if isinstance(one, type):
        return f"class {label(one)}"
    if kind is FunctionType:
        return f"function {one.__qualname__}"
    if kind in FRAMES:
        return f"{kind.__name__} {one.__qualname__}"
    if kind is FrameType:
        return f"frame of {one.f_code.co_name}"
    return text


def label(kind):
    """Name a type: `Node`, `asyncio.Task`."""
    if kind.__flags__ & HEAP:  # a class of the program must not be kept alive by us
        return label_of(kind)
    if kind not in LABELS:
        LABELS[kind] = label_of(kind)
    return LABELS[kind]


def label_of(kind):
    """Name a type, as its namespace says."""
    module = NAMESPACE(kind).get("__module__")
    title = type.__dict__["__qualname__"].__get__(kind)
    if not isinstance(module, str):
        static = type.__dict__["__name__"].__get__(kind)
        module = type.__dict__["__module__"].__get__(kind)
        title = title or static
    hidden = not isinstance(module, str) or module in ("builtins", "__main__")
    return title if hidden else f"{module}.{title}"
