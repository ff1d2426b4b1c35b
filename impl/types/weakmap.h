/* SPDX-License-Identifier: MIT */
/*
 * weakmap.h - maps and sets whose entries live as long as their weak part.
 *
 *   entries   in order of insertion, holes where one has gone
 *             +--------+--------+--------+--------+
 *             | e0     | (hole) | e2     | e3     |
 *             +--------+--------+--------+--------+
 *                ^                 ^        ^
 *   index     +--|--+-----+-----+--|--+-----|--+-----+   open addressing by
 *             |  1  |     |     |  3  |  4     |     |   the hash of the key
 *             +-----+-----+-----+-----+--------+-----+
 *
 *   1. An entry owns a weak reference to its weak part (the value of a map of
 *      weak values, else the key) and the other part.
 *   2. The reference knows its entry's position, so that death finds it
 *      without comparing.
 *   3. While an iterator is under way, the entries of the dead stay; the last
 *      iterator that ends removes them.
 *
 *   4. Comparing keys may run code that changes this same container.
 *      `changes` counts all that a look-up walks over; one that finds it
 *      moved begins again.
 *
 * Invariant: every entry that is no hole is in the index once; `live` counts
 * those whose weak part is alive.
 *
 * Source: CPython 3.11 Lib/weakref.py (_IterationGuard, _commit_removals);
 * the compact table is that of Objects/dictobject.c.
 */
#ifndef PMMI_WEAKMAP_H
#define PMMI_WEAKMAP_H

#include "types/weakref.h"

/** An entry; a hole when `ref` is NULL. */
struct pmmi_weakmap_entry {
  struct pmmi_weakref *ref; /* owned; to the weak part                      */
  pmm_obj *strong;          /* owned; the other part, NULL in a set         */
  int64_t hash;             /* of the key                                   */
};

struct pmmi_weakmap {
  struct pmm_obj base;
  struct pmmi_weakref *weak;          /* references to the container        */
  struct pmmi_weakmap_entry *entries; /* `room` of them                     */
  uint32_t *index;                    /* 2 * room; 0: free, else position+1 */
  uint32_t room;      /* 0 or a power of two                                */
  uint32_t used;      /* entries and holes                                  */
  uint32_t live;      /* entries whose weak part is alive                   */
  uint32_t iterators; /* under way                                          */
  uint32_t changes;   /* of entries, index or who lives                     */
  enum pmm_weak_kind kind;
};

extern const struct pmmi_type pmmi_weakmap_type;
extern const struct pmmi_type pmmi_weakmap_iter_type;

/* ---- operations (contracts: pmm/subject.h) ------------------------------- */

pmm_obj *pmmi_weak_new(pmm_rt *rt, enum pmm_weak_kind kind);
enum pmm_status pmmi_weak_set(pmm_rt *rt, pmm_obj *weak, pmm_obj *key,
                              pmm_obj *value);
pmm_obj *pmmi_weak_get(pmm_rt *rt, pmm_obj *weak, pmm_obj *key);
enum pmm_status pmmi_weak_delete(pmm_rt *rt, pmm_obj *weak, pmm_obj *key);

#endif /* PMMI_WEAKMAP_H */
