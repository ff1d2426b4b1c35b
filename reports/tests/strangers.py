# SPDX-License-Identifier: MIT
"""What strangers bring: small libraries, good and bad, compiled when asked for."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
EXAMPLE = BUILD / "conformance" / "example" / "example_subject.so"
LIKE = """
#include <stdlib.h>
void *{0}malloc(size_t n);
void *{0}malloc(size_t n) {{ return malloc(n); }}
void *{0}calloc(size_t n, size_t m) {{ return calloc(n, m); }}
void *{0}realloc(void *p, size_t n) {{ return realloc(p, n); }}
void {0}free(void *p) {{ free(p); }}
"""
PLUGIN = """
#include <stdlib.h>
#include "pmm/backend.h"
static int start(const struct pmm_backend_config *c, void **heap) {
  (void)c; *heap = &start; return 0; }
static void end(void *h) { (void)h; }
static void *get(void *h, size_t n) { (void)h; return malloc(n ? n : 1); }
static void *zero(void *h, size_t n, size_t m) { (void)h; return calloc(n, m); }
static void *aligned(void *h, size_t a, size_t n) {
  void *p; (void)h;
  return posix_memalign(&p, a < 16 ? 16 : a, n ? n : 1) == 0 ? p : NULL; }
static void *grow(void *h, void *p, size_t was, size_t n) {
  (void)h; (void)was; return realloc(p, n ? n : 1); }
static void drop(void *h, void *p) { (void)h; free(p); }
static void drop_sized(void *h, void *p, size_t n) { (void)h; (void)n; free(p); }
static const void *witness(void) { return (const void *)(uintptr_t)malloc; }
static const struct pmm_backend backend = {
  .abi_version = PMM_BACKEND_ABI, .struct_size = sizeof(struct pmm_backend),
  .name = NAME, .version = "7", .summary = "a plug-in of a stranger",
  .init = start, .fini = end, .alloc = get, .alloc_zero = zero,
  .alloc_aligned = aligned, .realloc = grow, .free = drop,
  .free_sized = drop_sized, .witness_symbol = witness};
const struct pmm_backend *pmm_backend_get(uint32_t abi) {
  (void)abi; return &backend; }
"""
BAD = {
    "empty": "int nothing;",
    "half": "void *gc_malloc(unsigned long n) { (void)n; return 0; }",
    "abort": '#include <stdio.h>\n#include <stdlib.h>\n__attribute__((constructor))'
    ' static void f(void) { fputs("no licence found\\n", stderr); abort(); }',
    "leave": "#include <stdlib.h>\n__attribute__((constructor))"
    " static void f(void) { exit(0); }",
    "hang": "#include <unistd.h>\n__attribute__((constructor))"
    " static void f(void) { for (;;) sleep(1); }",
    "lost": "int absent_function(void);\nint f(void) { return absent_function(); }",
    "old": "void *pmm_backend_get(unsigned abi) { (void)abi; return 0; }\n"
    "void *pmm_subject_get(unsigned abi) { (void)abi; return 0; }",
    "segv": "static void *f(unsigned abi) { return *(void **)(long)(abi - 1); }\n"
    "void *pmm_backend_get(unsigned abi) { return f(abi); }\n"
    "void *pmm_subject_get(unsigned abi) { return f(abi); }",
    "loud": '#include <stdio.h>\n__attribute__((constructor)) static void f(void)'
    ' { puts("{welcome}"); }\n' + LIKE.format("my_"),
}  # fmt: skip


def compiled(path: Path, source: str, *options: str) -> Path:
    """Compile a shared object; the source is kept beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    code = path.with_name(f"{path.name}.c")
    code.write_text(source)
    subprocess.run(
        ["cc", "-shared", "-fPIC", "-I", ROOT / "impl" / "include", *options,
         "-o", path, code],
        check=True, timeout=60, capture_output=True,
    )  # fmt: skip
    return path


def fill(folder: Path) -> None:
    """Put one of each into a folder."""
    compiled(folder / "a" / "libx.so", LIKE.format("my_"))
    (folder / "b").mkdir()
    shutil.copy(folder / "a" / "libx.so", folder / "b")
    shutil.copy(folder / "a" / "libx.so", folder / "lib of=mine.so")
    compiled(folder / "plug.so", PLUGIN, '-DNAME="stranger"')
    (folder / "other").mkdir()
    shutil.copy(folder / "plug.so", folder / "other")
    compiled(folder / "pool.so", PLUGIN, '-DNAME="pool"')
    compiled(folder / "wild.so", PLUGIN, '-DNAME="a/b\\n\\u202e"')
    for name, source in BAD.items():
        compiled(folder / f"{name}.so", source)
    shutil.copy(EXAMPLE, folder / "rt.so")
    shutil.copy(EXAMPLE, folder / "other")
    (folder / "other" / "example_subject.so").rename(folder / "other" / "rt.so")
    make_files(folder)


def make_files(folder: Path) -> None:
    """Put files into a folder that are no libraries at all."""
    (folder / "text.so").write_text("GROUP ( libc.so.6 )\n")
    (folder / "none.so").touch()
    (folder / "folder.so").mkdir()
    (folder / "gone.so").symlink_to("/nowhere/x.so")
    elf = bytearray((folder / "rt.so").read_bytes())
    elf[18:20] = (183).to_bytes(2, "little")
    (folder / "arm.so").write_bytes(elf)
    (folder / "torn.so").write_bytes(elf[:20])
    for name, text in {
        "script.py": "#!/usr/bin/env python3\nopen('started', 'w')\n",
        "python3": "#!/bin/sh\necho 'this is no interpreter' >&2\nexit 4\n",
        "python9": "#!/bin/sh\nsleep 100 & wait\n",
    }.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
