/* SPDX-License-Identifier: MIT */
/* test_finalize.c - finalizers by count and by collection, and at close. */
#include "tests/gc/lab.h"

static struct lab lab;

/** What a finalizer did and saw. */
struct seen {
  pmm_obj *kept;      /* a new reference to the dying, when `keep` is set   */
  pmm_obj *weak;      /* looked at by the finalizer                         */
  int keep;
  int calls;
  int intact;         /* calls that saw a live object with its slot 0       */
  int weak_alive;     /* calls in which `weak` gave a target                */
  enum pmm_status fail;
};

static enum pmm_status on_finalize(void *ctx, pmm_rt *rt, pmm_obj *o) {
  struct seen *seen = ctx;
  pmm_obj *slot = pmmi_slot_get(rt, o, 0);
  seen->calls++;
  seen->intact += o->refcnt >= 1 && slot != NULL && slot->refcnt >= 1;
  if (seen->weak != NULL) {
    pmm_obj *target = pmmi_weakref_get(rt, seen->weak);
    seen->weak_alive += target != NULL;
    pmmi_xrelease(rt, target);
  }
  if (seen->keep && seen->kept == NULL) {
    seen->kept = pmmi_new_reference(rt, o);
  }
  return seen->fail;
}

/* Two nodes that refer to each other. */
static void make_pair(pmm_rt *rt, pmm_obj *type, int64_t cookie,
                      pmm_obj *pair[2]) {
  pair[0] = pmmi_instance_new(rt, type, cookie);
  pair[1] = pmmi_instance_new(rt, type, cookie + 1);
  (void)pmmi_slot_set(rt, pair[0], 0, pair[1]);
  (void)pmmi_slot_set(rt, pair[1], 0, pair[0]);
}

static void drop_pair(pmm_rt *rt, pmm_obj *pair[2]) {
  pmmi_release(rt, pair[0]);
  pmmi_release(rt, pair[1]);
}

static void test_by_count(void) {
  struct seen seen = {.keep = 1};
  pmm_rt *rt = lab_open(&lab, NULL, 0);
  pmm_obj *type = lab_type(rt, LAB_NODE, on_finalize, &seen);
  pmm_obj *o = pmmi_instance_new(rt, type, 1);
  seen.weak = pmmi_weakref_new(rt, o, NULL, NULL, 0);
  (void)pmmi_slot_set(rt, o, 0, type);
  pmmi_release(rt, o);
  tap_ok(seen.calls == 1 && seen.intact == 1, "it sees a whole object");
  tap_ok(seen.weak_alive == 1, "weak references are alive meanwhile");
  tap_ok(seen.kept == o && o->refcnt == 1 && pmmi_is_finalized(rt, o) &&
             lab_times(&lab, PMM_EVENT_DEALLOCATED, 1) == 0,
         "resurrected: alive with count 1, and finalized");
  pmm_obj *target = pmmi_weakref_get(rt, seen.weak);
  tap_ok(target == o, "its weak reference stays valid");
  pmmi_xrelease(rt, target);
  pmmi_clear(rt, &seen.kept);
  tap_ok(seen.calls == 1 && lab_times(&lab, PMM_EVENT_DEALLOCATED, 1) == 1,
         "it dies for good without a second call");
  pmmi_release(rt, seen.weak);
  pmmi_release(rt, type);
  lab_end(&lab, "by count");
}

static void test_without_collector(void) {
  struct seen seen = {.keep = 1};
  pmm_rt *rt = lab_open(&lab, NULL, 0);
  pmm_obj *type = lab_type(rt, 0, on_finalize, &seen);
  pmmi_release(rt, pmmi_instance_new(rt, type, 1));
  pmm_obj *o = seen.kept;
  tap_need(o != NULL);
  tap_ok(o->refcnt == 1, "an object without a header is resurrected");
  seen.kept = NULL;
  seen.keep = 0;
  pmmi_release(rt, o);
  tap_ok(seen.calls == 2, "and finalized once more");
  pmmi_release(rt, type);
  lab_end(&lab, "without collector");
}

static void test_cycle(void) {
  struct seen seen = {.keep = 0};
  pmm_obj *pair[2];
  pmm_rt *rt = lab_open(&lab, NULL, 0);
  pmm_obj *type = lab_type(rt, LAB_NODE, on_finalize, &seen);
  make_pair(rt, type, 1, pair);
  seen.weak = pmmi_weakref_new(rt, pair[0], NULL, NULL, 0);
  drop_pair(rt, pair);
  tap_ok(lab_collect(rt) == 2, "a cycle with finalizers is collected");
  tap_ok(seen.calls == 2 && seen.intact == 2, "each sees the other whole");
  tap_ok(seen.weak_alive == 0, "weak references are dead by then");
  tap_ok(lab_when(&lab, PMM_EVENT_FINALIZED, 2) <
             lab_when(&lab, PMM_EVENT_DEALLOCATED, 1),
         "all finalizers run before anything is dropped");
  pmmi_release(rt, seen.weak);
  pmmi_release(rt, type);
  lab_end(&lab, "cycle");
}

