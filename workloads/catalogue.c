/* SPDX-License-Identifier: MIT */
/*
 * catalogue.c - the workloads, listed for people and for programs
 * (document.h).
 */
#include <inttypes.h>

#include "document.h"
#include "registry.h"

void pmm_work_document_print_list(FILE *out) {
  for (size_t i = 0; pmm_workloads[i] != NULL; i++) {
    const struct pmm_workload *workload = pmm_workloads[i];
    fprintf(out, "%s: %s\n", workload->name, workload->summary);
    for (const struct pmm_work_parameter *p = workload->parameters;
         p->name != NULL; p++) {
      if (p->text != NULL) {
        fprintf(out, "  --set %s=%s  (%s: %s)\n", p->name, p->text, p->unit,
                p->summary);
      } else {
        fprintf(out, "  --set %s=%" PRId64 "  (%s, %" PRId64 " to %" PRId64
                     ": %s)\n",
                p->name, p->value, p->unit, p->least, p->most, p->summary);
      }
    }
    for (const struct pmm_work_variant *v = workload->variants;
         v->name != NULL; v++) {
      fprintf(out, "  --variant %-24s %s\n", v->name, v->summary);
    }
  }
}

static json_t *parameter_json(const struct pmm_work_parameter *p) {
  if (p->text != NULL) {
    return json_pack("{ss, ss, ss, ss, sn, sn}", "name", p->name, "unit",
                     p->unit, "summary", p->summary, "default", p->text,
                     "least", "most");
  }
  return json_pack("{ss, ss, ss, sI, sI, sI}", "name", p->name, "unit",
                   p->unit, "summary", p->summary, "default",
                   (json_int_t)p->value, "least", (json_int_t)p->least, "most",
                   (json_int_t)p->most);
}

static json_t *needs_json(const struct pmm_work_variant *v) {
  json_t *needs = json_array();
  size_t most = sizeof v->needs / sizeof v->needs[0];
  for (size_t i = 0; i < most && v->needs[i] != NULL; i++) {
    json_array_append_new(needs, json_string(v->needs[i]));
  }
  return needs;
}

static json_t *workload_json(const struct pmm_workload *workload) {
  json_t *parameters = json_array();
  json_t *variants = json_array();
  for (const struct pmm_work_parameter *p = workload->parameters;
       p->name != NULL; p++) {
    json_array_append_new(parameters, parameter_json(p));
  }
  for (const struct pmm_work_variant *v = workload->variants; v->name != NULL;
       v++) {
    json_array_append_new(variants,
                          json_pack("{ss, ss, so}", "name", v->name,
                                    "summary", v->summary, "needs",
                                    needs_json(v)));
  }
  return json_pack(
      "{ss, ss, ss, ss, ss, ss, ss?, ss?, so, so}", "name", workload->name,
      "summary", workload->summary, "source", workload->source, "title",
      workload->title, "question", workload->question, "page",
      workload->page != NULL ? workload->page : "memory", "small",
      workload->small, "smallest", workload->smallest, "parameters", parameters,
      "variants", variants);
}

json_t *pmm_work_document_list(void) {
  json_t *workloads = json_array();
  for (size_t i = 0; pmm_workloads[i] != NULL; i++) {
    json_array_append_new(workloads, workload_json(pmm_workloads[i]));
  }
  return json_pack("{si, ss, so}", "schema", 1, "type", "workloads",
                   "workloads", workloads);
}
