/* SPDX-License-Identifier: MIT */
/*
 * cases/ref_every.c - reference counts: what holds of one constructor, one
 * container, one accessor or one store holds of all (requirements REF-001,
 * REF-005, REF-010, REF-012).
 */
#include "codes.h"
#include "files.h"

/* ---- constructors ------------------------------------------------------- */

/* Each of the handles, owned by the case, is the only reference. */
static void expect_one_owner(struct pmm_test *t, pmm_obj *const *made,
                             size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (OPS->refcount(RT, made[i]) != 1) {
      fail("%s number %zu has the count %llu, not 1",
           OPS->type_name(RT, made[i]), i,
           (unsigned long long)OPS->refcount(RT, made[i]));
    }
  }
}

#define EXPECT_ONE_OWNER(made)                                                \
  expect_one_owner(t, made, sizeof(made) / sizeof *(made))

/* "A constructor that returns a new object hands exactly one owned reference
 * to the caller, so its count reads 1." */
MUST(ref, sequences_have_one_owner, "Every list and tuple made has one owner",
     REQ("REF-001"), NEEDS(refcount, list, tuple)) {
  pmm_obj *list = list_of_ints(t, 4);
  pmm_obj *tuple = tuple_of_ints(t, 4);
  pmm_obj *made[] = {
      list_of_ints(t, 4),
      tuple_of_ints(t, 4),
      NEW(OPS->list_new(RT, 0)),
      NEW(OPS->list_from(RT, &list, 1)),
      NEW(OPS->list_convert(RT, tuple)),
      NEW(OPS->list_convert(RT, list)),
      NEW(OPS->list_slice(RT, list, 0, 4)),
      NEW(OPS->list_concat(RT, list, list)),
      NEW(OPS->list_repeat(RT, list, integer(t, 2))),
      NEW(OPS->tuple_new(RT, 3)),
      NEW(OPS->tuple_from(RT, &list, 1)),
      NEW(OPS->tuple_convert(RT, list)),
      NEW(OPS->tuple_slice(RT, tuple, 1, 3)),
      NEW(OPS->tuple_concat(RT, tuple, tuple)),
      NEW(OPS->tuple_repeat(RT, tuple, 2)),
      NEW(OPS->iter(RT, list)),
      NEW(OPS->iter(RT, tuple)),
  };
  EXPECT_ONE_OWNER(made);
}

/* "A constructor that returns a new object hands exactly one owned reference
 * to the caller, so its count reads 1." */
MUST(ref, tables_have_one_owner, "Every dict and set made has one owner",
     REQ("REF-001"), NEEDS(refcount, dict, set, list, frozenset)) {
  pmm_obj *dict = NEW(OPS->dict_new(RT));
  pmm_obj *items = list_of_ints(t, 3);
  pmm_obj *set = NEW(OPS->set_new(RT, items));
  expect_ok(OPS->dict_set(RT, dict, integer(t, 1), items));
  pmm_obj *made[] = {
      NEW(OPS->dict_new(RT)),
      NEW(OPS->dict_copy(RT, dict)),
      NEW(OPS->dict_keys(RT, dict)),
      NEW(OPS->dict_values(RT, dict)),
      NEW(OPS->set_new(RT, NULL)),
      NEW(OPS->set_copy(RT, set)),
      NEW(OPS->frozenset_new(RT, items)),
      NEW(OPS->frozenset_new(RT, set)),
      NEW(OPS->iter(RT, dict)),
      NEW(OPS->iter(RT, set)),
  };
  EXPECT_ONE_OWNER(made);
}

/* "A constructor that returns a new object hands exactly one owned reference
 * to the caller, so its count reads 1." */
