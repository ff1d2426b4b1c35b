/* SPDX-License-Identifier: MIT */
/* test_leaks.c - what is left over is found, named and located. */
#include <unistd.h>

#include "code/file.h"
#include "memory/trace.h"
#include "tests/gc/lab.h"

static struct lab lab;

/** All reports of one search. */
struct reports {
  size_t count;
  struct pmm_leak leak[16];
};

static void on_leak(void *ctx, const struct pmm_leak *leak) {
  struct reports *reports = ctx;
  if (leak->kind != PMM_LEAK_CACHED && leak->kind != PMM_LEAK_ARENA &&
      reports->count < 16) {
    reports->leak[reports->count++] = *leak;
  }
}

static const struct pmm_leak *search(pmm_rt *rt, struct reports *reports,
                                     enum pmm_leak_kind kind) {
  reports->count = 0;
  (void)pmmi_leaks(rt, on_leak, reports);
  for (size_t i = 0; i < reports->count; i++) {
    if (reports->leak[i].kind == kind) {
      return &reports->leak[i];
    }
  }
  return NULL;
}

static void test_clean(void) {
  struct reports reports;
  pmm_rt *rt = lab_open(&lab, "counting", 0);
  (void)search(rt, &reports, PMM_LEAK_CYCLE);
  tap_ok(reports.count == 0, "a new runtime has no leak");
  pmm_obj *type = lab_type(rt, LAB_NODE, NULL, NULL);
  pmmi_release(rt, pmmi_instance_new(rt, type, 1));
  pmmi_release(rt, type);
  (void)search(rt, &reports, PMM_LEAK_CYCLE);
  tap_ok(reports.count == 0, "nor one that has cleaned up");
  lab_end(&lab, "clean");
}

static void test_kinds(void) {
  struct reports reports;
  pmm_rt *rt = lab_open(&lab, "counting", 0);
  (void)pmmi_trace_start(rt);
  pmm_obj *type = lab_type(rt, LAB_NODE, NULL, NULL);
  (void)pmmi_site_push(rt, "cycle.c:1");
  for (int i = 0; i < 3; i++) {
    pmm_obj *o = pmmi_instance_new(rt, type, 1);
    (void)pmmi_slot_set(rt, o, 0, o);
    pmmi_release(rt, o);
  }
  pmmi_site_pop(rt);
  (void)pmmi_site_push(rt, "lost.c:2");
  pmm_obj *lost = pmmi_instance_new(rt, type, 1);
  pmm_obj *owned = pmmi_list_new(rt, 0);
  (void)pmmi_slot_set(rt, lost, 0, owned);
  pmmi_release(rt, owned);
  pmmi_site_pop(rt);
  pmmi_release(rt, type);
  const struct pmm_leak *leak = search(rt, &reports, PMM_LEAK_CYCLE);
  tap_ok(leak != NULL && leak->count == 3 && leak->bytes > 0 &&
             strcmp(leak->type, "node") == 0 &&
             strcmp(leak->site, "cycle.c:1") == 0,
         "cycles are found, named and located");
  leak = search(rt, &reports, PMM_LEAK_REFERENCE);
  tap_ok(leak != NULL && leak->count == 1 &&
             strcmp(leak->site, "lost.c:2") == 0,
         "so is a lost reference");
  tap_ok(reports.count == 2, "what it owns is not blamed");
  tap_ok(pmmi_heap_verify(rt) == NULL, "searching leaves the heap as it was");
  pmmi_release(rt, lost);
  (void)lab_collect(rt);
  pmmi_trace_stop(rt);
  lab_end(&lab, "kinds");
}

static void test_others(void) {
  struct reports reports;
  char path[] = "/tmp/pmm-leaks-XXXXXX";
  int descriptor = mkstemp(path);
  pmm_rt *rt = lab_open(&lab, "counting", 0);
  pmm_obj *file = pmmi_file_open(rt, path, "r");
  const struct pmm_leak *leak = search(rt, &reports, PMM_LEAK_FILE);
  tap_ok(leak != NULL && leak->count == 1 && reports.count == 1,
         "an open file is found");
  pmmi_release(rt, file);
  pmm_obj *number = pmmi_int_new(rt, 123456789);
  leak = search(rt, &reports, PMM_LEAK_REFERENCE);
  tap_ok(leak != NULL && leak->count == 1 && reports.count == 1,
         "a lost atom is counted");
  pmmi_release(rt, number);
  pmm_obj *type = lab_type(rt, 0, NULL, NULL);
  pmm_obj *o = pmmi_instance_new(rt, type, 1);
  pmmi_release(rt, type);
  leak = search(rt, &reports, PMM_LEAK_REFERENCE);
  tap_ok(leak != NULL && leak->count == 1 && reports.count == 1 &&
             strcmp(leak->type, "node") == 0,
         "so is an instance without a header");
  pmmi_release(rt, o);
  (void)close(descriptor);
  (void)unlink(path);
  lab_end(&lab, "others");
}

