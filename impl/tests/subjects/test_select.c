/* SPDX-License-Identifier: MIT */
/* test_select.c - naming subjects, backends and modes, right and wrong.
 * Arguments: a subject's shared object for each fault of third.c. */
#include <stdio.h>
#include <string.h>

#include "subjects/select.h"
#include "tests/tap.h"

static char message[512];

/** What pmmi_select() returns for these names. */
static int selects(const char *subject, const char *backend, const char *mode,
                   struct pmmi_selection *out) {
  struct pmmi_names names = {subject, backend, mode};
  message[0] = '\0';
  return pmmi_select(&names, out, message, sizeof message);
}

/** 1 when it is refused with `code` and a message that has `word`. */
static int refused(int code, const char *word, const char *subject,
                   const char *backend, const char *mode) {
  struct pmmi_selection selection;
  int got = selects(subject, backend, mode, &selection);
  int good = got == code && strstr(message, word) != NULL;
  if (!good) {
    printf("# %d: %s\n", got, message);
  }
  return good;
}

static void names_are_found(void) {
  struct pmmi_selection s;
  tap_ok(selects(NULL, NULL, NULL, &s) == 0 &&
             strcmp(s.subject->name, "reference") == 0 &&
             strcmp(s.backend->name, "pool") == 0 &&
             strcmp(s.mode, s.subject->modes[0]) == 0,
         "the reference over the pool in its first mode by default");
  tap_ok(selects("null", NULL, NULL, &s) == 0 && s.backend == NULL,
         "the null subject has no backend");
  tap_ok(selects("reference", "libc", "full", &s) == 0 &&
             strcmp(s.mode, "full") == 0,
         "all three by name");
  tap_ok(!pmm_view_offers(&s.view, "pool") && s.view.ops.class_stats == NULL,
         "over libc the reference has no pool");
  tap_ok(selects("reference", "pool", NULL, &s) == 0 &&
             pmm_view_offers(&s.view, "pool_stats") &&
             s.view.ops.class_stats != NULL,
         "over the pool it has one");
  tap_ok(pmmi_subject_count() == 2, "two subjects are known");
}

static void unknown_names_are_explained(void) {
  tap_ok(refused(2, "reference", "refrence", NULL, NULL),
         "an unknown subject names the nearest");
  tap_ok(refused(2, "full", NULL, NULL, "ful"),
         "an unknown mode, too");
  tap_ok(refused(2, "pool", NULL, "pol", NULL),
         "an unknown backend, too");
  tap_ok(refused(2, "--backend", "null", "pool", NULL),
         "a backend for a subject without one");
  tap_ok(refused(2, "/no/such.so", "/no/such.so", NULL, NULL) &&
             refused(2, "such.so", "such.so", NULL, NULL) &&
             refused(2, "/no=such.so", "/no=such.so", NULL, NULL),
         "a library that is not there");
  tap_ok(refused(2, "nosuchso", "nosuchso", NULL, NULL),
         "a name is not a library's");
}

static void third_parties_are_checked(char **so) {
  struct pmmi_selection s;
  tap_ok(selects(so[0], "libc", "only", &s) == 0 &&
             strcmp(s.subject->name, "third") == 0,
         "a shared object is a subject");
  char named[1200];
  (void)snprintf(named, sizeof named, "mine=%s", so[0]);
  tap_ok(selects(named, "libc", "only", &s) == 0 &&
             strcmp(s.subject->name, "third") == 0,
         "under a name of the caller's, too");
  pmm_rt *rt = NULL;
  tap_ok(pmmi_selection_open(&s, NULL, 1, 0, &rt) == PMM_OK && rt != NULL,
         "which opens");
  s.view.ops.close(rt);
  tap_ok(pmm_view_offers(&s.view, "refcount") &&
             s.view.ops.refcount_reported != NULL,
         "a structure that is longer than ours is read as far as ours goes");
  tap_ok(!pmm_view_offers(&s.view, "list") && s.view.ops.list_new == NULL &&
             !pmm_view_offers(&s.view, "teleport"),
         "what it does not have is absent");
  tap_ok(selects(so[16], NULL, NULL, &s) == 0 &&
             s.view.ops.refcount != NULL &&
             s.view.ops.refcount_reported == NULL &&
             s.view.offers[PMM_FEATURE_refcount] &&
             !pmm_view_offers(&s.view, "refcount") &&
             strcmp(s.view.lacks[PMM_FEATURE_refcount],
                    "refcount_reported") == 0,
         "one that is shorter as far as it goes, and is not whole");
  tap_ok(selects(so[15], NULL, NULL, &s) == 0 && s.mode == NULL &&
             refused(2, "no modes", so[15], NULL, "only"),
         "one without modes has no mode");
}

