/* SPDX-License-Identifier: MIT */
/*
 * cases_limits.c - when memory ends: requests fail, nothing is lost, the heap
 * goes on; and what calls do to errno.
 */
#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "backends/malloclike.h"
#include "blocks.h"
#include "measure.h"

enum { BLOCKS = 3000 };

/* ---- the system's pages ------------------------------------------------- */

static void *used[BLOCKS];

/* Some of everything; stops when memory ends.  Blocks made are in `used`. */
static size_t use_heap(struct check *check, void *heap) {
  for (size_t i = 0; i < BLOCKS; i++) {
    size_t size = 1 + check_random(check, 512);
    used[i] = check->backend->alloc(heap, size);
    if (used[i] == NULL) {
      return i;
    }
    memset(used[i], 0x11, size);
  }
  return BLOCKS;
}

static void free_used(struct check *check, void *heap, size_t made) {
  for (size_t i = 0; i < made; i++) {
    check->backend->free(heap, used[i]);
  }
  check->backend->fini(heap);
}

/* "With PMM_BACKEND_OS_HOOKS all pages come from the hooks and all go back." */
MUST(os_balance, "All pages come from the hooks and go back",
     REQ("ALLOC-028"), .needs = PMM_BACKEND_OS_HOOKS,
     .refuses = PMM_BACKEND_ONE_BLOCK, .opens = 1) {
  for (size_t round = 0; round < 3; round++) {
    void *heap;
    EXPECT(check, check_open(check, &heap) == 0, "no memory for a heap");
    size_t made = use_heap(check, heap);
    EXPECT(check, made == BLOCKS, "no memory for block %zu", made);
    EXPECT(check, check->hooks.held_bytes > (uint64_t)BLOCKS * 128,
           "%llu bytes from the hooks hold %d blocks",
           (unsigned long long)check->hooks.held_bytes, BLOCKS);
    free_used(check, heap, made);
    EXPECT(check, check->hooks.held_bytes == 0,
           "%llu bytes were not given back",
           (unsigned long long)check->hooks.held_bytes);
    EXPECT(check, check->hooks.maps == check->hooks.unmaps,
           "%llu maps, %llu unmaps", (unsigned long long)check->hooks.maps,
           (unsigned long long)check->hooks.unmaps);
  }
}

/* Let the `point`-th request of a heap's life fail; 1 when there was one. */
static int fail_at(struct check *check, uint64_t point, int persist) {
  void *heap;
  check_hooks_init(&check->hooks);
  check->hooks.refuse_at = point;
  check->hooks.refuse_all_after = persist;
  if (check_open(check, &heap) == 0) {
    size_t made = use_heap(check, heap);
    check->hooks.refuse_at = 0;
    void *block = check->backend->alloc(heap, 33);
    REQUIRE(check, block != NULL,
            "after failure %llu the heap serves nothing more",
            (unsigned long long)point);
    check->backend->free(heap, block);
    free_used(check, heap, made);
  } else {
    REQUIRE(check, heap == NULL, "a failed init left a heap behind");
  }
  REQUIRE(check, check->hooks.held_bytes == 0,
          "after failure %llu, %llu bytes were not given back",
          (unsigned long long)point,
          (unsigned long long)check->hooks.held_bytes);
  return check->hooks.refused > 0;
}

/* "When the hooks refuse pages, requests fail, nothing is lost, and the heap
 * stays usable." */
MUST(os_failure, "Each request to the system fails once", REQ("ALLOC-029"),
     .needs = PMM_BACKEND_OS_HOOKS, .refuses = PMM_BACKEND_ONE_BLOCK,
     .opens = 1) {
  for (int persist = 0; persist <= 1; persist++) {
    uint64_t point = 1;
    int fired;
    while ((fired = fail_at(check, point, persist)) == 1) {
      point++;
    }
    if (fired < 0) {
      return;
    }
    EXPECT(check, point > 1, "no request reached the hooks");
  }
}

