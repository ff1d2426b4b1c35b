/* SPDX-License-Identifier: MIT */
/*
 * reluctant.c - the reference as a stranger's runtime: no profile is its own,
 * one operation may be refused, and what is left at its end kills it.
 *
 *   1. FAKE_PROFILE names its profile; without it there is none.
 *   2. FAKE_REFUSES names the operation that answers PMM_UNSUPPORTED;
 *      "?" lists those that can, and ends the process.
 *   3. With FAKE_SWALLOWS an append that gets no memory says that all is well.
 *   4. With FAKE_NO_WEAKREF it has no weak references, and refuses types that
 *      are to accept some.
 *   5. close() aborts when more objects live than at open(), as runtimes do
 *      that assert that the host gave everything back.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pmm/view.h"
#include "subjects/select.h"

__attribute__((visibility("default"))) const struct pmm_subject *
pmm_subject_get(uint32_t host_abi);

static struct pmm_ops honest;
static uint64_t objects_at_open;
static pid_t opener; /* a fork of it may close what it does not own */

/** A function that refuses in place of an operation. */
struct refusal {
  const char *name;
  void (*function)(void);
};

#include "refusals.inc"

static const char *refused;          /* NULL: nothing                        */
static const struct refusal *refusal;
static const struct pmm_op_entry *entry; /* of what is refused              */
static int swallows;                     /* an append without memory        */
static int weakless;                     /* no weak references              */

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

static enum pmm_status swallowing_append(pmm_rt *rt, pmm_obj *list,
                                         pmm_obj *item) {
  enum pmm_status status = honest.list_append(rt, list, item);
  if (status == PMM_NO_MEMORY) {
    honest.error_clear(rt);
    status = PMM_OK;
  }
  return status;
}

static pmm_obj *weakless_type_new(pmm_rt *rt,
                                  const struct pmm_type_spec *spec) {
  if ((spec->flags & PMM_TYPE_WEAKREF) != 0) {
    honest.error_set(rt, PMM_UNSUPPORTED, "there are no weak references");
    return NULL;
  }
  return honest.type_new(rt, spec);
}

/* 1 for the features of weak references. */
static int is_weak(const char *name) {
  return strncmp(name, "weak", 4) == 0 || strcmp(name, "proxy") == 0 ||
         strcmp(name, "finalize") == 0;
}

static const struct refusal *find_refusal(const char *name) {
  const struct refusal *at = refusals;
  while (at->name != NULL && strcmp(at->name, name) != 0) {
    at++;
  }
  return at->name != NULL ? at : NULL;
}

static const struct pmm_op_entry *find_entry(const char *name) {
  const struct pmm_op_entry *at = pmm_op_entries;
  while (strcmp(at->name, name) != 0) {
    at++;
  }
  return at;
}

static void put_refusal(void *structure) {
  memcpy((char *)structure + entry->offset, &refusal->function,
         sizeof refusal->function);
}

static const void *feature(const char *name) {
  static struct pmm_ops room; /* more than any feature needs               */
  static struct pmm_list_ops lists;
  const void *structure = pmmi_subject_reference.feature(name);
  if (weakless && is_weak(name)) {
    return NULL;
  }
  if (swallows && strcmp(name, "list") == 0) {
    lists = *(const struct pmm_list_ops *)structure;
    lists.list_append = swallowing_append;
    return &lists;
  }
  if (entry == NULL || strcmp(pmm_feature_name(entry->feature), name) != 0) {
    return structure;
  }
  size_t size = *(const size_t *)structure;
  memcpy(&room, structure, size < sizeof room ? size : sizeof room);
  put_refusal(&room);
  return &room;
}

static void list_refusals(void) {
  for (const struct refusal *at = refusals; at->name != NULL; at++) {
    (void)puts(at->name);
  }
  exit(0);
}

const struct pmm_subject *pmm_subject_get(uint32_t host_abi) {
  static struct pmm_subject subject;
  static struct pmm_core_ops core;
  struct pmm_view view;
  char message[200];
  const char *profile = getenv("FAKE_PROFILE");
  refused = getenv("FAKE_REFUSES");
  swallows = getenv("FAKE_SWALLOWS") != NULL;
  weakless = getenv("FAKE_NO_WEAKREF") != NULL;
  if (refused != NULL && strcmp(refused, "?") == 0) {
    list_refusals();
  }
  refusal = refused != NULL ? find_refusal(refused) : NULL;
  if (host_abi != PMM_SUBJECT_ABI || (refused != NULL && refusal == NULL) ||
      pmm_view_read(&pmmi_subject_reference, &view, message,
                    sizeof message) != 0) {
    return NULL;
  }
  honest = view.ops;
  subject = pmmi_subject_reference;
  core = *subject.core;
  entry = refusal != NULL ? find_entry(refused) : NULL;
  if (entry != NULL && entry->feature == PMM_FEATURE_core) {
    put_refusal(&core);
  }
  if (weakless) {
    core.type_new = weakless_type_new;
  }
  core.open = counting_open;
  core.close = strict_close;
  subject.core = &core;
  subject.feature = feature;
  subject.profile = profile != NULL ? profile : "none";
  return &subject;
}
