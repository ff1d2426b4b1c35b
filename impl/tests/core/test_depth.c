/* SPDX-License-Identifier: MIT */
/*
 * test_depth.c - operations with little or no depth left.
 *
 * Comparing, hashing and printing share the runtime's recursion limit, so
 * that each of them can fail wherever it is used, as an allocation can.  Each
 * operation is tried with 0, 1, 2, ... levels left until it succeeds; every
 * failure is PMM_RECURSION and leaves the containers as they were.
 *
 * The keys are frozensets, which remember their hash: with one level left they
 * can be found by hash and not be compared.
 */
#include "code/function.h"
#include "tests/fixture.h"
#include "types/compare.h"
#include "types/copy.h"
#include "types/dict.h"
#include "types/set.h"
#include "types/weakmap.h"

enum { LEVELS = 12 };

/** What the operations work on. */
struct stage {
  pmm_obj *key;  /* of every container                                      */
  pmm_obj *same; /* equal to it, and another object                         */
  pmm_obj *dict;
  pmm_obj *other; /* an equal dict                                          */
  pmm_obj *set;
  pmm_obj *twin; /* an equal set                                            */
  pmm_obj *list;
  pmm_obj *like; /* an equal list                                           */
  pmm_obj *weak;
};

typedef enum pmm_status (*operation)(pmm_rt *rt, struct stage *s);

static pmm_obj *make_key(pmm_rt *rt) {
  pmm_obj *items = fixture_range(rt, 1000, 1002);
  pmm_obj *key = pmmi_frozenset_new(rt, items);
  int64_t hash;
  tap_need(pmmi_hash(rt, key, &hash) == PMM_OK);
  pmmi_release(rt, items);
  return key;
}

static pmm_obj *dict_of(pmm_rt *rt, pmm_obj *key) {
  pmm_obj *dict = pmmi_dict_new(rt);
  tap_need(pmmi_dict_set(rt, dict, key, key) == PMM_OK);
  return dict;
}

static pmm_obj *set_of(pmm_rt *rt, pmm_obj *key) {
  pmm_obj *list = pmmi_list_from(rt, &key, 1);
  pmm_obj *set = pmmi_set_new(rt, list);
  tap_need(set != NULL);
  pmmi_release(rt, list);
  return set;
}

static void set_stage(pmm_rt *rt, struct stage *s) {
  s->key = make_key(rt);
  s->same = make_key(rt);
  s->dict = dict_of(rt, s->key);
  s->other = dict_of(rt, s->same);
  s->set = set_of(rt, s->key);
  s->twin = set_of(rt, s->same);
  s->list = pmmi_list_from(rt, &s->key, 1);
  s->like = pmmi_list_from(rt, &s->same, 1);
  s->weak = pmmi_weak_new(rt, PMM_WEAK_VALUES);
  tap_need(pmmi_weak_set(rt, s->weak, s->key, s->set) == PMM_OK);
}

static void leave_stage(pmm_rt *rt, struct stage *s) {
  pmm_obj *all[] = {s->weak, s->like,  s->list, s->twin, s->set,
                    s->other, s->dict, s->same, s->key};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    pmmi_release(rt, all[i]);
  }
}

/* ---- the operations ------------------------------------------------------ */

static enum pmm_status done(pmm_rt *rt, pmm_obj *result) {
  pmmi_xrelease(rt, result);
  return pmmi_error(rt);
}

