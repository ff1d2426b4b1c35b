/* SPDX-License-Identifier: MIT */
/*
 * state.h - what the harness keeps behind a running case.
 *
 *   1. pmm_state_init() gives an empty state; the attempt opens a runtime
 *      into the test and lets the body run.
 *   2. Expectations write the verdict and jump to `stop`.
 *   3. pmm_state_release() (case.h) releases what the case owns.
 *   4. pmm_state_fini() gives log, scratch memory and tables back; it comes
 *      after the runtime is closed, since finalizers use scratch memory.
 *
 * Invariant: `stop` is valid exactly while `running` is 1.  The verdict only
 * gets worse.
 */
#ifndef PMM_CONFORM_STATE_H
#define PMM_CONFORM_STATE_H

#include <setjmp.h>
#include <stddef.h>

#include "case.h"
#include "result.h"
#include "tables.h"

/** What the body came to. */
enum pmm_verdict_kind {
  PMM_VERDICT_PASS,
  PMM_VERDICT_REPORTED,    /* an injected failure was reported as it must   */
  PMM_VERDICT_WARN,        /* a noteworthy outcome                          */
  PMM_VERDICT_UNSUPPORTED, /* `feature` is missing                          */
  PMM_VERDICT_FAIL
};

struct pmm_verdict {
  enum pmm_verdict_kind kind;
  const char *file;
  int line;
  char feature[64];
  char message[640];
};

/** One thing a case owns: a handle, or an undo with its subject. */
struct pmm_owned {
  pmm_obj *object; /* NULL: the next two count                              */
  void (*undo)(struct pmm_test *t, void *subject);
  void *subject;
};

struct pmm_scratch; /* a block of scratch memory, chained */

struct pmm_state {
  jmp_buf stop;
  int running;               /* 1 while the body may be cut short           */
  int injecting;             /* 1 while allocations are made to fail        */
  int unsettled;             /* 1: the subject refuses to collect           */
  uint64_t fired;            /* allocations that failed while injecting     */
  struct pmm_verdict verdict;
  struct pmm_owned *owned;
  size_t owned_count;
  size_t owned_capacity;
  struct pmm_logged *log;
  size_t log_count;
  size_t log_capacity;
  struct pmm_scratch *scratch;
  pmm_obj *probe_type;       /* owned by the case's list; NULL: not made    */
  const struct pmm_profile *profile;
  const struct pmm_case *test_case;
  struct pmm_progress *progress; /* what the harness outside can see        */
};

void pmm_state_init(struct pmm_state *state, const struct pmm_case *test_case,
                    const struct pmm_profile *profile);
void pmm_state_fini(struct pmm_state *state);

/** Forget the last body: verdict and log; what it owned is released. */
void pmm_state_reset(struct pmm_state *state);

/** Append to the log; the `event` of struct pmm_host, `ctx` is the state. */
void pmm_state_event(void *ctx, enum pmm_event_kind kind, int64_t cookie,
                     int64_t detail);

/** Stop injecting, if it still goes on, and count what failed. */
void pmm_state_disarm(struct pmm_test *t);

/** The text of a status: "NO_MEMORY". */
const char *pmm_status_name(enum pmm_status status);

/** Memory of the harness; ends the process when there is none. */
void *pmm_grow(void *block, size_t size);

#endif /* PMM_CONFORM_STATE_H */
