/* SPDX-License-Identifier: MIT */
/*
 * test_damage.c - the invariants of containers notice what is broken.
 *
 * One field at a time gets a wrong value and then its own again.
 */
#include "tests/fixture.h"
#include "types/dict.h"
#include "types/set.h"
#include "types/sparse.h"
#include "types/weakref.h"

/* Give `field` the value for as long as `expression` is looked at. */
#define BROKEN(field, value, expression, what) \
  do {                                         \
    __typeof__(field) kept_value = (field);    \
    (field) = (value);                         \
    tap_ok(expression, what);                  \
    (field) = kept_value;                      \
  } while (0)

static int says(const char *wrong, const char *sentence) {
  return wrong != NULL && strcmp(wrong, sentence) == 0;
}

static pmm_obj *filled_dict(pmm_rt *rt) {
  pmm_obj *dict = pmmi_dict_new(rt);
  for (int64_t i = 0; i < 4; i++) {
    pmm_obj *n = pmmi_int_new(rt, i);
    (void)pmmi_dict_set(rt, dict, n, n);
    pmmi_release(rt, n);
  }
  return dict;
}

static void test_dict(pmm_rt *rt) {
  static const char counts[] = "a dict's count of entries is wrong";
  static const char full[] = "a dict's table is too full";
  static const char lost[] = "an entry of a dict cannot be found";
  pmm_obj *o = filled_dict(rt);
  struct pmmi_dict *dict = (struct pmmi_dict *)(void *)o;
  struct pmmi_dict_table *table = dict->table;
  struct pmmi_dict_entry *entry = pmmi_dict_entry_at(table, 1);
  pmmi_gc_track(rt, o);
  tap_ok(pmmi_dict_check(o) == NULL, "a sound dict");
  BROKEN(dict->used, dict->used + 1, says(pmmi_dict_check(o), counts),
         "an entry more is counted than there is");
  BROKEN(table->filled, table->room + 1, says(pmmi_dict_check(o), full),
         "more entries than room");
  BROKEN(table->room, table->mask + 1, says(pmmi_dict_check(o), full),
         "more room than slots");
  BROKEN(entry->value, NULL, says(pmmi_dict_check(o), lost),
         "a key without value");
  BROKEN(entry->key, NULL, says(pmmi_dict_check(o), lost),
         "a value without key");
  BROKEN(dict->table, NULL,
         says(pmmi_dict_check(o), "a dict without table has entries"),
         "no table");
  pmm_obj *list = pmmi_list_new(rt, 0);
  pmmi_gc_untrack(rt, o);
  BROKEN(entry->value, list,
         says(pmmi_dict_check(o),
              "an untracked dict holds what the collector must see"),
         "a list in an untracked dict");
  pmmi_release(rt, list);
  pmmi_release(rt, o);
}

static void test_set(pmm_rt *rt) {
  static const char counts[] = "a set's count of slots is wrong";
  pmm_obj *list = fixture_range(rt, 0, 4);
  pmm_obj *o = pmmi_set_new(rt, list);
  struct pmmi_set *set = (struct pmmi_set *)(void *)o;
  size_t at = 0;
  while (set->table[at].key == NULL) {
    at++;
  }
  tap_ok(pmmi_set_check(o) == NULL, "a sound set");
  BROKEN(set->used, set->used + 1, says(pmmi_set_check(o), counts),
         "a key more is counted than there is");
  BROKEN(set->fill, set->fill + 1, says(pmmi_set_check(o), counts),
         "a slot more is counted than is filled");
  /* Hash 7 starts a probe at the last of 8 slots. */
  BROKEN(set->table[at].hash, (int64_t)set->mask,
         says(pmmi_set_check(o), "a key of a set cannot be found"),
         "a key in a slot that its hash does not lead to");
  pmmi_release(rt, o);
  pmmi_release(rt, list);
}