static void faults_are_named(char **so) {
  static const struct {
    int fault;
    const char *word;
  } rows[] = {{1, "version 4"},   {2, "struct_size"}, {3, "NULL or empty"},
              {4, "core is NULL"}, {5, "close is null"},
              {6, "does not serve"},
              {7, "exports no"},  {8, "NULL or empty"}, {9, "version"},
              {10, "build"},      {11, "profile"},    {12, "feature"},
              {13, "modes"},      {14, "retain is null"},
              {17, "version 2 of pmm/subject.h"},
              {17, "struct pmm_core_ops"},
              {18, "pmm_refcount_ops is 0; write sizeof"},
              {19, "pmm_refcount_ops is"},
              {19, "write sizeof"},
              {20, "return NULL for each name it does not know"},
              {21, "version 1 of pmm/subject.h"},
              {21, "struct pmm_core_ops"},
              {21, "gc_callback_add()"},
              {22, "pmm_refcount_ops is 13"}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    int code = rows[i].fault == 7 ? 2 : 3; /* no subject, or a bad one */
    tap_ok(refused(code, rows[i].word, so[rows[i].fault], NULL, NULL),
           "refused: \"%s\"", rows[i].word);
  }
}

static void hosts_bring_their_own(void) {
  struct pmmi_selection s;
  struct pmmi_names names = {NULL, NULL, NULL};
  tap_ok(pmmi_select_for(&pmmi_subject_null, &names, &s, message,
                         sizeof message) == 0 &&
             s.subject == &pmmi_subject_null,
         "a host's own subject is selected");
  names.subject = "reference";
  tap_ok(pmmi_select_for(&pmmi_subject_null, &names, &s, message,
                         sizeof message) == 2 &&
             strstr(message, "leave --subject out") != NULL &&
             s.subject == NULL,
         "and no other");
}

static void arguments_are_taken(void) {
  char *argv[] = {"program", "--subject", "null",    "work", "--mode=full",
                  "--modes", "--backend", "libc",    "--",   "--mode",
                  "kept",    NULL};
  int argc = 11;
  struct pmmi_names names = {NULL, NULL, NULL};
  tap_ok(pmmi_select_take(&argc, argv, &names, message, sizeof message) == 0 &&
             argc == 6 && strcmp(argv[1], "work") == 0 &&
             strcmp(argv[2], "--modes") == 0 && strcmp(argv[5], "kept") == 0 &&
             argv[6] == NULL,
         "the rest is left to the program");
  tap_ok(strcmp(names.subject, "null") == 0 &&
             strcmp(names.backend, "libc") == 0 &&
             strcmp(names.mode, "full") == 0,
         "in both spellings");
  char *torn[] = {"program", "--backend", NULL};
  argc = 2;
  tap_ok(pmmi_select_take(&argc, torn, &names, message, sizeof message) == 2 &&
             strstr(message, "--backend") != NULL,
         "a value that is missing");
}

static void null_subject_does_nothing(void) {
  struct pmmi_selection s;
  selects("null", NULL, NULL, &s);
  const struct pmm_ops *ops = &s.view.ops;
  pmm_rt *rt = NULL;
  tap_ok(pmmi_selection_open(&s, NULL, 1, 0, &rt) == PMM_OK, "null opens");
  int64_t value = 0;
  int equal = 0;
  pmm_obj *seven = ops->int_parse(rt, "7");
  tap_ok(ops->int_value(rt, seven, &value) == PMM_OK && value == 7 &&
             ops->equals(rt, seven, ops->int_new(rt, 7), &equal) == PMM_OK &&
             equal,
         "it keeps numbers");
  struct pmm_type_spec spec = {.struct_size = sizeof spec, .slots = 2};
  pmm_obj *instance = ops->instance_new(rt, ops->type_new(rt, &spec), 5);
  tap_ok(ops->slot_set(rt, instance, 1, seven) == PMM_OK &&
             ops->slot_get(rt, instance, 1) == seven &&
             ops->instance_cookie(rt, instance) == 5 &&
             ops->slot_set(rt, instance, 2, seven) == PMM_INDEX,
         "and what is in slots");
  ops->error_clear(rt);
  struct pmm_memory memory = {.struct_size = sizeof memory};
  ops->memory(rt, &memory);
  tap_ok(memory.live_bytes == PMM_UNKNOWN && memory.arenas == PMM_UNKNOWN &&
             memory.struct_size == sizeof memory,
         "but no books");
  tap_ok(ops->repr(rt, seven) == NULL && ops->error(rt) == PMM_UNSUPPORTED,
         "and it says what it cannot do");
  ops->close(rt);
}

int main(int argc, char **argv) {
  tap_plan(0);
  if (argc != 24) {
    printf("Bail out! a shared object for each fault is needed\n");
    return 1;
  }
  names_are_found();
  unknown_names_are_explained();
  third_parties_are_checked(argv + 1);
  faults_are_named(argv + 1);
  hosts_bring_their_own();
  arguments_are_taken();
  null_subject_does_nothing();
  return tap_done();
}
