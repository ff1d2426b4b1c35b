/* SPDX-License-Identifier: MIT */
/*
 * runner.h - one case in a process of its own (harness/process.h).
 */
#ifndef PMM_BACKENDS_RUNNER_H
#define PMM_BACKENDS_RUNNER_H

#include "check.h"
#include "process.h"

/** How a case ended; the names are those of the result document. */
enum check_class {
  CHECK_PASS,
  CHECK_WARN, /* a SHOULD that did not hold                                */
  CHECK_UNSUPPORTED,
  CHECK_FAIL,
  CHECK_TIMEOUT,
  CHECK_CRASH,
  CHECK_HARNESS_ERROR
};

struct check_result {
  enum check_class class;
  char message[640];   /* "" when there is nothing to say                   */
  char feature[64];    /* what is missing when unsupported, else ""         */
  char broken[64];     /* requirement that failed; "": the case's own       */
  const char *phase;   /* in which it went wrong, else NULL                 */
  int signal;          /* of a crash, else 0                                */
  int line;            /* of the expectation that failed, else the case's   */
  uint64_t elapsed_ns; /* from fork to the end                              */
  char output[PMM_OUTPUT_BYTES]; /* the last that the process printed       */
};

/** Name of a class: "PASS". */
const char *check_class_name(enum check_class class);

/** Name of one capability bit: "OWNS"; NULL when unknown. */
const char *check_capability_name(uint32_t bit);

/** Run a case on a backend, for at most `timeout_s` seconds; `here`: in this
 *  process.  Cannot fail: what goes wrong is the result. */
void check_run(const struct check_case *test, const struct pmm_backend *backend,
               double timeout_s, int here, struct check_result *result);

/** Look the backend up in a process of its own: what its library does when it
 *  is loaded becomes the result.  PASS: it can be looked up here, or there is
 *  none of that name. */
void check_load(const char *spec, double timeout_s,
                struct check_result *result);

#endif /* PMM_BACKENDS_RUNNER_H */
