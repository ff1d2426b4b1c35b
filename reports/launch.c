/* SPDX-License-Identifier: MIT */
/*
 * launch.c - start a program from a small process, and tell what it used.
 *
 *   pmm-launch FD PROGRAM [ARGUMENT]...
 *
 *   1. The system counts a process's peak of resident memory from its fork
 *      on, and a forked copy of a large Python is large until it execs: the
 *      peak of a small job would be that of the runner.  This process is
 *      smaller than any job, so what its child reaches is the child's own.
 *   2. The child has a process group of its own, so that a job that signals
 *      its group does not end this process; both die with their parents.
 *   3. What the program leaves behind, wherever it moved to, is ended with it.
 *
 * On FD it writes one line when the program runs, another when it ended:
 *
 *   started                    | cannot ERRNO
 *   ended STATUS ELAPSED_NS USER_NS SYSTEM_NS PEAK_RSS_KIB
 *
 * STATUS is as wait(2) gives it.  Usage and peak are those of the program and
 * of the children that it waited for; the peak is the largest one's.
 *
 * Exit code: 0 once both lines are out, 2 for a wrong call, 127 else.
 * Linux only; source: getrusage(2), prctl(2).
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/child.h"
#include "orphans.h"

enum { WRONG_CALL = 2, CANNOT = 127 };

static int64_t clock_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t time_ns(struct timeval time) {
  return (int64_t)time.tv_sec * 1000000000 + (int64_t)time.tv_usec * 1000;
}

/** Become the program; tell `failures` why when that cannot be. */
static _Noreturn void become(char *const argv[], pid_t parent, int failures) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) {
    _exit(CANNOT);
  }
  /* A file that is no program is an error here, not a script of a shell.   */
  if (strchr(argv[0], '/') != NULL) {
    execv(argv[0], argv);
  } else {
    execvp(argv[0], argv);
  }
  int reason = errno;
  ssize_t written = write(failures, &reason, sizeof reason);
  _exit(written == sizeof reason ? CANNOT : WRONG_CALL);
}

/** Start the program; 0, or the error that kept it from running. */
static int start(char *const argv[], pid_t *child) {
  int end;
  int reason = 0;
  pid_t parent = getpid();
  *child = pmmi_child_fork(&end);
  if (*child == 0) {
    become(argv, parent, end);
  }
  if (*child < 0) {
    return errno;
  }
  /* Nothing comes when it runs: exec closes the other end.                 */
  if (read(end, &reason, sizeof reason) != sizeof reason) {
    reason = 0;
  }
  close(end);
  return reason;
}

/** Wait for the program and tell how it ended; 0 when that was told. */
static int see_end(int out, pid_t child, int64_t started_ns) {
  int status = 0;
  struct rusage used;
  while (wait4(child, &status, 0, &used) < 0) {
    if (errno != EINTR) {
      return CANNOT;
    }
  }
  int64_t elapsed_ns = clock_ns() - started_ns;
  pmm_orphans_end(NULL);
  int told = dprintf(out,
                     "ended %d %" PRId64 " %" PRId64 " %" PRId64 " %ld\n",
                     status, elapsed_ns, time_ns(used.ru_utime),
                     time_ns(used.ru_stime), used.ru_maxrss);
  return told > 0 ? 0 : CANNOT;
}

int main(int argc, char *argv[]) {
  int out = argc > 2 ? atoi(argv[1]) : -1;
  if (out <= STDERR_FILENO || fcntl(out, F_SETFD, FD_CLOEXEC) != 0) {
    fprintf(stderr, "usage: %s FD PROGRAM [ARGUMENT]...\n", argv[0]);
    return WRONG_CALL;
  }
  pid_t child = -1;
  pmm_orphans_adopt();
  int64_t started_ns = clock_ns();
  int reason = start(argv + 2, &child);
  if (reason != 0) {
    dprintf(out, "cannot %d\n", reason);
    return CANNOT;
  }
  dprintf(out, "started\n");
  return see_end(out, child, started_ns);
}
