/* SPDX-License-Identifier: MIT */
/*
 * words.c - types, codes and callbacks of random programs.
 */
#include "words.h"

#include <assert.h>
#include <string.h>

/* ---- code of the host ---------------------------------------------------- */

enum pmm_status told(void *ctx, pmm_rt *rt, pmm_obj *arg) {
  (void)ctx;
  (void)rt;
  (void)arg;
  return PMM_OK;
}

enum pmm_status drop_held(void *ctx, pmm_rt *rt, pmm_obj *arg) {
  struct words *w = ctx;
  (void)arg;
  w->ops->clear(rt, &w->held);
  return PMM_OK;
}

static enum pmm_status save(void *ctx, pmm_rt *rt, pmm_obj *arg) {
  struct words *w = ctx;
  if (w->saved == NULL) {
    w->ops->retain(rt, arg);
    w->saved = arg;
  }
  return PMM_OK;
}

/* A list or a dict that is held loses its items. */
static enum pmm_status empty_held(void *ctx, pmm_rt *rt, pmm_obj *arg) {
  struct words *w = ctx;
  pmm_obj *held = w->held;
  (void)arg;
  if (held == NULL) {
    return PMM_OK;
  }
  const char *name = w->ops->type_name(rt, held);
  enum pmm_status status = PMM_OK;
  w->ops->retain(rt, held);
  if (strcmp(name, "list") == 0) {
    status = w->ops->list_clear(rt, held);
  } else if (strcmp(name, "dict") == 0) {
    status = w->ops->dict_clear(rt, held);
  }
  w->ops->release(rt, held);
  return status;
}

/* ---- what operations.inc calls ------------------------------------------- */

void put(struct words *w, int reg, pmm_obj *o) {
  assert(reg >= 0 && reg < WORDS_REGISTERS);
  w->ops->error_clear(w->rt);
  if (o != NULL) {
    pmm_obj *old = w->r[reg];
    w->r[reg] = o;
    w->ops->xrelease(w->rt, old);
  }
}

void lend(struct words *w, int reg, pmm_obj *o) {
  w->ops->xretain(w->rt, o);
  put(w, reg, o);
}

enum pmm_status hold(struct words *w, pmm_obj *o) {
  assert(o != NULL);
  pmm_obj *old = w->held;
  w->ops->retain(w->rt, o);
  w->held = o;
  w->ops->xrelease(w->rt, old);
  return PMM_OK;
}

pmm_obj *take_saved(struct words *w) {
  pmm_obj *saved = w->saved;
  w->saved = NULL;
  return saved;
}

enum pmm_status hashable(struct words *w, pmm_obj *o) {
  int64_t ignored = 0; /* differs between runtimes, as it may               */
  return w->ops->hash(w->rt, o, &ignored);
}

static int is_one_of(const char *name, const char *const *names) {
  while (*names != NULL && strcmp(name, *names) != 0) {
    names++;
  }
  return *names != NULL;
}

static int all_copied(struct words *w, pmm_obj *o, int *budget);

static int items_copied(struct words *w, pmm_obj *o, const char *name,
                        int *budget) {
  const struct pmm_ops *ops = w->ops;
  size_t n = 0;
  int good = ops->length(w->rt, o, &n) == PMM_OK && n < 64;
  for (size_t i = 0; good && i < n; i++) {
    pmm_obj *item = strcmp(name, "list") == 0 ? ops->list_get(w->rt, o, i)
                                              : ops->tuple_get(w->rt, o, i);
    good = item != NULL && all_copied(w, item, budget);
  }
  return good;
}

static int dict_copied(struct words *w, pmm_obj *o, int *budget) {
  pmm_obj *keys = w->ops->dict_keys(w->rt, o);
  pmm_obj *values = w->ops->dict_values(w->rt, o);
  int good = keys != NULL && values != NULL &&
             items_copied(w, keys, "list", budget) &&
             items_copied(w, values, "list", budget);
  w->ops->xrelease(w->rt, keys);
  w->ops->xrelease(w->rt, values);
  return good;
}

