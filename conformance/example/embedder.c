/* SPDX-License-Identifier: MIT */
/*
 * embedder.c - a scripting runtime as an application embeds it: the core and
 * ten features.  subject.c is smaller; read it first.
 *
 *   1. Objects, counts and the collector are in embedder_heap.h.
 *   2. Lists and strings have the operations that this application needs.  The
 *      others are left out, and the cases that ask for them are UNSUPPORTED.
 *   3. At the end each feature has its structure, and feature() gives it out.
 */
#include "embedder_heap.h"

#include "pmm/features/fail_inject.h"
#include "pmm/features/finalizer.h"
#include "pmm/features/gc.h"
#include "pmm/features/list.h"
#include "pmm/features/refcount.h"
#include "pmm/features/sizeof.h"
#include "pmm/features/str.h"
#include "pmm/features/utf8.h"
#include "pmm/features/weakref.h"
#include "pmm/features/weakref_count.h"

/* ---- open and close ------------------------------------------------------ */

static enum pmm_status open_runtime(const struct pmm_open_config *config,
                                    pmm_rt **rt) {
  *rt = config->flags == 0 ? calloc(1, sizeof **rt) : NULL;
  if (*rt == NULL) {
    return config->flags == 0 ? PMM_NO_MEMORY : PMM_UNSUPPORTED;
  }
  static const enum kind kinds[] = {NONE, BOOL, BOOL};
  (*rt)->message = "";
  (*rt)->host = config->host != NULL ? *config->host : (struct pmm_host){0};
  (*rt)->ring.next = (*rt)->ring.before = &(*rt)->ring;
  (*rt)->books.reallocations = (*rt)->books.cached_blocks = PMM_UNKNOWN;
  (*rt)->books.cached_bytes = (*rt)->books.tracked = PMM_UNKNOWN;
  (*rt)->books.mapped_bytes = (*rt)->books.arenas = PMM_UNKNOWN;
  for (int i = 0; i < 3; i++) {
    (*rt)->constants[i].kind = kinds[i];
    (*rt)->constants[i].value = i == 2;
    (*rt)->constants[i].refcount = UINT64_C(1) << 40;
  }
  return PMM_OK;
}
static void close_runtime(pmm_rt *rt) {
  uint64_t found;
  (void)collect(rt, 2, &found);
  while (rt->ring.next != &rt->ring) { /* the host left it, or a cycle      */
    pmm_obj *o = rt->ring.next;
    retain(rt, o);
    drop_items(rt, o);
    o->refcount = 1;
    release(rt, o);
  }
  free(rt);
}

/* ---- values -------------------------------------------------------------- */

static int same(pmm_rt *rt, pmm_obj *a, pmm_obj *b) { return a == b; }
static uintptr_t identity(pmm_rt *rt, pmm_obj *o) { return (uintptr_t)o; }
static const char *type_name(pmm_rt *rt, pmm_obj *o) {
  static const char *const names[] = {"none", "bool", "int",      "float",
                                      "str",  "type", "instance", "list",
                                      "iterator", "weakref"};
  return o->kind == INSTANCE ? o->type->spec.name : names[o->kind];
}
static pmm_obj *constant(pmm_rt *rt, int i) {
  return retain(rt, &rt->constants[i]), &rt->constants[i];
}
static pmm_obj *none(pmm_rt *rt) { return constant(rt, 0); }
static pmm_obj *boolean(pmm_rt *rt, int yes) {
  return constant(rt, yes ? 2 : 1);
}
static pmm_obj *int_new(pmm_rt *rt, int64_t value) {
  pmm_obj *o = make(rt, INT);
  return o != NULL ? (o->value = value, o) : NULL;
}
static enum pmm_status int_value(pmm_rt *rt, pmm_obj *o, int64_t *value) {
  *value = o->value;
  return o->kind == INT || o->kind == BOOL ? PMM_OK : fail(rt, PMM_TYPE);
}
static pmm_obj *float_new(pmm_rt *rt, double value) {
  pmm_obj *o = make(rt, FLOAT);
  return o != NULL ? (o->real = value, o) : NULL;
}
static enum pmm_status float_value(pmm_rt *rt, pmm_obj *o, double *value) {
  *value = o->real;
  return o->kind == FLOAT ? PMM_OK : fail(rt, PMM_TYPE);
}
static enum pmm_status equals(pmm_rt *rt, pmm_obj *a, pmm_obj *b, int *equal) {
  int alike = a->kind == b->kind;
  *equal = a == b || (alike && a->kind == INT && a->value == b->value) ||
           (alike && a->kind == FLOAT && !(a->real < b->real) &&
            !(a->real > b->real)) ||
           (alike && a->kind == STR && a->count == b->count &&
            memcmp(a->text, b->text, a->count) == 0);
  return alike && a->kind == LIST ? fail(rt, PMM_UNSUPPORTED) : PMM_OK;
}
static enum pmm_status length(pmm_rt *rt, pmm_obj *o, size_t *n) {
  *n = o->count;
  return o->kind == LIST || o->kind == STR ? PMM_OK : fail(rt, PMM_TYPE);
}
static enum pmm_status size_of(pmm_rt *rt, pmm_obj *o, size_t *bytes) {
  *bytes = sizeof *o + o->room * sizeof(pmm_obj *) +
           (o->text != NULL ? o->count + 1 : 0);
  return PMM_OK;
}

