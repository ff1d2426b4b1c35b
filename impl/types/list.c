/* SPDX-License-Identifier: MIT */
/* list.c - the life of lists and single items; idea and drawing: list.h. */
#include "types/list.h"

#include <string.h>

#include "gc/gc.h"
#include "types/compare.h"
#include "types/iter.h"
#include "types/release_many.h"
#include "types/text_builder.h"
#include "types/types_state.h"

/* More items than any array can hold. */
#define TOO_MANY (PTRDIFF_MAX / sizeof(pmm_obj *))

static enum pmm_status refuse(pmm_rt *rt) {
  return pmmi_fail(rt, PMM_TYPE, "not a list");
}

static enum pmm_status bad_index(pmm_rt *rt) {
  return pmmi_fail(rt, PMM_INDEX, "list index out of range");
}

/* ---- capacity ------------------------------------------------------------ */

/* Slots for a list that comes from `old` items to n > 0; see list.h. */
static size_t capacity_for(size_t old, size_t n) {
  assert(n > 0);
  size_t capacity = (n + (n >> 3) + 6) & ~(size_t)3;
  if (n > old && n - old > capacity - n) {
    capacity = (n + 3) & ~(size_t)3;
  }
  return capacity;
}

/* Move the array to `capacity` slots; 0 when there is no memory. */
static int set_capacity(pmm_rt *rt, struct pmmi_list *list, size_t capacity) {
  assert(list->capacity >= 0);
  size_t old = (size_t)list->capacity;
  if (capacity == 0) {
    pmmi_mem_free(rt, list->items, old * sizeof(pmm_obj *));
    list->items = NULL;
    list->capacity = 0;
    return 1;
  }
  if (capacity > TOO_MANY) {
    return 0;
  }
  pmm_obj **items = pmmi_mem_realloc(rt, list->items, old * sizeof(pmm_obj *),
                                     capacity * sizeof(pmm_obj *));
  if (items == NULL) {
    return 0;
  }
  list->items = items;
  list->capacity = (ptrdiff_t)capacity;
  return 1;
}

/* A sort that is under way finds `capacity` changed, and drops the list that
 * grew meanwhile. */
static void end_sort(struct pmmi_list *list) {
  if (list->capacity < 0) {
    list->capacity = 0;
  }
}

static enum pmm_status resize_slowly(pmm_rt *rt, struct pmmi_list *list,
                                     size_t n) {
  size_t old = list->var.length;
  end_sort(list);
  size_t capacity = n <= TOO_MANY && n > 0 ? capacity_for(old, n) : n;
  assert(capacity >= n);
  if (!set_capacity(rt, list, capacity) && n > (size_t)list->capacity) {
    return pmmi_fail(rt, PMM_NO_MEMORY, "no memory for a list's items");
  }
  list->var.length = n;
  return PMM_OK;
}

enum pmm_status pmmi_list_resize(pmm_rt *rt, struct pmmi_list *list,
                                 size_t length) {
  ptrdiff_t capacity = list->capacity;
  if (capacity >= (ptrdiff_t)length && (ptrdiff_t)length >= capacity >> 1 &&
      length <= PTRDIFF_MAX && capacity > 0) {
    list->var.length = length;
    return PMM_OK;
  }
  return resize_slowly(rt, list, length);
}

enum pmm_status pmmi_list_reserve(pmm_rt *rt, struct pmmi_list *list,
                                  size_t capacity) {
  assert(list->items == NULL && list->var.length == 0);
  end_sort(list);
  if (capacity > TOO_MANY ||
      !set_capacity(rt, list, (capacity + 1) & ~(size_t)1)) {
    return pmmi_fail(rt, PMM_NO_MEMORY, "no memory for a list's items");
  }
  return PMM_OK;
}

enum pmm_status pmmi_list_set_exact(pmm_rt *rt, struct pmmi_list *list,
                                    size_t length) {
  assert(list->items == NULL && list->capacity == 0);
  if (!set_capacity(rt, list, length)) {
    return pmmi_fail(rt, PMM_NO_MEMORY, "no memory for a list's items");
  }
  list->var.length = length;
  return PMM_OK;
}

static size_t list_owned_bytes(pmm_obj *o) {
  ptrdiff_t capacity = ((const struct pmmi_list *)o)->capacity;
  return capacity > 0 ? (size_t)capacity * sizeof(pmm_obj *) : 0;
}

/* ---- making and dying ---------------------------------------------------- */

