/* SPDX-License-Identifier: MIT */
/*
 * machine.c - run programs on a runtime and observe what they come to.
 */
#include "machine.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "operations.h"

#define OPS (m->w.ops)
#define RT (m->w.rt)

/** Longer containers are no operands: programs shall not fill the memory. */
enum { LENGTH_MAX = 200, ITEMS_SEEN = 8 };

/* ---- observing ----------------------------------------------------------- */

static void observe(struct machine *m, const char *name, int64_t value) {
  m->digest = (m->digest ^ (uint64_t)value) * UINT64_C(0x9e3779b97f4a7c15);
  m->digest ^= m->digest >> 29;
  if (m->trace != NULL) {
    (void)fprintf(m->trace, " %s=%" PRId64, name, value);
  }
}

static void hear(void *ctx, enum pmm_event_kind kind, int64_t cookie,
                 int64_t detail) {
  struct machine *m = ctx;
  (void)detail;
  if (kind <= PMM_EVENT_LOG && m->event_count < MACHINE_EVENTS) {
    m->events[m->event_count++] = (struct event){(int64_t)kind, cookie};
  }
}

static int compare_events(const void *a, const void *b) {
  const struct event *x = a;
  const struct event *y = b;
  if (x->kind != y->kind) {
    return x->kind < y->kind ? -1 : 1;
  }
  return x->cookie < y->cookie ? -1 : x->cookie > y->cookie;
}

static void observe_events(struct machine *m, int ordered) {
  static const char *const names[] = {"", "finalized", "deallocated",
                                      "callback", "log"};
  if (!ordered) {
    qsort(m->events, m->event_count, sizeof *m->events, compare_events);
  }
  for (size_t i = 0; i < m->event_count; i++) {
    observe(m, names[m->events[i].kind], m->events[i].cookie);
  }
  m->event_count = 0;
}

/* ---- kinds --------------------------------------------------------------- */

static enum kind kind_of(struct machine *m, pmm_obj *o) {
  static const struct {
    const char *name;
    enum kind kind;
  } known[] = {
      {"NoneType", KIND_NONE},      {"int", KIND_INT},
      {"float", KIND_FLOAT},        {"str", KIND_STR},
      {"bytes", KIND_BYTES},        {"list", KIND_LIST},
      {"tuple", KIND_TUPLE},        {"dict", KIND_DICT},
      {"set", KIND_SET},            {"Plain", KIND_INSTANCE},
      {"Told", KIND_INSTANCE},      {"Saver", KIND_INSTANCE},
      {"Dropper", KIND_INSTANCE},   {"Emptier", KIND_INSTANCE},
      {"Attributed", KIND_ATTRIBUTED},
      {"generator", KIND_GENERATOR}, {"bytearray", KIND_BYTEARRAY},
  };
  const char *name = OPS->type_name(RT, o);
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    if (strcmp(name, known[i].name) == 0) {
      return known[i].kind;
    }
  }
  return KIND_OTHER;
}

static int has_length(enum kind kind) {
  return kind == KIND_LIST || kind == KIND_TUPLE || kind == KIND_DICT ||
         kind == KIND_SET || kind == KIND_STR || kind == KIND_BYTES;
}

/* Counts of what may be shared, or be no object at all, are nobody's. */
static int has_count(enum kind kind, size_t length) {
  return kind == KIND_LIST || kind == KIND_DICT || kind == KIND_SET ||
         kind == KIND_INSTANCE || kind == KIND_ATTRIBUTED ||
         (kind == KIND_TUPLE && length > 0);
}

static size_t length_of(struct machine *m, size_t reg) {
  size_t length = 0;
  if (has_length(m->kinds[reg]) &&
      OPS->length(RT, m->w.r[reg], &length) != PMM_OK) {
    OPS->error_clear(RT);
  }
  return length;
}

/* ---- registers ----------------------------------------------------------- */

static void observe_register(struct machine *m, size_t reg) {
  static const char *const counts[] = {
      "r0.count", "r1.count", "r2.count", "r3.count", "r4.count", "r5.count",
      "r6.count", "r7.count", "r8.count", "r9.count", "r10.count",
      "r11.count"};
  static const char *const lengths[] = {
      "r0.length", "r1.length", "r2.length", "r3.length", "r4.length",
      "r5.length", "r6.length", "r7.length", "r8.length", "r9.length",
      "r10.length", "r11.length"};
  assert(reg < WORDS_REGISTERS);
  if (m->kinds[reg] == KIND_EMPTY) {
    return;
  }
  size_t length = length_of(m, reg);
  if (has_length(m->kinds[reg])) {
    observe(m, lengths[reg], (int64_t)length);
  }
  if (OPS->refcount != NULL && has_count(m->kinds[reg], length)) {
    observe(m, counts[reg], (int64_t)OPS->refcount(RT, m->w.r[reg]));
  }
}

