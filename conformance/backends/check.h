/* SPDX-License-Identifier: MIT */
/*
 * check.h - how a case about a backend is written.
 *
 * A backend is ranked only when it keeps the requirements of area ALLOC
 * (requirements.toml, after pmm/backend.h).  Each case names and quotes those
 * it checks, runs in a process of its own, and is skipped, by name, where the
 * backend does not claim what it needs:
 *
 *   1. The runner forks, opens a heap over counting hooks and calls the case.
 *   2. The case expects; the first expectation that fails ends it.
 *   3. The verdict goes through a pipe; a child that dies without one is a
 *      CRASH, one that does not end a TIMEOUT.
 *
 * A case sees the contract only, and makes its blocks by blocks.h, which looks
 * at the address and at every usable byte of each.
 */
#ifndef PMM_BACKENDS_CHECK_H
#define PMM_BACKENDS_CHECK_H

#include <stddef.h>
#include <stdint.h>

#include "entry.h"
#include "hooks.h"
#include "pmm/backend.h"

/** What a case works with; a thread of a case has one of its own. */
struct check {
  const struct pmm_backend *backend;
  void *heap;              /* opened; NULL for a case with `opens`          */
  struct check_hooks hooks; /* behind the heap where it takes OS hooks      */
  uint64_t random;         /* state of check_random()                      */
  uint64_t made;           /* blocks made: each has a pattern of its own   */
  int may_refuse;          /* 1: no memory for a block is no failure       */
  char message[480];       /* why it failed; "" while it has not            */
  const char *file;        /* of the expectation that failed                */
  int line;                /* likewise                                      */
  const char *broken;      /* the requirement; NULL: the case's own         */
  int blames_itself;       /* 1: whatever fails, the case's own is broken   */
  const char *skipped;     /* why the rest was not asked; NULL: all was     */
};

/** A case. */
struct check_case {
  struct pmm_entry entry; /* "backend.alignment", ...; see entry.h           */
  uint32_t needs;    /* capabilities without which it is UNSUPPORTED        */
  uint32_t refuses;  /* capabilities with which it is UNSUPPORTED           */
  int opens;         /* 1: the case makes its heaps by itself               */
  void (*run)(struct check *check);
};

/** The case that an entry is of; all entries of this program are of one. */
static inline const struct check_case *check_case_of(
    const struct pmm_entry *entry) {
  return (const struct check_case *)entry;
}

/** Where an expectation stands: file and line. */
#define CHECK_HERE __FILE__, __LINE__

/** End the case when `condition` does not hold; the rest is printf's. */
#define EXPECT(check, condition, ...)              \
  do {                                             \
    if (!(condition)) {                            \
      check_fail((check), CHECK_HERE, __VA_ARGS__); \
      return;                                      \
    }                                              \
  } while (0)

/** The same inside a function that returns 0 when all is well. */
#define REQUIRE(check, condition, ...)             \
  do {                                             \
    if (!(condition)) {                            \
      check_fail((check), CHECK_HERE, __VA_ARGS__); \
      return -1;                                   \
    }                                              \
  } while (0)

/** End the case when `call` returned another value than 0. */
#define TRY(call)     \
  do {                \
    if ((call) != 0) { \
      return;         \
    }                 \
  } while (0)

/** The same inside a function that returns 0 when all is well. */
#define TRY_OR_RETURN(call) \
  do {                      \
    if ((call) != 0) {      \
      return -1;            \
    }                       \
  } while (0)

__attribute__((format(printf, 4, 5))) void check_fail(struct check *check,
                                                      const char *file,
                                                      int line,
                                                      const char *format, ...);

/** The same, where not the case's requirement is broken but another, which the
 *  harness looks at in every case. */
__attribute__((format(printf, 5, 6))) void check_blame(
    struct check *check, const char *requirement, const char *file, int line,
    const char *format, ...);

/** 1 once an expectation failed. */
int check_failed(const struct check *check);

/** The case cannot be asked here; `why` is a word or a few.  Return then. */
void check_skip(struct check *check, const char *why);

/** What a thread of a case works with: `own` has the parent's heap, and random
 *  numbers and patterns that differ with `number`. */
void check_branch(struct check *own, const struct check *parent,
                  uint64_t number);

/** What failed in a thread is the case's failure.  Call it when the thread is
 *  over. */
void check_merge(struct check *check, const struct check *own);

/** A number below `limit` (above 0); the same sequence in every run. */
uint64_t check_random(struct check *check, uint64_t limit);

/** Fill `size` bytes with a pattern that `seed` determines. */
void check_fill(void *block, size_t size, uint64_t seed);

/** Index of the first byte that is not the pattern's; `size` when all are. */
size_t check_damage(const void *block, size_t size, uint64_t seed);

/** Open a heap of the checked backend in *heap, over the counting hooks
 *  where it takes them.  -1: no memory. */
int check_open(struct check *check, void **heap);

/** Define case `name`; its title and its REQ() at least follow. */
#define MUST(name, ...) CHECK_CASE(PMM_LEVEL_MUST, name, __VA_ARGS__)
#define SHOULD(name, ...) CHECK_CASE(PMM_LEVEL_SHOULD, name, __VA_ARGS__)

#define CHECK_CASE(level_value, name, title_text, ...)           \
  static void run_##name(struct check *check);                   \
  static const struct check_case check_##name = {                \
      PMM_ENTRY(level_value, "backend." #name, title_text),      \
      .run = run_##name,                                         \
      __VA_ARGS__};                                              \
  PMM_LISTED(check_##name);                                      \
  static void run_##name(struct check *check)

#endif /* PMM_BACKENDS_CHECK_H */
