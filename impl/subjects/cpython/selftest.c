/* SPDX-License-Identifier: MIT */
/*
 * selftest.c - the operations of the CPython subject, checked one by one.
 *
 *   1. A small host logs events; each area is one function that returns 1
 *      when all it did came out right.
 *   2. Every area runs in a runtime of its own, five times: once warm, no
 *      round may leave blocks behind.
 *
 * What the language must do is the conformance cases' business; here it is
 * whether the operations say what CPython did.
 */
#include "selftest.h"

#include <stdio.h>
#include <string.h>

#include "collector.h"
#include "pmm/view.h"
#include "tests/tap.h"

#define ROUNDS 5

/** What a host hears: how often, and the last cookie and detail, by kind. */
struct ear {
  unsigned count[16];
  int64_t cookie[16];
  int64_t detail[16];
};

static struct pmm_view view;
static const struct pmm_ops *ops = &view.ops;
static struct ear ear;

static void hear(void *ctx, enum pmm_event_kind kind, int64_t cookie,
                 int64_t detail) {
  struct ear *listening = ctx;
  listening->count[kind]++;
  listening->cookie[kind] = cookie;
  listening->detail[kind] = detail;
}

/** Stop an area with the line that did not hold. */
#define HOLDS(condition)                                                      \
  do {                                                                        \
    if (!(condition)) {                                                       \
      printf("# %s:%d: not so: %s\n", __func__, __LINE__, #condition);        \
      return 0;                                                               \
    }                                                                         \
  } while (0)

static enum pmm_status refuse(void *ctx, pmm_rt *rt, pmm_obj *arg) {
  (void)rt;
  (void)arg;
  ++*(int *)ctx;
  return PMM_USER;
}

static enum pmm_status note(void *ctx, pmm_rt *rt, pmm_obj *arg) {
  (void)rt;
  (void)arg;
  ++*(int *)ctx;
  return PMM_OK;
}

/* ---- areas -------------------------------------------------------------- */

static int atoms(pmm_rt *rt) {
  pmm_obj *n = ops->int_new(rt, 1234567);
  pmm_obj *big = ops->int_parse(rt, "123456789012345678901234567890");
  int64_t value = 0;
  HOLDS(ops->refcount(rt, n) == 1);
  HOLDS(ops->refcount_reported(rt, n) == 2);
  HOLDS(ops->int_value(rt, n, &value) == PMM_OK && value == 1234567);
  HOLDS(ops->int_value(rt, big, &value) == PMM_OVERFLOW);
  HOLDS(ops->error(rt) == PMM_OVERFLOW);
  ops->error_clear(rt);
  HOLDS(ops->int_parse(rt, "twelve") == NULL);
  HOLDS(ops->error(rt) == PMM_VALUE);
  HOLDS(strlen(ops->error_message(rt)) > 0);
  ops->error_clear(rt);
  HOLDS(strcmp(ops->type_name(rt, n), "int") == 0);
  ops->error_set(rt, PMM_USER, "mine");
  HOLDS(ops->error(rt) == PMM_USER);
  HOLDS(strcmp(ops->error_message(rt), "mine") == 0);
  ops->error_clear(rt);
  ops->release(rt, big);
  ops->release(rt, n);
  return 1;
}

static int sequences(pmm_rt *rt) {
  pmm_obj *item = ops->int_new(rt, 1000000);
  pmm_obj *list = ops->list_new(rt, 0);
  pmm_obj *tuple;
  pmm_obj *owner;
  pmm_obj *popped;
  for (int i = 0; i < 5; i++) {
    HOLDS(ops->list_append(rt, list, item) == PMM_OK);
  }
  HOLDS(ops->refcount(rt, item) == 6);
  tuple = ops->tuple_convert(rt, list);
  HOLDS(ops->refcount(rt, item) == 11);
  HOLDS(ops->tuple_get(rt, tuple, 5) == NULL && ops->error(rt) == PMM_INDEX);
  ops->error_clear(rt);
  owner = tuple;
  ops->retain(rt, owner);
  ops->retain(rt, item);
  HOLDS(ops->tuple_set_steal(rt, tuple, 0, item) == PMM_SYSTEM);
  ops->error_clear(rt);
  HOLDS(ops->tuple_resize(rt, &tuple, 2) == PMM_SYSTEM && tuple == NULL);
  ops->error_clear(rt);
  popped = ops->list_pop(rt, list, SIZE_MAX);
  HOLDS(ops->same(rt, popped, item));
  ops->release(rt, popped);
  ops->release(rt, owner);
  ops->release(rt, list);
  HOLDS(ops->refcount(rt, item) == 1);
  ops->release(rt, item);
  return 1;
}

/** A probe with a finalizer dies by count, and another in a cycle. */
static int probes(pmm_rt *rt) {
  static int calls;
  struct pmm_type_spec spec = {.struct_size = sizeof spec,
                               .name = "node",
                               .slots = 2,
                               .flags = PMM_TYPE_GC | PMM_TYPE_WEAKREF,
                               .finalizer = refuse,
                               .ctx = &calls};
  pmm_obj *type = ops->type_new(rt, &spec);
  pmm_obj *o = ops->instance_new(rt, type, 7);
  pmm_obj *weak = ops->weakref_new(rt, o, NULL, NULL, 0);
  pmm_obj *target;
  uint64_t found = 0;
  calls = 0;
  HOLDS(strcmp(ops->type_name(rt, o), "node") == 0);
  HOLDS(ops->instance_cookie(rt, o) == 7);
  HOLDS(ops->slot_set(rt, o, 2, o) == PMM_INDEX);
  ops->error_clear(rt);
  target = ops->weakref_get(rt, weak);
  HOLDS(target == o);
  ops->release(rt, target);
  ops->release(rt, o);
  HOLDS(calls == 1 && ear.cookie[PMM_EVENT_FINALIZED] == 7);
  HOLDS(ear.detail[PMM_EVENT_UNRAISABLE] == PMM_USER);
  HOLDS(ear.count[PMM_EVENT_DEALLOCATED] == 1);
  HOLDS(ops->weakref_get(rt, weak) == NULL && ops->error(rt) == PMM_OK);
  ops->release(rt, weak);
  o = ops->instance_new(rt, type, 8);
  HOLDS(ops->slot_set(rt, o, 0, o) == PMM_OK);
  ops->release(rt, o);
  HOLDS(ear.count[PMM_EVENT_DEALLOCATED] == 1);
  HOLDS(ops->collect(rt, 2, &found) == PMM_OK && found >= 1);
  HOLDS(ear.count[PMM_EVENT_DEALLOCATED] == 2 && calls == 2);
  ops->release(rt, type);
  return 1;
}

/** Types of every kind: their slots are dropped and their deaths told. */
static int kinds(pmm_rt *rt) {
  static const uint32_t flags[] = {0, PMM_TYPE_WEAKREF, PMM_TYPE_GC,
                                   PMM_TYPE_GC | PMM_TYPE_DICT,
                                   PMM_TYPE_DICT | PMM_TYPE_WEAKREF};
  for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
    struct pmm_type_spec spec = {.struct_size = sizeof spec,
                                 .name = "kind",
                                 .slots = 1,
                                 .flags = flags[i]};
    pmm_obj *type = ops->type_new(rt, &spec);
    pmm_obj *o = ops->instance_new(rt, type, (int64_t)i);
    pmm_obj *item = ops->int_new(rt, 1000000);
    HOLDS(ops->slot_set(rt, o, 0, item) == PMM_OK);
    if ((flags[i] & PMM_TYPE_DICT) != 0) {
      HOLDS(ops->attr_set(rt, o, "name", item) == PMM_OK);
      HOLDS(ops->same(rt, ops->attr_get(rt, o, "name"), item));
      HOLDS(ops->attr_get(rt, o, "other") == NULL);
      HOLDS(ops->error(rt) == PMM_KEY);
      ops->error_clear(rt);
    }
    ops->release(rt, o);
    HOLDS(ear.count[PMM_EVENT_DEALLOCATED] == i + 1);
    HOLDS(ops->refcount(rt, item) == 1);
    ops->release(rt, item);
    ops->release(rt, type);
  }
  return 1;
}

