/* SPDX-License-Identifier: MIT */
/*
 * dict_table.h - the table of a dict: slots that lead to dense entries.
 *
 *   byte 0        8        16       24               32
 *        +--------+--------+--------+----------------+---------+---------+
 *        | mask   | room   | filled | index_log2 ... | slots   | entries |
 *        +--------+--------+--------+----------------+---------+---------+
 *
 *   slots    +----+----+----+----+----+----+----+----+   1, 2, 4 or 8 bytes
 *            |    | 1  |    |    | 0  |    | X  | 3  |   each; X: deleted
 *            +----+----+----+----+----+----+----+----+
 *   entries  +-----+-------+------+-----+-------+------+--
 *            | key | value | hash | key | value | hash | ...  in insertion
 *            +-----+-------+------+-----+-------+------+--    order
 *
 *   1. A table of n slots has room for 2n/3 entries, so that a probe always
 *      meets a free slot.  Entries are filled from the front and never used
 *      twice: a deleted one is a hole until the table is rebuilt.
 *   2. While all keys are strings, an entry has no hash: the key knows it.
 *   3. A probe walks slot = 5 * slot + 1 + more and more bits of the hash,
 *      which visits every slot.
 *
 * Invariant: each entry with a key is led to by exactly one slot; a hole by
 * none.  filled <= room < slots.
 *
 * Source: CPython 3.11 Objects/dictobject.c.
 */
#ifndef PMMI_DICT_TABLE_H
#define PMMI_DICT_TABLE_H

#include "core/object.h"

/** Slots of the smallest table. */
#define PMMI_DICT_LEAST_SLOTS 8

/** What a slot holds instead of an entry's index. */
#define PMMI_DICT_FREE (-1)
#define PMMI_DICT_DELETED (-2)

struct pmmi_dict_table {
  size_t mask;        /* slots less 1; slots are a power of two             */
  size_t room;        /* entries there is room for                          */
  size_t filled;      /* entries in use, holes included                     */
  uint8_t index_log2; /* a slot has 1 << index_log2 bytes                   */
  uint8_t only_str;   /* 1: every key is a str, entries have no hash        */
  uint8_t unused[6];
  signed char slots[]; /* the entries stand behind them                     */
};

static_assert(offsetof(struct pmmi_dict_table, slots) == 32,
              "the drawing above");

/** An entry; a hole when `key` is NULL. */
struct pmmi_dict_entry {
  pmm_obj *key;   /* owned                                                  */
  pmm_obj *value; /* owned                                                  */
  int64_t hash;   /* of the key; not there where all keys are strings       */
};

static inline size_t pmmi_dict_entry_bytes(const struct pmmi_dict_table *t) {
  return t->only_str ? offsetof(struct pmmi_dict_entry, hash)
                     : sizeof(struct pmmi_dict_entry);
}

/** Entry `index` < filled of the table. */
static inline struct pmmi_dict_entry *
pmmi_dict_entry_at(struct pmmi_dict_table *t, size_t index) {
  char *entries = (char *)t->slots + ((t->mask + 1) << t->index_log2);
  return (struct pmmi_dict_entry *)(void *)(entries +
                                            index * pmmi_dict_entry_bytes(t));
}

/** What a slot holds: an entry's index, or one of the two marks. */
static inline int64_t pmmi_dict_slot_get(const struct pmmi_dict_table *t,
                                         size_t slot) {
  const void *slots = t->slots;
  switch (t->index_log2) {
  case 0:
    return ((const int8_t *)slots)[slot];
  case 1:
    return ((const int16_t *)slots)[slot];
  case 2:
    return ((const int32_t *)slots)[slot];
  default:
    return ((const int64_t *)slots)[slot];
  }
}

/** A walk over the slots that a hash may be in. */
struct pmmi_dict_probe {
  uint64_t perturb; /* bits of the hash not used yet                        */
  size_t slot;      /* the present one                                      */
};

static inline struct pmmi_dict_probe
pmmi_dict_probe_first(const struct pmmi_dict_table *t, int64_t hash) {
  return (struct pmmi_dict_probe){(uint64_t)hash, (size_t)hash & t->mask};
}

static inline void pmmi_dict_probe_next(const struct pmmi_dict_table *t,
                                        struct pmmi_dict_probe *probe) {
  probe->perturb >>= 5;
  probe->slot = (probe->slot * 5 + (size_t)probe->perturb + 1) & t->mask;
}

/** Slots of the smallest table that grows only after `entries` more than
 *  half as many again: the least power of two not below 3 * entries.  0: no
 *  table can be so large. */
size_t pmmi_dict_slots_for(size_t entries);

/** An empty table of `slots`, a power of two.  NULL: no memory; sets no
 *  error. */
struct pmmi_dict_table *pmmi_dict_table_new(pmm_rt *rt, size_t slots,
                                            int only_str);

/** Give a table back; what its entries own is somebody else's by now. */
void pmmi_dict_table_free(pmm_rt *rt, struct pmmi_dict_table *table);

/** Bytes of its block; 0 for NULL. */
size_t pmmi_dict_table_bytes(const struct pmmi_dict_table *table);

/** The hash of an entry's key, which is no hole. */
int64_t pmmi_dict_entry_hash(const struct pmmi_dict_table *table,
                             const struct pmmi_dict_entry *entry);

/** Fill the next entry with a key that is not there, moving both references
 *  in.  There is room; in a table of strings the key is one. */
void pmmi_dict_table_add(struct pmmi_dict_table *table, pmm_obj *key,
                         int64_t hash, pmm_obj *value);

/** Move all entries of `from`, holes left out, to the empty table `to`. */
void pmmi_dict_table_move(struct pmmi_dict_table *to,
                          struct pmmi_dict_table *from);

/** Make the entry that a slot leads to a hole, and return what it held; both
 *  references are the caller's now. */
struct pmmi_dict_entry pmmi_dict_table_take(struct pmmi_dict_table *table,
                                            size_t slot);

/** Visit what the entries own, with `keys` 0 the values alone; stop at a result
 *  other than 0, and return it.  NULL has no entries. */
int pmmi_dict_table_visit(struct pmmi_dict_table *table, int keys,
                          pmm_visit visit, void *ctx);

/** Check the invariant over a table with `used` keys; NULL when it holds,
 *  else what is wrong. */
const char *pmmi_dict_table_check(struct pmmi_dict_table *table, size_t used);

#endif /* PMMI_DICT_TABLE_H */