static pmm_obj *str_of(pmm_rt *rt, const char *a, size_t n, const char *b,
                       size_t m) {
  char *text = get(rt, n + m + 1);
  pmm_obj *o = text != NULL ? make(rt, STR) : NULL;
  if (o == NULL) {
    give_back(rt, text);
    return NULL;
  }
  memcpy(text, a, n);
  memcpy(text + n, b, m);
  o->text = text;
  o->count = n + m;
  return o;
}
static pmm_obj *str_new(pmm_rt *rt, const char *utf8, size_t size) {
  for (size_t i = 0; i < size; i++) {
    if ((unsigned char)utf8[i] > 127) {
      return none_for(rt, PMM_UNSUPPORTED); /* this application writes ASCII */
    }
  }
  return str_of(rt, utf8, size, "", 0);
}
static pmm_obj *str_concat(pmm_rt *rt, pmm_obj *a, pmm_obj *b) {
  return str_of(rt, a->text, a->count, b->text, b->count);
}
static const char *str_utf8(pmm_rt *rt, pmm_obj *str, size_t *size) {
  *size = str->count;
  return str->kind == STR ? str->text : none_for(rt, PMM_TYPE);
}

/* ---- lists and instances ------------------------------------------------- */

/* Room for `n` items; those there are stay. */
static enum pmm_status make_room(pmm_rt *rt, pmm_obj *o, size_t n) {
  if (n <= o->room) {
    return PMM_OK;
  }
  size_t room = n > 4 ? n + n / 2 : n;
  pmm_obj **items = get(rt, room * sizeof *items);
  if (items == NULL) {
    return PMM_NO_MEMORY;
  }
  if (o->count > 0) {
    memcpy(items, o->items, o->count * sizeof *items);
  }
  give_back(rt, o->items);
  o->items = items;
  o->room = room;
  return PMM_OK;
}

/* A new object with `n` empty places. */
static pmm_obj *with_places(pmm_rt *rt, enum kind kind, size_t n) {
  pmm_obj *o = make(rt, kind);
  if (o != NULL && make_room(rt, o, n) != PMM_OK) {
    clear(rt, &o);
    return NULL;
  }
  return o != NULL ? (o->count = n, o) : NULL;
}

