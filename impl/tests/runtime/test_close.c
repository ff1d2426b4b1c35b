/* SPDX-License-Identifier: MIT */
/*
 * test_close.c - closing a runtime that still holds things.
 *
 * Each test opens a runtime of its own over a backend that counts blocks,
 * leaves containers in it, and closes it: cleanup runs, and every block that
 * a container or an instance took is back, whatever order they were made in.
 */
#include "tests/code/lab.h"

#include <fcntl.h>
#include <unistd.h>

#include "types/finalizer.h"
#include "types/iter.h"
#include "types/weakmap.h"
#include "types/weakref.h"

/* ---- a backend that counts ---------------------------------------------- */

enum { LIVE_MAX = 4096 };

static const struct pmm_backend *below;
static struct pmm_backend counting;
static int64_t blocks; /* of the backend, live                               */
/* What stays on purpose stays known, so that LeakSanitizer is content. */
static void *live[LIVE_MAX];

static void replace(void *old, void *block) {
  for (size_t i = 0; i < LIVE_MAX; i++) {
    if (live[i] == old) {
      live[i] = block;
      return;
    }
  }
}

static void *count_in(void *block) {
  if (block != NULL) {
    blocks++;
    replace(NULL, block);
  }
  return block;
}

static void *counted_alloc(void *heap, size_t size) {
  return count_in(below->alloc(heap, size));
}

static void *counted_zero(void *heap, size_t n, size_t size) {
  return count_in(below->alloc_zero(heap, n, size));
}

static void counted_free(void *heap, void *block, size_t size) {
  if (block != NULL) {
    blocks--;
    replace(block, NULL);
  }
  below->free_sized(heap, block, size);
}

static void start(int argc, char **argv) {
  char message[256] = "";
  const char *spec = argc > 1 ? argv[1] : "pool";
  below = pmmi_backend_find(spec, message, sizeof message);
  if (below == NULL) {
    printf("Bail out! no backend %s: %s\n", spec, message);
    exit(1);
  }
  counting = *below;
  counting.alloc = counted_alloc;
  counting.alloc_zero = counted_zero;
  counting.free_sized = counted_free;
}

static pmm_rt *opened(void) {
  static const struct pmm_host host = {.struct_size = sizeof host,
                                       .event = lab_event};
  struct pmm_open_config config = {.struct_size = sizeof config,
                                   .backend = &counting,
                                   .host = &host,
                                   .flags = PMM_OPEN_CHECKED};
  pmm_rt *rt = NULL;
  blocks = 0;
  if (pmmi_open(&config, &rt) != PMM_OK) {
    printf("Bail out! no runtime\n");
    exit(1);
  }
  lab_text[0] = '\0';
  return rt;
}

/** Close; 1 when these events came and `left` blocks stay: atoms that the
 *  host holds, which are in no table. */
static int closes(pmm_rt *rt, const char *words, int64_t left) {
  pmmi_close(rt);
  if (blocks != left) {
    printf("# %" PRId64 " blocks stay, not %" PRId64 "\n", blocks, left);
  }
  return lab_saw(words) && blocks == left;
}

/* ---- generators --------------------------------------------------------- */

#define PLAIN CODE(1, 1, LOG(1), YIELD(-1), LOG(9))
#define GUARDED \
  CODE(1, 1, LOG(1), TRY, YIELD(-1), LOG(9), FINALLY, LOG(5), END)
#define OUTER CODE(1, 1, TRY, FROM(-1, 0), FINALLY, LOG(6), END)

/** A generator that owns the argument, which the caller gives up; stepped
 *  once when it is to wait. */
static pmm_obj *made(pmm_rt *rt, struct pmm_code code, pmm_obj *argument,
                     int waits) {
  pmm_obj *g = pmmi_generator_new(rt, &code, &argument, 1);
  pmmi_release(rt, argument);
  if (waits) {
    pmmi_release(rt, pmmi_generator_send(rt, g, NULL));
  }
  return g;
}

