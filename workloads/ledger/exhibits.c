/* SPDX-License-Identifier: MIT */
/* exhibits.c - see exhibits.h. */
#include "exhibits.h"

#include <assert.h>
#include <string.h>

enum {
  OBJECTS = 30000,   /* made by a program that makes cycles                 */
  WINDOW = 1000,     /* the last so many of them are held                   */
  CONTAINERS = 100000,
  ROUNDS = 1000
};

/* ---- shared -------------------------------------------------------------- */

/** What is heard of the collector. */
struct heard {
  uint64_t dead;
  uint64_t runs;
  uint64_t full;
};

static enum pmm_status died(void *ctx, pmm_rt *rt, pmm_obj *self) {
  (void)rt;
  (void)self;
  ((struct heard *)ctx)->dead++;
  return PMM_OK;
}

static enum pmm_status collected(void *ctx, pmm_rt *rt,
                                 const struct pmm_gc_info *info) {
  struct heard *heard = ctx;
  (void)rt;
  heard->runs += info->stop != 0;
  heard->full += info->stop != 0 && info->generation == 2;
  return PMM_OK;
}

static enum pmm_status collect(const struct pmm_ops *ops, pmm_rt *rt) {
  uint64_t found = 0;
  return ops->collect(rt, 2, &found);
}

/** One object that refers to itself, in the place of an older one. */
static enum pmm_status cycle(const struct pmm_ops *ops, pmm_rt *rt,
                             pmm_obj *type, pmm_obj **place) {
  pmm_obj *one = ops->instance_new(rt, type, 0);
  if (one == NULL) {
    return ops->error(rt);
  }
  enum pmm_status status = ops->slot_set(rt, one, 0, one);
  ops->xrelease(rt, *place);
  *place = one;
  return status;
}

/** Make cycles and hold the last of them; *most: dead ones that waited. */
static enum pmm_status churn(const struct pmm_ops *ops, pmm_rt *rt,
                             struct heard *heard, uint64_t *most) {
  static pmm_obj *ring[WINDOW];
  const struct pmm_type_spec node = {.struct_size = sizeof node,
                                     .name = "node",
                                     .slots = 1,
                                     .flags = PMM_TYPE_GC,
                                     .finalizer = died,
                                     .ctx = heard};
  pmm_obj *type = ops->type_new(rt, &node);
  enum pmm_status status = type == NULL ? ops->error(rt) : collect(ops, rt);
  *most = 0;
  if (status == PMM_OK) {
    status = ops->gc_callback_add(rt, collected, heard);
  }
  for (uint64_t i = 0; i < OBJECTS && status == PMM_OK; i++) {
    status = cycle(ops, rt, type, &ring[i % WINDOW]);
    uint64_t held = i + 1 < WINDOW ? i + 1 : WINDOW;
    uint64_t waiting = i + 1 - held - heard->dead;
    *most = waiting > *most ? waiting : *most;
  }
  (void)ops->gc_callback_remove(rt, collected, heard);
  for (size_t i = 0; i < WINDOW; i++) {
    ops->xrelease(rt, ring[i]);
    ring[i] = NULL;
  }
  ops->xrelease(rt, type);
  return status == PMM_OK ? collect(ops, rt) : status;
}

/** Objects that the collector examines. */
static uint64_t tracked(const struct pmm_ops *ops, pmm_rt *rt) {
  struct pmm_memory memory = {.struct_size = sizeof memory};
  ops->memory(rt, &memory);
  return memory.tracked;
}

/* ---- the collector ------------------------------------------------------- */

static enum pmm_status garbage_waits(const struct pmm_ops *ops, pmm_rt *rt,
                                     uint64_t *figure) {
  struct heard heard = {0, 0, 0};
  return churn(ops, rt, &heard, figure);
}

static enum pmm_status rarer_and_rarer(const struct pmm_ops *ops, pmm_rt *rt,
                                       uint64_t *figure) {
  struct heard heard = {0, 0, 0};
  uint64_t most = 0;
  uint64_t thresholds[3];
  ops->gc_thresholds(rt, thresholds);
  enum pmm_status status = churn(ops, rt, &heard, &most);
  uint64_t expected = OBJECTS / (thresholds[0] + 1);
  *figure = expected * 100 / (heard.runs > 0 ? heard.runs : 1);
  return status;
}

/** Tuples of two ints that are held by a list and tracked. */
static enum pmm_status tuples_stay_tracked(const struct pmm_ops *ops,
                                           pmm_rt *rt, uint64_t *figure) {
  pmm_obj *held = ops->list_new(rt, 0);
  enum pmm_status status = held == NULL ? ops->error(rt) : collect(ops, rt);
  uint64_t before = tracked(ops, rt);
  for (int64_t i = 0; i < CONTAINERS && status == PMM_OK; i++) {
    pmm_obj *number = ops->int_new(rt, 1000 + i);
    pmm_obj *items[2] = {number, number};
    pmm_obj *pair = number == NULL ? NULL : ops->tuple_from(rt, items, 2);
    status = pair == NULL ? ops->error(rt) : ops->list_append(rt, held, pair);
    ops->xrelease(rt, pair);
    ops->xrelease(rt, number);
  }
  *figure = tracked(ops, rt) - before;
  ops->xrelease(rt, held);
  return status;
}

