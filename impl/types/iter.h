/* SPDX-License-Identifier: MIT */
/*
 * iter.h - walking over objects.
 *
 *   1. An iterator over a list, tuple, str, bytes or array is its container
 *      and an index; it looks at the length again at each step, so the
 *      container may change meanwhile.  At the end it lets the container go.
 *   2. Code that needs all items at once takes a view (struct pmmi_items): a
 *      list's or tuple's own array, or a list made for the purpose.
 *   3. tee() makes two iterators that read through a shared chain of what
 *      the first of them took from the source.
 */
#ifndef PMMI_ITER_H
#define PMMI_ITER_H

#include "core/object.h"
#include "types/tee.h"

/** All items of an iterable.  The array is borrowed from `owner`; it stays
 *  valid while nobody changes that, so while no code runs. */
struct pmmi_items {
  pmm_obj *owner; /* a reference of its own                                 */
  pmm_obj **at;
  size_t n;
};

extern const struct pmmi_type pmmi_iterator_type;

/** For a sequence type's `iter`. */
pmm_obj *pmmi_sequence_iter(pmm_rt *rt, pmm_obj *sequence);

/** The sequence of such an iterator, owned by it; NULL at its end. */
pmm_obj **pmmi_sequence_of(pmm_obj *iterator);

/** For an iterator type's `iter`: itself. */
pmm_obj *pmmi_self_iter(pmm_rt *rt, pmm_obj *iterator);

/** View an iterable; drop() ends it.  May run code, where the iterable is
 *  neither list nor tuple. */
enum pmm_status pmmi_items_get(pmm_rt *rt, pmm_obj *iterable,
                               struct pmmi_items *items);
/** Look at the owner again, after code ran. */
void pmmi_items_refresh(struct pmmi_items *items);
void pmmi_items_drop(pmm_rt *rt, struct pmmi_items *items);

/** Force 0 <= *from <= *to <= length. */
static inline void pmmi_clamp_range(size_t length, size_t *from, size_t *to) {
  *to = *to > length ? length : *to;
  *from = *from > *to ? *to : *from;
}

#endif /* PMMI_ITER_H */
