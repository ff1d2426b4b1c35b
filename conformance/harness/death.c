/* SPDX-License-Identifier: MIT */
/*
 * death.c - what kills a process, watched from outside.
 *
 * The child is a fork of the case's process, so that it may do with the
 * runtime what no process survives.  An expectation in it that does not hold
 * ends the child, not the case; what the subject cannot do ends both.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "state.h"

enum {
  OUTPUT_MAX = 1 << 16,
  EXIT_SURVIVED = 0,
  EXIT_EXPECTATION = 2,
  EXIT_UNSUPPORTED = 77 /* the last line written is what the subject lacks   */
};

static void run_child(struct pmm_test *t,
                      void (*fn)(struct pmm_test *t, void *ctx), void *ctx,
                      int out) __attribute__((noreturn));

static void run_child(struct pmm_test *t,
                      void (*fn)(struct pmm_test *t, void *ctx), void *ctx,
                      int out) {
  const struct rlimit no_core = {0, 0};
  (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
  (void)setrlimit(RLIMIT_CORE, &no_core);
  /* Sanitizers' handlers would make an exit code of it. */
  (void)signal(SIGSEGV, SIG_DFL);
  (void)signal(SIGBUS, SIG_DFL);
  (void)dup2(out, STDOUT_FILENO);
  (void)dup2(out, STDERR_FILENO);
  (void)close(out);
  if (setjmp(t->state->stop) != 0) {
    const struct pmm_verdict *verdict = &t->state->verdict;
    int lacks = verdict->kind == PMM_VERDICT_UNSUPPORTED;
    (void)fflush(NULL);
    (void)fprintf(stderr, "%s\n", lacks ? verdict->feature : verdict->message);
    _exit(lacks ? EXIT_UNSUPPORTED : EXIT_EXPECTATION);
  }
  fn(t, ctx);
  (void)fflush(NULL);
  _exit(EXIT_SURVIVED);
}

/* What is written, up to OUTPUT_MAX bytes; the rest is read and dropped, so
 * that the child never waits for us. */
static const char *read_all(struct pmm_test *t, int in) {
  char *text = pmm_test_scratch(t, OUTPUT_MAX + 1);
  char rest[4096];
  size_t used = 0;
  for (;;) {
    size_t room = OUTPUT_MAX - used;
    ssize_t got = read(in, room > 0 ? text + used : rest,
                       room > 0 ? room : sizeof rest);
    if (got > 0) {
      used += room > 0 ? (size_t)got : 0;
    } else if (got == 0 || errno != EINTR) {
      return text;
    }
  }
}

/* The last line of what a child wrote. */
static const char *last_line(const char *text) {
  size_t end = strlen(text);
  while (end > 0 && text[end - 1] == '\n') {
    end--;
  }
  size_t from = end;
  while (from > 0 && text[from - 1] != '\n') {
    from--;
  }
  return text + from;
}

/* The case ends where its child did for want of a feature. */
static void pass_on_unsupported(struct pmm_test *t, int status,
                                const char *text) {
  if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_UNSUPPORTED) {
    char what[64];
    const char *line = last_line(text);
    (void)snprintf(what, sizeof what, "%.*s", (int)strcspn(line, "\n"), line);
    unsupported(t, what);
  }
}

/* The child's wait status, with what it wrote in *text. */
static int status_of_child(struct pmm_test *t,
                           void (*fn)(struct pmm_test *t, void *ctx),
                           void *ctx, const char **text) {
  int ends[2];
  int status = 0;
  expect(pipe(ends) == 0);
  (void)fflush(NULL); /* or the child would write our buffers once more */
  pid_t child = fork();
  if (child == 0) {
    (void)close(ends[0]);
    run_child(t, fn, ctx, ends[1]);
  }
  (void)close(ends[1]);
  *text = child > 0 ? read_all(t, ends[0]) : "";
  (void)close(ends[0]);
  expect(child > 0);
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  pass_on_unsupported(t, status, *text);
  return status;
}

/* A sanitizer ends a process by an exit code, having said why. */
static int was_stopped(int status, const char *text) {
  return WEXITSTATUS(status) != EXIT_SURVIVED &&
         WEXITSTATUS(status) != EXIT_EXPECTATION && text[0] != '\0';
}

const char *dies(struct pmm_test *t,
                 void (*fn)(struct pmm_test *t, void *ctx), void *ctx) {
  const char *text;
  int status = status_of_child(t, fn, ctx, &text);
  return WIFSIGNALED(status) || was_stopped(status, text) ? text : NULL;
}

const char *dies_by_abort(struct pmm_test *t,
                          void (*fn)(struct pmm_test *t, void *ctx),
                          void *ctx) {
  const char *text;
  int status = status_of_child(t, fn, ctx, &text);
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT ? text : NULL;
}

void survives(struct pmm_test *t, void (*fn)(struct pmm_test *t, void *ctx),
              void *ctx) {
  const char *text;
  int status = status_of_child(t, fn, ctx, &text);
  if (WIFSIGNALED(status)) {
    fail("a signal ended the child process: %s", strsignal(WTERMSIG(status)));
  }
  if (WEXITSTATUS(status) != EXIT_SURVIVED) {
    fail("in a child process: %s", text);
  }
}
