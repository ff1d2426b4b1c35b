/* SPDX-License-Identifier: MIT */
/*
 * list.h - lists: items in an array of their own, which grows and shrinks.
 *
 *   byte -16              0        8        16       24       32
 *        +----------------+--------+--------+--------+--------+----------+
 *        | collector head | refcnt | type   | length | items  | capacity |
 *        +----------------+--------+--------+--------+---|----+----------+
 *                                                        v
 *                              +--------+--------+-- - - +
 *                              | item 0 | item 1 |       | `capacity` slots
 *                              +--------+--------+-- - - +
 *
 *   1. A list that outgrows its array to n items takes (n + n/8 + 6) slots,
 *      rounded down to a multiple of 4, unless the step is larger than that
 *      reserve; one that falls below half of its array takes the same for
 *      what is left.  An empty list has no array.
 *   2. What a caller says the size of in advance gets exactly that.
 *   3. Items are taken out of the list before they are released, last to
 *      first: releasing may run code that changes the same list.
 *   4. A sort takes the array away meanwhile and leaves `capacity` at -1,
 *      which every change of the list overwrites.
 *   5. At most PMMI_LISTS_KEPT dead list objects, without array, are kept.
 *
 * Invariant: 0 <= length <= capacity, and items is NULL exactly when capacity
 * is 0; suspended while a sort runs.  An item is NULL only in a slot that
 * pmmi_list_new() made and nobody has filled.
 *
 * Source: CPython 3.11 Objects/listobject.c.
 */
#ifndef PMMI_LIST_H
#define PMMI_LIST_H

#include "core/object.h"
#include "types/list_ops.h"
#include "types/sort.h"

#define PMMI_LISTS_KEPT 80

struct pmmi_list {
  struct pmmi_var var; /* length: items                                     */
  pmm_obj **items;     /* owned, and so is each of them                     */
  ptrdiff_t capacity;  /* slots of the array; -1: a sort holds it           */
};

static_assert(sizeof(struct pmmi_list) == 40, "the drawing above");
static_assert(offsetof(struct pmmi_list, items) ==
                  offsetof(struct pmmi_behind, items), "PMMI_TYPE_BEHIND");

/** Dead lists, linked through `items`. */
struct pmmi_lists {
  struct pmmi_list *first;
  size_t count;
};

extern const struct pmmi_type pmmi_list_type;

static inline int pmmi_is_list(const pmm_obj *o) {
  return o->type == &pmmi_list_type;
}

/** Keep a dead, untracked list without array for the next one; 0: it must be
 *  given back instead. */
int pmmi_list_keep(pmm_rt *rt, struct pmmi_list *list);

/** No list is kept yet. */
void pmmi_lists_init(pmm_rt *rt);

/** Give all kept lists back. */
void pmmi_lists_flush(pmm_rt *rt);

/** Give them back and keep no more (0), or keep dead lists again (1). */
void pmmi_lists_keep(pmm_rt *rt, int on);

/** Add the blocks and bytes of kept lists. */
void pmmi_lists_figures(pmm_rt *rt, struct pmm_memory *out);

/** An empty list with room for exactly `capacity` items.  The caller tracks
 *  it. */
struct pmmi_list *pmmi_list_alloc(pmm_rt *rt, size_t capacity);

/** Set the length, moving the array to a fitting capacity; slots above the
 *  old length are unspecified.  PMM_NO_MEMORY, and nothing changed; cannot
 *  fail when the list does not grow. */
enum pmm_status pmmi_list_resize(pmm_rt *rt, struct pmmi_list *list,
                                 size_t length);

/** Room for at least `capacity` items in a list without array, rounded up to
 *  even, as a backend's blocks are multiples of 16 bytes. */
enum pmm_status pmmi_list_reserve(pmm_rt *rt, struct pmmi_list *list,
                                  size_t capacity);

/** Give an empty list without array exactly `length` slots, unspecified. */
enum pmm_status pmmi_list_set_exact(pmm_rt *rt, struct pmmi_list *list,
                                    size_t length);

/** Append, taking over the caller's reference, also on failure. */
enum pmm_status pmmi_list_append_steal(pmm_rt *rt, struct pmmi_list *list,
                                       pmm_obj *item);

/** Undo appending: drop what is above `length`, last to first, and give back
 *  what the array has beyond `capacity`.  May run code. */
void pmmi_list_restore(pmm_rt *rt, struct pmmi_list *list, size_t length,
                       ptrdiff_t capacity);

/** Remove item `index`, which there is, and return it, owned. */
pmm_obj *pmmi_list_take(pmm_rt *rt, struct pmmi_list *list, size_t index);

/* ---- operations (contracts: pmm/subject.h) ------------------------------- */

pmm_obj *pmmi_list_new(pmm_rt *rt, size_t n);
pmm_obj *pmmi_list_from(pmm_rt *rt, pmm_obj *const *items, size_t n);
enum pmm_status pmmi_list_append(pmm_rt *rt, pmm_obj *list, pmm_obj *item);
enum pmm_status pmmi_list_insert(pmm_rt *rt, pmm_obj *list, size_t index,
                                 pmm_obj *item);
enum pmm_status pmmi_list_set_steal(pmm_rt *rt, pmm_obj *list, size_t index,
                                    pmm_obj *item);
enum pmm_status pmmi_list_set(pmm_rt *rt, pmm_obj *list, size_t index,
                              pmm_obj *item);
pmm_obj *pmmi_list_get(pmm_rt *rt, pmm_obj *list, size_t index);
pmm_obj *pmmi_list_get_strong(pmm_rt *rt, pmm_obj *list, size_t index);
pmm_obj *pmmi_list_pop(pmm_rt *rt, pmm_obj *list, size_t index);
enum pmm_status pmmi_list_remove(pmm_rt *rt, pmm_obj *list, pmm_obj *value);
enum pmm_status pmmi_list_clear(pmm_rt *rt, pmm_obj *list);

#endif /* PMMI_LIST_H */