static struct pmmi_list *take_kept(pmm_rt *rt) {
  struct pmmi_list *list = pmmi_lists_of(rt)->first;
  if (list == NULL) {
    return (struct pmmi_list *)pmmi_gc_new(rt, &pmmi_list_type, 0);
  }
  pmmi_lists_of(rt)->first = (struct pmmi_list *)(void *)list->items;
  pmmi_lists_of(rt)->count--;
  pmmi_memory_of(rt)->objects++;
  pmmi_gc_revive(rt, &list->var.base);
  list->items = NULL;
  return list;
}

int pmmi_list_keep(pmm_rt *rt, struct pmmi_list *list) {
  assert(list->var.base.type == &pmmi_list_type);
  if (pmmi_lists_of(rt)->count >= PMMI_LISTS_KEPT) {
    return 0;
  }
  list->var.length = 0;
  list->capacity = 0;
  list->items = (pmm_obj **)(void *)pmmi_lists_of(rt)->first;
  pmmi_lists_of(rt)->first = list;
  pmmi_lists_of(rt)->count++;
  pmmi_memory_of(rt)->objects--;
  return 1;
}

static void put_back(pmm_rt *rt, struct pmmi_list *list) {
  assert(list->items == NULL || list->capacity != 0);
  if (!pmmi_list_keep(rt, list)) {
    pmmi_gc_free(rt, &list->var.base);
  }
}

/* As with tuples: full and empty. */
void pmmi_lists_keep(pmm_rt *rt, int on) {
  pmmi_lists_flush(rt);
  pmmi_lists_of(rt)->count = on ? 0 : PMMI_LISTS_KEPT;
}

void pmmi_lists_flush(pmm_rt *rt) {
  while (pmmi_lists_of(rt)->first != NULL) {
    struct pmmi_list *list = take_kept(rt);
    pmmi_gc_free(rt, &list->var.base);
  }
}

void pmmi_lists_figures(pmm_rt *rt, struct pmm_memory *out) {
  size_t count =
      pmmi_lists_of(rt)->first != NULL ? pmmi_lists_of(rt)->count : 0;
  out->cached_blocks += count;
  out->cached_bytes +=
      count * (PMMI_GC_HEAD_BYTES + sizeof(struct pmmi_list));
}

static const struct pmmi_cache list_cache = {
    pmmi_lists_flush, pmmi_lists_keep, pmmi_lists_figures};

void pmmi_lists_init(pmm_rt *rt) { pmmi_caches_add(rt, &list_cache); }

/* The object comes first: making it may run code, having an array may not. */
struct pmmi_list *pmmi_list_alloc(pmm_rt *rt, size_t capacity) {
  struct pmmi_list *list = take_kept(rt);
  if (list != NULL && !set_capacity(rt, list, capacity)) {
    put_back(rt, list);
    (void)pmmi_fail(rt, PMM_NO_MEMORY, "no memory for a list's items");
    return NULL;
  }
  return list;
}

pmm_obj *pmmi_list_new(pmm_rt *rt, size_t n) {
  struct pmmi_list *list = pmmi_list_alloc(rt, n);
  if (list == NULL) {
    return NULL;
  }
  if (n > 0) {
    memset(list->items, 0, n * sizeof *list->items);
  }
  list->var.length = n;
  pmmi_gc_track(rt, &list->var.base);
  return &list->var.base;
}

pmm_obj *pmmi_list_from(pmm_rt *rt, pmm_obj *const *items, size_t n) {
  assert(n == 0 || items != NULL);
  struct pmmi_list *list = pmmi_list_alloc(rt, n);
  if (list == NULL) {
    return NULL;
  }
  for (size_t i = 0; i < n; i++) {
    list->items[i] = pmmi_new_reference(rt, items[i]);
  }
  list->var.length = n;
  pmmi_gc_track(rt, &list->var.base);
  return &list->var.base;
}

static void release_items(pmm_rt *rt, pmm_obj **items, size_t n,
                          size_t capacity) {
  assert(n <= capacity);
  pmmi_release_items(rt, items, n);
  pmmi_mem_free(rt, items, capacity * sizeof *items);
}

static void list_dealloc(pmm_rt *rt, pmm_obj *o) {
  assert(o->refcnt == 0 && pmmi_is_list(o));
  struct pmmi_list *list = (struct pmmi_list *)o;
  assert(list->capacity >= 0);
  pmmi_gc_untrack(rt, o);
  release_items(rt, list->items, list->var.length, (size_t)list->capacity);
  put_back(rt, list);
}

/* The list is empty before the first item goes. */
static void list_clear(pmm_rt *rt, pmm_obj *o) {
  assert(pmmi_is_list(o));
  struct pmmi_list *list = (struct pmmi_list *)o;
  end_sort(list);
  pmm_obj **items = list->items;
  size_t n = list->var.length;
  size_t capacity = (size_t)list->capacity;
  list->items = NULL;
  list->var.length = 0;
  list->capacity = 0;
  release_items(rt, items, n, capacity);
}

