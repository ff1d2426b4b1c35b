/* SPDX-License-Identifier: MIT */
/*
 * expect.c - expectations: decide, say what was seen, end the case.
 *
 *   1. An expectation that holds returns.
 *   2. One that does not becomes the verdict, and the body ends by a jump.
 *   3. While allocations are made to fail, an expectation that does not hold
 *      because the runtime has reported PMM_NO_MEMORY is what it should be:
 *      the verdict is REPORTED.  Any other one is a failure that was
 *      swallowed.
 *   4. Once the verdict is UNSUPPORTED, as an operation answered so
 *      (answers.h), an expectation that does not hold says nothing more.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "expect.h"

/* ---- what is said ------------------------------------------------------- */

struct pmm_plain pmm_plain_of(const char *text) {
  static const struct {
    const char *from;
    const char *to;
  } rows[] = {{"OPS->", ""}, {"(RT, ", "("}, {"(RT)", "()"},
              {"(t, ", "("},  {"(t)", "()"}};
  struct pmm_plain plain;
  size_t used = 0;
  while (*text != '\0' && used + 4 < sizeof plain.text) {
    size_t i = 0;
    while (i < sizeof rows / sizeof *rows &&
           strncmp(text, rows[i].from, strlen(rows[i].from)) != 0) {
      i++;
    }
    if (i == sizeof rows / sizeof *rows) {
      plain.text[used++] = *text++;
      continue;
    }
    memcpy(plain.text + used, rows[i].to, strlen(rows[i].to));
    used += strlen(rows[i].to);
    text += strlen(rows[i].from);
  }
  plain.text[used] = '\0';
  return plain;
}

/* 1 when `text` is the number itself, so that it need not be said again. */
static int is_value(const char *text, int64_t value) {
  char digits[24];
  (void)snprintf(digits, sizeof digits, "%lld", (long long)value);
  return strcmp(text, digits) == 0;
}

/* 1 when `text` is PMM_KEY or the like, and `value` that status. */
static int names_status(const char *text, int64_t value) {
  return strncmp(text, "PMM_", 4) == 0 &&
         strcmp(text + 4, pmm_status_name((enum pmm_status)value)) == 0;
}

/* ---- verdicts ----------------------------------------------------------- */

/* An error nobody could receive counts as reported: the event is the report. */
static int no_memory_was_reported(struct pmm_test *t) {
  if (t->ops->error(t->rt) == PMM_NO_MEMORY) {
    return 1;
  }
  for (size_t i = 0; i < t->state->log_count; i++) {
    if (t->state->log[i].kind == PMM_EVENT_UNRAISABLE &&
        t->state->log[i].detail == PMM_NO_MEMORY) {
      return 1;
    }
  }
  return 0;
}

static void note(struct pmm_test *t, enum pmm_verdict_kind kind,
                 struct pmm_here here, const char *format, va_list arguments) {
  struct pmm_verdict *verdict = &t->state->verdict;
  if (kind <= verdict->kind) {
    return;
  }
  verdict->kind = kind;
  verdict->file = here.file;
  verdict->line = here.line;
  (void)vsnprintf(verdict->message, sizeof verdict->message, format,
                  arguments);
  const char *place = t->state->progress->place;
  size_t used = strlen(verdict->message);
  if (kind != PMM_VERDICT_UNSUPPORTED && place[0] != '\0' &&
      strstr(verdict->message, place) == NULL) {
    (void)snprintf(verdict->message + used, sizeof verdict->message - used,
                   ", at %s", place);
  }
}

void now_at(struct pmm_test *t, const char *format, ...) {
  char *place = t->state->progress->place;
  va_list arguments;
  va_start(arguments, format);
  (void)vsnprintf(place, PMM_PLACE_BYTES, format, arguments);
  va_end(arguments);
}

