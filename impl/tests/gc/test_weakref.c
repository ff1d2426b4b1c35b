/* SPDX-License-Identifier: MIT */
/* test_weakref.c - weak references, proxies, weak containers, finalizers. */
#include "tests/gc/lab.h"

static struct lab lab;

/** What a callback saw. */
struct heard {
  pmm_obj *other;    /* a reference it looks at                             */
  int calls;
  int argument_dead; /* calls whose argument gave no target                 */
  int other_alive;   /* calls in which `other` gave one                     */
  enum pmm_status fail;
};

static enum pmm_status on_death(void *ctx, pmm_rt *rt, pmm_obj *ref) {
  struct heard *heard = ctx;
  pmm_obj *target = pmmi_weakref_get(rt, ref);
  heard->calls++;
  heard->argument_dead += target == NULL;
  pmmi_xrelease(rt, target);
  if (heard->other != NULL) {
    target = pmmi_weakref_get(rt, heard->other);
    heard->other_alive += target != NULL;
    pmmi_xrelease(rt, target);
  }
  return heard->fail;
}

static void test_sharing(void) {
  pmm_rt *rt = lab_open(&lab, NULL, 0);
  struct heard heard = {.calls = 0};
  pmm_obj *type = lab_type(rt, LAB_NODE, NULL, NULL);
  pmm_obj *o = pmmi_instance_new(rt, type, 1);
  pmm_obj *a = pmmi_weakref_new(rt, o, NULL, NULL, 0);
  pmm_obj *b = pmmi_weakref_new(rt, o, NULL, NULL, 0);
  pmm_obj *p = pmmi_proxy_new(rt, o);
  pmm_obj *q = pmmi_proxy_new(rt, o);
  pmm_obj *c = pmmi_weakref_new(rt, o, on_death, &heard, 9);
  tap_ok(a == b && p == q && a != c && o->refcnt == 1,
         "plain references are one object, and count nothing");
  tap_ok(pmmi_weakref_count(rt, o) == 3, "three live ones");
  pmmi_release(rt, a);
  pmmi_release(rt, b);
  tap_ok(pmmi_weakref_count(rt, o) == 2, "two when one is gone");
  pmm_obj *target = pmmi_weakref_get(rt, c);
  tap_ok(target == o && o->refcnt == 2, "a strong reference is owned");
  pmmi_release(rt, target);
  pmmi_release(rt, o);
  target = pmmi_weakref_get(rt, c);
  tap_ok(target == NULL && !pmmi_error_pending(rt), "dead afterwards");
  tap_ok(heard.calls == 1 && heard.argument_dead == 1 &&
             lab_times(&lab, PMM_EVENT_CALLBACK, 9) == 1,
         "the callback was called once, with the dead reference");
  tap_ok(pmmi_proxy_slot(rt, p, 0) == NULL &&
             pmmi_error(rt) == PMM_REFERENCE,
         "a dead proxy refuses");
  pmmi_error_clear(rt);
  int64_t hash;
  tap_ok(pmmi_hash(rt, p, &hash) == PMM_TYPE, "proxies are unhashable");
  pmmi_error_clear(rt);
  pmmi_release(rt, p);
  pmmi_release(rt, q);
  pmmi_release(rt, c);
  pmmi_release(rt, type);
  lab_end(&lab, "sharing");
}

static void test_refused(void) {
  pmm_rt *rt = lab_open(&lab, NULL, 0);
  pmm_obj *list = pmmi_list_new(rt, 0);
  pmm_obj *type = lab_type(rt, PMM_TYPE_GC, NULL, NULL);
  pmm_obj *o = pmmi_instance_new(rt, type, 1);
  tap_ok(pmmi_weakref_new(rt, list, NULL, NULL, 0) == NULL &&
             pmmi_error(rt) == PMM_TYPE,
         "lists accept none");
  pmmi_error_clear(rt);
  tap_ok(pmmi_proxy_new(rt, o) == NULL && pmmi_error(rt) == PMM_TYPE,
         "nor do instances that did not ask for it");
  pmmi_error_clear(rt);
  pmm_obj *ref = pmmi_weakref_new(rt, type, NULL, NULL, 0);
  tap_ok(ref != NULL, "types do");
  pmmi_xrelease(rt, ref);
  pmmi_release(rt, list);
  pmmi_release(rt, o);
  pmmi_release(rt, type);
  lab_end(&lab, "refused");
}

