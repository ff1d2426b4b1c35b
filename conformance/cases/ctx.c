/* SPDX-License-Identifier: MIT */
/*
 * cases/ctx.c - context managers and files: exit on every way out, the
 * descriptor closed before the next statement (requirements CTX-…; PEP 343).
 */
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "codes.h"
#include "files.h"

/* ---- managers ----------------------------------------------------------- */

/* What a manager does and what its exit was told.  Scratch memory. */
struct manager {
  struct pmm_test *t;
  enum pmm_status enter_raises;
  enum pmm_status exit_raises;
  int suppresses;
  enum pmm_status told; /* the error that exit was given                    */
};

static enum pmm_status enter(void *ctx, pmm_rt *rt, pmm_obj *arg,
                             pmm_obj **result) {
  struct manager *manager = ctx;
  (void)rt;
  (void)arg;
  *result = NULL;
  return manager->enter_raises;
}

static enum pmm_status leave(void *ctx, pmm_rt *rt, enum pmm_status error,
                             int *suppress) {
  struct manager *manager = ctx;
  (void)rt;
  manager->told = error;
  *suppress = manager->suppresses;
  return manager->exit_raises;
}

static struct manager *new_manager(struct pmm_test *t) {
  struct manager *manager = SCRATCH(struct manager);
  manager->t = t;
  manager->told = PMM_UNSUPPORTED;
  return manager;
}

static pmm_obj *manager_object(struct pmm_test *t, struct manager *manager,
                               int64_t cookie) {
  return NEW(OPS->manager_new(RT, enter, leave, manager, cookie));
}

#define WITH {PMM_WITH, -1, 0, 0}
#define END {PMM_END, 0, 0, 0}

/* "The exit action runs exactly once on normal end, error, early return, break
 * and continue out of the block." */
MUST(ctx, exit_runs_on_every_way_out, "Exit runs once however the block ends",
     REQ("CTX-001"), NEEDS(context, frame)) {
  struct pmm_code ways[] = {
      CODE("end", 1, 2, WITH, {PMM_LOG, 0, 1, 0}, END),
      CODE("return", 1, 2, WITH, {PMM_RETURN, 0, 0, 0}, END),
      CODE("break", 1, 2, {PMM_FOR_RANGE, 1, 5, 0}, WITH,
           {PMM_BREAK, 0, 0, 0}, END, END),
      CODE("continue", 1, 2, {PMM_FOR_RANGE, 1, 1, 0}, WITH,
           {PMM_CONTINUE, 0, 0, 0}, END, END),
      CODE("error", 1, 2, WITH, {PMM_RAISE, 0, PMM_USER, 0}, END)};
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
    now_at(t, "the way out by %s", ways[i].name);
    struct manager *manager = new_manager(t);
    pmm_obj *o = manager_object(t, manager, (int64_t)i);
    if (i == 4) {
      expect_null(run_code(t, &ways[i], o), PMM_USER);
    } else {
      DROP(NEW(run_code(t, &ways[i], o)));
    }
    expect_eq(happened(ENTERED, (int64_t)i), 1);
    expect_eq(happened(EXITED, (int64_t)i), 1);
    expect_eq(manager->told, i == 4 ? PMM_USER : PMM_OK);
  }
}

/* "If enter fails, exit is not called and nothing acquired earlier leaks." */
MUST(ctx, failed_enter_means_no_exit,
     "A failed enter is not followed by an exit",
     REQ("CTX-002"), NEEDS(context, frame, refcount)) {
  struct pmm_code code = CODE("with", 1, 2, {PMM_MOVE, 1, 0, 0},
                              {PMM_WITH, 1, 0, 0}, {PMM_LOG, 0, 1, 0}, END);
  struct manager *manager = new_manager(t);
  manager->enter_raises = PMM_USER;
  pmm_obj *o = manager_object(t, manager, 1);
  uint64_t count = OPS->refcount(RT, o);
  expect_null(run_code(t, &code, o), PMM_USER);
  expect_none(EXITED);
  expect_none(LOG);
  expect_eq(OPS->refcount(RT, o), count);
}

/* "Exit gets the error kind (none on normal exit); a true result suppresses
 * the error, a false one lets it continue; an exit error replaces it and keeps
 * the old one as context." */
