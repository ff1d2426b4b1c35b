/* SPDX-License-Identifier: MIT */
/*
 * reluctant.c - the reference as a stranger's runtime: no profile is its own,
 * one operation may be refused, and what is left at its end kills it.
 *
 *   1. FAKE_PROFILE names its profile; without it there is none.
 *   2. FAKE_REFUSES names the operation that answers PMM_UNSUPPORTED;
 *      "?" lists those that can, and ends the process.
 *   3. close() aborts when more objects live than at open(), as runtimes do
 *      that assert that the host gave everything back.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pmm/subject.h"
#include "subjects/select.h"

__attribute__((visibility("default"))) const struct pmm_subject *
pmm_subject_get(uint32_t host_abi);

static struct pmm_ops honest;
static uint64_t objects_at_open;
static pid_t opener; /* a fork of it may close what it does not own */

#include "refusals.inc"

static uint64_t count_objects(pmm_rt *rt) {
  struct pmm_memory memory = {.struct_size = sizeof memory};
  uint64_t unreachable = 1;
  honest.error_clear(rt);
  while (unreachable > 0 && honest.collect(rt, 2, &unreachable) == PMM_OK) {
  }
  honest.error_clear(rt);
  honest.caches_flush(rt);
  honest.memory(rt, &memory);
  return memory.objects;
}

static enum pmm_status counting_open(const struct pmm_open_config *config,
                                     pmm_rt **rt) {
  enum pmm_status status = honest.open(config, rt);
  if (status == PMM_OK) {
    (void)honest.gc_garbage(*rt); /* made on first use, and kept */
    opener = getpid();
    objects_at_open = count_objects(*rt);
  }
  return status;
}

static void strict_close(pmm_rt *rt) {
  if (getpid() == opener && count_objects(rt) > objects_at_open) {
    (void)fputs("close: objects are left\n", stderr);
    abort();
  }
  honest.close(rt);
}

const struct pmm_subject *pmm_subject_get(uint32_t host_abi) {
  static struct pmm_subject subject;
  static struct pmm_ops ops;
  const char *profile = getenv("FAKE_PROFILE");
  const char *refused = getenv("FAKE_REFUSES");
  if (host_abi != PMM_SUBJECT_ABI) {
    return NULL;
  }
  subject = pmmi_subject_reference;
  honest = ops = *subject.ops;
  ops.open = counting_open;
  ops.close = strict_close;
  subject.ops = &ops;
  subject.profile = profile != NULL ? profile : "none";
  if (refused != NULL && strcmp(refused, "?") == 0) {
    for (size_t i = 0; can_refuse[i] != NULL; i++) {
      (void)puts(can_refuse[i]);
    }
    exit(0);
  }
  return refused == NULL || refuse(&ops, refused) ? &subject : NULL;
}
