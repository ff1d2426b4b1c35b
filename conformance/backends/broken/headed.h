/* SPDX-License-Identifier: MIT */
/*
 * headed.h - the sound functions that a variant (variant.h) is made of.
 */
#ifndef PMM_BROKEN_HEADED_H
#define PMM_BROKEN_HEADED_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

struct calls; /* variant.h */

/** What stands before a headed block. */
struct head {
  void *raw;        /* what the C library gave                              */
  size_t size;      /* asked for                                            */
  size_t align;     /* asked for; 16 where nothing was                      */
  pthread_t owner;  /* that made it                                         */
};

void *headed_malloc(size_t size);
void headed_free(void *block);
void *headed_calloc(size_t n, size_t size);
void *headed_realloc(void *block, size_t size);
void *headed_aligned(size_t align, size_t size);
size_t headed_usable(const void *block);
size_t plain_usable(const void *block);
struct head *headed_head(const void *block);

/** posix_memalign, reallocarray over a variant's own functions, sound. */
int calls_posix_memalign(const struct calls *calls, void **block, size_t align,
                         size_t size);
void *calls_reallocarray(const struct calls *calls, void *block, size_t n,
                         size_t size);

/** 1 in every `period`-th call with this counter. */
int is_turn(unsigned *counter, unsigned period);

#endif /* PMM_BROKEN_HEADED_H */
