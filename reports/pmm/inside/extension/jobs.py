# SPDX-License-Identifier: MIT
"""One job of this process: list types, find how to make one, or run a check."""

import gc
import importlib
import os
import sys
import traceback
import types

from . import check_counts, check_graph, check_life, check_oom
from .finding import Search, describe, import_lines, is_made_in_c, types_of
from .making import Maker
from .naming import called_by
from .refusing import load
from .telling import Teller

CHECKS = {
    "counts": check_counts.check_counts,
    "methods": check_counts.check_methods,
    "reinit": check_counts.check_reinit,
    "copies": check_counts.check_copies,
    "errors": check_counts.check_errors,
    "visits": check_graph.check_visits,
    "cycles": check_graph.check_cycles,
    "type": check_graph.check_type,
    "subclass": check_graph.check_subclass,
    "weakrefs": check_graph.check_weakrefs,
    "unmade": check_life.check_unmade,
    "stress": check_life.check_stress,
    "nesting": check_life.check_nesting,
    "depth": check_life.check_depth,
    "oom": check_oom.check_oom,
    "exit": check_life.check_exit,
}


class Job:
    """What a check works with."""

    def __init__(self, spec, teller, library):
        self.spec = spec
        self.teller = teller
        self.library = library
        self.skip = frozenset(spec["skip"])
        self.kept = []
        self.maker = Maker(spec["maker"])


def import_it(spec, teller):
    """Import the module that is checked."""
    teller.phase("importing " + spec["module"], ["import " + spec["module"]])
    return importlib.import_module(spec["module"])


def given_file(path):
    """The names that a file of factories defines."""
    space = {"__name__": "pmm_factories", "__file__": path}
    with open(path, encoding="utf-8") as file:
        exec(compile(file.read(), path, "exec"), space)  # the user's own file
    return space


def list_types(spec, teller):
    """Answer with the types of a module, or the factories of a file."""
    if spec["file"]:
        space = given_file(spec["file"])
        names = [name for name, value in space.items()
                 if name[0] != "_" and isinstance(value, types.FunctionType)
                 and value.__module__ == "pmm_factories"]
        teller.answer({"names": names, "all": names})
        return
    module = import_it(spec, teller)
    teller.answer({"names": list(types_of(module, spec["module"])),
                   "all": [name for name in dir(module) if name[:2] != "__"]})


def prologue_of(spec, teller):
    """The lines that import, and what the path means there."""
    if spec["file"]:
        lines = [f"made = dict(); exec(open({spec['file']!r}).read(), made)"]
    else:
        module = import_it(spec, teller)
        lines = import_lines(module, spec["module"], spec["paths"])
    space: dict[str, object] = {}
    exec("\n".join(lines), space)  # the lines of the script
    return lines, eval(spec["path"], space)  # a name of the module


def find_maker(spec, teller, library):
    """Answer with how objects of a type are made."""
    lines, given = prologue_of(spec, teller)
    search = Search(teller, lines, spec["path"], frozenset(spec["skip"]))
    if not callable(given):
        teller.unsupported(f"it is {type(given).__name__}, which makes nothing")
    elif not search.find_call():
        teller.unsupported(search.first or "it makes nothing")
    else:
        found = describe(search, given)
        if library is not None:
            kind = type(search.maker.make())
            found["file"] = library.file_of(kind) or found["file"]
        found["is_type"] = isinstance(given, type)
        found["python"] = isinstance(given, type) and not is_made_in_c(given)
        teller.answer(found)


def do_job(spec, teller, library):
    """Do what the document says."""
    if spec["do"] == "list":
        list_types(spec, teller)
    elif spec["do"] == "make":
        find_maker(spec, teller, library)
    else:
        check(spec, teller, library)


def check(spec, teller, library):
    """Run one check."""
    prologue_of(spec, teller)
    job = Job({**spec, **spec["maker"]}, teller, library)
    maker = job.maker
    teller.phase("making one", ["o = " + maker.call])
    maker.make()
    if library is not None:
        kind = maker.type_of()
        teller.name_slot = lambda name: library.slot(kind, name)
        teller.name_line = lambda line: library.named(
            called_by(kind, spec["path"], line))
    gc.collect()
    gc.freeze()
    CHECKS[spec["do"]](job)


def run(spec, descriptor):
    """Do the job; tell an error that came through, and then the end."""
    teller = Teller(descriptor, spec["key"])
    library = load(spec["library"])
    if library is not None:
        library.listen(descriptor)
    try:
        do_job(spec, teller, library)
    except BaseException as error:  # SystemExit at import, too
        teller.line("failed", error=type(error).__name__, text=str(error),
                    where=traceback.format_exc().splitlines()[-12:])
    teller.line("end")
    if spec["do"] != "exit":
        sys.stdout.flush()
        os._exit(0)