MUST(ref, texts_and_numbers_have_one_owner,
     "Every text, bytes and number made has one owner", REQ("REF-001"),
     NEEDS(refcount, str, list, bytes)) {
  pmm_obj *str = text(t, " a text \xc4\x80 ");
  pmm_obj *bytes = NEW(OPS->bytes_new(RT, "bytes", 5));
  pmm_obj *made[] = {
      text(t, "another text"),
      NEW(OPS->bytes_new(RT, "other", 5)),
      NEW(OPS->str_slice(RT, str, 1, 5)),
      NEW(OPS->str_concat(RT, str, str)),
      NEW(OPS->str_repeat(RT, str, 2)),
      NEW(OPS->str_join(RT, str, LIST(str, str))),
      NEW(OPS->str_strip(RT, str)),
      NEW(OPS->repr(RT, str)),
      NEW(OPS->bytes_slice(RT, bytes, 1, 4)),
      NEW(OPS->iter(RT, str)),
      NEW(OPS->iter(RT, bytes)),
      NEW(OPS->int_parse(RT, "-100000000000000000000")),
      integer(t, INT64_MIN),
      NEW(OPS->float_new(RT, 0.0)),
  };
  EXPECT_ONE_OWNER(made);
}

/* "A constructor that returns a new object hands exactly one owned reference
 * to the caller, so its count reads 1." */
MUST(ref, copies_have_one_owner, "Every copy, view and array has one owner",
     REQ("REF-001"), NEEDS(refcount, copy, list, dict)) {
  pmm_obj *list = list_of_ints(t, 4);
  pmm_obj *dict = NEW(OPS->dict_new(RT));
  pmm_obj *buffer = NEW(OPS->bytearray_new(RT, 8));
  pmm_obj *array = NEW(OPS->array_new(RT, PMM_ITEM_INT64, 4));
  pmm_obj *made[] = {
      NEW(OPS->copy(RT, list)),
      NEW(OPS->copy(RT, dict)),
      NEW(OPS->copy(RT, buffer)),
      NEW(OPS->copy(RT, array)),
      NEW(OPS->copy(RT, probe(t, 1))),
      NEW(OPS->copy_deep(RT, LIST(list, dict))),
      NEW(OPS->tee(RT, NEW(OPS->iter(RT, list)))),
      buffer,
      array,
  };
  EXPECT_ONE_OWNER(made);
  pmm_obj *view[] = {NEW(OPS->view_new(RT, buffer, 0, 8))};
  EXPECT_ONE_OWNER(view);
}

/* "A constructor that returns a new object hands exactly one owned reference
 * to the caller, so its count reads 1." */
MUST(ref, functions_have_one_owner,
     "Every function, generator and weak reference has one owner",
     REQ("REF-001"), NEEDS(refcount, frame, generator, weakref, proxy)) {
  const struct pmm_code code = CODE("count", 0, 1, {PMM_FOR_RANGE, 0, 3, 0},
                                    {PMM_YIELD, -1, 0, 0}, {PMM_END, 0, 0, 0});
  const struct pmm_code plain = CODE("plain", 0, 0, {PMM_RETURN, -1, 0, 0});
  pmm_obj *made[] = {
      generator_of(t, &code),
      NEW(OPS->function_new(RT, &plain)),
      NEW(OPS->callable_new(RT, do_nothing, NULL)),
      NEW(OPS->weakref_new(RT, probe(t, 1), NULL, NULL, 0)),
      NEW(OPS->proxy_new(RT, probe(t, 2))),
  };
  EXPECT_ONE_OWNER(made);
}

/* "A constructor that returns a new object hands exactly one owned reference
 * to the caller, so its count reads 1." */
MUST(ref, files_have_one_owner, "A file, and what is read, has one owner",
     REQ("REF-001"), NEEDS(refcount, file)) {
  pmm_obj *file = NEW(OPS->file_open(RT, file_of_lines(t, 3), "r"));
  pmm_obj *made[] = {file, NEW(OPS->file_read_line(RT, file)),
                     NEW(OPS->file_read(RT, file, 50))};
  EXPECT_ONE_OWNER(made);
  expect_ok(OPS->file_close(RT, file));
}

/* "A constructor that returns a new object hands exactly one owned reference
 * to the caller, so its count reads 1." */
