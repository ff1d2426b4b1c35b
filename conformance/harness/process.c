/* SPDX-License-Identifier: MIT */
/*
 * process.c - fork, capture, wait, kill (process.h).
 *
 *   1. The child leads a process group, dies with its parent, writes no core
 *      file, reads nothing, and writes its streams to one temporary file
 *      that all children share in turn.  No file of it grows beyond
 *      FILE_BYTES: one that prints without end fills no disk.
 *   2. The record goes through a pipe in one write, shorter than PIPE_BUF.
 *   3. The parent polls the pipe in slices, so that a pipe held open by a
 *      straggler does not keep it, and in the end kills the group and what has
 *      left it (orphans.h).
 */
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/child.h"
#include "base/keep.h"
#include "orphans.h"

enum { SLICE_MS = 20, SLEEP_NS = 200000, FILE_BYTES = 64 << 20 };

_Static_assert(sizeof(struct pmm_record) < 4096, "one atomic write");

static struct pmm_progress *shared_progress;
static FILE *captured; /* what children write                               */
static struct pmm_family at_start; /* children that are not the suite's     */
static struct pmm_family before;   /* and those before the case             */

int pmm_process_setup(void) {
  void *page = mmap(NULL, sizeof *shared_progress, PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) {
    return errno;
  }
  captured = pmmi_keep_file_apart(tmpfile(), "w+e");
  if (captured == NULL) {
    int error = errno;
    (void)munmap(page, sizeof *shared_progress);
    return error;
  }
  shared_progress = page;
  (void)signal(SIGCHLD, SIG_DFL); /* ignored, no child could be waited for  */
  pmm_orphans_known(&at_start);
  pmm_orphans_adopt();
  return 0;
}

void pmm_process_teardown(void) {
  pmm_orphans_end(&at_start);
  (void)fclose(captured);
  (void)munmap(shared_progress, sizeof *shared_progress);
  shared_progress = NULL;
  captured = NULL;
}

static double now_s(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static uint64_t draw_nonce(void) {
  uint64_t nonce = 0;
  if (getrandom(&nonce, sizeof nonce, 0) != (ssize_t)sizeof nonce) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    nonce = (uint64_t)now.tv_nsec * UINT64_C(0x9e3779b97f4a7c15);
  }
  return nonce;
}

/* ---- the child ---------------------------------------------------------- */

static void isolate(pid_t parent) {
  const struct rlimit file = {FILE_BYTES, FILE_BYTES};
  int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  (void)setpgid(0, 0);
  pmmi_child_bind(parent);
  (void)setrlimit(RLIMIT_FSIZE, &file);
  (void)signal(SIGXFSZ, SIG_IGN); /* a write beyond it fails                 */
  if (nothing >= 0) {
    (void)dup2(nothing, STDIN_FILENO);
  }
  (void)dup2(fileno(captured), STDOUT_FILENO);
  (void)dup2(fileno(captured), STDERR_FILENO);
}

static void run_child(pmm_work work, void *ctx, int out, uint64_t nonce,
                      void (*leave)(int status)) __attribute__((noreturn));

static void run_child(pmm_work work, void *ctx, int out, uint64_t nonce,
                      void (*leave)(int status)) {
  struct pmm_record record;
  pmm_record_init(&record);
  work(ctx, shared_progress, &record);
  (void)fflush(NULL);
  pmm_record_seal(&record, nonce);
  int status = write(out, &record, sizeof record) ==
                       (ssize_t)sizeof record
                   ? 0
                   : 1;
  if (leave != NULL) {
    leave(status);
  }
  _exit(status);
}

/* ---- the parent --------------------------------------------------------- */

/* Read what is there; 1 at the end of the stream. */
static int drain(int in, struct pmm_process *out) {
  unsigned char buffer[sizeof(struct pmm_record) * 2];
  ssize_t got = read(in, buffer, sizeof buffer);
  if (got <= 0) {
    return got == 0 || errno != EINTR;
  }
  size_t room = out->record_bytes < sizeof out->record
                    ? sizeof out->record - out->record_bytes
                    : 0;
  size_t take = (size_t)got < room ? (size_t)got : room;
  memcpy((unsigned char *)&out->record + out->record_bytes, buffer, take);
  out->record_bytes += (size_t)got;
  return 0;
}

