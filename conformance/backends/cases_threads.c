/* SPDX-License-Identifier: MIT */
/*
 * cases_threads.c - several threads: each may call and free what another made;
 * memory that came back by another thread, or from one that ended, is used
 * again.
 */
#include <string.h>

#include "blocks.h"
#include "helper.h"
#include "measure.h"

/* ---- at once ------------------------------------------------------------ */

enum { THREADS = 4, ROUNDS = 20000, SHARED = 64 };

static struct {
  pthread_mutex_t lock;
  struct block shared[SHARED]; /* on their way from thread to thread        */
} parcel = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Put a block into a slot and take what was there, made by anybody. */
static void swap(size_t slot, struct block *block) {
  (void)pthread_mutex_lock(&parcel.lock);
  struct block other = parcel.shared[slot];
  parcel.shared[slot] = *block;
  (void)pthread_mutex_unlock(&parcel.lock);
  *block = other;
}

static int exchange(struct check *own) {
  struct block block = {0};
  for (size_t i = 0; i < ROUNDS; i++) {
    size_t most = i % 64 == 0 ? 60000 : 400;
    size_t size = 1 + check_random(own, most);
    enum check_maker maker = (enum check_maker)check_random(own, CHECK_MAKERS);
    TRY_OR_RETURN(block_make(own, maker, size, &block));
    swap(check_random(own, SHARED), &block);
    if (block.at != NULL && i % 8 == 0) {
      TRY_OR_RETURN(block_resize(own, &block, size));
    }
    TRY_OR_RETURN(block_drop(own, &block));
  }
  return 0;
}

static void *exchange_main(void *argument) {
  struct check *own = argument;
  if (helper_enter(own) == 0) {
    (void)exchange(own);
    helper_leave(own);
  }
  return NULL;
}

/* "Any thread between thread_enter and thread_leave may call, and may free or
 * resize what another thread allocated." */
MUST(threads, "Threads exchange blocks", REQ("ALLOC-032"),
     .needs = PMM_BACKEND_THREADS) {
  pthread_t threads[THREADS];
  struct check own[THREADS];
  size_t started = 0;
  for (; started < THREADS; started++) {
    check_branch(&own[started], check, started);
    if (helper_thread(check, &threads[started], exchange_main,
                      &own[started]) != 0) {
      break;
    }
  }
  for (size_t i = 0; i < started; i++) {
    (void)pthread_join(threads[i], NULL);
    check_merge(check, &own[i]);
  }
  if (!check_failed(check)) {
    TRY(block_drop_all(check, parcel.shared, SHARED));
  }
}

/* ---- freed by another thread -------------------------------------------- */

enum { MOST_BLOCKS = 1 << 16 };

static struct block blocks[MOST_BLOCKS];

/* Blocks of one kind on their way. */
struct batch {
  enum check_maker maker;
  size_t size;
  size_t count;
};

static void make_batch(struct check *own, void *ctx) {
  const struct batch *batch = ctx;
  (void)block_make_all(own, batch->maker, batch->size, blocks, batch->count);
}

static void drop_batch(struct check *own, void *ctx) {
  const struct batch *batch = ctx;
  (void)block_drop_all(own, blocks, batch->count);
}

enum { ASKED = 48 << 20, BATCH_BYTES = 2 << 20 };

static struct batch make_batch_of(enum check_maker maker, size_t size) {
  size_t aligned = maker == BY_ALIGNED ? 1020 : 0; /* on average */
  size_t count = BATCH_BYTES / (size + aligned);
  return (struct batch){maker, size, count < 4 ? 4 : count};
}

/* One thread makes, `helper` frees, or the other way round; again and again. */
static int hand_over(struct check *check, struct helper *helper,
                     struct batch batch, int back) {
  uint64_t start = 0;
  uint64_t bytes = batch.count * batch.size;
  uint64_t rounds = ASKED / bytes;
  for (uint64_t round = 0; round < rounds + 2; round++) {
    start = round == 2 ? measure_resident() : start;
    if (back) {
      TRY_OR_RETURN(helper_call(helper, check, make_batch, &batch));
      drop_batch(check, &batch);
    } else {
      make_batch(check, &batch);
      TRY_OR_RETURN(helper_call(helper, check, drop_batch, &batch));
    }
    if (check_failed(check)) {
      return -1;
    }
  }
  return measure_reused(check, start, rounds * bytes, 4,
                        "freed by another thread", batch.size);
}

static const size_t handed_sizes[] = {40, 500, 3000, 40000, 700000};
enum { HANDED = sizeof handed_sizes / sizeof handed_sizes[0] };