static void test_vector(pmm_rt *rt) {
  pmm_obj *o = pmmi_sparse_new(rt, 9);
  struct pmmi_sparse *v = (struct pmmi_sparse *)(void *)o;
  tap_ok(pmmi_sparse_is_valid(o), "a vector without entries");
  BROKEN(v->room, 4, !pmmi_sparse_is_valid(o), "room that is not there");
  (void)pmmi_sparse_set(rt, o, 2, 1.0);
  (void)pmmi_sparse_set(rt, o, 4, 2.0);
  tap_ok(pmmi_sparse_is_valid(o), "one with two");
  BROKEN(v->room, 1, !pmmi_sparse_is_valid(o), "more entries than room");
  BROKEN(v->entries[1].position, 9, !pmmi_sparse_is_valid(o),
         "a position behind the end");
  BROKEN(v->entries[1].position, 2, !pmmi_sparse_is_valid(o),
         "one position twice");
  BROKEN(v->entries[0].value, 0.0, !pmmi_sparse_is_valid(o),
         "a zero that is stored");
  pmmi_release(rt, o);
}

static void test_matrix(pmm_rt *rt) {
  static const struct pmm_triple triples[] = {
      {.row = 0, .column = 1, .value = 1.0},
      {.row = 0, .column = 3, .value = 2.0},
      {.row = 1, .column = 0, .value = 3.0}};
  pmm_obj *o = pmmi_csr_new(rt, 2, 4, triples, 3);
  struct pmmi_csr *m = (struct pmmi_csr *)(void *)o;
  size_t *columns = pmmi_csr_columns(m);
  tap_ok(pmmi_sparse_is_valid(o), "a sound matrix");
  tap_ok(!pmmi_sparse_is_valid(pmmi_none(rt)), "something else is none");
  BROKEN(m->starts[0], 1, !pmmi_sparse_is_valid(o), "a late first row");
  BROKEN(m->starts[2], 2, !pmmi_sparse_is_valid(o), "an early last row");
  BROKEN(m->starts[1], 4, !pmmi_sparse_is_valid(o), "a row too long");
  BROKEN(m->starts[2], 1, !pmmi_sparse_is_valid(o), "a row below its start");
  BROKEN(columns[1], 4, !pmmi_sparse_is_valid(o), "a column too far");
  BROKEN(columns[1], 1, !pmmi_sparse_is_valid(o), "one column twice");
  BROKEN(*pmmi_csr_values(m), 0.0, !pmmi_sparse_is_valid(o),
         "a zero that is stored");
  pmmi_release(rt, o);
}

static enum pmm_status nothing(void *ctx, pmm_rt *rt, pmm_obj *o) {
  (void)ctx;
  (void)rt;
  (void)o;
  return PMM_OK;
}

static void test_references(pmm_rt *rt) {
  static const char broken[] = "a list of weak references is broken";
  struct pmm_type_spec spec = {.struct_size = sizeof spec,
                               .name = "target",
                               .flags = PMM_TYPE_GC | PMM_TYPE_WEAKREF};
  pmm_obj *type = pmmi_type_new(rt, &spec);
  pmm_obj *target = pmmi_instance_new(rt, type, 1);
  pmm_obj *plain = pmmi_weakref_new(rt, target, NULL, NULL, 0);
  pmm_obj *called = pmmi_weakref_new(rt, target, nothing, NULL, 0);
  struct pmmi_weakref **list = pmmi_weakref_list(target);
  struct pmmi_weakref *first = *list;
  struct pmmi_weakref *second = first->next;
  tap_ok(pmmi_weakref_check(target) == NULL, "a sound list of references");
  BROKEN(first->target, type,
         says(pmmi_weakref_check(target),
              "a weak reference is in the list of another object"),
         "a reference to something else");
  BROKEN(second->previous, NULL, says(pmmi_weakref_check(target), broken),
         "a link that does not lead back");
  *list = second;
  second->previous = NULL;
  second->next = first;
  first->previous = second;
  first->next = NULL;
  tap_ok(says(pmmi_weakref_check(target),
              "a list of weak references is out of order"),
         "the shared one is not the first");
  *list = first;
  first->previous = NULL;
  first->next = second;
  second->previous = first;
  second->next = NULL;
  pmmi_release(rt, called);
  pmmi_release(rt, plain);
  pmmi_release(rt, target);
  pmmi_release(rt, type);
}

int main(void) {
  tap_plan(0);
  fixture_each("a broken dict", test_dict);
  fixture_each("a broken set", test_set);
  fixture_each("a broken vector", test_vector);
  fixture_each("a broken matrix", test_matrix);
  fixture_each("a broken list of references", test_references);
  return tap_done();
}
