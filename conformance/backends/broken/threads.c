/* SPDX-License-Identifier: MIT */
/* threads.c - broken between threads, or over fork. */
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "variant.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* ---- fork --------------------------------------------------------------- */

static void *locked_malloc(size_t size) {
  (void)pthread_mutex_lock(&lock);
  void *block = malloc(size);
  (void)pthread_mutex_unlock(&lock);
  return block;
}
static void locked_free(void *block) {
  (void)pthread_mutex_lock(&lock);
  free(block);
  (void)pthread_mutex_unlock(&lock);
}
VARIANT(fork_lock, .malloc = locked_malloc, .free = locked_free);

/* For large blocks only. */
static void *locked_large_malloc(size_t size) {
  return size > 32768 ? locked_malloc(size) : malloc(size);
}
VARIANT(fork_lock_large, .malloc = locked_large_malloc);

/* In a child that has one thread free is sound, and malloc is not. */
static pid_t first_pid;
static void *pid_malloc(size_t size) {
  first_pid = first_pid == 0 ? getpid() : first_pid;
  return size > 5000 && getpid() != first_pid ? NULL : malloc(size);
}
VARIANT(fork_pid, .malloc = pid_malloc);

/* ---- several threads ---------------------------------------------------- */

/* A list of free blocks that nobody locks. */
static struct node {
  struct node *next;
} *volatile racy_list;

static void *racy_malloc(size_t size) {
  struct node *node = racy_list;
  if (size > 400 || node == NULL) {
    return headed_malloc(size < 400 ? 400 : size);
  }
  struct node *next = node->next;
  sched_yield();
  racy_list = next;
  headed_head(node)->size = size;
  return node;
}
static void racy_free(void *block) {
  if (block == NULL || headed_head(block)->size > 400 ||
      headed_head(block)->align > 16) {
    headed_free(block);
    return;
  }
  struct node *node = block;
  node->next = racy_list;
  racy_list = node;
}
static void *racy_realloc(void *block, size_t size) {
  void *moved = racy_malloc(size);
  if (moved == NULL || block == NULL) {
    return moved;
  }
  size_t old = headed_head(block)->size;
  memcpy(moved, block, old < size ? old : size);
  racy_free(block);
  return moved;
}
static void *racy_calloc(size_t n, size_t size) {
  size_t bytes;
  if (__builtin_mul_overflow(n, size, &bytes)) {
    return headed_calloc(n, size);
  }
  void *block = racy_malloc(bytes);
  return block != NULL ? memset(block, 0, bytes) : NULL;
}
VARIANT(racy, .headed = 1, .malloc = racy_malloc, .free = racy_free,
        .realloc = racy_realloc, .calloc = racy_calloc);

/* Room for 64 threads at once. */
static pthread_key_t slot_key;
static pthread_once_t slot_once = PTHREAD_ONCE_INIT;
static int slots_used;
static void leave_slot(void *slot) {
  (void)slot;
  (void)__atomic_sub_fetch(&slots_used, 1, __ATOMIC_RELAXED);
}
static void make_slot_key(void) {
  (void)pthread_key_create(&slot_key, leave_slot);
}
static void *table_malloc(size_t size) {
  (void)pthread_once(&slot_once, make_slot_key);
  if (pthread_getspecific(slot_key) == NULL) {
    if (__atomic_add_fetch(&slots_used, 1, __ATOMIC_RELAXED) > 64) {
      return NULL;
    }
    (void)pthread_setspecific(slot_key, &slots_used);
  }
  return malloc(size);
}
VARIANT(thread_table, .malloc = table_malloc);

/* A number for each thread that ever was, and room for 1,000. */
static void *numbers_malloc(size_t size) {
  static int last;
  static __thread int number;
  if (number == 0) {
    number = __atomic_add_fetch(&last, 1, __ATOMIC_RELAXED);
  }
  return number <= 1000 ? malloc(size) : NULL;
}
VARIANT(thread_numbers, .malloc = numbers_malloc);

/* What is known of a thread stays when it is gone. */
static void *records_malloc(size_t size) {
  static __thread char *record;
  if (record == NULL) {
    record = malloc(16384);
    memset(record, 1, 16384);
  }
  return malloc(size);
}
VARIANT(thread_records, .malloc = records_malloc);

/* ---- freed by another --------------------------------------------------- */

static int is_own(const void *block) {
  return block == NULL ||
         pthread_equal(headed_head(block)->owner, pthread_self());
}

static void foreign_lost_free(void *block) {
  if (is_own(block)) {
    headed_free(block);
  }
}
VARIANT(foreign_lost, .headed = 1, .free = foreign_lost_free);