MUST(ctx, exit_may_suppress_or_replace, "Exit may suppress or replace an error",
     REQ("CTX-003"), NEEDS(context, frame)) {
  struct pmm_code code = CODE("with", 1, 1, WITH, {PMM_RAISE, 0, PMM_KEY, 0},
                              END, {PMM_LOG, 0, 2, 0});
  struct manager *manager = new_manager(t);
  pmm_obj *o = manager_object(t, manager, 1);
  expect_null(run_code(t, &code, o), PMM_KEY);
  expect_eq(manager->told, PMM_KEY);
  expect_none(LOG);
  manager->suppresses = 1;
  DROP(NEW(run_code(t, &code, o)));
  expect_log(LOG, 2);
  manager->exit_raises = PMM_VALUE;
  pmm_obj *result = run_code(t, &code, o);
  enum pmm_status context = OPS->error_context(RT);
  expect_null(result, PMM_VALUE);
  expect_eq(context, PMM_KEY);
}

/* "Several managers exit in reverse order of entry, ..." */
MUST(ctx, managers_unwind_in_reverse, "The manager entered last exits first",
     REQ("CTX-004"), NEEDS(context, frame)) {
  struct pmm_code code =
      CODE("nested", 2, 2, {PMM_WITH, -1, 0, 0}, {PMM_WITH, -1, 1, 0},
           {PMM_RAISE, 0, PMM_USER, 0}, END, END);
  pmm_obj *both[] = {manager_object(t, new_manager(t), 1),
                     manager_object(t, new_manager(t), 2)};
  pmm_obj *function = NEW(OPS->function_new(RT, &code));
  expect_null(OPS->call(RT, function, both, 2), PMM_USER);
  expect_log(ENTERED, 1, 2);
  expect_log(EXITED, 2, 1);
}

/* "... a failing later enter exits the earlier ones." */
MUST(ctx, failed_later_enter_exits_the_earlier,
     "A later enter that fails exits the earlier manager", REQ("CTX-004"),
     NEEDS(context, frame)) {
  struct pmm_code code = CODE("nested", 2, 2, {PMM_WITH, -1, 0, 0},
                              {PMM_WITH, -1, 1, 0}, END, END);
  struct manager *failing = new_manager(t);
  failing->enter_raises = PMM_OS;
  pmm_obj *both[] = {manager_object(t, new_manager(t), 1),
                     manager_object(t, failing, 2)};
  pmm_obj *function = NEW(OPS->function_new(RT, &code));
  expect_null(OPS->call(RT, function, both, 2), PMM_OS);
  expect_log(EXITED, 1);
}

/* A callback of an exit stack: its order and what it raises. */
struct pushed {
  int *order;
  int *next;
  int position;
  enum pmm_status raises;
};

static enum pmm_status note_order(void *ctx, pmm_rt *rt, pmm_obj *unused) {
  struct pushed *pushed = ctx;
  (void)rt;
  (void)unused;
  pushed->order[(*pushed->next)++] = pushed->position;
  return pushed->raises;
}

/* "A dynamic exit stack runs callbacks last-in first-out and continues after
 * one raises." */
MUST(ctx, exit_stack_unwinds_completely,
     "An exit stack runs all callbacks, the last first", REQ("CTX-005"),
     NEEDS(context)) {
  pmm_obj *stack = NEW(OPS->exit_stack_new(RT));
  struct pushed *pushed = SCRATCH_ARRAY(struct pushed, 3);
  int *order = SCRATCH_ARRAY(int, 4);
  for (int i = 0; i < 3; i++) {
    pushed[i] = (struct pushed){order, &order[3], i,
                                i == 1 ? PMM_USER : PMM_OK};
    expect_ok(OPS->exit_stack_push(RT, stack, note_order, &pushed[i]));
  }
  expect_error(OPS->exit_stack_close(RT, stack), PMM_USER);
  expect_eq(order[3], 3);
  for (int i = 0; i < 3; i++) {
    expect_eq(order[i], 2 - i);
  }
}

enum { MANY_EXITS = 100 };

/* "A dynamic exit stack runs callbacks last-in first-out ..." */
MUST(ctx, long_exit_stacks_keep_all, "An exit stack of any length keeps all",
     REQ("CTX-005"), NEEDS(context)) {
  struct pushed *pushed = SCRATCH_ARRAY(struct pushed, MANY_EXITS);
  int *order = SCRATCH_ARRAY(int, MANY_EXITS + 1);
  for (int n = 1; n <= MANY_EXITS; n += n < 40 ? 1 : 20) {
    pmm_obj *stack = NEW(OPS->exit_stack_new(RT));
    now_at(t, "%d callbacks", n);
    order[MANY_EXITS] = 0;
    for (int i = 0; i < n; i++) {
      pushed[i] = (struct pushed){order, &order[MANY_EXITS], i, PMM_OK};
      expect_ok(OPS->exit_stack_push(RT, stack, note_order, &pushed[i]));
    }
    expect_ok(OPS->exit_stack_close(RT, stack));
    expect_eq(order[MANY_EXITS], n);
    for (int i = 0; i < n; i++) {
      expect_eq(order[i], n - 1 - i);
    }
    DROP(stack);
  }
}

