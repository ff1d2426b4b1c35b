/* SPDX-License-Identifier: MIT */
/*
 * runner.c - see runner.h.
 *
 *   1. What a backend does not claim is not asked: UNSUPPORTED.
 *   2. The child leads a process group, writes no core file, and sends its
 *      verdict through a pipe in one write.
 *   3. The parent waits for the verdict or the time; then it kills the group
 *      and reads how the child ended.  A verdict counts only from a child
 *      that exited, so a crash while the heap closes is a crash.
 */
#include "runner.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host.h"

/* What the child says. */
struct verdict {
  int failed;        /* 1: an expectation did not hold                      */
  int line;          /* which                                               */
  char message[480]; /* its words                                           */
};

_Static_assert(sizeof(struct verdict) < 4096, "one atomic write to a pipe");

const char *check_class_name(enum check_class class) {
  static const char *const names[] = {"PASS",    "UNSUPPORTED",
                                      "FAIL",    "TIMEOUT",
                                      "CRASH",   "HARNESS_ERROR"};
  return names[class];
}

const char *check_capability_name(uint32_t bit) {
  static const char *const names[] = {
      "ZERO_UNIQUE", "FREES", "SIZED_FREE", "USABLE_SIZE", "OWNS",
      "BATCH",       "TRIM",  "STATS",      "CLASSES",     "VISIT",
      "FORK",        "OS_HOOKS", "THREADS", "HEAPS",       "RETURNS",
      "MEASURES",    "ALIGNED",  "ONE_BLOCK"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (bit == 1u << i) {
      return names[i];
    }
  }
  return NULL;
}

/* ---- the child ----------------------------------------------------------- */

static void run_case(const struct check_case *test,
                     const struct pmm_backend *backend,
                     struct check *check) {
  *check = (struct check){.backend = backend,
                          .random = UINT64_C(0x9E3779B97F4A7C15)};
  check_hooks_init(&check->hooks);
  if (!test->opens && check_open(check, &check->heap) != 0) {
    check_fail(check, test->line, "init() has no memory for a heap");
    return;
  }
  test->run(check);
  if (!test->opens) {
    backend->fini(check->heap);
  }
}

static void child_main(const struct check_case *test,
                       const struct pmm_backend *backend, int pipe_fd) {
  static struct check check; /* hooks must not move with the stack */
  struct verdict verdict = {0};
  struct rlimit no_core = {0, 0};
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  setrlimit(RLIMIT_CORE, &no_core);
  run_case(test, backend, &check);
  verdict.failed = check.message[0] != '\0';
  verdict.line = check.line;
  memcpy(verdict.message, check.message, sizeof verdict.message);
  ssize_t sent = write(pipe_fd, &verdict, sizeof verdict);
  /* Not _exit(): leak checkers and coverage have their say at exit. */
  exit(sent == (ssize_t)sizeof verdict ? 0 : 1);
}

/* ---- the parent ---------------------------------------------------------- */

/* Wait for the verdict or the end of the child; 1 when the time is over. */
static int wait_for_end(int pipe_fd, unsigned timeout_s) {
  uint64_t end = pmmi_host_clock_ns() + timeout_s * UINT64_C(1000000000);
  for (;;) {
    uint64_t now = pmmi_host_clock_ns();
    if (now >= end) {
      return 1;
    }
    struct pollfd poll_fd = {.fd = pipe_fd, .events = POLLIN};
    int ready = poll(&poll_fd, 1, (int)((end - now) / 1000000 + 1));
    if (ready > 0) {
      return 0;
    }
    if (ready < 0 && errno != EINTR) {
      return 0;
    }
  }
}

/* A child that sent its verdict exits at once; give it that moment. */
static int reap(pid_t pid, int *status) {
  for (int i = 0; i < 2000; i++) {
    if (waitpid(pid, status, WNOHANG) == pid) {
      kill(-pid, SIGKILL); /* whoever it left behind */
      return 0;
    }
    usleep(500);
  }
  kill(-pid, SIGKILL);
  kill(pid, SIGKILL);
  waitpid(pid, status, 0);
  return -1;
}

static void judge_end(int status, const struct verdict *verdict, int complete,
                      struct check_result *result) {
  if (WIFSIGNALED(status)) {
    result->class = CHECK_CRASH;
    result->signal = WTERMSIG(status);
    snprintf(result->message, sizeof result->message, "%s",
             strsignal(result->signal));
  } else if (!complete || WEXITSTATUS(status) != 0) {
    /* The backend ended the process, or a sanitizer did. */
    result->class = CHECK_CRASH;
    snprintf(result->message, sizeof result->message,
             "the process ended with status %d before the case did",
             WEXITSTATUS(status));
  } else if (verdict->failed) {
    result->class = CHECK_FAIL;
    result->line = verdict->line;
    memcpy(result->message, verdict->message, sizeof result->message);
  } else {
    result->class = CHECK_PASS;
  }
}

static void watch(pid_t pid, int pipe_fd, unsigned timeout_s,
                  struct check_result *result) {
  struct verdict verdict = {0};
  int status = 0;
  int late = wait_for_end(pipe_fd, timeout_s);
  ssize_t got = late ? 0 : read(pipe_fd, &verdict, sizeof verdict);
  if (late) {
    kill(-pid, SIGKILL);
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
  } else {
    late = reap(pid, &status) != 0;
  }
  if (late) {
    result->class = CHECK_TIMEOUT;
    snprintf(result->message, sizeof result->message,
             "not finished after %u s", timeout_s);
    return;
  }
  verdict.message[sizeof verdict.message - 1] = '\0';
  judge_end(status, &verdict, got == (ssize_t)sizeof verdict, result);
}

/* The lowest capability that decides against running; 0: none. */
static uint32_t missing(const struct check_case *test, uint32_t capabilities) {
  uint32_t lacking = test->needs & ~capabilities;
  uint32_t excess = test->refuses & capabilities;
  uint32_t either = lacking != 0 ? lacking : excess;
  return either & (~either + 1);
}

void check_run(const struct check_case *test, const struct pmm_backend *backend,
               unsigned timeout_s, struct check_result *result) {
  *result = (struct check_result){.class = CHECK_HARNESS_ERROR,
                                  .line = test->line};
  uint32_t bit = missing(test, backend->capabilities);
  if (bit != 0) {
    result->class = CHECK_UNSUPPORTED;
    result->feature = check_capability_name(bit);
    return;
  }
  int ends[2];
  if (pipe(ends) != 0) {
    snprintf(result->message, sizeof result->message, "pipe: %s",
             strerror(errno));
    return;
  }
  fflush(NULL);
  uint64_t start = pmmi_host_clock_ns();
  pid_t pid = fork();
  if (pid == 0) {
    close(ends[0]);
    child_main(test, backend, ends[1]);
  }
  close(ends[1]);
  if (pid < 0) {
    snprintf(result->message, sizeof result->message, "fork: %s",
             strerror(errno));
  } else {
    watch(pid, ends[0], timeout_s, result);
  }
  result->elapsed_ns = pmmi_host_clock_ns() - start;
  close(ends[0]);
}
