/* SPDX-License-Identifier: MIT */
/*
 * test_verify.c - a heap that is not whole is told of: when somebody asks, and
 * between the phases of a collection in a checked runtime or a checked build.
 */
#include "core/tracked.h"
#include "tests/gc/lab.h"

static struct lab lab;

static pmm_rt *open_with(uint32_t flags) {
  struct pmm_host host = {sizeof host, &lab, lab_hear};
  struct pmm_open_config config = {.struct_size = sizeof config,
                                   .backend = lab_backend,
                                   .host = &host,
                                   .flags = flags};
  pmm_rt *rt = NULL;
  lab.count = 0;
  tap_need(pmmi_open(&config, &rt) == PMM_OK);
  return rt;
}

/* A list whose item seems to be dead during a collection; 1 when that was
 * told of. */
static int tells(uint32_t flags) {
  pmm_rt *rt = open_with(flags);
  pmm_obj *list = pmmi_list_new(rt, 0);
  pmm_obj *item = pmmi_float_new(rt, 2.5);
  (void)pmmi_list_append(rt, list, item);
  item->refcnt = 0;
  (void)lab_collect(rt);
  item->refcnt = 2;
  const char *wrong = pmmi_heap_verify(rt);
  int told = wrong != NULL && lab_times(&lab, PMM_EVENT_FAULT, -1) > 0;
  pmmi_gc_of(rt)->fault = NULL;
  pmmi_release(rt, item);
  pmmi_release(rt, list);
  pmmi_close(rt);
  return told;
}

static void test_between_phases(void) {
  tap_ok(tells(PMM_OPEN_CHECKED), "a checked runtime looks between phases");
  tap_ok(tells(0) == PMMI_CHECKED, "so does a checked build, and no other");
}

/* Each fault is planted, seen and taken back. */
static void test_what_is_seen(void) {
  pmm_rt *rt = open_with(0);
  pmm_obj *list = pmmi_list_new(rt, 0);
  pmm_obj *other = pmmi_list_new(rt, 0);
  (void)pmmi_list_append(rt, list, other);
  (void)pmmi_list_append(rt, list, other);
  tap_ok(pmmi_heap_verify(rt) == NULL, "a sound heap");
  other->refcnt = 1;
  tap_ok(pmmi_heap_verify(rt) != NULL, "fewer owners than references");
  other->refcnt = 3;
  uint32_t *mark =
      pmmi_gc_mark_at(pmmi_tracked_of(rt), pmmi_gc_head_of(list)->slot);
  *mark = 1;
  tap_ok(pmmi_heap_verify(rt) != NULL, "a mark that was left behind");
  *mark = 0;
  pmmi_gc_head_of(list)->slot++;
  tap_ok(pmmi_heap_verify(rt) != NULL, "an object that misses its slot");
  pmmi_gc_head_of(list)->slot--;
  pmmi_dealloc_of(rt)->chain = list;
  tap_ok(pmmi_heap_verify(rt) != NULL, "a chain that nobody drains");
  pmmi_dealloc_of(rt)->chain = NULL;
  tap_ok(pmmi_heap_verify(rt) == NULL, "sound again");
  pmmi_release(rt, other);
  pmmi_release(rt, list);
  pmmi_close(rt);
}

/* Give `field` the value for as long as the heap is looked at. */
#define BROKEN(field, value, sentence)                          \
  do {                                                          \
    __typeof__(field) kept_value = (field);                     \
    (field) = (value);                                          \
    const char *wrong = pmmi_heap_verify(rt);                   \
    (field) = kept_value;                                       \
    tap_ok(wrong != NULL && strcmp(wrong, (sentence)) == 0,     \
           "%s (%s)", (sentence), wrong != NULL ? wrong : "sound"); \
  } while (0)

/* Every sentence of the table's own check. */
static void test_table(void) {
  static const char order[] = "the generations' boundaries are out of order";
  static const char room[] = "the table has less room than live objects";
  pmm_rt *rt = open_with(0);
  struct pmmi_tracked *table = pmmi_tracked_of(rt);
  pmm_obj *first = pmmi_list_new(rt, 0);
  pmm_obj *last = pmmi_list_new(rt, 0);
  pmm_obj *atom = pmmi_float_new(rt, 2.5);
  uint32_t slot = pmmi_gc_head_of(last)->slot;
  pmm_obj **behind = pmmi_gc_object_at(table, table->used);
  uint32_t *mark_behind = pmmi_gc_mark_at(table, table->used);
  BROKEN(table->frozen_end, table->old_end + 1, order);
  BROKEN(table->old_end, table->middle_end + 1, order);
  BROKEN(table->middle_end, table->used + 1, order);
  BROKEN(table->used, pmmi_gc_room(table) + 1, room);
  BROKEN(table->live, pmmi_gc_room(table) + 1, room);
  BROKEN(table->count, table->count + 1, "the count of tracked is wrong");
  BROKEN(*pmmi_gc_mark_at(table, slot), 1, "a mark is set between collections");
  BROKEN(*pmmi_gc_object_at(table, slot), atom,
         "a tracked object has no collector header");
  BROKEN(*pmmi_gc_object_at(table, slot), first,
         "a tracked object's head names another slot");
  BROKEN(last->refcnt, 0, "a tracked object has no reference");
  *mark_behind = 1;
  tap_ok(pmmi_gc_table_check(table, 0) != NULL, "a hole is marked");
  *mark_behind = 0;
  *behind = last;
  pmmi_gc_head_of(last)->slot = table->used;
  tap_ok(pmmi_gc_table_check(table, 1) != NULL, "an object behind the end");
  *behind = NULL;
  pmmi_gc_head_of(last)->slot = slot;
  tap_ok(pmmi_heap_verify(rt) == NULL, "sound again");
  pmmi_release(rt, atom);
  pmmi_release(rt, last);
  pmmi_release(rt, first);
  pmmi_close(rt);
}

int main(int argc, char **argv) {
  lab_start(argc, argv);
  test_between_phases();
  test_what_is_seen();
  test_table();
  return tap_done();
}
