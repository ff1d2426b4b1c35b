/* SPDX-License-Identifier: MIT */
/*
 * sanitize.h - what impl tells memory checkers.
 *
 * The only file that knows valgrind's client requests and ASan's poison:
 *
 *   1. A region that serves blocks is *reserved*: nobody may touch it.
 *   2. A block that is handed out is *live*, for its requested bytes only.
 *   3. A block that came back is *freed*: touching it is reported.
 *   4. A region that goes back to the system is *released*.
 *
 * Only checked heaps call these (pool/checked.h), so a plain run pays nothing.
 * The superblocks come from mmap and blocks are announced as malloc-like: of
 * the five ways to describe a pool, this one alone gives memcheck an exact
 * use-after-free report and finds a leak in every case (valgrind 3.19).
 *
 * Source: Valgrind manual "Client Requests", "Memory Pools"; LLVM
 * compiler-rt include/sanitizer/asan_interface.h.
 */
#ifndef PMMI_SANITIZE_H
#define PMMI_SANITIZE_H

#include <stddef.h>

#if defined(__SANITIZE_ADDRESS__)
#define PMMI_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PMMI_ASAN 1
#endif
#endif
#ifndef PMMI_ASAN
#define PMMI_ASAN 0
#endif

#if PMMI_ASAN
#include <sanitizer/asan_interface.h>
#endif

#ifndef PMMI_VALGRIND
#define PMMI_VALGRIND 0
#endif
#if PMMI_VALGRIND
#include <valgrind/memcheck.h>
#include <valgrind/valgrind.h>
#endif

/** 1 when this process runs under valgrind and was built to notice. */
static inline int pmmi_sanitize_valgrind(void) {
#if PMMI_VALGRIND
  return RUNNING_ON_VALGRIND != 0;
#else
  return 0;
#endif
}

/** 1 when that valgrind checks memory.  Its other tools only count: for them
 *  a heap has to do what it does in a plain run. */
static inline int pmmi_sanitize_memcheck(void) {
#if PMMI_VALGRIND
  unsigned char byte = 0;
  unsigned char bits = 0;
  /* Memcheck alone answers, with 1. */
  return VALGRIND_GET_VBITS(&byte, &bits, 1) == 1;
#else
  return 0;
#endif
}

/** 1 when a checker listens, so that heaps are worth checking. */
static inline int pmmi_sanitize_listens(void) {
  return PMMI_ASAN || pmmi_sanitize_memcheck();
}

/** Nobody may touch these bytes until a block in them is live. */
static inline void pmmi_sanitize_reserve(void *base, size_t size) {
  (void)base;
  (void)size;
#if PMMI_ASAN
  __asan_poison_memory_region(base, size);
#endif
#if PMMI_VALGRIND
  (void)VALGRIND_MAKE_MEM_NOACCESS(base, size);
#endif
}

/** The bytes are ordinary memory again, about to be unmapped or wiped. */
static inline void pmmi_sanitize_release(void *base, size_t size) {
  (void)base;
  (void)size;
#if PMMI_ASAN
  __asan_unpoison_memory_region(base, size);
#endif
#if PMMI_VALGRIND
  (void)VALGRIND_MAKE_MEM_UNDEFINED(base, size);
#endif
}

/** A block is handed out: `size` bytes, contents unspecified. */
static inline void pmmi_sanitize_live(void *block, size_t size) {
  (void)block;
  (void)size;
#if PMMI_ASAN
  __asan_unpoison_memory_region(block, size);
#endif
#if PMMI_VALGRIND
  VALGRIND_MALLOCLIKE_BLOCK(block, size, 0, 0);
#endif
}

/** A live block of `old_size` bytes has `size` bytes from here on, in the
 *  `reserved` bytes that are its own. */
static inline void pmmi_sanitize_resize(void *block, size_t old_size,
                                        size_t size, size_t reserved) {
  (void)block;
  (void)old_size;
  (void)size;
  (void)reserved;
#if PMMI_ASAN
  __asan_poison_memory_region(block, reserved);
  __asan_unpoison_memory_region(block, size);
#endif
#if PMMI_VALGRIND
  VALGRIND_RESIZEINPLACE_BLOCK(block, old_size, size, 0);
#endif
}

/** A block of `reserved` bytes came back.  Valgrind reports it when the
 *  block was not live. */
static inline void pmmi_sanitize_freed(void *block, size_t reserved) {
  (void)block;
  (void)reserved;
#if PMMI_ASAN
  __asan_poison_memory_region(block, reserved);
#endif
#if PMMI_VALGRIND
  VALGRIND_FREELIKE_BLOCK(block, 0);
#endif
}

#endif /* PMMI_SANITIZE_H */
