/* SPDX-License-Identifier: MIT */
/*
 * cases_host.c - the rules about what surrounds a heap: other heaps, the
 * system's pages, processes and threads.
 */
#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

enum { BLOCKS = 3000, THREADS = 4, ROUNDS = 20000, SHARED = 64 };

CHECK(heaps, "Several heaps at once are apart: ending one leaves the others.",
      .needs = PMM_BACKEND_HEAPS, .refuses = PMM_BACKEND_ONE_BLOCK,
      .opens = 1) {
  const struct pmm_backend *b = check->backend;
  void *heaps[2];
  void *blocks[2][100];
  for (size_t h = 0; h < 2; h++) {
    EXPECT(check, check_open(check, &heaps[h]) == 0, "no memory for a heap");
  }
  for (size_t i = 0; i < 200; i++) {
    void *block = b->alloc(heaps[i % 2], 80);
    EXPECT(check, block != NULL, "no memory for 80 bytes");
    check_fill(block, 80, i);
    blocks[i % 2][i / 2] = block;
    if (b->owns != NULL) {
      EXPECT(check, b->owns(heaps[1 - i % 2], block) == 0,
             "a heap owns another's block");
    }
  }
  for (size_t i = 0; i < 100; i++) {
    b->free(heaps[0], blocks[0][i]);
  }
  b->fini(heaps[0]);
  for (size_t i = 0; i < 100; i++) {
    EXPECT(check, check_damage(blocks[1][i], 80, 2 * i + 1) == 80,
           "ending a heap changed a block of another");
    b->free(heaps[1], blocks[1][i]);
  }
  b->fini(heaps[1]);
}

/* ---- the system's pages -------------------------------------------------- */

/* Some of everything; stops when memory ends.  Blocks made are in `blocks`. */
static size_t use_heap(struct check *check, void *heap, void **blocks) {
  for (size_t i = 0; i < BLOCKS; i++) {
    size_t size = 1 + check_random(check, 512);
    blocks[i] = check->backend->alloc(heap, size);
    if (blocks[i] == NULL) {
      return i;
    }
    memset(blocks[i], 0x11, size);
  }
  return BLOCKS;
}

static void *used[BLOCKS];