/* ---- a limit ------------------------------------------------------------ */

enum { ROOM = 40 << 20, MOST_HELD = 1 << 17, MOST_ASKED = 256 << 20 };

static struct block held[MOST_HELD];

static void set_limit(int resource, rlim_t bytes) {
  struct rlimit limit;
  (void)getrlimit((unsigned)resource, &limit);
  limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
  (void)setrlimit((unsigned)resource, &limit);
}

/* Of addresses, and of bytes that can be written: an allocator may have more
 * addresses in reserve. */
static void set_limits(int bound) {
  set_limit(RLIMIT_AS, bound ? measure_mapped() + ROOM : RLIM_INFINITY);
  set_limit(RLIMIT_DATA, bound ? measure_writable() + ROOM : RLIM_INFINITY);
}

/* Blocks until there is no memory, or so many that the limit does not bind;
 * *count of them are in `held`. */
static int exhaust(struct check *check, enum check_maker maker, size_t size,
                   size_t *count) {
  size_t least = *count;
  for (; *count < MOST_HELD && (*count - least) * size < MOST_ASKED; ++*count) {
    TRY_OR_RETURN(block_make(check, maker, size, &held[*count]));
    if (held[*count].at == NULL) {
      return 0;
    }
  }
  return 0;
}

/* Memory has ended, or there is some in reserve: whatever is asked, a block
 * that lives keeps its bytes. */
static int ask_more(struct check *check, size_t count) {
  const struct pmm_backend *b = check->backend;
  for (size_t i = 0; i < count; i += count / 20 + 1) {
    size_t old = held[i].size;
    size_t more = old + 2 * (size_t)ROOM;
    char *moved = b->realloc(check->heap, held[i].at, old, more);
    if (moved != NULL) {
      held[i].at = b->realloc(check->heap, moved, more, old);
      held[i].usable = old;
      REQUIRE(check, held[i].at != NULL, "shrinking a block fails");
    }
    TRY_OR_RETURN(block_intact(check, &held[i]));
  }
  b->free(check->heap, b->alloc_zero(check->heap, 2, ROOM));
  b->free(check->heap, b->alloc(check->heap, 2 * (size_t)ROOM));
  return 0;
}

/* Fill the room with blocks of `size`, then with smaller ones; make room, use
 * it; all bytes stay as they were. */
static int fill_room(struct check *check, enum check_maker maker,
                     size_t size) {
  size_t count = 0;
  TRY_OR_RETURN(exhaust(check, maker, size, &count));
  int served = count > 0;
  for (size_t piece = size / 16; piece >= 64; piece /= 16) {
    TRY_OR_RETURN(exhaust(check, maker, piece, &count));
  }
  TRY_OR_RETURN(ask_more(check, count));
  TRY_OR_RETURN(block_all_intact(check, held, count));
  TRY_OR_RETURN(block_drop_all(check, held, count));
  TRY_OR_RETURN(block_make(check, maker, size, &held[0]));
  REQUIRE(check, held[0].at != NULL || !served,
          "all blocks of %zu bytes were freed, and none is served", size);
  return block_drop(check, &held[0]);
}

/* "Under a limit of memory a request that finds no memory returns NULL:
 * nothing aborts, live blocks keep their bytes, and what is freed then can be
 * had again." */
MUST(limit, "Memory ends at a limit", REQ("ALLOC-037"),
     .needs = PMM_BACKEND_FREES, .refuses = PMM_BACKEND_ONE_BLOCK) {
  static const size_t sizes[] = {1000, 40000, 300000, 2000000};
  if (!measure_applies(check)) {
    return;
  }
  check->may_refuse = 1;
  for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
    struct block after;
    set_limits(1);
    int result = fill_room(check, (enum check_maker)(i % CHECK_MAKERS),
                           sizes[i]);
    set_limits(0);
    TRY(result);
    TRY(block_make(check, BY_ALLOC, 3 << 20, &after));
    EXPECT(check, after.at != NULL, "the limit is gone, and no memory comes");
    TRY(block_drop(check, &after));
  }
}

