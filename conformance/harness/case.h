/* SPDX-License-Identifier: MIT */
/*
 * case.h - what a conformance case is written with.
 *
 *   // "A constructor that returns a new object hands exactly one owned
 *   //  reference to the caller, so its count reads 1."
 *   MUST(ref, new_object_owns_one, "A new object owns one reference",
 *        REQ("REF-001"), NEEDS(refcount)) {
 *     pmm_obj *o = probe(t, 1);
 *     expect_eq(OPS->refcount(RT, o), 1);
 *   }
 *
 *   1. MUST, SHOULD or MAY writes a descriptor into a linker section and
 *      opens the body; its id is "ref.new_object_owns_one".
 *   2. The body runs over a fresh runtime: RT and OPS.  NEW() takes over a
 *      handle; what the case still owns at its end the harness releases.
 *   3. The first expectation that does not hold ends the case.
 *   4. Afterwards the harness releases, collects, flushes the caches and
 *      compares the runtime's counters with those before the body.
 *
 * A body may be cut short at any expectation: by a failure, or in the
 * out-of-memory lanes by an operation that reports PMM_NO_MEMORY.  So
 *   - what a callback's `ctx` points to comes from SCRATCH(), never from the
 *     body's own variables: finalizers run after the body is gone;
 *   - inside a callback only check() is allowed: nothing may jump out of the
 *     runtime under test.
 *
 * Invariant: a handle is owned by the harness from NEW() or KEEP() until
 * DROP() or GIVE().
 */
#ifndef PMM_CONFORM_CASE_H
#define PMM_CONFORM_CASE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "entry.h"
#include "pmm/view.h"

struct pmm_test;

/** A case, as its macro declares it. */
struct pmm_case {
  struct pmm_entry entry;          /* what every case says of itself        */
  const enum pmm_feature *needs;   /* up to PMM_FEATURE_COUNT; NULL: none   */
  const char *const *allowed;      /* outcomes; NULL: exact                 */
  const char *const *noteworthy;   /* outcomes that are allowed but WARN    */
  const char *oom_exempt;          /* why the oom lanes leave it out        */
  const char *stress_exempt;       /* why the gc-stress lane leaves it out  */
  const char *leak_exempt;         /* why the leak check leaves it out      */
  const char *debug_exempt;        /* why the debug lane leaves it out      */
  const char *inexact;             /* counters that differ between runs     */
  const char *inexact_why;         /* and why no body could keep them equal */
  uint32_t open_flags;             /* enum pmm_open_flag for the runtime    */
  void (*body)(struct pmm_test *t);
};

/** The case that an entry is of; all entries of pmm-conform are of one. */
static inline const struct pmm_case *pmm_case_of(
    const struct pmm_entry *entry) {
  return (const struct pmm_case *)entry;
}

_Static_assert(offsetof(struct pmm_case, entry) == 0, "pmm_case_of()");

/* ---- declaring ---------------------------------------------------------- */