static pmm_obj *list_new(pmm_rt *rt, size_t n) {
  return with_places(rt, LIST, n);
}
static pmm_obj *list_from(pmm_rt *rt, pmm_obj *const *items, size_t n) {
  pmm_obj *list = list_new(rt, n);
  for (size_t i = 0; list != NULL && i < n; i++) {
    retain(rt, items[i]);
    list->items[i] = items[i];
  }
  return list;
}
static enum pmm_status list_append(pmm_rt *rt, pmm_obj *list, pmm_obj *item) {
  if (make_room(rt, list, list->count + 1) != PMM_OK) {
    return rt->error;
  }
  retain(rt, item);
  list->items[list->count++] = item;
  return PMM_OK;
}
static enum pmm_status set_steal(pmm_rt *rt, pmm_obj *o, size_t i, pmm_obj *v) {
  if (i >= o->count) {
    xrelease(rt, v);
    return fail(rt, PMM_INDEX);
  }
  pmm_obj *old = o->items[i];
  o->items[i] = v;
  xrelease(rt, old);
  return PMM_OK;
}
static enum pmm_status set(pmm_rt *rt, pmm_obj *o, size_t i, pmm_obj *v) {
  xretain(rt, v);
  return set_steal(rt, o, i, v);
}
static pmm_obj *item(pmm_rt *rt, pmm_obj *o, size_t i) {
  return i < o->count ? o->items[i] : none_for(rt, PMM_INDEX);
}
static pmm_obj *item_strong(pmm_rt *rt, pmm_obj *o, size_t i) {
  pmm_obj *found = item(rt, o, i);
  xretain(rt, found);
  return found;
}
static enum pmm_status list_clear(pmm_rt *rt, pmm_obj *list) {
  pmm_obj held = {.items = list->items, .count = list->count};
  list->items = NULL; /* the list is empty before an item can die           */
  list->count = list->room = 0;
  drop_items(rt, &held);
  give_back(rt, held.items);
  return PMM_OK;
}
static pmm_obj *iter(pmm_rt *rt, pmm_obj *o) {
  if (o->kind != LIST) {
    return none_for(rt, o->kind == STR ? PMM_UNSUPPORTED : PMM_TYPE);
  }
  pmm_obj *iterator = with_places(rt, ITERATOR, 1);
  return iterator != NULL ? (set(rt, iterator, 0, o), iterator) : NULL;
}
static pmm_obj *next(pmm_rt *rt, pmm_obj *iterator) {
  pmm_obj *list = iterator->items[0];
  size_t at = (size_t)iterator->value;
  if (list == NULL || at >= list->count) {
    (void)set_steal(rt, iterator, 0, NULL);
    return none_for(rt, PMM_STOP);
  }
  iterator->value++;
  return item_strong(rt, list, at);
}

static pmm_obj *type_new(pmm_rt *rt, const struct pmm_type_spec *spec) {
  if ((spec->flags & ~(uint32_t)(PMM_TYPE_GC | PMM_TYPE_WEAKREF)) != 0) {
    return none_for(rt, PMM_UNSUPPORTED);
  }
  pmm_obj *o = make(rt, TYPE);
  return o != NULL ? (o->spec = *spec, o) : NULL;
}
static pmm_obj *instance_new(pmm_rt *rt, pmm_obj *type, int64_t cookie) {
  pmm_obj *o = make(rt, INSTANCE);
  if (o == NULL) {
    return NULL;
  }
  retain(rt, type);
  o->type = type;
  o->value = cookie;
  if (make_room(rt, o, type->spec.slots) != PMM_OK) {
    o->kind = LIST; /* nobody saw it: no finalizer, no event                */
    release(rt, type);
    release(rt, o);
    return NULL;
  }
  o->count = type->spec.slots;
  return o;
}
static int64_t instance_cookie(pmm_rt *rt, pmm_obj *o) { return o->value; }

/* ---- weak references ----------------------------------------------------- */

static pmm_obj *weakref_new(pmm_rt *rt, pmm_obj *target, pmm_fn callback,
                            void *ctx, int64_t cookie) {
  if (callback != NULL) {
    return none_for(rt, PMM_UNSUPPORTED);
  }
  if (target->kind != INSTANCE ||
      (target->type->spec.flags & PMM_TYPE_WEAKREF) == 0) {
    return none_for(rt, PMM_TYPE);
  }
  for (pmm_obj *o = rt->ring.next; o != &rt->ring; o = o->next) {
    if (o->target == target) { /* one for all                               */
      return retain(rt, o), o;
    }
  }
  pmm_obj *o = make(rt, WEAK);
  if (o != NULL) {
    o->target = target;
    target->watched++;
  }
  return o;
}
static pmm_obj *weakref_get(pmm_rt *rt, pmm_obj *weakref) {
  xretain(rt, weakref->target);
  return weakref->target;
}
static size_t weakref_count(pmm_rt *rt, pmm_obj *target) {
  return target->watched;
}

/* ---- what it offers ------------------------------------------------------ */

