/* SPDX-License-Identifier: MIT */
/* ledger.c - see ledger.h. */
#include "ledger.h"

#include <assert.h>
#include <stdlib.h>
#include <time.h>

#include "host.h"

/* ---- who hears ----------------------------------------------------------- */

static enum pmm_status died(void *ctx, pmm_rt *rt, pmm_obj *self) {
  struct ledger *ledger = ctx;
  (void)rt;
  (void)self;
  ledger->dead++;
  return PMM_OK;
}

static enum pmm_status counted(void *ctx, pmm_rt *rt,
                               const struct pmm_gc_info *info) {
  struct ledger *ledger = ctx;
  (void)rt;
  assert(info->generation >= 0 && info->generation < LEDGER_GENERATIONS);
  if (info->stop) {
    ledger->generations[info->generation].collections++;
    ledger->generations[info->generation].collected += info->collected;
    ledger->found += info->collected;
    ledger->apart += ledger->found != ledger->dead;
  }
  return PMM_OK;
}

/* CPU time of the thread: what else the machine does is in no pause. */
static uint64_t thread_ns(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static enum pmm_status timed(void *ctx, pmm_rt *rt,
                             const struct pmm_gc_info *info) {
  struct ledger *ledger = ctx;
  (void)rt;
  if (info->stop) {
    ledger->pause_ns += thread_ns() - ledger->began_ns;
  } else {
    ledger->began_ns = thread_ns();
  }
  return PMM_OK;
}

/** Take over what the log has of slices, which call nobody. */
static void read_slices(struct ledger *ledger) {
  struct pmm_gc_run runs[PMM_GC_LOG_RUNS];
  uint64_t count = ledger->ops->gc_log_read(ledger->rt, runs, 0);
  if (count == ledger->runs) {
    return;
  }
  uint64_t fresh = count - ledger->runs;
  fresh = fresh < PMM_GC_LOG_RUNS ? fresh : PMM_GC_LOG_RUNS;
  (void)ledger->ops->gc_log_read(ledger->rt, runs, (size_t)fresh);
  for (uint64_t i = 0; i < fresh; i++) {
    if (runs[i].reason == PMM_GC_SLICE) {
      ledger->sliced += runs[i].traversed;
      ledger->pause_ns += runs[i].pause_ns;
      ledger->slices++;
    }
  }
  ledger->runs = count;
}

/* ---- making -------------------------------------------------------------- */

static enum pmm_status make_one(struct ledger *ledger, uint64_t number) {
  const struct pmm_ops *ops = ledger->ops;
  pmm_obj **place = &ledger->ring[number % ledger->asked->window];
  pmm_obj *one = ops->instance_new(ledger->rt, ledger->type, (int64_t)number);
  if (one == NULL) {
    return ops->error(ledger->rt);
  }
  enum pmm_status status = ops->slot_set(ledger->rt, one, 0, one);
  pmm_obj *old = *place;
  *place = one;
  ops->xrelease(ledger->rt, old);
  ledger->inside += old == NULL;
  return status;
}

static enum pmm_status hold_lists(struct ledger *ledger) {
  const struct pmm_ops *ops = ledger->ops;
  ledger->held = ops->list_new(ledger->rt, 0);
  enum pmm_status status =
      ledger->held == NULL ? ops->error(ledger->rt) : PMM_OK;
  for (uint64_t i = 0; i < ledger->asked->live && status == PMM_OK; i++) {
    pmm_obj *one = ops->list_new(ledger->rt, 0);
    status = one == NULL ? ops->error(ledger->rt)
                         : ops->list_append(ledger->rt, ledger->held, one);
    ops->xrelease(ledger->rt, one);
  }
  return status;
}

/** Make the type, what lives, and room for what is noted. */
static enum pmm_status begin(struct ledger *ledger, int heard) {
  const struct pmm_type_spec node = {.struct_size = sizeof node,
                                     .name = "node",
                                     .slots = 1,
                                     .flags = PMM_TYPE_GC,
                                     .finalizer = heard ? died : NULL,
                                     .ctx = ledger};
  const struct ledger_asked *asked = ledger->asked;
  ledger->ring = calloc(asked->window, sizeof *ledger->ring);
  ledger->waits = calloc(asked->made, sizeof *ledger->waits);
  ledger->pauses_ns = calloc(LEDGER_PAUSES, sizeof *ledger->pauses_ns);
  if (ledger->ring == NULL || ledger->waits == NULL ||
      ledger->pauses_ns == NULL) {
    return PMM_NO_MEMORY;
  }
  ledger->type = ledger->ops->type_new(ledger->rt, &node);
  enum pmm_status status =
      ledger->type == NULL ? ledger->ops->error(ledger->rt) : PMM_OK;
  return status == PMM_OK ? hold_lists(ledger) : status;
}

/** Give all of it back; `ring` is empty behind it. */
static void drop_ring(struct ledger *ledger) {
  for (uint64_t i = 0; ledger->ring != NULL && i < ledger->asked->window;
       i++) {
    ledger->ops->xrelease(ledger->rt, ledger->ring[i]);
    ledger->ring[i] = NULL;
  }
}

static void end(struct ledger *ledger) {
  drop_ring(ledger);
  ledger->ops->xrelease(ledger->rt, ledger->held);
  ledger->ops->xrelease(ledger->rt, ledger->type);
  free(ledger->ring);
  free(ledger->waits);
  free(ledger->pauses_ns);
}

/* ---- counting ------------------------------------------------------------ */

static int is_less(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a;
  uint32_t y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

/** Every tracked object; PMM_UNKNOWN with the error pending. */
static uint64_t tracked(const struct ledger *ledger) {
  size_t count = 0;
  pmm_obj *all = ledger->ops->gc_objects(ledger->rt, -1);
  if (all == NULL ||
      ledger->ops->length(ledger->rt, all, &count) != PMM_OK) {
    return PMM_UNKNOWN;
  }
  ledger->ops->release(ledger->rt, all);
  return count;
}

/** Objects that a generation's collections have examined since open. */
static uint64_t visited(const struct ledger *ledger, int generation) {
  struct pmm_gc_stats stats = {.struct_size = sizeof stats};
  return ledger->ops->gc_stats(ledger->rt, generation, &stats) == PMM_OK
             ? stats.visited
             : 0;
}

static enum pmm_status churn_counted(struct ledger *ledger) {
  const struct pmm_ops *ops = ledger->ops;
  uint64_t before[LEDGER_GENERATIONS];
  for (int i = 0; i < LEDGER_GENERATIONS; i++) {
    before[i] = visited(ledger, i);
  }
  enum pmm_status status = ops->gc_callback_add(ledger->rt, counted, ledger);
  if (status == PMM_OK) {
    status = ops->gc_log_start(ledger->rt);
  }
  for (uint64_t i = 0; i < ledger->asked->made && status == PMM_OK; i++) {
    status = make_one(ledger, i);
    read_slices(ledger);
    ledger->waits[i] = (uint32_t)(i + 1 - ledger->dead - ledger->inside);
  }
  ops->gc_enable(ledger->rt, 0);
  ops->gc_log_stop(ledger->rt);
  (void)ops->gc_callback_remove(ledger->rt, counted, ledger);
  for (int i = 0; i < LEDGER_GENERATIONS; i++) {
    ledger->generations[i].candidates = visited(ledger, i) - before[i];
  }
  ledger->generations[LEDGER_GENERATIONS - 1].candidates += ledger->sliced;
  return status;
}

/* ---- the document -------------------------------------------------------- */

static json_t *whole(uint64_t value) {
  return value > INT64_MAX ? json_null() : json_integer((json_int_t)value);
}

static json_t *column(const struct ledger *ledger, size_t offset) {
  json_t *made = json_array();
  for (int i = 0; i < LEDGER_GENERATIONS; i++) {
    const char *row = (const char *)&ledger->generations[i];
    (void)json_array_append_new(
        made, whole(*(const uint64_t *)(const void *)(row + offset)));
  }
  return made;
}

static json_t *curve(const struct ledger *ledger) {
  json_t *made = json_array();
  for (uint64_t i = LEDGER_STEP - 1; i < ledger->asked->made;
       i += LEDGER_STEP) {
    (void)json_array_append_new(made, whole(ledger->waits[i]));
  }
  return made;
}

static json_t *thresholds(const struct ledger *ledger) {
  uint64_t values[LEDGER_GENERATIONS];
  ledger->ops->gc_thresholds(ledger->rt, values);
  return json_pack("[o,o,o]", whole(values[0]), whole(values[1]),
                   whole(values[2]));
}

/** What was counted; sorts `waits`. */
static json_t *count_json(struct ledger *ledger, uint64_t there) {
  uint64_t made = ledger->asked->made;
  json_t *points = curve(ledger);
  qsort(ledger->waits, made, sizeof *ledger->waits, is_less);
  uint64_t at = (made * 95 + 99) / 100;
  uint64_t left = made - ledger->dead - ledger->inside;
  return json_pack(
      "{so,so,so,so,so,so,so,so,so,so,so,so,so}", "thresholds",
      thresholds(ledger), "collections",
      column(ledger, offsetof(struct ledger_generation, collections)),
      "collected",
      column(ledger, offsetof(struct ledger_generation, collected)),
      "candidates",
      column(ledger, offsetof(struct ledger_generation, candidates)), "slices",
      whole(ledger->slices), "left", whole(left), "by_callbacks",
      whole(made - ledger->found - ledger->inside), "by_enumeration",
      whole(there), "apart", whole(ledger->apart), "curve", points, "most",
      whole(ledger->waits[made - 1]), "p95", whole(ledger->waits[at - 1]),
      "held", whole(ledger->asked->live));
}

/* ---- which values are tracked -------------------------------------------- */

static pmm_obj *list_of(struct ledger *ledger, pmm_obj *item) {
  return ledger->ops->list_from(ledger->rt, &item, item != NULL);
}

/** {key: value} */
static pmm_obj *dict_of(struct ledger *ledger, pmm_obj *key, pmm_obj *value) {
  pmm_obj *made = ledger->ops->dict_new(ledger->rt);
  if (made != NULL && key != NULL) {
    (void)ledger->ops->dict_set(ledger->rt, made, key, value);
  }
  return made;
}

/** Whether it is tracked after a full collection, under that name; it goes. */
static void note_kind(struct ledger *ledger, json_t *kinds, const char *name,
                      pmm_obj *value) {
  uint64_t found = 0;
  if (value == NULL) {
    ledger->ops->error_clear(ledger->rt);
    return;
  }
  (void)ledger->ops->collect(ledger->rt, 2, &found);
  (void)json_object_set_new(
      kinds, name,
      json_boolean(ledger->ops->gc_is_tracked(ledger->rt, value)));
  ledger->ops->release(ledger->rt, value);
}

static json_t *kinds_json(struct ledger *ledger) {
  const struct pmm_ops *ops = ledger->ops;
  pmm_rt *rt = ledger->rt;
  json_t *kinds = json_object();
  pmm_obj *number = ops->int_new(rt, 1000);
  pmm_obj *list = list_of(ledger, NULL);
  pmm_obj *numbers = list_of(ledger, number);
  if (number != NULL && list != NULL && numbers != NULL) {
    note_kind(ledger, kinds, "list", list_of(ledger, NULL));
    note_kind(ledger, kinds, "dict", dict_of(ledger, NULL, NULL));
    note_kind(ledger, kinds, "dict of ints",
              dict_of(ledger, number, number));
    note_kind(ledger, kinds, "dict of lists", dict_of(ledger, number, list));
    note_kind(ledger, kinds, "tuple of ints", ops->tuple_from(rt, &number, 1));
    note_kind(ledger, kinds, "tuple of lists", ops->tuple_from(rt, &list, 1));
    note_kind(ledger, kinds, "set of ints", ops->set_new(rt, numbers));
    note_kind(ledger, kinds, "frozenset of ints",
              ops->frozenset_new(rt, numbers));
    note_kind(ledger, kinds, "instance",
              ops->instance_new(rt, ledger->type, -1));
  }
  ops->xrelease(rt, numbers);
  ops->xrelease(rt, list);
  ops->xrelease(rt, number);
  return kinds;
}

/* ---- the two runs -------------------------------------------------------- */

/** A pause that no slice of a collection reaches: then work alone ends it, and
 *  two runs count the same. */
#define LONG_NS UINT64_C(3600000000000)

json_t *ledger_count(struct ledger *ledger) {
  json_t *made = NULL;
  uint64_t found = 0;
  enum pmm_status status = begin(ledger, 1);
  if (status == PMM_OK && ledger->ops->gc_set_budget != NULL) {
    status = ledger->ops->gc_set_budget(ledger->rt, LONG_NS);
  }
  if (status == PMM_OK) {
    status = ledger->ops->collect(ledger->rt, 2, &found);
  }
  uint64_t before = status == PMM_OK ? tracked(ledger) : PMM_UNKNOWN;
  if (before != PMM_UNKNOWN && churn_counted(ledger) == PMM_OK) {
    uint64_t now = tracked(ledger);
    made = count_json(ledger, now - before - ledger->inside);
    (void)ledger->ops->collect(ledger->rt, 2, &found);
    (void)json_object_set_new(
        made, "never",
        whole(ledger->asked->made - ledger->dead - ledger->inside));
    (void)json_object_set_new(made, "kinds", kinds_json(ledger));
  }
  end(ledger);
  return made;
}

static enum pmm_status churn_timed(struct ledger *ledger,
                                   uint64_t *elapsed_ns) {
  const struct pmm_ops *ops = ledger->ops;
  enum pmm_status status = ops->gc_callback_add(ledger->rt, timed, ledger);
  if (status == PMM_OK) {
    status = ops->gc_log_start(ledger->rt);
  }
  uint64_t start_ns = thread_ns();
  for (uint64_t i = 0; i < ledger->asked->made && status == PMM_OK; i++) {
    status = make_one(ledger, i);
    read_slices(ledger);
    if (ledger->pause_ns > 0) { /* all that one step waited for             */
      ledger->pauses_ns[ledger->pause_count++ % LEDGER_PAUSES] =
          ledger->pause_ns;
      ledger->pause_ns = 0;
    }
  }
  *elapsed_ns = thread_ns() - start_ns;
  ops->gc_log_stop(ledger->rt);
  (void)ops->gc_callback_remove(ledger->rt, timed, ledger);
  return status;
}

json_t *ledger_time(struct ledger *ledger) {
  json_t *pauses = json_array();
  uint64_t elapsed_ns = 0;
  uint64_t found = 0;
  enum pmm_status status = begin(ledger, 0);
  if (status == PMM_OK) {
    status = ledger->ops->collect(ledger->rt, 2, &found);
  }
  if (status == PMM_OK) {
    status = churn_timed(ledger, &elapsed_ns);
  }
  uint64_t peak = pmmi_host_peak_rss_bytes();
  for (uint64_t i = 0; i < ledger->pause_count && i < LEDGER_PAUSES; i++) {
    (void)json_array_append_new(pauses, whole(ledger->pauses_ns[i]));
  }
  end(ledger);
  if (status != PMM_OK) {
    json_decref(pauses);
    return NULL;
  }
  return json_pack("{so,so,so,ss,so}", "pauses_ns", pauses, "program_ns",
                   whole(elapsed_ns), "peak_bytes", whole(peak), "clock",
                   "thread", "held", whole(ledger->asked->live));
}
