/* SPDX-License-Identifier: MIT */
/* headed.c - see variant.h: the sound functions, and variants without a fault,
 * which every case has to pass. */
#include <errno.h>
#include <string.h>

#include "variant.h"

size_t plain_usable(const void *block) {
  return malloc_usable_size((void *)(uintptr_t)block);
}

int is_turn(unsigned *counter, unsigned period) {
  return __atomic_add_fetch(counter, 1, __ATOMIC_RELAXED) % period == 0;
}

struct head *headed_head(const void *block) {
  return (struct head *)(uintptr_t)block - 1;
}

static void *make(size_t align, size_t size, void *(*get)(size_t bytes)) {
  size_t least = align < 16 ? 16 : align;
  size_t more = least + sizeof(struct head);
  if (size > PTRDIFF_MAX - more) {
    errno = ENOMEM;
    return NULL;
  }
  char *raw = get(size + more);
  if (raw == NULL) {
    return NULL;
  }
  uintptr_t at = ((uintptr_t)raw + more) & ~(uintptr_t)(least - 1);
  *headed_head((void *)at) = (struct head){raw, size, align, pthread_self()};
  return (void *)at;
}

void *headed_aligned(size_t align, size_t size) {
  return make(align, size, malloc);
}

void *headed_malloc(size_t size) { return headed_aligned(16, size); }

void headed_free(void *block) {
  if (block != NULL) {
    free(headed_head(block)->raw);
  }
}

static void *zeroed(size_t bytes) { return calloc(1, bytes); }

void *headed_calloc(size_t n, size_t size) {
  size_t bytes;
  if (__builtin_mul_overflow(n, size, &bytes)) {
    errno = ENOMEM;
    return NULL;
  }
  return make(16, bytes, zeroed);
}

size_t headed_usable(const void *block) {
  return block != NULL ? headed_head(block)->size : 0;
}

/* Grown blocks have a quarter more: growth by little is not quadratic. */
static void *resize_in_place(void *block, size_t size) {
  struct head *head = headed_head(block);
  size_t room = plain_usable(head->raw) -
                (size_t)((char *)block - (char *)head->raw);
  if (size > room || size < room / 2) {
    return NULL;
  }
  head->size = size;
  return block;
}

void *headed_realloc(void *block, size_t size) {
  if (block == NULL) {
    return headed_malloc(size);
  }
  size_t old = headed_head(block)->size;
  void *same = resize_in_place(block, size);
  if (same != NULL) {
    return same;
  }
  if (size > PTRDIFF_MAX) {
    errno = ENOMEM;
    return NULL;
  }
  void *moved = headed_malloc(size > old ? size + size / 4 : size);
  if (moved == NULL) {
    return NULL;
  }
  headed_head(moved)->size = size;
  memcpy(moved, block, old < size ? old : size);
  headed_free(block);
  return moved;
}

int calls_posix_memalign(const struct calls *calls, void **block, size_t align,
                         size_t size) {
  if (align < sizeof(void *) || (align & (align - 1)) != 0) {
    return EINVAL;
  }
  void *at = calls->aligned_alloc != NULL ? calls->aligned_alloc(align, size)
             : calls->headed              ? headed_aligned(align, size)
                                          : memalign(align, size);
  if (at == NULL) {
    return ENOMEM;
  }
  *block = at;
  return 0;
}

void *calls_reallocarray(const struct calls *calls, void *block, size_t n,
                         size_t size) {
  size_t bytes;
  if (__builtin_mul_overflow(n, size, &bytes)) {
    errno = ENOMEM;
    return NULL;
  }
  return calls->realloc != NULL ? calls->realloc(block, bytes)
         : calls->headed        ? headed_realloc(block, bytes)
                                : realloc(block, bytes);
}

VARIANT(sound, .headed = 0);
VARIANT(sound_headed, .headed = 1);
