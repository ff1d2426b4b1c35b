/* SPDX-License-Identifier: MIT */
/* test_attrs.c - attributes by name: shared names, own names, their cost. */
#include "tests/fixture.h"
#include "types/dict.h"
#include "types/instance.h"

static pmm_obj *type_of(pmm_rt *rt) {
  struct pmm_type_spec spec = {.struct_size = sizeof spec,
                               .name = "open",
                               .flags = PMM_TYPE_GC | PMM_TYPE_DICT};
  return pmmi_type_new(rt, &spec);
}

/* Set attribute number `i` to `value`. */
static enum pmm_status set(pmm_rt *rt, pmm_obj *o, int i, pmm_obj *value) {
  char name[16];
  snprintf(name, sizeof name, "name%d", i);
  return pmmi_attr_set(rt, o, name, value);
}

static pmm_obj *get(pmm_rt *rt, pmm_obj *o, int i) {
  char name[16];
  snprintf(name, sizeof name, "name%d", i);
  pmm_obj *value = pmmi_attr_get(rt, o, name);
  pmmi_error_clear(rt);
  return value;
}

/* Two instances that set the same names in opposite orders, more of them than
 * a type remembers. */
static void test_many(pmm_rt *rt) {
  pmm_obj *type = type_of(rt);
  pmm_obj *a = pmmi_instance_new(rt, type, 1);
  pmm_obj *b = pmmi_instance_new(rt, type, 2);
  pmm_obj *value = pmmi_list_new(rt, 0);
  int good = 1;
  for (int i = 0; i < 40; i++) {
    good = good && set(rt, a, i, value) == PMM_OK &&
           set(rt, b, 39 - i, value) == PMM_OK;
  }
  tap_ok(good && value->refcnt == 81, "80 attributes, one reference each");
  for (int i = 0; i < 40; i += 2) {
    good = good && set(rt, a, i, NULL) == PMM_OK;
  }
  for (int i = 0; i < 40; i++) {
    good = good && get(rt, b, i) == value &&
           get(rt, a, i) == (i % 2 == 0 ? NULL : value);
  }
  tap_ok(good && value->refcnt == 61, "every second deleted in one of them");
  tap_ok(set(rt, a, 0, NULL) == PMM_KEY && fixture_failed(rt, PMM_KEY) &&
             set(rt, a, 38, NULL) == PMM_KEY && fixture_failed(rt, PMM_KEY),
         "what is deleted cannot be deleted");
  tap_ok(set(rt, a, 0, a) == PMM_OK && get(rt, a, 0) == a &&
             set(rt, a, 39, pmmi_none(rt)) == PMM_OK &&
             get(rt, a, 39) == pmmi_none(rt) && value->refcnt == 60,
         "set anew, and overwritten");
  (void)set(rt, a, 0, NULL);
  pmmi_release(rt, b);
  pmmi_release(rt, a);
  tap_ok(value->refcnt == 1, "all references are back");
  pmmi_release(rt, value);
  pmmi_release(rt, type);
}

static uint64_t live_bytes(pmm_rt *rt) { return fixture_memory(rt).live_bytes; }

static void test_cost(pmm_rt *rt) {
  pmm_obj *type = type_of(rt);
  pmm_obj *o[2];
  uint64_t bytes[3];
  for (int i = 0; i < 2; i++) {
    o[i] = pmmi_instance_new(rt, type, i);
    bytes[i] = live_bytes(rt);
    for (int name = 0; name < 3; name++) {
      (void)set(rt, o[i], name, pmmi_none(rt));
    }
    bytes[i] = live_bytes(rt) - bytes[i];
  }
  tap_ok(bytes[1] == 16 + 4 * 8, "three attributes cost %llu bytes",
         (unsigned long long)bytes[1]);
  tap_ok(bytes[0] > bytes[1], "the names are paid for once");
  pmmi_release(rt, o[1]);
  pmmi_release(rt, o[0]);
  pmmi_release(rt, type);
}

int main(void) {
  fixture_each("many", test_many);
  fixture_each("cost", test_cost);
  return tap_done();
}
