/* SPDX-License-Identifier: MIT */
/*
 * selftest.c - the operations of the CPython subject, checked one by one.
 *
 *   1. A small host logs events; each area (areas.h) checks some operations.
 *   2. Every area runs in a runtime of its own, several times: once warm, not
 *      each round may leave blocks behind.  One may: caches and tables of the
 *      interpreter grow in steps.
 *
 * What the language must do is the conformance cases' business; here it is
 * whether the operations say what CPython did.
 */
#include "tests/cpython/selftest.h"

#include <stdio.h>
#include <string.h>

#include "pmm/view.h"
#include "subjects/cpython/collector.h"
#include "tests/cpython/areas.h"
#include "tests/tap.h"

#define ROUNDS 5

static struct pmm_view view;
const struct pmm_ops *pmmi_ops = &view.ops;
struct pmmi_ear pmmi_ear;

static void hear(void *ctx, enum pmm_event_kind kind, int64_t cookie,
                 int64_t detail) {
  struct pmmi_ear *listening = ctx;
  listening->count[kind]++;
  listening->cookie[kind] = cookie;
  listening->detail[kind] = detail;
}

enum pmm_status pmmi_refuse(void *ctx, pmm_rt *rt, pmm_obj *arg) {
  (void)rt;
  (void)arg;
  ++*(int *)ctx;
  return PMM_USER;
}

enum pmm_status pmmi_note(void *ctx, pmm_rt *rt, pmm_obj *arg) {
  (void)rt;
  (void)arg;
  ++*(int *)ctx;
  return PMM_OK;
}

/* ---- rounds ------------------------------------------------------------- */

static uint64_t live_blocks(pmm_rt *rt) {
  struct pmm_memory memory = {.struct_size = sizeof memory};
  pmmi_ops->collect(rt, 2, NULL);
  pmmi_ops->caches_flush(rt);
  pmmi_ops->memory(rt, &memory);
  return memory.live_blocks;
}

/** Run an area; 1 when it holds and some warm round left no blocks. */
static int run_area(int (*area)(pmm_rt *rt)) {
  const struct pmm_host host = {
      .struct_size = sizeof host, .ctx = &pmmi_ear, .event = hear};
  const struct pmm_open_config config = {.struct_size = sizeof config,
                                         .host = &host};
  uint64_t live[ROUNDS];
  int grew = 0;
  pmm_rt *rt = NULL;
  if (pmmi_ops->open(&config, &rt) != PMM_OK) {
    printf("# open failed\n");
    return 0;
  }
  for (int round = 0; round < ROUNDS; round++) {
    memset(&pmmi_ear, 0, sizeof pmmi_ear);
    if (!area(rt)) {
      printf("# pending: %s\n", pmmi_ops->error_message(rt));
      pmmi_ops->close(rt);
      return 0;
    }
    live[round] = live_blocks(rt);
    grew += round > 1 && live[round] > live[round - 1];
  }
  pmmi_ops->close(rt);
  if (grew == ROUNDS - 2) {
    printf("# each round left blocks: %llu after the first, %llu at the end\n",
           (unsigned long long)live[0], (unsigned long long)live[ROUNDS - 1]);
    return 0;
  }
  return 1;
}

/** Nothing is live at first, and one held object is: what the caches kept from
 *  before would hide as many lost blocks. */
static int base_is_exact(void) {
  const struct pmm_open_config config = {.struct_size = sizeof config};
  pmm_rt *rt = NULL;
  pmm_obj *held;
  uint64_t live;
  HOLDS(pmmi_ops->open(&config, &rt) == PMM_OK);
  held = pmmi_ops->list_new(rt, 0);
  live = live_blocks(rt);
  pmmi_ops->release(rt, held);
  pmmi_ops->close(rt);
  HOLDS(held != NULL && live > 0);
  return 1;
}

/** Which versions have which collector. */
static int collectors(void) {
  HOLDS(strcmp(pmmi_cpy_collector_of("3.14.4+ ("), "incremental") == 0);
  HOLDS(strcmp(pmmi_cpy_collector_of("3.14.5"), "generational") == 0);
  HOLDS(strcmp(pmmi_cpy_collector_of("3.15.0"), "generational") == 0);
  return 1;
}

/** What open() refuses. */
static int refusals(const char *own_mode) {
  struct pmm_open_config config = {.struct_size = sizeof config,
                                   .mode = "full"};
  pmm_rt *rt = NULL;
  pmm_rt *second = NULL;
  HOLDS(pmmi_ops->open(&config, &rt) == PMM_VALUE && rt == NULL);
  config.mode = own_mode;
  HOLDS(pmmi_ops->open(&config, &rt) == PMM_OK);
  HOLDS(pmmi_ops->open(&config, &second) == PMM_UNSUPPORTED && second == NULL);
  pmmi_ops->close(rt);
  return 1;
}

int pmmi_cpy_selftest(const struct pmm_subject *subject) {
  static const struct {
    const char *name;
    int (*run)(pmm_rt *rt);
  } areas[] = {{"atoms and errors", pmmi_area_atoms},
               {"lists and tuples", pmmi_area_sequences},
               {"probes", pmmi_area_probes},
               {"kinds of types", pmmi_area_kinds},
               {"weak references", pmmi_area_weak_references},
               {"generators", pmmi_area_generators},
               {"bad codes", pmmi_area_bad_codes},
               {"closures", pmmi_area_closures},
               {"files", pmmi_area_files},
               {"failing allocations", pmmi_area_injection},
               {"sites", pmmi_area_sites},
               {"leaks", pmmi_area_leaks},
               {"verification", pmmi_area_verification},
               {"another stack", pmmi_area_other_stack}};
  char message[200];
  tap = (struct tap_state){0, 0, 0};
  tap_plan(2 + sizeof areas / sizeof areas[0]);
  if (pmm_view_read(subject, &view, message, sizeof message) != 0) {
    printf("Bail out! %s\n", message);
    return 1;
  }
  tap_ok(collectors() && refusals(subject->modes[0]),
         "open refuses what it cannot serve");
  tap_ok(base_is_exact(), "blocks are counted from the first one");
  for (size_t i = 0; i < sizeof areas / sizeof areas[0]; i++) {
    tap_ok(run_area(areas[i].run), "%s", areas[i].name);
  }
  fflush(stdout);
  return tap_done();
}
