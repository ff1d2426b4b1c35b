/* SPDX-License-Identifier: MIT */
/*
 * dict.h - dictionaries: insertion-ordered maps by hash and equality.
 *
 *   byte -16              0        8        16      24        32      40  48
 *        +----------------+--------+--------+-------+---------+-------+---+
 *        | collector head | refcnt | type   | used  | changes | table | 0 |
 *        +----------------+--------+--------+-------+---------+---|---+---+
 *                                                                 v
 *                                                            dict_table.h
 *
 *   1. An empty dict has no table; the first entry makes one of 8 slots.
 *   2. A table without room for one more entry is rebuilt with the least
 *      power of two of slots not below three for each key: it grows when it
 *      is full of keys, and closes holes when it is full of those.
 *   3. Deletion leaves a hole and the table as it is, so that positions stay
 *      valid.  Setting a key that is there keeps the old key.
 *   4. Comparing keys and releasing objects may run code that changes this
 *      same dict.  `changes` counts every change of what a look-up walks
 *      over; one that finds it moved begins again.
 *   5. A dict is untracked until a key or value comes that the collector
 *      could track; a full collection untracks one that holds none any more.
 *
 * Invariant: `used` is the number of keys in the table; without a table it
 * is 0.  An untracked dict owns nothing that could be part of a cycle.
 *
 * Source: CPython 3.11 Objects/dictobject.c, InternalDocs/
 * garbage_collector.md (untracking).
 */
#ifndef PMMI_DICT_H
#define PMMI_DICT_H

#include "types/dict_table.h"
#include "types/keys_iter.h"

struct pmmi_dict {
  struct pmm_obj base;
  size_t used;                   /* keys                                    */
  uint64_t changes;              /* insertions, deletions, rebuilds         */
  struct pmmi_dict_table *table; /* owned; NULL while nothing was inserted  */
  uint64_t unused;               /* 0; where CPython keeps split values     */
};

static_assert(sizeof(struct pmmi_dict) == 48, "the drawing above");

extern const struct pmmi_type pmmi_dict_type;

static inline int pmmi_is_dict(const pmm_obj *o) {
  return o->type == &pmmi_dict_type;
}

/** The entry at or behind *position that has a key, borrowed; *position goes
 *  behind it.  NULL: there is none.  Runs no code; the dict may change from
 *  one call to the next. */
const struct pmmi_dict_entry *pmmi_dict_next(struct pmmi_dict *dict,
                                             size_t *position);

/** 1 when nothing in the dict is or can become part of a cycle. */
int pmmi_dict_is_atomic(struct pmmi_dict *dict);

/** Check a dict's invariant; NULL when it holds, else what is wrong. */
const char *pmmi_dict_check(pmm_obj *dict);

/* ---- operations (contracts: pmm/subject.h) ------------------------------- */

pmm_obj *pmmi_dict_new(pmm_rt *rt);
enum pmm_status pmmi_dict_set(pmm_rt *rt, pmm_obj *dict, pmm_obj *key,
                              pmm_obj *value);
pmm_obj *pmmi_dict_get(pmm_rt *rt, pmm_obj *dict, pmm_obj *key);
pmm_obj *pmmi_dict_get_strong(pmm_rt *rt, pmm_obj *dict, pmm_obj *key);
enum pmm_status pmmi_dict_delete(pmm_rt *rt, pmm_obj *dict, pmm_obj *key);
enum pmm_status pmmi_dict_clear(pmm_rt *rt, pmm_obj *dict);
pmm_obj *pmmi_dict_copy(pmm_rt *rt, pmm_obj *dict);
pmm_obj *pmmi_dict_keys(pmm_rt *rt, pmm_obj *dict);
pmm_obj *pmmi_dict_values(pmm_rt *rt, pmm_obj *dict);

#endif /* PMMI_DICT_H */
