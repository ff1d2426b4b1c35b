/* SPDX-License-Identifier: MIT */
/*
 * slots.h - hash tables by address: where an entry's search begins, where it
 * ends, and how one is taken out.
 *
 *   slots  | a | . | b | c | . |     every entry begins with its key, a word
 *                    ^               that is not 0; 0: the slot is free
 *                    c's home: it stands one behind, as b was there first
 *
 *   1. Open addressing, linear probing, a power of two of slots, at most half
 *      of them in use: a search ends at the first free slot.
 *   2. Taking an entry out leaves a hole; each follower in the run that is not
 *      found without it moves into it and leaves the next, so no slot is a
 *      grave.
 *
 * The table itself, its memory and how it grows are its owner's.
 *
 * Source: D. E. Knuth, The Art of Computer Programming 3, 6.4, algorithms L
 * and R.
 */
#ifndef PMMI_SLOTS_H
#define PMMI_SLOTS_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/** The slot where the search for an address begins. */
static inline size_t pmmi_slots_home(uintptr_t key, size_t room) {
  assert(room > 0 && (room & (room - 1)) == 0);
  uint64_t mixed = (uint64_t)(key >> 3) * UINT64_C(0x9E3779B97F4A7C15);
  return (size_t)(mixed >> 32) & (room - 1);
}

/** 1 when what stands at `slot` and is searched from `home` on would not be
 *  found behind a free slot `hole`, which is earlier in the same run. */
static inline int pmmi_slots_moves(size_t hole, size_t home, size_t slot,
                                   size_t room) {
  assert(hole != slot);
  assert(hole < room && home < room && slot < room);
  return ((slot - home) & (room - 1)) >= ((slot - hole) & (room - 1));
}

/** The key at a slot of `entry_bytes`. */
static inline uintptr_t pmmi_slots_key(const void *entries, size_t entry_bytes,
                                       size_t slot) {
  uintptr_t key;
  assert(entry_bytes >= sizeof key);
  memcpy(&key, (const char *)entries + slot * entry_bytes, sizeof key);
  return key;
}

/** The slot of a key, or the free one where it would be; 0 finds a free one. */
static inline size_t pmmi_slots_find(const void *entries, size_t entry_bytes,
                                     size_t room, uintptr_t key) {
  size_t slot = pmmi_slots_home(key, room);
  uintptr_t there = pmmi_slots_key(entries, entry_bytes, slot);
  while (there != 0 && there != key) {
    slot = (slot + 1) & (room - 1);
    there = pmmi_slots_key(entries, entry_bytes, slot);
  }
  return slot;
}

/** Take out the entry at a slot; its followers may move. */
static inline void pmmi_slots_remove(void *entries, size_t entry_bytes,
                                     size_t room, size_t hole) {
  char *bytes = entries;
  assert(pmmi_slots_key(entries, entry_bytes, hole) != 0);
  for (size_t slot = (hole + 1) & (room - 1);
       pmmi_slots_key(entries, entry_bytes, slot) != 0;
       slot = (slot + 1) & (room - 1)) {
    uintptr_t key = pmmi_slots_key(entries, entry_bytes, slot);
    if (pmmi_slots_moves(hole, pmmi_slots_home(key, room), slot, room)) {
      memcpy(bytes + hole * entry_bytes, bytes + slot * entry_bytes,
             entry_bytes);
      hole = slot;
    }
  }
  memset(bytes + hole * entry_bytes, 0, entry_bytes);
}

#endif /* PMMI_SLOTS_H */
