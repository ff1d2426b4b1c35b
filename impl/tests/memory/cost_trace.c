/* SPDX-License-Identifier: MIT */
/*
 * cost_trace.c - a job for run_cost.py, which counts its instructions.
 *
 *   cost_trace never    no trace in this process
 *   cost_trace after    a trace, snapshots and a census came before
 *   cost_trace during   the job is traced
 *
 * The job runs twice, so that the pools are in one state when it counts.
 */
#include "tests/code/lab.h"

#include "memory/trace.h"
#include "runtime/census.h"
#include "types/dict.h"

static void ignore(void *ctx, const struct pmm_census *row) {
  (void)ctx;
  (void)row;
}

static void trace_and_stop(pmm_rt *rt) {
  struct pmm_growth growth;
  (void)pmmi_trace_start(rt);
  pmm_obj *list = pmmi_list_new(rt, 10);
  (void)pmmi_trace_keep(rt);
  pmmi_xrelease(rt, list);
  (void)pmmi_trace_growth(rt, &growth, 1);
  (void)pmmi_census(rt, ignore, NULL);
  pmmi_trace_stop(rt);
}

static void job(pmm_rt *rt) {
  for (int64_t i = 0; i < 5000; i++) {
    pmmi_free(rt, pmmi_alloc(rt, 48), 48);
    void *block = pmmi_mem_alloc(rt, 100);
    block = pmmi_mem_realloc(rt, block, 100, 300);
    pmmi_mem_free(rt, block, 300);
    pmm_obj *number = pmmi_int_new(rt, 1000 + i);
    pmm_obj *list = pmmi_list_new(rt, 0);
    if (list != NULL && number != NULL) {
      (void)pmmi_list_append(rt, list, number);
    }
    pmmi_xrelease(rt, list);
    pmmi_xrelease(rt, number);
  }
}

/** What the instructions are counted of: named on callgrind's command line. */
__attribute__((noinline)) void pmm_counted_job(pmm_rt *rt);
void pmm_counted_job(pmm_rt *rt) { job(rt); }

int main(int argc, char **argv) {
  char *pool[] = {argv[0], NULL};
  pmm_rt *rt = lab_open(1, pool);
  const char *mode = argc > 1 ? argv[1] : "never";
  pmmi_gc_enable(rt, 0);
  if (strcmp(mode, "after") == 0) {
    trace_and_stop(rt);
  }
  if (strcmp(mode, "during") == 0 && pmmi_trace_start(rt) != PMM_OK) {
    return 1;
  }
  job(rt);
  pmm_counted_job(rt);
  pmmi_close(rt);
  return 0;
}