static int slots_copied(struct words *w, pmm_obj *o, const char *name,
                        int *budget) {
  int good = 1;
  for (size_t i = 0; good && i < 2; i++) {
    pmm_obj *item = w->ops->slot_get(w->rt, o, i);
    good = item == NULL || all_copied(w, item, budget);
  }
  if (good && strcmp(name, "Attributed") == 0) {
    pmm_obj *item = w->ops->attr_get(w->rt, o, "other");
    good = item == NULL || all_copied(w, item, budget);
  }
  w->ops->error_clear(w->rt);
  return good;
}

/* Whether every runtime copies what `o` reaches; no more of it than the
 * budget is looked at. */
static int all_copied(struct words *w, pmm_obj *o, int *budget) {
  static const char *const atoms[] = {"int", "float", "str", "bytes",
                                      "NoneType", NULL};
  static const char *const own[] = {"Plain",   "Told",    "Saver", "Dropper",
                                    "Emptier", "Attributed", NULL};
  const char *name = w->ops->type_name(w->rt, o);
  if (--*budget < 0) {
    return 0;
  }
  if (strcmp(name, "list") == 0 || strcmp(name, "tuple") == 0) {
    return items_copied(w, o, name, budget);
  }
  if (strcmp(name, "dict") == 0) {
    return dict_copied(w, o, budget);
  }
  return is_one_of(name, own) ? slots_copied(w, o, name, budget)
                              : is_one_of(name, atoms);
}

pmm_obj *copy_deep(struct words *w, pmm_obj *o) {
  int budget = 40;
  if (all_copied(w, o, &budget)) {
    return w->ops->copy_deep(w->rt, o);
  }
  w->ops->error_clear(w->rt);
  w->ops->retain(w->rt, o);
  return o;
}

enum pmm_status sort_ints(struct words *w, pmm_obj *list) {
  size_t n = 0;
  enum pmm_status status = w->ops->length(w->rt, list, &n);
  for (size_t i = 0; status == PMM_OK && i < n; i++) {
    pmm_obj *item = w->ops->list_get(w->rt, list, i);
    if (item == NULL || strcmp(w->ops->type_name(w->rt, item), "int") != 0) {
      return PMM_OK;
    }
  }
  return status == PMM_OK ? w->ops->list_sort(w->rt, list, NULL, NULL)
                          : status;
}

enum pmm_status bytearray_grow(struct words *w, pmm_obj *array, size_t by) {
  size_t n = 0;
  assert(by > 0);
  enum pmm_status status = w->ops->length(w->rt, array, &n);
  return status == PMM_OK ? w->ops->bytearray_resize(w->rt, array, n + by)
                          : status;
}

pmm_obj *proxy_slot(struct words *w, pmm_obj *proxy, size_t index) {
  pmm_obj *item = w->ops->proxy_slot(w->rt, proxy, index);
  if (item == NULL && w->ops->error(w->rt) == PMM_KEY) {
    w->ops->error_clear(w->rt);
  }
  return item;
}

enum pmm_status collect_up_to(struct words *w, int generation) {
  uint64_t ignored = 0; /* likewise                                         */
  return w->ops->collect(w->rt, generation, &ignored);
}

enum pmm_status drop(struct words *w, pmm_obj **reg) {
  w->ops->clear(w->rt, reg);
  return PMM_OK;
}

/* ---- types and codes ----------------------------------------------------- */

static const struct {
  const char *name;
  pmm_fn finalizer;
  uint32_t more_flags;
} types[WORDS_TYPES] = {
    {"Plain", NULL, 0},         {"Told", told, 0},
    {"Saver", save, 0},         {"Dropper", drop_held, 0},
    {"Emptier", empty_held, 0}, {"Attributed", NULL, PMM_TYPE_DICT},
};

