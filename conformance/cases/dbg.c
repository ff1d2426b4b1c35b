/* SPDX-License-Identifier: MIT */
/*
 * cases/dbg.c - faults that are planted in a child process and have to end it
 * (requirements DBG-001…005), and leaks that have to be told (DBG-007).
 */
#include <stdio.h>

#include "case.h"

#define IN_A_CHILD "a child process does not tell what failed in it"

enum { SIZE = 10 };

static unsigned char *block_of(struct pmm_test *t) {
  unsigned char *block = OPS->domain_malloc(RT, PMM_DOMAIN_OBJ, SIZE);
  expect(block != NULL);
  memset(block, 7, SIZE);
  return block;
}

/* CPython reports both, and dies of what it reads to report them. */
static void resize_freed(struct pmm_test *t, void *ctx) {
  unsigned char *block = block_of(t);
  (void)ctx;
  OPS->domain_free(RT, PMM_DOMAIN_OBJ, block);
  (void)OPS->domain_realloc(RT, PMM_DOMAIN_OBJ, block, 2 * SIZE);
}

/* "Reading or releasing a freed object in the checking mode is reported and
 * the case fails." */
MUST(dbg, use_after_free_is_fatal, "Use after free is detected",
     REQ("DBG-001"), NEEDS(domains, debug_hooks, diag), OPEN(PMM_OPEN_DEBUG),
     OOM_EXEMPT(IN_A_CHILD)) {
  const char *text = dies(t, resize_freed, NULL);
  expect(text != NULL);
  expect(text[0] != '\0');
}

static void read_dead(struct pmm_test *t, void *ctx) {
  pmm_obj *o = ctx;
  OPS->release(RT, GIVE(o));
  (void)OPS->repr(RT, o);
}

/* "Reading or releasing a freed object in the checking mode is reported and
 * the case fails."  Its type is among the bytes that read 0xDD: following it
 * kills the process, which the harness reports as CRASH. */
MUST(dbg, a_dead_object_cannot_be_read, "Reading a dead object is detected",
     REQ("DBG-001"), NEEDS(domains, debug_hooks, diag), OPEN(PMM_OPEN_DEBUG),
     OOM_EXEMPT(IN_A_CHILD)) {
  expect(dies(t, read_dead, probe(t, 1)) != NULL);
}

static void free_twice(struct pmm_test *t, void *ctx) {
  unsigned char *block = block_of(t);
  (void)ctx;
  OPS->domain_free(RT, PMM_DOMAIN_OBJ, block);
  OPS->domain_free(RT, PMM_DOMAIN_OBJ, block);
}

/* "Freeing a block twice is reported and the process does not continue
 * normally." */
MUST(dbg, double_free_is_fatal, "Double free is detected", REQ("DBG-002"),
     NEEDS(domains, debug_hooks, diag), OPEN(PMM_OPEN_DEBUG),
     OOM_EXEMPT(IN_A_CHILD)) {
  const char *text = dies(t, free_twice, NULL);
  expect(text != NULL);
  expect(text[0] != '\0');
}

static void overrun_and_free(struct pmm_test *t, void *ctx) {
  unsigned char *block = block_of(t);
  (void)ctx;
  block[SIZE] = 1;
  OPS->domain_free(RT, PMM_DOMAIN_OBJ, block);
}

static void overrun_and_resize(struct pmm_test *t, void *ctx) {
  unsigned char *block = block_of(t);
  (void)ctx;
  block[SIZE] = 1;
  (void)OPS->domain_realloc(RT, PMM_DOMAIN_OBJ, block, 2 * SIZE);
}

/* "A write one byte past the end is reported at free or realloc with the block
 * size and offset." */
MUST(dbg, overrun_aborts, "A write past the end is detected",
     REQ("DBG-003"), NEEDS(domains, debug_hooks, diag), OPEN(PMM_OPEN_DEBUG),
     OOM_EXEMPT(IN_A_CHILD)) {
  void (*const faults[])(struct pmm_test *, void *) = {overrun_and_free,
                                                       overrun_and_resize};
  for (int i = 0; i < 2; i++) {
    const char *text = dies_by_abort(t, faults[i], NULL);
    expect(text != NULL);
    expect(strstr(text, "10 bytes") != NULL);
    expect(strstr(text, "tail+0") != NULL);
  }
}

static void underrun_and_free(struct pmm_test *t, void *ctx) {
  unsigned char *block = block_of(t);
  (void)ctx;
  block[-1] = 1;
  OPS->domain_free(RT, PMM_DOMAIN_OBJ, block);
}

/* "A write one byte before the start is reported at free." */
MUST(dbg, underrun_aborts, "A write before the start is detected",
     REQ("DBG-004"), NEEDS(domains, debug_hooks, diag), OPEN(PMM_OPEN_DEBUG),
     OOM_EXEMPT(IN_A_CHILD)) {
  const char *text = dies_by_abort(t, underrun_and_free, NULL);
  expect(text != NULL);
  expect(strstr(text, "p-1") != NULL);
}