/* "A manager made from a one-yield generator runs its cleanup on error, and
 * yielding twice is an error." */
MUST(ctx, generator_based_manager, "A generator works as a context manager",
     REQ("CTX-014"), NEEDS(context, generator, frame)) {
  struct pmm_code once =
      CODE("once", 0, 0, {PMM_LOG, 0, 1, 0}, {PMM_TRY, 0, 0, 0},
           {PMM_YIELD, -1, -1, 0}, {PMM_FINALLY, 0, 0, 0},
           {PMM_LOG, 0, 2, 0}, END);
  struct pmm_code twice = CODE("twice", 0, 0, {PMM_YIELD, -1, -1, 0},
                               {PMM_YIELD, -1, -1, 0});
  struct pmm_code failing =
      CODE("failing", 1, 1, WITH, {PMM_RAISE, 0, PMM_USER, 0}, END);
  struct pmm_code passing =
      CODE("passing", 1, 1, WITH, {PMM_LOG, 0, 3, 0}, END);
  pmm_obj *function = NEW(OPS->function_new(RT, &once));
  pmm_obj *manager = NEW(OPS->manager_from_generator(RT, function));
  expect_null(run_code(t, &failing, manager), PMM_USER);
  expect_log(LOG, 1, 2);
  function = NEW(OPS->function_new(RT, &twice));
  manager = NEW(OPS->manager_from_generator(RT, function));
  expect_null(run_code(t, &passing, manager), PMM_RUNTIME);
}

/* ---- files -------------------------------------------------------------- */

static int is_open(int fd) { return fcntl(fd, F_GETFD) != -1; }

static off_t size_on_disk(const char *path) {
  struct stat status;
  return stat(path, &status) == 0 ? status.st_size : -1;
}

static int open_descriptors(void) {
  int open_count = 0;
  for (int fd = 0; fd < 256; fd++) {
    open_count += is_open(fd);
  }
  return open_count;
}

/* with f: pass, or raise */
static const struct pmm_code with_file =
    CODE("with_file", 1, 1, WITH, {PMM_LOG, 0, 1, 0}, END);
static const struct pmm_code with_file_and_error =
    CODE("with_file_and_error", 1, 1, WITH, {PMM_RAISE, 0, PMM_USER, 0}, END);

/* What the statement behind a block sees of the file's descriptor. */
struct look {
  int fd;
  int after; /* 1: open in the next statement; -1: not looked               */
};

static enum pmm_status look_behind(void *ctx, pmm_rt *rt, pmm_obj *arg,
                                   pmm_obj **result) {
  struct look *look = ctx;
  (void)rt;
  (void)arg;
  *result = NULL;
  look->after = is_open(look->fd);
  return PMM_OK;
}

/* "At block exit the OS descriptor is closed before the next statement; ..."
 * The file itself is a local that lives on. */
MUST(ctx, the_next_statement_finds_it_closed,
     "The statement after the block finds the descriptor closed",
     REQ("CTX-006"), NEEDS(context, file, frame)) {
  struct look *look = SCRATCH(struct look);
  const struct pmm_code_call call = {look_behind, look};
  struct pmm_code code =
      CODE("looking", 1, 1, WITH, {PMM_LOG, 0, 1, 0}, END,
           {PMM_CALL, -1, 0, -1}, {PMM_LOG, 0, 2, 0});
  code.calls = &call;
  code.call_count = 1;
  pmm_obj *file = NEW(OPS->file_open(RT, file_of(t, 10), "r"));
  *look = (struct look){OPS->file_descriptor(RT, file), -1};
  expect(is_open(look->fd));
  DROP(NEW(run_code(t, &code, file)));
  expect_log(LOG, 1, 2);
  expect_eq(look->after, 0);
}

/* "At block exit the OS descriptor is closed before the next statement; using
 * it gives EBADF and using the file object is an error." */