static enum pmm_status put(pmm_rt *rt, struct stage *s) {
  return pmmi_dict_set(rt, s->dict, s->same, s->key);
}
static enum pmm_status get(pmm_rt *rt, struct stage *s) {
  (void)pmmi_dict_get(rt, s->dict, s->same);
  return pmmi_error(rt);
}
static enum pmm_status take(pmm_rt *rt, struct stage *s) {
  return pmmi_dict_delete(rt, s->dict, s->same);
}
static enum pmm_status dicts_equal(pmm_rt *rt, struct stage *s) {
  int equal;
  return pmmi_equals(rt, s->dict, s->other, &equal);
}
static enum pmm_status add(pmm_rt *rt, struct stage *s) {
  return pmmi_set_add(rt, s->set, s->same);
}
static enum pmm_status contains(pmm_rt *rt, struct stage *s) {
  int found;
  return pmmi_set_contains(rt, s->set, s->same, &found);
}
static enum pmm_status discard(pmm_rt *rt, struct stage *s) {
  return pmmi_set_discard(rt, s->set, s->same);
}
static enum pmm_status sets_equal(pmm_rt *rt, struct stage *s) {
  int equal;
  return pmmi_equals(rt, s->set, s->twin, &equal);
}
static enum pmm_status make_set(pmm_rt *rt, struct stage *s) {
  pmm_obj *both = pmmi_list_from(rt, (pmm_obj *[]){s->key, s->same}, 2);
  pmm_obj *set = pmmi_set_new(rt, both);
  pmmi_release(rt, both);
  return done(rt, set);
}
static enum pmm_status make_from_set(pmm_rt *rt, struct stage *s) {
  return done(rt, pmmi_frozenset_new(rt, s->set));
}
static enum pmm_status remove_item(pmm_rt *rt, struct stage *s) {
  return pmmi_list_remove(rt, s->list, s->same);
}
static enum pmm_status order(pmm_rt *rt, struct stage *s) {
  int less;
  return pmmi_less(rt, s->list, s->like, &less);
}
static enum pmm_status weak_put(pmm_rt *rt, struct stage *s) {
  return pmmi_weak_set(rt, s->weak, s->same, s->set);
}
static enum pmm_status weak_get(pmm_rt *rt, struct stage *s) {
  return done(rt, pmmi_weak_get(rt, s->weak, s->same));
}
static enum pmm_status weak_take(pmm_rt *rt, struct stage *s) {
  return pmmi_weak_delete(rt, s->weak, s->same);
}
static enum pmm_status print_all(pmm_rt *rt, struct stage *s) {
  pmm_obj *three[] = {s->set, s->dict, s->list};
  for (size_t i = 0; i < 3 && !pmmi_error_pending(rt); i++) {
    pmmi_xrelease(rt, pmmi_repr(rt, three[i]));
  }
  return pmmi_error(rt);
}
static enum pmm_status copy_deep(pmm_rt *rt, struct stage *s) {
  return done(rt, pmmi_copy_deep(rt, s->dict));
}

static enum pmm_status answer_none(void *ctx, pmm_rt *rt, pmm_obj *arg,
                                   pmm_obj **result) {
  (void)ctx;
  (void)rt;
  (void)arg;
  *result = NULL;
  return PMM_OK;
}

static enum pmm_status call(pmm_rt *rt, struct stage *s) {
  pmm_obj *callable = pmmi_callable_new(rt, answer_none, NULL);
  pmm_obj *result = pmmi_call(rt, callable, &s->key, 1);
  pmmi_release(rt, callable);
  return done(rt, result);
}

/* ---- the sweep ----------------------------------------------------------- */

/* With so many levels left; the status, or -1: something is wrong. */
static int attempt(pmm_rt *rt, operation run, int levels) {
  struct stage s;
  set_stage(rt, &s);
  size_t used = pmmi_core_state(rt)->recursion;
  while (pmmi_core_state(rt)->recursion + (size_t)levels <
         pmmi_recursion_limit(rt)) {
    tap_need(pmmi_recursion_enter(rt) == PMM_OK);
  }
  int status = (int)run(rt, &s);
  int good = (enum pmm_status)status == pmmi_error(rt) &&
             (status == PMM_OK || status == PMM_RECURSION);
  pmmi_error_clear(rt);
  while (pmmi_core_state(rt)->recursion > used) {
    pmmi_recursion_leave(rt);
  }
  if (status != PMM_OK) {
    good = good && fixture_length(rt, s.dict) == 1 &&
           fixture_length(rt, s.set) == 1 && fixture_length(rt, s.list) == 1 &&
           pmmi_dict_check(s.dict) == NULL && pmmi_set_check(s.set) == NULL &&
           pmmi_dict_get(rt, s.dict, s.key) == s.key;
    good = run(rt, &s) == PMM_OK && good;
  }
  leave_stage(rt, &s);
  return good ? status : -1;
}

static void test_levels(pmm_rt *rt) {
  static const struct {
    const char *name;
    operation run;
  } rows[] = {{"dict[key] = value", put},
              {"dict.get(key)", get},
              {"del dict[key]", take},
              {"dict == dict", dicts_equal},
              {"set.add(key)", add},
              {"key in set", contains},
              {"set.discard(key)", discard},
              {"set == set", sets_equal},
              {"set(iterable)", make_set},
              {"frozenset(set)", make_from_set},
              {"list.remove(item)", remove_item},
              {"list < list", order},
              {"weak[key] = value", weak_put},
              {"weak.get(key)", weak_get},
              {"del weak[key]", weak_take},
              {"repr", print_all},
              {"deepcopy", copy_deep},
              {"a call", call}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    int levels = 0;
    int status = PMM_RECURSION;
    while (status == PMM_RECURSION && levels < LEVELS) {
      status = attempt(rt, rows[i].run, levels++);
    }
    tap_ok(status == PMM_OK, "%s wants %d levels", rows[i].name, levels - 1);
  }
}

int main(void) {
  tap_plan(0);
  fixture_each("depth", test_levels);
  return tap_done();
}
