/* SPDX-License-Identifier: MIT */
/*
 * cases/dct_stale.c - iterators whose table is gone or smaller since, and
 * questions about objects that refer to nothing; large sets (requirements
 * DCT-034, GC-043, DCT-035).
 */
#include "kinds.h"

/* The body allocates for each of its many tables. */
#define OWN_SWEEP OOM_EXEMPT("each table allocates alike")

/* ---- iterators of tables that shrank -------------------------------------- */

enum { LEFT = 5 };


/* How the container loses its last keys while an iterator stands in it. */
struct loss {
  const char *name;
  int clears; /* 1: a dict at once; 0: key by key                            */
  int churn;  /* keys that come and go, one by one, until the table is made
               * anew for those that are left                                */
};

static const struct loss losses[] = {
    {"cleared", 1, 0},
    {"emptied key by key", 0, 0},
    {"churned", 0, 3000},
};

static pmm_obj *number(struct pmm_test *t, int value) {
  return integer(t, 10000 + value);
}

static void fill(struct pmm_test *t, pmm_obj *o, int dict, int from, int to) {
  for (int i = from; i < to; i++) {
    pmm_obj *key = number(t, i);
    expect_ok(dict ? OPS->dict_set(RT, o, key, key) : OPS->set_add(RT, o, key));
    DROP(key);
  }
}

static void take(struct pmm_test *t, pmm_obj *o, int dict, int from, int to) {
  for (int i = from; i < to; i++) {
    pmm_obj *key = number(t, i);
    expect_ok(dict ? OPS->dict_delete(RT, o, key)
                   : OPS->set_discard(RT, o, key));
    DROP(key);
  }
}

/* Replace the last keys by as many others. */
static void lose(struct pmm_test *t, pmm_obj *o, int dict, int size,
                 const struct loss *loss) {
  if (loss->clears && dict) {
    expect_ok(OPS->dict_clear(RT, o));
  } else {
    take(t, o, dict, size - LEFT, size);
  }
  fill(t, o, dict, -LEFT, 0);
  for (int i = 0; i < loss->churn; i++) {
    fill(t, o, dict, i, i + 1);
    take(t, o, dict, i, i + 1);
  }
}

/* Each step gives a key that is there, an error or the end. */
static void step_on(struct pmm_test *t, pmm_obj *iterator) {
  for (int step = 0; step < 4 * LEFT; step++) {
    pmm_obj *key = OPS->next(RT, iterator);
    if (key == NULL) {
      expect(OPS->error(RT) == PMM_STOP || OPS->error(RT) == PMM_RUNTIME);
      OPS->error_clear(RT);
      return;
    }
    (void)NEW(key);
    int64_t value = 0;
    expect_ok(OPS->int_value(RT, key, &value));
    expect(value >= 10000 - LEFT && value < 10000);
    DROP(key);
  }
  fail("the iterator does not end in %d steps", 4 * LEFT);
}

static void go_stale(struct pmm_test *t, int dict, int size, int steps,
                     const struct loss *loss) {
  pmm_obj *o = NEW(dict ? OPS->dict_new(RT) : OPS->set_new(RT, NULL));
  fill(t, o, dict, 0, size);
  take(t, o, dict, 0, size - LEFT);
  pmm_obj *iterator = NEW(OPS->iter(RT, o));
  for (int i = 0; i < steps; i++) {
    DROP(NEW(OPS->next(RT, iterator)));
  }
  lose(t, o, dict, size, loss);
  step_on(t, iterator);
  DROP(iterator);
  DROP(o);
}

/* "An iterator over a dict or a set whose table was emptied, rebuilt or refilled
 * since gives a key that is in the container, an error or the end, whatever the
 * number of keys then and now." */
