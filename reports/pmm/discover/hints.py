# SPDX-License-Identifier: MIT
"""What to type instead of a library that cannot be what it was named as.

Decided by the functions that the library defines, not by what a program said of it.
"""

from __future__ import annotations

from pathlib import Path

from pmm.base.typed_names import BackendSpec, nearest
from pmm.discover.file_kinds import FAMILY, functions_of, prefixes_of

BACKEND_GETTER = "pmm_backend_get"
SUBJECT_GETTER = "pmm_subject_get"
EXAMPLE = "conformance/example/backend.c"


def wanted_of(spec: BackendSpec) -> set[str]:
    """Return the functions that a backend's spec asks its library for.

    Without an option it is asked for the getter alone.
    """
    if not spec.options:
        return {BACKEND_GETTER}
    settings = settings_of(spec)
    names = {settings.get("prefix", "") + part for part in FAMILY}
    return names | {name for name in [settings.get("free_sized")] if name}


def settings_of(spec: BackendSpec) -> dict[str, str]:
    """Return the options of a backend's spec by their names."""
    return dict(part.partition("=")[::2] for part in spec.options.split(","))


def backend_hint(spec: BackendSpec) -> str:
    """Return what to type instead; "" where the library has what it is asked for."""
    if spec.path is None:
        return ""
    functions = functions_of(spec.path)
    if wanted_of(spec) <= functions:
        return ""
    if SUBJECT_GETTER in functions and BACKEND_GETTER not in functions:
        return "; it is a subject: name it with --subject"
    prefixes = prefixes_of(functions)
    if prefixes:
        named = spec.label or Path(spec.path).name.partition(".")[0] or "mine"
        tail = f",prefix={prefixes[0]}" if prefixes[0] else ""
        return f"; it has {prefixes[0]}malloc: {named}={spec.path}{tail}"
    wanted = settings_of(spec).get("prefix", "") + "malloc"
    if wanted in functions:
        return f"; a plug-in can give what it lacks: {EXAMPLE} is one"
    close = [name for name in nearest(wanted, functions) if "alloc" in name]
    return f"; the nearest of its functions: {', '.join(close)}" if close else ""


def subject_hint(path: str) -> str:
    """Return what to type instead of a subject; "" where it is one."""
    functions = functions_of(path)
    if BACKEND_GETTER in functions and SUBJECT_GETTER not in functions:
        return "; it is a backend: name it with --backend"
    return ""
