# SPDX-License-Identifier: MIT
"""Run one check of one type in this process: PYTHON -I main.py DESCRIPTOR JOB.

JOB is a JSON document:

    do       what: `list` (the types of a module), `make` (how objects are made),
             or the name of a check
    module   what to import; null for a file of factories
    file     a file of factories, or null
    path     an expression for the type or the factory: `mymod.Ring`
    paths    folders that come first on sys.path
    skip     lines that are to be left out, as they crashed or did not end
    library  pmm-refuse.so
    key      what each line has to have
    maker    what `make` answered, for a check

With -I neither the folder of this file nor the user's is on sys.path.
"""

import gc
import importlib
import importlib.util
import json
import os
import resource
import sys

PACKAGE = "_pmm_extension"
STACK_BYTES = 8 << 20
MEMORY_BYTES = 6 << 30


def bounded_by(kind, most):
    """Lower a limit of this process; what is lower already stays."""
    soft, hard = resource.getrlimit(kind)
    if soft == resource.RLIM_INFINITY or soft > most or kind == \
            resource.RLIMIT_STACK:
        if hard != resource.RLIM_INFINITY:
            most = min(most, hard)
        resource.setrlimit(kind, (most, hard))


def load_package():
    """Import the folder of this file under a name that nobody else has."""
    folder = os.path.dirname(os.path.abspath(__file__))
    spec = importlib.util.spec_from_file_location(
        PACKAGE, os.path.join(folder, "__init__.py"),
        submodule_search_locations=[folder])
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = module
    spec.loader.exec_module(module)
    return importlib.import_module(PACKAGE + ".jobs")


def main():
    bounded_by(resource.RLIMIT_CORE, 0)
    bounded_by(resource.RLIMIT_STACK, STACK_BYTES)
    bounded_by(resource.RLIMIT_AS, MEMORY_BYTES)
    descriptor = int(sys.argv[1])
    os.set_inheritable(descriptor, False)
    spec = json.loads(sys.argv[2])
    sys.argv[1:] = []
    sys.path[:0] = spec["paths"]
    jobs = load_package()
    jobs.run(spec, descriptor)
    gc.collect()


if __name__ == "__main__":
    main()
