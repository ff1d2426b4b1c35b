/* SPDX-License-Identifier: MIT */
/*
 * test_dry.c - the backend itself runs dry.
 *
 * inject_arm fails requests before a backend sees them.  What lies below that
 * (tables of the tracer, the heap itself, a resize that shrinks, a thread) can
 * fail only so: job by job the backend, and the C library where it serves
 * tables, refuse the first, second, ... request and all after it, until the job
 * meets no refusal.
 */
#include "code/call_on_stack.h"
#include "code/file.h"
#include "core/tracked.h"
#include "memory/trace.h"
#include "runtime/census.h"
#include "tests/fixture.h"
#include "types/buffer.h"

/* The backend below, what it still gives, and whether it was asked for more. */
static struct {
  const struct pmm_backend *solid;
  struct pmm_backend backend;
  uint64_t left;
  int refused;
} dry;

static int is_dry(void) {
  dry.refused |= dry.left == 0;
  dry.left -= dry.left > 0;
  return dry.refused;
}

static int dry_init(const struct pmm_backend_config *config, void **heap) {
  return is_dry() ? -1 : dry.solid->init(config, heap);
}

static void *dry_alloc(void *heap, size_t size) {
  return is_dry() ? NULL : dry.solid->alloc(heap, size);
}

static void *dry_alloc_zero(void *heap, size_t n, size_t size) {
  return is_dry() ? NULL : dry.solid->alloc_zero(heap, n, size);
}

static void *dry_realloc(void *heap, void *block, size_t old_size,
                         size_t new_size) {
  return is_dry() ? NULL
                  : dry.solid->realloc(heap, block, old_size, new_size);
}

static void *dry_table(void *ctx, size_t size) {
  return is_dry() ? NULL : pmmi_raw_allocator.alloc(ctx, size);
}

static void *dry_table_zero(void *ctx, size_t n, size_t size) {
  return is_dry() ? NULL : pmmi_raw_allocator.alloc_zero(ctx, n, size);
}

static void *dry_table_resize(void *ctx, void *block, size_t old_size,
                              size_t new_size) {
  return is_dry() ? NULL
                  : pmmi_raw_allocator.realloc(ctx, block, old_size, new_size);
}

static int dry_thread_enter(void *heap) {
  (void)heap;
  return is_dry() ? -1 : 0;
}

static void fill_up(uint64_t left) {
  dry.left = left;
  dry.refused = 0;
}

static void choose(const char *name) {
  char message[128];
  dry.solid = pmmi_backend_find(name, message, sizeof message);
  tap_need(dry.solid != NULL);
  dry.backend = *dry.solid;
  dry.backend.init = dry_init;
  dry.backend.alloc = dry_alloc;
  dry.backend.alloc_zero = dry_alloc_zero;
  dry.backend.realloc = dry_realloc;
  dry.backend.thread_enter = dry_thread_enter;
  dry.backend.thread_leave = NULL;
}

static enum pmm_status open_over(pmm_rt **rt) {
  struct pmm_open_config config = {.struct_size = sizeof config,
                                   .backend = &dry.backend};
  enum pmm_status status = pmmi_open(&config, rt);
  if (status == PMM_OK) {
    pmmi_holder_of(*rt)->tables.alloc = dry_table;
    pmmi_holder_of(*rt)->tables.alloc_zero = dry_table_zero;
    pmmi_holder_of(*rt)->tables.realloc = dry_table_resize;
  }
  return status;
}

static void test_open(const char *name) {
  uint64_t k = 0;
  int good = 1;
  for (int refused = 1; refused && good; k++) {
    pmm_rt *rt = NULL;
    fill_up(k);
    enum pmm_status status = open_over(&rt);
    refused = dry.refused;
    good = status == (refused ? PMM_NO_MEMORY : PMM_OK) &&
           (rt != NULL) == !refused;
    fill_up(UINT64_MAX);
    if (rt != NULL) {
      pmmi_close(rt);
    }
  }
  tap_ok(good && k > 5, "opening over %s survives %llu refusals", name,
         (unsigned long long)(k - 1));
}

/* ---- jobs ---------------------------------------------------------------- */

/* PMM_OK, or the pending status; it gives back what it takes. */
typedef enum pmm_status (*job)(pmm_rt *rt);

static void ignore(void *ctx, const struct pmm_census *row) {
  (void)ctx;
  (void)row;
}

/* More sites, nested sites and blocks than there is room for at first. */
static enum pmm_status run_trace(pmm_rt *rt) {
  enum { DEPTH = 20 };
  static char names[DEPTH][8];
  int depth = 0;
  if (pmmi_trace_start(rt) != PMM_OK) {
    return pmmi_error(rt);
  }
  for (; depth < DEPTH; depth++) {
    snprintf(names[depth], sizeof names[depth], "site%d", depth);
    if (pmmi_site_push(rt, names[depth]) != PMM_OK) {
      break;
    }
  }
  pmm_obj *all = pmmi_list_new(rt, 0);
  for (int64_t i = 0; all != NULL && !pmmi_error_pending(rt) && i < 600; i++) {
    pmm_obj *item = pmmi_int_new(rt, 1000 + i);
    if (item != NULL) {
      (void)pmmi_list_append(rt, all, item);
      pmmi_release(rt, item);
    }
  }
  pmmi_xrelease(rt, all);
  while (depth-- > 0) {
    pmmi_site_pop(rt);
  }
  pmmi_trace_stop(rt);
  return pmmi_error(rt);
}

