# SPDX-License-Identifier: MIT
"""Read a real file whole or in chunks, with and without a context manager.

Source of the shape: article 0 (open, read, close; with open) and article 2
(streaming in chunks).  Each variant has a twin whose reader fails half-way.
The check is an independent reading: size, lines and CRC-32 must agree.
"""

from __future__ import annotations

import os
import warnings
import zlib
from typing import IO, Any

from input import make_input
from measure import Stage, descriptor_count

SUMMARY = "a file read whole and in chunks, closed by hand and by with"
CHUNK_BYTES = 64 * 1024
PARAMETERS = {
    "input": ("", None, None, "path; empty: the Python sources found"),
    "chunk": (CHUNK_BYTES, 1, 1 << 30, "bytes"),
}


class ReaderError(Exception):
    """What the failing reader raises."""


class Digest:
    """Size, lines and CRC-32 of what was read."""

    def __init__(self) -> None:
        self.size = self.lines = self.crc = 0

    def add(self, data: bytes, start: int, stop: int) -> None:
        self.size += stop - start
        self.lines += data.count(b"\n", start, stop)
        self.crc = zlib.crc32(memoryview(data)[start:stop], self.crc)

    def text(self) -> str:
        return "crc32:%08x size:%d lines:%d" % (self.crc, self.size,
                                                self.lines)


def independent(path: str, most: int) -> str:
    """Digest of the first `most` bytes, by the operating system's read."""
    digest = Digest()
    handle = os.open(path, os.O_RDONLY)
    try:
        while digest.size < most:
            data = os.read(handle, min(1 << 20, most - digest.size))
            if not data:
                break
            digest.add(data, 0, len(data))
    finally:
        os.close(handle)
    return digest.text()


def resolve(parameters: dict[str, Any]) -> None:
    """Find the default input, once for all variants.  Raises OSError."""
    parameters["input"] = parameters["input"] or make_input()
    with open(parameters["input"], "rb") as file:
        if not file.read(1):
            raise OSError("{} is empty".format(parameters["input"]))


def prepare(stage: Stage) -> None:
    """Digests of the file and of its first half, before anything is timed."""
    path = stage.parameters["input"]
    size = os.path.getsize(path)
    stage.expected = {most: independent(path, most)
                      for most in (size, size // 2)}


def read_whole(stage: Stage, file: IO[bytes], most: int, fails: bool) -> bytes:
    """All of the file; half of it is read when the reader fails."""
    data = file.read(most if fails else -1)
    if fails:
        stage.sample()
        raise ReaderError(len(data))
    return data


def bounds(stage: Stage, fails: bool) -> tuple[str, int]:
    path = stage.parameters["input"]
    size = os.path.getsize(path)
    return path, size // 2 if fails else size


def note(stage: Stage, moment: str) -> None:
    stage.figure(f"descriptors_{moment}", descriptor_count(), "descriptors")
    stage.traced_figure(f"live_{moment}_bytes")


def digest_and_release(stage: Stage, most: int, data: list[bytes]) -> None:
    digest = Digest()
    stage.phase("use")
    for start, stop in stage.steps(len(data[0])):
        digest.add(data[0], start, stop)
    stage.phase("release")
    data.clear()
    note(stage, "released")
    stage.verify(stage.expected[most], digest.text())


def after_failure(stage: Stage, file: IO[bytes], most: int, size: int,
                  closed: bool) -> None:
    """The error was handled: what it held is gone; then the file goes."""
    stage.verify((closed, most), (file.closed, size))
    stage.checksum = "failed after %d" % size
    stage.phase("release")
    file.close()
    note(stage, "released")


def whole_open_close(stage: Stage, fails: bool = False) -> None:
    path, most = bounds(stage, fails)
    failed_at = -1
    stage.phase("open")
    file = open(path, "rb")  # noqa: SIM115 - what the article does
    note(stage, "opened")
    stage.phase("read")
    try:
        data = [read_whole(stage, file, most, fails)]
    except ReaderError as error:
        note(stage, "failed")
        failed_at = error.args[0]
    if failed_at >= 0:
        after_failure(stage, file, most, failed_at, closed=False)
        return
    note(stage, "read")
    stage.phase("close")
    file.close()
    note(stage, "closed")
    digest_and_release(stage, most, data)


def whole_with(stage: Stage, fails: bool = False) -> None:
    path, most = bounds(stage, fails)
    data: list[bytes] = []
    failed_at = -1
    stage.phase("open")
    try:
        with open(path, "rb") as file:
            note(stage, "opened")
            stage.phase("read")
            data.append(read_whole(stage, file, most, fails))
            note(stage, "read")
            stage.phase("close")
    except ReaderError as error:
        note(stage, "failed")
        failed_at = error.args[0]
    if failed_at >= 0:
        after_failure(stage, file, most, failed_at, closed=True)
        return
    note(stage, "closed")
    digest_and_release(stage, most, data)


def read_chunks(stage: Stage, file: IO[bytes], most: int, digest: Digest,
                fails: bool) -> None:
    """Read chunk by chunk; the failing reader raises after its half."""
    chunk = stage.parameters["chunk"]
    for start, stop in stage.steps(-(-most // chunk)):
        for index in range(start, stop):
            data = file.read(min(chunk, most - index * chunk))
            digest.add(data, 0, len(data))
    if fails:
        raise ReaderError(digest.size)


def chunks_64k(stage: Stage, fails: bool = False) -> None:
    path, most = bounds(stage, fails)
    digest = Digest()
    failed_at = -1
    stage.phase("open")
    try:
        with open(path, "rb", buffering=0) as file:
            note(stage, "opened")
            stage.phase("read")
            read_chunks(stage, file, most, digest, fails)
            note(stage, "read")
            stage.phase("close")
    except ReaderError as error:
        note(stage, "failed")
        failed_at = error.args[0]
    stage.verify(stage.expected[most], digest.text())
    if failed_at >= 0:
        after_failure(stage, file, most, failed_at, closed=True)
        return
    note(stage, "closed")
    stage.phase("release")
    note(stage, "released")


def failing(run: Any) -> Any:
    def variant(stage: Stage) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            run(stage, fails=True)
    return variant


VARIANTS = {
    "chunks_64k": chunks_64k,
    "whole_with": whole_with,
    "whole_open_close": whole_open_close,
    "chunks_64k_error": failing(chunks_64k),
    "whole_with_error": failing(whole_with),
    "whole_open_close_error": failing(whole_open_close),
}