/* Operations of the core that it refuses, each in the shape its type has. */
#define DENY(type, name, value, ...)                                          \
  static type name(pmm_rt *rt, __VA_ARGS__) {                                 \
    return fail(rt, PMM_UNSUPPORTED), value;                                  \
  }
DENY(pmm_obj *, no_parse, NULL, const char *text)
DENY(pmm_obj *, no_repr, NULL, pmm_obj *o)
DENY(pmm_obj *, no_attr, NULL, pmm_obj *o, const char *name)
DENY(enum pmm_status, no_hash, rt->error, pmm_obj *o, int64_t *hash)
DENY(enum pmm_status, no_set, rt->error, pmm_obj *o, const char *s, pmm_obj *v)

static const struct pmm_core_ops core = {
    .struct_size = sizeof core, .open = open_runtime, .close = close_runtime,
    .retain = retain, .release = release, .xretain = xretain,
    .xrelease = xrelease, .clear = clear, .same = same, .identity = identity,
    .type_name = type_name, .error = error, .error_message = error_message,
    .error_clear = error_clear, .error_set = error_set, .os_errno = os_errno,
    .none = none, .boolean = boolean, .int_new = int_new,
    .int_parse = no_parse, .int_value = int_value, .float_new = float_new,
    .float_value = float_value, .equals = equals, .hash = no_hash,
    .repr = no_repr, .length = length, .iter = iter, .next = next,
    .type_new = type_new, .instance_new = instance_new,
    .instance_cookie = instance_cookie, .slot_get = item, .slot_set = set,
    .attr_get = no_attr, .attr_set = no_set, .memory = memory,
    .memory_reset_peak = reset_peak, .caches_flush = no_caches};

static const struct pmm_fail_inject_ops fail_inject_ops = {
    sizeof fail_inject_ops, inject_arm, inject_disarm};
static const struct pmm_finalizer_ops finalizer_ops = {sizeof finalizer_ops};
static const struct pmm_gc_ops gc_ops = {sizeof gc_ops, collect, gc_enable,
                                         gc_enabled};
static const struct pmm_list_ops list_ops = {
    .struct_size = sizeof list_ops, .list_new = list_new,
    .list_from = list_from, .list_append = list_append,
    .list_set_steal = set_steal, .list_set = set, .list_get = item,
    .list_get_strong = item_strong, .list_clear = list_clear};
static const struct pmm_refcount_ops refcount_ops = {
    .struct_size = sizeof refcount_ops, .refcount = refcount,
    .refcount_reported = refcount};
static const struct pmm_sizeof_ops sizeof_ops = {sizeof sizeof_ops, size_of};
static const struct pmm_str_ops str_ops = {.struct_size = sizeof str_ops,
                                           .str_new = str_new,
                                           .str_concat = str_concat};
static const struct pmm_utf8_ops utf8_ops = {sizeof utf8_ops, str_utf8};
static const struct pmm_weakref_ops weakref_ops = {sizeof weakref_ops,
                                                   weakref_new, weakref_get};
static const struct pmm_weakref_count_ops weakref_count_ops = {
    sizeof weakref_count_ops, weakref_count};

static const void *feature(const char *name) {
  static const struct {
    const char *name;
    const void *operations;
  } all[] = {{"fail_inject", &fail_inject_ops}, {"finalizer", &finalizer_ops},
             {"gc", &gc_ops},                   {"list", &list_ops},
             {"refcount", &refcount_ops},       {"sizeof", &sizeof_ops},
             {"str", &str_ops},                 {"utf8", &utf8_ops},
             {"weakref", &weakref_ops},
             {"weakref_count", &weakref_count_ops}};
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
    if (strcmp(all[i].name, name) == 0) {
      return all[i].operations;
    }
  }
  return NULL;
}

static const char *const modes[] = {"trial", NULL};
static const struct pmm_subject subject = {
    .abi_version = PMM_SUBJECT_ABI, .struct_size = sizeof subject,
    .name = "embedder", .version = "1.0", .build = "", .profile = "embedder",
    .modes = modes, .core = &core, .feature = feature};

const struct pmm_subject *pmm_subject_get(uint32_t host_abi) {
  return host_abi == PMM_SUBJECT_ABI ? &subject : NULL;
}