static int list_traverse(pmm_obj *o, pmm_visit visit, void *ctx) {
  assert(pmmi_is_list(o));
  struct pmmi_list *list = (struct pmmi_list *)o;
  for (size_t i = 0; i < list->var.length; i++) {
    if (list->items[i] != NULL) {
      int result = visit(ctx, list->items[i]);
      if (result != 0) {
        return result;
      }
    }
  }
  return 0;
}

/* ---- single items -------------------------------------------------------- */

/* Unlike a resize this never moves an array that has room: it may have been
 * reserved for what is still to come. */
static inline enum pmm_status grow_by_one(pmm_rt *rt, struct pmmi_list *list) {
  assert(list->capacity < 0 || list->var.length <= (size_t)list->capacity);
  size_t n = list->var.length;
  if (__builtin_expect((ptrdiff_t)n < list->capacity, 1)) {
    list->var.length = n + 1;
    return PMM_OK;
  }
  assert(n < TOO_MANY);
  return resize_slowly(rt, list, n + 1);
}

enum pmm_status pmmi_list_append(pmm_rt *rt, pmm_obj *list, pmm_obj *item) {
  struct pmmi_list *l = (struct pmmi_list *)list;
  if (!pmmi_is_list(list)) {
    return refuse(rt);
  }
  size_t n = l->var.length;
  enum pmm_status status = grow_by_one(rt, l);
  if (status == PMM_OK) {
    l->items[n] = pmmi_new_reference(rt, item);
  }
  return status;
}

enum pmm_status pmmi_list_append_steal(pmm_rt *rt, struct pmmi_list *list,
                                       pmm_obj *item) {
  assert(item != NULL);
  size_t n = list->var.length;
  enum pmm_status status = grow_by_one(rt, list);
  if (status == PMM_OK) {
    list->items[n] = item;
  } else {
    pmmi_release(rt, item);
  }
  return status;
}

enum pmm_status pmmi_list_insert(pmm_rt *rt, pmm_obj *list, size_t index,
                                 pmm_obj *item) {
  struct pmmi_list *l = (struct pmmi_list *)list;
  if (!pmmi_is_list(list)) {
    return refuse(rt);
  }
  size_t n = l->var.length;
  assert(n < TOO_MANY);
  enum pmm_status status = pmmi_list_resize(rt, l, n + 1);
  if (status != PMM_OK) {
    return status;
  }
  index = index < n ? index : n;
  memmove(l->items + index + 1, l->items + index,
          (n - index) * sizeof *l->items);
  l->items[index] = pmmi_new_reference(rt, item);
  return PMM_OK;
}

enum pmm_status pmmi_list_set_steal(pmm_rt *rt, pmm_obj *list, size_t index,
                                    pmm_obj *item) {
  struct pmmi_list *l = (struct pmmi_list *)list;
  if (!pmmi_is_list(list) || index >= l->var.length) {
    enum pmm_status status = pmmi_is_list(list) ? bad_index(rt) : refuse(rt);
    pmmi_xrelease(rt, item);
    return status;
  }
  pmm_obj *old = l->items[index];
  l->items[index] = item;
  pmmi_xrelease(rt, old);
  return PMM_OK;
}

enum pmm_status pmmi_list_set(pmm_rt *rt, pmm_obj *list, size_t index,
                              pmm_obj *item) {
  return pmmi_list_set_steal(rt, list, index, pmmi_new_reference(rt, item));
}

pmm_obj *pmmi_list_get(pmm_rt *rt, pmm_obj *list, size_t index) {
  const struct pmmi_list *l = (const struct pmmi_list *)list;
  if (!pmmi_is_list(list) || index >= l->var.length) {
    (void)(pmmi_is_list(list) ? bad_index(rt) : refuse(rt));
    return NULL;
  }
  return l->items[index];
}

pmm_obj *pmmi_list_get_strong(pmm_rt *rt, pmm_obj *list, size_t index) {
  pmm_obj *item = pmmi_list_get(rt, list, index);
  pmmi_xretain(rt, item);
  return item;
}

pmm_obj *pmmi_list_take(pmm_rt *rt, struct pmmi_list *list, size_t index) {
  size_t n = list->var.length;
  assert(index < n);
  pmm_obj *item = list->items[index];
  memmove(list->items + index, list->items + index + 1,
          (n - index - 1) * sizeof *list->items);
  (void)pmmi_list_resize(rt, list, n - 1);
  return item;
}

