/* SPDX-License-Identifier: MIT */
/* ending.c - see ending.h. */
#include "base/ending.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/types.h>
#include <unistd.h>

static const char *watched; /* the program; NULL: it ends by itself          */
static pid_t owner;         /* the process that is watched                   */

static void refuse(int code, void *unused) {
  (void)unused;
  if (watched == NULL || getpid() != owner) {
    return;
  }
  (void)fflush(NULL);
  (void)fprintf(stderr, "%s: what it ran ended it by exit(%d)\n", watched,
                code);
  _exit(PMMI_ENDING_MISBEHAVED);
}

void pmmi_ending_watch(const char *program) {
  assert(program != NULL && watched == NULL);
  watched = program;
  owner = getpid();
  (void)on_exit(refuse, NULL);
}

/* ---- the end that does not come ------------------------------------------ */

static void say(const char *text) {
  (void)!write(STDERR_FILENO, text, strlen(text));
}

static void hung(int number) {
  (void)number;
  say(program_invocation_short_name);
  say(": what it ran hangs while the program ends\n");
  _exit(PMMI_ENDING_MISBEHAVED);
}

int pmmi_ending_within(int code, int milliseconds) {
  const struct sigaction action = {.sa_handler = hung};
  const struct itimerval timer = {
      .it_value = {.tv_sec = milliseconds / 1000,
                   .tv_usec = milliseconds % 1000 * 1000}};
  sigset_t alarm_only;
  assert(milliseconds > 0);
  watched = NULL;
  (void)sigemptyset(&alarm_only);
  (void)sigaddset(&alarm_only, SIGALRM);
  (void)sigaction(SIGALRM, &action, NULL);
  (void)sigprocmask(SIG_UNBLOCK, &alarm_only, NULL);
  (void)setitimer(ITIMER_REAL, &timer, NULL);
  return code;
}

int pmmi_ending_own(int code) {
  return pmmi_ending_within(code, PMMI_ENDING_MS);
}
