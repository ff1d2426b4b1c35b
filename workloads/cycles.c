/* SPDX-License-Identifier: MIT */
/*
 * cycles.c - cycles built and dropped, with the collector on and off.
 *
 *   selves   an object that refers to itself
 *   pairs    two that refer to each other
 *   rings    `ring` objects in a circle
 *
 * With the collector off all of it is garbage that waits for the collection
 * at the end; with it on, some waits between collections, and the most that
 * ever waited is recorded.  At the end every object must have been freed:
 * their deallocation events add up their numbers, and that sum is known.
 *
 * Source: articles 1 and 2 (circular references); python/cycles.py is the
 * same job in Python.
 */
#include "workload.h"

#include <inttypes.h>
#include <string.h>

enum { COLLECTOR_ON = 1 << 16 }; /* the rest of `option` is the ring's size  */

/** What building saw. */
struct building {
  pmm_obj *type;
  int64_t made;          /* objects; their cookies are 0..made-1            */
  uint64_t garbage_most; /* objects that waited at one time                 */
};

static int64_t ring_size(const struct pmm_work *work) {
  int64_t size = work->variant->option & ~(int64_t)COLLECTOR_ON;
  return size != 0 ? size : pmm_work_integer(work, "ring");
}

static uint64_t waiting(const struct pmm_work *work,
                        const struct building *building) {
  struct pmm_work_events dead =
      pmm_work_events(work, PMM_EVENT_DEALLOCATED);
  return (uint64_t)building->made - dead.count;
}

/** Close the ring `first` ... `last`; both borrowed. */
static enum pmm_status link_to(struct pmm_work *work, pmm_obj *last,
                               pmm_obj *first) {
  return work->ops->slot_set(work->rt, last, 0, first);
}

/** Make a ring of `size` objects and lose it. */
static enum pmm_status drop_ring(struct pmm_work *work,
                                 struct building *building, int64_t size) {
  const struct pmm_ops *ops = work->ops;
  pmm_obj *first =
      ops->instance_new(work->rt, building->type, building->made);
  if (first == NULL) {
    return ops->error(work->rt);
  }
  building->made++;
  pmm_obj *last = first; /* owned by its predecessor, the first by us       */
  enum pmm_status status = PMM_OK;
  for (int64_t i = 1; i < size && status == PMM_OK; i++) {
    pmm_obj *node =
        ops->instance_new(work->rt, building->type, building->made);
    if (node == NULL) {
      status = ops->error(work->rt);
      break;
    }
    building->made++;
    status = link_to(work, last, node);
    ops->release(work->rt, node);
    last = node;
  }
  if (status == PMM_OK) {
    status = link_to(work, last, first);
  }
  ops->release(work->rt, first);
  return status;
}

static enum pmm_status build(struct pmm_work *work,
                             struct building *building) {
  int64_t size = ring_size(work);
  int64_t rings = pmm_work_integer(work, "items") / size;
  pmm_work_expect(work, (uint64_t)rings);
  for (int64_t i = 0; i < rings; i++) {
    enum pmm_status status = drop_ring(work, building, size);
    if (status != PMM_OK) {
      return status;
    }
    uint64_t now = waiting(work, building);
    if (now > building->garbage_most) {
      building->garbage_most = now;
    }
    pmm_work_tick(work);
  }
  return PMM_OK;
}

/** Collections and pauses so far, over all generations. */
static struct pmm_gc_stats statistics(struct pmm_work *work) {
  struct pmm_gc_stats sum = {.struct_size = sizeof sum};
  for (int i = 0; i < 3; i++) {
    struct pmm_gc_stats one = {.struct_size = sizeof one};
    if (work->ops->gc_stats == NULL ||
        work->ops->gc_stats(work->rt, i, &one) != PMM_OK) {
      work->ops->error_clear(work->rt);
      sum.collections = sum.pause_ns = sum.max_pause_ns = PMM_UNKNOWN;
      return sum;
    }
    sum.collections += one.collections;
    sum.pause_ns = one.pause_ns == PMM_UNKNOWN ? PMM_UNKNOWN
                                               : sum.pause_ns + one.pause_ns;
    if (one.max_pause_ns > sum.max_pause_ns) {
      sum.max_pause_ns = one.max_pause_ns;
    }
  }
  return sum;
}

static uint64_t since(uint64_t before, uint64_t after) {
  return after == PMM_UNKNOWN || before == PMM_UNKNOWN ? PMM_UNKNOWN
                                                       : after - before;
}

/** A full collection, and what the collector's log says of it.  The log is on
 *  for this one alone: a subject may note a run at some cost. */
