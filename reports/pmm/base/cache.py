# SPDX-License-Identifier: MIT
"""Where pmm keeps what it fetched: $XDG_CACHE_HOME/pmm, of the user alone.

Below it lie:

    interpreters/python3.14/<pins>/usr/bin/python3.14   complete, and it runs
    interpreters/.part-…                                what was interrupted
    apt/                                                the state of a private apt
    fetch.lock                                          who fetches

Only a folder with the file `.complete`, which is made last, counts.
"""

from __future__ import annotations

import os
from pathlib import Path

COMPLETE = ".complete"


def cache_folder() -> Path:
    """Return the folder of pmm's cache; it may not be there."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(named) if named.startswith("/") else Path.home() / ".cache"
    return base / "pmm"


def fetched_folder() -> Path:
    """Return the folder of the interpreters that were fetched."""
    return cache_folder() / "interpreters"


def fetched_roots() -> list[Path]:
    """Return the unpacked trees that are complete, by name."""
    folder = fetched_folder()
    if not folder.is_dir():
        return []
    return sorted(path.parent for path in folder.glob(f"[!.]*/[!.]*/{COMPLETE}"))