/** Full collections while live lists are made, with low thresholds. */
static enum pmm_status quadratic(const struct pmm_ops *ops, pmm_rt *rt,
                                 uint64_t *figure) {
  static const uint64_t low[3] = {100, 2, 2};
  struct heard heard = {0, 0, 0};
  uint64_t usual[3];
  ops->gc_thresholds(rt, usual);
  pmm_obj *held = ops->list_new(rt, 0);
  enum pmm_status status = held == NULL ? ops->error(rt) : collect(ops, rt);
  if (status == PMM_OK) {
    status = ops->gc_set_thresholds(rt, low);
  }
  if (status == PMM_OK) {
    status = ops->gc_callback_add(rt, collected, &heard);
  }
  for (int64_t i = 0; i < CONTAINERS && status == PMM_OK; i++) {
    pmm_obj *one = ops->list_new(rt, 0);
    status = one == NULL ? ops->error(rt) : ops->list_append(rt, held, one);
    ops->xrelease(rt, one);
  }
  (void)ops->gc_callback_remove(rt, collected, &heard);
  *figure = heard.full;
  (void)ops->gc_set_thresholds(rt, usual);
  ops->xrelease(rt, held);
  return status;
}

/** Containers that were untracked, were given a container, and are not seen. */
static enum pmm_status not_seen_again(const struct pmm_ops *ops, pmm_rt *rt,
                                      uint64_t *figure) {
  pmm_obj *number = ops->int_new(rt, 1000);
  pmm_obj *list = ops->list_new(rt, 0);
  pmm_obj *dict = ops->dict_new(rt);
  enum pmm_status status = PMM_NO_MEMORY;
  *figure = 0;
  if (number != NULL && list != NULL && dict != NULL) {
    status = ops->dict_set(rt, dict, number, number);
  }
  if (status == PMM_OK) {
    status = collect(ops, rt);
  }
  if (status == PMM_OK) {
    status = ops->dict_set(rt, dict, number, list);
  }
  *figure = status == PMM_OK && !ops->gc_is_tracked(rt, dict);
  ops->xrelease(rt, dict);
  ops->xrelease(rt, list);
  ops->xrelease(rt, number);
  return status;
}

/* ---- containers ---------------------------------------------------------- */

/** Add the ints from..to, then take all but the last ten away again. */
static enum pmm_status come_and_go(const struct pmm_ops *ops, pmm_rt *rt,
                                   pmm_obj *dict, int64_t from, int64_t to) {
  enum pmm_status status = PMM_OK;
  for (int64_t i = from; i < 2 * to - from - 10 && status == PMM_OK; i++) {
    pmm_obj *key = ops->int_new(rt, i < to ? i : i - to + from);
    status = key == NULL ? ops->error(rt)
             : i < to    ? ops->dict_set(rt, dict, key, key)
                         : ops->dict_delete(rt, dict, key);
    ops->xrelease(rt, key);
  }
  return status;
}

/** Bytes of a dict that was large, and has few entries that come and go. */
static enum pmm_status dict_stays_large(const struct pmm_ops *ops, pmm_rt *rt,
                                        uint64_t *figure) {
  pmm_obj *dict = ops->dict_new(rt);
  enum pmm_status status =
      dict == NULL ? ops->error(rt) : come_and_go(ops, rt, dict, 0, 10000);
  for (int64_t i = 10000; i < 30000 && status == PMM_OK; i++) {
    pmm_obj *key = ops->int_new(rt, i);
    pmm_obj *old = ops->int_new(rt, i - 10);
    status = key == NULL || old == NULL ? ops->error(rt)
                                        : ops->dict_set(rt, dict, key, key);
    if (status == PMM_OK) {
      status = ops->dict_delete(rt, dict, old);
    }
    ops->xrelease(rt, old);
    ops->xrelease(rt, key);
  }
  size_t bytes = 0;
  if (status == PMM_OK) {
    status = ops->size_of(rt, dict, &bytes);
  }
  *figure = bytes;
  ops->xrelease(rt, dict);
  return status;
}

/** Make a tuple of so many ints. */
static pmm_obj *tuple_of(const struct pmm_ops *ops, pmm_rt *rt, size_t n) {
  pmm_obj *items[32];
  assert(n <= sizeof items / sizeof *items);
  pmm_obj *number = ops->int_new(rt, 1000);
  for (size_t i = 0; i < n; i++) {
    items[i] = number;
  }
  pmm_obj *made = number == NULL ? NULL : ops->tuple_from(rt, items, n);
  ops->xrelease(rt, number);
  return made;
}