/* "Memory of a block that another thread freed is used again." */
MUST(foreign_free, "Blocks freed by another thread come back",
     REQ("ALLOC-033"), .needs = PMM_BACKEND_THREADS | PMM_BACKEND_FREES) {
  static struct helper helper;
  if (!measure_applies(check)) {
    return;
  }
  TRY(helper_start(&helper, check));
  for (size_t i = 0; i < HANDED; i++) {
    for (int back = 0; back <= 1; back++) {
      struct batch batch = make_batch_of(BY_ALLOC, handed_sizes[i]);
      TRY(hand_over(check, &helper, batch, back));
    }
  }
  TRY(hand_over(check, &helper, make_batch_of(BY_ALIGNED, 500), 0));
  TRY(hand_over(check, &helper, make_batch_of(BY_ALIGNED, 200000), 0));
  TRY(hand_over(check, &helper, make_batch_of(BY_REALLOC, 3000), 1));
  TRY(helper_stop(&helper, check));
}

/* ---- threads that end --------------------------------------------------- */

/* A thread's own bytes: made in some sizes, part of them freed. */
struct life {
  size_t keep; /* one block in so many outlives the thread; 0: none         */
};

enum { LIVES = 192, LIFE_BLOCKS = 4000 };

static void live(struct check *own, void *ctx) {
  const struct life *life = ctx;
  for (size_t i = 0; i < LIFE_BLOCKS; i++) {
    size_t size = i % 50 == 0 ? 10000 : 16 + i % 300;
    if (block_make(own, BY_ALLOC, size, &blocks[i]) != 0) {
      return;
    }
  }
  for (size_t i = 0; i < LIFE_BLOCKS; i++) {
    if ((life->keep == 0 || i % life->keep != 0) &&
        block_drop(own, &blocks[i]) != 0) {
      return;
    }
  }
}

/* Threads one after another; what they leave is freed behind them. */
static int lives(struct check *check, size_t keep) {
  struct life life = {keep};
  uint64_t asked = 0;
  uint64_t start = 0;
  for (size_t i = 0; i < LIVES; i++) {
    static struct helper helper;
    start = i == 4 ? measure_resident() : start;
    TRY_OR_RETURN(helper_start(&helper, check));
    TRY_OR_RETURN(helper_call(&helper, check, live, &life));
    TRY_OR_RETURN(helper_stop(&helper, check));
    TRY_OR_RETURN(block_drop_all(check, blocks, LIFE_BLOCKS));
    asked += LIFE_BLOCKS * (166 + 10000 / 50);
  }
  /* an arena a core or several may keep what its last thread had */
  return measure_reused(check, start, asked, 4, "threads that ended",
                        keep == 0 ? LIFE_BLOCKS : keep);
}

/* "Memory of a thread that ended is used again." */
MUST(thread_ends, "Threads come and go", REQ("ALLOC-034"),
     .needs = PMM_BACKEND_THREADS | PMM_BACKEND_FREES) {
  if (!measure_applies(check)) {
    return;
  }
  TRY(lives(check, 0));
  TRY(lives(check, 2));
}

/* ---- in great numbers --------------------------------------------------- */

enum { NUMBERS = 4000, NUMBERS_SLOW = 400, FIRST_NUMBERS = 100, BRIEF = 8192 };

static void *brief_main(void *argument) {
  struct check *own = argument;
  struct block block;
  if (helper_enter(own) == 0) {
    if (block_make(own, BY_ALLOC, BRIEF, &block) == 0) {
      (void)block_drop(own, &block);
    }
    helper_leave(own);
  }
  return NULL;
}

/* "A program may start any number of threads over time; what an allocator keeps
 * of those that ended does not grow with their number." */
MUST(thread_numbers, "Thousands of threads, one after another",
     REQ("ALLOC-050"), .needs = PMM_BACKEND_THREADS | PMM_BACKEND_FREES) {
  size_t numbers = measure_is_slow() ? NUMBERS_SLOW : NUMBERS;
  uint64_t start = 0;
  for (size_t i = 0; i < numbers; i++) {
    static struct check own;
    pthread_t thread;
    start = i == FIRST_NUMBERS ? measure_resident() : start;
    check_branch(&own, check, i);
    TRY(helper_thread(check, &thread, brief_main, &own));
    (void)pthread_join(thread, NULL);
    check_merge(check, &own);
    EXPECT(check, !check_failed(check), "thread %zu cannot allocate", i);
  }
  if (!measure_is_slow()) {
    TRY(measure_reused(check, start, (uint64_t)numbers * BRIEF, 4,
                       "threads that ended", BRIEF));
  }
}

static void leave_blocks(struct check *own, void *ctx) {
  const size_t *first = ctx;
  for (size_t i = 0; i < 400; i++) {
    size_t size = i % 100 == 0 ? 200000 : 1 + check_random(own, 3000);
    enum check_maker maker = (enum check_maker)(i % CHECK_MAKERS);
    if (block_make(own, maker, size, &blocks[*first + i]) != 0) {
      return;
    }
  }
}

