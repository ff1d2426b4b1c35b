/* SPDX-License-Identifier: MIT */
/*
 * machine.h - run programs on a runtime and observe what they come to.
 *
 *   1. A machine is opened over a subject; it runs one program after another,
 *      each from empty registers.
 *   2. After each step everything that the contract lets a host see of it is
 *      *observed*: status, kind of the result, answer, events in order, and of
 *      each operand its length and count.  At the end the contents of all
 *      registers, and what dies when they are emptied and all is collected.
 *   3. An observation is mixed into the program's digest and, when somebody
 *      listens, written as ` name=value`.  Two subjects agree on a program
 *      exactly when their digests are equal, but for chance.
 *
 * What subjects may differ in is not observed: counts of shared values,
 * the order of deaths inside one collection, hashes, addresses, messages.
 */
#ifndef PMM_LOCKSTEP_MACHINE_H
#define PMM_LOCKSTEP_MACHINE_H

#include "pmm/view.h"

#include "program.h"

enum { MACHINE_EVENTS = 512 };

struct event {
  int64_t kind;
  int64_t cookie;
};

struct machine {
  const struct pmm_view *view;
  struct words w;
  enum kind kinds[WORDS_REGISTERS];
  unsigned char *offered;  /* of each operation: 1 when it can be called    */
  struct event events[MACHINE_EVENTS]; /* since the last observation        */
  size_t event_count;
  uint64_t digest;
  uint64_t steps;          /* that did something, since the machine opened  */
  FILE *trace;             /* where observations go; NULL: nowhere          */
};

/** Open a runtime.  PMM_OK, or why there is none. */
enum pmm_status machine_open(struct machine *m, const struct pmm_view *view,
                             const struct pmm_backend *backend,
                             const char *mode);
void machine_close(struct machine *m);

/** Begin a program: forget the digest. */
void machine_begin(struct machine *m);
/** 1 when the step can be run: offered, operands of the right kinds. */
int machine_can(struct machine *m, const struct step *step);
/** Run it, if it can be, and observe. */
void machine_step(struct machine *m, const struct step *step);
/** Observe all, empty all, collect; the digest of the program. */
uint64_t machine_end(struct machine *m);
/** All of a program. */
uint64_t machine_run(struct machine *m, const struct program *program);

#endif /* PMM_LOCKSTEP_MACHINE_H */
