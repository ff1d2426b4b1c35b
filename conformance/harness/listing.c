/* SPDX-License-Identifier: MIT */
/* listing.c - see listing.h. */
#include "listing.h"

#include <string.h>

#include "line.h"
#include "text.h"

static void append_feature(json_t *array, enum pmm_feature feature) {
  (void)json_array_append_new(array, json_string(pmm_feature_name(feature)));
}

json_t *pmm_listing_features(const struct pmm_view *view) {
  json_t *array = json_array();
  for (unsigned i = 0; view != NULL && i < PMM_FEATURE_COUNT; i++) {
    if (view->offers[i]) {
      append_feature(array, (enum pmm_feature)i);
    }
  }
  return array;
}

json_t *pmm_listing_inexact(const struct pmm_entry *entry) {
  const struct pmm_case *c = pmm_case_of(entry);
  const char *at = c->inexact;
  json_t *o = at != NULL ? json_object() : NULL;
  while (at != NULL && *at != '\0') {
    char name[32];
    int length = (int)strcspn(at, " ");
    (void)snprintf(name, sizeof name, "%.*s", length, at);
    (void)json_object_set_new(o, name, json_string(c->inexact_why));
    at += (size_t)length + strspn(at + length, " ");
  }
  return o;
}

static json_t *needs_json(const enum pmm_feature *need) {
  json_t *array = json_array();
  for (; need != NULL && *need != PMM_FEATURE_COUNT; need++) {
    append_feature(array, *need);
  }
  return array;
}

static json_t *case_json(const struct pmm_entry *entry) {
  const struct pmm_case *c = pmm_case_of(entry);
  json_t *inexact = pmm_listing_inexact(entry);
  json_t *o = pmm_line_entry(entry);
  (void)json_object_update_new(
      o, json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "needs",
                   needs_json(c->needs), "allowed",
                   pmm_line_strings(c->allowed), "noteworthy",
                   pmm_line_strings(c->noteworthy), "oom_exempt",
                   pmm_text_json(c->oom_exempt), "stress_exempt",
                   pmm_text_json(c->stress_exempt), "leak_exempt",
                   pmm_text_json(c->leak_exempt), "debug_exempt",
                   pmm_text_json(c->debug_exempt), "inexact",
                   inexact != NULL ? inexact : json_null()));
  return o;
}

static json_t *operations_json(void) {
  json_t *o = json_object();
  for (size_t i = 0; i < pmm_op_entry_count; i++) {
    const char *feature = pmm_feature_name(pmm_op_entries[i].feature);
    (void)json_object_set_new(o, pmm_op_entries[i].name, json_string(feature));
  }
  return o;
}

static json_t *subject_json(const struct pmm_view *view) {
  const struct pmm_subject *subject = view->subject;
  return json_pack("{s:o, s:o, s:o, s:o, s:o, s:b}", "name",
                   pmm_text_json(subject->name), "version",
                   pmm_text_json(subject->version), "build",
                   pmm_text_json(subject->build), "features",
                   pmm_listing_features(view), "modes",
                   pmm_line_strings(subject->modes), "takes_backend",
                   subject->takes_backend);
}

int pmm_listing_write(FILE *out, const struct pmm_plan *plan,
                      const struct pmm_view *view, const char *reason,
                      int at_fault) {
  json_t *cases = json_array();
  for (size_t i = 0; i < plan->count; i++) {
    (void)json_array_append_new(cases, case_json(plan->cases[i]));
  }
  json_t *modes = view ? pmm_line_strings(view->subject->modes) : json_null();
  json_t *o = json_pack(
      "{s:i, s:s, s:o, s:o, s:o, s:b, s:o, s:o}", "schema", PMM_LINE_SCHEMA,
      "type", "cases", "modes", modes, "subject",
      view ? subject_json(view) : json_null(), "reason", pmm_text_json(reason),
      "at_fault", at_fault, "operations", operations_json(), "cases", cases);
  int result = json_dumpf(o, out, JSON_INDENT(1));
  json_decref(o);
  return result == 0 && fputc('\n', out) != EOF ? 0 : -1;
}
