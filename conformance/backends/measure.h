/* SPDX-License-Identifier: MIT */
/* measure.h - what a case measures of its process. */
#ifndef PMM_BACKENDS_MEASURE_H
#define PMM_BACKENDS_MEASURE_H

#include "check.h"

/** 1 when figures of this process are the allocator's: no checker keeps freed
 *  memory or runs its own code in between.  Else the case is skipped. */
int measure_applies(struct check *check);

/** 1 when malloc is the library's and not AddressSanitizer's, whose locks gcc 12
 *  leaves held in a child of fork.  Else the case is skipped. */
int measure_malloc_is_real(struct check *check);

/** 1 under a checker that makes a program many times slower. */
int measure_is_slow(void);

/** Resident bytes above `start`, an earlier answer to measure_resident(). */
uint64_t measure_resident(void);
int64_t measure_grown(uint64_t start);

/** Bytes of address space that the process has; of these, its own that can be
 *  written. */
uint64_t measure_mapped(void);
uint64_t measure_writable(void);

/** Bytes that the system and the control groups of this process could give at
 *  once; 0 when the system does not tell. */
uint64_t measure_available(void);

/** Processor time of the calling thread, in nanoseconds. */
uint64_t measure_cpu_ns(void);

/** Of `asked` bytes that were asked for and given back in all, less than one in
 *  `share` is resident above `start`, or little at all. */
int measure_reused(struct check *check, uint64_t start, uint64_t asked,
                   uint64_t share, const char *what, size_t size);

#endif /* PMM_BACKENDS_MEASURE_H */
