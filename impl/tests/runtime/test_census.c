/* SPDX-License-Identifier: MIT */
/*
 * test_census.c - counting what lives, and comparing snapshots.
 *
 * A census of one of each type of object adds up to the runtime's own counter
 * of bytes, to the byte: so size_of() is exact for every type, too.
 */
#include "tests/code/lab.h"

#include "code/chunks.h"
#include "memory/trace.h"
#include "runtime/census.h"
#include "types/buffer.h"
#include "types/copy.h"
#include "types/dict.h"
#include "types/finalizer.h"
#include "types/iter.h"
#include "types/set.h"
#include "types/sparse.h"
#include "types/weakmap.h"
#include "types/weakref.h"

#define LINES_MOST 64

/** The lines of a census. */
struct taken {
  struct pmm_census lines[LINES_MOST];
  char names[LINES_MOST][32];
  size_t count;
  uint64_t objects; /* sum                                                  */
  uint64_t bytes;   /* sum of the known                                     */
  int ranked;       /* 1: by bytes                                          */
};

static void note(void *ctx, const struct pmm_census *row) {
  struct taken *taken = ctx;
  if (taken->count == LINES_MOST) {
    return;
  }
  struct pmm_census *line = &taken->lines[taken->count];
  char *name = taken->names[taken->count];
  snprintf(name, sizeof taken->names[0], "%s", row->type);
  *line = *row;
  line->type = name;
  if (row->bytes != PMM_UNKNOWN) {
    taken->ranked &= taken->count == 0 || line[-1].bytes >= row->bytes;
    taken->bytes += row->bytes;
  }
  taken->objects += row->count;
  taken->count++;
}

static enum pmm_status take(pmm_rt *rt, struct taken *taken) {
  memset(taken, 0, sizeof *taken);
  taken->ranked = 1;
  return pmmi_census(rt, note, taken);
}

static struct pmm_census line_of(const struct taken *taken, const char *type) {
  for (size_t i = 0; i < taken->count; i++) {
    if (strcmp(taken->lines[i].type, type) == 0) {
      return taken->lines[i];
    }
  }
  return (struct pmm_census){.type = type};
}

static struct pmm_memory figures(pmm_rt *rt) {
  struct pmm_memory memory = {.struct_size = sizeof memory};
  pmmi_caches_flush(rt);
  pmmi_memory(rt, &memory);
  return memory;
}

/* ---- one of each -------------------------------------------------------- */

#define KINDS_MOST 64

/** Objects that a test owns. */
struct zoo {
  pmm_obj *o[KINDS_MOST];
  size_t count;
};

static void put(struct zoo *zoo, pmm_obj *o) {
  if (zoo->count < KINDS_MOST) {
    zoo->o[zoo->count++] = o;
  }
}

static pmm_obj *latest(const struct zoo *zoo) {
  return zoo->o[zoo->count - 1];
}

static void add_atoms(pmm_rt *rt, struct zoo *zoo) {
  put(zoo, pmmi_int_new(rt, INT64_C(1) << 62));
  put(zoo, pmmi_float_new(rt, 1.5));
  put(zoo, pmmi_str_new(rt, "not short", 9));
  put(zoo, pmmi_str_new(rt, "\xc3\xa9t\xc3\xa9s", 7));
  size_t size;
  (void)pmmi_str_utf8(rt, latest(zoo), &size); /* cached in the object     */
  put(zoo, pmmi_bytes_new(rt, "some bytes", 10));
  put(zoo, pmmi_bytearray_new(rt, 100));
  put(zoo, pmmi_array_new(rt, PMM_ITEM_DOUBLE, 50));
  put(zoo, pmmi_view_new(rt, latest(zoo), 0, 8));
  put(zoo, pmmi_sparse_new(rt, 1000));
  for (size_t i = 0; i < 20; i++) {
    (void)pmmi_sparse_set(rt, latest(zoo), 3 * i, 0.5);
  }
  const struct pmm_triple triples[] = {{0, 1, 1.0}, {2, 2, 3.0}, {0, 1, 4.0}};
  put(zoo, pmmi_csr_new(rt, 3, 3, triples, 3));
}

