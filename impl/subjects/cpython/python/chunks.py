# SPDX-License-Identifier: MIT
"""Iterators over chunks of another iterator, or of a file."""

import io


class chunks_base:
    """What both kinds share; `filling` is a chunk that an error cut short."""

    __slots__ = ("filling", "size", "source")

    def __init__(self, source, size):
        if size < 1:
            raise ValueError("a chunk has at least one item")
        self.source = source
        self.size = size
        self.filling = None

    def __iter__(self):
        return self

    def __reduce_ex__(self, protocol):
        raise TypeError("chunks have no copy")


class chunks_of_items(chunks_base):
    """Lists of `size` items; the last may be shorter."""

    __slots__ = ()

    def __next__(self):
        source = self.source
        if source is None:
            raise StopIteration
        chunk = self.filling or []
        self.filling = None
        try:
            while len(chunk) < self.size:
                chunk.append(next(source))
        except StopIteration:
            self.source = None
            if not chunk:
                raise
        except BaseException:
            if self.filling is None:
                self.filling = chunk
            raise
        return chunk


class chunks_of_file(chunks_base):
    """What a file reads, `size` at once."""

    __slots__ = ()

    def __next__(self):
        if self.source is None:
            raise StopIteration
        data = self.source.read(self.size)
        if not data:
            self.source = None
            raise StopIteration
        return data


def chunks(iterable, size):
    """Chunks of what can be iterated over."""
    return chunks_of_items(iter(iterable), size)


def file_chunks(file, size):
    """Chunks of a file that is open for reading."""
    if not isinstance(file, io.IOBase):
        raise TypeError("not of type IOBase")
    return chunks_of_file(file, size)
