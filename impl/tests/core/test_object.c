/* SPDX-License-Identifier: MIT */
/* test_object.c - opening, errors, references, nesting, deep structures. */
#include <pthread.h>

#include "tests/fixture.h"
#include "types/instance.h"
#include "types/weakref.h"

static void test_open(void) {
  char message[128];
  struct pmm_open_config config = {.struct_size = sizeof config};
  pmm_rt *rt = (pmm_rt *)&config;
  tap_ok(pmmi_open(&config, &rt) == PMM_UNSUPPORTED && rt == NULL,
         "a runtime needs a backend");
  config.backend = pmmi_backend_find("pool", message, sizeof message);
  config.mode = "no such mode";
  tap_ok(pmmi_open(&config, &rt) == PMM_VALUE && rt == NULL,
         "and a mode that there is");
  config.mode = NULL;
  tap_ok(pmmi_open(&config, &rt) == PMM_OK, "the default will do");
  pmmi_close(rt);
}

static void test_errors(pmm_rt *rt) {
  tap_ok(pmmi_error(rt) == PMM_OK && *pmmi_error_message(rt) == '\0',
         "none at first");
  char text[] = "from the host";
  pmmi_error_set(rt, PMM_USER, text);
  text[0] = 'x';
  tap_ok(pmmi_error(rt) == PMM_USER &&
             strcmp(pmmi_error_message(rt), "from the host") == 0,
         "the host's text is copied");
  (void)pmmi_fail(rt, PMM_KEY, "another");
  tap_ok(pmmi_error(rt) == PMM_KEY, "an error replaces another");
  struct pmmi_error saved;
  pmmi_error_save(rt, &saved);
  tap_ok(pmmi_error(rt) == PMM_OK, "saved: none is pending");
  (void)pmmi_fail(rt, PMM_VALUE, "nobody gets this");
  pmmi_error_restore(rt, &saved);
  tap_ok(pmmi_error(rt) == PMM_KEY && fixture_log.unraisable == 1,
         "restored; what came between is unraisable");
  (void)pmmi_fail_os(rt, 2, "no such file");
  tap_ok(pmmi_os_errno(rt) == 2, "errno of an OS error");
  pmmi_error_set(rt, PMM_OK, NULL);
  tap_ok(pmmi_os_errno(rt) == 0 && pmmi_error(rt) == PMM_OK, "cleared");
}

static void test_references(pmm_rt *rt) {
  pmm_obj *o = pmmi_int_new(rt, 1234);
  for (int i = 0; i < 100000; i++) {
    pmmi_retain(rt, o);
  }
  tap_ok(pmmi_refcount(rt, o) == 100001, "counted up");
  for (int i = 0; i < 100000; i++) {
    pmmi_release(rt, o);
  }
  tap_ok(pmmi_refcount(rt, o) == 1 && pmmi_refcount_reported(rt, o) == 1,
         "and down");
  tap_ok(pmmi_refcount_set(rt, o, UINT64_C(1) << 33) == PMM_OK &&
             (pmmi_retain(rt, o), pmmi_refcount(rt, o)) ==
                 (UINT64_C(1) << 33) + 1,
         "beyond 2^33");
  (void)pmmi_refcount_set(rt, o, 1);
  pmmi_xretain(rt, NULL);
  pmmi_xrelease(rt, NULL);
  pmmi_clear(rt, &o);
  pmmi_clear(rt, &o);
  tap_ok(o == NULL, "clear empties its holder");
}

/* ---- nesting ------------------------------------------------------------- */

static pmm_obj *nested(pmm_rt *rt, size_t depth, int as_list) {
  pmm_obj *o = pmmi_tuple_new(rt, 0);
  for (size_t i = 0; i < depth; i++) {
    pmm_obj *outer = as_list ? pmmi_list_from(rt, &o, 1)
                             : pmmi_tuple_from(rt, &o, 1);
    pmmi_release(rt, o);
    o = outer;
  }
  return o;
}

static void test_recursion(pmm_rt *rt) {
  pmm_obj *a = nested(rt, 5000, 0);
  pmm_obj *b = nested(rt, 5000, 0);
  int equal;
  int64_t hash;
  tap_ok(pmmi_equals(rt, a, b, &equal) == PMM_RECURSION &&
             fixture_failed(rt, PMM_RECURSION),
         "comparing is limited");
  tap_ok(pmmi_hash(rt, a, &hash) == PMM_RECURSION &&
             fixture_failed(rt, PMM_RECURSION),
         "hashing is limited");
  tap_ok(pmmi_repr(rt, a) == NULL && fixture_failed(rt, PMM_RECURSION),
         "printing is limited");
  tap_ok(pmmi_core_state(rt)->recursion == 0 &&
             pmmi_types_state(rt)->repr == NULL,
         "and unwinds");
  pmmi_release(rt, a);
  pmmi_release(rt, b);
  a = nested(rt, 900, 1);
  b = nested(rt, 900, 1);
  tap_ok(pmmi_equals(rt, a, b, &equal) == PMM_OK && equal,
         "900 levels are within it");
  pmmi_release(rt, a);
  pmmi_release(rt, b);
}

static void test_self(pmm_rt *rt) {
  pmm_obj *list = fixture_range(rt, 0, 1);
  (void)pmmi_list_append(rt, list, list);
  tap_ok(fixture_reads(rt, list, "[0, [...]]"), "a list in itself");
  pmm_obj *tuple = pmmi_tuple_from(rt, &list, 1);
  (void)pmmi_list_append(rt, list, tuple);
  tap_ok(fixture_reads(rt, tuple, "([0, [...], (...)],)"), "and a tuple");
  pmmi_release(rt, tuple);
  (void)pmmi_list_clear(rt, list);
  pmmi_release(rt, list);
}

