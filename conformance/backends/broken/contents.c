/* SPDX-License-Identifier: MIT */
/* contents.c - broken in what blocks hold: overlap, realloc, zeroed memory. */
#include <errno.h>
#include <string.h>

#include "variant.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* ---- overlap ------------------------------------------------------------ */

/* Hands the block out that it handed out last. */
static void *last_block;
static size_t last_size;

static void *twice_malloc(size_t size) {
  static unsigned count;
  if (size >= 32 && size <= last_size && is_turn(&count, 997)) {
    return last_block;
  }
  last_size = size;
  last_block = headed_malloc(size);
  return last_block;
}
static void twice_free(void *block) {
  last_size = block == last_block ? 0 : last_size;
  /* Not given to the C library, which would end the process at once. */
}
VARIANT(twice, .headed = 1, .malloc = twice_malloc, .free = twice_free);

/* One block in 100,003 is handed out twice. */
static void *seldom_twice_malloc(size_t size) {
  static unsigned count;
  if (size <= last_size && is_turn(&count, 100003)) {
    return last_block;
  }
  last_size = size;
  last_block = headed_malloc(size);
  return last_block;
}
VARIANT(seldom_twice, .headed = 1, .malloc = seldom_twice_malloc,
        .free = twice_free);

/* Freeing marks the byte behind the block, which may be another's. */
static char *slab;
static size_t slab_used;
enum { SLAB = 64 << 20, CELL = 48 };

static void *cells_malloc(size_t size) {
  if (size > CELL || slab_used + CELL > SLAB) {
    return malloc(size);
  }
  slab = slab != NULL ? slab : malloc(SLAB);
  slab_used += CELL;
  return slab + slab_used - CELL;
}
static int in_slab(const void *block) {
  return slab != NULL && (uintptr_t)block - (uintptr_t)slab < SLAB;
}
static void cells_free(void *block) {
  if (!in_slab(block)) {
    free(block);
  } else if ((char *)block + CELL < slab + slab_used) {
    ((char *)block)[CELL] = 0x55;
  }
}
static size_t cells_usable(const void *block) {
  return in_slab(block) ? CELL : plain_usable(block);
}
static void *cells_realloc(void *block, size_t size) {
  if (!in_slab(block)) {
    return realloc(block, size);
  }
  void *moved = malloc(size);
  return moved != NULL ? memcpy(moved, block, size < CELL ? size : CELL) : NULL;
}
VARIANT(marks_behind, .malloc = cells_malloc, .free = cells_free,
        .usable = cells_usable, .realloc = cells_realloc);

/* ---- realloc ------------------------------------------------------------ */

/* Copy `bytes` to a fresh block of `size`. */
static void *move(void *block, size_t size, size_t bytes) {
  if (block == NULL) {
    return headed_malloc(size);
  }
  void *moved = headed_malloc(size);
  if (moved != NULL) {
    memcpy(moved, block, bytes);
    headed_free(block);
  }
  return moved;
}

static size_t kept(const void *block, size_t size) {
  size_t old = block != NULL ? headed_head(block)->size : 0;
  return old < size ? old : size;
}

static void *loses_last_realloc(void *block, size_t size) {
  size_t bytes = kept(block, size);
  return move(block, size, bytes > 0 && bytes < size ? bytes - 1 : bytes);
}
VARIANT(loses_last, .headed = 1, .realloc = loses_last_realloc);

static void *rounds_up_realloc(void *block, size_t size) {
  size_t bytes = kept(block, size);
  if (bytes > 32 << 20) {
    bytes = (bytes + (64 << 20)) & ~((size_t)(64 << 20) - 1);
  }
  return move(block, size, bytes);
}
VARIANT(rounds_up, .headed = 1, .realloc = rounds_up_realloc);

static void *copies_old_realloc(void *block, size_t size) {
  size_t old = block != NULL ? headed_head(block)->size : 0;
  return size > PTRDIFF_MAX ? headed_malloc(size)
                            : move(block, size, old);
}
VARIANT(copies_old, .headed = 1, .realloc = copies_old_realloc);

static void *from_raw_realloc(void *block, size_t size) {
  size_t bytes = kept(block, size);
  if (block == NULL || headed_head(block)->align <= 16) {
    return headed_realloc(block, size);
  }
  char *raw = headed_head(block)->raw;
  void *moved = headed_malloc(size);
  if (moved != NULL) {
    memcpy(moved, raw, bytes);
    headed_free(block);
  }
  return moved;
}
VARIANT(from_raw, .headed = 1, .realloc = from_raw_realloc);

