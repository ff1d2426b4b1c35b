/* SPDX-License-Identifier: MIT */
/*
 * size_table.h - the sizes of blocks, by address.
 *
 * The functions of a domain are not told a block's size when it comes back;
 * who has to know keeps a table.
 *
 *   1. Slots as in base/slots.h, at most half full.
 *   2. Its memory comes from the backend itself, or from the C library where
 *      threads share it: no layer and no counter sees it.
 *   3. Where threads share it, somebody may add between another's reserving
 *      and adding; a promise keeps the slot.
 *
 * Invariant: every entry is found from its home by slots in use only; there is
 * a slot for every promise.
 */
#ifndef PMMI_SIZE_TABLE_H
#define PMMI_SIZE_TABLE_H

#include "memory/memory.h"

/** One block. */
struct pmmi_size_table_entry {
  uintptr_t address; /* 0: the slot is free                                 */
  size_t size;       /* bytes                                               */
};

/** All zero is an empty one that holds no memory. */
struct pmmi_size_table {
  struct pmmi_size_table_entry *entries;
  size_t room;  /* slots, a power of two; 0: no table                       */
  size_t count; /* slots in use                                             */
  size_t promised; /* slots that are kept for blocks under way              */
};

/** Make sure that one more block can be added.  -1: no memory. */
int pmmi_size_table_reserve(struct pmmi_size_table *table,
                            const struct pmmi_allocator *heap);

/** Add a block that is not in it; room was reserved.  Cannot fail. */
void pmmi_size_table_add(struct pmmi_size_table *table, const void *block,
                         size_t size);

/** The same, and whatever others add, the slot stays: pmmi_size_table_fulfil()
 *  follows. */
int pmmi_size_table_promise(struct pmmi_size_table *table,
                            const struct pmmi_allocator *heap);

/** Add the block that a slot was promised for; NULL: there is none.  Cannot
 *  fail. */
void pmmi_size_table_fulfil(struct pmmi_size_table *table, const void *block,
                            size_t size);

/** 1 with the block's size in *size; 0 when it is not in the table. */
int pmmi_size_table_find(const struct pmmi_size_table *table,
                         const void *block, size_t *size);

/** The same, and it is in the table no more. */
int pmmi_size_table_take(struct pmmi_size_table *table, const void *block,
                         size_t *size);

/** Take a block that is in it, keeping its slot: pmmi_size_table_fulfil()
 *  follows.  Returns its size. */
size_t pmmi_size_table_lend(struct pmmi_size_table *table, const void *block);

/** Give its memory back. */
void pmmi_size_table_fini(struct pmmi_size_table *table,
                          const struct pmmi_allocator *heap);

#endif /* PMMI_SIZE_TABLE_H */