static int weak_references(pmm_rt *rt) {
  static int calls;
  pmm_obj *o = ops->set_new(rt, NULL);
  pmm_obj *weak = ops->weakref_new(rt, o, note, &calls, 3);
  pmm_obj *proxy = ops->proxy_new(rt, o);
  pmm_obj *finalize = ops->finalize_new(rt, o, note, &calls, 4);
  size_t length = 1;
  calls = 0;
  HOLDS(weak != NULL && proxy != NULL && finalize != NULL);
  HOLDS(ops->weakref_count(rt, o) == 3);
  HOLDS(ops->length(rt, proxy, &length) == PMM_OK && length == 0);
  ops->release(rt, o);
  HOLDS(calls == 2 && ear.count[PMM_EVENT_CALLBACK] == 2);
  HOLDS(ops->length(rt, proxy, &length) == PMM_REFERENCE);
  ops->error_clear(rt);
  ops->release(rt, finalize);
  ops->release(rt, proxy);
  ops->release(rt, weak);
  return 1;
}

/** for v0 in range(3): log(5); yield v0; with a finally around it. */
static int generators(pmm_rt *rt) {
  static const struct pmm_instruction body[] = {
      {PMM_TRY, 0, 0, 0},      {PMM_FOR_RANGE, 0, 3, 0},
      {PMM_YIELD, -1, 0, 0},   {PMM_END, 0, 0, 0},
      {PMM_FINALLY, 0, 0, 0},  {PMM_LOG, 0, 5, 0},
      {PMM_END, 0, 0, 0}};
  const struct pmm_code code = {.struct_size = sizeof code,
                                .name = "three",
                                .locals = 1,
                                .instructions = body,
                                .instruction_count =
                                    sizeof body / sizeof body[0]};
  pmm_obj *generator = ops->generator_new(rt, &code, NULL, 0);
  pmm_obj *item = ops->next(rt, generator);
  HOLDS(item != NULL && !ops->generator_finished(rt, generator));
  ops->release(rt, item);
  HOLDS(ops->generator_close(rt, generator) == PMM_OK);
  HOLDS(ear.cookie[PMM_EVENT_LOG] == 5);
  HOLDS(ops->generator_finished(rt, generator));
  HOLDS(ops->next(rt, generator) == NULL && ops->error(rt) == PMM_STOP);
  ops->error_clear(rt);
  ops->release(rt, generator);
  return 1;
}

