/* SPDX-License-Identifier: MIT */
/*
 * release_many.h - letting go of many objects at once: a container's items.
 *
 *   1. Objects that will be needed soon are fetched ahead: a large container's
 *      items are cache misses.
 *   2. Objects that die without anybody noticing (ints, floats, empty lists,
 *      tuples that end nobody else) are put aside, and their blocks go back to
 *      the backend in batches of one size.
 *   3. A batch goes before anything runs that could ask for a figure.
 *
 * Invariant: after the call, and whenever code of the host runs in it, all
 * figures are what releasing one after the other gives.
 */
#ifndef PMMI_RELEASE_MANY_H
#define PMMI_RELEASE_MANY_H

#include "core/object.h"

/** Items from which on batches pay. */
#define PMMI_RELEASE_MANY 16u

/** pmmi_release_items() for many. */
void pmmi_release_many(pmm_rt *rt, pmm_obj *const *items, size_t n);

/** Release items n - 1 … 0; NULL ones are skipped.  Steals the references,
 *  leaves the array as it is.  May run code. */
static inline void pmmi_release_items(pmm_rt *rt, pmm_obj *const *items,
                                      size_t n) {
  if (n >= PMMI_RELEASE_MANY) {
    pmmi_release_many(rt, items, n);
    return;
  }
  while (n-- > 0) {
    pmmi_xrelease(rt, items[n]);
  }
}

#endif /* PMMI_RELEASE_MANY_H */
