/* SPDX-License-Identifier: MIT */
/*
 * late.c - the reference as a runtime that counts nothing: what the host lets
 * go of dies in the next collection, and nobody is told how much that was.
 *
 * It is a sound runtime, so whatever fails on it is the cases' own fault.
 */
#include <stdlib.h>
#include <string.h>

#include "pmm/view.h"
#include "subjects/select.h"

__attribute__((visibility("default"))) const struct pmm_subject *
pmm_subject_get(uint32_t host_abi);

static struct pmm_ops honest;
static pmm_obj **waiting; /* references that the host gave up                */
static size_t count, room;

static void release(pmm_rt *rt, pmm_obj *o) {
  (void)rt;
  if (count == room) {
    room = room * 2 + 256;
    waiting = realloc(waiting, room * sizeof *waiting);
    if (waiting == NULL) {
      abort();
    }
  }
  waiting[count++] = o;
}

static void xrelease(pmm_rt *rt, pmm_obj *o) {
  if (o != NULL) {
    release(rt, o);
  }
}

static void clear(pmm_rt *rt, pmm_obj **holder) {
  pmm_obj *o = *holder;
  *holder = NULL;
  xrelease(rt, o);
}

/* Finalizers that run meanwhile may give up more. */
static void let_go(pmm_rt *rt) {
  while (count > 0) {
    honest.release(rt, waiting[--count]);
  }
}

static enum pmm_status collect(pmm_rt *rt, int generation, uint64_t *found) {
  let_go(rt);
  enum pmm_status status = honest.collect(rt, generation, found);
  *found = PMM_UNKNOWN;
  return status;
}

static void close_late(pmm_rt *rt) {
  let_go(rt);
  honest.close(rt);
}

static const void *feature(const char *name) {
  static const char *const offered[] = {
      "bytes", "dict", "fail_inject", "finalizer", "finalizer_alive", "list",
      "resurrection", "set", "sizeof", "str", "tuple", "utf8", "weakref",
      "weakref_cb"};
  static struct pmm_gc_ops gc;
  if (strcmp(name, "gc") == 0) {
    gc = *(const struct pmm_gc_ops *)pmmi_subject_reference.feature(name);
    gc.collect = collect;
    return &gc;
  }
  for (size_t i = 0; i < sizeof offered / sizeof offered[0]; i++) {
    if (strcmp(offered[i], name) == 0) {
      return pmmi_subject_reference.feature(name);
    }
  }
  return NULL;
}

const struct pmm_subject *pmm_subject_get(uint32_t host_abi) {
  static struct pmm_subject subject;
  static struct pmm_core_ops core;
  struct pmm_view view;
  char message[200];
  if (host_abi != PMM_SUBJECT_ABI ||
      pmm_view_read(&pmmi_subject_reference, &view, message,
                    sizeof message) != 0) {
    return NULL;
  }
  honest = view.ops;
  subject = pmmi_subject_reference;
  core = *subject.core;
  core.release = release;
  core.xrelease = xrelease;
  core.clear = clear;
  core.close = close_late;
  subject.core = &core;
  subject.feature = feature;
  subject.profile = "none";
  return &subject;
}
