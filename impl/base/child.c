/* SPDX-License-Identifier: MIT */
/* child.c - see child.h. */
#include "base/child.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

pid_t pmmi_child_fork(int *end) {
  int ends[2];
  (void)fflush(NULL);
  if (end == NULL) {
    return fork();
  }
  if (pipe2(ends, O_CLOEXEC) != 0) {
    return -1;
  }
  pid_t child = fork();
  int reason = errno;
  int is_child = child == 0;
  (void)close(ends[is_child ? 0 : 1]);
  *end = ends[is_child ? 1 : 0];
  if (child < 0) {
    (void)close(*end);
    errno = reason;
  }
  return child;
}

void pmmi_child_bind(pid_t parent) {
  struct rlimit no_core = {0, 0};
  assert(parent > 0);
  (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) {
    _exit(0); /* it ended before the line above                              */
  }
  (void)setrlimit(RLIMIT_CORE, &no_core);
}

size_t pmmi_child_read(int end, char *text, size_t size) {
  char dropped[4096];
  size_t used = 0;
  assert(end >= 0 && size > 0);
  for (;;) {
    size_t room = size - 1 - used;
    ssize_t got = read(end, room > 0 ? text + used : dropped,
                       room > 0 ? room : sizeof dropped);
    if (got > 0) {
      used += room > 0 ? (size_t)got : 0;
    } else if (got == 0 || errno != EINTR) {
      break;
    }
  }
  text[used] = '\0';
  (void)close(end);
  return used;
}

int pmmi_child_wait(pid_t child) {
  int status = -1;
  pid_t ended;
  assert(child > 0); /* waitpid() would take any child                    */
  do {
    ended = waitpid(child, &status, 0);
  } while (ended < 0 && errno == EINTR);
  return ended == child ? status : -1;
}

const char *pmmi_child_fate(int status, char *text, size_t size) {
  assert(text != NULL && size > 0);
  if (WIFSIGNALED(status)) {
    (void)snprintf(text, size, "signal %d (%s)", WTERMSIG(status),
                   strsignal(WTERMSIG(status)));
  } else {
    (void)snprintf(text, size, "code %d", WEXITSTATUS(status));
  }
  return text;
}

int pmmi_child_signal(int status) {
  return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

double pmmi_child_patience(double allowed_s, size_t late, double least_s) {
  double left = allowed_s;
  assert(allowed_s > 0 && least_s > 0);
  for (; late > 0 && left > least_s; late--) {
    left /= 2;
  }
  return left > least_s || allowed_s < least_s ? left : least_s;
}