static void test_resurrection(void) {
  struct seen seen = {.keep = 1};
  struct seen other = {.keep = 0};
  pmm_obj *pair[2];
  pmm_obj *garbage[2];
  pmm_rt *rt = lab_open(&lab, NULL, 0);
  pmm_obj *type = lab_type(rt, LAB_NODE, on_finalize, &seen);
  pmm_obj *plain = lab_type(rt, LAB_NODE, on_finalize, &other);
  make_pair(rt, type, 1, pair);
  make_pair(rt, plain, 5, garbage);
  drop_pair(rt, pair);
  drop_pair(rt, garbage);
  tap_ok(lab_collect(rt) == 2, "the resurrected are not counted");
  tap_ok(lab_times(&lab, PMM_EVENT_DEALLOCATED, 5) == 1 &&
             lab_times(&lab, PMM_EVENT_DEALLOCATED, 6) == 1,
         "unrelated garbage is freed");
  tap_ok(pmmi_slot_get(rt, pair[0], 0) == pair[1] &&
             pmmi_slot_get(rt, pair[1], 0) == pair[0],
         "what the resurrected reach is whole");
  seen.keep = 0;
  pmmi_clear(rt, &seen.kept);
  tap_ok(lab_collect(rt) == 2 && seen.calls == 2,
         "they go later, with no second finalizer");
  pmmi_release(rt, plain);
  pmmi_release(rt, type);
  lab_end(&lab, "resurrection");
}

static void test_errors(void) {
  struct seen seen = {.fail = PMM_USER};
  pmm_rt *rt = lab_open(&lab, NULL, 0);
  pmm_obj *type = lab_type(rt, LAB_NODE, on_finalize, &seen);
  pmm_obj *o = pmmi_instance_new(rt, type, 1);
  pmmi_error_set(rt, PMM_KEY, "pending");
  pmmi_release(rt, o);
  tap_ok(lab_times(&lab, PMM_EVENT_UNRAISABLE, -1) == 1,
         "an error of a finalizer is reported");
  tap_ok(pmmi_error(rt) == PMM_KEY &&
             strcmp(pmmi_error_message(rt), "pending") == 0,
         "the pending error is kept");
  tap_ok(lab_times(&lab, PMM_EVENT_DEALLOCATED, 1) == 1, "and it dies");
  pmmi_error_clear(rt);
  pmmi_release(rt, type);
  lab_end(&lab, "errors");
}

static enum pmm_status on_collect(void *ctx, pmm_rt *rt, pmm_obj *o) {
  uint64_t found = 99;
  (void)o;
  (void)pmmi_collect(rt, 2, &found);
  for (int i = 0; i < 3000; i++) {
    pmm_obj *list = pmmi_list_new(rt, 0);
    (void)pmmi_list_append(rt, list, list);
    pmmi_release(rt, list);
  }
  *(uint64_t *)ctx = found;
  return PMM_OK;
}

static void test_reentry(void) {
  uint64_t found = 1;
  pmm_obj *pair[2];
  pmm_rt *rt = lab_open(&lab, NULL, 0);
  pmm_obj *type = lab_type(rt, LAB_NODE, on_collect, &found);
  make_pair(rt, type, 1, pair);
  drop_pair(rt, pair);
  tap_ok(lab_collect(rt) == 2, "a collection survives a greedy finalizer");
  tap_ok(found == 0, "a nested collection returns at once");
  tap_ok(lab_collect(rt) == 6000, "the cycles it made go next time");
  pmmi_release(rt, type);
  lab_end(&lab, "re-entry");
}

static enum pmm_status on_break(void *ctx, pmm_rt *rt, pmm_obj *o) {
  (void)ctx;
  return pmmi_slot_set(rt, o, 0, NULL);
}

static void test_breaking_links(void) {
  pmm_obj *pair[2];
  pmm_rt *rt = lab_open(&lab, NULL, 0);
  pmm_obj *type = lab_type(rt, LAB_NODE, on_break, NULL);
  make_pair(rt, type, 1, pair);
  drop_pair(rt, pair);
  (void)lab_collect(rt);
  tap_ok(lab_times(&lab, PMM_EVENT_DEALLOCATED, -1) == 2 &&
             lab_times(&lab, PMM_EVENT_FINALIZED, -1) == 2,
         "a finalizer that frees a member early frees it once");
  pmmi_release(rt, type);
  lab_end(&lab, "breaking links");
}

