/* SPDX-License-Identifier: MIT */
/*
 * record_json.c - a record as JSON (record.h).
 *
 * Unknown figures are null.  jansson's json_pack() gives NULL when memory is
 * short, and json_array_append_new() takes a NULL for a failure, so that one
 * test at the end of each array is enough.
 */
#include <assert.h>

#include "record.h"

static json_t *figure_value(uint64_t value) {
  return value > INT64_MAX ? json_null() : json_integer((json_int_t)value);
}

/** Append; on failure give the array back and return NULL. */
static json_t *append(json_t *array, json_t *item) {
  if (array != NULL && json_array_append_new(array, item) != 0) {
    json_decref(array);
    return NULL;
  }
  return array;
}

static json_t *rows_of(const struct pmm_work_record *record) {
  json_t *rows = json_array();
  for (size_t i = 0; rows != NULL && i < record->row_count; i++) {
    const struct pmm_work_row *row = &record->rows[i];
    rows = append(rows, json_pack("[oooo]", figure_value(row->t_ns),
                                  figure_value(row->live_bytes),
                                  figure_value(row->rss_bytes),
                                  figure_value(row->descriptors)));
  }
  return rows;
}

static json_t *phases_of(const struct pmm_work_record *record) {
  json_t *phases = json_array();
  for (size_t i = 0; phases != NULL && i < record->phase_count; i++) {
    const struct pmm_work_phase_record *phase = &record->phases[i];
    phases = append(phases, json_pack("{ss, sI, sI}", "name", phase->name,
                                      "start_ns", (json_int_t)phase->start_ns,
                                      "end_ns", (json_int_t)phase->end_ns));
  }
  return phases;
}

static json_t *figures_of(const struct pmm_work_record *record) {
  json_t *figures = json_array();
  for (size_t i = 0; figures != NULL && i < record->figure_count; i++) {
    const struct pmm_work_figure_record *figure = &record->figures[i];
    figures = append(figures,
                     json_pack("{ss, so, ss, sb}", "name", figure->name,
                               "value", figure_value(figure->value), "unit",
                               figure->unit, "exact", figure->exact));
  }
  return figures;
}

json_t *pmm_work_record_variant(const struct pmm_work_record *record,
                                const char *name) {
  uint64_t elapsed_ns = record->phase_count == 0
                            ? 0
                            : record->phases[record->phase_count - 1].end_ns;
  return json_pack(
      "{ss, sb, ss, sI, so, so, s{s[ssss], so, sI, si}}", "name", name,
      "verified", record->verified == 1, "checksum", record->checksum,
      "elapsed_ns", (json_int_t)elapsed_ns, "phases", phases_of(record),
      "figures", figures_of(record), "series", "columns", "t_ns", "live_bytes",
      "rss_bytes", "descriptors", "rows", rows_of(record), "pace_operations",
      (json_int_t)record->pace, "thinned", (int)record->thinned);
}

static const char *kind_name(enum pmm_leak_kind kind) {
  switch (kind) {
  case PMM_LEAK_REFERENCE:
    return "reference";
  case PMM_LEAK_CYCLE:
    return "cycle";
  case PMM_LEAK_FILE:
    return "file";
  case PMM_LEAK_CACHED:
    return "cached";
  case PMM_LEAK_BLOCK:
    return "block";
  case PMM_LEAK_ARENA:
    return "arena";
  }
  return "unknown";
}

json_t *pmm_work_record_findings(const struct pmm_work_record *record,
                                 const char *variant) {
  json_t *findings = json_array();
  for (size_t i = 0; findings != NULL && i < record->finding_count; i++) {
    const struct pmm_work_finding_record *finding = &record->findings[i];
    findings = append(
        findings,
        json_pack("{ss, ss, ss, ss, so, so, ss}", "by", "runtime", "kind",
                  kind_name(finding->kind), "type", finding->type, "site",
                  finding->site, "count", figure_value(finding->count),
                  "bytes", figure_value(finding->bytes), "variant", variant));
  }
  return findings;
}
