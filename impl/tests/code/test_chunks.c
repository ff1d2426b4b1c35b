/* SPDX-License-Identifier: MIT */
/* test_chunks.c - streaming in chunks, and sources that fail half-way. */
#include <stdio.h>
#include <unistd.h>

#include "code/chunks.h"
#include "code/generator.h"
#include "tests/fixture.h"
#include "types/copy.h"
#include "types/iter.h"

/* Take a chunk; 1 when it reads so. */
static int gives(pmm_rt *rt, pmm_obj *chunks, const char *text) {
  pmm_obj *chunk = pmmi_next(rt, chunks);
  int same = chunk != NULL && fixture_reads(rt, chunk, text);
  pmmi_xrelease(rt, chunk);
  return same;
}

static int ends(pmm_rt *rt, pmm_obj *chunks) {
  return pmmi_next(rt, chunks) == NULL && fixture_failed(rt, PMM_STOP);
}

static void test_items(pmm_rt *rt) {
  pmm_obj *list = fixture_range(rt, 0, 10);
  pmm_obj *chunks = pmmi_chunks(rt, list, 4);
  tap_ok(gives(rt, chunks, "[0, 1, 2, 3]") &&
             gives(rt, chunks, "[4, 5, 6, 7]") &&
             gives(rt, chunks, "[8, 9]") && ends(rt, chunks) &&
             ends(rt, chunks),
         "10 by 4 are 4, 4 and 2, and then nothing for ever");
  tap_ok(pmmi_refcount(rt, list) == 1, "at the end the source is let go");
  pmm_obj *same = pmmi_iter(rt, chunks);
  tap_ok(same == chunks, "it is its own iterator");
  tap_ok(pmmi_copy(rt, chunks) == NULL && fixture_failed(rt, PMM_TYPE) &&
             pmmi_chunks(rt, list, 0) == NULL &&
             fixture_failed(rt, PMM_VALUE) &&
             pmmi_file_chunks(rt, list, 4) == NULL &&
             fixture_failed(rt, PMM_TYPE),
         "it has no copy; no size and no file are refused");
  pmmi_release(rt, same);
  pmmi_release(rt, chunks);
  pmmi_release(rt, list);
}

/* One chunk is alive at a time: memory does not depend on the input. */
static void test_memory(pmm_rt *rt) {
  uint64_t peaks[2];
  for (size_t k = 0; k < 2; k++) {
    pmm_obj *list = fixture_range(rt, 0, k == 0 ? 1000 : 100000);
    pmm_obj *chunks = pmmi_chunks(rt, list, 100);
    struct pmm_memory before = fixture_memory(rt);
    pmmi_memory_reset_peak(rt);
    pmm_obj *chunk;
    while ((chunk = pmmi_next(rt, chunks)) != NULL) {
      pmmi_release(rt, chunk);
    }
    pmmi_error_clear(rt);
    struct pmm_memory after = {.struct_size = sizeof after};
    pmmi_memory(rt, &after);
    peaks[k] = after.peak_bytes - before.live_bytes;
    pmmi_release(rt, chunks);
    pmmi_release(rt, list);
  }
  tap_ok(peaks[0] == peaks[1] && peaks[0] < 2000,
         "100 times the input takes the same %llu bytes",
         (unsigned long long)peaks[1]);
}

/* for i in range(4): yield i; then fail; nothing after that */
static pmm_obj *failing(pmm_rt *rt) {
  static const struct pmm_instruction body[] = {{PMM_FOR_RANGE, 0, 4, 0},
                                                {PMM_YIELD, -1, 0, 0},
                                                {PMM_END, 0, 0, 0},
                                                {PMM_RAISE, 0, PMM_USER, 0}};
  const struct pmm_code code = {.struct_size = sizeof code,
                                .name = "failing",
                                .locals = 1,
                                .instructions = body,
                                .instruction_count = 4};
  return pmmi_generator_new(rt, &code, NULL, 0);
}

static void test_errors(pmm_rt *rt) {
  pmm_obj *source = failing(rt);
  pmm_obj *chunks = pmmi_chunks(rt, source, 3);
  tap_ok(gives(rt, chunks, "[0, 1, 2]") && pmmi_next(rt, chunks) == NULL &&
             fixture_failed(rt, PMM_USER) && gives(rt, chunks, "[3]") &&
             ends(rt, chunks),
         "an error comes out, and what was taken before it afterwards");
  pmmi_release(rt, chunks);
  pmmi_release(rt, source);
  source = failing(rt);
  chunks = pmmi_chunks(rt, source, 10);
  tap_ok(pmmi_next(rt, chunks) == NULL && fixture_failed(rt, PMM_USER),
         "a chunk that was never finished");
  pmmi_release(rt, chunks);
  pmmi_release(rt, source);
}