#define INSTRUCTIONS(...) ((const struct pmm_instruction[]){__VA_ARGS__})
#define GENERATOR(name_text, ...)                                             \
  {                                                                           \
    .struct_size = sizeof(struct pmm_code), .name = name_text, .args = 1,     \
    .locals = 2, .instructions = INSTRUCTIONS(__VA_ARGS__),                   \
    .instruction_count = sizeof INSTRUCTIONS(__VA_ARGS__) /                   \
                         sizeof(struct pmm_instruction)                       \
  }

static const struct pmm_code codes[WORDS_CODES] = {
    GENERATOR("each", {PMM_FOR_EACH, 1, 0, 0}, {PMM_YIELD, -1, 1, 0},
              {PMM_END, 0, 0, 0}),
    GENERATOR("twice", {PMM_YIELD, 1, 0, 0}, {PMM_LOG, 0, 901, 0},
              {PMM_YIELD, -1, 1, 0}),
    GENERATOR("finally", {PMM_TRY, 0, 0, 0}, {PMM_YIELD, 1, 0, 0},
              {PMM_FINALLY, 0, 0, 0}, {PMM_LOG, 0, 902, 0},
              {PMM_END, 0, 0, 0}),
    GENERATOR("catching", {PMM_TRY, 0, 0, 0}, {PMM_YIELD, 1, 0, 0},
              {PMM_EXCEPT, -1, PMM_USER, 0}, {PMM_LOG, 0, 903, 0},
              {PMM_YIELD, -1, 0, 0}, {PMM_END, 0, 0, 0}),
};

static enum pmm_status make_types(struct words *w) {
  for (int i = 0; i < WORDS_TYPES; i++) {
    struct pmm_type_spec spec = {
        .struct_size = sizeof spec,
        .name = types[i].name,
        .slots = 2,
        .flags = PMM_TYPE_GC | types[i].more_flags,
        .finalizer = types[i].finalizer,
        .ctx = w,
    };
    if (w->ops->weakref_new != NULL) {
      spec.flags |= PMM_TYPE_WEAKREF;
    }
    w->types[i] = w->ops->type_new(w->rt, &spec);
    if (w->types[i] == NULL) {
      return w->ops->error(w->rt);
    }
  }
  return PMM_OK;
}

static enum pmm_status make_codes(struct words *w) {
  for (int i = 0; w->ops->function_new != NULL && i < WORDS_CODES; i++) {
    w->codes[i] = w->ops->function_new(w->rt, &codes[i]);
    if (w->codes[i] == NULL) {
      return w->ops->error(w->rt);
    }
  }
  return PMM_OK;
}

enum pmm_status words_open(struct words *w, pmm_rt *rt,
                           const struct pmm_ops *ops) {
  memset(w, 0, sizeof *w);
  w->rt = rt;
  w->ops = ops;
  if (ops->gc_enable != NULL) {
    ops->gc_enable(rt, 0);
  }
  enum pmm_status status = make_types(w);
  return status == PMM_OK ? make_codes(w) : status;
}

void words_drop_all(struct words *w) {
  for (int i = 0; i < WORDS_REGISTERS; i++) {
    w->ops->clear(w->rt, &w->r[i]);
  }
  /* A finalizer that these run may save once more, but nothing twice. */
  for (int round = 0; w->held != NULL || w->saved != NULL; round++) {
    assert(round < 10000);
    w->ops->clear(w->rt, &w->held);
    w->ops->clear(w->rt, &w->saved);
  }
}

void words_end(struct words *w) {
  words_drop_all(w);
  for (int round = 0; w->ops->collect != NULL && round < 3; round++) {
    (void)collect_up_to(w, 2);
    words_drop_all(w);
  }
}

void words_close(struct words *w) {
  words_end(w);
  for (int i = 0; i < WORDS_CODES; i++) {
    w->ops->clear(w->rt, &w->codes[i]);
  }
  for (int i = 0; i < WORDS_TYPES; i++) {
    w->ops->clear(w->rt, &w->types[i]);
  }
}
