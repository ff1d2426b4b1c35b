# SPDX-License-Identifier: MIT
"""`pmm fetch` of an allocator: brought whole, made to load here, found by name."""

from __future__ import annotations

import platform
import subprocess
from pathlib import Path

import msgspec
import pytest
from test_fetch import Place, place  # noqa: F401 - a fixture

from pmm.base.cache import ALLOCATOR, fetched_roots
from pmm.base.errors import UsageError
from pmm.base.typed_names import is_own
from pmm.discover.fetched import fetched_allocators, meant
from pmm.fetch.older_libc import fit, own_glibc
from pmm.fetch.pins import AbsentError
from pmm.plan.rank_fit import is_newer
from pmm.plan.selection import RankOrder, Selection, refuse_unfetched

EARLIEST = {"x86_64": "GLIBC_2.2.5", "aarch64": "GLIBC_2.17"}.get(platform.machine())
LATE = "GLIBC_2.99"
STUB = "long strtol(void) {{ return 0; }} long getenv(void) {{ return 0; }}\n" \
    "long {late}(void) {{ return 0; }}\n"  # fmt: skip
SOURCE = """
#include <stddef.h>
long {late}(const char *, char **, int);
char *getenv(const char *);
static char room[1 << 16];
static size_t used;
static long step;
__attribute__((constructor)) static void start(void) {{
  step = getenv("PMM_NEVER") ? 16 : {late}("112", NULL, 10); }}
void *my_malloc(size_t n) {{
  void *p = room + used; used += n + (size_t)step; return p; }}
void my_free(void *p) {{ (void)p; }}
"""
CATALOGUE = """
[allocator.thinmalloc-1]
library = "usr/lib/libthin.so.?"
options = ",prefix=my_"
packages = ["libthin"]
instead_of = "libc"
"""
pytestmark = pytest.mark.skipif(EARLIEST is None, reason="no glibc versions are known")


def library(folder: Path, late: str = "__isoc23_strtol") -> Path:
    """A library that needs `late` of a C library that nobody has yet."""
    versions = f"{EARLIEST} {{ strtol; getenv; }};\n{LATE} {{ {late}; }};\n"
    (folder / "versions").write_text(versions)
    (folder / "stub.c").write_text(STUB.format(late=late))
    (folder / "thin.c").write_text(SOURCE.format(late=late))
    common = ("cc", "-shared", "-fPIC", "-nostdlib", "-fno-builtin", "-o")
    for argv in (
        (*common, "libc.so.6", "stub.c", "-Wl,-soname,libc.so.6",
         "-Wl,--version-script=versions"),
        (*common, "libthin.so", "thin.c", "./libc.so.6"),
    ):  # fmt: skip
        subprocess.run(argv, cwd=folder, check=True, capture_output=True)
    return folder / "libthin.so"


@pytest.fixture
def thin(place: Place, tmp_path: Path) -> Place:  # noqa: F811 - the fixture
    """A machine whose source has that library in a package."""
    return offered(place, library(tmp_path))


def offered(place: Place, built: Path) -> Place:  # noqa: F811
    """Put a library into a package, with its pin."""
    with (place.folder / "wanted.toml").open("a") as file:
        file.write(CATALOGUE)
    made = {"usr/lib/libthin.so.1": built.read_bytes()}
    sha256 = place.repository.add("libthin", made, "1:1.4.0+ds-2")
    place.repository.publish()
    with place.pins.open("a") as file:
        pin = f'{{version = "1:1.4.0+ds-2", sha256 = "{sha256}"}}'
        file.write(f"\nlibthin = {pin}\n")
    return place


def test_an_allocator_is_fetched_and_found_by_its_name(thin):
    done = thin.fetch("thinmalloc-1")
    assert done.exit_code == 0, done.output
    [root] = fetched_roots("allocators")
    [one] = fetched_allocators()
    assert done.stdout == f"thinmalloc-1: {root}/usr/lib/libthin.so.1\n"
    assert (one.name, one.version, one.instead_of) == ("thinmalloc-1", "1.4.0", "libc")
    assert one.spec == f"thinmalloc-1={one.library},prefix=my_"
    assert not is_own(one.spec)
    assert is_own("mine=./lib.so,prefix=my_")
    assert fetched_roots() == []
    assert meant((), every=True) == meant(("thin*",), every=False) == [one]
    assert meant(("libc",), every=False) == []
    assert meant(("thinmalloc-1=./lib.so",), every=True) == []
    assert one.library in thin.fetch().stdout


def test_a_folder_that_says_nothing_is_no_allocator(thin):
    thin.fetch("thinmalloc-1")
    [root] = fetched_roots("allocators")
    (root / ALLOCATOR).write_text("{")
    assert list(fetched_allocators()) == []
    gone = {"name": "x", "library": str(root / "gone.so"), "options": "",
            "instead_of": None, "version": "1"}  # fmt: skip
    (root / ALLOCATOR).write_bytes(msgspec.json.encode(gone))
    assert list(fetched_allocators()) == []


def test_what_cannot_be_loaded_here_is_absent(place, tmp_path):  # noqa: F811
    done = offered(place, library(tmp_path, "absent_call")).fetch("thinmalloc-1")
    assert done.exit_code == 0
    own = ".".join(map(str, own_glibc()))
    assert done.stdout == (
        f"thinmalloc-1: cannot be fetched: it needs absent_call of {LATE}, and this "
        f"machine has glibc {own}\n"
    )
    assert fetched_roots("allocators") == []
    assert not list((place.cache / "allocators").glob(".part-*"))


def test_a_library_without_the_functions_is_absent(place, tmp_path):  # noqa: F811
    (tmp_path / "nothing.c").write_text("int nothing;")
    built = tmp_path / "nothing.so"
    subprocess.run(["cc", "-shared", "-o", built, tmp_path / "nothing.c"], check=True)
    done = offered(place, built).fetch("thinmalloc-1")
    assert done.exit_code == 0
    assert "it cannot be loaded here: " in done.stdout
    assert "undefined symbol: my_malloc" in done.stdout
    assert fetched_roots("allocators") == []


def test_only_what_is_too_late_is_changed(tmp_path):
    before = library(tmp_path).read_bytes()
    content = bytearray(before)
    assert fit(content, (2, 99)) == 0
    assert content == before
    assert fit(content, own_glibc()) == 1
    assert len(content) == len(before)
    changed = [at for at in range(len(before)) if content[at] != before[at]]
    assert 0 < len(changed) <= 12, "a name of a symbol, a hash and a name of a version"
    with pytest.raises(AbsentError):
        fit(bytearray(library(tmp_path, "other").read_bytes()), own_glibc())


def test_an_allocator_that_is_known_and_not_there_says_how_to_get_it(thin):
    wanted = (Selection(backends=("thinmalloc-1",)),
              Selection(rank=RankOrder(beside=("libc", "thinmalloc-1"))))  # fmt: skip
    for one in wanted:
        with pytest.raises(UsageError, match="thinmalloc-1 is not here: pmm fetch"):
            refuse_unfetched(one)
    thin.fetch("thinmalloc-1")
    for one in (*wanted, Selection(backends=("libc",))):
        refuse_unfetched(one)


@pytest.mark.parametrize(
    ("here", "there", "newer"),
    [("2.0.9", "3.6.0", True), ("5.3.0", "5.3.1", True), ("2.18.1", "2.10", False),
     (None, "1.0", True), ("3.6.0", "3.6.0", False)],
)  # fmt: skip
def test_versions_are_compared_by_number(here, there, newer):
    assert is_newer(here, there) is newer
