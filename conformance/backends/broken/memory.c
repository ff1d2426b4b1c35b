/* SPDX-License-Identifier: MIT */
/* memory.c - broken in what is used again, in time, at the end of memory. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "variant.h"

/* ---- what stays --------------------------------------------------------- */

static void keeps_all_free(void *block) { (void)block; }
VARIANT(keeps_all, .free = keeps_all_free);

static void keeps_4th_free(void *block) {
  static unsigned count;
  if (block != NULL && headed_head(block)->size >= 1 << 20 &&
      is_turn(&count, 4)) {
    return;
  }
  headed_free(block);
}
VARIANT(keeps_4th, .headed = 1, .free = keeps_4th_free);

static void keeps_class_free(void *block) {
  size_t size = block != NULL ? headed_head(block)->size : 0;
  if (size <= 4096 || size > 8192) {
    headed_free(block);
  }
}
VARIANT(keeps_class, .headed = 1, .free = keeps_class_free);

static void keeps_aligned_free(void *block) {
  if (block == NULL || headed_head(block)->align <= 16) {
    headed_free(block);
  }
}
VARIANT(keeps_aligned, .headed = 1, .free = keeps_aligned_free);

static void *keeps_old_realloc(void *block, size_t size) {
  size_t old = block != NULL ? headed_head(block)->size : 0;
  if (size <= old || size > PTRDIFF_MAX || old < 512) {
    return headed_realloc(block, size);
  }
  void *moved = headed_malloc(size);
  return moved != NULL ? memcpy(moved, block, old) : NULL;
}
VARIANT(keeps_old, .headed = 1, .realloc = keeps_old_realloc);

static void keeps_sized_free_sized(void *block, size_t size) {
  if (size < 1024) {
    free(block);
  } else if (block != NULL) {
    memset(block, 0xdd, size + 4096); /* of a class that is not its own */
    free(block);
  }
}
VARIANT(sized_class, .free_sized = keeps_sized_free_sized);

/* Free blocks are kept by exact size: only such a request finds them. */
static struct exact {
  struct exact *next;
} *exact_lists[4096];

static size_t exact_list(size_t size) { return size / 4096; }

static void exact_free(void *block) {
  size_t size = block != NULL ? headed_head(block)->size : 0;
  if (size < 65536 || exact_list(size) >= 4096 || size % 4096 == 1) {
    headed_free(block);
    return;
  }
  struct exact *item = block;
  item->next = exact_lists[exact_list(size)];
  exact_lists[exact_list(size)] = item;
}
static void *exact_malloc(size_t size) {
  struct exact **list =
      size >= 65536 && exact_list(size) < 4096 ? &exact_lists[exact_list(size)]
                                               : NULL;
  if (list == NULL || *list == NULL ||
      headed_head(*list)->size < size) {
    return headed_malloc(size);
  }
  struct exact *item = *list;
  *list = item->next;
  headed_head(item)->size = size;
  return item;
}
VARIANT(exact_size, .headed = 1, .malloc = exact_malloc, .free = exact_free);

/* A block that is made smaller stays as it is. */
static void *keeps_tail_realloc(void *block, size_t size) {
  return block != NULL && size != 0 && size <= headed_head(block)->size
             ? block
             : headed_realloc(block, size);
}
VARIANT(keeps_tail, .headed = 1, .realloc = keeps_tail_realloc);

/* ---- time --------------------------------------------------------------- */

static void *always_moves_realloc(void *block, size_t size) {
  size_t old = block != NULL ? headed_head(block)->size : 0;
  void *moved = headed_malloc(size);
  if (moved != NULL && block != NULL) {
    memcpy(moved, block, old < size ? old : size);
    headed_free(block);
  }
  return moved;
}
VARIANT(always_moves, .headed = 1, .realloc = always_moves_realloc);

/* Copies all bytes there and back, and stays where it is. */
static void *copies_twice_realloc(void *block, size_t size) {
  static char aside[1 << 20];
  size_t old = block != NULL ? headed_head(block)->size : 0;
  if (old > 0 && old < sizeof aside) {
    for (size_t i = 0; i < 4; i++) {
      memcpy(aside, block, old);
      memcpy(block, aside, old);
    }
  }
  return headed_realloc(block, size);
}
VARIANT(copies_twice, .headed = 1, .realloc = copies_twice_realloc);