static void add_containers(pmm_rt *rt, struct zoo *zoo) {
  pmm_obj *word = zoo->o[2];
  put(zoo, pmmi_tuple_from(rt, &word, 1)); /* of atoms                       */
  put(zoo, pmmi_list_new(rt, 0));
  for (int i = 0; i < 5; i++) { /* room for more than there is              */
    (void)pmmi_list_append(rt, latest(zoo), word);
  }
  pmm_obj *list = latest(zoo);
  put(zoo, pmmi_iter(rt, list));
  put(zoo, pmmi_tee(rt, latest(zoo)));
  put(zoo, pmmi_chunks(rt, list, 2));
  pmmi_xrelease(rt, pmmi_next(rt, latest(zoo)));
  put(zoo, pmmi_dict_new(rt));
  (void)pmmi_dict_set(rt, latest(zoo), word, word); /* not tracked           */
  put(zoo, pmmi_dict_new(rt));
  (void)pmmi_dict_set(rt, latest(zoo), word, list); /* tracked               */
  put(zoo, pmmi_iter(rt, latest(zoo)));
  put(zoo, pmmi_set_new(rt, list));
  put(zoo, pmmi_frozenset_new(rt, list));
  put(zoo, pmmi_iter(rt, latest(zoo)));
  pmm_obj *many = pmmi_set_new(rt, NULL);
  for (int64_t i = 0; many != NULL && i < 40; i++) { /* with a table         */
    (void)pmmi_set_add(rt, many, pmmi_int_new(rt, i));
  }
  put(zoo, many);
}

static enum pmm_status leave(void *ctx, pmm_rt *rt, pmm_obj *arg) {
  (void)ctx;
  (void)rt;
  (void)arg;
  return PMM_OK;
}

/** A type and an instance of it with an attribute. */
static void add_instances(pmm_rt *rt, struct zoo *zoo, uint32_t flags) {
  struct pmm_type_spec spec = {.struct_size = sizeof spec,
                               .name = "probe",
                               .slots = 3,
                               .flags = flags | PMM_TYPE_DICT |
                                        PMM_TYPE_WEAKREF};
  put(zoo, pmmi_type_new(rt, &spec));
  pmm_obj *o = pmmi_instance_new(rt, latest(zoo), 1);
  put(zoo, o);
  (void)pmmi_attr_set(rt, o, "colour", pmmi_none(rt));
  put(zoo, pmmi_weakref_new(rt, o, NULL, NULL, 0));
  put(zoo, pmmi_proxy_new(rt, o));
  put(zoo, pmmi_finalize_new(rt, o, leave, NULL, 1));
  put(zoo, pmmi_weak_new(rt, PMM_WEAK_KEYS));
  (void)pmmi_weak_set(rt, latest(zoo), o, pmmi_none(rt));
  put(zoo, pmmi_iter(rt, latest(zoo)));
  put(zoo, pmmi_weak_new(rt, PMM_WEAK_SET));
  (void)pmmi_weak_set(rt, latest(zoo), o, NULL);
}

static enum pmm_status call_nothing(void *ctx, pmm_rt *rt, pmm_obj *arg,
                                    pmm_obj **result) {
  (void)ctx;
  (void)rt;
  (void)arg;
  *result = NULL;
  return PMM_OK;
}

static enum pmm_status exit_nothing(void *ctx, pmm_rt *rt,
                                    enum pmm_status error, int *suppress) {
  (void)ctx;
  (void)rt;
  (void)error;
  (void)suppress;
  return PMM_OK;
}