/* What an item is: of an int its value, of an instance its cookie. */
static void observe_item(struct machine *m, pmm_obj *item) {
  int64_t value = 0;
  if (item == NULL) {
    observe(m, "item", -1);
    OPS->error_clear(RT);
    return;
  }
  enum kind kind = kind_of(m, item);
  if (kind == KIND_INT && OPS->int_value(RT, item, &value) != PMM_OK) {
    OPS->error_clear(RT);
  } else if (kind == KIND_INSTANCE || kind == KIND_ATTRIBUTED) {
    value = OPS->instance_cookie(RT, item);
  }
  observe(m, "item", (int64_t)kind * 1000000 + value);
}

static void observe_items(struct machine *m, size_t reg) {
  pmm_obj *o = m->w.r[reg];
  size_t length = length_of(m, reg);
  for (size_t i = 0; i < length && i < ITEMS_SEEN; i++) {
    if (m->kinds[reg] == KIND_LIST) {
      observe_item(m, OPS->list_get(RT, o, i));
    } else if (m->kinds[reg] == KIND_TUPLE) {
      observe_item(m, OPS->tuple_get(RT, o, i));
    }
  }
  if (m->kinds[reg] == KIND_DICT) {
    pmm_obj *keys = OPS->dict_keys(RT, o);
    for (size_t i = 0; keys != NULL && i < length && i < ITEMS_SEEN; i++) {
      pmm_obj *key = OPS->list_get(RT, keys, i);
      observe_item(m, key);
      observe_item(m, key == NULL ? NULL : OPS->dict_get(RT, o, key));
    }
    OPS->xrelease(RT, keys);
    OPS->error_clear(RT);
  }
}

/* ---- steps --------------------------------------------------------------- */

static int operand_fits(struct machine *m, size_t reg, uint32_t kinds) {
  return (kinds >> m->kinds[reg] & 1u) != 0 &&
         m->kinds[reg] != KIND_EMPTY && length_of(m, reg) <= LENGTH_MAX;
}

int machine_can(struct machine *m, const struct step *step) {
  const struct operation *op = &operations[step->op];
  size_t reg = 0;
  if (!m->offered[step->op]) {
    return 0;
  }
  for (const char *c = op->operands; *c != '\0'; c++) {
    uint32_t kinds = operand_kinds(*c);
    if (kinds != 0 && !operand_fits(m, step->regs[reg++], kinds)) {
      return 0;
    }
  }
  return 1;
}

static void store(struct machine *m, const struct step *step,
                  const struct operation *op, pmm_obj *object) {
  pmm_obj *old = m->w.r[step->to];
  enum kind kind = op->kind == KIND_ANY ? kind_of(m, object) : op->kind;
  if (op->operands[0] == 'a') {
    kind = m->kinds[step->regs[0]]; /* another name for the same            */
  }
  if (kind == KIND_INSTANCE && step->n == 5 &&
      strcmp(op->operands, "yk") == 0) {
    kind = KIND_ATTRIBUTED;
  }
  if (op->giving == GIVES_BORROWED) {
    OPS->retain(RT, object);
  }
  m->w.r[step->to] = object;
  m->kinds[step->to] = kind;
  observe(m, "kind", (int64_t)kind);
  OPS->xrelease(RT, old);
}

static void observe_result(struct machine *m, const struct step *step,
                           const struct call *call, struct result *result) {
  const struct operation *op = &operations[step->op];
  if (op->giving == GIVES_NEW || op->giving == GIVES_BORROWED) {
    result->status = result->object == NULL ? OPS->error(RT) : PMM_OK;
  }
  observe(m, "status", (int64_t)result->status);
  OPS->error_clear(RT);
  if (op->giving == GIVES_ANSWER && result->status == PMM_OK) {
    observe(m, "answer",
            (int64_t)call->flag + (int64_t)call->size + call->answer);
  }
  if (result->object != NULL) {
    store(m, step, op, result->object);
  }
}