/* 1 when the child has ended; its status is in *status. */
static int has_ended(pid_t child, int *status) {
  return waitpid(child, status, WNOHANG) == child;
}

/* Read the record and wait for the end; 1 when it came in time. */
static int wait_for_end(pid_t child, int in, double deadline, int *status,
                        struct pmm_process *out) {
  struct pollfd watch = {.fd = in, .events = POLLIN};
  int at_end = 0;
  int ended = 0;
  while (!ended && now_s() < deadline) {
    if (!at_end && poll(&watch, 1, SLICE_MS) > 0) {
      at_end = drain(in, out);
    }
    ended = has_ended(child, status);
    if (at_end && !ended) {
      struct timespec nap = {0, SLEEP_NS};
      (void)nanosleep(&nap, NULL);
    }
  }
  while (ended && !at_end && poll(&watch, 1, 0) > 0) {
    at_end = drain(in, out);
  }
  return ended;
}

static void read_output(struct pmm_process *out) {
  size_t most = sizeof out->output - 1;
  long end = fseek(captured, 0, SEEK_END) == 0 ? ftell(captured) : 0;
  out->output_bytes = end > 0 ? (size_t)end : 0;
  long from = out->output_bytes > most ? end - (long)most : 0;
  (void)fseek(captured, from, SEEK_SET);
  size_t got = fread(out->output, 1, most, captured);
  for (size_t i = 0; i < got; i++) {
    out->output[i] = out->output[i] != '\0' ? out->output[i] : '?';
  }
  out->output[got] = '\0';
}

static void finish(pid_t child, int in, struct pmm_process *out) {
  int status = 0;
  double start = now_s();
  int in_time = wait_for_end(child, in, start + out->timeout_s, &status, out);
  out->elapsed_ns = (uint64_t)((now_s() - start) * 1e9);
  (void)kill(-child, SIGKILL); /* stragglers of its group, too */
  if (in_time) {
    pmm_orphans_end(&before);
  }
  if (!in_time) {
    (void)kill(child, SIGKILL);
    (void)pmmi_child_wait(child);
    pmm_orphans_end(&before);
    out->ending = PMM_ENDED_TIMEOUT;
  } else if (pmmi_child_signal(status) != 0) {
    out->ending = PMM_ENDED_SIGNAL;
    out->code = pmmi_child_signal(status);
  } else {
    out->ending = PMM_ENDED_EXIT;
    out->code = WEXITSTATUS(status);
  }
  out->phase = shared_progress->phase;
  out->point = shared_progress->point;
  out->operation = shared_progress->operation;
  memcpy(out->place, shared_progress->place, sizeof out->place);
  out->place[sizeof out->place - 1] = '\0';
  read_output(out);
}

/* As pmmi_child_fork(), between the hooks. */
static pid_t fork_with(const struct pmm_fork_hooks *hooks, int *end) {
  if (hooks->before != NULL) {
    hooks->before(hooks->ctx);
  }
  pid_t child = pmmi_child_fork(end);
  int reason = errno;
  if (child == 0 && hooks->after_child != NULL) {
    hooks->after_child(hooks->ctx);
  } else if (child != 0 && hooks->after_parent != NULL) {
    hooks->after_parent(hooks->ctx);
  }
  errno = reason;
  return child;
}

static void prepare(struct pmm_process *out) {
  memset(out, 0, sizeof *out);
  pmm_orphans_known(&before);
  out->nonce = draw_nonce();
  shared_progress->phase = PMM_PHASE_LOAD;
  shared_progress->point = 0;
  shared_progress->operation = 0;
  shared_progress->place[0] = '\0';
  rewind(captured);
  (void)!ftruncate(fileno(captured), 0);
}

void pmm_process_run(pmm_work work, void *ctx, double timeout_s,
                     const struct pmm_fork_hooks *hooks,
                     struct pmm_process *out) {
  int end;
  pid_t parent = getpid();
  prepare(out);
  out->timeout_s = timeout_s;
  out->ending = PMM_ENDED_NOT_STARTED;
  pid_t child = fork_with(hooks, &end);
  if (child == 0) {
    isolate(parent);
    run_child(work, ctx, end, out->nonce, hooks->leave);
  }
  if (child < 0) {
    out->code = errno;
    return;
  }
  (void)setpgid(child, child); /* in case the child has not yet */
  finish(child, end, out);
  (void)close(end);
}
