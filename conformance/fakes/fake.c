/* SPDX-License-Identifier: MIT */
/*
 * fake.c - subjects that misbehave towards the harness, one a FAKE_NAME.
 *
 *   1. Each is the example subject (example/subject.c, compiled in with its
 *      getter renamed) with one operation or one claim replaced.
 *   2. run_fakes.py runs the suite on each and holds class, phase and message
 *      against what each must get.
 *
 * Invariant: a fake changes one thing; all else is honest.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pmm/features/list.h"
#include "pmm/features/refcount.h"
#include "pmm/subject.h"
#include "result.h"

const struct pmm_subject *pmm_example_get(uint32_t host_abi);
__attribute__((visibility("default"))) const struct pmm_subject *
pmm_subject_get(uint32_t host_abi);

static struct pmm_core_ops honest;
static const void *(*honest_feature)(const char *name);

/* ---- in the body: the first instance sets it off ------------------------ */

static void (*misdeed)(void);

static pmm_obj *instance_new(pmm_rt *rt, pmm_obj *type, int64_t cookie) {
  misdeed();
  return honest.instance_new(rt, type, cookie);
}

static void hang(void) {
  for (;;) {
    (void)pause();
  }
}

static void exit_0(void) { exit(0); }
static void exit_7(void) { _exit(7); }
static void crash(void) { (void)raise(SIGSEGV); }

/* As AddressSanitizer ends a process in which it found an error. */
static void report_error(void) {
  (void)fputs("==7==ERROR: AddressSanitizer: double-free on 0x10\n", stderr);
  _exit(1);
}

static void killed(void) { (void)raise(SIGKILL); }

/* Volatile, so that no compiler or analyzer knows whom it calls. */
static void (*volatile give_back)(void *block) = free;

static void double_free(void) {
  void *block = malloc(40);
  give_back(block);
  give_back(block);
}

/* More than a pipe holds, and it looks like results. */
static void noise(void) {
  for (int i = 0; i < 20000; i++) {
    (void)printf("ok %d - forged.case\nnot ok %d - forged.case\n", i, i);
    (void)fprintf(stderr, "Bail out!\n");
  }
}

/* A process that keeps the pipe open and outlives its parent. */
static void straggler(void) {
  if (fork() == 0) {
    hang();
  }
}

/* One that leaves group and session, and its parent with them. */
static void escape(void) {
  if (fork() == 0) {
    (void)setsid();
    if (fork() == 0) {
      hang();
    }
    _exit(0);
  }
}

static void close_all(void) {
  for (int fd = 0; fd < 64; fd++) {
    (void)close(fd);
  }
}

static void open_one(void) { (void)open("/dev/null", O_RDONLY | O_CLOEXEC); }

static void leave(int signal) {
  (void)signal;
  _exit(0);
}

/* ---- into the harness's pipe -------------------------------------------- */

static void write_to_pipes(const void *data, size_t size) {
  for (int fd = 3; fd < 256; fd++) {
    struct stat status;
    int flags = fcntl(fd, F_GETFL);
    if (flags >= 0 && (flags & O_ACCMODE) == O_WRONLY &&
        fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode)) {
      (void)!write(fd, data, size);
    }
  }
}

static void write_pass(void) {
  struct pmm_record record;
  pmm_record_init(&record);
  pmm_record_seal(&record, 42);
  write_to_pipes(&record, sizeof record);
}

static void torn_record(void) {
  write_to_pipes("half a record", 13);
  _exit(0);
}

static void forged_pass(void) {
  write_pass();
  _exit(0);
}

static void two_records(void) { write_pass(); }

/* ---- in other operations ------------------------------------------------ */

static uint64_t wrong_count(pmm_rt *rt, pmm_obj *o) {
  const struct pmm_refcount_ops *counts = honest_feature("refcount");
  return counts->refcount(rt, o) + 1;
}

static const void *miscounting(const char *name) {
  static struct pmm_refcount_ops counts;
  if (strcmp(name, "refcount") != 0) {
    return honest_feature(name);
  }
  counts = *(const struct pmm_refcount_ops *)honest_feature(name);
  counts.refcount = wrong_count;
  return &counts;
}

/* Lists of which nothing is there but the size. */
static const void *with_lists(const char *name) {
  static struct pmm_list_ops lists = {.struct_size = sizeof lists};
  return strcmp(name, "list") == 0 ? &lists : honest_feature(name);
}

/* A structure that was never filled. */
static const void *with_hole(const char *name) {
  static struct pmm_list_ops lists;
  return strcmp(name, "list") == 0 ? &lists : honest_feature(name);
}

static pmm_obj *leaking_float(pmm_rt *rt, double value) {
  (void)honest.int_new(rt, 1);
  return honest.float_new(rt, value);
}

static void raising_release(pmm_rt *rt, pmm_obj *o) {
  honest.release(rt, o);
  honest.error_set(rt, PMM_NO_MEMORY, "of a release");
}

static void crashing_close(pmm_rt *rt) {
  honest.close(rt);
  crash();
}

static enum pmm_status failing_open(const struct pmm_open_config *config,
                                    pmm_rt **rt) {
  (void)config;
  *rt = NULL;
  return PMM_NO_MEMORY;
}

/* Die of a question that comes while an error is pending. */
static int same_or_crash(pmm_rt *rt, pmm_obj *a, pmm_obj *b) {
  if (honest.error(rt) != PMM_OK) {
    crash();
  }
  return honest.same(rt, a, b);
}

/* Tell the host of each death twice. */
static struct pmm_host true_host;

static void tell_twice(void *ctx, enum pmm_event_kind kind, int64_t cookie,
                       int64_t detail) {
  true_host.event(ctx, kind, cookie, detail);
  true_host.event(ctx, kind, cookie, detail);
}

