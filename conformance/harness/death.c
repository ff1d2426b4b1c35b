/* SPDX-License-Identifier: MIT */
/*
 * death.c - what kills a process, watched from outside.
 *
 * The child is a fork of the case's process, so that it may do with the
 * runtime what no process survives.  An expectation in it that does not hold
 * ends the child, not the case; what the subject cannot do ends both.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "state.h"

enum {
  OUTPUT_MAX = 1 << 16,
  EXIT_SURVIVED = 0,
  EXIT_EXPECTATION = 2,
  EXIT_UNSUPPORTED = 77 /* the last line written is what the subject lacks   */
};

static void run_child(struct pmm_test *t,
                      void (*fn)(struct pmm_test *t, void *ctx), void *ctx,
                      pid_t parent, int out) __attribute__((noreturn));

static void run_child(struct pmm_test *t,
                      void (*fn)(struct pmm_test *t, void *ctx), void *ctx,
                      pid_t parent, int out) {
  pmmi_child_bind(parent);
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

/* The child's wait status, with what it wrote in *text, up to OUTPUT_MAX. */
static int status_of_child(struct pmm_test *t,
                           void (*fn)(struct pmm_test *t, void *ctx),
                           void *ctx, const char **text) {
  int end;
  const struct pmm_progress here = *t->state->progress;
  pid_t parent = getpid();
  pid_t child = pmmi_child_fork(&end);
  if (child == 0) {
    run_child(t, fn, ctx, parent, end);
  }
  expect(child > 0);
  char *written = pmm_test_scratch(t, OUTPUT_MAX + 1);
  (void)pmmi_child_read(end, written, OUTPUT_MAX + 1);
  *text = written;
  int status = pmmi_child_wait(child);
  *t->state->progress = here; /* the child has written there, too           */
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
  return pmmi_child_signal(status) == SIGABRT ? text : NULL;
}

void survives(struct pmm_test *t, void (*fn)(struct pmm_test *t, void *ctx),
              void *ctx) {
  const char *text;
  int status = status_of_child(t, fn, ctx, &text);
  if (WIFSIGNALED(status)) {
    char fate[80];
    fail("the child process ended with %s",
         pmmi_child_fate(status, fate, sizeof fate));
  }
  if (WEXITSTATUS(status) == EXIT_EXPECTATION) {
    text = last_line(text);
    fail("in a child process: %.*s", (int)strcspn(text, "\n"), text);
  }
  if (WEXITSTATUS(status) != EXIT_SURVIVED) {
    fail("in a child process: %s", text); /* what a checker says of it       */
  }
}