/* A list that holds the chunks over it, one of them begun, is a cycle. */
static void test_cycle(pmm_rt *rt) {
  pmm_obj *list = fixture_range(rt, 0, 5);
  pmm_obj *chunks = pmmi_chunks(rt, list, 2);
  (void)pmmi_list_append(rt, list, chunks);
  pmmi_release(rt, list);
  pmmi_release(rt, chunks);
  uint64_t unreachable = 0;
  (void)pmmi_collect(rt, 2, &unreachable);
  tap_ok(unreachable == 3, "a cycle through chunks is found: %llu objects",
         (unsigned long long)unreachable);
}

static void test_file(pmm_rt *rt) {
  char path[] = "/tmp/pmm-chunks-XXXXXX";
  int descriptor = mkstemp(path);
  int made = descriptor >= 0 && write(descriptor, "0123456789", 10) == 10;
  pmm_obj *file = pmmi_file_open(rt, path, "r");
  pmm_obj *chunks = pmmi_file_chunks(rt, file, 4);
  tap_ok(made && gives(rt, chunks, "b'0123'") &&
             gives(rt, chunks, "b'4567'") && gives(rt, chunks, "b'89'") &&
             ends(rt, chunks) && ends(rt, chunks) &&
             pmmi_file_descriptor(rt, file) >= 0,
         "a file of 10 bytes by 4; it stays open");
  pmm_obj *more = pmmi_file_chunks(rt, file, 1);
  (void)pmmi_file_close(rt, file);
  tap_ok(pmmi_next(rt, more) == NULL && fixture_failed(rt, PMM_VALUE) &&
             ends(rt, chunks) && pmmi_copy(rt, more) == NULL &&
             fixture_failed(rt, PMM_TYPE),
         "a closed file cannot be read");
  pmmi_release(rt, more);
  pmmi_release(rt, chunks);
  pmmi_release(rt, file);
  (void)close(descriptor);
  (void)unlink(path);
}

static pmm_obj *make_list(pmm_rt *rt) { return fixture_range(rt, 1000, 1010); }

/* All chunks; a failure in the middle of one loses nothing of it. */
static enum pmm_status run_chunks(pmm_rt *rt, pmm_obj *o) {
  pmm_obj *chunks = pmmi_chunks(rt, o, 4);
  pmm_obj *chunk = NULL;
  enum pmm_status status = chunks != NULL ? PMM_OK : PMM_NO_MEMORY;
  while (status == PMM_OK) {
    chunk = pmmi_next(rt, chunks);
    status = chunk != NULL ? PMM_OK : pmmi_error(rt);
    pmmi_xrelease(rt, chunk);
  }
  if (status == PMM_STOP) {
    pmmi_error_clear(rt);
    status = PMM_OK;
  }
  pmmi_xrelease(rt, chunks);
  return status;
}

static void test_sweep(pmm_rt *rt) {
  sweep(rt, &(struct sweep_case){"chunks", make_list, run_chunks}, 6);
  pmm_obj *list = make_list(rt);
  pmm_obj *chunks = pmmi_chunks(rt, list, 10);
  int survived = 1;
  for (uint64_t nth = 1; nth <= 3; nth++) { /* arrays of 4, 8 and 16 */
    pmmi_caches_flush(rt);
    pmmi_inject_arm(rt, nth == 1 ? 2 : 1, 0);
    survived = survived && pmmi_next(rt, chunks) == NULL &&
               fixture_failed(rt, PMM_NO_MEMORY);
    (void)pmmi_inject_disarm(rt);
  }
  tap_ok(survived && gives(rt, chunks,
                           "[1000, 1001, 1002, 1003, 1004, 1005, 1006, "
                           "1007, 1008, 1009]") &&
             ends(rt, chunks),
         "memory that fails half-way loses no item");
  pmmi_release(rt, chunks);
  pmmi_release(rt, list);
}

int main(void) {
  tap_plan(0);
  fixture_each("items", test_items);
  fixture_each("memory", test_memory);
  fixture_each("errors", test_errors);
  fixture_each("cycle", test_cycle);
  fixture_each("file", test_file);
  fixture_each("sweep", test_sweep);
  return tap_done();
}
