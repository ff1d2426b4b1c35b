/* SPDX-License-Identifier: MIT */
/*
 * stage.h - run one variant of a workload on a subject.
 *
 *   1. The child of a fork opens the runtime, so that each variant starts in
 *      a process that has measured nothing, and a crash is a result.
 *   2. It runs the variant, closes the runtime, and sends JSON through a
 *      pipe.
 *   3. The parent reads it to the end, waits, and says how the child ended.
 */
#ifndef PMM_WORK_STAGE_H
#define PMM_WORK_STAGE_H

#include <jansson.h>

#include "workload.h"

/** What to run, and on what. */
struct pmm_work_stage {
  struct pmm_view view;              /* of the subject                      */
  const struct pmm_backend *backend; /* NULL: the subject's own             */
  const char *mode;                  /* NULL: the subject's default         */
  const struct pmm_workload *workload;
  const struct pmm_work_values *values;
  void *plan;
  uint64_t seed;
  uint64_t pace;    /* ticks between samples; 0: chosen                     */
  uint64_t fail_at; /* this allocation of the variant fails; 0: none        */
  double timeout_s; /* for one variant                                      */
  int no_fork;      /* run in this process, for a debugger                  */
};

/**
 * Run a variant.  A new object
 *   {"variant": {...}, "findings": [...], "witness": {...}|null,
 *    "error": text|null, "class": text|null}
 * where "variant" is null when there is an error.  "class" is then what became
 * of the subject, and null when the error is ours.  NULL: no memory.
 */
json_t *pmm_work_stage_run(const struct pmm_work_stage *stage,
                           const struct pmm_work_variant *variant);

/** The subject's feature that the variant needs and has not, or NULL. */
const char *pmm_work_stage_lacks(const struct pmm_view *view,
                                 const struct pmm_work_variant *variant);

/** The name of a status, in words. */
const char *pmm_work_status_name(enum pmm_status status);

/* ---- inside -------------------------------------------------------------- */

/** The same in this process. */
json_t *pmm_work_stage_run_here(const struct pmm_work_stage *stage,
                                const struct pmm_work_variant *variant);

/** What an error is: a result, by its class, or an error of ours. */
enum pmm_work_fault {
  PMM_WORK_FAIL,    /* the subject said that it could not                   */
  PMM_WORK_CRASH,   /* it ended the process                                 */
  PMM_WORK_TIMEOUT, /* it did not end in time                               */
  PMM_WORK_TOOL
};

/** A result that is an error; `format` as for printf. */
json_t *pmm_work_stage_error(const struct pmm_work_variant *variant,
                             enum pmm_work_fault fault, const char *format,
                             ...) __attribute__((format(printf, 3, 4)));

#endif /* PMM_WORK_STAGE_H */
