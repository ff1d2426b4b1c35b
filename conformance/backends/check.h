/* SPDX-License-Identifier: MIT */
/*
 * check.h - how a case about a backend is written.
 *
 * A backend is ranked only when it keeps the rules of pmm/backend.h.  Each
 * case quotes the rule it checks, runs in a process of its own, and is
 * skipped, by name, where the backend does not claim what it needs:
 *
 *   1. The runner forks, opens a heap over counting hooks and calls the case.
 *   2. The case expects; the first expectation that fails ends it.
 *   3. The verdict goes through a pipe; a child that dies without one is a
 *      CRASH, one that does not end a TIMEOUT.
 *
 * A case sees the contract only.
 */
#ifndef PMM_BACKENDS_CHECK_H
#define PMM_BACKENDS_CHECK_H

#include <stddef.h>
#include <stdint.h>

#include "hooks.h"
#include "pmm/backend.h"

/** What a case works with. */
struct check {
  const struct pmm_backend *backend;
  void *heap;              /* opened; NULL for a case with `opens`          */
  struct check_hooks hooks; /* behind the heap where it takes OS hooks      */
  uint64_t random;         /* state of check_random()                      */
  char message[480];       /* why it failed; "" while it has not            */
  int line;                /* of the expectation that failed                */
};

/** A case. */
struct check_case {
  const char *id;    /* "backend.alignment"; never reused                   */
  const char *title; /* the rule, one sentence                              */
  uint32_t needs;    /* capabilities without which it is UNSUPPORTED        */
  uint32_t refuses;  /* capabilities with which it is UNSUPPORTED           */
  int opens;         /* 1: the case makes its heaps by itself               */
  void (*run)(struct check *check);
  const char *file;  /* where it is                                         */
  int line;
};

/** All cases; `*count` of them. */
const struct check_case *const *check_cases(size_t *count);

/** End the case when `condition` does not hold; the rest is printf's. */
#define EXPECT(check, condition, ...)              \
  do {                                             \
    if (!(condition)) {                            \
      check_fail((check), __LINE__, __VA_ARGS__); \
      return;                                      \
    }                                              \
  } while (0)

/** The same inside a function that returns 0 when all is well. */
#define REQUIRE(check, condition, ...)             \
  do {                                             \
    if (!(condition)) {                            \
      check_fail((check), __LINE__, __VA_ARGS__); \
      return -1;                                   \
    }                                              \
  } while (0)

__attribute__((format(printf, 3, 4))) void check_fail(struct check *check,
                                                      int line,
                                                      const char *format, ...);

/** A number below `limit` (above 0); the same sequence in every run. */
uint64_t check_random(struct check *check, uint64_t limit);

/** Fill `size` bytes with a pattern that `seed` determines. */
void check_fill(void *block, size_t size, uint64_t seed);

/** Index of the first byte that is not the pattern's; `size` when all are. */
size_t check_damage(const void *block, size_t size, uint64_t seed);

/** Open a heap of the checked backend in *heap, over the counting hooks
 *  where it takes them.  -1: no memory. */
int check_open(struct check *check, void **heap);

/* The cases, in three files. */
#define CHECK_CASES(X) \
  X(alignment)         \
  X(aligned)           \
  X(zero_size)         \
  X(overflow)          \
  X(free_null)         \
  X(no_overlap)        \
  X(contents)          \
  X(realloc_data)      \
  X(realloc_null)      \
  X(realloc_failure)   \
  X(zeroed)            \
  X(sized_free)        \
  X(large)             \
  X(usable_size)       \
  X(owns)              \
  X(batch)             \
  X(drain)             \
  X(returns)           \
  X(trim)              \
  X(stats)             \
  X(classes)           \
  X(visit)             \
  X(heaps)             \
  X(os_balance)        \
  X(os_failure)        \
  X(fork)              \
  X(threads)

#define CHECK_DECLARE(name) extern const struct check_case check_##name;
CHECK_CASES(CHECK_DECLARE)
#undef CHECK_DECLARE

/** Define case `name`; its title and at least one more field follow. */
#define CHECK(name, text, ...)                     \
  static void run_##name(struct check *check);     \
  const struct check_case check_##name = {         \
      .id = "backend." #name,                      \
      .title = text,                               \
      .run = run_##name,                           \
      .file = __FILE__,                            \
      .line = __LINE__,                            \
      __VA_ARGS__};                                \
  static void run_##name(struct check *check)

#endif /* PMM_BACKENDS_CHECK_H */