CHECK(os_balance, "All pages come from the hooks and all go back.",
      .needs = PMM_BACKEND_OS_HOOKS, .refuses = PMM_BACKEND_ONE_BLOCK,
      .opens = 1) {
  for (size_t round = 0; round < 3; round++) {
    void *heap;
    EXPECT(check, check_open(check, &heap) == 0, "no memory for a heap");
    size_t made = use_heap(check, heap, used);
    EXPECT(check, made == BLOCKS, "no memory for block %zu", made);
    EXPECT(check, check->hooks.held_bytes > (uint64_t)BLOCKS * 128,
           "%llu bytes from the hooks hold %d blocks",
           (unsigned long long)check->hooks.held_bytes, BLOCKS);
    for (size_t i = 0; i < made; i++) {
      check->backend->free(heap, used[i]);
    }
    check->backend->fini(heap);
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
  size_t made = 0;
  check_hooks_init(&check->hooks);
  check->hooks.refuse_at = point;
  check->hooks.refuse_all_after = persist;
  if (check_open(check, &heap) == 0) {
    made = use_heap(check, heap, used);
    check->hooks.refuse_at = 0;
    void *block = check->backend->alloc(heap, 33);
    REQUIRE(check, block != NULL,
            "after failure %llu the heap serves nothing more",
            (unsigned long long)point);
    check->backend->free(heap, block);
    for (size_t i = 0; i < made; i++) {
      check->backend->free(heap, used[i]);
    }
    check->backend->fini(heap);
  } else {
    REQUIRE(check, heap == NULL, "a failed init left a heap behind");
  }
  REQUIRE(check, check->hooks.held_bytes == 0,
          "after failure %llu, %llu bytes were not given back",
          (unsigned long long)point,
          (unsigned long long)check->hooks.held_bytes);
  return check->hooks.refused > 0;
}

CHECK(os_failure, "When the system refuses pages, requests fail, nothing is "
                  "lost, and the heap stays usable.",
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

/* ---- processes ----------------------------------------------------------- */

/* In the child: what the parent made is there, and the heap still works. */
static int child_works(struct check *check, void *kept) {
  if (check_damage(kept, 100, 5) != 100) {
    return 1;
  }
  check->backend->free(check->heap, kept);
  for (size_t i = 0; i < 1000; i++) {
    void *block = check->backend->alloc(check->heap, i % 600 + 1);
    if (block == NULL) {
      return 2;
    }
    memset(block, 0x7e, i % 600 + 1);
    check->backend->free(check->heap, block);
  }
  return 0;
}

CHECK(fork, "A heap survives fork() in parent and child.",
      .refuses = PMM_BACKEND_ONE_BLOCK) {
  const struct pmm_backend *b = check->backend;
  int hooked = (b->capabilities & PMM_BACKEND_FORK) != 0;
  void *kept = b->alloc(check->heap, 100);
  EXPECT(check, kept != NULL, "no memory for 100 bytes");
  check_fill(kept, 100, 5);
  if (hooked) {
    b->fork_prepare(check->heap);
  }
  pid_t pid = fork();
  if (pid == 0) {
    if (hooked) {
      b->fork_child(check->heap);
    }
    _exit(child_works(check, kept));
  }
  if (hooked) {
    b->fork_parent(check->heap);
  }
  int status = 0;
  EXPECT(check, pid > 0 && waitpid(pid, &status, 0) == pid, "fork failed");
  EXPECT(check, WIFEXITED(status) && WEXITSTATUS(status) == 0,
         "the child ended with %s %d",
         WIFEXITED(status) ? "exit status" : "signal",
         WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
  EXPECT(check, check_damage(kept, 100, 5) == 100,
         "the child changed a block of its parent");
  b->free(check->heap, kept);
}

/* ---- threads ------------------------------------------------------------- */

static struct {
  struct check *check;
  pthread_mutex_t lock;
  char *shared[SHARED]; /* blocks on their way from thread to thread        */
  int damaged;          /* blocks whose contents changed under way          */
} parcel = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Put a block into a slot and return what was there, made by anybody. */
static char *swap(size_t slot, char *block) {
  pthread_mutex_lock(&parcel.lock);
  char *other = parcel.shared[slot];
  parcel.shared[slot] = block;
  pthread_mutex_unlock(&parcel.lock);
  return other;
}

static void *thread_main(void *argument) {
  const struct pmm_backend *b = parcel.check->backend;
  void *heap = parcel.check->heap;
  struct check own = {.random = 77 + *(const size_t *)argument};
  if (b->thread_enter != NULL && b->thread_enter(heap) != 0) {
    return NULL;
  }
  for (size_t i = 0; i < ROUNDS; i++) {
    size_t size = 32 + check_random(&own, 400);
    char *block = b->alloc(heap, size);
    if (block != NULL) {
      check_fill(block, 32, 9);
      char *other = swap((size_t)check_random(&own, SHARED), block);
      if (other != NULL && check_damage(other, 32, 9) != 32) {
        __atomic_add_fetch(&parcel.damaged, 1, __ATOMIC_RELAXED);
      }
      b->free(heap, other);
    }
  }
  if (b->thread_leave != NULL) {
    b->thread_leave(heap);
  }
  return NULL;
}

CHECK(threads, "Any thread may call, and may free what another thread "
               "allocated.",
      .needs = PMM_BACKEND_THREADS) {
  pthread_t threads[THREADS];
  size_t names[THREADS];
  size_t started = 0;
  parcel.check = check;
  for (; started < THREADS; started++) {
    names[started] = started;
    if (pthread_create(&threads[started], NULL, thread_main,
                       &names[started]) != 0) {
      break;
    }
  }
  for (size_t i = 0; i < started; i++) {
    pthread_join(threads[i], NULL);
  }
  EXPECT(check, started == THREADS, "only %zu threads started", started);
  EXPECT(check, parcel.damaged == 0, "%d blocks changed between threads",
         parcel.damaged);
  for (size_t i = 0; i < SHARED; i++) {
    check->backend->free(check->heap, parcel.shared[i]);
  }
}