static enum pmm_status run_census(pmm_rt *rt) {
  enum { TYPES = 40 };
  pmm_obj *held[TYPES] = {NULL};
  enum pmm_status status = pmmi_trace_start(rt);
  for (int i = 0; status == PMM_OK && i < TYPES; i++) {
    const struct pmm_type_spec spec = {.struct_size = sizeof spec,
                                       .name = "one of many"};
    pmm_obj *type = pmmi_type_new(rt, &spec);
    held[i] = type != NULL ? pmmi_instance_new(rt, type, i) : NULL;
    pmmi_xrelease(rt, type);
    status = pmmi_error(rt);
  }
  if (status == PMM_OK) {
    status = pmmi_census(rt, ignore, NULL);
  }
  for (int i = 0; i < TYPES; i++) {
    pmmi_xrelease(rt, held[i]);
  }
  pmmi_trace_stop(rt);
  return status;
}

/* Growing and shrinking resizes, of traced blocks as well. */
static enum pmm_status run_resizes(pmm_rt *rt) {
  enum pmm_status status = pmmi_trace_start(rt);
  pmm_obj *array = status == PMM_OK ? pmmi_bytearray_new(rt, 1000) : NULL;
  if (array != NULL && pmmi_bytearray_resize(rt, array, 5000) == PMM_OK) {
    (void)pmmi_bytearray_resize(rt, array, 10);
  }
  pmmi_xrelease(rt, array);
  pmmi_trace_stop(rt);
  return pmmi_error(rt);
}

/* As many traced blocks as fit, then a resize: it needs a larger table. */
static enum pmm_status run_resize_when_full(pmm_rt *rt) {
  enum { FULL = 512 };
  static void *blocks[FULL];
  size_t count = 0;
  if (pmmi_trace_start(rt) != PMM_OK) {
    return pmmi_error(rt);
  }
  while (count < FULL && (blocks[count] = pmmi_alloc(rt, 16)) != NULL) {
    count++;
  }
  void *moved = count == FULL ? pmmi_realloc(rt, blocks[0], 16, 64) : NULL;
  if (moved != NULL) {
    pmmi_free(rt, moved, 64);
  } else if (count > 0) {
    pmmi_free(rt, blocks[0], 16);
  }
  while (count > 1) {
    pmmi_free(rt, blocks[--count], 16);
  }
  pmmi_trace_stop(rt);
  return moved != NULL ? PMM_OK : pmmi_fail(rt, PMM_NO_MEMORY, "refused");
}

/* More collectable objects than a chunk of the collector's table has slots. */
static enum pmm_status run_many(pmm_rt *rt) {
  enum { MANY = 2200 };
  static pmm_obj *held[MANY];
  size_t count = 0;
  while (count < MANY && (held[count] = pmmi_tuple_new(rt, 30)) != NULL) {
    count++;
  }
  enum pmm_status status = pmmi_error(rt);
  pmmi_error_clear(rt); /* dropping is not allowed with one pending          */
  while (count > 0) {
    pmmi_release(rt, held[--count]);
  }
  pmmi_caches_flush(rt);
  return status == PMM_OK ? PMM_OK : pmmi_fail(rt, status, "as before");
}

/* The block is cut to what was read. */
static enum pmm_status run_read(pmm_rt *rt) {
  pmm_obj *file = pmmi_file_open(rt, "/proc/self/status", "r");
  pmm_obj *bytes = file != NULL ? pmmi_file_read(rt, file, SIZE_MAX) : NULL;
  pmmi_xrelease(rt, bytes);
  if (file != NULL) {
    struct pmmi_error error;
    pmmi_error_save(rt, &error);
    (void)pmmi_file_close(rt, file);
    pmmi_error_restore(rt, &error);
  }
  pmmi_xrelease(rt, file);
  return pmmi_error(rt);
}

static enum pmm_status idle(void *ctx, pmm_rt *rt, pmm_obj *arg) {
  (void)ctx;
  (void)rt;
  (void)arg;
  return PMM_OK;
}

static enum pmm_status run_thread(pmm_rt *rt) {
  return pmmi_call_on_stack(rt, 1 << 20, idle, NULL);
}

static const struct {
  const char *name;
  job run;
  uint64_t first; /* requests that the first attempt gets; the ones before  */
                  /* are all alike                                          */
  uint64_t least; /* refusals that must be met                              */
} jobs[] = {
    {"tracing", run_trace, 0, 100}, {"a census", run_census, 0, 40},
    {"resizing", run_resizes, 0, 4},
    {"resizing when full", run_resize_when_full, 500, 10},
    {"many objects", run_many, 2000, 100},
    {"reading", run_read, 0, 3},     {"a thread", run_thread, 0, 1},
};

