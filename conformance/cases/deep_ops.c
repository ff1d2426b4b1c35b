/* SPDX-License-Identifier: MIT */
/*
 * cases/deep_ops.c - operations that may recurse where nobody thinks of it:
 * hashes, look-ups, sorts, texts, codes, and deaths that let go of more
 * (requirements DEEP-003, DEEP-005, DEEP-006, STK-033).
 */
#include "codes.h"
#include "stack.h"

#define LONG_CHAIN                                                            \
  OOM_EXEMPT("the chain takes too long for a round a failure"),               \
      STRESS_EXEMPT("so it does with a collection a container")

/* ---- hashes and look-ups ------------------------------------------------ */

enum { DEEP = 20000 };

/* Tuples in tuples around an item; owned by the case. */
static pmm_obj *tuples(struct pmm_test *t, pmm_obj *item, int depth) {
  for (int i = 0; i < depth; i++) {
    pmm_obj *outer = TUPLE(item);
    DROP(item);
    item = outer;
  }
  return item;
}

/** An operation on a deep key. */
struct asking {
  const char *name;
  enum pmm_status (*ask)(struct pmm_test *t, pmm_obj *deep, pmm_obj *twin);
};

#define ASKING(name, call)                                                    \
  static enum pmm_status name(struct pmm_test *t, pmm_obj *o, pmm_obj *p) {   \
    (void)p;                                                                  \
    return call;                                                              \
  }

static enum pmm_status hash_it(struct pmm_test *t, pmm_obj *o, pmm_obj *p) {
  int64_t hash = 0;
  (void)p;
  return OPS->hash(RT, o, &hash);
}

static enum pmm_status find_it(struct pmm_test *t, pmm_obj *o, pmm_obj *p) {
  int found = 0;
  pmm_obj *set = NEW(OPS->set_new(RT, NULL));
  (void)p;
  enum pmm_status status = OPS->set_contains(RT, set, o, &found);
  DROP(set);
  return status;
}

static enum pmm_status compare_it(struct pmm_test *t, pmm_obj *o, pmm_obj *p) {
  int equal = 0;
  return OPS->equals(RT, o, p, &equal);
}

static enum pmm_status sort_them(struct pmm_test *t, pmm_obj *o, pmm_obj *p) {
  pmm_obj *list = LIST(o, p);
  enum pmm_status status = OPS->list_sort(RT, list, NULL, NULL);
  DROP(list);
  return status;
}

static enum pmm_status remove_it(struct pmm_test *t, pmm_obj *o, pmm_obj *p) {
  pmm_obj *list = LIST(o);
  enum pmm_status status = OPS->list_remove(RT, list, p);
  DROP(list);
  return status;
}

static enum pmm_status print_it(struct pmm_test *t, pmm_obj *o, pmm_obj *p) {
  pmm_obj *text = OPS->repr(RT, o);
  (void)p;
  OPS->xrelease(RT, text);
  return text != NULL ? PMM_OK : OPS->error(RT);
}

ASKING(store_it, OPS->dict_set(RT, NEW(OPS->dict_new(RT)), o, o))
ASKING(add_it, OPS->set_add(RT, NEW(OPS->set_new(RT, NULL)), o))

static const struct asking askings[] = {
    {"hash", hash_it},           {"dict_set", store_it},
    {"set_add", add_it},         {"set_contains", find_it},
    {"equality", compare_it},    {"sorting", sort_them},
    {"list_remove", remove_it},  {"text", print_it}};

/* "Every operation that recurses into its operand, also by hashing it or
 * looking it up, gives a result or a recursion error on tuples nested 20000
 * deep, and leaves the counts and the pending error correct." */
MUST(deep, hashes_of_deep_tuples_end,
     "Hashing and looking up deep tuples works or fails cleanly",
     REQ("DEEP-005"), NEEDS(tuple, dict, set, list, sort, refcount),
     LONG_CHAIN) {
  quiet(t);
  for (size_t i = 0; i < sizeof askings / sizeof *askings; i++) {
    pmm_obj *o = tuples(t, probe(t, 1), DEEP);
    pmm_obj *p = tuples(t, integer(t, 1000), DEEP);
    enum pmm_status status = askings[i].ask(t, o, p);
    if (status != OPS->error(RT) ||
        (status != PMM_OK && status != PMM_RECURSION &&
         status != PMM_TYPE && status != PMM_VALUE)) {
      fail("%s of a deep tuple: status %d, pending %d", askings[i].name,
           (int)status, (int)OPS->error(RT));
    }
    OPS->error_clear(RT);
    DROP_ALL();
    expect_log(DEALLOCATED, 1);
    log_clear(t);
  }
}

