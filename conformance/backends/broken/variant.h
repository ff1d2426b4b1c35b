/* SPDX-License-Identifier: MIT */
/*
 * variant.h - allocators that are broken in one way each.
 *
 * Every variant is a set of malloc-like functions with a prefix of its own in
 * one library, over the C library's malloc:
 *
 *   pmm-backend-check --backend x=broken.so,prefix=NAME_like_
 *
 * It is what a reported fault of a real allocator comes down to (broken.toml
 * names the reports), so the case that finds the essence finds the report's
 * kind.  What a variant does not replace is sound.
 *
 *   plain    the C library's block
 *   headed   [ gap ][ struct head ][ bytes ]   by raw, so that a variant knows
 *            size, alignment and thread of each block
 */
#ifndef PMM_BROKEN_VARIANT_H
#define PMM_BROKEN_VARIANT_H

#include <malloc.h>
#include <stdlib.h>

#include "headed.h"

/** Functions of a variant; NULL: the sound one. */
struct calls {
  int headed; /* 1: sound means headed                                       */
  void *(*malloc)(size_t size);
  void (*free)(void *block);
  void *(*calloc)(size_t n, size_t size);
  void *(*realloc)(void *block, size_t size);
  void *(*aligned_alloc)(size_t align, size_t size);
  size_t (*usable)(const void *block);
  int (*posix_memalign)(void **block, size_t align, size_t size);
  void *(*reallocarray)(void *block, size_t n, size_t size);
  int (*trim)(size_t keep);
  void (*free_sized)(void *block, size_t size);
};

#define CALLS_PICK(name, call, sound, headed_one) \
  (name##_calls.call != NULL ? name##_calls.call  \
   : name##_calls.headed     ? headed_one         \
                             : sound)

/** Found by a program that loads the library. */
#define PUBLIC __attribute__((visibility("default")))

/** Define the functions NAME_like_malloc, NAME_like_free, ... */
#define VARIANT(name, ...)                                                     \
  static const struct calls name##_calls = {__VA_ARGS__};                      \
  PUBLIC void *name##_like_malloc(size_t size);                                \
  void *name##_like_malloc(size_t size) {                                      \
    return CALLS_PICK(name, malloc, malloc, headed_malloc)(size);              \
  }                                                                            \
  PUBLIC void name##_like_free(void *block);                                   \
  void name##_like_free(void *block) {                                         \
    CALLS_PICK(name, free, free, headed_free)(block);                          \
  }                                                                            \
  PUBLIC void *name##_like_calloc(size_t n, size_t size);                      \
  void *name##_like_calloc(size_t n, size_t size) {                            \
    return CALLS_PICK(name, calloc, calloc, headed_calloc)(n, size);           \
  }                                                                            \
  PUBLIC void *name##_like_realloc(void *block, size_t size);                  \
  void *name##_like_realloc(void *block, size_t size) {                        \
    return CALLS_PICK(name, realloc, realloc, headed_realloc)(block, size);    \
  }                                                                            \
  PUBLIC void *name##_like_aligned_alloc(size_t align, size_t size);           \
  void *name##_like_aligned_alloc(size_t align, size_t size) {                 \
    return CALLS_PICK(name, aligned_alloc, memalign, headed_aligned)(align,    \
                                                                     size);    \
  }                                                                            \
  PUBLIC size_t name##_like_malloc_usable_size(const void *block);             \
  size_t name##_like_malloc_usable_size(const void *block) {                   \
    return CALLS_PICK(name, usable, plain_usable, headed_usable)(block);       \
  }                                                                            \
  PUBLIC int name##_like_posix_memalign(void **block, size_t align,            \
                                        size_t size);                          \
  int name##_like_posix_memalign(void **block, size_t align, size_t size) {    \
    return name##_calls.posix_memalign != NULL                                 \
               ? name##_calls.posix_memalign(block, align, size)               \
               : calls_posix_memalign(&name##_calls, block, align, size);      \
  }                                                                            \
  PUBLIC void *name##_like_reallocarray(void *block, size_t n, size_t size);   \
  void *name##_like_reallocarray(void *block, size_t n, size_t size) {         \
    return name##_calls.reallocarray != NULL                                   \
               ? name##_calls.reallocarray(block, n, size)                     \
               : calls_reallocarray(&name##_calls, block, n, size);            \
  }                                                                            \
  PUBLIC int name##_like_malloc_trim(size_t keep);                             \
  int name##_like_malloc_trim(size_t keep) {                                   \
    return name##_calls.trim != NULL ? name##_calls.trim(keep) : 0;            \
  }                                                                            \
  PUBLIC void name##_like_free_sized(void *block, size_t size);                \
  void name##_like_free_sized(void *block, size_t size) {                      \
    if (name##_calls.free_sized != NULL) {                                     \
      name##_calls.free_sized(block, size);                                    \
    } else {                                                                   \
      name##_like_free(block);                                                 \
    }                                                                          \
  }                                                                            \
  struct calls /* ends with the semicolon of the caller */

#endif /* PMM_BROKEN_VARIANT_H */