static enum pmm_status collect_all(struct pmm_work *work,
                                   uint64_t *unreachable) {
  const struct pmm_ops *ops = work->ops;
  struct pmm_gc_run run;
  memset(&run, 0xff, sizeof run); /* PMM_UNKNOWN */
  if (ops->gc_log_start != NULL && ops->gc_log_start(work->rt) != PMM_OK) {
    return ops->error(work->rt);
  }
  enum pmm_status status = ops->collect(work->rt, 2, unreachable);
  if (ops->gc_log_start != NULL) {
    ops->gc_log_stop(work->rt);
    (void)ops->gc_log_read(work->rt, &run, 1);
  }
  if (status != PMM_OK) {
    return status;
  }
  pmm_work_figure(work, "full_pause_ns", run.pause_ns, "ns", 0);
  pmm_work_figure(work, "full_unreachable", *unreachable, "objects", 0);
  pmm_work_figure(work, "full_traversed", run.traversed, "objects", 1);
  pmm_work_figure(work, "full_freed", run.freed, "objects", 1);
  pmm_work_figure(work, "full_garbage_left", run.garbage_left, "objects", 1);
  return PMM_OK;
}

/** Collect what is left, and verify that every object has gone. */
static enum pmm_status collect_rest(struct pmm_work *work,
                                    const struct building *building) {
  uint64_t unreachable = 0;
  struct pmm_gc_stats before = statistics(work);
  pmm_work_phase(work, "collect");
  enum pmm_status status = collect_all(work, &unreachable);
  if (status != PMM_OK) {
    return status;
  }
  struct pmm_gc_stats after = statistics(work);
  pmm_work_figure(work, "full_collections",
                  since(before.collections, after.collections), "collections",
                  1);
  struct pmm_work_events dead = pmm_work_events(work, PMM_EVENT_DEALLOCATED);
  int64_t made = building->made;
  pmm_work_verify(work,
                  dead.count == (uint64_t)made &&
                      dead.cookies == made * (made - 1) / 2,
                  "%" PRIu64 " freed, sum %" PRId64, dead.count, dead.cookies);
  return PMM_OK;
}

static enum pmm_status build_and_report(struct pmm_work *work,
                                        struct building *building) {
  int on = (work->variant->option & COLLECTOR_ON) != 0;
  struct pmm_gc_stats before = statistics(work);
  work->ops->gc_enable(work->rt, on);
  enum pmm_status status = build(work, building);
  if (status != PMM_OK) {
    return status;
  }
  struct pmm_gc_stats after = statistics(work);
  pmm_work_note(work, "built");
  pmm_work_figure(work, "objects_made", (uint64_t)building->made, "objects",
                  1);
  pmm_work_figure(work, "garbage_left", waiting(work, building), "objects", 1);
  pmm_work_figure(work, "automatic_garbage_most", building->garbage_most,
                  "objects", 1);
  pmm_work_figure(work, "automatic_collections",
                  since(before.collections, after.collections), "collections",
                  1);
  pmm_work_figure(work, "automatic_pause_ns",
                  since(before.pause_ns, after.pause_ns), "ns", 0);
  pmm_work_figure(work, "automatic_pause_most_ns", after.max_pause_ns, "ns",
                  0);
  return collect_rest(work, building);
}

static enum pmm_status run(struct pmm_work *work) {
  static const struct pmm_type_spec node = {
      .struct_size = sizeof node,
      .name = "node",
      .slots = 1,
      .flags = PMM_TYPE_GC,
  };
  struct building building = {.type = NULL};
  pmm_work_phase(work, "build");
  building.type = work->ops->type_new(work->rt, &node);
  if (building.type == NULL) {
    return work->ops->error(work->rt);
  }
  enum pmm_status status = build_and_report(work, &building);
  pmm_work_phase(work, "release");
  work->ops->release(work->rt, building.type);
  return status;
}

static const struct pmm_work_parameter parameters[] = {
    {"items", "objects", "objects to build", NULL, 100000, 10, 10000000},
    {"ring", "objects", "objects of a ring", NULL, 10, 2, 1000},
    {0},
};

static const struct pmm_work_variant variants[] = {
    {"selves_on", "self-references, collected as they come", {"gc"}, run,
     1 | COLLECTOR_ON},
    {"selves_off", "self-references, collector off", {"gc"}, run, 1},
    {"pairs_on", "pairs, collected as they come", {"gc"}, run,
     2 | COLLECTOR_ON},
    {"pairs_off", "pairs, collector off", {"gc"}, run, 2},
    {"rings_on", "rings, collected as they come", {"gc"}, run, COLLECTOR_ON},
    {"rings_off", "rings, collector off", {"gc"}, run, 0},
    {0},
};

const struct pmm_workload pmm_workload_cycles = {
    .name = "cycles",
    .summary = "cycles built and dropped, collector on and off",
    .source = "articles 1 and 2: circular references",
    .title = "Reference cycles",
    .question = "How much garbage accumulates with the collector on and off?",
    .small = "items=10000",
    .parameters = parameters,
    .variants = variants,
};
