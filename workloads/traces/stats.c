/* SPDX-License-Identifier: MIT */
/* stats.c - see stats.h. */
#include "stats.h"

const uint64_t stats_lives[STATS_LIVES] = {1, 10, 100, 10000};

static void add_request(struct trace_stats *stats, uint64_t size) {
  uint64_t class = size > 0 ? (size - 1) / 16 : 0;
  stats->classes[class < STATS_CLASSES - 1 ? class : STATS_CLASSES - 1]++;
  stats->requests++;
  stats->bytes += size;
  if (size <= STATS_SMALL_MOST) {
    stats->small_requests++;
    stats->small_bytes += size;
  }
  if (size > stats->largest) {
    stats->largest = size;
  }
}

void trace_stats_add(struct trace_stats *stats,
                     const struct trace_event *event, uint64_t births) {
  stats->ops[event->op]++;
  if (event->op >= TRACE_THREAD) {
    return;
  }
  stats->domains[event->domain]++;
  if (event->op == TRACE_FREE) {
    for (int i = 0; i < STATS_LIVES; i++) {
      stats->ended[i] += births - event->object <= stats_lives[i];
    }
    return;
  }
  add_request(stats, event->size);
  stats->shrinks +=
      event->op == TRACE_RESIZE && event->size < event->old_size;
}
