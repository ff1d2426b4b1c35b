/* SPDX-License-Identifier: MIT */
/*
 * test_oom.c - every allocation of an operation fails once, and all from one
 * on; collecting and dropping work while none succeeds.
 */
#include "tests/gc/lab.h"

static struct lab lab;

/** What the operations under test share. */
struct stage {
  pmm_obj *type;
  pmm_obj *target;
  pmm_obj *weak;   /* a weak container, or NULL                             */
};

/** An operation: a new reference, or NULL with an error pending. */
typedef pmm_obj *(*operation)(pmm_rt *rt, struct stage *stage);

static pmm_obj *op_type(pmm_rt *rt, struct stage *stage) {
  (void)stage;
  return lab_type(rt, LAB_NODE, NULL, NULL);
}

static pmm_obj *op_instance(pmm_rt *rt, struct stage *stage) {
  return pmmi_instance_new(rt, stage->type, 1);
}

static pmm_obj *op_attribute(pmm_rt *rt, struct stage *stage) {
  pmm_obj *o = pmmi_instance_new(rt, stage->type, 1);
  for (int i = 0; o != NULL && i < 6; i++) {
    char name[] = {'a', (char)('a' + i), 0};
    if (pmmi_attr_set(rt, o, name, stage->type) != PMM_OK) {
      pmmi_clear(rt, &o);
    }
  }
  return o;
}

/* The first instance of a type teaches it the names. */
static pmm_obj *op_first_attribute(pmm_rt *rt, struct stage *stage) {
  struct stage fresh = {
      .type = lab_type(rt, LAB_NODE | PMM_TYPE_DICT, NULL, NULL)};
  (void)stage;
  if (fresh.type == NULL) {
    return NULL;
  }
  pmm_obj *o = op_attribute(rt, &fresh);
  pmmi_release(rt, fresh.type);
  return o;
}

static enum pmm_status on_death(void *ctx, pmm_rt *rt, pmm_obj *ref) {
  (void)ctx;
  (void)rt;
  (void)ref;
  return PMM_OK;
}

static pmm_obj *op_weakref(pmm_rt *rt, struct stage *stage) {
  return pmmi_weakref_new(rt, stage->target, on_death, NULL, 0);
}

static pmm_obj *op_plain(pmm_rt *rt, struct stage *stage) {
  return pmmi_weakref_new(rt, stage->target, NULL, NULL, 0);
}

static pmm_obj *op_proxy(pmm_rt *rt, struct stage *stage) {
  return pmmi_proxy_new(rt, stage->target);
}

static pmm_obj *op_finalize(pmm_rt *rt, struct stage *stage) {
  pmm_obj *f = pmmi_finalize_new(rt, stage->target, on_death, NULL, 0);
  if (f != NULL) {
    (void)pmmi_finalize_detach(rt, f);
  }
  return f;
}

static pmm_obj *op_weak_set(pmm_rt *rt, struct stage *stage) {
  pmm_obj *weak = pmmi_weak_new(rt, PMM_WEAK_KEYS);
  if (weak != NULL &&
      pmmi_weak_set(rt, weak, stage->target, stage->type) != PMM_OK) {
    pmmi_clear(rt, &weak);
  }
  return weak;
}

/* A list that was kept would need no memory. */
static pmm_obj *op_referents(pmm_rt *rt, struct stage *stage) {
  pmmi_lists_flush(rt);
  return pmmi_gc_referents(rt, stage->target);
}

static pmm_obj *op_referrers(pmm_rt *rt, struct stage *stage) {
  pmmi_lists_flush(rt);
  return pmmi_gc_referrers(rt, stage->target);
}

static pmm_obj *op_objects(pmm_rt *rt, struct stage *stage) {
  (void)stage;
  return pmmi_gc_objects(rt, -1);
}

static pmm_obj *op_chunk(pmm_rt *rt, struct stage *stage) {
  pmm_obj *list = pmmi_list_new(rt, 0);
  (void)stage;
  for (int i = 0; list != NULL && i < 3000; i++) {
    pmm_obj *item = pmmi_list_new(rt, 0);
    if (item == NULL || pmmi_list_append(rt, list, item) != PMM_OK) {
      pmmi_clear(rt, &list);
    }
    pmmi_xrelease(rt, item);
  }
  return list;
}

