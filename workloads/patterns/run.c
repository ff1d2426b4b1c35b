/* SPDX-License-Identifier: MIT */
/* run.c - see run.h. */
#include "run.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "blocks.h"
#include "host.h"
#include "pass.h"
#include "running.h"

/* ---- figures ------------------------------------------------------------- */

/** Bytes asked for between two looks at what is resident. */
#define LOOK_BYTES (UINT64_C(4) << 20)

static uint64_t resident(const struct running *r) {
  uint64_t now = pmmi_host_rss_bytes();
  uint64_t ours = r->start_bytes + r->heap.own_bytes;
  return now != PMM_UNKNOWN && now > ours ? now - ours : 0;
}

void running_look(struct running *r) {
  struct phase *phase = &r->result->phases[r->phase];
  uint64_t bytes = resident(r);
  r->asked_bytes = 0;
  phase->end_bytes = bytes;
  phase->peak_bytes = bytes > phase->peak_bytes ? bytes : phase->peak_bytes;
  if (bytes > r->result->peak_bytes) {
    r->result->peak_bytes = bytes;
  }
}

static void asked(struct running *r, uint64_t bytes) {
  r->asked_bytes += bytes;
  if (r->asked_bytes > LOOK_BYTES) {
    running_look(r);
  }
}

static uint64_t nanoseconds(struct timeval time) {
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_usec * 1000u;
}

static struct usage use(const struct running *r) {
  struct rusage now;
  (void)getrusage(RUSAGE_SELF, &now);
  return (struct usage){.clock_ns = pmmi_host_clock_ns(),
                        .user_ns = nanoseconds(now.ru_utime),
                        .system_ns = nanoseconds(now.ru_stime),
                        .minor_faults = (uint64_t)now.ru_minflt,
                        .major_faults = (uint64_t)now.ru_majflt,
                        .calls = r->heap.calls};
}

static void end_phase(struct running *r) {
  struct phase *phase = &r->result->phases[r->phase];
  struct usage now = use(r);
  running_look(r);
  phase->calls += now.calls - r->since.calls;
  phase->elapsed_ns += now.clock_ns - r->since.clock_ns;
  phase->user_ns += now.user_ns - r->since.user_ns;
  phase->system_ns += now.system_ns - r->since.system_ns;
  phase->minor_faults += now.minor_faults - r->since.minor_faults;
  phase->major_faults += now.major_faults - r->since.major_faults;
  phase->end_live_bytes = r->heap.live_bytes;
  phase->end_live_blocks = r->heap.live_blocks;
}

static void begin_phase(struct running *r, const char *name) {
  struct pattern_result *result = r->result;
  r->phase = 0;
  while (r->phase < result->phase_count &&
         strcmp(result->phases[r->phase].name, name) != 0) {
    r->phase++;
  }
  if (r->phase == result->phase_count) {
    result->phases[result->phase_count++] = (struct phase){.name = name};
  }
  result->phases[r->phase].times++;
  r->since = use(r);
}

/* ---- what goes wrong ----------------------------------------------------- */

static int refuse(struct running *r, const struct pattern_statement *s,
                  enum pattern_blame blame, const char *message) {
  r->wrong->line = s->line;
  r->wrong->blame = blame;
  (void)snprintf(r->wrong->message, sizeof r->wrong->message, "%s", message);
  return -1;
}

static int judge(struct running *r, const struct pattern_statement *s,
                 enum block_fault fault) {
  return fault == BLOCK_GOOD
             ? 0
             : refuse(r, s,
                      fault == BLOCK_NO_ROOM ? PATTERN_OF_TOOL
                                             : PATTERN_OF_BACKEND,
                      blocks_wrong(fault));
}

/** 0 when so many more bytes may be live. */
static int allowed(struct running *r, const struct pattern_statement *s,
                   uint64_t bytes) {
  return bytes <= r->most_bytes &&
                 r->heap.live_bytes <= r->most_bytes - bytes
             ? 0
             : refuse(r, s, PATTERN_OF_TEXT,
                      "more would be live than --most-mib lets it be");
}

/* ---- statements ---------------------------------------------------------- */

static uint64_t draw_size(struct running *r,
                          const struct pattern_statement *s) {
  uint64_t low = s->low + s->drift * r->round;
  uint64_t high = s->high + s->drift * r->round;
  uint64_t size = low + heap_draw(&r->heap.random, high - low + 1);
  return size <= UINT32_MAX ? size : UINT32_MAX;
}

static int run_alloc(struct running *r, const struct pattern_statement *s) {
  for (uint64_t i = 0; i < s->count; i++) {
    uint64_t size = draw_size(r, s);
    if (allowed(r, s, size) != 0 ||
        judge(r, s, heap_make(&r->heap, &r->sets[s->set], size)) != 0) {
      return -1;
    }
    asked(r, size);
  }
  return 0;
}