#define PMM_CASE(level_value, area, name, title_text, ...)                    \
  static void area##_##name(struct pmm_test *t);                              \
  static const struct pmm_case area##_##name##_case = {                       \
      PMM_ENTRY(level_value, #area "." #name, title_text),                    \
      .body = area##_##name,                                                  \
      __VA_ARGS__};                                                           \
  PMM_LISTED(area##_##name##_case);                                           \
  static void area##_##name(struct pmm_test *t)

#define MUST(area, name, ...) PMM_CASE(PMM_LEVEL_MUST, area, name, __VA_ARGS__)
#define SHOULD(area, name, ...)                                               \
  PMM_CASE(PMM_LEVEL_SHOULD, area, name, __VA_ARGS__)
#define MAY(area, name, ...) PMM_CASE(PMM_LEVEL_MAY, area, name, __VA_ARGS__)

/** Features without which the case is UNSUPPORTED: NEEDS(refcount, list). */
#define NEEDS(...)                                                            \
  .needs = (const enum pmm_feature[]){                                        \
      PMM_PICK(__VA_ARGS__, PMM_NEED10, PMM_NEED9, PMM_NEED8, PMM_NEED7,      \
               PMM_NEED6, PMM_NEED5, PMM_NEED4, PMM_NEED3, PMM_NEED2,         \
               PMM_NEED1, 0)(__VA_ARGS__),                                    \
      PMM_FEATURE_COUNT}
#define PMM_PICK(a, b, c, d, e, f, g, h, i, j, picked, ...) picked
#define PMM_NEED1(a) PMM_FEATURE_##a
#define PMM_NEED2(a, ...) PMM_FEATURE_##a, PMM_NEED1(__VA_ARGS__)
#define PMM_NEED3(a, ...) PMM_FEATURE_##a, PMM_NEED2(__VA_ARGS__)
#define PMM_NEED4(a, ...) PMM_FEATURE_##a, PMM_NEED3(__VA_ARGS__)
#define PMM_NEED5(a, ...) PMM_FEATURE_##a, PMM_NEED4(__VA_ARGS__)
#define PMM_NEED6(a, ...) PMM_FEATURE_##a, PMM_NEED5(__VA_ARGS__)
#define PMM_NEED7(a, ...) PMM_FEATURE_##a, PMM_NEED6(__VA_ARGS__)
#define PMM_NEED8(a, ...) PMM_FEATURE_##a, PMM_NEED7(__VA_ARGS__)
#define PMM_NEED9(a, ...) PMM_FEATURE_##a, PMM_NEED8(__VA_ARGS__)
#define PMM_NEED10(a, ...) PMM_FEATURE_##a, PMM_NEED9(__VA_ARGS__)

/** The case has several outcomes; its body tells which by outcome(). */
#define ALLOWED(...) .allowed = PMM_STRINGS(__VA_ARGS__)
#define NOTEWORTHY(...) .noteworthy = PMM_STRINGS(__VA_ARGS__)

/** Lanes and checks that would judge something else than the requirement. */
#define OOM_EXEMPT(reason) .oom_exempt = reason
#define STRESS_EXEMPT(reason) .stress_exempt = reason
#define LEAK_EXEMPT(reason) .leak_exempt = reason
#define DEBUG_EXEMPT(reason) .debug_exempt = reason
/** Counters (names of struct pmm_counters, spaces between) that two runs of
 *  one build need not agree on: INEXACT("peak_bytes", "why").  Comparisons
 *  leave them out; all others have to be equal wherever the memory lies. */
#define INEXACT(counters, reason) .inexact = counters, .inexact_why = reason

/** Open the runtime with PMM_OPEN_* flags. */
#define OPEN(flags) .open_flags = flags

/* ---- the test in a body ------------------------------------------------- */

/** A running case: what a body sees of it. */
struct pmm_test {
  pmm_rt *rt;
  const struct pmm_ops *ops;
  const struct pmm_view *view; /* of the subject                            */
  struct pmm_state *state;  /* the harness's own                            */
  const char *mode;         /* of the collector; NULL: the subject has none */
};

/** An operation that is absent, or answers PMM_UNSUPPORTED, ends the case as
 *  UNSUPPORTED, with its name; t->view->ops are the same without that. */
#define RT (t->rt)
#define OPS (t->ops)

/** 1 when the subject offers the feature: OFFERED(gc). */
#define OFFERED(feature) is_offered(t, PMM_FEATURE_##feature)

static inline int is_offered(const struct pmm_test *t,
                             enum pmm_feature feature) {
  return feature == PMM_FEATURE_core || t->view->offers[feature] != 0;
}

/* ---- ownership ---------------------------------------------------------- */

/** Take over a new handle; ends the case when the operation failed. */
#define NEW(call) pmm_test_own(t, (call), PMM_HERE(#call))
/** The block that a domain gave.  NULL ends the case: rightly where the
 *  allocation was made to fail, as a domain reports that by NULL alone. */
#define BLOCK(call) pmm_test_block(t, (call), PMM_HERE(#call))
/** One more reference, owned by the case.  Returns the handle. */
#define KEEP(o) pmm_test_keep(t, (o))
/** Release one owned reference now.  May run code. */
#define DROP(o) pmm_test_drop(t, (o), PMM_HERE("DROP(" #o ")"))
/** The reference goes to somebody else: list_set_steal(RT, l, 0, GIVE(o)). */
#define GIVE(o) pmm_test_give(t, (o), PMM_HERE("GIVE(" #o ")"))
/** Release everything the case owns, latest first. */
#define DROP_ALL() pmm_state_release(t)
/** Zeroed memory that outlives the runtime: struct x *s = SCRATCH(struct x) */
#define SCRATCH(type) ((type *)pmm_test_scratch(t, sizeof(type)))
#define SCRATCH_ARRAY(type, n)                                                \
  ((type *)pmm_test_scratch(t, sizeof(type) * (size_t)(n)))
/** Call `undo(t, subject)` at the end of the case, latest first. */
void defer(struct pmm_test *t, void (*undo)(struct pmm_test *t, void *subject),
           void *subject);

/* ---- objects most cases need -------------------------------------------- */

/** An instance of the case's own type: two slots, collector and weak
 *  references on, no finalizer.  Its death logs DEALLOCATED with `cookie`. */
pmm_obj *probe(struct pmm_test *t, int64_t cookie);
/** What a case asks of a type (enum pmm_type_flag), less the weak references
 *  that a subject without the feature weakref has no use for. */
uint32_t type_flags(struct pmm_test *t, uint32_t flags);
/** A type with `slots` slots; `finalizer` may be NULL; `ctx` is scratch. */
pmm_obj *probe_type(struct pmm_test *t, const char *name, uint32_t slots,
                    uint32_t flags, pmm_fn finalizer, void *ctx);
/** An instance of such a type. */
pmm_obj *probe_of(struct pmm_test *t, pmm_obj *type, int64_t cookie);
/** An int, a str, a list of the ints 0..n-1 (sized exactly), a tuple of
 *  them, an empty list.  All owned by the case. */
pmm_obj *integer(struct pmm_test *t, int64_t value);
pmm_obj *text(struct pmm_test *t, const char *utf8);
pmm_obj *list_of_ints(struct pmm_test *t, size_t n);
pmm_obj *tuple_of_ints(struct pmm_test *t, size_t n);
pmm_obj *empty_list(struct pmm_test *t);
/** The ints 0..n-1 in what the subject has: a tuple, else a list. */
pmm_obj *sequence_of_ints(struct pmm_test *t, size_t n);
/** A list, a tuple of the handles given: LIST(a, b), TUPLE(a). */
#define LIST(...) NEW(OPS->list_from(RT, PMM_HANDLES(__VA_ARGS__)))
#define TUPLE(...) NEW(OPS->tuple_from(RT, PMM_HANDLES(__VA_ARGS__)))
/** What holds the handles given, where any container will do: a tuple, else a
 *  list, else an instance with as many slots. */
#define CONTAINER(...) pmm_test_container(t, PMM_HANDLES(__VA_ARGS__))
#define PMM_HANDLES(...)                                                      \
  (pmm_obj *const[]){__VA_ARGS__},                                            \
      sizeof((pmm_obj *const[]){__VA_ARGS__}) / sizeof(pmm_obj *)

/* ---- reading ------------------------------------------------------------ */

/** The runtime's counters; a figure it cannot tell makes the case
 *  UNSUPPORTED("memory.…"). */
uint64_t live_blocks(struct pmm_test *t);
uint64_t live_bytes(struct pmm_test *t);
uint64_t allocations(struct pmm_test *t);
/** Bytes as size_of() reports them. */
size_t size_of(struct pmm_test *t, pmm_obj *o);
/** Number of items; value of an int. */
size_t length_of(struct pmm_test *t, pmm_obj *o);
int64_t int_of(struct pmm_test *t, pmm_obj *o);
/** Run a full collection. */
void collect(struct pmm_test *t);
/** Collect a generation; what was counted as unreachable.  A subject that
 *  cannot tell makes the case UNSUPPORTED("collect.unreachable"). */
uint64_t collect_and_count(struct pmm_test *t, int generation);
/** A probe that refers to itself; its death logs `cookie`.  Garbage as soon as
 *  the caller drops it. */
pmm_obj *self_cycle(struct pmm_test *t, int64_t cookie);
/** Switch automatic collection off, where there is any, so that nothing but
 *  the case's own operations moves counters. */
void quiet(struct pmm_test *t);
/** The case judges these collector modes alone (names with spaces between):
 *  UNSUPPORTED("mode.NAMES") in every other. */
void needs_mode(struct pmm_test *t, const char *names);
/** 1 when the collector runs in this mode. */
int in_mode(const struct pmm_test *t, const char *name);

/** A number of the subject's profile.  A profile without it makes the case
 *  UNSUPPORTED("profile.KEY"). */
int64_t profile_int(struct pmm_test *t, const char *key);
/** The same for a list of numbers; *n receives its length. */
const int64_t *profile_ints(struct pmm_test *t, const char *key, size_t *n);
/** 1 when the profile has the key. */
int profile_has(struct pmm_test *t, const char *key);

/* ---- the event log ------------------------------------------------------ */

/** Any cookie, in a question to the log. */
#define ANY INT64_MIN

struct pmm_logged {
  enum pmm_event_kind kind;
  int64_t cookie;
  int64_t detail;
};

/** How often it happened: happened(DEALLOCATED, 3), happened(FINALIZED, ANY) */
#define happened(kind, cookie)                                                \
  pmm_log_count(t, PMM_EVENT_##kind, (cookie))
/** Position in the log of the first such event; -1: it did not happen. */
#define when(kind, cookie) pmm_log_find(t, PMM_EVENT_##kind, (cookie))
/** The event at a position; ends the case when there is none. */
const struct pmm_logged *logged(struct pmm_test *t, size_t index);
/** Events in the log; forget them all. */
size_t log_length(struct pmm_test *t);
void log_clear(struct pmm_test *t);
size_t pmm_log_count(struct pmm_test *t, enum pmm_event_kind kind,
                     int64_t cookie);
int64_t pmm_log_find(struct pmm_test *t, enum pmm_event_kind kind,
                     int64_t cookie);

/* ---- expectations ------------------------------------------------------- */

/** Where an expectation stands, and its text as it is written.  What is shown
 *  leaves out what every text has: refcount(o) for OPS->refcount(RT, o). */
struct pmm_here {
  const char *file;
  int line;
  const char *text;
};
#define PMM_HERE(text) ((struct pmm_here){__FILE__, __LINE__, text})

/** The condition holds. */
#define expect(condition)                                                     \
  pmm_expect(t, (condition) ? 1 : 0, PMM_HERE("that " #condition))
/** Two integers compare so; both values are shown. */
#define expect_eq(a, b) PMM_COMPARE(a, ==, b, #a, #b)
#define expect_ne(a, b) PMM_COMPARE(a, !=, b, #a, #b)
#define expect_lt(a, b) PMM_COMPARE(a, <, b, #a, #b)
#define expect_le(a, b) PMM_COMPARE(a, <=, b, #a, #b)
#define expect_gt(a, b) PMM_COMPARE(a, >, b, #a, #b)
#define expect_ge(a, b) PMM_COMPARE(a, >=, b, #a, #b)
/* The texts are made above, where macros in them are not expanded yet. */
#define PMM_COMPARE(a, relation, b, left, right)                              \
  do {                                                                        \
    int64_t pmm_a = (int64_t)(a);                                             \
    int64_t pmm_b = (int64_t)(b);                                             \
    pmm_expect_values(t, pmm_a relation pmm_b, pmm_a, pmm_b,                  \
                      PMM_HERE(left " " #relation " " right), right);         \
  } while (0)
/** Two handles name one object, or do not. */
#define expect_same(a, b)                                                     \
  pmm_expect(t, OPS->same(RT, (a), (b)),                                      \
             PMM_HERE(#a " to be the same object as " #b))
#define expect_distinct(a, b)                                                 \
  pmm_expect(t, !OPS->same(RT, (a), (b)),                                     \
             PMM_HERE(#a " to be another object than " #b))
/** Two objects are equal; an int object has this value. */
#define expect_equal(a, b)                                                    \
  pmm_expect_equal(t, (a), (b), PMM_HERE(#a " to equal " #b))
#define expect_int(o, value)                                                  \
  PMM_COMPARE(int_of(t, (o)), ==, (value), "int_of(t, " #o ")", #value)
/** The status operation succeeds. */
#define expect_ok(call) pmm_expect_ok(t, (call), PMM_HERE(#call))
/** The status operation fails so, the same error is pending; removes it. */
#define expect_error(call, status)                                            \
  pmm_expect_error(t, (call), (status), PMM_HERE(#call))
/** The handle operation returns NULL with this error pending; removes it. */
#define expect_null(call, status)                                             \
  pmm_expect_null(t, (call), (status), PMM_HERE(#call))
/** The log holds exactly these cookies of the kind, in this order:
 *  expect_log(FINALIZED, 3, 2, 1, 0). */
#define expect_log(kind, ...)                                                 \
  pmm_expect_log(t, PMM_EVENT_##kind, (const int64_t[]){__VA_ARGS__},         \
                 sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t),    \
                 PMM_HERE(#kind ": " #__VA_ARGS__))
/** No such event happened. */
#define expect_none(kind)                                                     \
  PMM_COMPARE(happened(kind, ANY), ==, 0, "happened(" #kind ", ANY)", "0")

/** Which row of its table, which step of its loop a case is at (printf).  It
 *  ends the message of whatever does not hold from here on, and of a crash or
 *  a hang: now_at(t, "%s, item %zu", row->name, i). */
void now_at(struct pmm_test *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** For callbacks: note a failure, go on; the case fails at its end. */
#define check(condition)                                                      \
  pmm_check(t, (condition) ? 1 : 0, PMM_HERE(#condition))

/** Fail with a message (printf). */
#define fail(...) pmm_fail(t, PMM_HERE(""), __VA_ARGS__)
/** The subject cannot show this: UNSUPPORTED(what).  Ends the case. */
void unsupported(struct pmm_test *t, const char *what)
    __attribute__((noreturn));
/** Which of the declared outcomes was seen; another one is forbidden. */
void outcome(struct pmm_test *t, const char *name);

/* ---- dying -------------------------------------------------------------- */

/** Run `fn` in a child process, which a fault shall end.  What the child wrote
 *  to its streams, as scratch text; NULL when neither a signal nor, with a
 *  report, a sanitizer ended it.  The runtime of the case is as before: the
 *  child had a copy. */
const char *dies(struct pmm_test *t,
                 void (*fn)(struct pmm_test *t, void *ctx), void *ctx);
/** The same, by abort() and no other signal. */
const char *dies_by_abort(struct pmm_test *t,
                          void (*fn)(struct pmm_test *t, void *ctx),
                          void *ctx);

/** Run `fn` in a child process, which has to live through it: an expectation
 *  in it that does not hold, or its death, fails the case.  It may close the
 *  runtime.  OOM_EXEMPT, unless nothing in it allocates. */
void survives(struct pmm_test *t, void (*fn)(struct pmm_test *t, void *ctx),
              void *ctx);

/* ---- behind the macros -------------------------------------------------- */

pmm_obj *pmm_test_own(struct pmm_test *t, pmm_obj *o, struct pmm_here here);
void *pmm_test_block(struct pmm_test *t, void *block, struct pmm_here here);
pmm_obj *pmm_test_keep(struct pmm_test *t, pmm_obj *o);
void pmm_test_drop(struct pmm_test *t, pmm_obj *o, struct pmm_here here);
pmm_obj *pmm_test_give(struct pmm_test *t, pmm_obj *o, struct pmm_here here);
void *pmm_test_scratch(struct pmm_test *t, size_t size);
pmm_obj *pmm_test_container(struct pmm_test *t, pmm_obj *const *items,
                            size_t n);
void pmm_state_release(struct pmm_test *t);
void pmm_expect_values(struct pmm_test *t, int holds, int64_t a, int64_t b,
                       struct pmm_here here, const char *right);
void pmm_expect_equal(struct pmm_test *t, pmm_obj *a, pmm_obj *b,
                      struct pmm_here here);
void pmm_expect_ok(struct pmm_test *t, enum pmm_status status,
                   struct pmm_here here);
void pmm_expect_error(struct pmm_test *t, enum pmm_status got,
                      enum pmm_status wanted, struct pmm_here here);
void pmm_expect_null(struct pmm_test *t, pmm_obj *got, enum pmm_status wanted,
                     struct pmm_here here);
void pmm_expect_log(struct pmm_test *t, enum pmm_event_kind kind,
                    const int64_t *cookies, size_t n, struct pmm_here here);
void pmm_check(struct pmm_test *t, int holds, struct pmm_here here);
void pmm_fail(struct pmm_test *t, struct pmm_here here, const char *format,
              ...) __attribute__((noreturn, format(printf, 3, 4)));
void pmm_expect_failed(struct pmm_test *t, struct pmm_here here)
    __attribute__((noreturn));

/* Inline, so that the compiler knows what holds behind it. */
static inline void pmm_expect(struct pmm_test *t, int holds,
                              struct pmm_here here) {
  if (!holds) {
    pmm_expect_failed(t, here);
  }
}

#endif /* PMM_CONFORM_CASE_H */
