/* SPDX-License-Identifier: MIT */
/* passes.c - see passes.h. */
#include "passes.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/child.h"
#include "host.h"
#include "placement.h"

typedef void (*body)(const struct pass_order *order, struct replay *replay,
                     struct pass *pass);

/* ---- a process of its own ------------------------------------------------ */

static void refused(struct pass *pass, const struct trace_ops *ops,
                    size_t word) {
  pass->wrong = 1;
  (void)snprintf(pass->fault, sizeof pass->fault,
                 "call %zu: no memory for %u bytes", word,
                 (unsigned)ops->ops[word].size);
}

static void run_here(const struct pass_order *order, body run,
                     struct pass *pass) {
  struct replay replay;
  if (replay_open(&replay, order->backend, order->ops) != 0) {
    (void)snprintf(pass->fault, sizeof pass->fault,
                   "there is no memory for a heap");
    return;
  }
  run(order, &replay, pass);
  if (pass->fault[0] == '\0') {
    replay_close(&replay);
  }
}

static _Noreturn void in_child(const struct pass_order *order, body run,
                               pid_t parent, int end) {
  static struct pass pass;
  const char *next = (const char *)&pass;
  size_t left = sizeof pass;
  pmmi_child_bind(parent);
  run_here(order, run, &pass);
  while (left > 0) {
    ssize_t sent = write(end, next, left);
    if (sent < 0 && errno == EINTR) {
      continue;
    }
    if (sent <= 0) {
      _exit(1);
    }
    next += sent;
    left -= (size_t)sent;
  }
  _exit(0);
}

/** Wait until the child writes or ends; 0 when its time is over. */
static int in_time(int end, double timeout_s) {
  struct pollfd watch = {.fd = end, .events = POLLIN};
  int ready;
  do {
    ready = poll(&watch, 1, (int)(timeout_s * 1000));
  } while (ready < 0 && errno == EINTR);
  return ready != 0;
}

static void judge(struct pass *pass, size_t got, int status) {
  char fate[80];
  if (status != 0 || got + 1 < sizeof *pass) {
    *pass = (struct pass){.wrong = 1};
    (void)snprintf(pass->fault, sizeof pass->fault, "the process ended with %s",
                   pmmi_child_fate(status, fate, sizeof fate));
  }
}

static void run_apart(const struct pass_order *order, body run,
                      struct pass *pass) {
  int end;
  static char text[sizeof(struct pass) + 1];
  *pass = (struct pass){.fault = ""};
  pid_t parent = getpid();
  pid_t child = pmmi_child_fork(&end);
  if (child == 0) {
    in_child(order, run, parent, end);
  }
  if (child < 0) {
    (void)snprintf(pass->fault, sizeof pass->fault, "no process: %s",
                   strerror(errno));
    return;
  }
  int soon = in_time(end, order->timeout_s);
  if (!soon) {
    (void)kill(child, SIGKILL);
  }
  size_t got = pmmi_child_read(end, text, sizeof text);
  int status = pmmi_child_wait(child);
  memcpy(pass, text, sizeof *pass);
  judge(pass, got, status);
  if (!soon) {
    (void)snprintf(pass->fault, sizeof pass->fault, "not finished after %g s",
                   order->timeout_s);
  }
}

/** Age the heap where that is asked for.  0, or -1 with the fault. */
static int prepare(const struct pass_order *order, struct replay *replay,
                   struct pass *pass) {
  if (order->aged && replay_litter(replay, order->seed) != 0) {
    pass->wrong = 1;
    (void)snprintf(pass->fault, sizeof pass->fault,
                   "no memory for the litter of an aged heap");
    return -1;
  }
  return 0;
}

/* ---- verify -------------------------------------------------------------- */

static void verify(const struct pass_order *order, struct replay *replay,
                   struct pass *pass) {
  struct replay_wrong wrong;
  if (prepare(order, replay, pass) == 0 &&
      replay_verify(replay, &wrong) != 0) {
    pass->wrong = 1;
    (void)snprintf(pass->fault, sizeof pass->fault, "call %zu: %s", wrong.word,
                   wrong.message);
  }
}

void pass_verify(const struct pass_order *order, struct pass *pass) {
  run_apart(order, verify, pass);
}

/* ---- time ---------------------------------------------------------------- */

