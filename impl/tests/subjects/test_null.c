/* SPDX-License-Identifier: MIT */
/*
 * test_null.c - the subject that does no work still answers right.
 *
 * It prices the harness, so what it does for the numbers and slots of a
 * workload must be true, and what it does not do must be refused.
 */
#include <string.h>

#include "backends/registry.h"
#include "subjects/select.h"
#include "tests/tap.h"

static struct pmm_view view;
static const struct pmm_ops *ops = &view.ops;

static enum pmm_status open_with(struct pmm_open_config config, pmm_rt **rt) {
  config.struct_size = sizeof config;
  return ops->open(&config, rt);
}

static void opening(void) {
  char message[200];
  pmm_rt *rt = NULL;
  const struct pmm_backend *libc =
      pmmi_backend_find("libc", message, sizeof message);
  tap_ok(open_with((struct pmm_open_config){.backend = libc}, &rt) ==
                 PMM_UNSUPPORTED &&
             open_with((struct pmm_open_config){.flags = PMM_OPEN_CHECKED},
                       &rt) == PMM_UNSUPPORTED &&
             open_with((struct pmm_open_config){.mode = "full"}, &rt) ==
                 PMM_VALUE &&
             rt == NULL,
         "it takes no backend, no flag and no mode of others");
  tap_ok(open_with((struct pmm_open_config){.mode = NULL}, &rt) == PMM_OK,
         "without a mode it opens");
  ops->close(rt);
}

/* 1 when the operation was refused so; clears the error. */
static int refused(pmm_rt *rt, enum pmm_status status) {
  int good = ops->error(rt) == status && ops->error_message(rt)[0] != '\0';
  ops->error_clear(rt);
  return good && ops->error_message(rt)[0] == '\0';
}

static int equal(pmm_rt *rt, pmm_obj *a, pmm_obj *b) {
  int answer = -1;
  return ops->equals(rt, a, b, &answer) == PMM_OK ? answer : -1;
}

static void numbers(pmm_rt *rt) {
  int64_t value = 0;
  double real = 0.0;
  int64_t hash = 0;
  pmm_obj *seven = ops->int_new(rt, 7);
  pmm_obj *half = ops->float_new(rt, 0.5);
  pmm_obj *yes = ops->boolean(rt, 1);
  tap_ok(ops->int_value(rt, yes, &value) == PMM_OK && value == 1 &&
             ops->float_value(rt, half, &real) == PMM_OK && real == 0.5,
         "numbers keep their values");
  tap_ok(equal(rt, half, ops->float_new(rt, 0.5)) == 1 &&
             equal(rt, half, ops->float_new(rt, 0.25)) == 0 &&
             equal(rt, half, seven) == 0 && equal(rt, seven, half) == 0 &&
             equal(rt, seven, ops->int_new(rt, 8)) == 0 &&
             equal(rt, yes, ops->boolean(rt, 0)) == 0 &&
             equal(rt, yes, yes) == 1,
         "and are equal by them");
  tap_ok(ops->hash(rt, seven, &hash) == PMM_OK && hash == 7 &&
             ops->hash(rt, half, &hash) == PMM_OK,
         "an int is its own hash");
  tap_ok(ops->int_value(rt, half, &value) == PMM_TYPE &&
             refused(rt, PMM_TYPE) &&
             ops->float_value(rt, seven, &real) == PMM_TYPE &&
             refused(rt, PMM_TYPE),
         "one kind does not pass for the other");
  tap_ok(ops->int_parse(rt, "") == NULL && refused(rt, PMM_VALUE) &&
             ops->int_parse(rt, "7x") == NULL && refused(rt, PMM_VALUE),
         "what is no number is refused");
}

static void slots(pmm_rt *rt) {
  struct pmm_type_spec spec = {.struct_size = sizeof spec, .slots = 1};
  pmm_obj *instance = ops->instance_new(rt, ops->type_new(rt, &spec), 3);
  pmm_obj *none = ops->none(rt);
  tap_ok(ops->slot_get(rt, instance, 1) == NULL && refused(rt, PMM_INDEX) &&
             ops->slot_get(rt, none, 0) == NULL && refused(rt, PMM_INDEX) &&
             ops->slot_set(rt, none, 0, none) == PMM_INDEX &&
             refused(rt, PMM_INDEX),
         "a slot that is not there");
  spec.slots = 1000;
  tap_ok(ops->type_new(rt, &spec) == NULL && refused(rt, PMM_VALUE),
         "more slots than it has");
  spec.slots = 0;
  int types = 0;
  while (types < 1000 && ops->type_new(rt, &spec) != NULL) {
    types++;
  }
  tap_ok(types < 1000 && refused(rt, PMM_NO_MEMORY), "more types than %d",
         types + 1);
}

static void the_rest(pmm_rt *rt) {
  struct pmm_memory memory = {.struct_size = sizeof memory.struct_size,
                              .live_bytes = 5};
  ops->memory(rt, &memory);
  tap_ok(memory.live_bytes == 5, "an older, shorter struct is left alone");
  ops->error_set(rt, PMM_USER, NULL);
  tap_ok(ops->error(rt) == PMM_USER && ops->error_message(rt)[0] == '\0',
         "an error without words");
  ops->error_clear(rt);
  size_t length = 1;
  tap_ok(ops->length(rt, ops->none(rt), &length) == PMM_TYPE && length == 0 &&
             refused(rt, PMM_TYPE),
         "nothing has a length");
}

int main(void) {
  char message[200];
  pmm_rt *rt = NULL;
  tap_plan(0);
  tap_need(pmm_view_read(pmmi_subject_find("null", message, sizeof message),
                         &view, message, sizeof message) == 0);
  opening();
  tap_need(open_with((struct pmm_open_config){.mode = "none"}, &rt) == PMM_OK);
  numbers(rt);
  slots(rt);
  the_rest(rt);
  ops->close(rt);
  return tap_done();
}
