/* SPDX-License-Identifier: MIT */
/*
 * cases/runtimes.c - close() gives everything back, and runtimes that are open
 * together share nothing (requirements FIN-033, STR-010).
 *
 * More runtimes are opened over a backend of the case that counts heaps and
 * blocks, filled with what a program leaves behind, and closed.
 */
#include <stdlib.h>

#include "case.h"
#include "codes.h"
#include "files.h"

/* ---- a backend that counts ---------------------------------------------- */

/* Of all its heaps; the case runs in a process of its own. */
static struct {
  int64_t heaps;
  int64_t blocks;
  int64_t bytes;
} held;

/* The blocks that were got while `noting`, as far as they are not freed. */
static struct {
  void *block[64];
  size_t count;
  int noting;
} noted;

static void note(void *block) {
  if (noted.noting && noted.count < sizeof noted.block / sizeof *noted.block) {
    noted.block[noted.count++] = block;
  }
}

static void unnote(const void *block) {
  for (size_t i = 0; i < noted.count; i++) {
    if (noted.block[i] == block) {
      noted.block[i] = noted.block[--noted.count];
      return;
    }
  }
}

static int heap_init(const struct pmm_backend_config *config, void **heap) {
  (void)config;
  *heap = &held;
  held.heaps++;
  return 0;
}

static void heap_fini(void *heap) {
  (void)heap;
  held.heaps--;
}

static void *counted(void *block, size_t size) {
  if (block != NULL) {
    held.blocks++;
    held.bytes += (int64_t)size;
    note(block);
  }
  return block;
}

static void *heap_alloc(void *heap, size_t size) {
  (void)heap;
  return counted(malloc(size > 0 ? size : 1), size);
}

static void *heap_zero(void *heap, size_t n, size_t size) {
  (void)heap;
  return counted(calloc(n > 0 ? n : 1, size > 0 ? size : 1), n * size);
}

static void *heap_aligned(void *heap, size_t align, size_t size) {
  return align <= 16 ? heap_alloc(heap, size) : NULL;
}

static void *heap_realloc(void *heap, void *block, size_t old_size,
                          size_t new_size) {
  if (block == NULL) {
    return heap_alloc(heap, new_size);
  }
  unnote(block);
  void *moved = realloc(block, new_size > 0 ? new_size : 1);
  if (moved != NULL) {
    held.bytes += (int64_t)new_size - (int64_t)old_size;
    note(moved);
  }
  return moved;
}

static void heap_free(void *heap, void *block) {
  (void)heap;
  held.blocks -= block != NULL;
  unnote(block);
  free(block);
}

static void heap_free_sized(void *heap, void *block, size_t size) {
  held.bytes -= block != NULL ? (int64_t)size : 0;
  heap_free(heap, block);
}

static const void *witness(void) { return &held; }

static const struct pmm_backend counting = {
    .abi_version = PMM_BACKEND_ABI,
    .capabilities = PMM_BACKEND_FREES | PMM_BACKEND_HEAPS,
    .struct_size = sizeof(struct pmm_backend),
    .name = "counting",
    .version = "",
    .summary = "counts what is held",
    .init = heap_init,
    .fini = heap_fini,
    .alloc = heap_alloc,
    .alloc_zero = heap_zero,
    .alloc_aligned = heap_aligned,
    .realloc = heap_realloc,
    .free = heap_free,
    .free_sized = heap_free_sized,
    .witness_symbol = witness};

/* A second runtime over that backend. */
static pmm_rt *open_counted(struct pmm_test *t) {
  const struct pmm_open_config config = {.struct_size = sizeof config,
                                         .backend = &counting,
                                         .mode = t->mode};
  pmm_rt *rt = NULL;
  enum pmm_status status = OPS->open(&config, &rt);
  if (status == PMM_UNSUPPORTED) {
    unsupported(t, "open.second");
  }
  expect_ok(status);
  return rt;
}

/* ---- what a program leaves behind --------------------------------------- */

/** Something that is left; new, for the caller to leave or to release. */
struct leaving {
  const char *name;
  enum pmm_feature needs;
  pmm_obj *(*make)(struct pmm_test *t, pmm_rt *rt);
};

static pmm_obj *keep_in_itself(struct pmm_test *t, pmm_rt *rt, pmm_obj *item) {
  pmm_obj *list = OPS->list_new(rt, 0);
  (void)OPS->list_append(rt, list, list);
  (void)OPS->list_append(rt, list, item);
  OPS->release(rt, item);
  return list;
}

