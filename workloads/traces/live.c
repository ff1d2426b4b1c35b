/* SPDX-License-Identifier: MIT */
/* live.c - see live.h. */
#include "live.h"

#include <assert.h>
#include <stdlib.h>

static int grow(struct trace_live *live) {
  uint64_t room = live->room < 1024 ? 1024 : live->room + live->room / 2;
  uint64_t *sizes = realloc(live->sizes, room * sizeof *sizes);
  if (sizes == NULL) {
    return -1;
  }
  live->sizes = sizes;
  live->room = room;
  return 0;
}

static void changed(struct trace_live *live, uint64_t less, uint64_t more) {
  live->bytes = live->bytes - less + more;
  live->requested_bytes += more;
  if (live->bytes > live->peak_bytes) {
    live->peak_bytes = live->bytes;
  }
  if (live->blocks > live->peak_blocks) {
    live->peak_blocks = live->blocks;
  }
}

static int born(struct trace_live *live, struct trace_event *event) {
  if (live->births == live->room && grow(live) != 0) {
    return -1;
  }
  event->object = live->births++;
  live->sizes[event->object] = event->size;
  live->blocks++;
  changed(live, 0, event->size);
  return 0;
}

int trace_live_do(struct trace_live *live, struct trace_event *event) {
  if (event->op == TRACE_ALLOC || event->op == TRACE_ZERO) {
    return born(live, event);
  }
  if (event->op == TRACE_RESIZE || event->op == TRACE_FREE) {
    assert(trace_live_has(live, event->object));
    uint64_t *size = &live->sizes[event->object];
    int freed = event->op == TRACE_FREE;
    event->old_size = *size;
    *size = freed ? TRACE_DEAD : event->size;
    live->blocks -= (uint64_t)freed;
    changed(live, event->old_size, freed ? 0 : event->size);
  }
  return 0;
}

void trace_live_free(struct trace_live *live) {
  free(live->sizes);
  *live = (struct trace_live){.sizes = NULL};
}
