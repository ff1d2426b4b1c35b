/* SPDX-License-Identifier: MIT */
/* Who may end a program with which code. */
#include "base/ending.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/tap.h"

enum way { foreign, own, in_child, hanging };

static void hang(void) {
  for (;;) {
    (void)pause();
  }
}

/* The code of a watched process that is ended so; what it says is not shown. */
static int code_of(enum way way, int code) {
  int status = -1;
  (void)fflush(NULL);
  pid_t child = fork();
  if (child == 0) {
    (void)dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
    pmmi_ending_watch("test");
    if (way == hanging) {
      (void)atexit(hang);
      exit(pmmi_ending_within(code, 50));
    }
    if (way == own) {
      exit(pmmi_ending_own(code));
    }
    pid_t below = way == in_child ? fork() : 0;
    if (below == 0) {
      exit(code);
    }
    (void)waitpid(below, &status, 0);
    exit(pmmi_ending_own(WEXITSTATUS(status)));
  }
  tap_need(child > 0 && waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int main(void) {
  tap_ok(code_of(foreign, 0) == PMMI_ENDING_MISBEHAVED, "0 is no success");
  tap_ok(code_of(foreign, 1) == PMMI_ENDING_MISBEHAVED, "1 is no error of ours");
  tap_ok(code_of(own, 0) == 0, "the program says 0 itself");
  tap_ok(code_of(own, 4) == 4, "or another code");
  tap_ok(code_of(in_child, 7) == 7, "a child ends as it wants");
  tap_ok(code_of(hanging, 0) == PMMI_ENDING_MISBEHAVED,
         "what hangs at the end does not keep it");
  return tap_done();
}
