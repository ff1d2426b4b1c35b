/* SPDX-License-Identifier: MIT */
/* cases/rent_source.c - the containers and the traps of rent.h. */
#include "rent.h"

/* ---- inside: no expectation may end the case ---------------------------- */

static pmm_obj *made_inside(struct pmm_test *t) {
  pmm_obj *o = OPS->list_new(RT, 0);
  if (o == NULL) {
    OPS->error_clear(RT);
  }
  return o;
}

/* Hand `o` to an operation that takes its own reference, and forget it. */
static void done_inside(struct pmm_test *t, pmm_obj *o) {
  OPS->xrelease(RT, o);
  OPS->error_clear(RT);
}

static void empty_list_inside(struct pmm_test *t, pmm_obj *list) {
  check(OPS->list_clear(RT, list) == PMM_OK);
}

void grow_inside(struct pmm_test *t, pmm_obj *list) {
  for (int i = 0; i < GROWTH; i++) {
    pmm_obj *item = made_inside(t);
    if (item != NULL) {
      (void)OPS->list_append(RT, list, item);
    }
    done_inside(t, item);
  }
}

static void replace_in_list(struct pmm_test *t, pmm_obj *list) {
  size_t n = 0;
  (void)OPS->length(RT, list, &n);
  for (size_t i = 0; i < n; i++) {
    pmm_obj *none = OPS->none(RT);
    (void)OPS->list_set(RT, list, i, none);
    done_inside(t, none);
  }
}

static void empty_dict_inside(struct pmm_test *t, pmm_obj *dict) {
  check(OPS->dict_clear(RT, dict) == PMM_OK);
}

static void grow_dict_inside(struct pmm_test *t, pmm_obj *dict) {
  for (int i = 0; i < GROWTH; i++) {
    pmm_obj *key = OPS->int_new(RT, LENT + i);
    if (key != NULL) {
      (void)OPS->dict_set(RT, dict, key, key);
    }
    done_inside(t, key);
  }
}

static void replace_in_dict(struct pmm_test *t, pmm_obj *dict) {
  for (int i = 0; i < ITEMS; i++) {
    pmm_obj *key = OPS->int_new(RT, i);
    pmm_obj *none = OPS->none(RT);
    if (key != NULL) {
      (void)OPS->dict_set(RT, dict, key, none);
    }
    OPS->xrelease(RT, key);
    done_inside(t, none);
  }
}

/* The items are found by iterating over a copy. */
static void empty_set_inside(struct pmm_test *t, pmm_obj *set) {
  pmm_obj *all = OPS->list_convert(RT, set);
  size_t n = 0;
  if (all != NULL) {
    (void)OPS->length(RT, all, &n);
  }
  for (size_t i = 0; i < n; i++) {
    (void)OPS->set_discard(RT, set, OPS->list_get(RT, all, i));
  }
  done_inside(t, all);
}

static void grow_set_inside(struct pmm_test *t, pmm_obj *set) {
  for (int i = 0; i < GROWTH; i++) {
    pmm_obj *item = OPS->int_new(RT, LENT + i);
    if (item != NULL) {
      (void)OPS->set_add(RT, set, item);
    }
    done_inside(t, item);
  }
}

static void replace_in_set(struct pmm_test *t, pmm_obj *set) {
  empty_set_inside(t, set);
  grow_set_inside(t, set);
}

void collect_inside(struct pmm_test *t, pmm_obj *source) {
  uint64_t unreachable;
  (void)source;
  (void)OPS->collect(RT, 2, &unreachable);
}

void iterate_inside(struct pmm_test *t, pmm_obj *source) {
  pmm_obj *iterator = OPS->iter(RT, source);
  pmm_obj *item;
  while (iterator != NULL && (item = OPS->next(RT, iterator)) != NULL) {
    check(OPS->type_name(RT, item)[0] != '\0');
    OPS->release(RT, item);
  }
  done_inside(t, iterator);
}

/* ---- making them -------------------------------------------------------- */

/* A probe that nobody but its container owns. */
static pmm_obj *item_of(struct pmm_test *t, int64_t cookie) {
  return probe(t, cookie);
}

static pmm_obj *make_list(struct pmm_test *t) {
  pmm_obj *list = empty_list(t);
  for (int i = 0; i < ITEMS; i++) {
    pmm_obj *item = item_of(t, i);
    expect_ok(OPS->list_append(RT, list, item));
    DROP(item);
  }
  return list;
}