static int run_churn(struct running *r, const struct pattern_statement *s) {
  struct block_set *set = &r->sets[s->set];
  for (uint64_t i = 0; i < s->count && set->count > 0; i++) {
    size_t at = (size_t)heap_draw(&r->heap.random, set->count);
    uint64_t size = draw_size(r, s);
    if (allowed(r, s, size) != 0 ||
        judge(r, s, heap_drop(&r->heap, set, at, 0)) != 0 ||
        judge(r, s, heap_make(&r->heap, set, size)) != 0) {
      return -1;
    }
    asked(r, size);
  }
  return 0;
}

static int run_drop(struct running *r, const struct pattern_statement *s) {
  struct block_set *set = &r->sets[s->set];
  size_t count = (size_t)((uint64_t)set->count * s->share / 100000);
  if (s->order == PATTERN_OLDEST) {
    return judge(r, s, heap_drop_oldest(&r->heap, set, count));
  }
  while (count-- > 0) {
    size_t at = s->order == PATTERN_NEWEST
                    ? set->count - 1
                    : (size_t)heap_draw(&r->heap.random, set->count);
    if (judge(r, s, heap_drop(&r->heap, set, at, 0)) != 0) {
      return -1;
    }
  }
  return 0;
}

/** Each block a step larger in turn, until all have the most. */
static int run_grow(struct running *r, const struct pattern_statement *s) {
  struct block_set *set = &r->sets[s->set];
  for (int more = 1; more;) {
    more = 0;
    for (size_t i = 0; i < set->count; i++) {
      uint64_t size = set->blocks[i].size + s->low;
      size = size < s->high ? size : s->high;
      if (size <= set->blocks[i].size) {
        continue;
      }
      if (allowed(r, s, s->low) != 0 ||
          judge(r, s, heap_resize(&r->heap, set, i, size)) != 0) {
        return -1;
      }
      more = 1;
      asked(r, size);
    }
  }
  return 0;
}

static int run_pass(struct running *r, const struct pattern_statement *s) {
  if (allowed(r, s, s->depth * s->high) != 0) {
    return -1;
  }
  int error = 0;
  enum block_fault fault = pass_blocks(r, s, &error);
  return error != 0 ? refuse(r, s, PATTERN_OF_TOOL, strerror(error))
                    : judge(r, s, fault);
}

static int run_idle(const struct running *r,
                    const struct pattern_statement *s) {
  if (r->heap.ages) {
    return 0; /* nobody looks at what an idle allocator does                */
  }
  struct timespec left = {.tv_sec = (time_t)s->seconds};
  left.tv_nsec = (long)((s->seconds - (double)left.tv_sec) * 1e9);
  while (nanosleep(&left, &left) != 0 && errno == EINTR) {
  }
  return 0;
}

static int run_range(struct running *r, size_t first, size_t end);

static int run_repeat(struct running *r, size_t at) {
  const struct pattern_statement *s = &r->pattern->statements[at];
  uint64_t outer = r->round;
  int code = 0;
  for (r->round = 0; code == 0 && r->round < s->count; r->round++) {
    code = run_range(r, at + 1, s->end);
  }
  r->round = outer;
  return code;
}

/* A part of the pattern for a thread. */
struct part {
  struct running *running;
  size_t first;
  size_t end;
  int code;
};

static void *in_thread(void *argument) {
  struct part *part = argument;
  struct running *r = part->running;
  if (running_enter(r) != 0) {
    part->code = refuse(r, &r->pattern->statements[part->first - 1],
                        PATTERN_OF_BACKEND,
                        "the backend does not let a thread in");
    return NULL;
  }
  part->code = run_range(r, part->first, part->end);
  running_leave(r);
  return NULL;
}

static int run_thread(struct running *r, size_t at) {
  const struct pattern_statement *s = &r->pattern->statements[at];
  struct part part = {r, at + 1, s->end, 0};
  pthread_t thread;
  int error = pthread_create(&thread, NULL, in_thread, &part);
  if (error != 0) {
    return refuse(r, s, PATTERN_OF_TOOL, strerror(error));
  }
  (void)pthread_join(thread, NULL);
  return part.code;
}

static int run_one(struct running *r, size_t at) {
  const struct pattern_statement *s = &r->pattern->statements[at];
  switch (s->verb) {
  case PATTERN_PHASE:
    end_phase(r);
    begin_phase(r, s->name);
    return 0;
  case PATTERN_REPEAT:
    return run_repeat(r, at);
  case PATTERN_THREAD:
    return run_thread(r, at);
  case PATTERN_ALLOC:
    return run_alloc(r, s);
  case PATTERN_CHURN:
    return run_churn(r, s);
  case PATTERN_DROP:
    return run_drop(r, s);
  case PATTERN_MOVE:
    return judge(r, s,
                 heap_move(&r->heap, &r->sets[s->set], &r->sets[s->other]));
  case PATTERN_GROW:
    return run_grow(r, s);
  case PATTERN_PASS:
    return run_pass(r, s);
  case PATTERN_IDLE:
    return run_idle(r, s);
  case PATTERN_END:
    break;
  }
  return 0;
}

