/* SPDX-License-Identifier: MIT */
/*
 * format.h - a trace: what a program asked of its allocator, in order.
 *
 * All numbers are little-endian.  A file is a header, its text, and blocks of
 * events, each packed with zlib:
 *
 *     0 +----------------------+
 *       | "PMMTRACE"           |  8  magic
 *     8 | version, flags       |  u16 each; the flags are 0
 *    12 | text bytes           |  u32, at most TRACE_TEXT_MOST
 *    16 | events               |  u64
 *    24 | births               |  u64  objects made
 *    32 | requested bytes      |  u64  the sum of all sizes asked for
 *    40 | peak live bytes      |  u64
 *    48 | peak live blocks     |  u64
 *    56 | threads, blocks      |  u32 each
 *    64 | SHA-256              |  32   of all events, unpacked
 *    96 | zeros                |  28
 *   124 | CRC-32               |  u32  of the 124 bytes before and the text
 *   128 +----------------------+
 *       | text                 |  lines "key: value", printable ASCII
 *       +----------------------+
 *       | packed, unpacked     |  u32 each: bytes of the block that follows
 *       | zlib stream          |
 *       +----------------------+
 *       | ...                  |  as many as the header says, then the end
 *
 * An event begins with a flag byte, and none crosses the end of its block:
 *
 *   bits 0-1  what: 0 alloc, 1 alloc_zero, 2 realloc, 3 free; with domain 3:
 *             0 the events that follow are of thread N, 1 thread N ended
 *   bits 2-3  domain: 0 raw, 1 mem, 2 object; 3: it is about a thread
 *   bits 4-7  alloc, alloc_zero: size / 8 - 1 below 15; 15: the size follows
 *             realloc, free: age - 1 below 15; 15: the age follows
 *
 *   alloc, alloc_zero   [size]        makes the next object; the first is 0
 *   realloc             [age] size    the object stays the same one
 *   free                [age]
 *   thread              number
 *
 * What follows is a varint: 7 bits a byte, the lowest first, bit 7 set when
 * more come.  An *age* is the births up to here less the object's number, so
 * that one just made has age 1; most die young, in one byte.  Objects have
 * numbers and not addresses: addresses are what the allocator of a replay is
 * asked for.
 *
 * Invariant: realloc and free name a live object.  At the beginning all events
 * are of thread 0.
 */
#ifndef PMM_TRACE_FORMAT_H
#define PMM_TRACE_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#define TRACE_MAGIC "PMMTRACE"

enum {
  TRACE_VERSION = 1,
  TRACE_HEADER_BYTES = 128,
  TRACE_CRC_OFFSET = 124,
  TRACE_HASH_OFFSET = 64,
  TRACE_HASH_BYTES = 32,
  TRACE_ZEROS_OFFSET = 96,
  TRACE_TEXT_MOST = 1 << 16,  /* bytes of text                              */
  TRACE_BLOCK_MOST = 1 << 18, /* unpacked bytes of a block                  */
  /* A block holds at most so many times its packed bytes, so that a small
   * file cannot ask for much memory; a writer packs less where it must. */
  TRACE_RATIO_MOST = 16,
  TRACE_EVENT_MOST = 16, /* bytes of an event                               */
  TRACE_THREADS_MOST = 1 << 16
};

/** Sizes are below this: no allocation is larger than an address space. */
#define TRACE_SIZE_END (UINT64_C(1) << 47)

enum trace_op {
  TRACE_ALLOC = 0,
  TRACE_ZERO = 1,
  TRACE_RESIZE = 2,
  TRACE_FREE = 3,
  TRACE_THREAD = 4,    /* events that follow are of thread `thread`         */
  TRACE_THREAD_END = 5 /* thread `thread` ended                             */
};

enum trace_domain {
  TRACE_RAW = 0,
  TRACE_MEM = 1,
  TRACE_OBJECT = 2,
  TRACE_CONTROL = 3 /* in a flag byte: no domain, the event is of a thread  */
};

/** One event, as reader and writer pass it. */
struct trace_event {
  enum trace_op op;
  enum trace_domain domain;
  uint32_t thread;   /* that did it; of a control event: that it names      */
  uint64_t object;   /* its number, by birth                                */
  uint64_t size;     /* bytes asked for; 0 for free                         */
  uint64_t old_size; /* realloc, free: bytes last asked for                 */
};

/** What a header says. */
struct trace_header {
  uint64_t events;
  uint64_t births;
  uint64_t requested_bytes;
  uint64_t peak_live_bytes;
  uint64_t peak_live_blocks;
  uint32_t threads; /* the highest number + 1                               */
  uint32_t blocks;
  uint8_t sha256[TRACE_HASH_BYTES];
};

/** Where a file is not what it has to be, and what was expected there. */
struct trace_fault {
  uint64_t offset; /* from the beginning of the file                        */
  char message[240];
};

#endif /* PMM_TRACE_FORMAT_H */