/* ---- what contains itself ----------------------------------------------- */

/* "A container that contains itself, directly or through other containers,
 * prints an ellipsis where it recurs inside itself; where it appears twice
 * side by side it is printed twice." */
MUST(deep, containers_in_themselves_print,
     "Self-containing dicts, tuples and lists print with an ellipsis",
     REQ("DEEP-006"), NEEDS(list, tuple, dict, str, gc)) {
  pmm_obj *dict = NEW(OPS->dict_new(RT));
  expect_ok(OPS->dict_set(RT, dict, integer(t, 1), dict));
  expect_equal(NEW(OPS->repr(RT, dict)), text(t, "{1: {...}}"));
  pmm_obj *list = empty_list(t);
  pmm_obj *tuple = TUPLE(list);
  expect_ok(OPS->list_append(RT, list, tuple));
  expect_equal(NEW(OPS->repr(RT, list)), text(t, "[([...],)]"));
  expect_equal(NEW(OPS->repr(RT, tuple)), text(t, "([(...)],)"));
  pmm_obj *outer = LIST(tuple, tuple);
  expect_equal(NEW(OPS->repr(RT, outer)),
               text(t, "[([(...)],), ([(...)],)]"));
  pmm_obj *inner = LIST(dict, dict);
  expect_ok(OPS->dict_set(RT, dict, integer(t, 1), inner));
  expect_equal(NEW(OPS->repr(RT, dict)), text(t, "{1: [{...}, {...}]}"));
  expect_equal(NEW(OPS->repr(RT, dict)), text(t, "{1: [{...}, {...}]}"));
}

/* ---- on a small stack --------------------------------------------------- */

/* A list to sort, and whether by keys.  Scratch memory. */
struct sorting {
  struct pmm_test *t;
  pmm_obj *list;
  int by_key;
};

static enum pmm_status same_key(void *ctx, pmm_rt *rt, pmm_obj *arg,
                                pmm_obj **result) {
  struct sorting *sorting = ctx;
  struct pmm_test *t = sorting->t;
  OPS->retain(rt, arg);
  *result = arg;
  return PMM_OK;
}

static enum pmm_status sort_it(void *ctx, pmm_rt *rt, pmm_obj *unused) {
  struct sorting *sorting = ctx;
  struct pmm_test *t = sorting->t;
  (void)unused;
  return OPS->list_sort(rt, sorting->list, sorting->by_key ? same_key : NULL,
                        sorting);
}

/* Five orders of n numbers. */
static int64_t number_at(int order, int64_t i, int64_t n) {
  switch (order) {
  case 0:
    return i;
  case 1:
    return n - i;
  case 2:
    return 7;
  case 3:
    return i < n / 2 ? i : n - i;
  default:
    return i * 7919 % n;
  }
}

static void sort_order(struct pmm_test *t, int order, int by_key) {
  enum { N = 20000 };
  struct sorting *sorting = SCRATCH(struct sorting);
  *sorting = (struct sorting){t, empty_list(t), by_key};
  for (int64_t i = 0; i < N; i++) {
    pmm_obj *number = integer(t, 1000 + number_at(order, i, N));
    expect_ok(OPS->list_append(RT, sorting->list, number));
    DROP(number);
  }
  expect_ok(OPS->call_on_stack(RT, small_stack(t), sort_it, sorting));
  int64_t last = 0;
  for (size_t i = 0; i < N; i++) {
    int64_t number = int_of(t, OPS->list_get(RT, sorting->list, i));
    expect_le(last, number);
    last = number;
  }
  DROP(sorting->list);
}

/* "The stack that sorting needs does not grow with the list, whatever the
 * order of its items." */
MUST(deep, sorting_needs_no_deep_stack,
     "20000 items in five orders are sorted on a small stack",
     REQ("DEEP-007"), NEEDS(trashcan, list, sort, sort_key), LONG_CHAIN) {
  (void)small_stack(t);
  quiet(t);
  for (int order = 0; order < 5; order++) {
    sort_order(t, order, 0);
    sort_order(t, order, 1);
  }
}

/* ---- codes -------------------------------------------------------------- */

