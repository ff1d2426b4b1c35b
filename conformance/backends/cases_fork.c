/* SPDX-License-Identifier: MIT */
/*
 * cases_fork.c - a heap in the child of a fork, made by a process of one thread
 * or of several that were allocating.
 */
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/child.h"
#include "blocks.h"
#include "helper.h"
#include "measure.h"

enum { CHILD_SECONDS = 10 };

/* Of each size some blocks; 0 when all is well. */
static int use_all_sizes(struct check *check) {
  for (size_t size = 8; size <= 1 << 20; size = size * 3 + 1) {
    for (size_t i = 0; i < 8; i++) {
      struct block block;
      enum check_maker maker = (enum check_maker)(i % CHECK_MAKERS);
      TRY_OR_RETURN(block_make(check, maker, size, &block));
      TRY_OR_RETURN(block_drop(check, &block));
      if (size > 100000) {
        break;
      }
    }
  }
  return 0;
}

/* What a child says, in memory that it shares with its parent. */
static struct check *child;

static int share_with_child(struct check *check) {
  child = mmap(NULL, sizeof *child, PROT_READ | PROT_WRITE,
               MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  REQUIRE(check, child != MAP_FAILED, "no memory to share with a child");
  return 0;
}

/* In the child: what the parent made is there, and the heap still works.  A
 * lock that nobody will open ends it by the alarm. */
static void be_child(struct check *check, struct block *kept) {
  (void)alarm(CHILD_SECONDS);
  if (check->backend->capabilities & PMM_BACKEND_FORK) {
    check->backend->fork_child(check->heap);
  }
  if (block_resize(check, &kept[0], 5000) == 0 &&
      block_drop_all(check, kept, 2) == 0) {
    (void)use_all_sizes(check);
  }
  *child = *check;
  _exit(0);
}

/* Fork a child and see it end well. */
static int fork_once(struct check *check, struct block *kept) {
  const struct pmm_backend *b = check->backend;
  int hooked = (b->capabilities & PMM_BACKEND_FORK) != 0;
  char fate[80];
  if (hooked) {
    b->fork_prepare(check->heap);
  }
  pid_t pid = pmmi_child_fork(NULL);
  if (pid == 0) {
    be_child(check, kept);
  }
  if (hooked) {
    b->fork_parent(check->heap);
  }
  REQUIRE(check, pid > 0, "fork failed");
  int status = pmmi_child_wait(pid);
  REQUIRE(check, pmmi_child_signal(status) != SIGALRM,
          "the child hangs: it was not done after %d s", CHILD_SECONDS);
  REQUIRE(check, status == 0, "the child ended with %s",
          pmmi_child_fate(status, fate, sizeof fate));
  check_merge(check, child);
  return check_failed(check) ? -1 : block_all_intact(check, kept, 2);
}

/* "A heap survives fork() in parent and child." */
MUST(fork, "fork of a process with one thread", REQ("ALLOC-030"),
     .refuses = PMM_BACKEND_ONE_BLOCK) {
  struct block kept[2];
  TRY(share_with_child(check));
  TRY(block_make(check, BY_ALLOC, 100, &kept[0]));
  TRY(block_make(check, BY_ALIGNED, 100000, &kept[1]));
  for (size_t i = 0; i < 3; i++) {
    TRY(fork_once(check, kept));
    TRY(use_all_sizes(check));
  }
  TRY(block_drop_all(check, kept, 2));
}

/* ---- while others allocate ---------------------------------------------- */

static atomic_int stop;

/* Every kind of call, without a pause: most of the time this thread is within
 * the allocator.  One thread each for small, middle and large blocks. */
static int allocate(struct check *own) {
  static const size_t most[] = {300, 6000, 300000};
  size_t kind = (size_t)(own->made >> 40) % 3;
  struct block blocks[8] = {0};
  for (size_t i = 0; !atomic_load(&stop); i++) {
    struct block *block = &blocks[i % 8];
    size_t size = most[kind] / 8 + check_random(own, most[kind]);
    TRY_OR_RETURN(block_drop(own, block));
    TRY_OR_RETURN(
        block_make(own, (enum check_maker)(i / 4 % CHECK_MAKERS), size, block));
    for (size_t k = 0; k < 32; k++) { /* nobody looks at these */
      own->backend->free(own->heap, own->backend->alloc(own->heap, size));
    }
  }
  return block_drop_all(own, blocks, 8);
}

static void *allocate_main(void *argument) {
  struct check *own = argument;
  if (helper_enter(own) == 0) {
    (void)allocate(own);
    helper_leave(own);
  }
  return NULL;
}

static int fork_often(struct check *check, size_t times) {
  struct block kept[2];
  for (size_t i = 0; i < times; i++) {
    TRY_OR_RETURN(block_make(check, BY_ALLOC, 100, &kept[0]));
    TRY_OR_RETURN(block_make(check, BY_ALLOC, 50000, &kept[1]));
    TRY_OR_RETURN(fork_once(check, kept));
    TRY_OR_RETURN(block_drop_all(check, kept, 2));
  }
  return 0;
}

/* "A child that was forked while other threads allocated can allocate and free:
 * it does not hang." */
MUST(fork_threads, "fork while other threads allocate", REQ("ALLOC-031"),
     .needs = PMM_BACKEND_THREADS, .refuses = PMM_BACKEND_ONE_BLOCK) {
  enum { OTHERS = 3, FORKS = 25 };
  struct check own[OTHERS];
  pthread_t threads[OTHERS];
  size_t started = 0;
  if (!measure_malloc_is_real(check)) {
    return;
  }
  TRY(share_with_child(check));
  atomic_store(&stop, 0);
  for (; started < OTHERS; started++) {
    check_branch(&own[started], check, started);
    if (helper_thread(check, &threads[started], allocate_main,
                      &own[started]) != 0) {
      break;
    }
  }
  (void)fork_often(check, measure_is_slow() ? 3 : FORKS);
  atomic_store(&stop, 1);
  for (size_t i = 0; i < started; i++) {
    (void)pthread_join(threads[i], NULL);
    check_merge(check, &own[i]);
  }
}
