# SPDX-License-Identifier: MIT
"""How pip builds this project: as a whole, or as the runner of a clone.

A wheel and a source archive are meson-python's: programs, data and the runner. An
editable install, which ci/ makes, links only the runner: its clone has the rest,
in a build folder that the developer makes, and nothing is compiled.
"""

from __future__ import annotations

from typing import Any

from mesonpy import (
    build_sdist,
    build_wheel,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
)

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
]

Settings = dict[str, Any] | None


def get_requires_for_build_editable(_: Settings = None) -> list[str]:
    """Return what an editable install is made with."""
    return ["setuptools>=68"]


def build_editable(
    wheel_directory: str,
    config_settings: Settings = None,
    metadata_directory: str | None = None,
) -> str:
    """Make the wheel that links the runner of this clone; return its name."""
    from setuptools import build_meta  # noqa: PLC0415 - a wheel is made without

    made: str = build_meta.build_editable(
        wheel_directory, config_settings, metadata_directory
    )
    return made
