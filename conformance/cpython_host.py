# SPDX-License-Identifier: MIT
r"""Run the suite inside the interpreter that runs this script.

    python3.12 conformance/cpython_host.py --module build/.../_pmm.abi3.so \\
        conform --case 'ref.*'
    python3.12 conformance/cpython_host.py work list_vs_generator
    PMM_CPYTHON_ACCOUNT=none python3.12 conformance/cpython_host.py \\
        bench gc --benchmark_filter=full_live
    python3.12 conformance/cpython_host.py --describe

1. Load the extension `_pmm` (impl/hosts/cpython): from --module, from
   $PMM_CPYTHON_MODULE, or from a build folder beside this script's project.
2. For `bench`, name it the module with the benchmarks (bench/): from
   --bench-module, or from the same build.
3. Let go of the modules that reading the options took: what an interpreter
   holds is walked by each full collection, of which the cases make thousands.
4. Hand the remaining arguments to the extension; its exit code is ours.

Exit codes: those of the program named (0 fine, 2 usage, 3 a check failed);
1 when this interpreter cannot load the extension, 2 when a file that was named
is not there, with the reason on stderr.
Standard library only, CPython 3.8 or later.
"""

import gc
import importlib.machinery
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def load(path):
    """Import the extension from its file; raise ImportError."""
    loader = importlib.machinery.ExtensionFileLoader("_pmm", path)
    spec = importlib.machinery.ModuleSpec("_pmm", loader, origin=path)
    module = loader.create_module(spec)
    loader.exec_module(module)
    return module


def let_go(names):
    """Forget modules that nothing needs any more."""
    for name in names:
        sys.modules.pop(name, None)
    gc.collect()


def start(argv):
    """Load the extension; return it, the program, its arguments, and their modules."""
    at_start = set(sys.modules)
    import host_options  # to be let go of

    try:
        wish = host_options.read(argv)
    except host_options.CannotLoadError as reason:
        print(f"cpython_host.py: {reason}", file=sys.stderr)
        sys.exit(reason.exit_code)
    taken = set(sys.modules) - at_start
    try:
        module = load(wish.path)
    except ImportError as error:
        print(f"cpython_host.py: {wish.path} does not load in {sys.executable}: {error}",
              file=sys.stderr)
        sys.exit(1)
    if wish.program is None:
        print(host_options.described(module))
        sys.exit(0)
    return getattr(module, wish.program), wish.arguments, taken


def main(argv=None):
    """Run; an extension that does not load is exit code 1, a wrong path 2."""
    program, arguments, taken = start(argv)
    let_go(taken)
    return program(*arguments)


if __name__ == "__main__":
    sys.path.insert(0, HERE)
    sys.exit(main())
