# SPDX-License-Identifier: MIT
"""Let mypy check a small package that imports much, from scratch."""

import os
import sys
import tempfile

from mypy import api

MODULE = """
import argparse
import collections
import contextlib
import dataclasses
import json
import logging
import pathlib
import typing


@dataclasses.dataclass
class Item{n}:
    name: str
    parts: typing.List["Item{n}"] = dataclasses.field(default_factory=list)

    def walk(self) -> typing.Iterator["Item{n}"]:
        yield self
        for part in self.parts:
            yield from part.walk()


def load(path: pathlib.Path) -> typing.Dict[str, Item{n}]:
    found: typing.Dict[str, Item{n}] = collections.OrderedDict()
    with contextlib.suppress(OSError):
        for name in json.loads(path.read_text()):
            found[name] = Item{n}(name)
    logging.info("%d", len(found))
    return found
"""


def main(modules):
    """Check so many modules."""
    with tempfile.TemporaryDirectory() as folder:
        for n in range(8 * modules):
            with open(
                os.path.join(folder, f"m{n}.py"), "w", encoding="ascii"
            ) as file:
                file.write(MODULE.replace("{n}", str(n)))
        out, err, code = api.run(
            ["--cache-dir", os.devnull, "--python-version", "3.9", folder]
        )
    if code != 0:
        raise SystemExit((err or out).strip().splitlines()[-1])


main(int(sys.argv[1]))