/** A code that is not well formed is refused. */
static int bad_codes(pmm_rt *rt) {
  static const struct pmm_instruction bad[][2] = {
      {{PMM_END, 0, 0, 0}, {PMM_LOG, 0, 1, 0}},
      {{PMM_TRY, 0, 0, 0}, {PMM_END, 0, 0, 0}},
      {{PMM_BREAK, 0, 0, 0}, {PMM_LOG, 0, 1, 0}},
      {{PMM_CONST, 0, 0, 0}, {PMM_LOG, 0, 1, 0}},
      {{PMM_INT, 9, 1, 0}, {PMM_LOG, 0, 1, 0}},
      {{PMM_RERAISE, 0, 0, 0}, {PMM_LOG, 0, 1, 0}},
      {{PMM_IF, 0, 0, 0}, {PMM_LOG, 0, 1, 0}}};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    const struct pmm_code code = {.struct_size = sizeof code,
                                  .name = "bad",
                                  .locals = 1,
                                  .instructions = bad[i],
                                  .instruction_count = 2};
    HOLDS(ops->function_new(rt, &code) == NULL);
    HOLDS(ops->error(rt) == PMM_VALUE);
    ops->error_clear(rt);
  }
  return 1;
}

/** A closure in a closure reads a constant of its own and a local of the
 *  outermost code; a code inside itself is refused. */
static int closures(pmm_rt *rt) {
  static const struct pmm_instruction inner_body[] = {
      {PMM_CONST, 1, 0, 0}, {PMM_APPEND, 0, 1, 0}, {PMM_RETURN, 0, 0, 0}};
  static const struct pmm_instruction body[] = {{PMM_CLOSURE, 1, 0, 0},
                                                {PMM_RETURN, 1, 0, 0}};
  pmm_obj *constant = ops->boolean(rt, 1);
  pmm_obj *list = ops->list_new(rt, 0);
  struct pmm_code code[3];
  const struct pmm_code *inside[] = {&code[1], &code[2]};
  for (size_t i = 0; i < 3; i++) {
    code[i] = (struct pmm_code){.struct_size = sizeof code[i],
                                .args = i == 0,
                                .locals = 2,
                                .instructions = i < 2 ? body : inner_body,
                                .instruction_count = i < 2 ? 2 : 3,
                                .captured = 1,
                                .codes = &inside[i < 2 ? i : 0],
                                .code_count = i < 2};
  }
  code[2].constants = &constant;
  code[2].constant_count = 1;
  pmm_obj *outer = ops->function_new(rt, &code[0]);
  pmm_obj *middle = ops->call(rt, outer, &list, 1);
  pmm_obj *inner = ops->call(rt, middle, NULL, 0);
  pmm_obj *read = ops->call(rt, inner, NULL, 0);
  HOLDS(read != NULL && ops->same(rt, read, list));
  HOLDS(ops->same(rt, ops->list_get(rt, list, 0), constant));
  ops->release(rt, read);
  ops->release(rt, inner);
  ops->release(rt, middle);
  ops->release(rt, outer);
  HOLDS(ops->refcount(rt, list) == 1);
  ops->release(rt, list);
  ops->release(rt, constant);
  inside[1] = &code[1];
  HOLDS(ops->function_new(rt, &code[0]) == NULL);
  HOLDS(ops->error(rt) == PMM_VALUE);
  ops->error_clear(rt);
  return 1;
}