static void test_order(void) {
  pmm_rt *rt = lab_open(&lab, NULL, 0);
  struct heard heard = {.fail = PMM_USER};
  pmm_obj *refs[4];
  pmm_obj *type = lab_type(rt, LAB_NODE, NULL, NULL);
  pmm_obj *o = pmmi_instance_new(rt, type, 1);
  for (int64_t i = 0; i < 4; i++) {
    refs[i] = pmmi_weakref_new(rt, o, on_death, &heard, 10 + i);
  }
  pmmi_release(rt, refs[1]);
  pmmi_release(rt, o);
  tap_ok(heard.calls == 3 && lab_times(&lab, PMM_EVENT_CALLBACK, 11) == 0,
         "a reference that is gone is not called");
  tap_ok(lab_when(&lab, PMM_EVENT_CALLBACK, 13) <
                 lab_when(&lab, PMM_EVENT_CALLBACK, 12) &&
             lab_when(&lab, PMM_EVENT_CALLBACK, 12) <
                 lab_when(&lab, PMM_EVENT_CALLBACK, 10),
         "newest first");
  tap_ok(lab_times(&lab, PMM_EVENT_UNRAISABLE, -1) == 3 &&
             lab_times(&lab, PMM_EVENT_DEALLOCATED, 1) == 1,
         "their errors are reported and stop nothing");
  pmmi_release(rt, refs[0]);
  pmmi_release(rt, refs[2]);
  pmmi_release(rt, refs[3]);
  pmmi_release(rt, type);
  lab_end(&lab, "order");
}

static void test_collection(void) {
  pmm_rt *rt = lab_open(&lab, NULL, 0);
  struct heard heard = {.calls = 0};
  struct heard inside = {.calls = 0};
  pmm_obj *type = lab_type(rt, LAB_NODE, NULL, NULL);
  pmm_obj *a = pmmi_instance_new(rt, type, 1);
  pmm_obj *b = pmmi_instance_new(rt, type, 2);
  (void)pmmi_slot_set(rt, a, 0, b);
  (void)pmmi_slot_set(rt, b, 0, a);
  pmm_obj *to_a = pmmi_weakref_new(rt, a, on_death, &heard, 5);
  heard.other = pmmi_weakref_new(rt, b, NULL, NULL, 0);
  pmm_obj *garbage = pmmi_weakref_new(rt, b, on_death, &inside, 6);
  (void)pmmi_slot_set(rt, a, 1, garbage);
  pmmi_release(rt, garbage);
  pmmi_release(rt, a);
  pmmi_release(rt, b);
  tap_ok(lab_collect(rt) == 3, "two nodes and a reference are garbage");
  tap_ok(heard.calls == 1 && heard.argument_dead == 1 &&
             heard.other_alive == 0,
         "all references are cleared before a callback runs");
  tap_ok(inside.calls == 0, "a reference that is garbage is not called");
  tap_ok(lab_when(&lab, PMM_EVENT_CALLBACK, 5) <
             lab_when(&lab, PMM_EVENT_DEALLOCATED, 1),
         "callbacks come before anything is dropped");
  pmmi_release(rt, to_a);
  pmmi_release(rt, heard.other);
  pmmi_release(rt, type);
  lab_end(&lab, "collection");
}

static void test_equality(void) {
  pmm_rt *rt = lab_open(&lab, NULL, 0);
  struct heard heard = {.calls = 0};
  pmm_obj *type = lab_type(rt, LAB_NODE, NULL, NULL);
  pmm_obj *o = pmmi_instance_new(rt, type, 1);
  pmm_obj *a = pmmi_weakref_new(rt, o, NULL, NULL, 0);
  pmm_obj *b = pmmi_weakref_new(rt, o, on_death, &heard, 0);
  int64_t of_target, of_a;
  int equal = 0;
  (void)pmmi_equals(rt, a, b, &equal);
  (void)pmmi_hash(rt, o, &of_target);
  (void)pmmi_hash(rt, a, &of_a);
  tap_ok(equal && of_a == of_target, "equal and hashed as the target");
  pmmi_release(rt, o);
  (void)pmmi_equals(rt, a, b, &equal);
  tap_ok(!equal, "dead ones are equal to themselves alone");
  tap_ok(pmmi_hash(rt, a, &of_a) == PMM_OK && of_a == of_target &&
             pmmi_hash(rt, b, &of_a) == PMM_TYPE,
         "a hash outlives its target only when it was asked for");
  pmmi_error_clear(rt);
  pmmi_release(rt, a);
  pmmi_release(rt, b);
  pmmi_release(rt, type);
  lab_end(&lab, "equality");
}

static size_t length_of(pmm_rt *rt, pmm_obj *o) {
  size_t n = 0;
  (void)pmmi_length(rt, o, &n);
  return n;
}

