/* SPDX-License-Identifier: MIT */
/*
 * process.h - one piece of work in a process of its own.
 *
 *   parent                               child
 *   fork                          ->     streams to a file, work(), record
 *   wait for record and end       <-     exit
 *   deadline passed: kill the group
 *
 * The only file of the harness that knows processes.
 *
 * Invariant: pmm_process_run() leaves no process, descriptor or signal of
 * the work behind.
 */
#ifndef PMM_CONFORM_PROCESS_H
#define PMM_CONFORM_PROCESS_H

#include <stddef.h>
#include <stdint.h>

#include "result.h"

/** Room for what a case printed: a sanitizer's report fits with its head. */
enum { PMM_OUTPUT_BYTES = 16384 };

/** What the child does: fill the record. */
typedef void (*pmm_work)(void *ctx, struct pmm_progress *progress,
                         struct pmm_record *record);

/** Called around each fork(); each may be NULL. */
struct pmm_fork_hooks {
  void *ctx;
  void (*before)(void *ctx);
  void (*after_parent)(void *ctx);
  void (*after_child)(void *ctx);
  /** Ends the child when its record is sent; NULL: _exit(). */
  void (*leave)(int status);
};

enum pmm_ending {
  PMM_ENDED_EXIT,      /* `code` is the exit status                         */
  PMM_ENDED_SIGNAL,    /* `code` is the signal                              */
  PMM_ENDED_TIMEOUT,   /* killed at the deadline                            */
  PMM_ENDED_NOT_STARTED /* no process; `code` is errno                      */
};

/** How a process went. */
struct pmm_process {
  enum pmm_ending ending;
  int code;
  uint32_t phase;           /* how far it came                              */
  uint64_t point;           /* the allocation that was being failed         */
  uint32_t operation;       /* that was under way (answers.h); 0: none      */
  char place[PMM_PLACE_BYTES]; /* where in its table the case was; "": none */
  size_t record_bytes;      /* that came; more than a record is counted too */
  struct pmm_record record; /* trusted only if whole and sealed             */
  uint64_t nonce;           /* that it must be sealed with                  */
  double timeout_s;         /* that it was given                            */
  uint64_t elapsed_ns;      /* from the fork to its end                     */
  size_t output_bytes;      /* what it wrote to stdout and stderr in all    */
  char output[PMM_OUTPUT_BYTES]; /* the last of it, as text                 */
};

/** Resources shared by all processes of a run.  Returns 0 or errno. */
int pmm_process_setup(void);
void pmm_process_teardown(void);

/** Run `work(ctx)` in a child; `timeout_s` above 0. */
void pmm_process_run(pmm_work work, void *ctx, double timeout_s,
                     const struct pmm_fork_hooks *hooks,
                     struct pmm_process *out);

#endif /* PMM_CONFORM_PROCESS_H */
