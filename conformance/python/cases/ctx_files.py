# SPDX-License-Identifier: MIT
"""What files hold when a block or their life ends."""


def in_scratch(body):
    """Call something with the path of a file that is removed behind it."""
    import os

    remove = find("os.remove")
    own = os.getpid() if hasattr(os, "getpid") else id(body)
    path = "%s/pmm-case-%d.tmp" % (scratch_folder(), own)
    try:
        return body(path)
    finally:
        try:
            remove(path)
        except OSError:
            pass


def scratch_folder():
    """Where files may be made."""
    import os

    environ = getattr(os, "environ", {})
    return environ.get("TMPDIR", "/tmp")


@must("Closing frees buffers, not the data read", "CTX-008")
def close_keeps_what_was_read():
    """Closing frees the file's internal buffers; the string or bytes returned by read
    stay valid and keep their memory until their own last reference goes."""

    def body(path):
        with open(path, "wb") as file:
            file.write(b"0123456789" * 1000)
        with open(path, "rb") as file:
            data = file.read()
        collect()
        expect_eq(len(data), 10000)
        expect_eq(data[-3:], b"789")

    in_scratch(body)


@must("A second close touches no other file", "CTX-007", needs="os.open os.fstat")
def double_close_is_harmless():
    """Closing a closed file does nothing and never closes a descriptor number reused by
    another file."""
    import os

    def body(path):
        file = open(path, "wb")
        number = file.fileno()
        file.close()
        other = os.open(path, os.O_RDONLY)
        try:
            expect_eq(other, number, "the reused descriptor")
            file.close()
            os.fstat(other)
        finally:
            os.close(other)

    in_scratch(body)


@must(
    "A file that a collection finds is written and closed",
    "CTX-031",
    needs="finalizer weakref.ref",
)
def files_in_garbage_are_written():
    """An open file that is part of garbage is closed with it, after everything that
    was written to it has reached the file."""

    def body(path):
        def leave():
            ring = [open(path, "wb")]
            ring[0].write(b"not yet written")
            ring.append(ring)

        leave()
        burn()
        collect()
        with open(path, "rb") as file:
            expect_eq(file.read(), b"not yet written")

    import warnings

    warnings.simplefilter("ignore")
    in_scratch(body)


@must("Close and exit flush what was written", "CTX-009")
def written_data_is_flushed():
    """Buffered bytes reach the file at close or block exit, also after an error in the
    block."""

    def body(path):
        def fails():
            with open(path, "wb") as file:
                file.write(b"kept")
                raise KeyError("x")

        expect_raises(KeyError, fails)
        with open(path, "rb") as file:
            expect_eq(file.read(), b"kept")
        file = open(path, "wb")
        file.write(b"more")
        file.close()
        with open(path, "rb") as file:
            expect_eq(file.read(), b"more")

    in_scratch(body)
