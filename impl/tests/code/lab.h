/* SPDX-License-Identifier: MIT */
/*
 * lab.h - what the tests of codes, generators, managers, files and traces
 * share.
 *
 *   1. lab_open() opens a runtime whose events become words of one text:
 *      L3 logged, F3 finalized, D3 deallocated, N3 entered, X3:7 exited with
 *      status 7, U7 unraisable, W warned; a test compares the text.
 *   2. CODE() writes a code as a list of instructions.
 *   3. lab_sweep() repeats a job with its first, second, ... allocation
 *      failing, once and persistently, until none fails; each time the job
 *      says NO_MEMORY and all blocks are back.
 */
#ifndef PMM_TEST_FRAMES_LAB_H
#define PMM_TEST_FRAMES_LAB_H

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "backends/registry.h"
#include "code/context.h"
#include "code/function.h"
#include "code/generator.h"
#include "runtime/introspect.h"
#include "runtime/leaks.h"
#include "runtime/runtime.h"
#include "runtime/verify.h"
#include "tests/tap.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static char lab_text[4096]; /* the events, a blank in front of each          */
static uint64_t lab_live;   /* live blocks when the runtime was opened       */

static inline void lab_event(void *ctx, enum pmm_event_kind kind,
                             int64_t cookie, int64_t detail) {
  static const char letters[] = "?FD?LNXUW";
  char word[64] = "";
  (void)ctx;
  char letter = kind < 9 ? letters[kind] : '?';
  if (letter == '?') {
    return;
  }
  if (letter == 'X') {
    snprintf(word, sizeof word, " X%" PRId64 ":%" PRId64, cookie, detail);
  } else if (letter == 'W') {
    snprintf(word, sizeof word, " W");
  } else {
    snprintf(word, sizeof word, " %c%" PRId64, letter,
             letter == 'U' ? detail : cookie);
  }
  if (strlen(lab_text) + strlen(word) < sizeof lab_text) {
    strcat(lab_text, word);
  }
}

/** 1 when these events and no others came; forgets them. */
static inline int lab_saw(const char *words) {
  const char *seen = lab_text[0] == ' ' ? lab_text + 1 : lab_text;
  int same = strcmp(seen, words) == 0;
  if (!same) {
    printf("# saw \"%s\", not \"%s\"\n", seen, words);
  }
  lab_text[0] = '\0';
  return same;
}

static inline uint64_t lab_blocks(pmm_rt *rt) {
  struct pmm_memory memory = {.struct_size = sizeof memory};
  pmmi_caches_flush(rt);
  pmmi_memory(rt, &memory);
  return memory.live_blocks;
}

/** A runtime over the backend named by the program's argument. */
static inline pmm_rt *lab_open(int argc, char **argv) {
  static const struct pmm_host host = {.struct_size = sizeof host,
                                       .event = lab_event};
  char message[256] = "";
  const char *spec = argc > 1 ? argv[1] : "pool";
  struct pmm_open_config config = {
      .struct_size = sizeof config,
      .backend = pmmi_backend_find(spec, message, sizeof message),
      .host = &host};
  pmm_rt *rt = NULL;
  if (config.backend == NULL || pmmi_open(&config, &rt) != PMM_OK) {
    printf("Bail out! no runtime over %s: %s\n", spec, message);
    exit(1);
  }
  lab_text[0] = '\0';
  lab_live = lab_blocks(rt);
  return rt;
}

/** 1 when no error is pending and all blocks are back. */
static inline int lab_clean(pmm_rt *rt) {
  uint64_t found = 0;
  if (pmmi_error_pending(rt)) {
    printf("# pending: %d %s\n", (int)pmmi_error(rt), pmmi_error_message(rt));
    pmmi_error_clear(rt);
    return 0;
  }
  pmmi_collect(rt, 2, &found);
  uint64_t live = lab_blocks(rt);
  if (live != lab_live) {
    printf("# %" PRId64 " blocks too many\n", (int64_t)(live - lab_live));
  }
  return live == lab_live;
}

/** The pending status; removes the error. */
static inline enum pmm_status lab_status(pmm_rt *rt) {
  enum pmm_status status = pmmi_error(rt);
  pmmi_error_clear(rt);
  return status;
}

/** Release what an operation gave; 1 when it gave something. */
static inline int lab_drop(pmm_rt *rt, pmm_obj *o) {
  pmmi_xrelease(rt, o);
  return o != NULL;
}

/** Release an int; its value, or -999. */
static inline int64_t lab_int(pmm_rt *rt, pmm_obj *o) {
  int64_t value = -999;
  if (o != NULL && pmmi_int_value(rt, o, &value) != PMM_OK) {
    pmmi_error_clear(rt);
  }
  pmmi_xrelease(rt, o);
  return value;
}

/* ---- codes -------------------------------------------------------------- */

