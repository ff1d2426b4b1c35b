/* SPDX-License-Identifier: MIT */
/* size_table.c - sizes by address; idea and invariant: size_table.h. */
#include "memory/size_table.h"

#define FIRST_ROOM 256

static size_t home_of(const struct pmmi_size_table *table, uintptr_t address) {
  assert(table->room > 0 && (table->room & (table->room - 1)) == 0);
  uint64_t mixed = (uint64_t)(address >> 3) * UINT64_C(0x9E3779B97F4A7C15);
  return (size_t)(mixed >> 32) & (table->room - 1);
}

/** The block's slot, or the free one where it would be. */
static size_t slot_of(const struct pmmi_size_table *table, uintptr_t address) {
  size_t i = home_of(table, address);
  while (table->entries[i].address != 0 &&
         table->entries[i].address != address) {
    i = (i + 1) & (table->room - 1);
  }
  return i;
}

int pmmi_size_table_reserve(struct pmmi_size_table *table,
                            const struct pmmi_heap *heap) {
  assert(2 * (table->count + table->promised) <= table->room);
  if (2 * (table->count + table->promised + 1) <= table->room) {
    return 0;
  }
  struct pmmi_size_table larger = {
      .room = table->room > 0 ? 2 * table->room : FIRST_ROOM,
      .count = table->count,
      .promised = table->promised};
  larger.entries =
      heap->alloc_zero(heap->ctx, larger.room, sizeof *larger.entries);
  if (larger.entries == NULL) {
    return -1;
  }
  for (size_t i = 0; i < table->room; i++) {
    struct pmmi_size_table_entry entry = table->entries[i];
    if (entry.address != 0) {
      larger.entries[slot_of(&larger, entry.address)] = entry;
    }
  }
  pmmi_size_table_fini(table, heap);
  *table = larger;
  return 0;
}

int pmmi_size_table_promise(struct pmmi_size_table *table,
                            const struct pmmi_heap *heap) {
  int failed = pmmi_size_table_reserve(table, heap);
  table->promised += failed == 0;
  return failed;
}

void pmmi_size_table_fulfil(struct pmmi_size_table *table, const void *block,
                            size_t size) {
  assert(table->promised > 0);
  table->promised--;
  if (block != NULL) {
    pmmi_size_table_add(table, block, size);
  }
}

size_t pmmi_size_table_lend(struct pmmi_size_table *table, const void *block) {
  size_t size = 0;
  int found = pmmi_size_table_take(table, block, &size);
  assert(found);
  (void)found;
  table->promised++;
  return size;
}

void pmmi_size_table_add(struct pmmi_size_table *table, const void *block,
                         size_t size) {
  assert(block != NULL &&
         2 * (table->count + table->promised + 1) <= table->room);
  size_t slot = slot_of(table, (uintptr_t)block);
  assert(table->entries[slot].address == 0);
  table->entries[slot] = (struct pmmi_size_table_entry){
      .address = (uintptr_t)block, .size = size};
  table->count++;
}

int pmmi_size_table_find(const struct pmmi_size_table *table,
                         const void *block, size_t *size) {
  if (block == NULL || table->count == 0) {
    return 0;
  }
  const struct pmmi_size_table_entry *entry =
      &table->entries[slot_of(table, (uintptr_t)block)];
  *size = entry->size;
  return entry->address != 0;
}

int pmmi_size_table_take(struct pmmi_size_table *table, const void *block,
                         size_t *size) {
  if (!pmmi_size_table_find(table, block, size)) {
    return 0;
  }
  size_t mask = table->room - 1;
  size_t hole = slot_of(table, (uintptr_t)block);
  table->count--;
  for (size_t i = (hole + 1) & mask; table->entries[i].address != 0;
       i = (i + 1) & mask) {
    size_t home = home_of(table, table->entries[i].address);
    if (((i - home) & mask) >= ((i - hole) & mask)) {
      table->entries[hole] = table->entries[i];
      hole = i;
    }
  }
  table->entries[hole] = (struct pmmi_size_table_entry){.address = 0};
  return 1;
}

void pmmi_size_table_fini(struct pmmi_size_table *table,
                          const struct pmmi_heap *heap) {
  assert(table->promised == 0 || table->entries != NULL);
  if (table->entries != NULL) {
    heap->free_sized(heap->ctx, table->entries,
                     table->room * sizeof *table->entries);
  }
  *table = (struct pmmi_size_table){.room = 0};
}