MUST(ref, vectors_and_chunks_have_one_owner,
     "Every sparse vector, matrix and chunk has one owner", REQ("REF-001"),
     NEEDS(refcount, sparse, chunks, list, copy)) {
  const struct pmm_triple triple = {0, 0, 1.0};
  pmm_obj *matrix = NEW(OPS->csr_new(RT, 1, 1, &triple, 1));
  pmm_obj *chunks = NEW(OPS->chunks(RT, list_of_ints(t, 3), 2));
  pmm_obj *dense = NEW(OPS->array_new(RT, PMM_ITEM_DOUBLE, 1));
  pmm_obj *made[] = {chunks,
                     NEW(OPS->next(RT, chunks)),
                     NEW(OPS->csr_new(RT, 1, 1, &triple, 1)),
                     NEW(OPS->sparse_new(RT, 10)),
                     NEW(OPS->csr_row(RT, matrix, 0)),
                     NEW(OPS->csr_multiply(RT, matrix, dense)),
                     NEW(OPS->iter(RT, matrix)),
                     NEW(OPS->array_get(RT, dense, 0))};
  EXPECT_ONE_OWNER(made);
}

/* ---- containers --------------------------------------------------------- */

/* "Destroying a container drops exactly one reference per stored occurrence,
 * so an item stored k times loses k." */
MUST(ref, tables_release_each_occurrence,
     "A dying dict, set or instance releases each occurrence of an item",
     REQ("REF-005"), NEEDS(refcount, dict, set)) {
  pmm_obj *o = probe(t, 1);
  pmm_obj *dict = NEW(OPS->dict_new(RT));
  pmm_obj *set = NEW(OPS->set_new(RT, NULL));
  pmm_obj *type = probe_type(t, "holder", 3, PMM_TYPE_GC | PMM_TYPE_DICT,
                             NULL, NULL);
  pmm_obj *instance = probe_of(t, type, 2);
  expect_ok(OPS->dict_set(RT, dict, o, o));
  expect_ok(OPS->dict_set(RT, dict, integer(t, 1), o));
  expect_ok(OPS->dict_set(RT, dict, integer(t, 2), o));
  expect_ok(OPS->set_add(RT, set, o));
  for (size_t slot = 0; slot < 3; slot++) {
    expect_ok(OPS->slot_set(RT, instance, slot, o));
  }
  expect_ok(OPS->attr_set(RT, instance, "x", o));
  expect_ok(OPS->attr_set(RT, instance, "y", o));
  expect_eq(OPS->refcount(RT, o), 1 + 4 + 1 + 5);
  DROP(dict);
  expect_eq(OPS->refcount(RT, o), 1 + 1 + 5);
  DROP(set);
  expect_eq(OPS->refcount(RT, o), 1 + 5);
  DROP(instance);
  expect_eq(OPS->refcount(RT, o), 1);
  expect_log(DEALLOCATED, 2);
}

/* "Destroying a container drops exactly one reference per stored occurrence,
 * so an item stored k times loses k." */
MUST(ref, generators_release_each_occurrence,
     "A dying generator releases each local that holds an item",
     REQ("REF-005"), NEEDS(refcount, generator)) {
  const struct pmm_code code =
      CODE("hold", 1, 3, {PMM_MOVE, 1, 0, 0}, {PMM_MOVE, 2, 0, 0},
           {PMM_YIELD, -1, 0, 0});
  pmm_obj *o = probe(t, 1);
  pmm_obj *generator = generator_with(t, &code, o);
  step(t, generator);
  expect_eq(OPS->refcount(RT, o), 4);
  DROP(generator);
  expect_eq(OPS->refcount(RT, o), 1);
  expect_none(DEALLOCATED);
}

/* ---- borrowed reads ----------------------------------------------------- */

/* "An item accessor documented as borrowing returns the object with its count
 * unchanged." */
MUST(ref, table_reads_add_nothing,
     "Borrowed reads of dicts, slots and attributes add nothing",
     REQ("REF-010"), NEEDS(refcount, dict)) {
  pmm_obj *o = probe(t, 1);
  pmm_obj *dict = NEW(OPS->dict_new(RT));
  pmm_obj *key = integer(t, 1);
  pmm_obj *type = probe_type(t, "holder", 1, PMM_TYPE_GC | PMM_TYPE_DICT,
                             NULL, NULL);
  pmm_obj *instance = probe_of(t, type, 2);
  expect_ok(OPS->dict_set(RT, dict, key, o));
  expect_ok(OPS->slot_set(RT, instance, 0, o));
  expect_ok(OPS->attr_set(RT, instance, "x", o));
  for (int i = 0; i < 100; i++) {
    expect_same(OPS->dict_get(RT, dict, key), o);
    expect_same(OPS->slot_get(RT, instance, 0), o);
    expect_same(OPS->attr_get(RT, instance, "x"), o);
  }
  expect_eq(OPS->refcount(RT, o), 4);
}

