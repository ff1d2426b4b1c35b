/* SPDX-License-Identifier: MIT */
/* What a library changes while it is loaded, and what is as it was after. */
#include "base/keep.h"

#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "tests/tap.h"

static void handle(int number) { (void)number; }

/* All that a library may do; what it may keep is the handler of SIGUSR1. */
static void meddle(void) {
  struct rlimit few;
  const struct itimerval soon = {{600, 0}, {600, 0}};
  sigset_t all;
  (void)close(STDIN_FILENO);
  (void)dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
  (void)sigfillset(&all);
  (void)sigprocmask(SIG_SETMASK, &all, NULL);
  (void)signal(SIGCHLD, SIG_IGN);
  (void)signal(SIGUSR1, handle);
  (void)setitimer(ITIMER_REAL, &soon, NULL);
  tap_need(getrlimit(RLIMIT_NOFILE, &few) == 0);
  few.rlim_cur = 3;
  (void)setrlimit(RLIMIT_NOFILE, &few);
  (void)setlocale(LC_NUMERIC, "C.UTF-8");
  (void)!chdir("/");
}

static void test_all(void) {
  char before[4096];
  char after[4096];
  struct rlimit files;
  struct rlimit raised;
  struct stat was;
  struct stat is;
  struct itimerval timer;
  struct sigaction action;
  sigset_t blocked;
  tap_need(getcwd(before, sizeof before) != NULL);
  tap_need(getrlimit(RLIMIT_NOFILE, &files) == 0);
  tap_need(fstat(STDERR_FILENO, &was) == 0);
  pmmi_keep_note();
  meddle();
  pmmi_keep_restore();
  tap_ok(fcntl(STDIN_FILENO, F_GETFD) >= 0, "what was closed is open");
  tap_ok(fstat(STDERR_FILENO, &is) == 0 && is.st_ino == was.st_ino,
         "what was redirected goes where it went");
  tap_ok(getrlimit(RLIMIT_NOFILE, &raised) == 0 &&
             raised.rlim_cur == files.rlim_cur,
         "a lowered limit is raised");
  tap_ok(getitimer(ITIMER_REAL, &timer) == 0 && timer.it_value.tv_sec == 0,
         "a timer is off");
  tap_ok(sigprocmask(SIG_SETMASK, NULL, &blocked) == 0 &&
             !sigismember(&blocked, SIGTERM),
         "signals come through");
  tap_ok(sigaction(SIGCHLD, NULL, &action) == 0 &&
             action.sa_handler == SIG_DFL,
         "the end of a child can be waited for");
  tap_ok(sigaction(SIGUSR1, NULL, &action) == 0 &&
             action.sa_handler == handle,
         "a handler stays");
  tap_ok(strcmp(setlocale(LC_NUMERIC, NULL), "C") == 0, "so does no locale");
  tap_ok(getcwd(after, sizeof after) != NULL && strcmp(before, after) == 0,
         "the folder is the same");
}

static void test_again(void) {
  const struct rlimit most = {0, 0};
  struct rlimit now;
  pmmi_keep_note();
  pmmi_keep_restore();
  tap_need(setrlimit(RLIMIT_CORE, &most) == 0);
  tap_ok(getrlimit(RLIMIT_CORE, &now) == 0 && now.rlim_cur == 0,
         "other limits are not touched, and it can be done again");
}

static void test_apart(void) {
  char name[] = "/tmp/pmm-keep-XXXXXX";
  int fd = mkstemp(name);
  tap_need(fd >= 0 && unlink(name) == 0);
  FILE *file = pmmi_keep_file_apart(fdopen(fd, "w"), "w");
  tap_need(file != NULL);
  tap_ok(fileno(file) >= 200 && fcntl(fd, F_GETFD) < 0,
         "a file lies where nobody writes by chance");
  tap_ok((fcntl(fileno(file), F_GETFD) & FD_CLOEXEC) != 0 &&
             fputs("x", file) >= 0 && fclose(file) == 0,
         "and can be written");
  tap_ok(pmmi_keep_file_apart(NULL, "w") == NULL, "no file stays none");
}

int main(void) {
  test_all();
  test_again();
  test_apart();
  return tap_done();
}
