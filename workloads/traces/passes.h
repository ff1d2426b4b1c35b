/* SPDX-License-Identifier: MIT */
/*
 * passes.h - what is asked of a backend with a trace, each in a process of its
 * own so that no question disturbs the next.
 *
 *   verify     every byte written and looked at; nothing is timed
 *   time       nothing but the calls: the first repetition, which meets an
 *              untouched heap, then the others on the heap as it is
 *   memory     resident bytes beside live bytes, from the start to one second
 *              after everything was given back
 *   placement  where the live blocks lie when most bytes are live, and when the
 *              trace has ended, counted exactly: pages, cache lines, huge
 *              regions, bytes by address; and how long it takes to look at each
 *              once
 *   system     the calls of the system that the replay makes, counted by a
 *              tracer, whoever makes them and however
 */
#ifndef PMM_TRACE_PASSES_H
#define PMM_TRACE_PASSES_H

#include "replay.h"

enum {
  PASS_REPETITIONS_MOST = 64,
  PASS_SAMPLES = 200,
  PASS_CHUNKS = 256, /* of a map of addresses                               */
  PASS_FAULT_BYTES = 240
};

/** What all passes are asked with. */
struct pass_order {
  const struct pmm_backend *backend;
  const struct trace_ops *ops;
  int aged;             /* 1: the heap is littered before                   */
  uint64_t seed;        /* of the litter                                    */
  uint64_t repetitions; /* at most PASS_REPETITIONS_MOST                    */
  double timeout_s;     /* of a pass                                        */
};

struct pass_time {
  uint64_t elapsed_ns[PASS_REPETITIONS_MOST]; /* of the calls alone         */
  uint64_t batch_ns[3]; /* of REPLAY_BATCH words, after the first
                           repetition: median, 99 %, most                   */
  uint64_t user_ns;     /* of all repetitions                               */
  uint64_t system_ns;
  uint64_t minor_faults;
  uint64_t major_faults;
};

struct pass_sample {
  uint64_t word;
  uint64_t live_bytes;
  uint64_t resident_bytes; /* above the start                               */
};

struct pass_memory {
  uint64_t peak_bytes;    /* resident, above the start                      */
  uint64_t end_bytes;     /* after the last call                            */
  uint64_t end_live_bytes;
  uint64_t drained_bytes; /* after everything was given back                */
  uint64_t second_bytes;  /* a second later                                 */
  uint64_t before_bytes;  /* before the first call                          */
  uint64_t huge_bytes;    /* in huge pages, after the last call             */
  uint64_t sample_count;
  struct pass_sample samples[PASS_SAMPLES + 2];
};

/** A stretch of addresses that holds live blocks. */
struct pass_chunk {
  uint64_t number; /* from the first stretch on: stretches that hold none
                      are left out, and leave a gap                         */
  uint64_t bytes;  /* of live blocks in it                                  */
};

/** Where blocks lie. */
struct pass_places {
  uint64_t blocks;
  uint64_t bytes;
  uint64_t usable;  /* bytes that the backend set aside; PMM_UNKNOWN: it does
                       not tell                                             */
  uint64_t pages;   /* of 4 KiB that hold a byte of a live block            */
  uint64_t lines;   /* of 64 bytes                                          */
  uint64_t regions; /* of 2 MiB                                             */
  uint64_t chunk_bytes; /* of a stretch of the map, a power of two          */
  uint64_t chunk_count;
  struct pass_chunk chunks[PASS_CHUNKS];
};

struct pass_placement {
  struct pass_places peak; /* when most bytes are live                      */
  struct pass_places end;  /* after the last call                           */
  uint64_t ordered_ps; /* picoseconds a block, read in order of birth       */
  uint64_t random_ps;  /* the same in random order                          */
};

/** Calls of the system from the first call of a trace until all was given
 *  back. */
struct pass_system {
  int known; /* 0: this machine lets nobody look                            */
  uint64_t mmap;
  uint64_t munmap;
  uint64_t mremap;
  uint64_t madvise;
  uint64_t mprotect;
  uint64_t brk;
};

/** What came of a pass. */
struct pass {
  char fault[PASS_FAULT_BYTES]; /* "": it went well                         */
  int wrong;                    /* 1: the backend is at fault, 0: we are    */
  union {
    struct pass_time time;
    struct pass_memory memory;
    struct pass_placement placement;
    struct pass_system system;
  } of;
};

void pass_verify(const struct pass_order *order, struct pass *pass);
void pass_time(const struct pass_order *order, struct pass *pass);
void pass_memory(const struct pass_order *order, struct pass *pass);
void pass_placement(const struct pass_order *order, struct pass *pass);
void pass_system(const struct pass_order *order, struct pass *pass);

#endif /* PMM_TRACE_PASSES_H */
