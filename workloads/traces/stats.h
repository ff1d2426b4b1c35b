/* SPDX-License-Identifier: MIT */
/*
 * stats.h - what a trace is like: which requests, how large, how long-lived.
 */
#ifndef PMM_TRACE_STATS_H
#define PMM_TRACE_STATS_H

#include "format.h"

enum {
  STATS_CLASSES = 33,      /* of 16 bytes each; the last is what is larger  */
  STATS_SMALL_MOST = 512,  /* bytes of a small request                      */
  STATS_LIVES = 4          /* bounds of lives, below                        */
};

/** Lives are counted in births: those that end within so many. */
extern const uint64_t stats_lives[STATS_LIVES];

struct trace_stats {
  uint64_t ops[6];          /* by enum trace_op                             */
  uint64_t domains[3];      /* events by domain                             */
  uint64_t classes[STATS_CLASSES]; /* requests by size: 1-16, 17-32, ...    */
  uint64_t small_requests;  /* of at most STATS_SMALL_MOST bytes            */
  uint64_t small_bytes;
  uint64_t requests;        /* births and reallocs                          */
  uint64_t bytes;
  uint64_t shrinks;         /* reallocs that ask for less                   */
  uint64_t ended[STATS_LIVES]; /* objects that were freed within the bounds */
  uint64_t largest;         /* bytes of one request                         */
};

void trace_stats_add(struct trace_stats *stats,
                     const struct trace_event *event, uint64_t births);

#endif /* PMM_TRACE_STATS_H */