static void test_legacy(void) {
  struct seen seen = {.keep = 0};
  pmm_obj *pair[2];
  pmm_rt *rt = lab_open(&lab, NULL, 0);
  pmm_obj *type =
      lab_type(rt, LAB_NODE | PMM_TYPE_LEGACY_DEL, on_finalize, &seen);
  make_pair(rt, type, 1, pair);
  drop_pair(rt, pair);
  tap_ok(lab_collect(rt) == 2 && seen.calls == 0,
         "legacy garbage is reported and not touched");
  struct pmm_gc_stats stats = {.struct_size = sizeof stats};
  (void)pmmi_gc_stats(rt, 2, &stats);
  size_t n = 0;
  (void)pmmi_length(rt, pmmi_gc_garbage(rt), &n);
  tap_ok(n == 2 && stats.uncollectable == 2, "and listed as uncollectable");
  (void)pmmi_slot_set(rt, pair[0], 0, NULL);
  (void)pmmi_list_clear(rt, pmmi_gc_garbage(rt));
  tap_ok(seen.calls == 2, "once the cycle is broken they die by count");
  pmmi_release(rt, type);
  pmmi_clear(rt, &pmmi_gc_of(rt)->garbage);
  lab_end(&lab, "legacy");
}

/* There is a garbage list without room, or none yet; and no memory. */
static void test_legacy_without_memory(int listed) {
  struct seen seen = {.keep = 0};
  pmm_obj *pair[2];
  pmm_rt *rt = lab_open(&lab, NULL, 0);
  pmm_obj *type =
      lab_type(rt, LAB_NODE | PMM_TYPE_LEGACY_DEL, on_finalize, &seen);
  make_pair(rt, type, 1, pair);
  drop_pair(rt, pair);
  size_t n = 0;
  if (listed) {
    (void)pmmi_gc_garbage(rt);
  }
  pmmi_lists_flush(rt);
  pmmi_inject_arm(rt, 1, 1);
  tap_ok(lab_collect(rt) == 2 && seen.calls == 0 && !pmmi_error_pending(rt),
         "legacy garbage that cannot be listed is not touched");
  tap_ok(pmmi_inject_disarm(rt) > 0 &&
             (pmmi_gc_of(rt)->garbage != NULL) == listed,
         "and no list is made");
  (void)pmmi_length(rt, pmmi_gc_garbage(rt), &n);
  tap_ok(n == 0, "nor filled");
  (void)pmmi_slot_set(rt, pair[0], 0, NULL);
  tap_ok(seen.calls == 2, "it dies by count once its cycle is broken");
  pmmi_release(rt, type);
  pmmi_clear(rt, &pmmi_gc_of(rt)->garbage);
  lab_end(&lab, "legacy without memory");
}

static void test_save_all(void) {
  struct seen seen = {.keep = 0};
  pmm_obj *pair[2];
  pmm_rt *rt = lab_open(&lab, NULL, 0);
  pmm_obj *type = lab_type(rt, LAB_NODE, on_finalize, &seen);
  make_pair(rt, type, 1, pair);
  drop_pair(rt, pair);
  (void)pmmi_gc_debug_set(rt, PMM_GC_SAVEALL);
  size_t n = 0;
  tap_ok(lab_collect(rt) == 2, "save all: garbage is found");
  (void)pmmi_length(rt, pmmi_gc_garbage(rt), &n);
  tap_ok(n == 2 && seen.calls == 2, "kept in the list, and finalized");
  (void)pmmi_gc_debug_set(rt, 0);
  pmmi_clear(rt, &pmmi_gc_of(rt)->garbage);
  tap_ok(lab_collect(rt) == 2 && seen.calls == 2, "finalized once only");
  pmmi_release(rt, type);
  lab_end(&lab, "save all");
}

static void test_close(void) {
  struct seen seen = {.keep = 0};
  pmm_obj *pair[2];
  pmm_rt *rt = lab_open(&lab, "counting", 0);
  pmm_obj *type = lab_type(rt, LAB_NODE, on_finalize, &seen);
  pmm_obj *plain = lab_type(rt, 0, on_finalize, &seen);
  make_pair(rt, type, 1, pair);
  pmmi_release(rt, pair[1]);
  pmm_obj *held = pmmi_instance_new(rt, plain, 3);
  (void)pmmi_slot_set(rt, held, 0, pair[0]);
  pmm_obj *tuple = pmmi_tuple_from(rt, pair, 1);
  pmm_obj *outer = pmmi_tuple_from(rt, &tuple, 1);
  (void)pmmi_slot_set(rt, pair[0], 1, outer);
  pmmi_release(rt, type);
  pmmi_release(rt, plain);
  pmmi_close(rt);
  tap_ok(lab_times(&lab, PMM_EVENT_FINALIZED, -1) == 3 &&
             lab_times(&lab, PMM_EVENT_DEALLOCATED, -1) == 3,
         "close finalizes and deallocates what is held");
  tap_ok(lab_when(&lab, PMM_EVENT_FINALIZED, 3) <
             lab_when(&lab, PMM_EVENT_DEALLOCATED, 1),
         "finalizers first");
}

int main(int argc, char **argv) {
  lab_start(argc, argv);
  test_by_count();
  test_without_collector();
  test_cycle();
  test_resurrection();
  test_errors();
  test_reentry();
  test_breaking_links();
  test_legacy();
  test_legacy_without_memory(0);
  test_legacy_without_memory(1);
  test_save_all();
  test_close();
  return tap_done();
}