/** Slots beyond its three items of a list that was filled at once. */
static enum pmm_status literal_has_spare(const struct pmm_ops *ops, pmm_rt *rt,
                                         uint64_t *figure) {
  size_t empty = 0;
  size_t full = 0;
  pmm_obj *three = tuple_of(ops, rt, 3);
  pmm_obj *list = ops->list_new(rt, 0);
  enum pmm_status status =
      three == NULL || list == NULL ? ops->error(rt)
                                    : ops->size_of(rt, list, &empty);
  if (status == PMM_OK) {
    status = ops->list_extend(rt, list, three);
  }
  if (status == PMM_OK) {
    status = ops->size_of(rt, list, &full);
  }
  *figure = status == PMM_OK ? (full - empty) / sizeof(void *) - 3 : 0;
  ops->xrelease(rt, list);
  ops->xrelease(rt, three);
  return status;
}

/** Arrays that a list goes through that is extended by one item twice. */
static enum pmm_status list_has_no_padding(const struct pmm_ops *ops,
                                           pmm_rt *rt, uint64_t *figure) {
  size_t before = 0;
  pmm_obj *one = tuple_of(ops, rt, 1);
  pmm_obj *list = ops->list_new(rt, 0);
  enum pmm_status status =
      one == NULL || list == NULL ? ops->error(rt)
                                  : ops->size_of(rt, list, &before);
  *figure = 0;
  for (int i = 0; i < 2 && status == PMM_OK; i++) {
    size_t now = 0;
    status = ops->list_extend(rt, list, one);
    if (status == PMM_OK) {
      status = ops->size_of(rt, list, &now);
    }
    *figure += now != before;
    before = now;
  }
  ops->xrelease(rt, list);
  ops->xrelease(rt, one);
  return status;
}

/* ---- memory -------------------------------------------------------------- */

/** Blocks that stay when tuples of twenty come and go one by one. */
static enum pmm_status tuples_pile_up(const struct pmm_ops *ops, pmm_rt *rt,
                                      uint64_t *figure) {
  struct pmm_memory before = {.struct_size = sizeof before};
  struct pmm_memory after = {.struct_size = sizeof after};
  ops->memory(rt, &before);
  for (int i = 0; i < ROUNDS; i++) {
    pmm_obj *made = tuple_of(ops, rt, 20);
    if (made == NULL) {
      return ops->error(rt);
    }
    ops->release(rt, made);
  }
  ops->memory(rt, &after);
  *figure = after.live_blocks - before.live_blocks;
  return PMM_OK;
}

/** An allocator of arenas that counts and hands on. */
struct counting {
  struct pmm_arena_allocator below;
  uint64_t taken;
};

static void *take(void *ctx, size_t size) {
  struct counting *counting = ctx;
  counting->taken++;
  return counting->below.alloc(counting->below.ctx, size);
}

static void give(void *ctx, void *base, size_t size) {
  struct counting *counting = ctx;
  counting->below.free(counting->below.ctx, base, size);
}

/** Arenas taken while the blocks at an arena's border come and go. */
static enum pmm_status arena_comes_and_goes(const struct pmm_ops *ops,
                                            pmm_rt *rt, uint64_t *figure) {
  static struct counting counting;
  static pmm_obj *held[CONTAINERS];
  enum pmm_status status = PMM_OK;
  size_t count = 0;
  counting.taken = 0;
  ops->arena_get(rt, &counting.below);
  struct pmm_arena_allocator ours = counting.below;
  ours.ctx = &counting;
  ours.alloc = take;
  ours.free = give;
  status = ops->arena_set(rt, &ours);
  while (count < CONTAINERS && counting.taken < 2 && status == PMM_OK) {
    held[count] = tuple_of(ops, rt, 30);
    status = held[count++] == NULL ? ops->error(rt) : PMM_OK;
  }
  counting.taken = 0;
  for (int i = 0; i < ROUNDS && status == PMM_OK; i++) {
    ops->clear(rt, &held[count - 1]);
    held[count - 1] = tuple_of(ops, rt, 30);
    status = held[count - 1] == NULL ? ops->error(rt) : PMM_OK;
  }
  *figure = counting.taken;
  for (size_t i = 0; i < count; i++) {
    ops->xrelease(rt, held[i]);
    held[i] = NULL;
  }
  (void)ops->arena_set(rt, &counting.below);
  return status;
}

const struct exhibit exhibits[] = {
    {"garbage_waits", garbage_waits, {"gc_callbacks"}},
    {"rarer_and_rarer", rarer_and_rarer, {"gc_callbacks", "gc_gen"}},
    {"tuples_stay_tracked", tuples_stay_tracked, {"list", "tuple", "gc"}},
    {"quadratic", quadratic, {"gc_callbacks", "gc_gen", "list"}},
    {"not_seen_again", not_seen_again, {"dict", "list", "gc_track"}},
    {"dict_stays_large", dict_stays_large, {"dict", "sizeof"}},
    {"literal_has_spare", literal_has_spare, {"list", "tuple", "sizeof"}},
    {"list_has_no_padding", list_has_no_padding, {"list", "tuple", "sizeof"}},
    {"tuples_pile_up", tuples_pile_up, {"tuple"}},
    {"arena_comes_and_goes", arena_comes_and_goes, {"arena_hook", "tuple"}},
    {0},
};
