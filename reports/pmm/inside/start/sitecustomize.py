# SPDX-License-Identifier: MIT
"""What an interpreter that pmm starts loads before the program's first line.

1. pmm puts this folder in front of PYTHONPATH, and `site` imports us by our name.
2. We take the folder out of `sys.path`, so that the program does not see it.
3. We load the tool that PMM_INSIDE names; whatever goes wrong in it is written
   down for pmm and never reaches the program.
4. We run the `sitecustomize` that would have been found without us. Where there is
   none, we fail to import as a module that is not there does, and nobody hears it.
5. We stay alive under another name: a module that goes is a cycle by itself.

Valid in any Python, also in one that the tool cannot look into.
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def load_tool():
    """Load the tool and start it."""
    path = os.environ.get("PMM_INSIDE", "")
    if not path or sys.version_info < (3, 8):
        return
    if "free-threading" in sys.version:
        tell("free-threaded builds of Python are not looked into: take the usual one")
        return
    folder, name = os.path.split(path)
    sys.path.insert(0, folder)
    try:
        __import__(name).start()
    except Exception as error:
        tell(type(error).__name__ + ": " + str(error))
    finally:
        sys.path.remove(folder)


def tell(sentence):
    """Write down why the tool does not run here."""
    out = os.environ.get("PMM_INSIDE_OUT", "")
    try:
        with open(os.path.join(out, str(os.getpid()) + ".trouble"), "w") as file:
            file.write(sentence)
    except OSError:
        pass  # pmm is gone, and with it whoever would read this


def run_the_other():
    """Run the sitecustomize behind us, in our place."""
    from importlib.machinery import PathFinder
    from importlib.util import module_from_spec

    spec = PathFinder.find_spec("sitecustomize", sys.path)
    if spec is None or spec.loader is None:
        raise ImportError("there is no other sitecustomize", name="sitecustomize")
    module = module_from_spec(spec)
    sys.modules["sitecustomize"] = module
    spec.loader.exec_module(module)


sys.modules["_pmm_start"] = sys.modules[__name__]
sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry) != HERE]
load_tool()
run_the_other()