static int by_value(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a;
  uint64_t y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

/** One repetition; the time of each batch behind `batches`.  0 or -1. */
static int repeat(struct replay *replay, struct pass *pass, uint64_t *total,
                  uint64_t *batches) {
  size_t count = replay->ops->count;
  *total = 0;
  for (size_t i = 0, n = 0; i < count; i += REPLAY_BATCH, n++) {
    size_t end = count - i < REPLAY_BATCH ? count : i + REPLAY_BATCH;
    uint64_t start = pmmi_host_clock_ns();
    size_t stopped = replay_words(replay, i, end);
    batches[n] = pmmi_host_clock_ns() - start;
    *total += batches[n];
    if (stopped < end) {
      refused(pass, replay->ops, stopped);
      return -1;
    }
  }
  replay_drain(replay);
  return 0;
}

static uint64_t nanoseconds(struct timeval time) {
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_usec * 1000u;
}

static void take_usage(struct pass_time *out, const struct rusage *before) {
  struct rusage after;
  (void)getrusage(RUSAGE_SELF, &after);
  out->user_ns = nanoseconds(after.ru_utime) - nanoseconds(before->ru_utime);
  out->system_ns = nanoseconds(after.ru_stime) - nanoseconds(before->ru_stime);
  out->minor_faults = (uint64_t)(after.ru_minflt - before->ru_minflt);
  out->major_faults = (uint64_t)(after.ru_majflt - before->ru_majflt);
}

static void take_batches(struct pass_time *out, uint64_t *batches,
                         size_t count) {
  if (count > 0) {
    qsort(batches, count, sizeof *batches, by_value);
    out->batch_ns[0] = batches[count / 2];
    out->batch_ns[1] = batches[count * 99 / 100];
    out->batch_ns[2] = batches[count - 1];
  }
}

static void measure_time(const struct pass_order *order,
                         struct replay *replay, struct pass *pass) {
  struct pass_time *out = &pass->of.time;
  struct rusage before;
  /* The last batch is no whole one; it counts for time and not as a batch. */
  size_t whole = order->ops->count / REPLAY_BATCH;
  uint64_t *batches = calloc((whole + 1) * order->repetitions + 1,
                             sizeof *batches);
  uint64_t *rest = calloc(whole + 2, sizeof *rest);
  size_t kept = 0;
  if (batches == NULL || rest == NULL || prepare(order, replay, pass) != 0) {
    free(batches);
    free(rest);
    return;
  }
  (void)getrusage(RUSAGE_SELF, &before);
  for (uint64_t n = 0; n < order->repetitions; n++) {
    if (repeat(replay, pass, &out->elapsed_ns[n], rest) != 0) {
      break;
    }
    if (n > 0) {
      memcpy(batches + kept, rest, whole * sizeof *batches);
      kept += whole;
    }
  }
  take_usage(out, &before);
  take_batches(out, batches, kept);
  free(batches);
  free(rest);
}

void pass_time(const struct pass_order *order, struct pass *pass) {
  run_apart(order, measure_time, pass);
}

/* ---- memory -------------------------------------------------------------- */

static uint64_t above(uint64_t now, uint64_t start) {
  return now > start ? now - start : 0;
}

/** What the words up to here leave live. */
static uint64_t live_after(const struct trace_ops *ops, size_t first,
                           size_t end, uint64_t live) {
  for (size_t i = first; i < end; i++) {
    struct op op = ops->ops[i];
    unsigned kind = op_kind(op);
    live = kind == TRACE_FREE || kind == OPS_OLD ? live - op.size
                                                 : live + op.size;
  }
  return live;
}

static void add_sample(struct pass_memory *out, size_t word, uint64_t live,
                       uint64_t start) {
  out->samples[out->sample_count++] = (struct pass_sample){
      word, live, above(pmmi_host_rss_bytes(), start)};
}

static int sample_words(struct replay *replay, struct pass *pass,
                        uint64_t start) {
  size_t count = replay->ops->count;
  size_t step = count / PASS_SAMPLES + 1;
  uint64_t live = 0;
  for (size_t i = 0; i < count; i += step) {
    size_t end = count - i < step ? count : i + step;
    /* A realloc's second word stays with its first. */
    live = live_after(replay->ops, i, end, live);
    size_t stopped = replay_words_filled(replay, i, end);
    if (stopped < end) {
      refused(pass, replay->ops, stopped);
      return -1;
    }
    add_sample(&pass->of.memory, end, live, start);
  }
  pass->of.memory.end_live_bytes = live;
  return 0;
}

static void measure_memory(const struct pass_order *order,
                           struct replay *replay, struct pass *pass) {
  struct pass_memory *out = &pass->of.memory;
  struct timespec second = {.tv_sec = 1};
  uint64_t start = pmmi_host_rss_bytes();
  if (prepare(order, replay, pass) != 0) {
    return;
  }
  /* The table of the litter is ours, and no memory of the backend's. */
  start += replay->litter_room * sizeof(void *);
  out->before_bytes = above(pmmi_host_rss_bytes(), start);
  int restarted = pmmi_host_peak_rss_restart() == 0;
  if (sample_words(replay, pass, start) != 0) {
    return;
  }
  uint64_t peak = restarted ? pmmi_host_peak_rss_bytes() : 0;
  out->peak_bytes = above(peak, start);
  /* The system's own peak may come late by some pages. */
  for (uint64_t i = 0; i < out->sample_count; i++) {
    uint64_t there = out->samples[i].resident_bytes;
    out->peak_bytes = there > out->peak_bytes ? there : out->peak_bytes;
  }
  out->end_bytes = above(pmmi_host_rss_bytes(), start);
  out->huge_bytes = pmmi_host_huge_bytes();
  replay_drain(replay);
  out->drained_bytes = above(pmmi_host_rss_bytes(), start);
  (void)nanosleep(&second, NULL);
  out->second_bytes = above(pmmi_host_rss_bytes(), start);
}

void pass_memory(const struct pass_order *order, struct pass *pass) {
  run_apart(order, measure_memory, pass);
}

/* ---- placement ----------------------------------------------------------- */

static void measure_placement(const struct pass_order *order,
                              struct replay *replay, struct pass *pass) {
  if (prepare(order, replay, pass) != 0) {
    return;
  }
  size_t ends[] = {order->ops->peak, order->ops->count};
  for (size_t i = 0, done = 0; i < 2; done = ends[i++]) {
    size_t stopped = replay_words(replay, done, ends[i]);
    if (stopped < ends[i]) {
      refused(pass, replay->ops, stopped);
      return;
    }
    if (placement_count(replay, ends[i], i == 0, &pass->of.placement) != 0) {
      (void)snprintf(pass->fault, sizeof pass->fault,
                     "there is no memory for a list of the blocks");
      return;
    }
  }
}

void pass_placement(const struct pass_order *order, struct pass *pass) {
  run_apart(order, measure_placement, pass);
}