/* Blocks in blocks; none of them does anything. */
static enum pmm_status nested(struct pmm_test *t, enum pmm_instruction_op op,
                              size_t depth) {
  struct pmm_instruction *code = SCRATCH_ARRAY(struct pmm_instruction,
                                               3 * depth + 2);
  size_t n = 0;
  code[n++] = (struct pmm_instruction){PMM_INT, 0, 1, 0};
  for (size_t i = 0; i < depth; i++) {
    code[n++] = (struct pmm_instruction){op, 0, 1, 0};
  }
  for (size_t i = 0; i < depth; i++) {
    if (op == PMM_TRY) {
      code[n++] = (struct pmm_instruction){PMM_FINALLY, 0, 0, 0};
    }
    code[n++] = (struct pmm_instruction){PMM_END, 0, 0, 0};
  }
  const struct pmm_code whole = {.struct_size = sizeof whole,
                                 .name = "nested",
                                 .locals = 1,
                                 .instructions = code,
                                 .instruction_count = n};
  pmm_obj *function = OPS->function_new(RT, &whole);
  if (function == NULL) {
    return OPS->error(RT);
  }
  pmm_obj *result = OPS->call(RT, function, NULL, 0);
  OPS->release(RT, function);
  OPS->xrelease(RT, result);
  return OPS->error(RT);
}

/* "A code whose blocks nest deeper than the runtime can handle is refused
 * with an error; one that is not refused runs." */
MUST(deep, nested_codes_are_refused_or_run,
     "A code of thousands of nested blocks is refused, or runs",
     REQ("DEEP-008"), NEEDS(frame), LONG_CHAIN) {
  const enum pmm_instruction_op ops[] = {PMM_IF, PMM_TRY, PMM_FOR_RANGE};
  const size_t depths[] = {15, 90, 2000};
  quiet(t);
  for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
    for (size_t j = 0; j < sizeof depths / sizeof *depths; j++) {
      enum pmm_status status = nested(t, ops[i], depths[j]);
      if (status == PMM_USER || status == PMM_STOP ||
          (depths[j] == 15 && status != PMM_OK)) {
        fail("blocks of kind %d, nested %d deep: status %d", (int)ops[i],
             (int)depths[j], (int)status);
      }
      OPS->error_clear(RT);
    }
  }
}

/* ---- deaths that let go of more ----------------------------------------- */

enum { LINKS = 20000, BRANCHES = 3 };

/* What a finalizer in the middle of a chain lets go of.  Scratch memory. */
struct branch {
  struct pmm_test *t;
  pmm_obj *chains[BRANCHES]; /* owned; NULL: gone                           */
  int next;
};

static enum pmm_status let_go(void *ctx, pmm_rt *rt, pmm_obj *arg) {
  struct branch *branch = ctx;
  struct pmm_test *t = branch->t;
  (void)arg;
  if (branch->next < BRANCHES) {
    pmm_obj *chain = branch->chains[branch->next];
    branch->chains[branch->next++] = NULL;
    OPS->xrelease(rt, chain);
  }
  return PMM_OK;
}

static void drop_branches(struct pmm_test *t, void *subject) {
  struct branch *branch = subject;
  for (int i = 0; i < BRANCHES; i++) {
    OPS->clear(RT, &branch->chains[i]);
  }
  branch->next = BRANCHES;
}

/* Lists in lists, every 1000th an instance of the type; a probe at the end. */
static pmm_obj *chain_with(struct pmm_test *t, pmm_obj *type, int64_t cookie) {
  pmm_obj *chain = probe(t, cookie);
  for (int i = 1; i <= LINKS; i++) {
    pmm_obj *outer;
    if (i % 1000 == 0) {
      outer = probe_of(t, type, 100);
      expect_ok(OPS->slot_set(RT, outer, 0, chain));
    } else {
      outer = LIST(chain);
    }
    DROP(chain);
    chain = outer;
  }
  return chain;
}

/* "Objects whose release is deferred are released exactly once, and none is
 * left when the outermost release returns."  Also those that a finalizer in
 * the middle lets go of. */
MUST(deep, finalizers_in_chains_let_go_of_chains,
     "Finalizers in a chain may release three other chains",
     REQ("DEEP-003"), NEEDS(trashcan, list, finalizer), LONG_CHAIN) {
  size_t stack = small_stack(t);
  quiet(t);
  struct branch *branch = SCRATCH(struct branch);
  branch->t = t;
  defer(t, drop_branches, branch);
  pmm_obj *type = probe_type(t, "branching", 1, PMM_TYPE_GC, let_go, branch);
  for (int i = 0; i < BRANCHES; i++) {
    branch->chains[i] = GIVE(chain_with(t, type, 2 + i));
  }
  release_on_stack(t, chain_with(t, type, 1), stack);
  for (int i = 0; i <= BRANCHES; i++) {
    expect_eq(happened(DEALLOCATED, 1 + i), 1);
  }
  expect_eq(happened(FINALIZED, 100), (1 + BRANCHES) * LINKS / 1000);
}
