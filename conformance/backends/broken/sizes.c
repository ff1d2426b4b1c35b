/* SPDX-License-Identifier: MIT */
/* sizes.c - broken in address, size, bounds or refusal. */
#include <errno.h>
#include <string.h>

#include "variant.h"

/* ---- alignment ---------------------------------------------------------- */

/* Headed, and 8 bytes further on. */
static void *shifted(size_t size) {
  char *block = headed_malloc(size + 16);
  if (block == NULL) {
    return NULL;
  }
  struct head head = *headed_head(block);
  head.size = size;
  memcpy(block + 8 - sizeof head, &head, sizeof head);
  return block + 8;
}

static void *align8_malloc(size_t size) {
  return size > 16 && size < 64 ? shifted(size) : headed_malloc(size);
}
VARIANT(align8, .headed = 1, .malloc = align8_malloc);

static void *align8_large_malloc(size_t size) {
  return size > 100000 && size < SIZE_MAX / 2 ? shifted(size)
                                              : headed_malloc(size);
}
VARIANT(align8_large, .headed = 1, .malloc = align8_large_malloc);

static void *seldom_misaligned_malloc(size_t size) {
  static unsigned count;
  return is_turn(&count, 20011) ? shifted(size) : headed_malloc(size);
}
VARIANT(seldom_misaligned, .headed = 1, .malloc = seldom_misaligned_malloc);

static void *natural_aligned(size_t align, size_t size) {
  return size == align && size >= 256 && size <= 1024
             ? memalign(16, size)
             : memalign(align, size);
}
VARIANT(natural, .aligned_alloc = natural_aligned);

static void *small_aligned(size_t align, size_t size) {
  return size <= 8 ? shifted(size) : headed_aligned(align, size);
}
VARIANT(small_aligned, .headed = 1, .aligned_alloc = small_aligned);

static void *far_aligned(size_t align, size_t size) {
  return headed_aligned(align > 65536 ? 65536 : align, size);
}
VARIANT(far, .headed = 1, .aligned_alloc = far_aligned);

/* ---- zero --------------------------------------------------------------- */

static char nothing[16];

static void *one_zero_malloc(size_t size) {
  return size == 0 ? nothing : malloc(size);
}
static void *one_zero_calloc(size_t n, size_t size) {
  return n == 0 || size == 0 ? nothing : calloc(n, size);
}
static void one_zero_free(void *block) {
  if (block != nothing) {
    free(block);
  }
}
VARIANT(one_zero, .malloc = one_zero_malloc, .calloc = one_zero_calloc,
        .free = one_zero_free);

/* ---- what wraps --------------------------------------------------------- */

static void *header_wraps_malloc(size_t size) {
  return malloc((size + 16 + 15) & ~(size_t)15);
}
VARIANT(header_wraps, .malloc = header_wraps_malloc);

static void *page_wraps_malloc(size_t size) {
  return size > 1 << 20 ? malloc((size + 4095) & ~(size_t)4095) : malloc(size);
}
VARIANT(page_wraps, .malloc = page_wraps_malloc);

static void *calloc_wraps_calloc(size_t n, size_t size) {
  void *block = malloc(n * size);
  return block != NULL ? memset(block, 0, n * size) : NULL;
}
VARIANT(calloc_wraps, .calloc = calloc_wraps_calloc);

static void *aligned_wraps_aligned(size_t align, size_t size) {
  return align <= 16 ? memalign(align, size)
                     : memalign(align, (size + align - 1 + 64) & ~(size_t)63);
}
VARIANT(aligned_wraps, .aligned_alloc = aligned_wraps_aligned);

static int posix_wraps_memalign(void **block, size_t align, size_t size) {
  *block = memalign(align, (size + 63) & ~(size_t)63);
  return *block != NULL ? 0 : ENOMEM;
}
VARIANT(posix_wraps, .posix_memalign = posix_wraps_memalign);

static int posix_writes_memalign(void **block, size_t align, size_t size) {
  *block = (align & (align - 1)) == 0 ? memalign(align, size) : NULL;
  return *block != NULL ? 0 : (align & (align - 1)) == 0 ? ENOMEM : EINVAL;
}
VARIANT(posix_writes, .posix_memalign = posix_writes_memalign);

static int posix_any_memalign(void **block, size_t align, size_t size) {
  void *at = memalign(align, size);
  *block = at != NULL ? at : *block;
  return at != NULL ? 0 : ENOMEM;
}
VARIANT(posix_any, .posix_memalign = posix_any_memalign);

static void *array_wraps_reallocarray(void *block, size_t n, size_t size) {
  return realloc(block, n * size);
}
VARIANT(array_wraps, .reallocarray = array_wraps_reallocarray);

static void *no_errno_malloc(size_t size) {
  return size > PTRDIFF_MAX ? NULL : malloc(size);
}
VARIANT(no_errno, .malloc = no_errno_malloc);

static void *no_errno_calloc(size_t n, size_t size) {
  size_t bytes;
  return __builtin_mul_overflow(n, size, &bytes) ? NULL : calloc(n, size);
}
VARIANT(no_errno_zero, .calloc = no_errno_calloc);

/* ---- too short ---------------------------------------------------------- */

static void *refuse(void) {
  errno = ENOMEM;
  return NULL;
}

static void *int_malloc(size_t size) {
  int bytes = (int)size;
  return size > PTRDIFF_MAX || bytes < 0 ? refuse() : malloc((size_t)bytes);
}
VARIANT(bits31, .malloc = int_malloc);

static void *unsigned_malloc(size_t size) {
  return size > PTRDIFF_MAX ? refuse() : malloc((uint32_t)size);
}
VARIANT(bits32, .malloc = unsigned_malloc);

static void *product32_calloc(size_t n, size_t size) {
  size_t bytes;
  return __builtin_mul_overflow(n, size, &bytes) || bytes > PTRDIFF_MAX
             ? refuse()
             : calloc((uint32_t)n * (uint32_t)size, 1);
}
VARIANT(product32, .calloc = product32_calloc);

static void *pages_short_malloc(size_t size) {
  return size > 4 << 20 && size < PTRDIFF_MAX ? malloc(size & ~(size_t)4095)
                                              : malloc(size);
}
VARIANT(pages_short, .malloc = pages_short_malloc);

static size_t aligned_usable(const void *block) {
  const struct head *head = headed_head(block);
  return head->align > 16 ? plain_usable(head->raw) : head->size;
}
VARIANT(usable_aligned, .headed = 1, .usable = aligned_usable);

static size_t less_usable(const void *block) {
  size_t size = headed_usable(block);
  return size > 100000 ? size - 64 : size;
}
VARIANT(usable_less, .headed = 1, .usable = less_usable);

static size_t more_usable(const void *block) {
  return plain_usable(block) + (plain_usable(block) > 60000 ? 32 : 0);
}
VARIANT(usable_more, .usable = more_usable);