/* Releasing may run code, so the list is looked at anew each time. */
void pmmi_list_restore(pmm_rt *rt, struct pmmi_list *list, size_t length,
                       ptrdiff_t capacity) {
  assert(pmmi_is_list(&list->var.base));
  while (list->var.length > length) {
    pmmi_xrelease(rt, list->items[--list->var.length]);
  }
  if (list->capacity > capacity && capacity >= (ptrdiff_t)list->var.length) {
    (void)set_capacity(rt, list, (size_t)capacity);
  }
}

pmm_obj *pmmi_list_pop(pmm_rt *rt, pmm_obj *list, size_t index) {
  struct pmmi_list *l = (struct pmmi_list *)list;
  if (!pmmi_is_list(list)) {
    (void)refuse(rt);
    return NULL;
  }
  if (index == SIZE_MAX) {
    index = l->var.length - 1;
  }
  if (index >= l->var.length) {
    (void)bad_index(rt);
    return NULL;
  }
  return pmmi_list_take(rt, l, index);
}

/* Comparing may run code, so the length and the items are read anew. */
enum pmm_status pmmi_list_remove(pmm_rt *rt, pmm_obj *list, pmm_obj *value) {
  struct pmmi_list *l = (struct pmmi_list *)list;
  if (!pmmi_is_list(list)) {
    return refuse(rt);
  }
  for (size_t i = 0; i < l->var.length; i++) {
    int equal;
    enum pmm_status status = pmmi_items_equal(rt, l->items[i], value, &equal);
    if (status != PMM_OK) {
      return status;
    }
    if (equal && i < l->var.length) {
      pmmi_xrelease(rt, pmmi_list_take(rt, l, i));
      return PMM_OK;
    }
  }
  return pmmi_fail(rt, PMM_VALUE, "list.remove(x): x not in list");
}

enum pmm_status pmmi_list_clear(pmm_rt *rt, pmm_obj *list) {
  if (!pmmi_is_list(list)) {
    return refuse(rt);
  }
  list_clear(rt, list);
  return PMM_OK;
}

/* ---- comparison and text ------------------------------------------------- */

static enum pmm_status list_equals(pmm_rt *rt, pmm_obj *a, pmm_obj *b,
                                   int *equal) {
  assert(pmmi_is_list(a) && pmmi_is_list(b));
  const struct pmmi_list *s = (const struct pmmi_list *)a;
  const struct pmmi_list *t = (const struct pmmi_list *)b;
  *equal = s->var.length == t->var.length;
  for (size_t i = 0; *equal && i < s->var.length && i < t->var.length; i++) {
    enum pmm_status status =
        pmmi_items_equal(rt, s->items[i], t->items[i], equal);
    if (status != PMM_OK) {
      return status;
    }
  }
  *equal = *equal && s->var.length == t->var.length;
  return PMM_OK;
}

static pmm_obj *list_repr(pmm_rt *rt, pmm_obj *o) {
  assert(pmmi_is_list(o));
  const struct pmmi_list *list = (const struct pmmi_list *)o;
  struct pmmi_repr repr;
  if (!pmmi_repr_enter(rt, &repr, o)) {
    return pmmi_str_new(rt, "[...]", 5);
  }
  struct pmmi_text text;
  pmmi_text_init(&text, rt);
  pmmi_text_add(&text, "[", 1);
  for (size_t i = 0; i < list->var.length; i++) {
    pmmi_text_add(&text, ", ", i > 0 ? 2 : 0);
    pmmi_text_add_item(&text, list->items[i]);
  }
  pmmi_text_add(&text, "]", 1);
  pmmi_repr_leave(rt, &repr);
  return pmmi_text_finish(&text);
}

static size_t list_length(pmm_obj *o) {
  assert(pmmi_is_list(o));
  return ((struct pmmi_var *)o)->length;
}

static pmm_obj *list_copy(pmm_rt *rt, pmm_obj *o) {
  assert(pmmi_is_list(o));
  return pmmi_list_slice(rt, o, 0, SIZE_MAX);
}

const struct pmmi_type pmmi_list_type = {
    .base = {.refcnt = PMMI_IMMORTAL},
    .name = "list",
    .basic_size = sizeof(struct pmmi_list),
    .flags = PMMI_TYPE_GC | PMMI_TYPE_BEHIND,
    .apart_offset = offsetof(struct pmmi_behind, items),
    .dealloc = list_dealloc,
    .traverse = list_traverse,
    .clear = list_clear,
    .equals = list_equals,
    .hash = pmmi_hash_refuse,
    .repr = list_repr,
    .length = list_length,
    .iter = pmmi_sequence_iter,
    .owned_bytes = list_owned_bytes,
    .copy = list_copy,
};
