/* SPDX-License-Identifier: MIT */
/* test_deep.c - deep structures die and are collected on a small stack. */
#include "code/call_on_stack.h"
#include "tests/gc/lab.h"

/** The profile's small stack. */
#define SMALL_STACK ((size_t)256 * 1024)

static struct lab lab;

/** A chain being dropped or collected. */
struct job {
  pmm_obj *chain;
  uint64_t found;
};

static enum pmm_status drop(void *ctx, pmm_rt *rt, pmm_obj *arg) {
  struct job *job = ctx;
  (void)arg;
  pmmi_clear(rt, &job->chain);
  return PMM_OK;
}

static enum pmm_status collect(void *ctx, pmm_rt *rt, pmm_obj *arg) {
  struct job *job = ctx;
  (void)arg;
  job->found = lab_collect(rt);
  return PMM_OK;
}

static void run_small(pmm_rt *rt, pmm_fn fn, struct job *job) {
  enum pmm_status status = pmmi_call_on_stack(rt, SMALL_STACK, fn, job);
  tap_ok(status == PMM_OK, "ran on a small stack");
}

static pmm_obj *wrap_list(pmm_rt *rt, pmm_obj *item) {
  return pmmi_list_from(rt, &item, 1);
}

static pmm_obj *wrap_tuple(pmm_rt *rt, pmm_obj *item) {
  return pmmi_tuple_from(rt, &item, 1);
}

static void test_chain(const char *name, size_t n,
                       pmm_obj *(*wrap)(pmm_rt *, pmm_obj *)) {
  pmm_rt *rt = lab_open(&lab, "counting", 0);
  struct job job = {.chain = pmmi_list_new(rt, 0)};
  for (size_t i = 0; i < n; i++) {
    pmm_obj *outer = wrap(rt, job.chain);
    pmmi_release(rt, job.chain);
    job.chain = outer;
  }
  run_small(rt, drop, &job);
  tap_ok(pmmi_dealloc_of(rt)->chain == NULL && pmmi_dealloc_of(rt)->depth == 0,
         "nothing waits afterwards");
  lab_end(&lab, name);
}

static enum pmm_status count_call(void *ctx, pmm_rt *rt, pmm_obj *o) {
  (void)rt;
  (void)o;
  ++*(size_t *)ctx;
  return PMM_OK;
}

static void test_instances(const char *name, size_t n, uint32_t flags,
                           int by_name) {
  size_t calls = 0;
  pmm_rt *rt = lab_open(&lab, "counting", 0);
  pmm_obj *type = lab_type(rt, flags, count_call, &calls);
  struct job job = {.chain = NULL};
  for (size_t i = 0; i < n; i++) {
    pmm_obj *outer = pmmi_instance_new(rt, type, (int64_t)i);
    if (job.chain != NULL && by_name) {
      (void)pmmi_attr_set(rt, outer, "next", job.chain);
    } else if (job.chain != NULL) {
      (void)pmmi_slot_set(rt, outer, 0, job.chain);
    }
    pmmi_xrelease(rt, job.chain);
    job.chain = outer;
  }
  run_small(rt, drop, &job);
  tap_ok(calls == n, "each finalizer ran once");
  pmmi_release(rt, type);
  lab_end(&lab, name);
}

static void test_cycle(size_t n) {
  pmm_rt *rt = lab_open(&lab, "counting", 0);
  pmm_obj *first = pmmi_list_new(rt, 0);
  struct job job = {.chain = pmmi_new_reference(rt, first)};
  for (size_t i = 1; i < n; i++) {
    pmm_obj *outer = wrap_list(rt, job.chain);
    pmmi_release(rt, job.chain);
    job.chain = outer;
  }
  (void)pmmi_list_append(rt, first, job.chain);
  pmmi_release(rt, first);
  run_small(rt, collect, &job);
  tap_ok(job.found == 0, "a held ring of %zu is kept", n);
  pmmi_clear(rt, &job.chain);
  run_small(rt, collect, &job);
  tap_ok(job.found == n, "and found when it is dropped");
  lab_end(&lab, "ring");
}

/** A weak reference to something in a chain that is being dropped. */
struct spy {
  pmm_obj *weak;
  size_t obtained;
};

static enum pmm_status look(void *ctx, pmm_rt *rt, pmm_obj *o) {
  struct spy *spy = ctx;
  (void)o;
  pmm_obj *target = pmmi_weakref_get(rt, spy->weak);
  spy->obtained += target != NULL && target->refcnt < 2;
  pmmi_xrelease(rt, target);
  return PMM_OK;
}

/* Many children of one node are deferred; while the first is finalized none
 * of them can be had unless it is alive. */
static void test_deferred_and_weak(void) {
  struct spy spy = {.obtained = 0};
  pmm_rt *rt = lab_open(&lab, "counting", 0);
  pmm_obj *type = lab_type(rt, LAB_NODE, look, &spy);
  pmm_obj *list = pmmi_list_new(rt, 0);
  for (int64_t i = 0; i < 100; i++) {
    pmm_obj *o = pmmi_instance_new(rt, type, i);
    (void)pmmi_list_append(rt, list, o);
    if (i == 50) {
      spy.weak = pmmi_weakref_new(rt, o, NULL, NULL, 0);
    }
    pmmi_release(rt, o);
  }
  struct job job = {.chain = list};
  for (int i = 0; i < 2 * PMMI_DEALLOC_DEPTH; i++) {
    pmm_obj *outer = wrap_list(rt, job.chain);
    pmmi_release(rt, job.chain);
    job.chain = outer;
  }
  (void)drop(&job, rt, NULL);
  tap_ok(spy.obtained == 0, "what waits cannot be had");
  pmmi_release(rt, spy.weak);
  pmmi_release(rt, type);
  lab_end(&lab, "deferred and weak");
}

int main(int argc, char **argv) {
  lab_start(argc, argv);
  test_chain("lists", 1000000, wrap_list);
  test_chain("tuples", 1000000, wrap_tuple);
  test_instances("slots", 300000, LAB_NODE, 0);
  test_instances("attributes", 300000, LAB_NODE | PMM_TYPE_DICT, 1);
  test_instances("without collector", 300000, PMM_TYPE_WEAKREF, 0);
  test_cycle(1000000);
  test_deferred_and_weak();
  return tap_done();
}
