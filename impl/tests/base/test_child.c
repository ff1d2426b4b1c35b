/* SPDX-License-Identifier: MIT */
/* Child processes: what they write, how they end, and that in words. */
#include "base/child.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/tap.h"

/* The status of a child that writes `length` bytes and ends by a signal, or
 * with a code when that is 0; what came of them in `text`. */
static int child_that(size_t length, int end_signal, int code, char *text,
                      size_t size) {
  int end;
  pid_t parent = getpid();
  pid_t child = pmmi_child_fork(&end);
  if (child == 0) {
    pmmi_child_bind(parent);
    for (size_t i = 0; i < length; i++) {
      (void)!write(end, "x", 1);
    }
    if (end_signal != 0) {
      (void)signal(end_signal, SIG_DFL);
      (void)raise(end_signal);
    }
    _exit(code);
  }
  tap_need(child > 0);
  (void)pmmi_child_read(end, text, size);
  return pmmi_child_wait(child);
}

static void test_ends(void) {
  char text[8];
  char fate[64];
  int status = child_that(3, 0, 3, text, sizeof text);
  tap_ok(strcmp(text, "xxx") == 0, "what it wrote came: %s", text);
  tap_ok(strcmp(pmmi_child_fate(status, fate, sizeof fate), "code 3") == 0 &&
             pmmi_child_signal(status) == 0,
         "it ended with %s", fate);
  status = child_that(20000, SIGTERM, 0, text, sizeof text);
  tap_ok(strcmp(text, "xxxxxxx") == 0, "what does not fit is dropped");
  tap_ok(strncmp(pmmi_child_fate(status, fate, sizeof fate), "signal 15 (",
                 11) == 0 &&
             pmmi_child_signal(status) == SIGTERM,
         "it ended with %s", fate);
  tap_ok(pmmi_child_wait(getpid()) == -1, "nobody is their own child");
}

static int woken;

static void wake(int number) {
  (void)number;
  woken++;
}

/* A signal during the wait and the read ends neither. */
static void test_interrupted(void) {
  struct sigaction action = {.sa_handler = wake};
  char text[8];
  int end;
  pid_t parent = getpid();
  tap_need(sigaction(SIGALRM, &action, NULL) == 0);
  pid_t child = pmmi_child_fork(&end);
  if (child == 0) {
    (void)usleep(20000);
    (void)kill(parent, SIGALRM);
    (void)usleep(20000);
    (void)!write(end, "y", 1);
    (void)close(end);
    (void)usleep(20000);
    (void)kill(parent, SIGALRM);
    (void)usleep(20000);
    _exit(0);
  }
  tap_need(child > 0);
  (void)pmmi_child_read(end, text, sizeof text);
  tap_ok(pmmi_child_wait(child) == 0 && strcmp(text, "y") == 0 && woken == 2,
         "signals meanwhile end neither reading nor waiting");
}

/* Who is bound to another than its parent ends at once. */
static void test_orphan(void) {
  int end;
  char text[8];
  pid_t child = pmmi_child_fork(&end);
  if (child == 0) {
    pmmi_child_bind(getpid());
    (void)!write(end, "z", 1);
    _exit(1);
  }
  tap_need(child > 0);
  (void)pmmi_child_read(end, text, sizeof text);
  tap_ok(pmmi_child_wait(child) == 0 && text[0] == '\0',
         "a child whose parent is gone ends before its work");
}

/* No descriptor for a pipe, then no process. */
static void test_refused(void) {
  struct rlimit files;
  int end;
  tap_need(getrlimit(RLIMIT_NOFILE, &files) == 0);
  struct rlimit none = {0, files.rlim_max};
  tap_need(setrlimit(RLIMIT_NOFILE, &none) == 0);
  pid_t child = pmmi_child_fork(&end);
  int reason = errno;
  tap_need(setrlimit(RLIMIT_NOFILE, &files) == 0);
  tap_ok(child == -1 && reason == EMFILE, "no pipe, no child");
}

static void test_patience(void) {
  tap_ok(pmmi_child_patience(60, 0, 1) == 60 &&
             pmmi_child_patience(60, 2, 1) == 15,
         "each that was late leaves half");
  tap_ok(pmmi_child_patience(60, 9, 3) == 3, "and at least so much");
  tap_ok(pmmi_child_patience(0.5, 9, 1) == 0.5, "but never more than allowed");
}

int main(void) {
  tap_plan(0);
  test_patience();
  test_ends();
  test_interrupted();
  test_orphan();
  test_refused();
  return tap_done();
}