static void test_blocks(void) {
  struct reports reports;
  pmm_rt *rt = lab_open(&lab, "counting", 0);
  void *untraced = pmmi_domain_malloc(rt, PMM_DOMAIN_RAW, 10);
  (void)pmmi_trace_start(rt);
  (void)pmmi_site_push(rt, "block.c:1");
  void *traced = pmmi_domain_malloc(rt, PMM_DOMAIN_MEM, 100);
  const struct pmm_leak *leak = search(rt, &reports, PMM_LEAK_BLOCK);
  tap_ok(leak != NULL && reports.count == 2 && leak->count == 1 &&
             leak->bytes == 10 && leak->site[0] == '\0',
         "a block without an object is found");
  tap_ok(reports.leak[1].kind == PMM_LEAK_BLOCK &&
             reports.leak[1].bytes == 100 &&
             strcmp(reports.leak[1].site, "block.c:1") == 0,
         "and located, when it was traced");
  pmmi_domain_free(rt, PMM_DOMAIN_MEM, traced);
  pmmi_domain_free(rt, PMM_DOMAIN_RAW, untraced);
  tap_ok(search(rt, &reports, PMM_LEAK_BLOCK) == NULL && reports.count == 0,
         "one that was given back is not");
  pmmi_site_pop(rt);
  pmmi_trace_stop(rt);
  lab_end(&lab, "blocks");
}

/* How many reports there are of a type and kind, and of how many objects. */
static uint64_t reported(const struct reports *reports, const char *type,
                         uint64_t times) {
  uint64_t count = 0;
  for (size_t i = 0; i < reports->count; i++) {
    if (reports->leak[i].kind == PMM_LEAK_REFERENCE &&
        strcmp(reports->leak[i].type, type) == 0) {
      count += reports->leak[i].count;
      times--;
    }
  }
  return times == 0 ? count : UINT64_MAX;
}

static pmm_obj *list_at(pmm_rt *rt, const char *site) {
  (void)pmmi_site_push(rt, site);
  pmm_obj *list = pmmi_list_new(rt, 0);
  pmmi_site_pop(rt);
  return list;
}

/* What a lost object owns is not lost: atoms, tuples that the collector no
 * longer tracks, instances without a header. */
static void test_owned(void) {
  struct reports reports;
  pmm_rt *rt = lab_open(&lab, "counting", 0);
  (void)pmmi_trace_start(rt);
  pmm_obj *type = lab_type(rt, 0, NULL, NULL);
  pmm_obj *one = list_at(rt, "one.c:1");
  pmm_obj *two = list_at(rt, "two.c:2");
  static const char same_name[] = "one.c:1"; /* at another address          */
  pmm_obj *like_one = list_at(rt, same_name);
  pmm_obj *owned = pmmi_instance_new(rt, type, 1);
  pmm_obj *lost = pmmi_instance_new(rt, type, 2);
  pmm_obj *number = pmmi_float_new(rt, 2.5);
  pmm_obj *tuple = pmmi_tuple_from(rt, &number, 1);
  pmm_obj *const items[] = {owned, number, tuple, pmmi_none(rt)};
  for (size_t i = 0; i < 4; i++) {
    (void)pmmi_list_append(rt, one, items[i]);
  }
  pmmi_release(rt, tuple);
  pmmi_release(rt, number);
  pmmi_release(rt, owned);
  pmmi_release(rt, type);
  (void)search(rt, &reports, PMM_LEAK_REFERENCE);
  tap_ok(reported(&reports, "list", 2) == 3,
         "three lists, of which two are from one place");
  tap_ok(reported(&reports, "node", 1) == 1, "one of two nodes is owned");
  tap_ok(reports.count == 3, "what the lists own is nobody's leak");
  pmmi_release(rt, lost);
  pmmi_release(rt, like_one);
  pmmi_release(rt, two);
  pmmi_release(rt, one);
  pmmi_trace_stop(rt);
  lab_end(&lab, "owned");
}

static enum pmm_status do_nothing(void *ctx, pmm_rt *rt, pmm_obj *o) {
  (void)ctx;
  (void)rt;
  (void)o;
  return PMM_OK;
}

/* The register owns finalizers that are armed; a search within a collection
 * is refused, as marks are in use. */
static enum pmm_status search_inside(void *ctx, pmm_rt *rt, pmm_obj *o) {
  struct reports reports = {.count = 0};
  (void)o;
  *(enum pmm_status *)ctx = pmmi_leaks(rt, on_leak, &reports);
  pmmi_error_clear(rt);
  return PMM_OK;
}

static void test_finalizers(void) {
  struct reports reports;
  enum pmm_status status = PMM_OK;
  pmm_rt *rt = lab_open(&lab, "counting", 0);
  pmm_obj *type = lab_type(rt, LAB_NODE, search_inside, &status);
  pmm_obj *o = pmmi_instance_new(rt, type, 1);
  pmmi_release(rt, pmmi_finalize_new(rt, o, do_nothing, NULL, 0));
  (void)search(rt, &reports, PMM_LEAK_REFERENCE);
  tap_ok(reports.count == 1 && reported(&reports, "node", 1) == 1,
         "an armed finalizer is no leak");
  (void)pmmi_slot_set(rt, o, 0, o);
  pmmi_release(rt, o);
  (void)lab_collect(rt);
  tap_ok(status == PMM_RUNTIME, "a collection is not searched for leaks");
  pmmi_release(rt, type);
  lab_end(&lab, "finalizers");
}

int main(int argc, char **argv) {
  lab_start(argc, argv);
  test_clean();
  test_kinds();
  test_others();
  test_blocks();
  test_owned();
  test_finalizers();
  return tap_done();
}