static int files(pmm_rt *rt) {
  pmm_obj *file = ops->file_open(rt, "/dev/null", "r");
  int descriptor = ops->file_descriptor(rt, file);
  HOLDS(descriptor > 2);
  ops->release(rt, file);
  HOLDS(ear.count[PMM_EVENT_WARNING] == 1);
  HOLDS(ear.detail[PMM_EVENT_WARNING] == descriptor);
  HOLDS(ops->file_open(rt, "/dev/null/none", "r") == NULL);
  HOLDS(ops->error(rt) == PMM_OS && ops->os_errno(rt) == 20);
  ops->error_clear(rt);
  return 1;
}

static int injection(pmm_rt *rt) {
  pmm_obj *list;
  if (ops->inject_arm == NULL) {
    return 1;
  }
  ops->caches_flush(rt);
  ops->inject_arm(rt, 1, 1);
  list = ops->list_new(rt, 100);
  HOLDS(ops->inject_disarm(rt) >= 1);
  HOLDS(list == NULL && ops->error(rt) == PMM_NO_MEMORY);
  ops->error_clear(rt);
  list = ops->list_new(rt, 100);
  HOLDS(list != NULL);
  ops->release(rt, list);
  return 1;
}

/** A pushed name is the site of what is allocated under it. */
static int sites(pmm_rt *rt) {
  static const char zeros[1000000];
  struct pmm_site site[4];
  pmm_obj *data;
  size_t count;
  HOLDS(ops->trace_snapshot(rt, site, 4) == SIZE_MAX);
  HOLDS(ops->error(rt) == PMM_RUNTIME);
  ops->error_clear(rt);
  HOLDS(ops->trace_start(rt) == PMM_OK);
  HOLDS(ops->site_push(rt, "planted") == PMM_OK);
  data = ops->bytes_new(rt, zeros, sizeof zeros);
  ops->site_pop(rt);
  count = ops->trace_snapshot(rt, site, 4);
  HOLDS(count >= 1 && count != SIZE_MAX);
  HOLDS(strcmp(site[0].name, "planted") == 0);
  HOLDS(site[0].blocks == 1 && site[0].bytes >= 1000000);
  ops->release(rt, data);
  ops->trace_stop(rt);
  return 1;
}

struct found {
  unsigned cycles, references;
};

static void find_leak(void *ctx, const struct pmm_leak *leak) {
  struct found *found = ctx;
  if (strcmp(leak->type, "lost") == 0) {
    found->cycles += leak->kind == PMM_LEAK_CYCLE;
    found->references += leak->kind == PMM_LEAK_REFERENCE;
  }
}

static int leaks(pmm_rt *rt) {
  struct pmm_type_spec spec = {.struct_size = sizeof spec,
                               .name = "lost",
                               .slots = 1,
                               .flags = PMM_TYPE_GC};
  pmm_obj *type = ops->type_new(rt, &spec);
  pmm_obj *held = ops->instance_new(rt, type, 1);
  pmm_obj *cycle = ops->instance_new(rt, type, 2);
  struct found found = {0, 0};
  HOLDS(ops->slot_set(rt, cycle, 0, cycle) == PMM_OK);
  ops->gc_enable(rt, 0);
  ops->release(rt, cycle);
  HOLDS(ops->leaks(rt, find_leak, &found) == PMM_OK);
  HOLDS(found.references == 1 && found.cycles == 1);
  HOLDS(ops->heap_verify(rt) == NULL);
  ops->retain(rt, held);
  HOLDS(ops->refcount_set(rt, type, ops->refcount(rt, type) - 2) == PMM_OK);
  HOLDS(ops->heap_verify(rt) != NULL);
  HOLDS(ops->refcount_set(rt, type, ops->refcount(rt, type) + 2) == PMM_OK);
  ops->release(rt, held);
  ops->release(rt, held);
  ops->release(rt, type);
  ops->gc_enable(rt, 1);
  return 1;
}