static void forget_emptied(struct machine *m) {
  for (size_t i = 0; i < WORDS_REGISTERS; i++) {
    if (m->w.r[i] == NULL) {
      m->kinds[i] = KIND_EMPTY;
    }
  }
}

void machine_step(struct machine *m, const struct step *step) {
  assert(step->op < operation_count && step->to < WORDS_REGISTERS);
  if (!machine_can(m, step)) {
    return;
  }
  const struct operation *op = &operations[step->op];
  struct call call = {.w = &m->w,
                      .a = &m->w.r[step->regs[0]],
                      .b = &m->w.r[step->regs[1]],
                      .c = &m->w.r[step->regs[2]],
                      .n = step->n,
                      .k = step->k};
  struct result result = {NULL, PMM_OK};
  op->run(&call, &result);
  m->steps++;
  observe_result(m, step, &call, &result);
  observe_events(m, strncmp(op->name, "collect", 7) != 0);
  forget_emptied(m);
  if (result.object != NULL) {
    observe_register(m, step->to);
  }
  size_t reg = 0;
  for (const char *c = op->operands; *c != '\0'; c++) {
    if (operand_kinds(*c) != 0) {
      observe_register(m, step->regs[reg++]);
    }
  }
}

/* ---- programs ------------------------------------------------------------ */

void machine_begin(struct machine *m) {
  m->digest = 0;
  m->event_count = 0;
}

uint64_t machine_end(struct machine *m) {
  for (size_t i = 0; i < WORDS_REGISTERS; i++) {
    observe_register(m, i);
    observe_items(m, i);
  }
  words_drop_all(&m->w);
  forget_emptied(m);
  observe_events(m, 1);
  words_end(&m->w);
  observe_events(m, 0);
  return m->digest;
}

uint64_t machine_run(struct machine *m, const struct program *program) {
  machine_begin(m);
  for (size_t i = 0; i < program->count; i++) {
    if (m->trace != NULL) {
      (void)fprintf(m->trace, "%zu ", i);
      step_write(&program->steps[i], m->trace);
      (void)fputs(" ->", m->trace);
    }
    machine_step(m, &program->steps[i]);
    if (m->trace != NULL) {
      (void)fputc('\n', m->trace);
      (void)fflush(m->trace);
    }
  }
  if (m->trace != NULL) {
    (void)fputs("end ->", m->trace);
  }
  uint64_t digest = machine_end(m);
  if (m->trace != NULL) {
    (void)fputc('\n', m->trace);
    (void)fflush(m->trace);
  }
  return digest;
}

/* ---- opening ------------------------------------------------------------- */

/* An operation is offered when its feature is there and whole. */
static void note_offered(struct machine *m) {
  for (size_t i = 0; i < operation_count; i++) {
    const char *feature = operations[i].feature;
    m->offered[i] = strcmp(feature, "core") == 0 ||
                    pmm_view_offers(m->view, feature);
    if (strchr(operations[i].operands, 'g') != NULL) {
      m->offered[i] = m->offered[i] && OPS->call != NULL && m->w.codes[0];
    }
  }
}

enum pmm_status machine_open(struct machine *m, const struct pmm_view *view,
                             const struct pmm_backend *backend,
                             const char *mode) {
  memset(m, 0, sizeof *m);
  struct pmm_host host = {sizeof host, m, hear};
  struct pmm_open_config config = {.struct_size = sizeof config,
                                   .backend = backend,
                                   .mode = mode,
                                   .host = &host,
                                   .seed = 1};
  pmm_rt *rt = NULL;
  m->view = view;
  enum pmm_status status = view->ops.open(&config, &rt);
  if (status != PMM_OK) {
    return status;
  }
  status = words_open(&m->w, rt, &view->ops);
  m->offered = calloc(operation_count, 1);
  if (status != PMM_OK || m->offered == NULL) {
    machine_close(m);
    return status != PMM_OK ? status : PMM_NO_MEMORY;
  }
  note_offered(m);
  /* What lives in an interpreter is not examined again and again. */
  if (OPS->gc_freeze != NULL && OPS->gc_freeze(RT) != PMM_OK) {
    OPS->error_clear(RT);
  }
  return PMM_OK;
}

void machine_close(struct machine *m) {
  words_close(&m->w);
  OPS->close(RT);
  free(m->offered);
  m->offered = NULL;
}
