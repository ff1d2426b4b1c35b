# SPDX-License-Identifier: MIT
"""Two CPythons' facts and films, as small as the pages can show."""

from __future__ import annotations

from pmm.documents.facts import Fact, FactsDocument, FactSheet, Film, FilmObject, Frame

FACTS = {
    "3.8.18": {"empty_dict": 232, "thresholds": (700, 10, 10), "arena": None,
               "immortal_none": False, "empty_list": 56},
    "3.12.1": {"empty_dict": 64, "thresholds": (700, 10, 10), "arena": 1048576,
               "immortal_none": True, "empty_list": 56},
    "3.12.9": {"empty_dict": 64, "thresholds": (700, 10, 10), "arena": 1048576,
               "immortal_none": True, "empty_list": 56},
}  # fmt: skip
UNITS = {"empty_dict": "bytes", "empty_list": "bytes", "arena": "bytes"}


def seen(place: int, size: int, *names: str, count: int | None = 1) -> FilmObject:
    """An object behind a line."""
    return FilmObject(
        place=place, names=names, text="list of 2", references=count,
        size_bytes=size, generation=0,
    )  # fmt: skip


def film(size: int) -> Film:
    """Two objects; the first loses its name, lives on, and is freed."""
    return Film(
        name="hold", article=1, title="What a list holds", lesson="It holds <it>.",
        source=("first = []", "second = [first]", "del first", "second.clear()"),
        frames=(
            Frame(line=1, objects=(seen(0, 56, "first"),), blocks=1, live_bytes=56),
            Frame(line=2, blocks=2, live_bytes=120, objects=(
                seen(0, 56, "first", count=2), seen(1, size, "second"))),
            Frame(line=3, blocks=2, live_bytes=120, objects=(
                seen(0, 56), seen(1, size, "second", count=None))),
            Frame(line=4, blocks=1, live_bytes=56, objects=(
                seen(1, 56, "second", count=None),)),
        ),
    )  # fmt: skip


def sheet(version: str) -> FactSheet:
    """One interpreter's sheet."""
    facts = tuple(
        Fact(key=key, group="Sizes" if key in UNITS else "Rules", title=f"{key} <b>",
             unit=UNITS.get(key, ""), value=value)
        for key, value in FACTS[version].items()
    )  # fmt: skip
    document = FactsDocument(
        schema=1, subject="cpython", subject_version=version, build="", allocator="",
        facts=facts, films=(film(64 if version == "3.8.18" else 72),),
    )  # fmt: skip
    return FactSheet(
        job=f"facts/cpython-{version}", interpreter=f"/usr/bin/python{version[:4]}",
        document=document, command=f"/usr/bin/python{version[:4]} facts/run.py",
    )  # fmt: skip


def sheets() -> tuple[FactSheet, ...]:
    """The sheets, not in order."""
    return tuple(sheet(version) for version in ("3.12.9", "3.8.18", "3.12.1"))