static void note_text(struct pmm_test *t, enum pmm_verdict_kind kind,
                      struct pmm_here here, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void note_text(struct pmm_test *t, enum pmm_verdict_kind kind,
                      struct pmm_here here, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  note(t, kind, here, format, arguments);
  va_end(arguments);
}

static void stop(struct pmm_test *t) __attribute__((noreturn));

static void stop(struct pmm_test *t) {
  if (!t->state->running) {
    (void)fprintf(stderr, "an expectation outside a body: %s\n",
                  t->state->verdict.message);
    abort();
  }
  longjmp(t->state->stop, 1);
}

void pmm_fail(struct pmm_test *t, struct pmm_here here, const char *format,
              ...) {
  int injected = t->state->injecting;
  va_list arguments;
  pmm_state_disarm(t);
  if (t->state->verdict.kind == PMM_VERDICT_UNSUPPORTED) {
    stop(t);
  }
  va_start(arguments, format);
  note(t,
       injected && t->state->fired > 0 && no_memory_was_reported(t)
           ? PMM_VERDICT_REPORTED
           : PMM_VERDICT_FAIL,
       here, format, arguments);
  va_end(arguments);
  stop(t);
}

void pmm_release_failed(struct pmm_test *t, struct pmm_here here,
                        enum pmm_status before, enum pmm_status after) {
  note_text(t, PMM_VERDICT_FAIL, here,
            "%s changed the pending error from %s to %s: %s", here.text,
            pmm_status_name(before), pmm_status_name(after),
            t->ops->error_message(t->rt));
  t->ops->error_clear(t->rt);
  if (t->state->running) {
    pmm_state_disarm(t);
    stop(t);
  }
}

void *pmm_test_block(struct pmm_test *t, void *block, struct pmm_here here) {
  if (block == NULL) {
    int injected = t->state->injecting;
    pmm_state_disarm(t);
    if (t->state->verdict.kind == PMM_VERDICT_UNSUPPORTED) {
      stop(t);
    }
    note_text(t,
              injected && t->state->fired > 0 ? PMM_VERDICT_REPORTED
                                              : PMM_VERDICT_FAIL,
              here, "%s gave no block", pmm_plain_of(here.text).text);
    stop(t);
  }
  return block;
}

void unsupported(struct pmm_test *t, const char *what) {
  struct pmm_verdict *verdict = &t->state->verdict;
  pmm_state_disarm(t);
  note_text(t, PMM_VERDICT_UNSUPPORTED, PMM_HERE(""), "needs %s", what);
  (void)snprintf(verdict->feature, sizeof verdict->feature, "%s", what);
  stop(t);
}

/* ---- expectations ------------------------------------------------------- */

static int is_one_of(const char *const *names, const char *name) {
  for (; names != NULL && *names != NULL; names++) {
    if (strcmp(*names, name) == 0) {
      return 1;
    }
  }
  return 0;
}

void outcome(struct pmm_test *t, const char *name) {
  const struct pmm_case *declared = t->state->test_case;
  if (is_one_of(declared->noteworthy, name)) {
    note_text(t, PMM_VERDICT_WARN, PMM_HERE(""), "outcome \"%s\"", name);
  } else if (!is_one_of(declared->allowed, name)) {
    fail("the outcome \"%s\" is not allowed", name);
  }
}

void pmm_check(struct pmm_test *t, int holds, struct pmm_here here) {
  if (!holds && t->state->verdict.kind != PMM_VERDICT_UNSUPPORTED &&
      !(t->state->injecting && no_memory_was_reported(t))) {
    note_text(t, PMM_VERDICT_FAIL, here, "in a callback: expected that %s",
              pmm_plain_of(here.text).text);
  }
}

void pmm_expect_failed(struct pmm_test *t, struct pmm_here here) {
  pmm_fail(t, here, "expected %s", pmm_plain_of(here.text).text);
}

void pmm_expect_values(struct pmm_test *t, int holds, int64_t a, int64_t b,
                       struct pmm_here here, const char *right) {
  if (holds) {
    return;
  }
  const struct pmm_plain text = pmm_plain_of(here.text);
  if (names_status(right, b)) {
    pmm_fail(t, here, "expected %s, got %s", text.text,
             pmm_status_name((enum pmm_status)a));
  }
  if (is_value(right, b)) {
    pmm_fail(t, here, "expected %s, got %lld", text.text, (long long)a);
  }
  pmm_fail(t, here, "expected %s, got %lld and %lld", text.text, (long long)a,
           (long long)b);
}

void pmm_expect_equal(struct pmm_test *t, pmm_obj *a, pmm_obj *b,
                      struct pmm_here here) {
  int equal = 0;
  pmm_expect_ok(t, t->ops->equals(t->rt, a, b, &equal), here);
  pmm_expect(t, equal, here);
}

void pmm_expect_ok(struct pmm_test *t, enum pmm_status status,
                   struct pmm_here here) {
  if (status != PMM_OK) {
    enum pmm_status pending = t->ops->error(t->rt);
    pmm_fail(t, here, "%s failed with %s%s%s: %s", pmm_plain_of(here.text).text,
             pmm_status_name(status),
             pending == status ? "" : ", but the pending error is ",
             pending == status ? "" : pmm_status_name(pending),
             t->ops->error_message(t->rt));
  }
}

void pmm_expect_error(struct pmm_test *t, enum pmm_status got,
                      enum pmm_status wanted, struct pmm_here here) {
  enum pmm_status pending = t->ops->error(t->rt);
  if (got != wanted || pending != wanted) {
    pmm_fail(t, here, "expected %s to fail with %s, got %s%s%s",
             pmm_plain_of(here.text).text, pmm_status_name(wanted),
             pmm_status_name(got),
             pending == got ? "" : ", and the pending error is ",
             pending == got ? "" : pmm_status_name(pending));
  }
  t->ops->error_clear(t->rt);
}

void pmm_expect_null(struct pmm_test *t, pmm_obj *got, enum pmm_status wanted,
                     struct pmm_here here) {
  enum pmm_status pending = t->ops->error(t->rt);
  if (got != NULL) {
    pmm_fail(t, here, "expected %s to fail with %s, but it returned an object",
             pmm_plain_of(here.text).text, pmm_status_name(wanted));
  }
  pmm_expect_error(t, pending, wanted, here);
}

/* The cookies of one kind, as text: "3, 2, 1". */
static void cookies_text(struct pmm_test *t, enum pmm_event_kind kind,
                         char *text, size_t size) {
  size_t used = 0;
  text[0] = '\0';
  for (size_t i = 0; i < t->state->log_count && used + 24 < size; i++) {
    if (t->state->log[i].kind == kind) {
      used += (size_t)snprintf(text + used, size - used, "%s%lld",
                               used > 0 ? ", " : "",
                               (long long)t->state->log[i].cookie);
    }
  }
}

void pmm_expect_log(struct pmm_test *t, enum pmm_event_kind kind,
                    const int64_t *cookies, size_t n, struct pmm_here here) {
  size_t seen = 0;
  int same = 1;
  char text[256];
  for (size_t i = 0; i < t->state->log_count; i++) {
    if (t->state->log[i].kind == kind) {
      same = same && seen < n && t->state->log[i].cookie == cookies[seen];
      seen++;
    }
  }
  if (!same || seen != n) {
    cookies_text(t, kind, text, sizeof text);
    pmm_fail(t, here, "expected the events %s, got %s", here.text,
             text[0] != '\0' ? text : "none");
  }
}
