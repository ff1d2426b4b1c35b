/* SPDX-License-Identifier: MIT */
/*
 * table.h - the heap's pages, its tables and its window.
 *
 *   1. Every table is one map of the heap's hooks; it grows by a map twice
 *      as large, a copy, and an unmap.
 *   2. Arena numbers index the tables; a number given back is used again
 *      before the tables grow.
 *   3. The window is rebuilt around all live arenas when one comes to lie
 *      outside, with as much slack again on both sides, so that the cost of
 *      rebuilding is spread over as many arenas.
 *
 * Invariant: slots[i] != 0 exactly when the arena of that number lies at
 * window + i MiB.
 */
#ifndef PMMI_POOL_TABLE_H
#define PMMI_POOL_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct pmmi_heap;

/** A table that grows by moving; memory from the heap's hooks. */
struct pmmi_pool_table {
  void *base;   /* NULL: empty                                              */
  size_t bytes; /* mapped                                                   */
};

/** Pages from the heap's hooks, counted; NULL: no memory. */
void *pmmi_pool_map(struct pmmi_heap *heap, size_t size, size_t align);
void pmmi_pool_unmap(struct pmmi_heap *heap, void *base, size_t size);

/** Make room for `bytes`, keeping the contents; new bytes are zero.  -1: no
 *  memory, nothing changed.  The table may have moved. */
int pmmi_pool_table_grow(struct pmmi_heap *heap, struct pmmi_pool_table *table,
                         size_t bytes);
void pmmi_pool_table_close(struct pmmi_heap *heap,
                           struct pmmi_pool_table *table);

/** An arena number with room in every table; PMMI_POOL_NONE: no memory. */
uint32_t pmmi_pool_arena_number(struct pmmi_heap *heap);
void pmmi_pool_arena_number_free(struct pmmi_heap *heap, uint32_t number);

/** Let the window hold `base` as arena `number`.  -1: no memory. */
int pmmi_pool_window_add(struct pmmi_heap *heap, const char *base,
                         uint32_t number);
void pmmi_pool_window_remove(struct pmmi_heap *heap, const char *base);

#endif /* PMMI_POOL_TABLE_H */
