/* SPDX-License-Identifier: MIT */
/*
 * tuple_sharing.c - tuples made anew against tuples shared.
 *
 *   hits_P         of `items` requests for a tuple of three small integers, P
 *                  of 100 are met by one the program has already
 *   constants      the tuple that a compiled function names
 *   whole_slices   t[0:len(t)], which the runtime may answer with t itself
 *   part_slices    t[0:3] of four items, which it may not
 *
 * All are kept in a list, then all their integers are added up; the sum is
 * known from the numbers alone.  Objects are counted by identity: a request
 * that was shared is the same object as the one before.
 *
 * Source: article 0 (immutable structures) and article 2 (reuse objects);
 * python/tuple_sharing.py is the same job in Python.
 */
#include "workload.h"

#include <inttypes.h>

enum { WIDTH = 3 };

/** Three integers below 200, which every runtime here has ready-made. */
static void parts_of(int64_t value, int64_t parts[WIDTH]) {
  parts[0] = value % 200;
  parts[1] = value / 200 % 200;
  parts[2] = value / 40000 % 200;
}

/** Number of the tuple that request `index` asks for.  New ones come at an
 *  even pace; the others ask for the newest. */
static int64_t value_at(int64_t index, int64_t percent) {
  return ((index + 1) * (100 - percent) + 99) / 100 - 1;
}

static int64_t known_sum(int64_t items, int64_t percent) {
  int64_t sum = 0;
  for (int64_t i = 0; i < items; i++) {
    int64_t parts[WIDTH];
    parts_of(value_at(i, percent), parts);
    sum += parts[0] + parts[1] + parts[2];
  }
  return sum;
}

static void release_all(struct pmm_work *work, pmm_obj **items, size_t n) {
  for (size_t i = 0; i < n; i++) {
    work->ops->release(work->rt, items[i]);
  }
}

/** A tuple of `n` integers; NULL with the error pending. */
static pmm_obj *tuple_of(struct pmm_work *work, const int64_t *values,
                         size_t n) {
  pmm_obj *items[WIDTH + 1] = {NULL};
  for (size_t i = 0; i < n; i++) {
    items[i] = work->ops->int_new(work->rt, values[i]);
    if (items[i] == NULL) {
      release_all(work, items, i);
      return NULL;
    }
  }
  pmm_obj *tuple = work->ops->tuple_from(work->rt, items, n);
  release_all(work, items, n);
  return tuple;
}

/** Where the next tuple comes from. */
struct origin {
  /** The tuple for request `index`, new; NULL with the error pending. */
  pmm_obj *(*next)(struct pmm_work *work, struct origin *origin,
                   int64_t index);
  pmm_obj *held;    /* borrowed: the newest, or the one that is sliced      */
  int64_t made;     /* tuples made by hits_P                                */
};

static pmm_obj *next_hit(struct pmm_work *work, struct origin *origin,
                         int64_t index) {
  int64_t value = value_at(index, work->variant->option);
  if (value < origin->made) {
    work->ops->retain(work->rt, origin->held);
    return origin->held;
  }
  int64_t parts[WIDTH];
  parts_of(value, parts);
  origin->held = tuple_of(work, parts, WIDTH);
  origin->made++;
  return origin->held;
}

static pmm_obj *next_constant(struct pmm_work *work, struct origin *origin,
                              int64_t index) {
  (void)origin;
  (void)index;
  return work->ops->tuple_constant(work->rt, 2);
}

static pmm_obj *next_slice(struct pmm_work *work, struct origin *origin,
                           int64_t index) {
  (void)index;
  return work->ops->tuple_slice(work->rt, origin->held, 0, WIDTH);
}

static enum pmm_status fill(struct pmm_work *work, struct origin *origin,
                            pmm_obj *kept, int64_t items) {
  pmm_work_expect(work, (uint64_t)items);
  for (int64_t i = 0; i < items; i++) {
    pmm_obj *tuple = origin->next(work, origin, i);
    if (tuple == NULL) {
      return work->ops->error(work->rt);
    }
    enum pmm_status status = work->ops->list_append(work->rt, kept, tuple);
    work->ops->release(work->rt, tuple);
    if (status != PMM_OK) {
      return status;
    }
    pmm_work_tick(work);
  }
  return PMM_OK;
}

/** Objects in `kept`, where neighbours may be one. */
static uint64_t count_distinct(struct pmm_work *work, pmm_obj *kept,
                               int64_t items) {
  uint64_t distinct = 1;
  pmm_obj *before = work->ops->list_get(work->rt, kept, 0);
  for (int64_t i = 1; i < items; i++) {
    pmm_obj *tuple = work->ops->list_get(work->rt, kept, (size_t)i);
    distinct += !work->ops->same(work->rt, before, tuple);
    before = tuple;
  }
  return distinct;
}

