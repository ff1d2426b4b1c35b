/* SPDX-License-Identifier: MIT */
/*
 * Tables by address, against a list of what is in them: adding and taking out
 * at random, in a table so small that runs of slots wrap around its end.
 */
#include "base/slots.h"

#include "tests/tap.h"

enum { ROOM = 16, KEYS = 64, STEPS = 20000 };

struct entry {
  uintptr_t key;
  int value;
};

static struct entry entries[ROOM];
static int present[KEYS]; /* the value of key i; 0: not there                */

static uintptr_t key_of(size_t i) { return (i + 1) * 16; }

/* Every key is found where it is, with its value, and no other. */
static int is_right(void) {
  for (size_t i = 0; i < KEYS; i++) {
    size_t slot = pmmi_slots_find(entries, sizeof *entries, ROOM, key_of(i));
    if ((entries[slot].key != 0) != (present[i] != 0) ||
        (present[i] != 0 && (entries[slot].key != key_of(i) ||
                             entries[slot].value != present[i]))) {
      return 0;
    }
  }
  return 1;
}

static void toggle(size_t i, int value) {
  size_t slot = pmmi_slots_find(entries, sizeof *entries, ROOM, key_of(i));
  if (present[i] != 0) {
    pmmi_slots_remove(entries, sizeof *entries, ROOM, slot);
    present[i] = 0;
  } else {
    entries[slot] = (struct entry){key_of(i), value};
    present[i] = value;
  }
}

int main(void) {
  uint32_t random = 1;
  size_t used = 0;
  int wrapped = 0;
  int right = 1;
  for (int step = 1; step <= STEPS && right; step++) {
    random = random * 1664525 + 1013904223;
    size_t i = (random >> 16) % KEYS;
    if (present[i] == 0 && used == ROOM / 2) {
      continue;
    }
    used += present[i] == 0 ? 1 : (size_t)-1;
    toggle(i, step);
    wrapped += entries[0].key != 0 &&
               pmmi_slots_home(entries[0].key, ROOM) > ROOM / 2;
    right = is_right();
  }
  tap_plan(0);
  tap_ok(right, "every key is found after each of %d steps", STEPS);
  tap_ok(wrapped > 0, "runs went around the end, %d times", wrapped);
  return tap_done();
}
