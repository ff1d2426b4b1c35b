/* SPDX-License-Identifier: MIT */
/*
 * system.c - which calls of the system a replay makes.
 *
 * A tracer (ptrace) stops the replay at each call and looks at its number: it
 * sees what a library that stands in between could not, calls that libc makes
 * for itself and calls without libc.
 *
 *   1. The child asks to be traced, opens the heap and stops.
 *   2. From there on the parent lets it go on from call to call, and counts.
 *   3. When all is given back the child stops again, and is ended.
 *
 * Counted are the calls of the thread that replays.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/ptrace.h>

#include "base/child.h"
#include "passes.h"

enum { REFUSED = 9, AT_CALL = SIGTRAP | 0x80 };

static _Noreturn void be_traced(const struct pass_order *order, pid_t parent) {
  struct replay replay;
  size_t count = order->ops->count;
  pmmi_child_bind(parent);
  (void)alarm((unsigned)order->timeout_s + 1);
  if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0 ||
      replay_open(&replay, order->backend, order->ops) != 0 ||
      (order->aged && replay_litter(&replay, order->seed) != 0)) {
    _exit(REFUSED);
  }
  (void)raise(SIGSTOP);
  if (replay_words(&replay, 0, count) < count) {
    _exit(REFUSED);
  }
  replay_drain(&replay);
  (void)raise(SIGSTOP);
  _exit(0);
}

static void count_call(pid_t child, struct pass_system *out) {
  struct ptrace_syscall_info info;
  if (ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof info, &info) <= 0 ||
      info.op != PTRACE_SYSCALL_INFO_ENTRY) {
    return; /* it returns                                                   */
  }
  switch (info.entry.nr) {
    case SYS_mmap: out->mmap++; break;
    case SYS_munmap: out->munmap++; break;
    case SYS_mremap: out->mremap++; break;
    case SYS_madvise: out->madvise++; break;
    case SYS_mprotect: out->mprotect++; break;
    case SYS_brk: out->brk++; break;
    default: break;
  }
}

/** Let the child go on until it stops by itself.  0 when it did, else how it
 *  ended, as of wait(2). */
static int until_stop(pid_t child, struct pass_system *out) {
  int signal = 0;
  for (;;) {
    if (ptrace(PTRACE_SYSCALL, child, NULL, (void *)(intptr_t)signal) != 0) {
      return pmmi_child_wait(child);
    }
    int status = pmmi_child_wait(child);
    if (!WIFSTOPPED(status)) {
      return status;
    }
    signal = WSTOPSIG(status);
    if (signal == SIGSTOP) {
      return 0;
    }
    if (signal == AT_CALL) {
      count_call(child, out);
      signal = 0;
    }
  }
}

static void tell_end(struct pass *pass, int status) {
  char fate[80];
  pass->wrong = 1;
  (void)snprintf(pass->fault, sizeof pass->fault, "the process ended with %s",
                 pmmi_child_fate(status, fate, sizeof fate));
}

static void watch(pid_t child, struct pass *pass) {
  struct pass_system *out = &pass->of.system;
  int status = pmmi_child_wait(child);
  if (!WIFSTOPPED(status)) {
    return; /* nobody may trace here, or there is no heap                   */
  }
  if (ptrace(PTRACE_SETOPTIONS, child, NULL,
             (void *)(intptr_t)PTRACE_O_TRACESYSGOOD) != 0) {
    return;
  }
  status = until_stop(child, out);
  out->known = status == 0;
  if (status != 0) {
    tell_end(pass, status);
  }
}

void pass_system(const struct pass_order *order, struct pass *pass) {
  *pass = (struct pass){.fault = ""};
  pid_t parent = getpid();
  pid_t child = pmmi_child_fork(NULL);
  if (child == 0) {
    be_traced(order, parent);
  }
  if (child > 0) {
    watch(child, pass);
    (void)kill(child, SIGKILL);
    (void)pmmi_child_wait(child);
  }
}