static pmm_obj *leave_list(struct pmm_test *t, pmm_rt *rt) {
  return keep_in_itself(t, rt, OPS->int_new(rt, 123456));
}

static pmm_obj *leave_dict(struct pmm_test *t, pmm_rt *rt) {
  pmm_obj *dict = OPS->dict_new(rt);
  for (int i = 0; i < 50; i++) {
    pmm_obj *key = OPS->int_new(rt, 1000 + i);
    (void)OPS->dict_set(rt, dict, key, dict);
    OPS->release(rt, key);
  }
  return dict;
}

static pmm_obj *leave_set(struct pmm_test *t, pmm_rt *rt) {
  pmm_obj *set = OPS->set_new(rt, NULL);
  for (int i = 0; i < 50; i++) {
    pmm_obj *key = OPS->int_new(rt, 1000 + i);
    (void)OPS->set_add(rt, set, key);
    OPS->release(rt, key);
  }
  return keep_in_itself(t, rt, set);
}

static pmm_obj *leave_text(struct pmm_test *t, pmm_rt *rt) {
  pmm_obj *text = OPS->str_new(rt, "left_behind", 11);
  if (t->view->ops.str_intern != NULL) {
    (void)OPS->str_intern(rt, &text);
  }
  return keep_in_itself(t, rt, text);
}

static pmm_obj *leave_instance(struct pmm_test *t, pmm_rt *rt) {
  const struct pmm_type_spec spec = {
      .struct_size = sizeof spec,
      .name = "left",
      .slots = 1,
      .flags = type_flags(t, PMM_TYPE_GC | PMM_TYPE_WEAKREF | PMM_TYPE_DICT)};
  pmm_obj *type = OPS->type_new(rt, &spec);
  pmm_obj *o = OPS->instance_new(rt, type, 1);
  (void)OPS->slot_set(rt, o, 0, o);
  (void)OPS->attr_set(rt, o, "type", type);
  OPS->release(rt, type);
  return o;
}

static pmm_obj *leave_weak_map(struct pmm_test *t, pmm_rt *rt) {
  pmm_obj *map = OPS->weak_new(rt, PMM_WEAK_KEYS);
  pmm_obj *o = leave_instance(t, rt);
  (void)OPS->weak_set(rt, map, o, map);
  (void)OPS->attr_set(rt, o, "map", map);
  OPS->release(rt, o);
  return map;
}

static pmm_obj *leave_generator(struct pmm_test *t, pmm_rt *rt) {
  const struct pmm_code code =
      CODE("left", 1, 2, {PMM_TRY, 0, 0, 0}, {PMM_YIELD, -1, 0, 0},
           {PMM_FINALLY, 0, 0, 0}, {PMM_DEL, 0, 0, 0}, {PMM_END, 0, 0, 0});
  pmm_obj *list = OPS->list_new(rt, 0);
  pmm_obj *generator = OPS->generator_new(rt, &code, &list, 1);
  (void)OPS->list_append(rt, list, generator);
  OPS->xrelease(rt, OPS->next(rt, generator));
  OPS->release(rt, list);
  return generator;
}

static pmm_obj *leave_function(struct pmm_test *t, pmm_rt *rt) {
  pmm_obj *list = OPS->list_new(rt, 0);
  struct pmm_code code = CODE("left", 0, 1, {PMM_CONST, 0, 0, 0});
  code.constants = &list;
  code.constant_count = 1;
  pmm_obj *function = OPS->function_new(rt, &code);
  (void)OPS->list_append(rt, list, function);
  OPS->release(rt, list);
  return function;
}

static const struct leaving leavings[] = {
    {"nothing", PMM_FEATURE_core, NULL},
    {"a list", PMM_FEATURE_list, leave_list},
    {"a dict", PMM_FEATURE_dict, leave_dict},
    {"a set", PMM_FEATURE_set, leave_set},
    {"a text", PMM_FEATURE_str, leave_text},
    {"an instance", PMM_FEATURE_core, leave_instance},
    {"a weak map", PMM_FEATURE_weak_containers, leave_weak_map},
    {"a generator", PMM_FEATURE_generator, leave_generator},
    {"a function", PMM_FEATURE_frame, leave_function}};

