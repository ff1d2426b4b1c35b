# SPDX-License-Identifier: MIT
"""Where pmm keeps what it fetched: $XDG_CACHE_HOME/pmm, of the user alone.

Below it lie:

    interpreters/python3.14/<pins>/usr/bin/python3.14   complete, and it runs
    allocators/mimalloc-3/<pins>/usr/lib/…/lib….so.3    complete, and it loads
    allocators/mimalloc-3/<pins>/backend.json           what --backend takes for it
    interpreters/.part-…                                what was interrupted
    apt/                                                the state of a private apt
    fetch.lock                                          who fetches

Only a folder with the file `.complete`, which is made last, counts.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pmm.base.paths import home

Room = Literal["interpreters", "allocators"]
COMPLETE = ".complete"
ALLOCATOR = "backend.json"
FETCHED_ALLOCATORS = "/pmm/allocators/"
"""In the path of each allocator that was fetched, wherever the cache is."""


def cache_folder() -> Path:
    """Return the folder of pmm's cache; it may not be there."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(named) if named.startswith("/") else home() / ".cache"
    return base / "pmm"


def fetched_folder(room: Room = "interpreters") -> Path:
    """Return the folder of the interpreters, or of the allocators, of `pmm fetch`."""
    return cache_folder() / room


def fetched_roots(room: Room = "interpreters") -> list[Path]:
    """Return the unpacked trees that are complete, by name."""
    folder = fetched_folder(room)
    if not folder.is_dir():
        return []
    return sorted(path.parent for path in folder.glob(f"[!.]*/[!.]*/{COMPLETE}"))
