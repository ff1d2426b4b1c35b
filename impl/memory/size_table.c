/* SPDX-License-Identifier: MIT */
/* size_table.c - sizes by address; idea and invariant: size_table.h. */
#include "memory/size_table.h"

#include "base/slots.h"

#define FIRST_ROOM 256

/** The block's slot, or the free one where it would be. */
static size_t slot_of(const struct pmmi_size_table *table, uintptr_t address) {
  return pmmi_slots_find(table->entries, sizeof *table->entries, table->room,
                         address);
}

int pmmi_size_table_reserve(struct pmmi_size_table *table,
                            const struct pmmi_allocator *heap) {
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
                            const struct pmmi_allocator *heap) {
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
  table->count--;
  pmmi_slots_remove(table->entries, sizeof *table->entries, table->room,
                    slot_of(table, (uintptr_t)block));
  return 1;
}

void pmmi_size_table_fini(struct pmmi_size_table *table,
                          const struct pmmi_allocator *heap) {
  assert(table->promised == 0 || table->entries != NULL);
  if (table->entries != NULL) {
    heap->free_sized(heap->ctx, table->entries,
                     table->room * sizeof *table->entries);
  }
  *table = (struct pmmi_size_table){.room = 0};
}
