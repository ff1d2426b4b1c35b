/* SPDX-License-Identifier: MIT */
/*
 * objects.c - the objects and readings most cases need (case.h).
 *
 * Each of them ends the case when the runtime reports a failure, so that a
 * body reads as its steps alone.
 */
#include <stdio.h>

#include "state.h"

uint32_t type_flags(struct pmm_test *t, uint32_t flags) {
  return OFFERED(weakref) ? flags : flags & ~(uint32_t)PMM_TYPE_WEAKREF;
}

pmm_obj *probe_type(struct pmm_test *t, const char *name, uint32_t slots,
                    uint32_t flags, pmm_fn finalizer, void *ctx) {
  struct pmm_type_spec spec = {.struct_size = sizeof spec,
                               .name = name,
                               .slots = slots,
                               .flags = type_flags(t, flags),
                               .finalizer = finalizer,
                               .ctx = ctx};
  return NEW(OPS->type_new(RT, &spec));
}

pmm_obj *probe_of(struct pmm_test *t, pmm_obj *type, int64_t cookie) {
  return NEW(OPS->instance_new(RT, type, cookie));
}

pmm_obj *probe(struct pmm_test *t, int64_t cookie) {
  if (t->state->probe_type == NULL) {
    t->state->probe_type =
        probe_type(t, "probe", 2, PMM_TYPE_GC | PMM_TYPE_WEAKREF, NULL, NULL);
  }
  return probe_of(t, t->state->probe_type, cookie);
}

pmm_obj *integer(struct pmm_test *t, int64_t value) {
  return NEW(OPS->int_new(RT, value));
}

pmm_obj *text(struct pmm_test *t, const char *utf8) {
  return NEW(OPS->str_new(RT, utf8, strlen(utf8)));
}

pmm_obj *empty_list(struct pmm_test *t) { return NEW(OPS->list_new(RT, 0)); }

pmm_obj *list_of_ints(struct pmm_test *t, size_t n) {
  pmm_obj *list = NEW(OPS->list_new(RT, n));
  for (size_t i = 0; i < n; i++) {
    pmm_obj *item = integer(t, (int64_t)i);
    expect_ok(OPS->list_set_steal(RT, list, i, GIVE(item)));
  }
  return list;
}

pmm_obj *tuple_of_ints(struct pmm_test *t, size_t n) {
  pmm_obj *tuple = NEW(OPS->tuple_new(RT, n));
  for (size_t i = 0; i < n; i++) {
    pmm_obj *item = integer(t, (int64_t)i);
    expect_ok(OPS->tuple_set_steal(RT, tuple, i, GIVE(item)));
  }
  return tuple;
}

pmm_obj *sequence_of_ints(struct pmm_test *t, size_t n) {
  return OFFERED(tuple) ? tuple_of_ints(t, n) : list_of_ints(t, n);
}

pmm_obj *pmm_test_container(struct pmm_test *t, pmm_obj *const *items,
                            size_t n) {
  if (OFFERED(tuple)) {
    return NEW(OPS->tuple_from(RT, items, n));
  }
  if (OFFERED(list)) {
    return NEW(OPS->list_from(RT, items, n));
  }
  pmm_obj *type =
      probe_type(t, "container", (uint32_t)n, PMM_TYPE_GC, NULL, NULL);
  pmm_obj *o = probe_of(t, type, 0);
  DROP(type);
  for (size_t i = 0; i < n; i++) {
    expect_ok(OPS->slot_set(RT, o, i, items[i]));
  }
  return o;
}

/* ---- reading ------------------------------------------------------------ */

static struct pmm_memory memory_of(struct pmm_test *t) {
  struct pmm_memory memory;
  memset(&memory, 0xff, sizeof memory); /* unread fields are PMM_UNKNOWN */
  memory.struct_size = sizeof memory;
  OPS->memory(RT, &memory);
  return memory;
}

uint64_t live_blocks(struct pmm_test *t) {
  uint64_t value = memory_of(t).live_blocks;
  if (value == PMM_UNKNOWN) {
    unsupported(t, "memory.live_blocks");
  }
  return value;
}

uint64_t live_bytes(struct pmm_test *t) {
  uint64_t value = memory_of(t).live_bytes;
  if (value == PMM_UNKNOWN) {
    unsupported(t, "memory.live_bytes");
  }
  return value;
}

uint64_t allocations(struct pmm_test *t) {
  struct pmm_memory memory = memory_of(t);
  if (memory.allocations == PMM_UNKNOWN) {
    unsupported(t, "memory.allocations");
  }
  return memory.allocations;
}

size_t size_of(struct pmm_test *t, pmm_obj *o) {
  size_t bytes = 0;
  expect_ok(OPS->size_of(RT, o, &bytes));
  return bytes;
}

size_t length_of(struct pmm_test *t, pmm_obj *o) {
  size_t length = 0;
  expect_ok(OPS->length(RT, o, &length));
  return length;
}

int64_t int_of(struct pmm_test *t, pmm_obj *o) {
  int64_t value = 0;
  expect(o != NULL);
  expect_ok(OPS->int_value(RT, o, &value));
  return value;
}

void collect(struct pmm_test *t) {
  uint64_t unreachable = 0;
  expect_ok(OPS->collect(RT, 2, &unreachable));
}

uint64_t collect_and_count(struct pmm_test *t, int generation) {
  uint64_t unreachable = 0;
  expect_ok(OPS->collect(RT, generation, &unreachable));
  if (unreachable == PMM_UNKNOWN) {
    unsupported(t, "collect.unreachable");
  }
  return unreachable;
}

pmm_obj *self_cycle(struct pmm_test *t, int64_t cookie) {
  pmm_obj *o = probe(t, cookie);
  expect_ok(OPS->slot_set(RT, o, 0, o));
  return o;
}

void quiet(struct pmm_test *t) {
  if (OFFERED(gc)) {
    OPS->gc_enable(RT, 0);
  }
}

void needs_mode(struct pmm_test *t, const char *names) {
  size_t length = t->mode != NULL ? strlen(t->mode) : 0;
  const char *at = names;
  while (length > 0 && at != NULL) {
    if (strncmp(at, t->mode, length) == 0 &&
        (at[length] == ' ' || at[length] == '\0')) {
      return;
    }
    at = strchr(at, ' ');
    at = at != NULL ? at + 1 : NULL;
  }
  char what[64];
  (void)snprintf(what, sizeof what, "mode.%s", names);
  unsupported(t, what);
}

int in_mode(const struct pmm_test *t, const char *name) {
  return t->mode != NULL && strcmp(t->mode, name) == 0;
}

/* ---- the profile -------------------------------------------------------- */

int profile_has(struct pmm_test *t, const char *key) {
  return pmm_profile_get(t->state->profile, key) != NULL;
}

const int64_t *profile_ints(struct pmm_test *t, const char *key, size_t *n) {
  const struct pmm_profile_entry *entry =
      pmm_profile_get(t->state->profile, key);
  if (entry == NULL) {
    char what[64] = "profile.";
    strncat(what, key, sizeof what - strlen(what) - 1);
    unsupported(t, what);
  }
  *n = entry->count;
  return entry->values;
}

int64_t profile_int(struct pmm_test *t, const char *key) {
  size_t n = 0;
  const int64_t *values = profile_ints(t, key, &n);
  if (n != 1) {
    fail("profile key %s is a list", key);
  }
  return values[0];
}