MUST(ctx, leaving_the_block_closes_the_descriptor,
     "The descriptor is closed after the block", REQ("CTX-006"),
     NEEDS(context, file, frame)) {
  pmm_obj *file = NEW(OPS->file_open(RT, file_of(t, 10), "r"));
  int fd = OPS->file_descriptor(RT, file);
  expect(is_open(fd));
  DROP(NEW(run_code(t, &with_file, file)));
  errno = 0;
  expect(!is_open(fd));
  expect_eq(errno, EBADF);
  expect_eq(OPS->file_descriptor(RT, file), -1);
  expect_null(OPS->file_read(RT, file, 1), PMM_VALUE);
  expect_null(OPS->file_read_line(RT, file), PMM_VALUE);
}

/* "Closing a closed file does nothing and never closes a descriptor number
 * reused by another file." */
MUST(ctx, double_close_is_harmless, "A second close touches no other file",
     REQ("CTX-007"), NEEDS(file)) {
  const char *path = file_of(t, 10);
  pmm_obj *first = NEW(OPS->file_open(RT, path, "r"));
  int fd = OPS->file_descriptor(RT, first);
  expect_ok(OPS->file_close(RT, first));
  pmm_obj *second = NEW(OPS->file_open(RT, path, "r"));
  expect_eq(OPS->file_descriptor(RT, second), fd);
  expect_ok(OPS->file_close(RT, first));
  expect(is_open(fd));
  expect_eq(length_of(t, NEW(OPS->file_read(RT, second, SIZE_MAX))), 10);
  expect_ok(OPS->file_close(RT, second));
}

/* "Several managers exit in reverse order of entry, and a failing later enter
 * exits the earlier ones."  The first is a file. */
MUST(ctx, failed_later_enter_closes_the_file,
     "A later enter that fails closes the earlier file", REQ("CTX-004"),
     NEEDS(context, file, frame)) {
  struct pmm_code code = CODE("nested", 2, 2, {PMM_WITH, -1, 0, 0},
                              {PMM_WITH, -1, 1, 0}, END, END);
  struct manager *failing = new_manager(t);
  failing->enter_raises = PMM_OS;
  pmm_obj *file = NEW(OPS->file_open(RT, file_of(t, 10), "r"));
  int fd = OPS->file_descriptor(RT, file);
  pmm_obj *both[] = {file, manager_object(t, failing, 2)};
  pmm_obj *function = NEW(OPS->function_new(RT, &code));
  expect_null(OPS->call(RT, function, both, 2), PMM_OS);
  expect(!is_open(fd));
  expect_none(EXITED);
}

static void stop_tracing(struct pmm_test *t, void *unused) {
  (void)unused;
  OPS->trace_stop(RT);
}

static uint64_t traced(struct pmm_test *t) {
  uint64_t current;
  uint64_t peak;
  OPS->trace_get(RT, &current, &peak);
  return current;
}

/* "Closing frees the file's internal buffers; the string or bytes returned by
 * read stay valid and keep their memory until their own last reference goes."
 */
MUST(ctx, close_keeps_what_was_read, "Closing frees buffers, not the data read",
     REQ("CTX-008"), NEEDS(context, file, trace, frame)) {
  enum { SIZE = 1 << 20 };
  const char *path = file_of(t, SIZE);
  pmm_obj *function = NEW(OPS->function_new(RT, &with_file));
  pmm_obj *first = NEW(OPS->file_open(RT, path, "r"));
  DROP(NEW(OPS->call(RT, function, &first, 1)));
  expect_ok(OPS->trace_start(RT));
  defer(t, stop_tracing, NULL);
  uint64_t before = traced(t);
  pmm_obj *file = NEW(OPS->file_open(RT, path, "r"));
  pmm_obj *data = NEW(OPS->file_read(RT, file, SIZE_MAX));
  uint64_t opened = traced(t);
  DROP(NEW(OPS->call(RT, function, &file, 1)));
  expect_lt(traced(t), opened); /* the file is there, its buffer is not      */
  DROP(file);
  expect_ge(traced(t), before + SIZE);
  expect_eq(length_of(t, data), SIZE);
  DROP(data);
  expect_lt(traced(t), before + 65536);
}

/* "Buffered bytes reach the file at close or block exit, also after an error
 * in the block." */
