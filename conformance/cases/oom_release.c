/* SPDX-License-Identifier: MIT */
/*
 * cases/oom_release.c - the death of tables and of weak containers while no
 * memory is to be had (OOM-009).
 */
#include "case.h"

/* "Releasing objects and collecting work with all allocations failing." */
MUST(oom, release_of_tables_never_fails,
     "Dicts, sets and weak maps die without memory", REQ("OOM-009"),
     NEEDS(fail_inject, dict, set, weak_containers),
     OOM_EXEMPT("arms the injection itself")) {
  enum { N = 20 };
  quiet(t);
  pmm_obj *dict = NEW(OPS->dict_new(RT));
  pmm_obj *set = NEW(OPS->set_new(RT, NULL));
  pmm_obj *weak = NEW(OPS->weak_new(RT, PMM_WEAK_KEYS));
  for (int64_t i = 0; i < N; i++) {
    pmm_obj *o = probe(t, i);
    expect_ok(OPS->dict_set(RT, dict, o, set));
    expect_ok(OPS->set_add(RT, set, integer(t, 1000 + i)));
    expect_ok(OPS->weak_set(RT, weak, o, probe(t, 100 + i)));
  }
  OPS->inject_arm(RT, 1, 1);
  DROP_ALL();
  (void)OPS->inject_disarm(RT);
  expect_eq(happened(DEALLOCATED, ANY), 2 * N);
}