static pmm_obj *make_dict(struct pmm_test *t) {
  pmm_obj *dict = NEW(OPS->dict_new(RT));
  for (int i = 0; i < ITEMS; i++) {
    pmm_obj *key = integer(t, i);
    pmm_obj *item = item_of(t, i);
    expect_ok(OPS->dict_set(RT, dict, key, item));
    DROP(item);
    DROP(key);
  }
  return dict;
}

static pmm_obj *make_set(struct pmm_test *t) {
  pmm_obj *set = NEW(OPS->set_new(RT, NULL));
  for (int i = 0; i < ITEMS; i++) {
    pmm_obj *item = item_of(t, i);
    expect_ok(OPS->set_add(RT, set, item));
    DROP(item);
  }
  return set;
}

const struct source list_source = {"list", make_list, empty_list_inside,
                                   grow_inside, replace_in_list};
const struct source dict_source = {"dict", make_dict, empty_dict_inside,
                                   grow_dict_inside, replace_in_dict};
const struct source set_source = {"set", make_set, empty_set_inside,
                                  grow_set_inside, replace_in_set};

/* ---- the trap ----------------------------------------------------------- */

static void disarm(struct pmm_test *t, void *subject) {
  struct trap *trap = subject;
  (void)t;
  trap->source = NULL;
}

struct trap *new_trap(struct pmm_test *t, pmm_obj *source,
                      void (*act)(struct pmm_test *t, pmm_obj *source)) {
  struct trap *trap = SCRATCH(struct trap);
  *trap = (struct trap){.t = t, .source = source, .act = act};
  defer(t, disarm, trap);
  return trap;
}

enum pmm_status spring(void *ctx, pmm_rt *rt, pmm_obj *arg) {
  struct trap *trap = ctx;
  pmm_obj *source = trap->source;
  (void)rt;
  (void)arg;
  if (source != NULL) {
    trap->source = NULL;
    trap->sprung = 1;
    trap->act(trap->t, source);
  }
  return PMM_OK;
}

/* ---- arming ------------------------------------------------------------- */

static void restore(struct pmm_test *t, void *subject) {
  OPS->gc_enable(RT, 0);
  (void)OPS->gc_set_thresholds(RT, subject);
}

/* The k-th container from here on starts a collection of the youngest. */
void collect_at(struct pmm_test *t, uint64_t k) {
  uint64_t *before = SCRATCH_ARRAY(uint64_t, 3);
  uint64_t counts[3];
  OPS->gc_thresholds(RT, before);
  defer(t, restore, before);
  OPS->gc_counts(RT, counts);
  expect_ok(OPS->gc_set_thresholds(
      RT, (uint64_t[]){counts[0] + k - 1 > 0 ? counts[0] + k - 1 : 1,
                       1000000, 1000000}));
  OPS->gc_enable(RT, 1);
}

/* Garbage, just made, that springs the trap when it is collected. */
void lay(struct pmm_test *t, struct trap *trap) {
  pmm_obj *type = probe_type(t, "trap", 1, PMM_TYPE_GC, spring, trap);
  pmm_obj *o = probe_of(t, type, LENT);
  expect_ok(OPS->slot_set(RT, o, 0, o));
  DROP(o);
  DROP(type);
}

/* ---- reading what came of it -------------------------------------------- */

static void read_item(struct pmm_test *t, const char *what, pmm_obj *item) {
  if (strcmp(OPS->type_name(RT, item), "probe") != 0) {
    return; /* what an act has put there                                      */
  }
  int64_t cookie = OPS->instance_cookie(RT, item);
  if (cookie < 0 || cookie % LENT >= ITEMS ||
      happened(DEALLOCATED, cookie) != 0) {
    fail("%s: it holds an object that is dead (cookie %lld)", what,
         (long long)cookie);
  }
}

void read_items(struct pmm_test *t, const char *what, pmm_obj *container) {
  pmm_obj *iterator = NEW(OPS->iter(RT, container));
  pmm_obj *item;
  while ((item = OPS->next(RT, iterator)) != NULL) {
    read_item(t, what, NEW(item));
    DROP(item);
  }
  if (OPS->error(RT) != PMM_STOP && OPS->error(RT) != PMM_OK) {
    fail("%s: reading its items: %s", what, OPS->error_message(RT));
  }
  OPS->error_clear(RT);
  DROP(iterator);
}

void verify(struct pmm_test *t, const char *what) {
  const char *wrong = OFFERED(gc_verify) ? OPS->heap_verify(RT) : NULL;
  if (wrong != NULL) {
    fail("%s: %s", what, wrong);
  }
}