static void test_types(pmm_rt *rt) {
  pmm_obj *list = pmmi_list_new(rt, 0);
  int64_t hash;
  size_t length;
  tap_ok(pmmi_hash(rt, list, &hash) == PMM_TYPE && fixture_failed(rt, PMM_TYPE),
         "lists have no hash");
  tap_ok(pmmi_length(rt, pmmi_none(rt), &length) == PMM_TYPE &&
             fixture_failed(rt, PMM_TYPE) &&
             pmmi_next(rt, list) == NULL && fixture_failed(rt, PMM_TYPE),
         "None has no length, a list no next");
  int equal = 1;
  tap_ok(pmmi_equals(rt, list, pmmi_none(rt), &equal) == PMM_OK && !equal,
         "different types are not equal");
  tap_ok(strcmp(pmmi_type_name(rt, list), "list") == 0 &&
             pmmi_same(rt, list, list) && !pmmi_same(rt, list, NULL) &&
             pmmi_identity(rt, list) != pmmi_identity(rt, pmmi_none(rt)),
         "names and identities");
  pmmi_release(rt, list);
}

/* ---- deep structures on a small stack ------------------------------------ */

#define DEEP 1000000

struct deep {
  pmm_rt *rt;
  pmm_obj *top;
};

static void *drop_deep(void *argument) {
  struct deep *deep = argument;
  pmmi_release(deep->rt, deep->top);
  return NULL;
}

static void drop_on_small_stack(pmm_rt *rt, pmm_obj *top) {
  struct deep deep = {rt, top};
  pthread_attr_t attributes;
  pthread_t thread;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 256 * 1024);
  if (pthread_create(&thread, &attributes, drop_deep, &deep) == 0) {
    pthread_join(thread, NULL);
  }
  pthread_attr_destroy(&attributes);
}

static pmm_obj *chain_of(pmm_rt *rt, pmm_obj *type, int64_t n) {
  pmm_obj *top = pmmi_none(rt);
  for (int64_t i = 0; i < n; i++) {
    pmm_obj *o = pmmi_instance_new(rt, type, i);
    (void)pmmi_slot_set(rt, o, 0, top);
    pmmi_release(rt, top);
    top = o;
  }
  return top;
}

static void test_deep(pmm_rt *rt) {
  pmmi_gc_enable(rt, 0); /* checking a million objects again and again */
  struct pmm_memory before = fixture_memory(rt);
  drop_on_small_stack(rt, nested(rt, DEEP, 0));
  tap_ok(fixture_is_back(rt, before), "a million tuples");
  drop_on_small_stack(rt, nested(rt, DEEP, 1));
  tap_ok(fixture_is_back(rt, before), "a million lists");
  for (uint32_t flags = 0; flags <= PMM_TYPE_GC; flags += PMM_TYPE_GC) {
    struct pmm_type_spec spec = {.struct_size = sizeof spec,
                                 .name = "link",
                                 .slots = 1,
                                 .flags = flags};
    pmm_obj *type = pmmi_type_new(rt, &spec);
    fixture_log.deallocated = 0;
    drop_on_small_stack(rt, chain_of(rt, type, DEEP));
    pmmi_release(rt, type);
    tap_ok(fixture_log.deallocated == DEEP && fixture_is_back(rt, before),
           "a million instances, each once");
  }
}

/* ---- objects that wait for their death ----------------------------------- */

struct watcher {
  pmm_obj *weak;    /* to the innermost of a chain                          */
  size_t seen;      /* finalizers that could still get it                   */
  size_t finalized;
};

static enum pmm_status look(void *ctx, pmm_rt *rt, pmm_obj *o) {
  struct watcher *w = ctx;
  (void)o;
  w->finalized++;
  pmm_obj *target = pmmi_weakref_get(rt, w->weak);
  w->seen += target != NULL && !pmmi_is_alive(target);
  pmmi_xrelease(rt, target);
  return PMM_OK;
}

static void test_waiting(pmm_rt *rt) {
  struct watcher w = {NULL, 0, 0};
  struct pmm_type_spec spec = {.struct_size = sizeof spec,
                               .name = "link",
                               .slots = 1,
                               .flags = PMM_TYPE_GC | PMM_TYPE_WEAKREF,
                               .finalizer = look,
                               .ctx = &w};
  pmm_obj *type = pmmi_type_new(rt, &spec);
  pmm_obj *inner = pmmi_instance_new(rt, type, 0);
  w.weak = pmmi_weakref_new(rt, inner, NULL, NULL, 0);
  pmm_obj *top = inner;
  for (int64_t i = 1; i < 200; i++) {
    pmm_obj *o = pmmi_instance_new(rt, type, i);
    (void)pmmi_slot_set(rt, o, 0, top);
    pmmi_release(rt, top);
    top = o;
  }
  pmmi_release(rt, top);
  tap_ok(w.finalized == 200 && w.seen == 0,
         "no finalizer gets hold of an object that is dying");
  tap_ok(pmmi_weakref_get(rt, w.weak) == NULL && pmmi_error(rt) == PMM_OK,
         "and afterwards it is dead");
  pmmi_release(rt, w.weak);
  pmmi_release(rt, type);
}

int main(void) {
  tap_plan(0);
  test_open();
  fixture_each("errors", test_errors);
  fixture_each("references", test_references);
  fixture_each("recursion", test_recursion);
  fixture_each("self", test_self);
  fixture_each("types", test_types);
  fixture_each("deep", test_deep);
  fixture_each("waiting", test_waiting);
  return tap_done();
}
