/* SPDX-License-Identifier: MIT */
/* keep.c - see keep.h. */
#include "base/keep.h"

#include <assert.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

enum { OUT_OF_THE_WAY = 200 }; /* where no library writes by chance         */

/* Without these no process starts, or this one ends. */
static const __rlimit_resource_t limits[] = {RLIMIT_CPU, RLIMIT_FSIZE,
                                             RLIMIT_NOFILE, RLIMIT_NPROC};
enum { LIMITS = sizeof limits / sizeof limits[0], STREAMS = 3 };

/** What was noted; a descriptor that is -1 could not be copied. */
static struct {
  int noted;               /* 1 between pmmi_keep_note() and _restore()     */
  int streams[STREAMS];    /* copies of stdin, stdout and stderr            */
  int folder;              /* the current one, opened                       */
  struct rlimit limits[LIMITS];
  sigset_t blocked;        /* signals                                       */
  struct sigaction child;  /* what the end of a child does                  */
  char numbers[64];        /* the locale's way to write them; "": unknown   */
} then;

int pmmi_keep_apart(int fd) {
  return fcntl(fd, F_DUPFD_CLOEXEC, OUT_OF_THE_WAY);
}

FILE *pmmi_keep_file_apart(FILE *file, const char *mode) {
  assert(mode != NULL);
  int fd = file != NULL ? pmmi_keep_apart(fileno(file)) : -1;
  FILE *apart = fd >= 0 ? fdopen(fd, mode) : NULL;
  if (apart != NULL) {
    (void)fclose(file); /* empty so far                                      */
    return apart;
  }
  if (fd >= 0) {
    (void)close(fd);
  }
  return file; /* few descriptors are allowed: it stays where it is          */
}

/* ---- before -------------------------------------------------------------- */

static void note_files(void) {
  for (int fd = 0; fd < STREAMS; fd++) {
    then.streams[fd] = pmmi_keep_apart(fd);
  }
  then.folder = -1;
  int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (here >= 0) {
    then.folder = pmmi_keep_apart(here);
    (void)close(here);
  }
}

void pmmi_keep_note(void) {
  assert(!then.noted);
  const char *numbers = setlocale(LC_NUMERIC, NULL);
  then.noted = 1;
  (void)snprintf(then.numbers, sizeof then.numbers, "%s",
                 numbers != NULL ? numbers : "");
  for (size_t i = 0; i < LIMITS; i++) {
    (void)getrlimit(limits[i], &then.limits[i]);
  }
  (void)sigprocmask(SIG_SETMASK, NULL, &then.blocked);
  (void)sigaction(SIGCHLD, NULL, &then.child);
  note_files();
}

/* ---- after --------------------------------------------------------------- */

/* Only up: to what it was, or to what it may still be. */
static void raise_limit(__rlimit_resource_t which, const struct rlimit *was) {
  struct rlimit now;
  if (getrlimit(which, &now) != 0 || now.rlim_cur >= was->rlim_cur) {
    return;
  }
  const struct rlimit whole = {was->rlim_cur, now.rlim_max > was->rlim_max
                                                  ? now.rlim_max
                                                  : was->rlim_max};
  if (setrlimit(which, &whole) != 0) {
    now.rlim_cur = now.rlim_max < was->rlim_cur ? now.rlim_max : was->rlim_cur;
    (void)setrlimit(which, &now);
  }
}

static void restore_signals(void) {
  const struct itimerval off = {{0, 0}, {0, 0}};
  (void)setitimer(ITIMER_REAL, &off, NULL); /* alarm(), too                  */
  (void)setitimer(ITIMER_VIRTUAL, &off, NULL);
  (void)setitimer(ITIMER_PROF, &off, NULL);
  (void)sigprocmask(SIG_SETMASK, &then.blocked, NULL);
  (void)sigaction(SIGCHLD, &then.child, NULL); /* who waits for ours is us   */
}

static void restore_files(void) {
  for (int fd = 0; fd < STREAMS; fd++) {
    if (then.streams[fd] >= 0) {
      (void)dup2(then.streams[fd], fd);
      (void)close(then.streams[fd]);
    }
  }
  if (then.folder >= 0) {
    (void)!fchdir(then.folder);
    (void)close(then.folder);
  }
}

void pmmi_keep_restore(void) {
  assert(then.noted);
  for (size_t i = 0; i < LIMITS; i++) {
    raise_limit(limits[i], &then.limits[i]);
  }
  restore_signals();
  restore_files();
  if (then.numbers[0] != '\0') {
    (void)setlocale(LC_NUMERIC, then.numbers);
  }
  then.noted = 0;
}