/* Open, make, drop it or not, close. */
static void leave(struct pmm_test *t, const struct leaving *leaving,
                  int released) {
  pmm_rt *rt = open_counted(t);
  pmm_obj *o = leaving->make != NULL ? leaving->make(t, rt) : NULL;
  if (released) {
    OPS->xrelease(rt, o);
  }
  OPS->close(rt);
  if (held.heaps != 0 || held.blocks != 0 || held.bytes != 0) {
    fail("%s, %s: after close() %d heaps, %d blocks, %d bytes are held",
         leaving->name, released ? "dropped" : "kept", (int)held.heaps,
         (int)held.blocks, (int)held.bytes);
  }
}

/* "When a runtime is closed its heap is destroyed, and every block that it
 * got from its backend has been freed, whatever the program left
 * unreleased; ..." */
MUST(fin, closing_gives_all_back, "A closed runtime holds no block",
     REQ("FIN-033"), NEEDS(list, gc),
     OOM_EXEMPT("the allocations that fail are another runtime's"),
     STRESS_EXEMPT("the runtime that is closed is another one")) {
  /* A runtime that does not say may refuse to be closed with what is left. */
  (void)profile_int(t, "close_finalizes_held");
  held.heaps = held.blocks = held.bytes = 0;
  for (size_t i = 0; i < sizeof leavings / sizeof *leavings; i++) {
    enum pmm_feature needs = leavings[i].needs;
    if (is_offered(t, needs)) {
      leave(t, &leavings[i], 1);
      leave(t, &leavings[i], 0);
    }
  }
}

/* What the collector does not see: atoms, and containers of atoms alone. */

static pmm_obj *leave_int(struct pmm_test *t, pmm_rt *rt) {
  return OPS->int_new(rt, INT64_C(1) << 40);
}

static pmm_obj *leave_float(struct pmm_test *t, pmm_rt *rt) {
  return OPS->float_new(rt, 0.5);
}

static pmm_obj *leave_str(struct pmm_test *t, pmm_rt *rt) {
  return OPS->str_new(rt, "left behind", 11);
}

static pmm_obj *leave_bytes(struct pmm_test *t, pmm_rt *rt) {
  return OPS->bytes_new(rt, "left behind", 11);
}

static pmm_obj *leave_buffer(struct pmm_test *t, pmm_rt *rt) {
  return OPS->bytearray_new(rt, 100);
}

static pmm_obj *leave_atomic_dict(struct pmm_test *t, pmm_rt *rt) {
  pmm_obj *dict = OPS->dict_new(rt);
  pmm_obj *key = leave_int(t, rt);
  (void)OPS->dict_set(rt, dict, key, key);
  OPS->release(rt, key);
  return dict;
}

static const struct leaving unseen[] = {
    {"an int", PMM_FEATURE_core, leave_int},
    {"a float", PMM_FEATURE_core, leave_float},
    {"a str", PMM_FEATURE_str, leave_str},
    {"a bytes", PMM_FEATURE_bytes, leave_bytes},
    {"a bytearray", PMM_FEATURE_copy, leave_buffer},
    {"a dict of atoms", PMM_FEATURE_dict, leave_atomic_dict}};

/* Open, make, close: what is held then was got while it was made. */
static void leave_unseen(struct pmm_test *t, const struct leaving *leaving) {
  held.heaps = held.blocks = held.bytes = 0;
  pmm_rt *rt = open_counted(t);
  noted.count = 0;
  noted.noting = 1;
  pmm_obj *o = leaving->make(t, rt);
  noted.noting = 0;
  expect(o != NULL);
  OPS->close(rt);
  int64_t own = (int64_t)noted.count;
  while (noted.count > 0) { /* no runtime is left that could free them       */
    free(noted.block[--noted.count]);
  }
  expect_eq(held.heaps, 0);
  expect_eq(held.blocks, own);
}

/* "... every block that it got from its backend has been freed ...; only
 * objects that the collector does not see may keep theirs." */
MUST(fin, unseen_objects_keep_their_own_blocks_alone,
     "An atom that is left unreleased keeps nothing but its own blocks",
     REQ("FIN-033"), NEEDS(list, gc),
     OOM_EXEMPT("the allocations that fail are another runtime's"),
     STRESS_EXEMPT("the runtime that is closed is another one")) {
  /* A runtime that does not say may refuse to be closed with what is left. */
  (void)profile_int(t, "close_finalizes_held");
  for (size_t i = 0; i < sizeof unseen / sizeof *unseen; i++) {
    enum pmm_feature needs = unseen[i].needs;
    if (is_offered(t, needs)) {
      now_at(t, "%s", unseen[i].name);
      leave_unseen(t, &unseen[i]);
    }
  }
}

/* ---- two runtimes ------------------------------------------------------- */

