# SPDX-License-Identifier: MIT
"""Print what has to be built for the tests of some suites, one target a line.

usage: test_targets.py BUILD_DIRECTORY SUITE...

The targets are the programs that those tests start and what they depend on, as
ninja knows them. A build that serves some suites only, such as that of the
coverage, need not build the rest. Exit code 1 when no test is in the suites.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any


def introspect(build: Path, what: str) -> list[dict[str, Any]]:
    """What Meson knows of a build folder."""
    asked = ["meson", "introspect", f"--{what}", str(build)]
    done = subprocess.run(asked, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def targets(build: Path, suites: set[str]) -> list[str]:
    """The files of the build folder that tests of these suites need."""
    files = {one["id"]: one["filename"] for one in introspect(build, "targets")}
    built = {name for names in files.values() for name in names}
    found: dict[str, None] = {}
    for test in introspect(build, "tests"):
        if not suites & {name.rpartition(":")[2] for name in test["suite"]}:
            continue
        wanted = [name for one in test["depends"] for name in files.get(one, ())]
        wanted += [word for word in test["cmd"] if word in built]
        found.update(
            dict.fromkeys(str(Path(name).relative_to(build)) for name in wanted)
        )
    return list(found)


def main(arguments: list[str]) -> int:
    """Print them."""
    found = targets(Path(arguments[0]).resolve(), set(arguments[1:]))
    print("\n".join(found))
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