MUST(ctx, written_data_is_flushed, "Close and exit flush what was written",
     REQ("CTX-009"), NEEDS(context, file, frame)) {
  for (int way = 0; way < 3; way++) {
    const char *path = file_of(t, 0);
    pmm_obj *file = NEW(OPS->file_open(RT, path, "w"));
    expect_ok(OPS->file_write(RT, file, "abc", 3));
    expect_eq(size_on_disk(path), 0);
    if (way == 0) {
      expect_ok(OPS->file_close(RT, file));
    } else if (way == 1) {
      DROP(NEW(run_code(t, &with_file, file)));
    } else {
      expect_null(run_code(t, &with_file_and_error, file), PMM_USER);
    }
    expect_eq(size_on_disk(path), 3);
  }
}

/* "If the flush in close fails the error is reported and the descriptor is
 * closed all the same." */
MUST(ctx, failed_flush_still_closes,
     "A failed flush still closes the descriptor",
     REQ("CTX-010"), NEEDS(context, file)) {
  if (access("/dev/full", W_OK) != 0) {
    unsupported(t, "/dev/full");
  }
  pmm_obj *file = NEW(OPS->file_open(RT, "/dev/full", "w"));
  int fd = OPS->file_descriptor(RT, file);
  expect_ok(OPS->file_write(RT, file, "abc", 3));
  enum pmm_status status = OPS->file_close(RT, file);
  int reason = OPS->os_errno(RT);
  expect_error(status, PMM_OS);
  expect_eq(reason, ENOSPC);
  expect(!is_open(fd));
}

/* "The last reference to an unclosed file closes the descriptor at once and
 * emits a resource warning; a closed file emits none." */
MUST(ctx, dropped_file_is_closed_with_a_warning,
     "A dropped open file is closed with a warning", REQ("CTX-011"),
     NEEDS(file, diag)) {
  const char *path = file_of(t, 10);
  pmm_obj *closed = NEW(OPS->file_open(RT, path, "r"));
  expect_ok(OPS->file_close(RT, closed));
  DROP(closed);
  expect_none(WARNING);
  pmm_obj *forgotten = NEW(OPS->file_open(RT, path, "r"));
  int fd = OPS->file_descriptor(RT, forgotten);
  DROP(forgotten);
  expect(!is_open(fd));
  expect_eq(happened(WARNING, ANY), 1);
  expect_eq(logged(t, (size_t)when(WARNING, ANY))->detail, fd);
}

static void restore_limit(struct pmm_test *t, void *subject) {
  (void)t;
  (void)setrlimit(RLIMIT_NOFILE, subject);
}

/* No more than 256 descriptors at a time for the rest of the case. */
static void limit_descriptors(struct pmm_test *t) {
  struct rlimit *before = SCRATCH(struct rlimit);
  expect(getrlimit(RLIMIT_NOFILE, before) == 0);
  struct rlimit limit = {.rlim_cur = 256, .rlim_max = before->rlim_max};
  defer(t, restore_limit, before);
  expect(setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

/* "3000 open/read/leave rounds, with or without explicit close, leave the
 * descriptor count unchanged with a limit of 256." */
MUST(ctx, loops_do_not_grow_descriptors,
     "3000 open and close rounds leave no descriptor open",
     REQ("CTX-012"), NEEDS(context, file, frame),
     OOM_EXEMPT("3000 rounds take too long for a round a failure")) {
  const char *path = file_of(t, 10);
  int before = open_descriptors();
  limit_descriptors(t);
  for (int round = 0; round < 6000; round++) {
    pmm_obj *file = NEW(OPS->file_open(RT, path, "r"));
    DROP(NEW(OPS->file_read(RT, file, SIZE_MAX)));
    if (round % 2 == 0) {
      DROP(NEW(run_code(t, &with_file, file)));
    }
    DROP(file);
  }
  expect_eq(open_descriptors(), before);
}

/* "A suspended generator inside a block closes the file when dropped." */
MUST(ctx, dropped_generator_closes_its_file,
     "Dropping a generator closes the file of its with block", REQ("CTX-013"),
     NEEDS(generator, file, context)) {
  const struct pmm_code reading =
      CODE("reading", 1, 1, WITH, {PMM_YIELD, -1, -1, 0}, END);
  pmm_obj *file = NEW(OPS->file_open(RT, file_of(t, 10), "r"));
  int fd = OPS->file_descriptor(RT, file);
  pmm_obj *generator = generator_with(t, &reading, file);
  step(t, generator);
  expect(is_open(fd));
  DROP(generator);
  expect(!is_open(fd));
  expect_eq(OPS->file_descriptor(RT, file), -1);
}
