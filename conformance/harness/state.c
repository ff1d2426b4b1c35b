/* SPDX-License-Identifier: MIT */
/*
 * state.c - ownership, scratch memory and the event log of a running case.
 *
 * All three grow as the case goes on.  Their memory comes from the C library,
 * never from the runtime under test, so that a case moves no counter by
 * observing.
 */
#include "state.h"

#include <stdio.h>
#include <stdlib.h>

#include "expect.h"

struct pmm_scratch {
  struct pmm_scratch *next;
  _Alignas(max_align_t) unsigned char bytes[];
};

void *pmm_grow(void *block, size_t size) {
  void *bigger = realloc(block, size);
  if (bigger == NULL) {
    (void)fprintf(stderr, "pmm-conform: no memory for the harness itself\n");
    abort();
  }
  return bigger;
}

void pmm_state_init(struct pmm_state *state, const struct pmm_case *test_case,
                    const struct pmm_profile *profile) {
  memset(state, 0, sizeof *state);
  state->test_case = test_case;
  state->profile = profile;
}

void pmm_state_fini(struct pmm_state *state) {
  while (state->scratch != NULL) {
    struct pmm_scratch *next = state->scratch->next;
    free(state->scratch);
    state->scratch = next;
  }
  free(state->owned);
  free(state->log);
}

void pmm_state_reset(struct pmm_state *state) {
  memset(&state->verdict, 0, sizeof state->verdict);
  state->log_count = 0;
  state->fired = 0;
}

static const char *const status_names[] = {
    "OK",      "NO_MEMORY", "TYPE",   "VALUE",     "INDEX",     "KEY",
    "OVERFLOW", "RUNTIME",  "OS",     "STOP",      "EXIT",      "REFERENCE",
    "RECURSION", "BUFFER",  "USER",   "SYSTEM",    "UNSUPPORTED"};

const char *pmm_status_name(enum pmm_status status) {
  size_t count = sizeof status_names / sizeof status_names[0];
  return (size_t)status < count ? status_names[status] : "of no known kind";
}

void pmm_state_disarm(struct pmm_test *t) {
  if (t->state->injecting) {
    t->state->injecting = 0;
    t->state->fired = t->ops->inject_disarm(t->rt);
  }
}

void *pmm_test_scratch(struct pmm_test *t, size_t size) {
  struct pmm_scratch *block = pmm_grow(NULL, sizeof *block + size);
  memset(block->bytes, 0, size);
  block->next = t->state->scratch;
  t->state->scratch = block;
  return block->bytes;
}

/* ---- ownership ---------------------------------------------------------- */

static void push_owned(struct pmm_state *state, struct pmm_owned entry) {
  if (state->owned_count == state->owned_capacity) {
    state->owned_capacity = state->owned_capacity * 2 + 64;
    state->owned = pmm_grow(state->owned,
                            state->owned_capacity * sizeof *state->owned);
  }
  state->owned[state->owned_count++] = entry;
}

pmm_obj *pmm_test_own(struct pmm_test *t, pmm_obj *o, struct pmm_here here) {
  if (o == NULL) {
    enum pmm_status error = t->ops->error(t->rt);
    pmm_fail(t, here, "%s failed with %s: %s", pmm_plain_of(here.text).text,
             pmm_status_name(error), t->ops->error_message(t->rt));
  }
  push_owned(t->state, (struct pmm_owned){.object = o});
  return o;
}

pmm_obj *pmm_test_keep(struct pmm_test *t, pmm_obj *o) {
  t->ops->retain(t->rt, o);
  push_owned(t->state, (struct pmm_owned){.object = o});
  return o;
}

void defer(struct pmm_test *t, void (*undo)(struct pmm_test *t, void *subject),
           void *subject) {
  push_owned(t->state, (struct pmm_owned){.undo = undo, .subject = subject});
}

pmm_obj *pmm_test_give(struct pmm_test *t, pmm_obj *o, struct pmm_here here) {
  struct pmm_state *state = t->state;
  for (size_t i = state->owned_count; i-- > 0;) {
    if (state->owned[i].object == o && o != NULL) {
      memmove(&state->owned[i], &state->owned[i + 1],
              (state->owned_count - i - 1) * sizeof *state->owned);
      state->owned_count--;
      return o;
    }
  }
  pmm_fail(t, here, "%s: the case does not own it", here.text);
}

/* A release has no way to fail: what runs inside reports its own errors, and
 * the one that was pending stays. */
static void release(struct pmm_test *t, pmm_obj *o, struct pmm_here here) {
  enum pmm_status before = t->ops->error(t->rt);
  t->ops->release(t->rt, o);
  enum pmm_status after = t->ops->error(t->rt);
  if (after != before) {
    pmm_release_failed(t, here, before, after);
  }
}

void pmm_test_drop(struct pmm_test *t, pmm_obj *o, struct pmm_here here) {
  release(t, pmm_test_give(t, o, here), here);
}

void pmm_state_release(struct pmm_test *t) {
  struct pmm_state *state = t->state;
  while (state->owned_count > 0) {
    struct pmm_owned last = state->owned[--state->owned_count];
    if (last.object != NULL) {
      release(t, last.object, PMM_HERE("releasing what the case owns"));
    } else {
      last.undo(t, last.subject);
    }
  }
  state->probe_type = NULL;
}

/* ---- the log ------------------------------------------------------------ */

void pmm_state_event(void *ctx, enum pmm_event_kind kind, int64_t cookie,
                     int64_t detail) {
  struct pmm_state *state = ctx;
  if (state->log_count == state->log_capacity) {
    state->log_capacity = state->log_capacity * 2 + 256;
    state->log =
        pmm_grow(state->log, state->log_capacity * sizeof *state->log);
  }
  state->log[state->log_count++] = (struct pmm_logged){kind, cookie, detail};
}

size_t log_length(struct pmm_test *t) { return t->state->log_count; }

void log_clear(struct pmm_test *t) { t->state->log_count = 0; }

const struct pmm_logged *logged(struct pmm_test *t, size_t index) {
  if (index >= t->state->log_count) {
    pmm_fail(t, PMM_HERE("logged()"),
             "expected an event at position %zu of the log, which has %zu",
             index, t->state->log_count);
  }
  return &t->state->log[index];
}

static int matches(const struct pmm_logged *entry, enum pmm_event_kind kind,
                   int64_t cookie) {
  return entry->kind == kind && (cookie == ANY || entry->cookie == cookie);
}

size_t pmm_log_count(struct pmm_test *t, enum pmm_event_kind kind,
                     int64_t cookie) {
  size_t count = 0;
  for (size_t i = 0; i < t->state->log_count; i++) {
    count += (size_t)matches(&t->state->log[i], kind, cookie);
  }
  return count;
}

int64_t pmm_log_find(struct pmm_test *t, enum pmm_event_kind kind,
                     int64_t cookie) {
  for (size_t i = 0; i < t->state->log_count; i++) {
    if (matches(&t->state->log[i], kind, cookie)) {
      return (int64_t)i;
    }
  }
  return -1;
}