/* A second runtime, open until `closed`.  Scratch memory. */
struct second {
  pmm_rt *rt;
};

static void close_second(struct pmm_test *t, void *subject) {
  struct second *second = subject;
  pmm_rt *rt = second->rt;
  second->rt = NULL;
  if (rt != NULL) {
    OPS->close(rt);
  }
}

static struct second *open_second(struct pmm_test *t) {
  struct second *second = SCRATCH(struct second);
  second->rt = open_counted(t);
  defer(t, close_second, second);
  return second;
}

/* Strings, ints, tuples and lists, of the values that a runtime keeps. */
static pmm_obj *shared_values(struct pmm_test *t, pmm_rt *rt) {
  pmm_obj *list = OPS->list_new(rt, 0);
  pmm_obj *name = OPS->str_new(rt, "a_name_of_both", 14);
  pmm_obj *items[4] = {name, OPS->int_new(rt, 7), OPS->tuple_new(rt, 0),
                       OPS->boolean(rt, 1)};
  expect(name != NULL && list != NULL);
  expect_eq(OPS->str_intern(rt, &items[0]), PMM_OK);
  for (int i = 0; i < 4; i++) {
    expect_eq(OPS->list_append(rt, list, items[i]), PMM_OK);
    OPS->release(rt, items[i]);
  }
  return list;
}

static void expect_values(struct pmm_test *t, pmm_rt *rt, pmm_obj *list) {
  pmm_obj *other = shared_values(t, rt);
  int equal = 0;
  expect_eq(OPS->equals(rt, list, other, &equal), PMM_OK);
  expect_eq(equal, 1);
  expect(OPS->same(rt, OPS->list_get(rt, list, 0),
                   OPS->list_get(rt, other, 0)));
  OPS->release(rt, other);
}

#define TWO                                                                   \
  OOM_EXEMPT("the allocations that fail are the first runtime's"),            \
      STRESS_EXEMPT("the second one is not under stress")

/* "Runtimes that are open at the same time share nothing that one of them
 * frees: each stays intact when another is closed, in whatever order." */
MUST(str, runtimes_share_no_strings,
     "A runtime is unaffected by closing a second one",
     REQ("STR-010"), NEEDS(str, intern, list, tuple), TWO) {
  quiet(t);
  for (int round = 0; round < 3; round++) {
    struct second *second = open_second(t);
    pmm_obj *mine = NEW(shared_values(t, RT));
    pmm_obj *theirs = shared_values(t, second->rt);
    expect_values(t, second->rt, theirs);
    OPS->release(second->rt, theirs);
    close_second(t, second);
    expect_values(t, RT, mine);
    DROP(mine);
  }
}

/* "Runtimes that are open at the same time share nothing that one of them
 * frees: each stays intact when another is closed, in whatever order." */
MUST(str, runtimes_close_in_any_order,
     "Three runtimes can be closed in any order",
     REQ("STR-010"), NEEDS(str, intern, list, tuple), TWO) {
  quiet(t);
  struct second *a = open_second(t);
  pmm_obj *in_a = shared_values(t, a->rt);
  struct second *b = open_second(t);
  pmm_obj *in_b = shared_values(t, b->rt);
  pmm_obj *mine = NEW(shared_values(t, RT));
  OPS->release(a->rt, in_a);
  close_second(t, a);
  expect_values(t, b->rt, in_b);
  expect_values(t, RT, mine);
  OPS->release(b->rt, in_b);
  close_second(t, b);
  expect_values(t, RT, mine);
}

/* "When a runtime is closed its heap is destroyed, ... whatever the program
 * left unreleased; ..."  Files that were left open are closed before; the
 * harness counts descriptors. */
MUST(fin, open_files_are_closed_with_their_runtime,
     "Closing a runtime closes the files that are left open", REQ("FIN-033"),
     NEEDS(file, list), TWO) {
  /* A runtime that does not say may refuse to be closed with what is left. */
  (void)profile_int(t, "close_finalizes_held");
  quiet(t);
  const char *path = file_of(t, 100);
  struct second *second = open_second(t);
  pmm_rt *rt = second->rt;
  for (int i = 0; i < 5; i++) {
    pmm_obj *file = OPS->file_open(rt, path, i % 2 == 0 ? "r" : "a");
    expect(file != NULL);
    if (i == 1) {
      expect_eq(OPS->file_close(rt, file), PMM_OK);
    }
  }
  close_second(t, second);
  expect_eq(held.heaps, 0);
}
