/* SPDX-License-Identifier: MIT */
/* orphans.c - see orphans.h. */
#include "orphans.h"

#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST_ROUNDS = 200, NAP_NS = 1000000 };

void pmm_orphans_adopt(void) { (void)prctl(PR_SET_CHILD_SUBREAPER, 1); }

void pmm_orphans_known(struct pmm_family *family) {
  char path[64];
  long pid = 0;
  family->count = 0;
  (void)snprintf(path, sizeof path, "/proc/self/task/%ld/children",
                 (long)getpid()); /* the main thread's: it forks and adopts  */
  FILE *list = fopen(path, "re");
  if (list == NULL) {
    return;
  }
  while (family->count < PMM_ORPHANS_KNOWN && fscanf(list, "%ld", &pid) == 1) {
    family->children[family->count++] = (pid_t)pid;
  }
  (void)fclose(list);
}

static int is_of(const struct pmm_family *family, pid_t pid) {
  for (size_t i = 0; family != NULL && i < family->count; i++) {
    if (family->children[i] == pid) {
      return 1;
    }
  }
  return 0;
}

void pmm_orphans_end(const struct pmm_family *family) {
  const struct timespec nap = {0, NAP_NS};
  for (int round = 0; round < MOST_ROUNDS; round++) {
    struct pmm_family now;
    size_t strangers = 0;
    pmm_orphans_known(&now);
    for (size_t i = 0; i < now.count; i++) {
      if (!is_of(family, now.children[i])) {
        strangers++;
        (void)kill(now.children[i], SIGKILL);
        (void)waitpid(now.children[i], NULL, WNOHANG);
      }
    }
    if (strangers == 0) {
      return;
    }
    (void)nanosleep(&nap, NULL);
  }
}