static inline struct pmm_code lab_code(uint32_t args, uint32_t locals,
                                       const struct pmm_instruction *in,
                                       size_t n) {
  return (struct pmm_code){.struct_size = sizeof(struct pmm_code),
                           .name = "code",
                           .args = args,
                           .locals = locals,
                           .instructions = in,
                           .instruction_count = n};
}

#define IN(...) ((const struct pmm_instruction[]){__VA_ARGS__})
#define CODE(args, locals, ...)                       \
  lab_code(args, locals, IN(__VA_ARGS__),             \
           sizeof IN(__VA_ARGS__) / sizeof(struct pmm_instruction))
#define END {PMM_END, 0, 0, 0}
#define LOG(n) {PMM_LOG, 0, n, 0}
#define TRY {PMM_TRY, 0, 0, 0}
#define EXCEPT(status) {PMM_EXCEPT, -1, status, 0}
#define EXCEPT_AS(local, status) {PMM_EXCEPT, local, status, 0}
#define FINALLY {PMM_FINALLY, 0, 0, 0}
#define RAISE(status) {PMM_RAISE, 0, status, 0}
#define RERAISE {PMM_RERAISE, 0, 0, 0}
#define RETURN(local) {PMM_RETURN, local, 0, 0}
#define INT(local, n) {PMM_INT, local, n, 0}
#define CONST(local, n) {PMM_CONST, local, n, 0}
#define MOVE(to, from) {PMM_MOVE, to, from, 0}
#define DEL(local) {PMM_DEL, local, 0, 0}
#define YIELD(local) {PMM_YIELD, -1, local, 0}
#define YIELD_TO(to, local) {PMM_YIELD, to, local, 0}
#define FROM(to, local) {PMM_YIELD_FROM, to, local, 0}
#define RANGE(local, n) {PMM_FOR_RANGE, local, n, 0}
#define EACH(local, of) {PMM_FOR_EACH, local, of, 0}
#define IF(local) {PMM_IF, local, 0, 0}
#define BREAK {PMM_BREAK, 0, 0, 0}
#define CONTINUE {PMM_CONTINUE, 0, 0, 0}
#define WITH(as, of) {PMM_WITH, as, of, 0}
#define APPEND(list, item) {PMM_APPEND, list, item, 0}
#define CALL(to, n, arg) {PMM_CALL, to, n, arg}
#define AGAIN(to, arg) {PMM_CALL_CODE, to, 0, arg}

/** Make a function of the code and call it. */
static inline pmm_obj *lab_run(pmm_rt *rt, const struct pmm_code *code,
                               pmm_obj *const *args, size_t n) {
  pmm_obj *function = pmmi_function_new(rt, code);
  pmm_obj *result = function ? pmmi_call(rt, function, args, n) : NULL;
  pmmi_xrelease(rt, function);
  return result;
}

/** An instance of a type made for it, with one slot. */
static inline pmm_obj *lab_probe(pmm_rt *rt, int64_t cookie) {
  struct pmm_type_spec spec = {.struct_size = sizeof spec,
                               .name = "probe",
                               .slots = 1,
                               .flags = PMM_TYPE_GC | PMM_TYPE_WEAKREF};
  pmm_obj *type = pmmi_type_new(rt, &spec);
  pmm_obj *probe = type ? pmmi_instance_new(rt, type, cookie) : NULL;
  pmmi_xrelease(rt, type);
  return probe;
}

/* ---- failing allocations ------------------------------------------------ */

/** A job: PMM_OK, or a status that is pending. */
typedef enum pmm_status (*lab_job)(pmm_rt *rt);

/** How many allocations of the job were made to fail; -1: one was not
 *  handled as it must be. */
static inline int64_t lab_sweep(pmm_rt *rt, lab_job job) {
  int64_t points = 0;
  for (int persist = 0; persist < 2; persist++) {
    for (uint64_t nth = 1;; nth++) {
      pmmi_inject_arm(rt, nth, persist);
      enum pmm_status status = job(rt);
      uint64_t failed = pmmi_inject_disarm(rt);
      int good = failed == 0 ? status == PMM_OK : status == PMM_NO_MEMORY;
      good = good && pmmi_error(rt) == status;
      pmmi_error_clear(rt);
      if (!good || !lab_clean(rt)) {
        printf("# allocation %" PRIu64 ", persist %d: status %d\n", nth,
               persist, (int)status);
        return -1;
      }
      if (failed == 0) {
        break;
      }
      points++;
    }
  }
  lab_text[0] = '\0';
  return points;
}

/** A callback of a code or a callable, whose result is None. */
static inline enum pmm_status answer_none(void *ctx, pmm_rt *rt, pmm_obj *arg,
                                          pmm_obj **result) {
  (void)ctx;
  (void)rt;
  (void)arg;
  *result = NULL;
  return PMM_OK;
}

#endif /* PMM_TEST_FRAMES_LAB_H */