/* One attempt on a runtime of its own, so that every table is small at first.
 * 1: the job was refused something; 0: it was not; -1: something is wrong. */
static int attempt(job run, uint64_t left) {
  pmm_rt *rt = NULL;
  fill_up(UINT64_MAX);
  tap_need(open_over(&rt) == PMM_OK);
  struct pmm_memory before = fixture_memory(rt);
  fill_up(left);
  enum pmm_status status = run(rt);
  int refused = dry.refused;
  fill_up(UINT64_MAX);
  int good = status == PMM_OK || (status == PMM_NO_MEMORY && refused);
  pmmi_error_clear(rt);
  good = good && pmmi_heap_verify(rt) == NULL && fixture_is_back(rt, before) &&
         run(rt) == PMM_OK;
  pmmi_close(rt);
  if (!good) {
    printf("# %llu requests served: status %d\n", (unsigned long long)left,
           (int)status);
  }
  return good ? refused : -1;
}

static void test_jobs(const char *name) {
  for (size_t i = 0; i < sizeof jobs / sizeof *jobs; i++) {
    uint64_t k = jobs[i].first;
    int result;
    while ((result = attempt(jobs[i].run, k)) == 1) {
      k++;
    }
    tap_ok(result == 0 && k - jobs[i].first >= jobs[i].least,
           "%s over %s survives %llu refusals", jobs[i].name, name,
           (unsigned long long)(k - jobs[i].first));
  }
}

/* ---- what cannot fail ---------------------------------------------------- */

/* Saved garbage needs a list; without memory it stays alive unlisted. */
static void test_garbage_list(void) {
  pmm_rt *rt = NULL;
  uint64_t found = 0;
  fill_up(UINT64_MAX);
  tap_need(open_over(&rt) == PMM_OK);
  struct pmm_memory before = fixture_memory(rt);
  pmm_obj *list = pmmi_list_new(rt, 0);
  (void)pmmi_list_append(rt, list, list);
  (void)pmmi_gc_debug_set(rt, PMM_GC_SAVEALL);
  pmmi_release(rt, list);
  pmmi_caches_flush(rt);
  fill_up(0);
  enum pmm_status status = pmmi_collect(rt, 2, &found);
  fill_up(UINT64_MAX);
  tap_ok(status == PMM_OK && found == 1 && pmmi_error(rt) == PMM_OK &&
             list->refcnt == 1,
         "garbage that cannot be listed stays alive");
  (void)pmmi_gc_debug_set(rt, 0);
  (void)pmmi_collect(rt, 2, &found);
  tap_ok(found == 1 && fixture_is_back(rt, before), "until it is collected");
  pmmi_close(rt);
}

/* The table's directory grows when all its chunks are full. */
static void test_directory(void) {
  enum { MOST = 300000 };
  static pmm_obj *held[MOST];
  size_t count = 0;
  pmm_rt *rt = NULL;
  fill_up(UINT64_MAX);
  tap_need(open_over(&rt) == PMM_OK);
  struct pmm_memory before = fixture_memory(rt);
  const struct pmmi_tracked *table = pmmi_tracked_of(rt);
  pmmi_gc_enable(rt, 0);
  while (count < MOST && (table->chunk_count < table->chunk_room ||
                          table->live < pmmi_gc_room(table))) {
    held[count] = pmmi_tuple_new(rt, 1);
    tap_need(held[count] != NULL);
    count++;
  }
  fill_up(0);
  tap_ok(count < MOST && pmmi_tuple_new(rt, 1) == NULL &&
             fixture_failed(rt, PMM_NO_MEMORY),
         "%zu objects, and no room for one more chunk", count);
  fill_up(UINT64_MAX);
  pmm_obj *one_more = pmmi_tuple_new(rt, 1);
  tap_ok(one_more != NULL && pmmi_heap_verify(rt) == NULL,
         "until there is memory");
  pmmi_xrelease(rt, one_more);
  while (count > 0) {
    pmmi_release(rt, held[--count]);
  }
  tap_ok(fixture_is_back(rt, before), "and nothing is lost");
  pmmi_close(rt);
}

static void test_no_stack(void) {
  pmm_rt *rt = NULL;
  fill_up(UINT64_MAX);
  tap_need(open_over(&rt) == PMM_OK);
  tap_ok(pmmi_call_on_stack(rt, SIZE_MAX / 4, idle, NULL) == PMM_NO_MEMORY &&
             fixture_failed(rt, PMM_NO_MEMORY),
         "a stack that nobody has");
  pmmi_close(rt);
}

int main(void) {
  static const char *const names[] = {"libc", "pool"};
  tap_plan(0);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    choose(names[i]);
    test_open(names[i]);
    test_jobs(names[i]);
    test_garbage_list();
    test_directory();
    test_no_stack();
  }
  return tap_done();
}