/** A function that shares a cell with the one that made it. */
static pmm_obj *closure(pmm_rt *rt) {
  struct pmm_code inner = CODE(0, 1, RETURN(0));
  const struct pmm_code *const codes[] = {&inner};
  struct pmm_code outer =
      CODE(0, 2, INT(0, 1234567), {PMM_CLOSURE, 1, 0, 0}, RETURN(1));
  inner.captured = 1;
  outer.captured = 1;
  outer.codes = codes;
  outer.code_count = 1;
  return lab_run(rt, &outer, NULL, 0);
}

/** An exception that keeps its frame. */
static pmm_obj *exception(pmm_rt *rt) {
  struct pmm_code code = CODE(0, 2, INT(0, 7), TRY, RAISE(PMM_USER),
                              EXCEPT_AS(1, PMM_USER), RETURN(1), END);
  return lab_run(rt, &code, NULL, 0);
}

static void add_code(pmm_rt *rt, struct zoo *zoo) {
  struct pmm_code code = CODE(0, 1, RANGE(0, 10), YIELD(0), END);
  put(zoo, pmmi_function_new(rt, &code));
  put(zoo, pmmi_generator_new(rt, &code, NULL, 0));
  pmmi_xrelease(rt, pmmi_next(rt, latest(zoo)));
  put(zoo, pmmi_callable_new(rt, call_nothing, NULL));
  put(zoo, pmmi_manager_new(rt, NULL, exit_nothing, NULL, 1));
  put(zoo, pmmi_exit_stack_new(rt));
  (void)pmmi_exit_stack_push(rt, latest(zoo), leave, NULL);
  put(zoo, pmmi_file_open(rt, "/dev/null", "r"));
  put(zoo, pmmi_file_chunks(rt, latest(zoo), 100));
  put(zoo, closure(rt));
  put(zoo, exception(rt));
  pmm_obj *generator = pmmi_generator_new(rt, &code, NULL, 0);
  put(zoo, pmmi_manager_from_generator(rt, generator));
  pmmi_xrelease(rt, generator);
}

static void add_all(pmm_rt *rt, struct zoo *zoo) {
  zoo->count = 0;
  add_atoms(rt, zoo);
  add_containers(rt, zoo);
  add_instances(rt, zoo, PMM_TYPE_GC);
  add_instances(rt, zoo, 0);
  add_code(rt, zoo);
}

static void drop_all(pmm_rt *rt, struct zoo *zoo) {
  while (zoo->count > 0) {
    pmmi_xrelease(rt, zoo->o[--zoo->count]);
  }
}

/* Names of all types but those of shared objects (None, True, False). */
static int has_every_type(const struct taken *taken) {
  static const char *const names[] = {
      "array",     "bytearray",       "bytes",        "callable",
      "cell",      "chunks",          "code",         "csr",
      "dict",      "dict_keyiterator", "exception",   "exit_stack",
      "file",      "file_chunks",     "finalize",     "float",
      "frame",     "frozenset",
      "function",  "generator",       "generator_manager", "int",
      "iterator",  "list",            "manager",      "memoryview",
      "probe",     "set",             "set_iterator", "sparse",
      "str",       "tee",             "tee_cell",     "tuple",
      "type",      "weakmap",         "weakmap_iterator", "weakproxy",
      "weakref"};
  for (size_t i = 0; i < COUNT(names); i++) {
    if (line_of(taken, names[i]).count == 0) {
      printf("# there is no %s\n", names[i]);
      return 0;
    }
  }
  return 1;
}

static int all_there(const struct zoo *zoo) {
  for (size_t i = 0; i < zoo->count; i++) {
    if (zoo->o[i] == NULL) {
      printf("# number %zu could not be made\n", i);
      return 0;
    }
  }
  return 1;
}

