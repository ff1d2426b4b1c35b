/* SPDX-License-Identifier: MIT */
/* size_table.c - sizes by address; idea and invariant: size_table.h. */
#include "memory/size_table.h"

#define FIRST_ROOM 256

static size_t home_of(const struct pmmi_ledger *ledger, uintptr_t address) {
  assert(ledger->room > 0 && (ledger->room & (ledger->room - 1)) == 0);
  uint64_t mixed = (uint64_t)(address >> 3) * UINT64_C(0x9E3779B97F4A7C15);
  return (size_t)(mixed >> 32) & (ledger->room - 1);
}

/** The block's slot, or the free one where it would be. */
static size_t slot_of(const struct pmmi_ledger *ledger, uintptr_t address) {
  size_t i = home_of(ledger, address);
  while (ledger->entries[i].address != 0 &&
         ledger->entries[i].address != address) {
    i = (i + 1) & (ledger->room - 1);
  }
  return i;
}

int pmmi_ledger_reserve(struct pmmi_ledger *ledger,
                        const struct pmmi_heap *heap) {
  assert(2 * (ledger->count + ledger->promised) <= ledger->room);
  if (2 * (ledger->count + ledger->promised + 1) <= ledger->room) {
    return 0;
  }
  struct pmmi_ledger larger = {
      .room = ledger->room > 0 ? 2 * ledger->room : FIRST_ROOM,
      .count = ledger->count,
      .promised = ledger->promised};
  larger.entries =
      heap->alloc_zero(heap->ctx, larger.room, sizeof *larger.entries);
  if (larger.entries == NULL) {
    return -1;
  }
  for (size_t i = 0; i < ledger->room; i++) {
    struct pmmi_ledger_entry entry = ledger->entries[i];
    if (entry.address != 0) {
      larger.entries[slot_of(&larger, entry.address)] = entry;
    }
  }
  pmmi_ledger_fini(ledger, heap);
  *ledger = larger;
  return 0;
}

int pmmi_ledger_promise(struct pmmi_ledger *ledger,
                        const struct pmmi_heap *heap) {
  int failed = pmmi_ledger_reserve(ledger, heap);
  ledger->promised += failed == 0;
  return failed;
}

void pmmi_ledger_fulfil(struct pmmi_ledger *ledger, const void *block,
                        size_t size) {
  assert(ledger->promised > 0);
  ledger->promised--;
  if (block != NULL) {
    pmmi_ledger_add(ledger, block, size);
  }
}

size_t pmmi_ledger_lend(struct pmmi_ledger *ledger, const void *block) {
  size_t size = 0;
  int found = pmmi_ledger_take(ledger, block, &size);
  assert(found);
  (void)found;
  ledger->promised++;
  return size;
}

void pmmi_ledger_add(struct pmmi_ledger *ledger, const void *block,
                     size_t size) {
  assert(block != NULL &&
         2 * (ledger->count + ledger->promised + 1) <= ledger->room);
  size_t slot = slot_of(ledger, (uintptr_t)block);
  assert(ledger->entries[slot].address == 0);
  ledger->entries[slot] = (struct pmmi_ledger_entry){
      .address = (uintptr_t)block, .size = size};
  ledger->count++;
}

int pmmi_ledger_find(const struct pmmi_ledger *ledger, const void *block,
                     size_t *size) {
  if (block == NULL || ledger->count == 0) {
    return 0;
  }
  const struct pmmi_ledger_entry *entry =
      &ledger->entries[slot_of(ledger, (uintptr_t)block)];
  *size = entry->size;
  return entry->address != 0;
}

int pmmi_ledger_take(struct pmmi_ledger *ledger, const void *block,
                     size_t *size) {
  if (!pmmi_ledger_find(ledger, block, size)) {
    return 0;
  }
  size_t mask = ledger->room - 1;
  size_t hole = slot_of(ledger, (uintptr_t)block);
  ledger->count--;
  for (size_t i = (hole + 1) & mask; ledger->entries[i].address != 0;
       i = (i + 1) & mask) {
    size_t home = home_of(ledger, ledger->entries[i].address);
    if (((i - home) & mask) >= ((i - hole) & mask)) {
      ledger->entries[hole] = ledger->entries[i];
      hole = i;
    }
  }
  ledger->entries[hole] = (struct pmmi_ledger_entry){.address = 0};
  return 1;
}

void pmmi_ledger_fini(struct pmmi_ledger *ledger,
                      const struct pmmi_heap *heap) {
  assert(ledger->promised == 0 || ledger->entries != NULL);
  if (ledger->entries != NULL) {
    heap->free_sized(heap->ctx, ledger->entries,
                     ledger->room * sizeof *ledger->entries);
  }
  *ledger = (struct pmmi_ledger){.room = 0};
}