/* All live blocks in one list, which free searches from its beginning. */
static struct entry {
  void *block;
  struct entry *next;
} *entries, entry_pool[1 << 17];
static struct entry *unused_entries;
static size_t entries_used;

static void *listed_malloc(size_t size) {
  void *block = malloc(size);
  struct entry *entry = unused_entries;
  if (entry != NULL) {
    unused_entries = entry->next;
  } else if (entries_used < sizeof entry_pool / sizeof *entry_pool) {
    entry = &entry_pool[entries_used++];
  }
  if (entry != NULL && block != NULL) {
    *entry = (struct entry){block, entries};
    entries = entry;
  }
  return block;
}
static void listed_free(void *block) {
  for (struct entry **at = &entries; *at != NULL; at = &(*at)->next) {
    if ((*at)->block == block) {
      struct entry *entry = *at;
      *at = entry->next;
      entry->next = unused_entries;
      unused_entries = entry;
      break;
    }
  }
  free(block);
}
VARIANT(linear_free, .malloc = listed_malloc, .free = listed_free);

/* Blocks of a middle size on one list of free ones, searched for the first fit;
 * what is freed goes to the end. */
static struct hole {
  struct hole *next;
} *holes, **holes_end = &holes;

static void *first_fit_malloc(size_t size) {
  if (size < 256 || size > 4096) {
    return headed_malloc(size);
  }
  for (struct hole **at = &holes; *at != NULL; at = &(*at)->next) {
    struct hole *hole = *at;
    if (headed_head(hole)->size >= size) {
      *at = hole->next;
      holes_end = holes_end == &hole->next ? at : holes_end;
      return hole;
    }
  }
  return headed_malloc(size);
}
static void first_fit_free(void *block) {
  size_t size = block != NULL ? headed_head(block)->size : 0;
  if (size < 256 || size > 4096 || headed_head(block)->align > 16) {
    headed_free(block);
    return;
  }
  struct hole *hole = block;
  hole->next = NULL;
  *holes_end = hole;
  holes_end = &hole->next;
}
VARIANT(first_fit, .headed = 1, .malloc = first_fit_malloc,
        .free = first_fit_free);

/* ---- the end of memory -------------------------------------------------- */

static void *aborts_malloc(size_t size) {
  void *block = malloc(size);
  if (block == NULL && size < PTRDIFF_MAX) {
    abort();
  }
  return block;
}
VARIANT(aborts, .malloc = aborts_malloc);

static void *no_test_malloc(size_t size) {
  void *block = malloc(size);
  if (size <= PTRDIFF_MAX) {
    ((volatile char *)block)[0] = 0;
  }
  return block;
}
VARIANT(no_test, .malloc = no_test_malloc);

/* Once memory ended it has ended for good. */
static int ended;
static void *ends_malloc(size_t size) {
  void *block = ended ? NULL : malloc(size);
  ended |= block == NULL && size < 1 << 20;
  return block;
}
VARIANT(ends_for_good, .malloc = ends_malloc);

static void *fails_lossy_realloc(void *block, size_t size) {
  void *moved = realloc(block, size);
  if (moved == NULL && size < PTRDIFF_MAX / 1024) {
    free(block);
  }
  return moved;
}
VARIANT(fails_lossy, .realloc = fails_lossy_realloc);

/* ---- errno, trim -------------------------------------------------------- */

static void sets_errno_free(void *block) {
  free(block);
  errno = block != NULL ? EINVAL : errno;
}
VARIANT(sets_errno, .free = sets_errno_free);

static void unmap_errno_free(void *block) {
  int large = block != NULL && headed_head(block)->size > 1 << 20;
  headed_free(block);
  if (large) {
    (void)madvise((void *)1, 1, MADV_DONTNEED);
  }
}
VARIANT(unmap_errno, .headed = 1, .free = unmap_errno_free);

static void *remembered;
static void *remembers_malloc(size_t size) {
  void *block = malloc(size);
  remembered = remembered == NULL && size >= 50 ? block : remembered;
  return block;
}
static void remembers_free(void *block) {
  remembered = remembered == block ? NULL : remembered;
  free(block);
}
static int wipes_trim(size_t keep) {
  (void)keep;
  if (remembered != NULL) {
    memset(remembered, 0, 50);
  }
  return 1;
}
VARIANT(trims_live, .malloc = remembers_malloc, .free = remembers_free,
        .trim = wipes_trim);