static void test_containers(enum pmm_weak_kind kind) {
  enum { N = 1000 };
  static pmm_obj *weak_parts[N];
  pmm_rt *rt = lab_open(&lab, NULL, 0);
  pmm_obj *type = lab_type(rt, LAB_NODE, NULL, NULL);
  pmm_obj *weak = pmmi_weak_new(rt, kind);
  for (int64_t i = 0; i < N; i++) {
    weak_parts[i] = pmmi_instance_new(rt, type, i);
    pmm_obj *strong = pmmi_int_new(rt, 100000 + i);
    int values = kind == PMM_WEAK_VALUES;
    (void)pmmi_weak_set(rt, weak, values ? strong : weak_parts[i],
                        values ? weak_parts[i] : strong);
    (void)pmmi_weak_set(rt, weak, values ? strong : weak_parts[i],
                        values ? weak_parts[i] : strong);
    pmmi_release(rt, strong);
  }
  tap_ok(length_of(rt, weak) == N, "kind %d holds every key once", kind);
  pmmi_clear(rt, &weak_parts[7]);
  tap_ok(length_of(rt, weak) == N - 1, "an entry goes with its weak part");
  pmm_obj *iter = pmmi_iter(rt, weak);
  size_t seen = 0;
  for (pmm_obj *key; (key = pmmi_next(rt, iter)) != NULL; seen++) {
    pmmi_release(rt, key);
    if (seen % 2 == 0) {
      pmmi_clear(rt, &weak_parts[N - 1 - seen / 2]);
    }
  }
  pmmi_error_clear(rt);
  tap_ok(seen > N / 2 && length_of(rt, weak) < N - 1,
         "entries may die during iteration (%zu seen)", seen);
  pmmi_release(rt, iter);
  for (size_t i = 0; i < N; i++) {
    pmmi_clear(rt, &weak_parts[i]);
  }
  tap_ok(length_of(rt, weak) == 0, "empty in the end");
  pmmi_release(rt, weak);
  pmmi_release(rt, type);
  lab_end(&lab, "weak container");
}

static void test_finalizers(void) {
  pmm_rt *rt = lab_open(&lab, NULL, 0);
  struct heard heard = {.calls = 0};
  int called = 0;
  pmm_obj *type = lab_type(rt, LAB_NODE, NULL, NULL);
  pmm_obj *o = pmmi_instance_new(rt, type, 1);
  pmm_obj *kept = pmmi_finalize_new(rt, o, on_death, &heard, 1);
  pmmi_release(rt, pmmi_finalize_new(rt, o, on_death, &heard, 2));
  pmm_obj *detached = pmmi_finalize_new(rt, o, on_death, &heard, 3);
  (void)pmmi_finalize_detach(rt, detached);
  (void)pmmi_finalize_call(rt, kept, &called);
  tap_ok(called == 1 && heard.calls == 1, "called now");
  (void)pmmi_finalize_call(rt, kept, &called);
  tap_ok(called == 0 && heard.calls == 1, "once");
  pmmi_release(rt, o);
  tap_ok(heard.calls == 2 && lab_times(&lab, PMM_EVENT_CALLBACK, 2) == 1,
         "death calls the one whose handle is gone, not the detached");
  pmmi_release(rt, kept);
  pmmi_release(rt, detached);
  pmmi_release(rt, type);
  lab_end(&lab, "finalizers");

  rt = lab_open(&lab, NULL, 0);
  type = lab_type(rt, LAB_NODE, NULL, NULL);
  o = pmmi_instance_new(rt, type, 1);
  for (int64_t i = 0; i < 3; i++) {
    pmmi_release(rt, pmmi_finalize_new(rt, o, on_death, &heard, i));
  }
  pmmi_release(rt, type);
  pmmi_close(rt);
  tap_ok(lab_when(&lab, PMM_EVENT_CALLBACK, 2) <
                 lab_when(&lab, PMM_EVENT_CALLBACK, 1) &&
             lab_when(&lab, PMM_EVENT_CALLBACK, 1) <
                 lab_when(&lab, PMM_EVENT_CALLBACK, 0) &&
             lab_times(&lab, PMM_EVENT_CALLBACK, -1) == 3,
         "at close the newest first");
}

int main(int argc, char **argv) {
  lab_start(argc, argv);
  test_sharing();
  test_refused();
  test_order();
  test_collection();
  test_equality();
  test_containers(PMM_WEAK_VALUES);
  test_containers(PMM_WEAK_KEYS);
  test_containers(PMM_WEAK_SET);
  test_finalizers();
  return tap_done();
}