static void adds_up(pmm_rt *rt) {
  static struct taken before;
  static struct taken after;
  static struct zoo zoo;
  tap_ok(pmmi_trace_start(rt) == PMM_OK && take(rt, &before) == PMM_OK,
         "a census of nothing");
  struct pmm_memory old = figures(rt);
  add_all(rt, &zoo);
  tap_ok(all_there(&zoo), "one of each type (%zu)", zoo.count);
  struct pmm_memory now = figures(rt);
  tap_ok(take(rt, &after) == PMM_OK && after.ranked, "most bytes first");
  tap_ok(has_every_type(&after), "there is one of each");
  tap_ok(after.objects == now.objects, "it counts every object (%" PRIu64 ")",
         now.objects);
  tap_ok(after.objects - before.objects == now.objects - old.objects &&
             line_of(&after, "").count == line_of(&before, "").count,
         "none that was made since is without a type");
  tap_ok(after.bytes - before.bytes == now.live_bytes - old.live_bytes,
         "and every byte: %" PRIu64 " of %" PRIu64,
         after.bytes - before.bytes, now.live_bytes - old.live_bytes);
  for (size_t i = 0; i < after.count; i++) {
    printf("# %-20s %4" PRId64 " %6" PRId64 "\n", after.lines[i].type,
           (int64_t)after.lines[i].count, (int64_t)after.lines[i].bytes);
  }
  drop_all(rt, &zoo);
  pmmi_trace_stop(rt);
  tap_ok(lab_clean(rt), "nothing stays");
}

/* ---- what is older than the trace --------------------------------------- */

static void older_ones(pmm_rt *rt) {
  static struct taken taken;
  static struct zoo zoo;
  add_all(rt, &zoo);
  (void)take(rt, &taken);
  uint64_t objects = figures(rt).objects;
  uint64_t lists = line_of(&taken, "list").count;
  tap_ok(taken.objects == objects && lists == 2 && /* one is a traceback    */
             line_of(&taken, "probe").count == 1 &&
             line_of(&taken, "").bytes == PMM_UNKNOWN,
         "without a trace: what the runtime lists, and how many more");
  pmmi_trace_start(rt);
  pmm_obj *list = pmmi_list_new(rt, 0);
  (void)take(rt, &taken);
  tap_ok(line_of(&taken, "list").count == lists + 1 &&
             taken.objects == figures(rt).objects,
         "traced and older ones are counted once each");
  pmmi_release(rt, list);
  drop_all(rt, &zoo);
  pmmi_trace_stop(rt);
  tap_ok(lab_clean(rt), "nothing stays");
}

/* Dead ones in a free list and the host's own blocks are no objects. */
static void others_do_not_count(pmm_rt *rt) {
  static struct taken before;
  static struct taken after;
  pmmi_trace_start(rt);
  (void)take(rt, &before);
  for (int i = 0; i < 20; i++) {
    pmmi_xrelease(rt, pmmi_list_new(rt, 0));
    pmmi_xrelease(rt, pmmi_tuple_new(rt, 3));
  }
  void *block = pmmi_domain_calloc(rt, PMM_DOMAIN_OBJ, 1, 64);
  (void)take(rt, &after);
  tap_ok(block != NULL && before.objects == after.objects &&
             before.bytes == after.bytes,
         "kept blocks and blocks of the host are no objects");
  pmmi_domain_free(rt, PMM_DOMAIN_OBJ, block);
  pmmi_trace_stop(rt);
  tap_ok(lab_clean(rt), "nothing stays");
}

static void immortal_and_many(pmm_rt *rt) {
  static struct taken taken;
  static pmm_obj *many[40];
  pmmi_trace_start(rt);
  pmm_obj *o = pmmi_float_new(rt, 2.5);
  o->refcnt = PMMI_IMMORTAL; /* all low bits set, as in a head without slot */
  for (int i = 0; i < 40; i++) { /* more lines than at first                 */
    struct pmm_type_spec spec = {.struct_size = sizeof spec, .name = "many"};
    pmm_obj *type = pmmi_type_new(rt, &spec);
    many[i] = type != NULL ? pmmi_instance_new(rt, type, i) : NULL;
    pmmi_xrelease(rt, type);
  }
  (void)take(rt, &taken);
  tap_ok(line_of(&taken, "float").count == 1, "an immortal object is one");
  tap_ok(taken.objects == figures(rt).objects, "40 types of one name");
  o->refcnt = 1;
  pmmi_release(rt, o);
  for (int i = 0; i < 40; i++) {
    pmmi_xrelease(rt, many[i]);
  }
  pmmi_trace_stop(rt);
  tap_ok(lab_clean(rt), "nothing stays");
}

