/* SPDX-License-Identifier: MIT */
/*
 * result.h - what became of a case, and the record that carries it home.
 *
 *   child                         pipe                       parent
 *   runs the case, fills   ->  one fixed-size record  ->  checks size, magic,
 *   a record, seals it                                    nonce and seal
 *
 *   1. The parent draws a nonce for each process; the child seals its record
 *      with it.  A record that is short, long, or sealed otherwise was not
 *      written by the harness: HARNESS_ERROR.
 *   2. The shared page says how far the child came, so that a crash has a
 *      phase even though it has no record.
 *
 * Invariant: the classes are ordered; of two, the greater is the worse.
 */
#ifndef PMM_CONFORM_RESULT_H
#define PMM_CONFORM_RESULT_H

#include <stddef.h>
#include <stdint.h>

/** What became of a case, worst last. */
#define PMM_CLASSES(X)                                                        \
  X(PASS)          /* every expectation held                               */ \
  X(WARN)          /* a SHOULD or MAY did not hold                         */ \
  X(UNSUPPORTED)   /* the subject lacks a feature the case needs           */ \
  X(WAIVED)        /* the case leaves this lane out, with a reason         */ \
  X(XFAIL)         /* failed as an expectation file says                   */ \
  X(XPASS)         /* passed although an expectation file says otherwise   */ \
  X(FAIL)          /* an expectation did not hold                          */ \
  X(LEAK)          /* more is alive than before the body                   */ \
  X(OOM_UNSAFE)    /* one failed allocation broke something                */ \
  X(SANITIZER)     /* a sanitizer or valgrind reported an error            */ \
  X(TIMEOUT)       /* it did not end in time                               */ \
  X(CRASH)         /* a signal ended it                                    */ \
  X(HARNESS_ERROR) /* the subject broke the contract with the harness      */ \
  X(NOT_RUN)       /* no process could be started                          */

enum pmm_class {
#define PMM_CLASS_ENUM(name) PMM_CLASS_##name,
  PMM_CLASSES(PMM_CLASS_ENUM)
#undef PMM_CLASS_ENUM
  PMM_CLASS_COUNT
};

/** How far a process came. */
enum pmm_phase {
  PMM_PHASE_LOAD,     /* find the subject, read its claims                 */
  PMM_PHASE_SETUP,    /* open the runtime                                  */
  PMM_PHASE_BODY,     /* the case itself                                   */
  PMM_PHASE_TEARDOWN, /* release, collect, count, close                    */
  PMM_PHASE_DONE,     /* the record is on its way                          */
  PMM_PHASE_COUNT
};

/** Counters of one body; PMM_UNKNOWN where the subject cannot tell. */
struct pmm_counters {
  uint64_t allocations;
  uint64_t frees;
  uint64_t requested_bytes;
  uint64_t peak_bytes;  /* above the level before the body                 */
  uint64_t collections;
};

/** The record: plain data, sealed. */
struct pmm_record {
  uint64_t magic;
  uint64_t nonce;
  uint32_t class;       /* enum pmm_class                                   */
  uint32_t phase;       /* enum pmm_phase that failed                       */
  int32_t signal;       /* that ended the process; 0: none                  */
  int32_t line;         /* of the expectation that did not hold; 0: none    */
  uint64_t point;       /* allocation that failed; 0: none                  */
  uint64_t fired;       /* allocations that were made to fail               */
  uint64_t points;      /* points tried by a sweep                          */
  uint64_t elapsed_ns;  /* the body; of one that did not end, its process   */
  struct pmm_counters counters;
  char file[96];
  char feature[64];     /* UNSUPPORTED: what is missing                     */
  char broken[32];      /* requirement that did not hold; "": the case's    */
  char message[640];
  uint64_t seal;        /* over all fields before it                        */
};

/** Room for what a case says of where it is (now_at() of case.h). */
enum { PMM_PLACE_BYTES = 96 };

/** Shared with the child while it runs. */
struct pmm_progress {
  volatile uint32_t phase;
  volatile uint32_t operation;  /* under way (answers.h); 0: none           */
  volatile uint64_t point;
  char place[PMM_PLACE_BYTES];  /* "" until the case says one; may be torn  */
};

const char *pmm_class_name(enum pmm_class value);
const char *pmm_phase_name(enum pmm_phase value);

/** 1 when the class makes a run fail (exit code 3). */
int pmm_class_is_bad(enum pmm_class value);

/** An empty record: PASS, no figure known. */
void pmm_record_init(struct pmm_record *record);

/** Set class and message (printf). */
void pmm_record_set(struct pmm_record *record, enum pmm_class value,
                    const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/** Seal for the parent that drew `nonce`; the check of such a seal. */
void pmm_record_seal(struct pmm_record *record, uint64_t nonce);
int pmm_record_is_sealed(const struct pmm_record *record, uint64_t nonce);

#endif /* PMM_CONFORM_RESULT_H */