static void generators_are_dropped(void) {
  pmm_rt *rt = opened();
  (void)made(rt, PLAIN, lab_probe(rt, 1), 0);
  tap_ok(closes(rt, "D1", 0), "one that has not started drops its arguments");
  rt = opened();
  (void)made(rt, PLAIN, lab_probe(rt, 1), 1);
  tap_ok(closes(rt, "L1 D1", 0), "one that waits drops its locals");
  rt = opened();
  pmm_obj *g = made(rt, PLAIN, lab_probe(rt, 1), 1);
  pmmi_xrelease(rt, pmmi_generator_send(rt, g, NULL));
  pmmi_error_clear(rt);
  tap_ok(closes(rt, "L1 L9 D1", 0), "one that is finished is freed");
}

static void cleanup_runs(void) {
  pmm_rt *rt = opened();
  (void)made(rt, GUARDED, lab_probe(rt, 1), 1);
  tap_ok(closes(rt, "L1 L5 D1", 0), "finally runs where it waits");
  rt = opened();
  (void)made(rt, OUTER, made(rt, GUARDED, lab_probe(rt, 1), 0), 1);
  tap_ok(closes(rt, "L1 L5 D1 L6", 0), "the inner one's first");
  rt = opened();
  pmm_obj *probe = lab_probe(rt, 1);
  pmm_obj *g = made(rt, GUARDED, pmmi_new_reference(rt, probe), 1);
  pmmi_slot_set(rt, probe, 0, g);
  tap_ok(closes(rt, "L1 L5 D1", 0), "and in a cycle that the host holds");
  rt = opened();
  (void)made(rt, CODE(1, 1, TRY, YIELD(-1), EXCEPT(PMM_EXIT), YIELD(0), END),
             lab_probe(rt, 1), 1);
  tap_ok(closes(rt, "U7 D1", 0),
         "one that ignores its exit is told of and dropped");
}

static enum pmm_status log_exit(void *ctx, pmm_rt *rt, enum pmm_status error,
                                int *suppress) {
  (void)ctx;
  (void)rt;
  (void)error;
  (void)suppress;
  return PMM_OK;
}

static void managers_are_left(void) {
  pmm_rt *rt = opened();
  (void)made(rt, CODE(1, 1, WITH(-1, 0), YIELD(-1), END),
             pmmi_manager_new(rt, NULL, log_exit, NULL, 3), 1);
  char words[32];
  snprintf(words, sizeof words, "N3 X3:%d", (int)PMM_EXIT);
  tap_ok(closes(rt, words, 0), "exit is called for a with that waits");
  rt = opened();
  struct pmm_code code = CODE(0, 0, TRY, YIELD(-1), FINALLY, LOG(5), END);
  pmm_obj *function = pmmi_function_new(rt, &code);
  pmm_obj *manager = pmmi_manager_from_generator(rt, function);
  pmmi_release(rt, manager->type->enter(rt, manager));
  tap_ok(closes(rt, "L5", 0), "a manager over a generator that waits");
  rt = opened();
  (void)pmmi_manager_new(rt, NULL, log_exit, NULL, 3);
  pmm_obj *stack = pmmi_exit_stack_new(rt);
  tap_ok(closes(rt, "", 2), "a manager and a stack that nobody entered");
  (void)stack;
}

/* ---- codes and functions ------------------------------------------------ */

/** A function that gives back its constant, which the caller gives up. */
static pmm_obj *function_of(pmm_rt *rt, pmm_obj *constant) {
  struct pmm_code code = CODE(0, 1, CONST(0, 0), RETURN(0));
  code.constants = &constant;
  code.constant_count = 1;
  pmm_obj *function = pmmi_function_new(rt, &code);
  pmmi_release(rt, constant);
  return function;
}