/* ---- comparing ---------------------------------------------------------- */

static void growth_is_ranked(pmm_rt *rt) {
  struct pmm_growth growth[4];
  void *leaked[100];
  tap_ok(pmmi_trace_keep(rt) == PMM_RUNTIME &&
             lab_status(rt) == PMM_RUNTIME &&
             pmmi_trace_growth(rt, growth, 4) == SIZE_MAX &&
             lab_status(rt) == PMM_RUNTIME,
         "there is nothing to keep or to compare");
  pmmi_trace_start(rt);
  pmmi_site_push(rt, "large.py:1");
  void *large = pmmi_alloc(rt, 500000);
  void *shrinking = pmmi_alloc(rt, 300);
  pmmi_site_push(rt, "same.py:1");
  void *same = pmmi_alloc(rt, 700);
  tap_ok(pmmi_trace_keep(rt) == PMM_OK &&
             pmmi_trace_growth(rt, growth, 4) == 0,
         "nothing has changed");
  pmmi_site_push(rt, "leak.py:7");
  for (int i = 0; i < 100; i++) {
    leaked[i] = pmmi_alloc(rt, 1000);
  }
  pmmi_site_pop(rt);
  pmmi_free(rt, shrinking, 300);
  void *new_same = pmmi_alloc(rt, 700);
  pmmi_free(rt, same, 700);
  pmmi_site_push(rt, "small.py:3");
  void *small = pmmi_alloc(rt, 24);
  tap_ok(pmmi_trace_growth(rt, growth, 4) == 3, "three sites differ");
  tap_ok(strcmp(growth[0].name, "leak.py:7") == 0 &&
             growth[0].blocks == 100 && growth[0].bytes == 100000,
         "the leaking site is first, though another one holds more");
  tap_ok(strcmp(growth[1].name, "small.py:3") == 0 && growth[1].bytes == 24 &&
             strcmp(growth[2].name, "large.py:1") == 0 &&
             growth[2].blocks == -1 && growth[2].bytes == -300,
         "one that shrank is last");
  tap_ok(pmmi_trace_growth(rt, growth, 1) == 3 && growth[0].blocks == 100,
         "a short answer has the first");
  tap_ok(pmmi_trace_keep(rt) == PMM_OK &&
             pmmi_trace_growth(rt, growth, 4) == 0,
         "keeping again takes the place of the first");
  pmmi_free(rt, large, 500000);
  pmmi_free(rt, new_same, 700);
  pmmi_free(rt, small, 24);
  for (int i = 0; i < 100; i++) {
    pmmi_free(rt, leaked[i], 1000);
  }
  pmmi_site_pop(rt);
  pmmi_site_pop(rt);
  pmmi_site_pop(rt);
  pmmi_trace_stop(rt);
  pmmi_trace_start(rt);
  tap_ok(pmmi_trace_growth(rt, growth, 4) == SIZE_MAX &&
             lab_status(rt) == PMM_RUNTIME,
         "the end of a trace drops what was kept");
  pmmi_trace_stop(rt);
  tap_ok(lab_clean(rt), "nothing stays");
}

int main(int argc, char **argv) {
  tap_plan(0);
  pmm_rt *rt = lab_open(argc, argv);
  adds_up(rt);
  older_ones(rt);
  others_do_not_count(rt);
  immortal_and_many(rt);
  growth_is_ranked(rt);
  pmmi_close(rt);
  return tap_done();
}