MUST(dct, iterators_do_not_trust_their_position,
     "An iterator reads nothing beyond the table of today", REQ("DCT-034"),
     NEEDS(dict, set), OWN_SWEEP) {
  static const int sizes[] = {6, 40, 1000};
  quiet(t);
  for (size_t n = 0; n < COUNT(sizes) * COUNT(losses) * LEFT * 2; n++) {
    int size = sizes[n % COUNT(sizes)];
    const struct loss *loss = &losses[n / COUNT(sizes) % COUNT(losses)];
    int steps = (int)(n / COUNT(sizes) / COUNT(losses) % LEFT);
    int dict = n < COUNT(sizes) * COUNT(losses) * LEFT;
    now_at(t, "a %s of %d, %s after %d steps", dict ? "dict" : "set", size,
           loss->name, steps);
    go_stale(t, dict, size, steps, loss);
  }
}

/* ---- objects that refer to nothing ----------------------------------------- */

static int refuse_visit(void *ctx, pmm_obj *o) {
  (void)ctx;
  (void)o;
  return 1;
}

static pmm_obj *an_int(struct pmm_test *t) { return integer(t, 123456); }

static pmm_obj *a_float(struct pmm_test *t) {
  return NEW(OPS->float_new(RT, 1.5));
}

static pmm_obj *a_text(struct pmm_test *t) { return text(t, "refers to none"); }

static pmm_obj *a_none(struct pmm_test *t) { return NEW(OPS->none(RT)); }

static pmm_obj *a_truth(struct pmm_test *t) { return NEW(OPS->boolean(RT, 1)); }

static pmm_obj *an_ended_iterator(struct pmm_test *t) {
  pmm_obj *iterator = iterator_of(t, in_list(t, NEW(OPS->none(RT))));
  for (int i = 0; i < 2; i++) {
    DROP(NEW(OPS->next(RT, iterator)));
  }
  expect_null(OPS->next(RT, iterator), PMM_STOP);
  return iterator;
}

/* "Asking an object that refers to no other what it refers to gives nothing,
 * whatever its type." */
MUST(gc, atoms_refer_to_nothing, "Atoms can be asked what they refer to",
     REQ("GC-043"), NEEDS(gc_referents, gc_traverse, list, str)) {
  static pmm_obj *(*const makers[])(struct pmm_test *) = {
      an_int, a_float, a_text, a_none, a_truth, an_ended_iterator};
  for (size_t i = 0; i < COUNT(makers); i++) {
    pmm_obj *o = makers[i](t);
    now_at(t, "a %s", OPS->type_name(RT, o));
    pmm_obj *listed = NEW(OPS->gc_referents(RT, o));
    expect_eq(length_of(t, listed), 0);
    expect_eq(OPS->gc_traverse(RT, o, refuse_visit, NULL), 0);
    DROP(listed);
    DROP(o);
  }
}

/* ---- large sets --------------------------------------------------------- */

/* Bytes beside those of an empty set, for each key. */
static void expect_lean(struct pmm_test *t, pmm_obj *set, size_t keys,
                        size_t empty, const char *what) {
  now_at(t, "%s of %zu keys", what, keys);
  expect_le(size_of(t, set), empty + 64 * keys);
}

/* "From 60000 keys on the table of a set takes at most 64 bytes for each key,
 * however the set was made." */
SHOULD(dct, large_sets_are_lean, "Large sets grow by less than small ones",
       REQ("DCT-035"), NEEDS(set, sizeof),
       OOM_EXEMPT("a hundred thousand keys are too many for a round a point"),
       STRESS_EXEMPT("a collection for each of so many keys takes too long")) {
  quiet(t);
  pmm_obj *set = NEW(OPS->set_new(RT, NULL));
  size_t empty = size_of(t, set);
  for (size_t n = 1; n <= 160000; n++) {
    pmm_obj *key = integer(t, (int64_t)n);
    expect_ok(OPS->set_add(RT, set, key));
    DROP(key);
    if (n >= 60000 && n % 5000 == 0) {
      expect_lean(t, set, n, empty, "a set");
      pmm_obj *copy = NEW(OPS->set_copy(RT, set));
      expect_lean(t, copy, n, empty, "a copy");
      DROP(copy);
    }
  }
}