static void functions_are_freed(void) {
  pmm_rt *rt = opened();
  pmm_obj *f = function_of(rt, lab_probe(rt, 1));
  for (int i = 0; i < 10; i++) {
    f = function_of(rt, f);
  }
  tap_ok(closes(rt, "D1", 0), "functions whose constants are functions");
  rt = opened();
  pmm_obj *tuple = pmmi_tuple_new(rt, 2);
  f = function_of(rt, pmmi_new_reference(rt, tuple));
  pmmi_release(rt, tuple); /* the code is its only owner                     */
  (void)pmmi_tuple_set_steal(rt, tuple, 0, pmmi_new_reference(rt, f));
  (void)pmmi_tuple_set_steal(rt, tuple, 1, lab_probe(rt, 1));
  tap_ok(closes(rt, "D1", 0), "a function among its own constants");
  rt = opened();
  tuple = pmmi_tuple_new(rt, 1);
  (void)pmmi_tuple_set_steal(rt, tuple, 0, tuple);
  tap_ok(closes(rt, "", 0), "a tuple in itself");
}

/** Holes in the table put younger objects in front of older ones. */
static void order_does_not_matter(void) {
  pmm_rt *rt = opened();
  pmm_obj *early[64];
  for (int i = 0; i < 64; i++) {
    early[i] = pmmi_list_new(rt, 0);
  }
  pmm_obj *chain = lab_probe(rt, 1);
  for (int i = 0; i < 3000; i++) {
    if (i < 64) {
      pmmi_release(rt, early[i]);
    }
    switch (i % 4) {
    case 0:
      chain = made(rt, PLAIN, chain, 0);
      break;
    case 1:
      chain = function_of(rt, chain);
      break;
    case 2: {
      pmm_obj *tuple = pmmi_tuple_from(rt, &chain, 1);
      pmmi_release(rt, chain);
      chain = tuple;
      break;
    }
    default: {
      pmm_obj *list = pmmi_list_from(rt, &chain, 1);
      pmmi_release(rt, chain);
      chain = list;
    }
    }
  }
  tap_ok(closes(rt, "D1", 0), "3000 objects, each the owner of the last");
}

/* ---- iterators and weak containers -------------------------------------- */

static void iterators_are_freed(void) {
  pmm_rt *rt = opened();
  pmm_obj *probe = lab_probe(rt, 1);
  pmm_obj *list = pmmi_list_from(rt, &probe, 1);
  pmmi_release(rt, probe);
  pmm_obj *iterator = pmmi_iter(rt, list);
  pmm_obj *pair = pmmi_tee(rt, iterator);
  pmmi_release(rt, pmmi_next(rt, ((struct pmmi_tuple *)pair)->items[0]));
  pmmi_slot_set(rt, probe, 0, pair);
  tap_ok(closes(rt, "D1", 0), "iterators and a tee in a cycle");
  rt = opened();
  pair = pmmi_tee(rt, made(rt, GUARDED, lab_probe(rt, 1), 0));
  pmmi_release(rt, pmmi_next(rt, ((struct pmmi_tuple *)pair)->items[0]));
  tap_ok(closes(rt, "L1 L5 D1", 0), "a tee of a generator that waits");
}

static enum pmm_status log_call(void *ctx, pmm_rt *rt, pmm_obj *arg) {
  (void)arg;
  pmmi_event(rt, PMM_EVENT_LOG, *(int *)ctx, 0);
  return PMM_OK;
}

