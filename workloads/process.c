/* SPDX-License-Identifier: MIT */
/*
 * process.c - one variant in a child process (stage.h).
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/child.h"
#include "stage.h"

static void run_child(const struct pmm_work_stage *stage,
                      const struct pmm_work_variant *variant, pid_t parent,
                      int out) __attribute__((noreturn));

/** Leaves by _exit(): what atexit would do belongs to the parent, and a leak
 *  checker at exit would report what is lost on purpose. */
static void run_child(const struct pmm_work_stage *stage,
                      const struct pmm_work_variant *variant, pid_t parent,
                      int out) {
  pmmi_child_bind(parent);
  json_t *result = pmm_work_stage_run_here(stage, variant);
  int failed = result == NULL || json_dumpfd(result, out, JSON_COMPACT) != 0;
  json_decref(result);
  close(out);
  _exit(failed);
}

/** The child's JSON, or NULL when what came is none.  By a stream, as
 *  json_loadfd() makes a system call for each byte. */
static json_t *read_result(int in) {
  json_error_t error;
  FILE *stream = fdopen(in, "r");
  if (stream == NULL) {
    close(in);
    return NULL;
  }
  json_t *result = json_loadf(stream, 0, &error);
  fclose(stream);
  return result;
}

/** 1 when the child wrote or ended before its time was over. */
static int wait_for_word(int in, double timeout_s) {
  struct pollfd watch = {.fd = in, .events = POLLIN};
  int ready;
  do {
    ready = poll(&watch, 1, (int)(timeout_s * 1000));
  } while (ready < 0 && errno == EINTR);
  return ready != 0;
}

/** How the child ended stands above what it sent. */
static json_t *judge(const struct pmm_work_variant *variant, int state,
                     json_t *result) {
  char fate[80];
  if (state == 0 && result != NULL) {
    return result;
  }
  json_decref(result);
  return pmm_work_stage_error(
      variant, PMM_WORK_CRASH,
      pmmi_child_signal(state) != 0 ? "crashed with %s"
                                    : "ended with %s and no result",
      pmmi_child_fate(state, fate, sizeof fate));
}

json_t *pmm_work_stage_run(const struct pmm_work_stage *stage,
                           const struct pmm_work_variant *variant) {
  int end;
  if (stage->no_fork) {
    return pmm_work_stage_run_here(stage, variant);
  }
  pid_t parent = getpid();
  pid_t child = pmmi_child_fork(&end);
  if (child == 0) {
    run_child(stage, variant, parent, end);
  }
  if (child < 0) {
    return pmm_work_stage_error(variant, PMM_WORK_TOOL,
                                "cannot start a process: %s",
                                strerror(errno));
  }
  int in_time = wait_for_word(end, stage->timeout_s);
  if (!in_time) {
    kill(child, SIGKILL);
  }
  json_t *result = read_result(end);
  int state = pmmi_child_wait(child);
  if (!in_time) {
    json_decref(result);
    return pmm_work_stage_error(variant, PMM_WORK_TIMEOUT,
                                "not finished after %g s", stage->timeout_s);
  }
  return judge(variant, state, result);
}