/* "Blocks of a thread that ended stay valid: they can be read, resized and
 * freed by any other." */
MUST(outlives, "Blocks outlive their thread", REQ("ALLOC-035"),
     .needs = PMM_BACKEND_THREADS) {
  for (size_t first = 0; first < 8 * 400; first += 400) {
    static struct helper helper;
    TRY(helper_start(&helper, check));
    TRY(helper_call(&helper, check, leave_blocks, &first));
    TRY(helper_stop(&helper, check));
    leave_blocks(check, &(size_t){3200});
    TRY(block_drop_all(check, blocks + 3200, 400));
  }
  TRY(block_all_intact(check, blocks, 3200));
  for (size_t i = 0; i < 3200; i += 3) {
    TRY(block_resize(check, &blocks[i], 1 + check_random(check, 5000)));
  }
  TRY(block_drop_all(check, blocks, 3200));
}

/* ---- while a thread ends ------------------------------------------------ */

static pthread_key_t key;

/* Runs when the thread's own data goes, perhaps after the allocator's. */
struct last_words {
  struct check own;
  struct block block;
  int runs;
};

static void say_last_words(void *argument) {
  struct last_words *last = argument;
  struct block block;
  if (block_drop(&last->own, &last->block) == 0 &&
      block_make(&last->own, BY_ALLOC, 3000, &block) == 0 &&
      block_resize(&last->own, &block, 30000) == 0 &&
      block_drop(&last->own, &block) == 0 && ++last->runs < 3 &&
      block_make(&last->own, BY_ZERO, 60000, &last->block) == 0) {
    (void)pthread_setspecific(key, last);
  }
}

static void *exit_main(void *argument) {
  struct last_words *last = argument;
  if (block_make(&last->own, BY_ALLOC, 60000, &last->block) == 0) {
    (void)pthread_setspecific(key, last);
  }
  return NULL;
}

/* "A thread may allocate and free until it is gone, also from the destructors
 * of its own data, and what it frees there is used again." */
MUST(thread_exit, "Destructors of a thread allocate and free",
     REQ("ALLOC-036"), .needs = PMM_BACKEND_THREADS | PMM_BACKEND_FREES) {
  enum { EXITS = 500 };
  if (check->backend->thread_enter != NULL) {
    check_skip(check, "threads that need no announcement");
    return;
  }
  EXPECT(check, pthread_key_create(&key, say_last_words) == 0, "no key");
  uint64_t start = measure_resident();
  for (size_t i = 0; i < EXITS; i++) {
    static struct last_words last;
    pthread_t thread;
    memset(&last, 0, sizeof last);
    check_branch(&last.own, check, i);
    TRY(helper_thread(check, &thread, exit_main, &last));
    (void)pthread_join(thread, NULL);
    check_merge(check, &last.own);
    EXPECT(check, !check_failed(check) && last.runs == 3,
           "%d of 3 destructors ran", last.runs);
  }
  if (!measure_is_slow()) {
    TRY(measure_reused(check, start, (uint64_t)EXITS * 3 * 90000, 4,
                       "freed by destructors", 60000));
  }
}

/* ---- many --------------------------------------------------------------- */

enum { CROWD = 100, EACH = 50 };

static pthread_barrier_t everybody;

static void *crowd_main(void *argument) {
  struct check *own = argument;
  size_t number = (size_t)(own->made >> 40) - 1;
  struct block *mine = &blocks[number * EACH];
  struct block *next = &blocks[(number + 1) % CROWD * EACH];
  int result = helper_enter(own);
  result |= block_make_all(own, BY_ALLOC, 64 + number, mine, EACH);
  (void)pthread_barrier_wait(&everybody);
  if (result == 0 && block_all_intact(own, next, EACH) == 0) {
    (void)block_drop_all(own, next, EACH);
  }
  (void)pthread_barrier_wait(&everybody);
  helper_leave(own);
  return NULL;
}

/* "Any thread between thread_enter and thread_leave may call, and may free or
 * resize what another thread allocated." */
MUST(many_threads, "A hundred threads at once", REQ("ALLOC-032"),
     .needs = PMM_BACKEND_THREADS) {
  static struct check own[CROWD];
  pthread_t threads[CROWD];
  size_t started = 0;
  (void)pthread_barrier_init(&everybody, NULL, CROWD);
  for (; started < CROWD; started++) {
    check_branch(&own[started], check, started);
    if (helper_thread(check, &threads[started], crowd_main, &own[started]) !=
        0) {
      return; /* those that wait for it end with the process */
    }
  }
  for (size_t i = 0; i < started; i++) {
    (void)pthread_join(threads[i], NULL);
    check_merge(check, &own[i]);
  }
}