/* Fail allocation k; 1 once nothing failed any more. */
static int try_point(pmm_rt *rt, struct stage *stage, operation op, uint64_t k,
                     int persist, int *good) {
  struct pmm_memory before = lab_figures(rt);
  size_t weak_before = pmmi_weakref_count(rt, stage->target);
  pmmi_inject_arm(rt, k, persist);
  pmm_obj *result = op(rt, stage);
  uint64_t failed = pmmi_inject_disarm(rt);
  *good &= (result == NULL) == (failed > 0) ||
           (result != NULL && !pmmi_error_pending(rt));
  *good &= (result == NULL) == (pmmi_error(rt) == PMM_NO_MEMORY);
  pmmi_error_clear(rt);
  pmmi_xrelease(rt, result);
  struct pmm_memory after = lab_figures(rt);
  *good &= before.live_blocks == after.live_blocks &&
           before.live_bytes == after.live_bytes &&
           before.objects == after.objects;
  *good &= pmmi_weakref_count(rt, stage->target) == weak_before;
  *good &= pmmi_heap_verify(rt) == NULL;
  return failed == 0;
}

static void sweep(const char *name, operation op, int persist) {
  pmm_rt *rt = lab_open(&lab, "counting", 0);
  struct stage stage = {
      .type = lab_type(rt, LAB_NODE | PMM_TYPE_DICT, NULL, NULL)};
  stage.target = op_attribute(rt, &stage);
  int good = 1;
  uint64_t k = 1;
  while (!try_point(rt, &stage, op, k, persist, &good) && good && k < 5000) {
    k += k < 40 ? 1 : 97;
  }
  tap_ok(good, "%s, %s: %llu points", name, persist ? "persistent" : "once",
         (unsigned long long)k);
  pmmi_release(rt, stage.target);
  pmmi_release(rt, stage.type);
  lab_end(&lab, name);
}

static enum pmm_status keep_going(void *ctx, pmm_rt *rt, pmm_obj *o) {
  ++*(int *)ctx;
  pmm_obj *list = pmmi_list_new(rt, 3);
  pmmi_error_clear(rt);
  pmmi_xrelease(rt, list);
  (void)o;
  return PMM_OK;
}

static void test_collecting_without_memory(void) {
  enum { N = 5000 };
  int calls = 0;
  pmm_rt *rt = lab_open(&lab, "counting", 0);
  pmm_obj *type = lab_type(rt, LAB_NODE, keep_going, &calls);
  pmm_obj *live = pmmi_list_new(rt, 0);
  for (int64_t i = 0; i < N; i++) {
    pmm_obj *a = pmmi_instance_new(rt, type, i);
    (void)pmmi_slot_set(rt, a, 0, a);
    if (i % 2 == 0) {
      (void)pmmi_list_append(rt, live, a);
    } else {
      pmmi_release(rt, pmmi_weakref_new(rt, a, on_death, NULL, 0));
    }
    pmmi_release(rt, a);
  }
  struct pmm_memory before = {.struct_size = sizeof before};
  struct pmm_memory after = before;
  pmmi_memory(rt, &before);
  pmmi_inject_arm(rt, 1, 1);
  tap_ok(lab_collect(rt) == N / 2 && calls == N / 2,
         "collected while every allocation fails");
  pmmi_release(rt, live);
  tap_ok(lab_collect(rt) == N / 2, "and dropped, and collected again");
  (void)pmmi_inject_disarm(rt);
  pmmi_memory(rt, &after);
  tap_ok(after.allocations == before.allocations, "nothing was allocated");
  pmmi_release(rt, type);
  lab_end(&lab, "collecting without memory");
}

static void test_opening(void) {
  struct pmm_open_config config = {.struct_size = sizeof config,
                                   .backend = lab_backend,
                                   .mode = "compacting"};
  pmm_rt *rt;
  tap_ok(pmmi_open(&config, &rt) == PMM_VALUE && rt == NULL,
         "an unknown mode is refused");
}

int main(int argc, char **argv) {
  static const struct {
    const char *name;
    operation op;
  } ops[] = {{"type", op_type},           {"instance", op_instance},
             {"attributes", op_attribute}, {"first", op_first_attribute},
             {"weak reference", op_weakref},
             {"plain", op_plain},          {"proxy", op_proxy},
             {"finalizer", op_finalize},   {"weak container", op_weak_set},
             {"referents", op_referents},  {"referrers", op_referrers},
             {"objects", op_objects},      {"table chunks", op_chunk}};
  lab_start(argc, argv);
  for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
    sweep(ops[i].name, ops[i].op, 0);
    sweep(ops[i].name, ops[i].op, 1);
  }
  test_collecting_without_memory();
  test_opening();
  return tap_done();
}