static void foreign_large_free(void *block) {
  if (is_own(block) || headed_head(block)->size < 32768) {
    headed_free(block);
  }
}
VARIANT(foreign_large, .headed = 1, .free = foreign_large_free);

static void foreign_aligned_free(void *block) {
  if (is_own(block) || headed_head(block)->align <= 16) {
    headed_free(block);
  }
}
VARIANT(foreign_aligned, .headed = 1, .free = foreign_aligned_free);

/* A thread that never made a block loses those that it frees. */
static __thread int has_made;
static void *newcomer_malloc(size_t size) {
  has_made = 1;
  return headed_malloc(size);
}
static void newcomer_free(void *block) {
  if (has_made) {
    headed_free(block);
  }
}
VARIANT(newcomer_lost, .headed = 1, .malloc = newcomer_malloc,
        .free = newcomer_free);

/* realloc of another thread's block copies nothing. */
static void *foreign_realloc(void *block, size_t size) {
  if (is_own(block)) {
    return headed_realloc(block, size);
  }
  void *moved = headed_malloc(size);
  if (moved != NULL) {
    headed_free(block);
  }
  return moved;
}
VARIANT(foreign_realloc, .headed = 1, .realloc = foreign_realloc);

/* ---- threads that end --------------------------------------------------- */

/* Each thread gets memory of its own, which nobody takes back. */
static __thread char *thread_memory;
static void *per_thread_malloc(size_t size) {
  enum { OWN = 512 << 10 };
  if (thread_memory == NULL) {
    thread_memory = malloc(OWN);
    if (thread_memory != NULL) {
      memset(thread_memory, 1, OWN);
    }
  }
  return malloc(size);
}
VARIANT(thread_memory, .malloc = per_thread_malloc);

/* A thread's freed blocks wait in its cache, and go with it. */
enum { CACHE = 4000 };
static __thread struct {
  void *blocks[CACHE];
  size_t count;
} cache;
static void *cached_malloc(size_t size) {
  if (cache.count > 0 && size <= 400) {
    void *block = cache.blocks[cache.count - 1];
    if (headed_head(block)->size >= size) {
      cache.count--;
      return block;
    }
  }
  return headed_malloc(size);
}
static void cached_free(void *block) {
  if (block == NULL || headed_head(block)->size > 400 ||
      headed_head(block)->align > 16 || cache.count == CACHE) {
    headed_free(block);
    return;
  }
  cache.blocks[cache.count++] = block;
}
VARIANT(thread_cache, .headed = 1, .malloc = cached_malloc,
        .free = cached_free);

/* What a thread made first, and has still, is wiped when it ends. */
static pthread_key_t wipe_key;
static pthread_once_t wipe_once = PTHREAD_ONCE_INIT;
static void wipe(void *block) { memset(block, 0, 16); }
static void make_wipe_key(void) { (void)pthread_key_create(&wipe_key, wipe); }
static void *wiped_malloc(size_t size) {
  void *block = headed_malloc(size);
  (void)pthread_once(&wipe_once, make_wipe_key);
  if (size >= 16 && pthread_getspecific(wipe_key) == NULL) {
    (void)pthread_setspecific(wipe_key, block);
  }
  return block;
}
static void wiped_free(void *block) {
  if (block != NULL && pthread_getspecific(wipe_key) == block) {
    (void)pthread_setspecific(wipe_key, NULL);
  }
  headed_free(block);
}
VARIANT(wiped_at_end, .headed = 1, .malloc = wiped_malloc, .free = wiped_free);

/* What is freed after the thread's cache was flushed is lost. */
static pthread_key_t flush_key;
static pthread_once_t flush_once = PTHREAD_ONCE_INIT;
static __thread int flushed;
static void flush(void *unused) {
  (void)unused;
  flushed = 1;
}
static void make_flush_key(void) {
  (void)pthread_key_create(&flush_key, flush);
}
static void *flushed_malloc(size_t size) {
  (void)pthread_once(&flush_once, make_flush_key);
  if (!flushed) {
    (void)pthread_setspecific(flush_key, &flush_key);
  }
  return malloc(size);
}
static void flushed_free(void *block) {
  if (!flushed) {
    free(block);
  }
}
VARIANT(flushed_lost, .malloc = flushed_malloc, .free = flushed_free);

/* And what is asked for then crashes. */
static void *gone_malloc(size_t size) {
  void *block = flushed_malloc(size);
  if (flushed) {
    (void)raise(SIGSEGV);
  }
  return block;
}
VARIANT(gone, .malloc = gone_malloc);