/* ---- errno -------------------------------------------------------------- */

/* "free keeps errno." */
MUST(errno_free, "free keeps errno", REQ("ALLOC-038"),
     .needs = PMM_BACKEND_FREES) {
  enum { CODE = 4242, SOME = 8 };
  struct block blocks[SOME];
  for (size_t size = 16; size <= 8u << 20; size = size * 5 + 3) {
    size_t count = size < 4 << 20 ? SOME : 2;
    for (int maker = 0; maker < CHECK_MAKERS; maker++) {
      TRY(block_make_all(check, (enum check_maker)maker, size, blocks, count));
      for (size_t i = 0; i < count; i++) {
        errno = CODE;
        check->backend->free(check->heap, blocks[i].at);
        EXPECT(check, errno == CODE,
               "freeing %zu bytes of %s changed errno to %d (%s)", size,
               block_maker_name((enum check_maker)maker), errno,
               strerror(errno));
      }
    }
  }
  errno = CODE;
  check->backend->free(check->heap, NULL);
  EXPECT(check, errno == CODE, "free(NULL) changed errno to %d", errno);
}

/* A malloc library's way to fail, by number. */
static void *fail_by(const struct pmmi_malloclike *like, size_t way,
                     void *block) {
  switch (way) {
    case 0: return like->malloc(SIZE_MAX - 100);
    case 1: return like->malloc((size_t)PTRDIFF_MAX + 1);
    case 2: return like->calloc(SIZE_MAX / 2, 4);
    case 3: return like->realloc(block, SIZE_MAX - 100);
    case 4: return like->calloc(1, (size_t)1 << 62);
    default:
      return like->aligned_alloc == NULL
                 ? like->malloc(SIZE_MAX / 2)
                 : like->aligned_alloc(64, SIZE_MAX - 63);
  }
}

/* "A malloc library's request that fails sets errno to ENOMEM." */
SHOULD(errno_failure, "A failed request sets ENOMEM", REQ("ALLOC-039"),
       .refuses = PMM_BACKEND_ONE_BLOCK) {
  const struct pmmi_malloclike *like = pmmi_malloclike_of(check->backend);
  if (like == NULL || measure_is_slow()) { /* checkers have their own malloc */
    check_skip(check, "a library of malloc's form");
    return;
  }
  struct block block;
  TRY(block_make(check, BY_ALLOC, 100, &block));
  for (size_t way = 0; way < 6; way++) {
    errno = 0;
    void *got = fail_by(like, way, block.at);
    EXPECT(check, got == NULL, "way %zu to ask too much was served", way);
    EXPECT(check, errno == ENOMEM, "way %zu to fail leaves errno at %d", way,
           errno);
  }
  TRY(block_drop(check, &block));
}

/* "A library's reallocarray refuses a product that wraps with NULL, and leaves
 * the block." */
MUST(reallocarray, "reallocarray of a malloc library", REQ("ALLOC-049"),
     .refuses = PMM_BACKEND_ONE_BLOCK) {
  const struct pmmi_malloclike *like = pmmi_malloclike_of(check->backend);
  if (like == NULL || like->reallocarray == NULL) {
    check_skip(check, "reallocarray");
    return;
  }
  struct block block;
  TRY(block_make(check, BY_ALLOC, 100, &block));
  for (size_t n = 2; n <= (size_t)1 << 40; n *= 2) {
    EXPECT(check, like->reallocarray(block.at, n, SIZE_MAX / n + 2) == NULL,
           "%zu * size wrapped", n);
    TRY(block_intact(check, &block));
  }
  char *moved = like->reallocarray(block.at, 3, 100);
  EXPECT(check, moved != NULL && check_damage(moved, 100, block.seed) == 100,
         "3 * 100 bytes were not served or lost the first 100");
  check->backend->free(check->heap, moved);
}