/* ---- stores ------------------------------------------------------------- */

/** A place to store to. */
enum place { LIST_STEAL, LIST_SLICE, SLOT, ATTRIBUTE, DICT, PLACES };

static const char *const place_names[PLACES] = {
    "an item set by stealing", "a slice of a list", "a slot", "an attribute",
    "a value of a dict"};

/** What the finalizer of the old item reads. */
struct stores {
  struct pmm_test *t;
  enum place place;
  int is_set;        /* 1: a store is under way                             */
  int64_t seen;      /* the number that the place held                      */
  pmm_obj *list;
  pmm_obj *instance;
  pmm_obj *dict;
  pmm_obj *key;
};

static enum pmm_status store(struct stores *s, pmm_obj *value) {
  struct pmm_test *t = s->t;
  switch (s->place) {
  case LIST_STEAL:
    OPS->retain(RT, value);
    return OPS->list_set_steal(RT, s->list, 0, value);
  case LIST_SLICE:
    return OPS->list_assign_slice(RT, s->list, 0, 1, value);
  case SLOT:
    return OPS->slot_set(RT, s->instance, 0, value);
  case ATTRIBUTE:
    return OPS->attr_set(RT, s->instance, "x", value);
  default:
    return OPS->dict_set(RT, s->dict, s->key, value);
  }
}

/* What the place holds, borrowed. */
static pmm_obj *held(struct stores *s) {
  struct pmm_test *t = s->t;
  switch (s->place) {
  case LIST_STEAL:
  case LIST_SLICE:
    return OPS->list_get(RT, s->list, 0);
  case SLOT:
    return OPS->slot_get(RT, s->instance, 0);
  case ATTRIBUTE:
    return OPS->attr_get(RT, s->instance, "x");
  default:
    return OPS->dict_get(RT, s->dict, s->key);
  }
}

static enum pmm_status look(void *ctx, pmm_rt *rt, pmm_obj *dying) {
  struct stores *s = ctx;
  struct pmm_test *t = s->t;
  (void)dying;
  if (s->is_set) {
    pmm_obj *o = held(s);
    check(o != NULL && OPS->int_value(rt, o, &s->seen) == PMM_OK);
  }
  return PMM_OK;
}

static struct stores *stores(struct pmm_test *t) {
  struct stores *s = SCRATCH(struct stores);
  pmm_obj *type = probe_type(t, "holder", 1, PMM_TYPE_GC | PMM_TYPE_DICT,
                             NULL, NULL);
  s->t = t;
  s->list = LIST(NEW(OPS->none(RT)));
  s->instance = probe_of(t, type, -1);
  s->dict = NEW(OPS->dict_new(RT));
  s->key = integer(t, 1);
  return s;
}

/* Store; finalizers look at the place meanwhile if `watched`. */
static void put(struct stores *s, pmm_obj *value, int watched) {
  struct pmm_test *t = s->t;
  pmm_obj *list = LIST(value);
  s->is_set = watched;
  enum pmm_status status = store(s, s->place == LIST_SLICE ? list : value);
  s->is_set = 0;
  expect_ok(status);
  DROP(list);
}

/* "Replacing a slot stores the new value first and only then drops the old
 * one, so a finalizer of the old item sees the new value." */
MUST(ref, every_store_precedes_the_release,
     "The overwritten value's finalizer sees the new value",
     REQ("REF-012"), NEEDS(list, dict, finalizer, finalizer_alive, prompt)) {
  struct stores *s = stores(t);
  pmm_obj *type = probe_type(t, "watcher", 0, 0, look, s);
  for (int place = 0; place < PLACES; place++) {
    now_at(t, "%s", place_names[place]);
    pmm_obj *old = probe_of(t, type, place);
    s->place = (enum place)place;
    put(s, old, 0);
    DROP(old);
    expect_eq(happened(DEALLOCATED, place), 0);
    put(s, integer(t, 4711 + place), 1);
    expect_eq(happened(DEALLOCATED, place), 1);
    expect_eq(s->seen, 4711 + place);
  }
}
