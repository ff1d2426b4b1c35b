/* SPDX-License-Identifier: MIT */
/* dict_table.c - the table of a dict; idea and drawing: dict_table.h. */
#include "types/dict_table.h"

#include <string.h>

#include "memory/memory.h"
#include "types/str.h"

/* ---- sizes --------------------------------------------------------------- */

size_t pmmi_dict_slots_for(size_t entries) {
  size_t slots = PMMI_DICT_LEAST_SLOTS;
  if (entries > SIZE_MAX / 8) {
    return 0;
  }
  while (slots < 3 * entries) {
    slots *= 2;
  }
  return slots;
}

static size_t room_of(size_t slots) {
  assert(slots >= PMMI_DICT_LEAST_SLOTS);
  return slots / 3 * 2 + slots % 3 * 2 / 3;
}

/* The narrowest signed number that holds every index of an entry: a table of
 * 128 slots has 85 entries, one of 32768 has 21845. */
static uint8_t index_log2_of(size_t slots) {
  assert((slots & (slots - 1)) == 0);
  if (slots <= 1u << 7) {
    return 0;
  }
  if (slots <= 1u << 15) {
    return 1;
  }
  return slots <= 1u << 31 ? 2 : 3;
}

/* 1 when a table of these measures fits, with its bytes. */
static int table_size(size_t slots, uint8_t index_log2, size_t room,
                      size_t entry_bytes, size_t *bytes) {
  size_t head;
  return pmmi_size_fits(slots, (size_t)1 << index_log2,
                        sizeof(struct pmmi_dict_table), &head) &&
         pmmi_size_fits(room, entry_bytes, head, bytes);
}

size_t pmmi_dict_table_bytes(const struct pmmi_dict_table *table) {
  size_t bytes = 0;
  if (table != NULL) {
    int fits = table_size(table->mask + 1, table->index_log2, table->room,
                          pmmi_dict_entry_bytes(table), &bytes);
    assert(fits);
    (void)fits;
  }
  return bytes;
}

/* ---- life ---------------------------------------------------------------- */

struct pmmi_dict_table *pmmi_dict_table_new(pmm_rt *rt, size_t slots,
                                            int only_str) {
  struct pmmi_dict_table measures = {.mask = slots - 1,
                                     .room = room_of(slots),
                                     .index_log2 = index_log2_of(slots),
                                     .only_str = (uint8_t)(only_str != 0)};
  size_t bytes;
  if (slots == 0 ||
      !table_size(slots, measures.index_log2, measures.room,
                  pmmi_dict_entry_bytes(&measures), &bytes)) {
    return NULL;
  }
  assert(slots >= PMMI_DICT_LEAST_SLOTS && (slots & measures.mask) == 0);
  struct pmmi_dict_table *table = pmmi_mem_alloc(rt, bytes);
  if (table != NULL) {
    *table = measures;
    memset(table->slots, PMMI_DICT_FREE, slots << measures.index_log2);
  }
  return table;
}

void pmmi_dict_table_free(pmm_rt *rt, struct pmmi_dict_table *table) {
  pmmi_mem_free(rt, table, pmmi_dict_table_bytes(table));
}

/* ---- entries ------------------------------------------------------------- */

int64_t pmmi_dict_entry_hash(const struct pmmi_dict_table *table,
                             const struct pmmi_dict_entry *entry) {
  return table->only_str ? pmmi_str_hash((struct pmmi_str *)entry->key)
                         : entry->hash;
}

static void slot_set(struct pmmi_dict_table *t, size_t slot, int64_t value) {
  assert(slot <= t->mask);
  void *slots = t->slots;
  switch (t->index_log2) {
  case 0:
    ((int8_t *)slots)[slot] = (int8_t)value;
    break;
  case 1:
    ((int16_t *)slots)[slot] = (int16_t)value;
    break;
  case 2:
    ((int32_t *)slots)[slot] = (int32_t)value;
    break;
  default:
    ((int64_t *)slots)[slot] = value;
    break;
  }
}

