# SPDX-License-Identifier: MIT
"""Text to work on: this project's own, and modules of the standard library."""

import glob
import os

ROOT = os.path.dirname(
    os.path.dirname(os.path.dirname(os.path.dirname(__file__)))
)


def project_texts():
    """Return the project's Markdown files, as far as they are here."""
    names = sorted(glob.glob(os.path.join(ROOT, "*.md")))
    names += sorted(glob.glob(os.path.join(ROOT, "*", "*.md")))
    names += sorted(
        glob.glob(os.path.join(ROOT, "workloads", "python", "*.md"))
    )
    texts = []
    for name in dict.fromkeys(names):
        with open(name, encoding="utf-8") as file:
            texts.append(file.read())
    return texts


def library_modules(count):
    """Return the paths of so many modules of the standard library."""
    folder = os.path.dirname(os.__file__)
    packages = (
        "",
        "json",
        "email",
        "logging",
        "unittest",
        "asyncio",
        "http",
        "xml/dom",
    )
    names: list = []
    for package in packages:
        names += sorted(glob.glob(os.path.join(folder, package, "*.py")))
    there = filter(os.path.isfile, names)  # a link may lead nowhere
    small = [name for name in there if os.path.getsize(name) < 120_000]
    return small[:: max(1, len(small) // count)][:count]


def read(path):
    """Read a module."""
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()