static void release_twice(struct pmm_test *t, void *ctx) {
  pmm_obj *o = ctx;
  OPS->release(RT, GIVE(o));
  OPS->release(RT, o);
  OPS->close(RT);
}

/* "Releasing an object more often than it was acquired is reported with the
 * object's id."  Only a debug build of CPython counts that; who says in its
 * profile that it does has to. */
MUST(dbg, excess_release_aborts, "One release too many is detected",
     REQ("DBG-005"), NEEDS(refcount, debug_hooks, diag), OPEN(PMM_OPEN_DEBUG),
     ALLOWED("reported"), NOTEWORTHY("not noticed"), OOM_EXEMPT(IN_A_CHILD)) {
  char id[32];
  pmm_obj *o = probe(t, 1);
  (void)snprintf(id, sizeof id, "%llx",
                 (unsigned long long)OPS->identity(RT, o));
  const char *text = dies_by_abort(t, release_twice, o);
  int told = text != NULL && strstr(text, id) != NULL;
  expect(told || !profile_has(t, "excess_release_reported"));
  outcome(t, told ? "reported" : "not noticed");
}

/* ---- leaks -------------------------------------------------------------- */

static const char lost_here[] = "dbg.c: lost here";

struct found {
  const char *type;
  const char *site;
  int lost;       /* reports of 3 of the type from the site                 */
  uint64_t bytes; /* as the last of them told                               */
};

static void on_leak(void *ctx, const struct pmm_leak *leak) {
  struct found *found = ctx;
  if (strcmp(leak->type, found->type) == 0 &&
      strcmp(leak->site, found->site) == 0 && leak->count == 3) {
    found->lost++;
    found->bytes = leak->bytes;
  }
}

static void stop_tracing(struct pmm_test *t, void *subject) {
  (void)subject;
  OPS->trace_stop(RT);
}

static void pop_site(struct pmm_test *t, void *subject) {
  (void)subject;
  OPS->site_pop(RT);
}

/* Lose three instances, and find the one report of them. */
static void lose_and_find(struct pmm_test *t, const char *site) {
  struct found *found = SCRATCH(struct found);
  pmm_obj *type = probe_type(t, "lost", 1, PMM_TYPE_GC, NULL, NULL);
  *found = (struct found){.type = "lost", .site = site};
  size_t each = 0;
  for (int i = 0; i < 3; i++) {
    each = size_of(t, probe_of(t, type, i));
  }
  expect_ok(OPS->leaks(RT, on_leak, found));
  expect_eq(found->lost, 1);
  expect_eq(found->bytes, 3 * each);
}

/* "A leaked block is reported with size, type and, when tracing, the
 * allocation site; exit status of the run is non-zero." */
MUST(dbg, leaks_tell_their_origin, "A leak is reported with type and site",
     REQ("DBG-007"), NEEDS(diag, trace, sizeof)) {
  expect_ok(OPS->trace_start(RT));
  defer(t, stop_tracing, NULL);
  expect_ok(OPS->site_push(RT, lost_here));
  defer(t, pop_site, NULL);
  lose_and_find(t, lost_here);
}

/* "A leaked block is reported with size, type and, when tracing, the
 * allocation site; ..." */
MUST(dbg, untraced_leaks_tell_their_type,
     "A leak is reported with its type without tracing",
     REQ("DBG-007"), NEEDS(diag, sizeof)) {
  lose_and_find(t, "");
}

static void free_block(struct pmm_test *t, void *block) {
  OPS->domain_free(RT, PMM_DOMAIN_MEM, block);
}

/* "A leaked block is reported with size, type and, when tracing, the
 * allocation site; ..."  Blocks that belong to no object. */
MUST(dbg, lost_blocks_tell_their_origin,
     "A leaked block without an object is reported with its size",
     REQ("DBG-007"), NEEDS(diag, trace, domains)) {
  (void)profile_int(t, "lost_blocks_reported");
  for (int traced = 0; traced < 2; traced++) {
    struct found *found = SCRATCH(struct found);
    *found = (struct found){.type = "block", .site = traced ? lost_here : ""};
    if (traced) {
      expect_ok(OPS->trace_start(RT));
      defer(t, stop_tracing, NULL);
      expect_ok(OPS->site_push(RT, lost_here));
      defer(t, pop_site, NULL);
    }
    for (int i = 0; i < 3; i++) {
      void *block = BLOCK(OPS->domain_malloc(RT, PMM_DOMAIN_MEM, 1000));
      defer(t, free_block, block);
    }
    expect_ok(OPS->leaks(RT, on_leak, found));
    expect_eq(found->lost, 1);
    expect_eq(found->bytes, 3000);
  }
}