static void weak_containers_are_freed(void) {
  for (int kind = PMM_WEAK_VALUES; kind <= PMM_WEAK_SET; kind++) {
    pmm_rt *rt = opened();
    pmm_obj *map = pmmi_weak_new(rt, (enum pmm_weak_kind)kind);
    pmm_obj *one = lab_probe(rt, 1);
    pmm_obj *two = lab_probe(rt, 2);
    (void)pmmi_weak_set(rt, map, one, kind == PMM_WEAK_SET ? NULL : two);
    (void)pmmi_weak_set(rt, map, two, kind == PMM_WEAK_SET ? NULL : one);
    pmm_obj *iterator = pmmi_iter(rt, map);
    pmmi_release(rt, pmmi_next(rt, iterator));
    pmmi_release(rt, map);
    tap_ok(closes(rt, "D1 D2", 0), "kind %d, while it is iterated", kind);
  }
  static int four = 4;
  pmm_rt *rt = opened();
  pmm_obj *probe = lab_probe(rt, 1);
  (void)pmmi_weakref_new(rt, probe, log_call, &four, 0);
  (void)pmmi_weakref_new(rt, (pmm_obj *)(uintptr_t)probe->type, log_call,
                         &four, 0);
  (void)pmmi_finalize_new(rt, probe, log_call, &four, 0);
  tap_ok(closes(rt, "L4 D1", 0),
         "a finalizer is called, a weak reference's callback is not");
}

/* ---- files -------------------------------------------------------------- */

static void files_are_closed(void) {
  pmm_rt *rt = opened();
  pmm_obj *file = pmmi_file_open(rt, "/dev/null", "r");
  int descriptor = pmmi_file_descriptor(rt, file);
  (void)made(rt, CODE(1, 1, WITH(-1, 0), YIELD(-1), END), file, 1);
  tap_ok(closes(rt, "", 0) && fcntl(descriptor, F_GETFD) == -1,
         "one in a with that waits is closed by it");
  rt = opened();
  file = pmmi_file_open(rt, "/dev/null", "r");
  descriptor = pmmi_file_descriptor(rt, file);
  (void)made(rt, PLAIN, file, 1);
  tap_ok(closes(rt, "L1 W", 0) && fcntl(descriptor, F_GETFD) == -1,
         "one that a generator holds is closed with a warning");
  rt = opened();
  (void)pmmi_file_open(rt, "/dev/null", "r");
  tap_ok(closes(rt, "W", 1), "and one that the host holds");
}

/* ---- code that runs meanwhile ------------------------------------------- */

/** Makes one more object of its type, twice, and keeps it. */
static enum pmm_status breed(void *ctx, pmm_rt *rt, pmm_obj *o) {
  int *left = ctx;
  pmm_obj *type = (pmm_obj *)(uintptr_t)o->type;
  if (*left > 0) {
    --*left;
    pmm_obj *child = pmmi_instance_new(rt, type, *left);
    pmmi_slot_set(rt, child, 0, o);
  }
  return PMM_OK;
}

static void finalizers_make_objects(void) {
  for (uint32_t flags = 0; flags <= PMM_TYPE_GC; flags += PMM_TYPE_GC) {
    pmm_rt *rt = opened();
    int left = 2;
    struct pmm_type_spec spec = {.struct_size = sizeof spec,
                                 .name = "parent",
                                 .slots = 1,
                                 .flags = flags,
                                 .finalizer = breed,
                                 .ctx = &left};
    pmm_obj *type = pmmi_type_new(rt, &spec);
    (void)pmmi_instance_new(rt, type, 7);
    pmmi_release(rt, type);
    pmmi_close(rt);
    int sound = strncmp(lab_text, " F7 F1 F0 D", 11) == 0 &&
                strlen(lab_text) == 18 && blocks == 0;
    tap_ok(sound, "what a finalizer makes is finalized%s",
           flags == 0 ? ", without a head" : "");
    if (!sound) {
      printf("# saw \"%s\", %" PRId64 " blocks\n", lab_text, blocks);
    }
  }
}

int main(int argc, char **argv) {
  tap_plan(0);
  start(argc, argv);
  generators_are_dropped();
  cleanup_runs();
  managers_are_left();
  functions_are_freed();
  order_does_not_matter();
  iterators_are_freed();
  weak_containers_are_freed();
  files_are_closed();
  finalizers_make_objects();
  return tap_done();
}
