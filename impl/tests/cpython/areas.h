/* SPDX-License-Identifier: MIT */
/*
 * areas.h - the areas of the self-test, and what they share.
 *
 * An area is one function that returns 1 when all it did came out right. It
 * runs several times in one runtime, so it gives back all that it takes.
 */
#ifndef PMMI_TESTS_CPYTHON_AREAS_H
#define PMMI_TESTS_CPYTHON_AREAS_H

#include <stdint.h>
#include <stdio.h>

#include "pmm/ops.h"

/** What a host hears: how often, and the last cookie and detail, by kind. */
struct pmmi_ear {
  unsigned count[16];
  int64_t cookie[16];
  int64_t detail[16];
};

/** Of the runtime under test; both are set before an area runs. */
extern const struct pmm_ops *pmmi_ops;
extern struct pmmi_ear pmmi_ear;

/** Stop an area with the line that did not hold. */
#define HOLDS(condition)                                                      \
  do {                                                                        \
    if (!(condition)) {                                                       \
      printf("# %s:%d: expected %s\n", __func__, __LINE__, #condition);        \
      return 0;                                                               \
    }                                                                         \
  } while (0)

/** Host functions that count their calls in *ctx; one of them fails. */
enum pmm_status pmmi_note(void *ctx, pmm_rt *rt, pmm_obj *arg);
enum pmm_status pmmi_refuse(void *ctx, pmm_rt *rt, pmm_obj *arg);

int pmmi_area_atoms(pmm_rt *rt);
int pmmi_area_sequences(pmm_rt *rt);
int pmmi_area_probes(pmm_rt *rt);
int pmmi_area_kinds(pmm_rt *rt);
int pmmi_area_weak_references(pmm_rt *rt);
int pmmi_area_generators(pmm_rt *rt);
int pmmi_area_bad_codes(pmm_rt *rt);
int pmmi_area_closures(pmm_rt *rt);
int pmmi_area_files(pmm_rt *rt);
int pmmi_area_injection(pmm_rt *rt);
int pmmi_area_sites(pmm_rt *rt);
int pmmi_area_leaks(pmm_rt *rt);
int pmmi_area_verification(pmm_rt *rt);
int pmmi_area_other_stack(pmm_rt *rt);

#endif /* PMMI_TESTS_CPYTHON_AREAS_H */
