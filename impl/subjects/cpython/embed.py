# SPDX-License-Identifier: MIT
"""Put Python files into a C file, as the table that helpers.c runs.

    embed.py OUTPUT FILE...

Each FILE becomes an array of its bytes, as a literal may be no longer than 4095
in C11, and a row of `pmmi_cpy_helpers`, in the order given.  A file that does
not compile is an error of the build.

Standard library only: Meson runs it during the build.
"""

import sys
from pathlib import Path

PER_LINE = 16
HEAD = """/* Made by embed.py: what is in the .py files. */
#include "helpers.h"

"""


def array(name: str, data: bytes) -> str:
    """A C array of the bytes, with a zero behind them."""
    values = [str(byte) for byte in [*data, 0]]
    lines = [", ".join(values[i:i + PER_LINE])
             for i in range(0, len(values), PER_LINE)]
    return "static const char {}[] = {{\n{}}};\n".format(
        name, ",\n".join(lines))


def read(path: Path) -> bytes:
    """The text of a file that compiles."""
    data = path.read_bytes()
    compile(data, path.name, "exec")
    return data


def embedded(paths: list[Path]) -> str:
    """The C file."""
    arrays = [array(f"text_{path.stem}", read(path)) for path in paths]
    rows = [f'    {{"<pmm {path.stem}>", text_{path.stem}}},' for path in paths]
    return HEAD + "\n".join([
        *arrays, "const struct pmmi_cpy_helper pmmi_cpy_helpers[] = {", *rows,
        "    {NULL, NULL}};", ""])


def main() -> int:
    """Write OUTPUT."""
    output, *files = map(Path, sys.argv[1:])
    try:
        text = embedded(files)
    except (OSError, SyntaxError, ValueError) as error:
        print(f"embed.py: {error}", file=sys.stderr)
        return 1
    output.write_text(text, encoding="ascii")
    return 0


if __name__ == "__main__":
    sys.exit(main())