static void account(struct pmm_work *work, pmm_obj *kept, uint64_t items,
                    uint64_t blocks) {
  const struct pmm_ops *ops = work->ops;
  uint64_t made = count_distinct(work, kept, (int64_t)items);
  size_t bytes;
  pmm_work_figure(work, "blocks_kept", blocks, "blocks", 1);
  pmm_work_figure(work, "tuples_made", made, "tuples", 1);
  pmm_work_figure(work, "tuples_shared", items - made, "tuples", 1);
  pmm_work_figure(work, "blocks_saved", items - made, "blocks", 1);
  pmm_obj *first = ops->list_get(work->rt, kept, 0);
  if (ops->size_of != NULL && ops->size_of(work->rt, first, &bytes) == PMM_OK) {
    pmm_work_figure(work, "tuple_bytes", bytes, "bytes", 1);
    pmm_work_figure(work, "bytes_saved", (items - made) * bytes, "bytes", 1);
  }
}

static enum pmm_status add_up(struct pmm_work *work, pmm_obj *kept,
                              int64_t items, int64_t *sum) {
  pmm_work_expect(work, (uint64_t)items);
  for (int64_t i = 0; i < items; i++) {
    pmm_obj *tuple = work->ops->list_get(work->rt, kept, (size_t)i);
    for (size_t k = 0; k < WIDTH; k++) {
      int64_t value;
      pmm_obj *item = work->ops->tuple_get(work->rt, tuple, k);
      if (item == NULL ||
          work->ops->int_value(work->rt, item, &value) != PMM_OK) {
        return PMM_SYSTEM;
      }
      *sum += value;
    }
    pmm_work_tick(work);
  }
  return PMM_OK;
}

static enum pmm_status keep_and_use(struct pmm_work *work,
                                    struct origin *origin, pmm_obj *kept,
                                    int64_t expected) {
  int64_t items = pmm_work_integer(work, "items");
  int64_t sum = 0;
  struct pmm_memory before = pmm_work_memory(work);
  enum pmm_status status = fill(work, origin, kept, items);
  if (status != PMM_OK) {
    return status;
  }
  struct pmm_memory after = pmm_work_memory(work);
  pmm_work_note(work, "built");
  int known = before.live_blocks != PMM_UNKNOWN;
  account(work, kept, (uint64_t)items,
          known ? after.live_blocks - before.live_blocks : PMM_UNKNOWN);
  pmm_work_phase(work, "use");
  status = add_up(work, kept, items, &sum);
  if (status == PMM_OK) {
    pmm_work_verify(work, sum == expected, "%" PRId64, sum);
  }
  return status;
}

/** Keep what `origin` gives in a list, use it, drop it. */
static enum pmm_status run(struct pmm_work *work, struct origin *origin,
                           int64_t expected) {
  pmm_work_phase(work, "build");
  pmm_obj *kept = work->ops->list_new(work->rt, 0);
  if (kept == NULL) {
    return work->ops->error(work->rt);
  }
  enum pmm_status status = keep_and_use(work, origin, kept, expected);
  pmm_work_phase(work, "release");
  work->ops->release(work->rt, kept);
  return status;
}

static enum pmm_status hits(struct pmm_work *work) {
  struct origin origin = {.next = next_hit};
  int64_t items = pmm_work_integer(work, "items");
  return run(work, &origin, known_sum(items, work->variant->option));
}

static enum pmm_status constants(struct pmm_work *work) {
  struct origin origin = {.next = next_constant};
  return run(work, &origin, 3 * pmm_work_integer(work, "items"));
}

/** Slices of a tuple of `option` items that begins 0, 1, 2. */
static enum pmm_status slices(struct pmm_work *work) {
  static const int64_t values[] = {0, 1, 2, 3};
  struct origin origin = {.next = next_slice};
  origin.held = tuple_of(work, values, (size_t)work->variant->option);
  if (origin.held == NULL) {
    return work->ops->error(work->rt);
  }
  enum pmm_status status =
      run(work, &origin, 3 * pmm_work_integer(work, "items"));
  work->ops->release(work->rt, origin.held);
  return status;
}

static const struct pmm_work_parameter parameters[] = {
    {"items", "tuples", "requests for a tuple", NULL, 100000, 100, 10000000},
    {0},
};

static const struct pmm_work_variant variants[] = {
    {"hits_99", "99 of 100 are shared", {"tuple", "list"}, hits, 99},
    {"constants", "a constant of the code", {"tuple", "list"}, constants, 0},
    {"whole_slices", "t[0:3] of three items", {"tuple", "list"}, slices, 3},
    {"hits_50", "every second one is shared", {"tuple", "list"}, hits, 50},
    {"part_slices", "t[0:3] of four items", {"tuple", "list"}, slices, 4},
    {"hits_0", "none is shared", {"tuple", "list"}, hits, 0},
    {0},
};

const struct pmm_workload pmm_workload_tuple_sharing = {
    .name = "tuple_sharing",
    .summary = "tuples made anew against tuples shared",
    .source = "articles 0 (immutable structures) and 2 (reuse objects)",
    .title = "Sharing tuples",
    .question = "What does sharing immutable objects save?",
    .small = "items=10000",
    .parameters = parameters,
    .variants = variants,
};
