/* SPDX-License-Identifier: MIT */
/*
 * cases/ref_store.c - what each kind of container owes to what is stored in
 * it: at its death and when something else takes the place (REF-005,
 * REF-012).
 */
#include "case.h"

/* "Destroying a container drops exactly one reference per stored occurrence,
 * so an item stored k times loses k." */
MUST(ref, tables_release_each_occurrence,
     "A dying dict or set releases its keys and values", REQ("REF-005"),
     NEEDS(refcount, dict, set)) {
  pmm_obj *o = probe(t, 1);
  pmm_obj *dict = NEW(OPS->dict_new(RT));
  pmm_obj *set = NEW(OPS->set_new(RT, NULL));
  expect_ok(OPS->dict_set(RT, dict, o, o));
  expect_ok(OPS->set_add(RT, set, o));
  expect_eq(OPS->refcount(RT, o), 4);
  DROP(set);
  expect_eq(OPS->refcount(RT, o), 3);
  DROP(dict);
  expect_eq(OPS->refcount(RT, o), 1);
  expect_none(DEALLOCATED);
}

/* "Destroying a container drops exactly one reference per stored occurrence,
 * so an item stored k times loses k." */
MUST(ref, instances_release_each_slot, "A dying instance releases its slots",
     REQ("REF-005"), NEEDS(refcount)) {
  pmm_obj *o = probe(t, 1);
  pmm_obj *type = probe_type(t, "holder", 3, PMM_TYPE_GC, NULL, NULL);
  pmm_obj *holder = probe_of(t, type, 2);
  for (size_t slot = 0; slot < 3; slot++) {
    expect_ok(OPS->slot_set(RT, holder, slot, o));
  }
  expect_eq(OPS->refcount(RT, o), 4);
  DROP(holder);
  expect_eq(OPS->refcount(RT, o), 1);
  expect_log(DEALLOCATED, 2);
}

/** A place that is overwritten, and what the old value's finalizer sees. */
struct place {
  struct pmm_test *t;
  pmm_obj *holder; /* NULL: do not look                                     */
  pmm_obj *key;    /* of a dict; NULL: slot 0 of an instance                */
  int64_t seen;
};

static enum pmm_status read_place(void *ctx, pmm_rt *rt, pmm_obj *dying) {
  struct place *place = ctx;
  struct pmm_test *t = place->t;
  (void)dying;
  if (place->holder == NULL) {
    return PMM_OK;
  }
  pmm_obj *value = place->key != NULL
                       ? OPS->dict_get(rt, place->holder, place->key)
                       : OPS->slot_get(rt, place->holder, 0);
  check(value != NULL && OPS->int_value(rt, value, &place->seen) == PMM_OK);
  return PMM_OK;
}

static enum pmm_status put(struct place *place, pmm_obj *value) {
  struct pmm_test *t = place->t;
  return place->key != NULL
             ? OPS->dict_set(RT, place->holder, place->key, value)
             : OPS->slot_set(RT, place->holder, 0, value);
}

static void overwrite(struct pmm_test *t, pmm_obj *holder, pmm_obj *key) {
  struct place *place = SCRATCH(struct place);
  *place = (struct place){.t = t, .key = key};
  pmm_obj *type = probe_type(t, "watcher", 0, 0, read_place, place);
  pmm_obj *old = probe_of(t, type, 1);
  pmm_obj *value = integer(t, 4711);
  struct place quiet_place = {.t = t, .holder = holder, .key = key};
  expect_ok(put(&quiet_place, old));
  DROP(old);
  place->holder = holder;
  enum pmm_status status = put(place, value);
  place->holder = NULL;
  expect_ok(status);
  expect_log(DEALLOCATED, 1);
  expect_eq(place->seen, 4711);
}

/* "Replacing a slot stores the new value first and only then drops the old
 * one, so a finalizer of the old item sees the new value." */
MUST(ref, overwritten_slots_store_before_release,
     "A slot holds the new value when the old one goes", REQ("REF-012"),
     NEEDS(finalizer)) {
  overwrite(t, probe(t, 2), NULL);
}

/* "Replacing a slot stores the new value first and only then drops the old
 * one, so a finalizer of the old item sees the new value." */
MUST(ref, overwritten_values_store_before_release,
     "A dict has the new value when the old one goes", REQ("REF-012"),
     NEEDS(finalizer, dict)) {
  pmm_obj *key = text(t, "key");
  overwrite(t, NEW(OPS->dict_new(RT)), key);
}