static void *null_realloc(void *block, size_t size) {
  return block == NULL ? NULL : realloc(block, size);
}
VARIANT(realloc_null, .realloc = null_realloc);

static void *frees_first_realloc(void *block, size_t size) {
  if (block != NULL && size > PTRDIFF_MAX) {
    free(block);
    errno = ENOMEM;
    return NULL;
  }
  return realloc(block, size);
}
VARIANT(frees_first, .realloc = frees_first_realloc);

static void *wipes_realloc(void *block, size_t size) {
  if (block != NULL && size > PTRDIFF_MAX) {
    memset(block, 0, 16);
    errno = ENOMEM;
    return NULL;
  }
  return headed_realloc(block, size);
}
VARIANT(fails_dirty, .headed = 1, .realloc = wipes_realloc);

static void *seldom_loses_realloc(void *block, size_t size) {
  static unsigned count;
  char *moved = headed_realloc(block, size);
  if (moved != NULL && size > 1 && is_turn(&count, 100003)) {
    moved[0] ^= 1;
  }
  return moved;
}
VARIANT(seldom_loses, .headed = 1, .realloc = seldom_loses_realloc);

/* ---- refused ------------------------------------------------------------ */

/* A request that is too large leaves the block made last on the free list. */
static void *listed;

static void *lists_malloc(size_t size) {
  if (size > PTRDIFF_MAX / 2) {
    listed = last_block;
    return malloc(size);
  }
  void *block = listed != NULL && headed_head(listed)->size >= size
                    ? listed
                    : headed_malloc(size);
  listed = NULL;
  last_block = block;
  return block;
}
static void lists_free(void *block) {
  last_block = last_block == block ? NULL : last_block;
  listed = listed == block ? NULL : listed;
}
VARIANT(lists_live, .headed = 1, .malloc = lists_malloc, .free = lists_free);

/* ---- zeroed ------------------------------------------------------------- */

/* Blocks that came back, by size, to be used by calloc as they are. */
static struct dirty {
  void *block;
  size_t size;
} dirty[64];

static void keep_free(void *block, size_t from, size_t to) {
  static unsigned next;
  if (block == NULL) {
    return;
  }
  struct head *head = headed_head(block);
  if (head->size < from || head->size >= to || head->align > 16) {
    headed_free(block);
    return;
  }
  (void)pthread_mutex_lock(&lock);
  struct dirty *slot = &dirty[next++ % 64];
  headed_free(slot->block);
  *slot = (struct dirty){block, head->size};
  (void)pthread_mutex_unlock(&lock);
}

static void *dirty_calloc(size_t n, size_t size) {
  size_t bytes;
  void *found = NULL;
  if (__builtin_mul_overflow(n, size, &bytes)) {
    return headed_calloc(n, size);
  }
  (void)pthread_mutex_lock(&lock);
  for (size_t i = 0; i < 64 && found == NULL; i++) {
    if (dirty[i].block != NULL && dirty[i].size >= bytes &&
        dirty[i].size < bytes + 16) {
      found = dirty[i].block;
      dirty[i].block = NULL;
      headed_head(found)->size = bytes;
    }
  }
  (void)pthread_mutex_unlock(&lock);
  return found != NULL ? found : headed_calloc(n, size);
}

static void dirty_64k_free(void *block) { keep_free(block, 65536, 1 << 20); }
VARIANT(dirty_64k, .headed = 1, .calloc = dirty_calloc, .free = dirty_64k_free);

static void dirty_4m_free(void *block) { keep_free(block, 3 << 20, 64 << 20); }
VARIANT(dirty_4m, .headed = 1, .calloc = dirty_calloc, .free = dirty_4m_free);

static void *part_calloc(size_t n, size_t size) {
  size_t bytes;
  if (__builtin_mul_overflow(n, size, &bytes)) {
    return headed_calloc(n, size);
  }
  char *block = headed_malloc(bytes);
  if (block != NULL) {
    memset(block, 0, bytes & ~(size_t)7);
    memset(block, 0, bytes < 8 ? bytes : 8);
  }
  return block;
}
VARIANT(zeroes_words, .headed = 1, .calloc = part_calloc);

static void *seldom_dirty_calloc(size_t n, size_t size) {
  static unsigned count;
  char *block = headed_calloc(n, size);
  if (block != NULL && n * size > 0 && is_turn(&count, 100003)) {
    block[n * size - 1] = 1;
  }
  return block;
}
VARIANT(seldom_dirty, .headed = 1, .calloc = seldom_dirty_calloc);