/** The call runs on its own stack, and its error comes back. */
static int other_stack(pmm_rt *rt) {
  static int calls;
  calls = 0;
  HOLDS(ops->call_on_stack(rt, 1 << 20, note, &calls) == PMM_OK);
  HOLDS(ops->call_on_stack(rt, 1 << 20, refuse, &calls) == PMM_USER);
  HOLDS(calls == 2 && ops->error(rt) == PMM_USER);
  ops->error_clear(rt);
  return 1;
}

/* ---- rounds ------------------------------------------------------------- */

static uint64_t live_blocks(pmm_rt *rt) {
  struct pmm_memory memory = {.struct_size = sizeof memory};
  ops->collect(rt, 2, NULL);
  ops->caches_flush(rt);
  ops->memory(rt, &memory);
  return memory.live_blocks;
}

/** Run an area; 1 when it holds and no warm round left blocks. */
static int run_area(int (*area)(pmm_rt *rt)) {
  const struct pmm_host host = {
      .struct_size = sizeof host, .ctx = &ear, .event = hear};
  const struct pmm_open_config config = {.struct_size = sizeof config,
                                         .host = &host};
  uint64_t before = 0;
  uint64_t after = 0;
  pmm_rt *rt = NULL;
  if (ops->open(&config, &rt) != PMM_OK) {
    printf("# open failed\n");
    return 0;
  }
  for (int round = 0; round < ROUNDS; round++) {
    memset(&ear, 0, sizeof ear);
    if (!area(rt)) {
      printf("# pending: %s\n", ops->error_message(rt));
      ops->close(rt);
      return 0;
    }
    before = after;
    after = live_blocks(rt);
  }
  ops->close(rt);
  if (after != before) {
    printf("# the last round left %lld blocks\n",
           (long long)(after - before));
    return 0;
  }
  return 1;
}

/** Which versions have which collector. */
static int collectors(void) {
  HOLDS(strcmp(pmmi_cpy_collector_of("3.14.4+ ("), "incremental") == 0);
  HOLDS(strcmp(pmmi_cpy_collector_of("3.14.5"), "generational") == 0);
  HOLDS(strcmp(pmmi_cpy_collector_of("3.15.0"), "generational") == 0);
  return 1;
}

/** What open() refuses. */
static int refusals(const char *own_mode) {
  struct pmm_open_config config = {.struct_size = sizeof config,
                                   .mode = "full"};
  pmm_rt *rt = NULL;
  pmm_rt *second = NULL;
  HOLDS(ops->open(&config, &rt) == PMM_VALUE && rt == NULL);
  config.mode = own_mode;
  HOLDS(ops->open(&config, &rt) == PMM_OK);
  HOLDS(ops->open(&config, &second) == PMM_UNSUPPORTED && second == NULL);
  ops->close(rt);
  return 1;
}

int pmmi_cpy_selftest(const struct pmm_subject *subject) {
  static const struct {
    const char *name;
    int (*run)(pmm_rt *rt);
  } areas[] = {{"atoms and errors", atoms},
               {"lists and tuples", sequences},
               {"probes", probes},
               {"kinds of types", kinds},
               {"weak references", weak_references},
               {"generators", generators},
               {"bad codes", bad_codes},
               {"closures", closures},
               {"files", files},
               {"failing allocations", injection},
               {"sites", sites},
               {"leaks and verification", leaks},
               {"another stack", other_stack}};
  char message[200];
  tap = (struct tap_state){0, 0, 0};
  tap_plan(1 + sizeof areas / sizeof areas[0]);
  if (pmm_view_read(subject, &view, message, sizeof message) != 0) {
    printf("Bail out! %s\n", message);
    return 1;
  }
  tap_ok(collectors() && refusals(subject->modes[0]),
         "open refuses what it cannot serve");
  for (size_t i = 0; i < sizeof areas / sizeof areas[0]; i++) {
    tap_ok(run_area(areas[i].run), "%s", areas[i].name);
  }
  fflush(stdout);
  return tap_done();
}
