# SPDX-License-Identifier: MIT
"""Documents that others may have written: decoded, or refused by one error.

A JSON text that is nested without end, and a TOML file that is no UTF-8, end in
other exceptions than those that say "this is no document"; here they do not.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, TypeVar

import msgspec

Kind = TypeVar("Kind")
TOO_DEEP = "it is nested too deeply"


def decode_json(text: bytes | str, kind: type[Kind]) -> Kind:
    """Decode a document of a kind; raise `msgspec.MsgspecError` for none."""
    try:
        return msgspec.json.decode(text, type=kind)
    except RecursionError as error:
        raise msgspec.DecodeError(TOO_DEEP) from error


def any_json(text: bytes | str) -> Any:
    """Decode JSON of whatever shape; raise `msgspec.DecodeError` for none."""
    return decode_json(text, object)


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file; raise OSError, or `tomllib.TOMLDecodeError` for none."""
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8"))
    except RecursionError as error:
        raise tomllib.TOMLDecodeError(TOO_DEEP) from error
    except UnicodeDecodeError as error:
        raise tomllib.TOMLDecodeError(
            f"it is not valid UTF-8 at byte {error.start}"
        ) from error
