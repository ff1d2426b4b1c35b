/* SPDX-License-Identifier: MIT */
/*
 * cases/oom_release.c - the death of containers of each kind while no memory is
 * to be had (OOM-009).
 */
#include "kinds.h"

/* A container that is the last owner of a probe dies without memory. */
static void die_without_memory(struct pmm_test *t, const struct kind *kind) {
  pmm_obj *item = probe(t, 1);
  pmm_obj *o = kind->make(t, item);
  DROP(item);
  log_clear(t);
  OPS->inject_arm(RT, 1, 1);
  DROP(o);
  (void)OPS->inject_disarm(RT);
  if (happened(DEALLOCATED, 1) != 1) {
    fail("%s: what it held died %d times", kind->name,
         (int)happened(DEALLOCATED, 1));
  }
  log_clear(t);
}

#define OWN_INJECTION OOM_EXEMPT("arms the injection itself")

/* "Releasing objects and collecting work with all allocations failing." */
MUST(oom, release_of_basic_types_never_fails,
     "Containers of each basic kind die without memory", REQ("OOM-009"),
     NEEDS(fail_inject, prompt), OWN_INJECTION) {
  quiet(t);
  OVER(basic, die_without_memory);
  OVER(hashed, die_without_memory);
}

/* "Releasing objects and collecting work with all allocations failing." */
MUST(oom, release_of_frames_never_fails,
     "Generators, functions and closures die without memory", REQ("OOM-009"),
     NEEDS(fail_inject, prompt, frame, generator), OWN_INJECTION) {
  quiet(t);
  OVER(frames, die_without_memory);
}

/* "Releasing objects and collecting work with all allocations failing." */
MUST(oom, release_of_streams_never_fails,
     "Weak containers and iterators over iterators die without memory",
     REQ("OOM-009"), NEEDS(fail_inject, prompt, weak_containers, chunks),
     OWN_INJECTION) {
  quiet(t);
  OVER(weak, die_without_memory);
  OVER(streams, die_without_memory);
}

/* "Releasing objects and collecting work with all allocations failing." */
MUST(oom, release_of_tables_never_fails,
     "Dicts, sets and weak maps die without memory", REQ("OOM-009"),
     NEEDS(fail_inject, prompt, dict, set, weak_containers),
     OWN_INJECTION) {
  enum { N = 20 };
  quiet(t);
  pmm_obj *dict = NEW(OPS->dict_new(RT));
  pmm_obj *set = NEW(OPS->set_new(RT, NULL));
  pmm_obj *map = NEW(OPS->weak_new(RT, PMM_WEAK_KEYS));
  for (int64_t i = 0; i < N; i++) {
    pmm_obj *o = probe(t, i);
    expect_ok(OPS->dict_set(RT, dict, o, set));
    expect_ok(OPS->set_add(RT, set, integer(t, 1000 + i)));
    expect_ok(OPS->weak_set(RT, map, o, probe(t, 100 + i)));
  }
  OPS->inject_arm(RT, 1, 1);
  DROP_ALL();
  (void)OPS->inject_disarm(RT);
  expect_eq(happened(DEALLOCATED, ANY), 2 * N);
}
