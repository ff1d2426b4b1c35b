/* SPDX-License-Identifier: MIT */
/*
 * cases/oom_limit.c - memory that really runs out: the process's own address
 * space is limited (requirement OOM-007).
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "case.h"

#if defined(__SANITIZE_ADDRESS__)
#define UNDER_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNDER_ASAN 1
#endif
#endif
#ifndef UNDER_ASAN
#define UNDER_ASAN 0
#endif

/* Tools that need address space of their own must not be limited. */
static int may_limit(void) {
  const char *preloaded = getenv("LD_PRELOAD");
  return !UNDER_ASAN &&
         (preloaded == NULL || strstr(preloaded, "vgpreload") == NULL);
}

static uint64_t address_space(void) {
  unsigned long pages = 0;
  FILE *stream = fopen("/proc/self/statm", "r");
  int read = stream != NULL ? fscanf(stream, "%lu", &pages) : 0;
  if (stream != NULL) {
    (void)fclose(stream);
  }
  return read == 1 ? pages * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

static void restore_limit(struct pmm_test *t, void *subject) {
  (void)t;
  (void)setrlimit(RLIMIT_AS, subject);
}

/* Leave the process `bytes` more address space for the rest of the case. */
static struct rlimit *limit_memory(struct pmm_test *t, uint64_t bytes) {
  uint64_t used = address_space();
  struct rlimit *before = SCRATCH(struct rlimit);
  if (!may_limit() || used == 0 || getrlimit(RLIMIT_AS, before) != 0) {
    unsupported(t, "RLIMIT_AS");
  }
  struct rlimit limit = {.rlim_cur = used + bytes,
                         .rlim_max = before->rlim_max};
  defer(t, restore_limit, before);
  if (setrlimit(RLIMIT_AS, &limit) != 0) {
    unsupported(t, "RLIMIT_AS");
  }
  return before;
}

/* Append blocks of 1 MiB until there is no memory; what was pending then. */
static enum pmm_status exhaust(struct pmm_test *t, pmm_obj *list,
                               const char *data) {
  enum pmm_status status = PMM_OK;
  for (int i = 0; i < 1024 && status == PMM_OK; i++) {
    pmm_obj *block = OPS->bytes_new(RT, data, 1 << 20);
    if (block != NULL) {
      (void)OPS->list_append(RT, list, block);
    }
    status = OPS->error(RT);
    OPS->xrelease(RT, block);
  }
  OPS->error_clear(RT);
  return status;
}

/* "After a real memory limit is hit and memory is dropped, new allocations
 * succeed in the same process." */
MUST(oom, usable_after_exhaustion,
     "The runtime stays usable after memory ran out",
     REQ("OOM-007"), NEEDS(list, bytes, prompt),
     OOM_EXEMPT("limits the memory of the process itself"),
     INEXACT("allocations frees requested_bytes peak_bytes",
             "how much fits depends on what the process maps")) {
  const char *data = SCRATCH_ARRAY(char, 1 << 20);
  for (int round = 0; round < 2; round++) {
    pmm_obj *list = empty_list(t);
    struct rlimit *before = limit_memory(t, UINT64_C(64) << 20);
    enum pmm_status status = exhaust(t, list, data);
    OPS->release(RT, GIVE(list));
    pmm_obj *again = OPS->bytes_new(RT, data, 1 << 20);
    pmm_obj *small = OPS->list_new(RT, 100);
    int made = again != NULL && small != NULL;
    OPS->xrelease(RT, again);
    OPS->xrelease(RT, small);
    (void)setrlimit(RLIMIT_AS, before);
    expect_eq(status, PMM_NO_MEMORY);
    expect(made);
  }
}