static int run_range(struct running *r, size_t first, size_t end) {
  for (size_t at = first; at < end; at++) {
    const struct pattern_statement *s = &r->pattern->statements[at];
    if (run_one(r, at) != 0) {
      return -1;
    }
    running_look(r);
    at = s->verb == PATTERN_REPEAT || s->verb == PATTERN_THREAD ? s->end : at;
  }
  return 0;
}

/* ---- the whole ----------------------------------------------------------- */

static int drain(struct running *r) {
  const struct pattern_statement *last =
      &r->pattern->statements[r->pattern->count - 1];
  for (unsigned i = 0; i < r->pattern->set_count; i++) {
    struct block_set *set = &r->sets[i];
    if (judge(r, last, heap_drop_oldest(&r->heap, set, set->count)) != 0) {
      return -1;
    }
    set_free(&r->heap, set);
  }
  return 0;
}

/** Run the pattern for its litter alone, and forget the figures. */
static int age(struct running *r) {
  struct heap *heap = &r->heap;
  uint64_t random = heap->random;
  heap->ages = 1;
  heap->litter_random = ~random | 1;
  begin_phase(r, "begin");
  if (run_range(r, 0, r->pattern->count) != 0 || drain(r) != 0) {
    return -1;
  }
  heap->ages = 0;
  heap->random = random;
  heap->calls = 0;
  heap->peak_bytes = heap->live_bytes;
  memset(r->result, 0, sizeof *r->result);
  return 0;
}

static int drop_litter(struct running *r) {
  const struct pattern_statement *last =
      &r->pattern->statements[r->pattern->count - 1];
  struct block_set *litter = &r->heap.litter;
  int code = judge(r, last, heap_drop_oldest(&r->heap, litter, litter->count));
  set_free(&r->heap, litter);
  return code;
}

static void sum_up(struct running *r) {
  struct pattern_result *result = r->result;
  for (size_t i = 0; i < result->phase_count; i++) {
    const struct phase *phase = &result->phases[i];
    result->elapsed_ns += phase->elapsed_ns;
    result->user_ns += phase->user_ns;
    result->system_ns += phase->system_ns;
    result->minor_faults += phase->minor_faults;
    result->major_faults += phase->major_faults;
  }
  result->calls = r->heap.calls;
  result->peak_live_bytes = r->heap.peak_bytes;
}

static int run_all(struct running *r) {
  struct timespec second = {.tv_sec = 1};
  begin_phase(r, "begin");
  if (run_range(r, 0, r->pattern->count) != 0) {
    return -1;
  }
  end_phase(r);
  r->result->end_live_bytes = r->heap.live_bytes;
  r->result->end_bytes = resident(r);
  sum_up(r);
  if (drain(r) != 0 || drop_litter(r) != 0) {
    return -1;
  }
  r->result->drained_bytes = resident(r);
  (void)nanosleep(&second, NULL);
  r->result->second_bytes = resident(r);
  return 0;
}

int running_enter(struct running *r) {
  const struct pmm_backend *b = r->heap.backend;
  return b->thread_enter != NULL ? b->thread_enter(r->heap.heap) : 0;
}

void running_leave(struct running *r) {
  const struct pmm_backend *b = r->heap.backend;
  if (b->thread_leave != NULL) {
    b->thread_leave(r->heap.heap);
  }
}

int pattern_run(const struct pattern_asked *order,
                struct pattern_result *result, struct pattern_wrong *wrong) {
  const struct pattern *pattern = order->pattern;
  const struct pmm_backend *backend = order->backend;
  struct running r = {.pattern = pattern,
                      .result = result,
                      .wrong = wrong,
                      .most_bytes = order->most_bytes,
                      .heap = {.backend = backend,
                               .random = (pattern->seed + 1) *
                                             UINT64_C(0x9E3779B97F4A7C15) |
                                         1}};
  struct pmm_backend_config config = {.struct_size = sizeof config,
                                      .seed = pattern->seed};
  memset(result, 0, sizeof *result);
  assert(pattern->count > 0);
  r.start_bytes = pmmi_host_rss_bytes();
  if (backend->init(&config, &r.heap.heap) != 0) {
    return refuse(&r, &pattern->statements[0], PATTERN_OF_BACKEND,
                  "no memory for a heap");
  }
  int code = running_enter(&r);
  if (code != 0) {
    code = refuse(&r, &pattern->statements[0], PATTERN_OF_BACKEND,
                  "the backend does not let a thread in");
  } else if ((code = order->aged ? age(&r) : 0) == 0) {
    code = run_all(&r);
  }
  if (code == 0) { /* what is wrong is not asked more                       */
    running_leave(&r);
    backend->fini(r.heap.heap);
  }
  return code;
}