/* A slot of the hash that leads to no entry; a deleted one will do. */
static size_t free_slot(const struct pmmi_dict_table *table, int64_t hash) {
  struct pmmi_dict_probe probe = pmmi_dict_probe_first(table, hash);
  while (pmmi_dict_slot_get(table, probe.slot) >= 0) {
    pmmi_dict_probe_next(table, &probe);
  }
  return probe.slot;
}

void pmmi_dict_table_add(struct pmmi_dict_table *table, pmm_obj *key,
                         int64_t hash, pmm_obj *value) {
  assert(key != NULL && value != NULL);
  assert(table->filled < table->room);
  assert(!table->only_str || pmmi_is_str(key));
  size_t index = table->filled++;
  struct pmmi_dict_entry *entry = pmmi_dict_entry_at(table, index);
  entry->key = key;
  entry->value = value;
  if (!table->only_str) {
    entry->hash = hash;
  }
  slot_set(table, free_slot(table, hash), (int64_t)index);
}

void pmmi_dict_table_move(struct pmmi_dict_table *to,
                          struct pmmi_dict_table *from) {
  assert(to->filled == 0);
  for (size_t i = 0; i < from->filled; i++) {
    const struct pmmi_dict_entry *entry = pmmi_dict_entry_at(from, i);
    if (entry->key != NULL) {
      pmmi_dict_table_add(to, entry->key, pmmi_dict_entry_hash(from, entry),
                          entry->value);
    }
  }
  from->filled = 0;
}

struct pmmi_dict_entry pmmi_dict_table_take(struct pmmi_dict_table *table,
                                            size_t slot) {
  assert(slot <= table->mask);
  int64_t index = pmmi_dict_slot_get(table, slot);
  assert(index >= 0 && (size_t)index < table->filled);
  struct pmmi_dict_entry *entry = pmmi_dict_entry_at(table, (size_t)index);
  struct pmmi_dict_entry taken = {entry->key, entry->value, 0};
  entry->key = NULL;
  entry->value = NULL;
  slot_set(table, slot, PMMI_DICT_DELETED);
  return taken;
}

/* ---- the invariant ------------------------------------------------------- */

/* 1 when the walk of its own hash leads to the entry. */
static int is_reached(struct pmmi_dict_table *table, size_t index) {
  assert(index < table->filled);
  int64_t hash =
      pmmi_dict_entry_hash(table, pmmi_dict_entry_at(table, index));
  struct pmmi_dict_probe probe = pmmi_dict_probe_first(table, hash);
  for (size_t steps = 0; steps <= 64 + table->mask; steps++) {
    int64_t at = pmmi_dict_slot_get(table, probe.slot);
    if (at == (int64_t)index) {
      return 1;
    }
    if (at == PMMI_DICT_FREE) {
      return 0;
    }
    pmmi_dict_probe_next(table, &probe);
  }
  return 0;
}

int pmmi_dict_table_visit(struct pmmi_dict_table *table, int keys,
                          pmm_visit visit, void *ctx) {
  int result = 0;
  for (size_t i = 0; table != NULL && i < table->filled && result == 0; i++) {
    const struct pmmi_dict_entry *entry = pmmi_dict_entry_at(table, i);
    if (entry->key != NULL && keys) {
      result = visit(ctx, entry->key);
    }
    if (entry->key != NULL && result == 0) {
      result = visit(ctx, entry->value);
    }
  }
  return result;
}

const char *pmmi_dict_table_check(struct pmmi_dict_table *table,
                                  size_t used) {
  assert(table != NULL);
  size_t leading = 0;
  size_t keys = 0;
  if (table->filled > table->room || table->room > table->mask) {
    return "a dict's table is too full";
  }
  for (size_t slot = 0; slot <= table->mask; slot++) {
    leading += pmmi_dict_slot_get(table, slot) >= 0;
  }
  for (size_t i = 0; i < table->filled; i++) {
    const struct pmmi_dict_entry *entry = pmmi_dict_entry_at(table, i);
    keys += entry->key != NULL;
    if ((entry->key == NULL) != (entry->value == NULL) ||
        (entry->key != NULL && !is_reached(table, i))) {
      return "an entry of a dict cannot be found";
    }
  }
  return keys == used && leading == used ? NULL
                                         : "a dict's count of entries is wrong";
}