static enum pmm_status open_twice_told(const struct pmm_open_config *config,
                                       pmm_rt **rt) {
  struct pmm_open_config changed = *config;
  struct pmm_host host = *config->host;
  true_host = host;
  host.event = tell_twice;
  changed.host = &host;
  return honest.open(&changed, rt);
}

/* ---- which fake this is ------------------------------------------------- */

static void nothing(void) {}

struct fake {
  const char *name;
  void (*misdeed)(void);                  /* at the first instance; or NULL */
  void (*change)(struct pmm_core_ops *ops, struct pmm_subject *subject);
};

static void wrong_abi(struct pmm_core_ops *ops, struct pmm_subject *subject) {
  (void)ops;
  subject->abi_version = PMM_SUBJECT_ABI + 98;
}

static void older(struct pmm_core_ops *ops, struct pmm_subject *subject) {
  (void)ops;
  subject->abi_version = 1;
}

static void empty_feature(struct pmm_core_ops *ops,
                          struct pmm_subject *subject) {
  (void)ops;
  subject->feature = with_lists;
}

static void sizeless(struct pmm_core_ops *ops, struct pmm_subject *subject) {
  (void)ops;
  subject->feature = with_hole;
}

static void odd_modes(struct pmm_core_ops *ops, struct pmm_subject *subject) {
  static const char *const modes[] = {"full", "a/b", "full", NULL};
  (void)ops;
  subject->modes = modes;
}

static void null_core(struct pmm_core_ops *ops, struct pmm_subject *subject) {
  (void)subject;
  ops->int_new = NULL;
}

static void no_modes(struct pmm_core_ops *ops, struct pmm_subject *subject) {
  (void)ops;
  subject->modes = NULL;
}

static void miscounts(struct pmm_core_ops *ops, struct pmm_subject *subject) {
  (void)ops;
  subject->feature = miscounting;
}

static void leaks(struct pmm_core_ops *ops, struct pmm_subject *subject) {
  (void)subject;
  ops->float_new = leaking_float;
}

static void raises(struct pmm_core_ops *ops, struct pmm_subject *subject) {
  (void)subject;
  ops->release = raising_release;
}

static void dies_in_row(struct pmm_core_ops *ops, struct pmm_subject *subject) {
  (void)subject;
  ops->same = same_or_crash;
}

static void dies_at_close(struct pmm_core_ops *ops,
                          struct pmm_subject *subject) {
  (void)subject;
  ops->close = crashing_close;
}

static void cannot_open(struct pmm_core_ops *ops, struct pmm_subject *subject) {
  (void)subject;
  ops->open = failing_open;
}

static void dies_twice(struct pmm_core_ops *ops, struct pmm_subject *subject) {
  (void)subject;
  ops->open = open_twice_told;
}

static const struct fake fakes[] = {
    {"hang", hang, NULL},
    {"exit_0", exit_0, NULL},
    {"exit_7", exit_7, NULL},
    {"reports", report_error, NULL},
    {"crash", crash, NULL},
    {"killed", killed, NULL},
    {"double_free", double_free, NULL},
    {"noise", noise, NULL},
    {"straggler", straggler, NULL},
    {"escapes", escape, NULL},
    {"closes_all", close_all, NULL},
    {"helper_at_load", nothing, NULL},
    {"no_streams", nothing, NULL},
    {"waits_itself", nothing, NULL},
    {"torn_record", torn_record, NULL},
    {"forged_pass", forged_pass, NULL},
    {"two_records", two_records, NULL},
    {"wrong_abi", NULL, wrong_abi},
    {"older", NULL, older},
    {"empty_feature", NULL, empty_feature},
    {"sizeless", NULL, sizeless},
    {"null_core", NULL, null_core},
    {"no_modes", NULL, no_modes},
    {"odd_modes", NULL, odd_modes},
    {"miscounts", NULL, miscounts},
    {"leaks", NULL, leaks},
    {"leaves_one_open", open_one, NULL},
    {"raises_in_release", NULL, raises},
    {"crash_at_close", NULL, dies_at_close},
    {"crash_in_row", NULL, dies_in_row},
    {"cannot_open", NULL, cannot_open},
    {"dies_twice", NULL, dies_twice},
    {"honest", nothing, NULL},
};

__attribute__((constructor)) static void at_load(void) {
  if (strcmp(FAKE_NAME, "crash_at_load") == 0) {
    crash();
  } else if (strcmp(FAKE_NAME, "hang_at_load") == 0) {
    hang();
  } else if (strcmp(FAKE_NAME, "helper_at_load") == 0) {
    escape();
  } else if (strcmp(FAKE_NAME, "no_streams") == 0) {
    (void)close(STDOUT_FILENO);
    (void)close(STDERR_FILENO);
  } else if (strcmp(FAKE_NAME, "waits_itself") == 0) {
    (void)signal(SIGCHLD, leave);
  }
}

const struct pmm_subject *pmm_subject_get(uint32_t host_abi) {
  static struct pmm_subject subject;
  static struct pmm_core_ops ops;
  if (strcmp(FAKE_NAME, "refuses") == 0) {
    return NULL;
  }
  subject = *pmm_example_get(host_abi);
  honest = ops = *subject.core;
  honest_feature = subject.feature;
  subject.core = &ops;
  for (size_t i = 0; i < sizeof fakes / sizeof fakes[0]; i++) {
    if (strcmp(fakes[i].name, FAKE_NAME) == 0) {
      if (fakes[i].misdeed != NULL) {
        misdeed = fakes[i].misdeed;
        ops.instance_new = instance_new;
      } else {
        fakes[i].change(&ops, &subject);
      }
    }
  }
  return &subject;
}
