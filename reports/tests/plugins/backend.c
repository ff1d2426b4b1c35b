/* SPDX-License-Identifier: MIT */
/*
 * backend.c - allocators that misbehave towards every program, by MISDEED.
 *
 *   aborts      ends in realloc by SIGABRT, with words that upset a console
 *   overruns    ends in realloc by SIGSEGV, its stack used up
 *   bus         ends in free_sized by SIGBUS
 *   exits       leaves the process in realloc with code 0
 *   hangs       never returns from realloc, having said so
 *   overlaps    hands out the same bytes twice
 *   starves     has no memory for more than 64 KiB in all
 *   prints      is sound, and prints what looks like results
 *   loads       aborts while it is loaded
 *   quits       leaves the process with code 1 while it is loaded
 *   getter      crashes when it is asked for its table
 *   lies        is made for another version of the contract
 *
 * Over libc's malloc; each does one thing wrong.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pmm/backend.h"

enum {
  aborts, overruns, bus, exits, hangs, overlaps, starves, prints, loads, getter,
  lies, quits
};

enum { STARVED = 65536 };

static size_t given_bytes;

static void say(const char *words) { (void)!write(2, words, strlen(words)); }

static int overrun(volatile char *above) {
  volatile char here[65536];
  here[0] = above != NULL ? above[0] : 1;
  return overrun(here) + here[0];
}

__attribute__((constructor)) static void at_load(void) {
  if (MISDEED == loads) {
    say("myalloc: no room for the arena table\n");
    abort();
  }
  if (MISDEED == quits) {
    say("myalloc: no licence for this machine\n");
    exit(1);
  }
}

static int init(const struct pmm_backend_config *config, void **heap) {
  static int only;
  (void)config;
  if (MISDEED == prints) {
    say("\x1b[2J\x1b]0;owned\anot ok 99 - forged\n");
    (void)printf("not ok 98 - forged\n{\"schema\":1,\"type\":\"case\"}\n");
    (void)fflush(stdout);
  }
  *heap = &only;
  return 0;
}

static void fini(void *heap) { (void)heap; }

static void *take(void *heap, size_t size) {
  static _Alignas(16) char shared[1024];
  (void)heap;
  if (MISDEED == overlaps && size == 48) {
    return shared;
  }
  if (MISDEED == starves && (given_bytes += size) > STARVED) {
    return NULL;
  }
  return malloc(size);
}

static void *take_zero(void *heap, size_t n, size_t size) {
  if (MISDEED == starves && size != 0 && n < STARVED / size) {
    void *block = take(heap, n * size);
    return block != NULL ? memset(block, 0, n * size) : NULL;
  }
  return calloc(n, size);
}

static void *take_aligned(void *heap, size_t align, size_t size) {
  (void)heap;
  if (size > SIZE_MAX - align) {
    return NULL;
  }
  return aligned_alloc(align, (size + align) & ~(align - 1));
}

static void *change(void *heap, void *block, size_t old_size,
                    size_t new_size) {
  (void)heap;
  (void)old_size;
  switch (MISDEED) {
    case aborts:
      say("\x1b[31mmyalloc: chunk 7: \xff\xfe assertion"
          " `magic == 0xfeed' failed\x1b[0m\r\n\x07\n");
      abort();
    case overruns:
      say("myalloc: deeper and deeper\n");
      given_bytes += (size_t)overrun(NULL);
      break;
    case exits:
      say("myalloc: that is all I do\n");
      exit(0);
    case hangs:
      say("myalloc: waiting for a lock that nobody holds\n");
      for (;;) {
        (void)pause();
      }
    default:
      break;
  }
  return realloc(block, new_size + (new_size == 0));
}

static void give(void *heap, void *block) {
  (void)heap;
  if (MISDEED != overlaps) {
    free(block);
  }
}

static void give_sized(void *heap, void *block, size_t size) {
  (void)size;
  if (MISDEED == bus) {
    say("myalloc: page 3 is gone\n");
    (void)raise(SIGBUS);
  }
  give(heap, block);
}

static const void *witness(void) { return (const void *)(uintptr_t)take; }

__attribute__((visibility("default"))) const struct pmm_backend *
pmm_backend_get(uint32_t host_abi);
const struct pmm_backend *pmm_backend_get(uint32_t host_abi) {
  static const struct pmm_backend backend = {
      .abi_version = MISDEED == lies ? PMM_BACKEND_ABI + 1 : PMM_BACKEND_ABI,
      .capabilities = PMM_BACKEND_FREES | PMM_BACKEND_ALIGNED,
      .struct_size = sizeof(struct pmm_backend),
      .name = "myalloc",
      .version = "1",
      .summary = "an allocator of the tests",
      .init = init,
      .fini = fini,
      .alloc = take,
      .alloc_zero = take_zero,
      .alloc_aligned = take_aligned,
      .realloc = change,
      .free = give,
      .free_sized = give_sized,
      .witness_symbol = witness};
  if (MISDEED == getter) {
    say("myalloc: cannot find my own table\n");
    (void)raise(SIGSEGV);
  }
  return host_abi == PMM_BACKEND_ABI ? &backend : NULL;
}
