/* SPDX-License-Identifier: MIT */
/*
 * cases/gc_frames.c - garbage that frames leave: what an exception keeps of
 * the frame that it was caught in (GC-022).
 */
#include "codes.h"

#define END {PMM_END, 0, 0, 0}

/* Call the code, which catches an error, with a probe of cookie 1; then
 * nobody but its frame could hold that. */
static void call_with_probe(struct pmm_test *t, const struct pmm_code *code) {
  quiet(t);
  (void)collect(t);
  pmm_obj *argument = probe(t, 1);
  DROP(NEW(run_code(t, code, argument)));
  DROP(argument);
}

/* "An exception kept in a local of the frame its traceback names forms a cycle
 * that only the collector frees." */
SHOULD(gc, kept_exception_is_a_cycle,
       "An exception kept in its frame waits for the collector",
       REQ("GC-022"), NEEDS(gc, frame)) {
  const struct pmm_code code =
      CODE("keeping", 1, 3, {PMM_TRY, 0, 0, 0}, {PMM_RAISE, 0, PMM_USER, 0},
           {PMM_EXCEPT, 1, PMM_USER, 0}, {PMM_MOVE, 2, 1, 0}, END);
  call_with_probe(t, &code);
  expect_none(DEALLOCATED);
  expect_ge(collect(t), 1);
  expect_log(DEALLOCATED, 1);
  expect_eq(collect(t), 0);
}

/* "An exception kept in a local of the frame its traceback names forms a cycle
 * ...": one that the clause alone named is in none, as the name is empty when
 * the clause ends. */
SHOULD(gc, named_exception_is_no_cycle,
       "An exception that nobody keeps goes with its clause", REQ("GC-022"),
       NEEDS(gc, frame)) {
  const struct pmm_code code =
      CODE("naming", 1, 2, {PMM_TRY, 0, 0, 0}, {PMM_RAISE, 0, PMM_USER, 0},
           {PMM_EXCEPT, 1, PMM_USER, 0}, {PMM_LOG, 0, 1, 0}, END);
  call_with_probe(t, &code);
  expect_log(LOG, 1);
  expect_log(DEALLOCATED, 1);
  expect_eq(collect(t), 0);
}
