/* SPDX-License-Identifier: MIT */
/*
 * plugins.c - backends as strangers write them, one by VARIANT.
 *
 *   good         keeps the contract, over libc
 *   old_abi      made for another version
 *   refuses      its getter returns NULL
 *   short        its structure ends early
 *   no_alloc     a mandatory function is missing
 *   claims       claims OWNS without owns
 *   hides        has trim without claiming it
 *   nameless     has no name
 *   overlaps     hands out the same bytes twice
 *   crashes      dies in realloc
 *   hangs        never returns from alloc_zero
 *   leaves       ends the process in free_sized
 *   reports      ends it there as AddressSanitizer does that found an error
 *   dirty        does not zero
 *   null_zero    claims ZERO_UNIQUE and returns NULL for 0 bytes
 *   same_zero    returns one pointer for all requests of 0 bytes
 *   meddles      is sound, and when it is loaded lowers limits, starts a
 *                timer, blocks signals and goes to another folder
 *   scribbles    writes into all files that it finds open
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include "pmm/backend.h"

enum {
  good, old_abi, refuses, short_struct, no_alloc, claims, hides, nameless,
  overlaps, crashes, hangs, leaves, reports, dirty, null_zero, same_zero,
  meddles, scribbles
};

static char zero_block[16]; /* what same_zero hands out                       */

static int plugin_init(const struct pmm_backend_config *config, void **heap) {
  static int heap_of_all;
  (void)config;
  *heap = &heap_of_all;
  return 0;
}

static void plugin_fini(void *heap) { (void)heap; }

static void *plugin_alloc(void *heap, size_t size) {
  (void)heap;
  if (size == 0 && (VARIANT == null_zero || VARIANT == same_zero)) {
    return VARIANT == null_zero ? NULL : zero_block;
  }
  if (VARIANT == overlaps && size >= 64 && size <= 80) {
    static _Alignas(16) char shared[96];
    static unsigned turn;
    return shared + turn++ % 2 * 16; /* two blocks, 48 bytes in common */
  }
  return malloc(size);
}

static void *plugin_alloc_zero(void *heap, size_t n, size_t size) {
  (void)heap;
  while (VARIANT == hangs) {
    pause();
  }
  if (n == 0 && (VARIANT == null_zero || VARIANT == same_zero)) {
    return plugin_alloc(heap, 0);
  }
  if (VARIANT == dirty && size != 0 && n <= 100000 / size) {
    return malloc(n * size);
  }
  return calloc(n, size);
}

static void *plugin_alloc_aligned(void *heap, size_t align, size_t size) {
  (void)heap;
  return size > PTRDIFF_MAX - align
             ? NULL
             : aligned_alloc(align, (size + align) & ~(align - 1));
}

static void *plugin_realloc(void *heap, void *block, size_t old_size,
                            size_t new_size) {
  (void)heap;
  (void)old_size;
  if (VARIANT == crashes) {
    raise(SIGSEGV);
  }
  return realloc(block, new_size + (new_size == 0));
}

static void plugin_free(void *heap, void *block) {
  (void)heap;
  if (VARIANT != overlaps && block != zero_block) {
    free(block);
  }
}

static void plugin_free_sized(void *heap, void *block, size_t size) {
  (void)size;
  if (VARIANT == leaves) {
    _exit(0);
  }
  if (VARIANT == reports) {
    (void)fputs("==7==ERROR: AddressSanitizer: double-free on 0x10\n", stderr);
    _exit(1);
  }
  plugin_free(heap, block);
}

static size_t plugin_trim(void *heap) {
  (void)heap;
  return 0;
}

static void meddle(void) {
  const struct itimerval soon = {{0, 20000}, {0, 20000}};
  struct rlimit few = {3, 3};
  sigset_t all;
  (void)sigfillset(&all);
  (void)sigdelset(&all, SIGALRM);
  (void)sigprocmask(SIG_SETMASK, &all, NULL);
  (void)setitimer(ITIMER_REAL, &soon, NULL);
  if (getrlimit(RLIMIT_NOFILE, &few) == 0) {
    few.rlim_cur = 3;
    (void)setrlimit(RLIMIT_NOFILE, &few);
  }
  (void)!chdir("/");
}

static void scribble(void) {
  for (int fd = STDERR_FILENO + 1; fd < 64; fd++) {
    (void)!write(fd, "ready\n", 6);
  }
}

__attribute__((constructor)) static void at_load(void) {
  if (VARIANT == meddles) {
    meddle();
  } else if (VARIANT == scribbles) {
    scribble();
  }
}

static const void *plugin_witness(void) {
  return (const void *)(uintptr_t)plugin_alloc;
}

static const struct pmm_backend backend = {
    .abi_version = VARIANT == old_abi ? PMM_BACKEND_ABI + 1 : PMM_BACKEND_ABI,
    .capabilities = PMM_BACKEND_FREES | PMM_BACKEND_ALIGNED |
                    (VARIANT == claims ? PMM_BACKEND_OWNS : 0u) |
                    (VARIANT == null_zero ? PMM_BACKEND_ZERO_UNIQUE : 0u),
    .struct_size = VARIANT == short_struct ? 48 : sizeof(struct pmm_backend),
    .name = VARIANT == nameless ? NULL : "plugin",
    .version = "1",
    .summary = "a plug-in of the tests",
    .init = plugin_init,
    .fini = plugin_fini,
    .alloc = VARIANT == no_alloc ? NULL : plugin_alloc,
    .alloc_zero = plugin_alloc_zero,
    .alloc_aligned = plugin_alloc_aligned,
    .realloc = plugin_realloc,
    .free = plugin_free,
    .free_sized = plugin_free_sized,
    .trim = VARIANT == hides ? plugin_trim : NULL,
    .witness_symbol = plugin_witness};

__attribute__((visibility("default"))) const struct pmm_backend *
pmm_backend_get(uint32_t host_abi);
const struct pmm_backend *pmm_backend_get(uint32_t host_abi) {
  return VARIANT == refuses || host_abi != PMM_BACKEND_ABI ? NULL : &backend;
}
