/* SPDX-License-Identifier: MIT */
/*
 * main.c - pmm-heap: what a heap snapshot holds, and whether it can be made.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "backends/registry.h"
#include "base/options.h"
#include "graph_load.h"
#include "graph_read.h"
#include "subjects/select.h"

enum { GOOD = 0, TOOL = 1, USAGE = 2, BAD = 3 };

struct asked {
  const char *file;
  struct pmmi_names names;
  int load;
  int help;
};

static const struct pmmi_option rows[] = {
    PMMI_OPERAND(struct asked, "FILE", file),
    PMMI_FLAG(struct asked, "load", load,
              "make its objects, and collect them once"),
    PMMI_TEXT(struct asked, "subject", "NAME", names.subject,
              "make them in it: reference (default) or ./subject.so"),
    PMMI_TEXT(struct asked, "backend", "SPEC", names.backend,
              "pool (default where the subject takes one), libc, ..."),
    PMMI_TEXT(struct asked, "mode", "MODE", names.mode,
              "a collector mode of the subject"),
    PMMI_FLAG(struct asked, "help", help, "this text"),
    {.name = NULL}};
static const struct pmmi_option *const tables[] = {rows, NULL};

static const char *const kinds[GRAPH_KINDS] = {
    "atom", "tuple", "list", "dict", "set", "frozenset", "instance"};

static int complain(int code, const char *file, const char *message) {
  (void)fprintf(stderr, "pmm-heap: %s%s%s\n", file, *file != '\0' ? ": " : "",
                message);
  return code;
}

static json_t *count(uint64_t value) {
  return json_integer((json_int_t)(value & INT64_MAX));
}

/** Objects by kind, and by age. */
static void describe(const struct graph *graph, json_t *out) {
  uint64_t by_kind[GRAPH_KINDS] = {0};
  uint64_t by_age[GRAPH_UNTRACKED + 1] = {0};
  json_t *made = json_object();
  json_t *ages = json_array();
  for (uint32_t i = 0; i < graph->object_count; i++) {
    by_kind[graph_kind_of(graph, i)]++;
    by_age[graph->objects[i].age]++;
  }
  for (int i = 0; i < GRAPH_KINDS; i++) {
    (void)json_object_set_new(made, kinds[i], count(by_kind[i]));
  }
  for (int i = 0; i < GRAPH_UNTRACKED; i++) {
    (void)json_array_append_new(ages, count(by_age[i]));
  }
  (void)json_object_set_new(out, "objects", count(graph->object_count));
  (void)json_object_set_new(out, "edges", count(graph->edge_count));
  (void)json_object_set_new(out, "tracked", count(graph->tracked));
  (void)json_object_set_new(out, "held", count(graph->held));
  (void)json_object_set_new(out, "bytes", count(graph->bytes));
  (void)json_object_set_new(out, "types", count(graph->type_count));
  (void)json_object_set_new(out, "kinds", made);
  (void)json_object_set_new(out, "ages", ages);
  (void)json_object_set_new(out, "text", json_string(graph->text));
}

/** Make the objects in an open runtime, collect, and say what that found. */
static int make(const struct pmm_ops *ops, pmm_rt *rt,
                const struct asked *asked, const struct graph *graph,
                json_t *out) {
  struct graph_loaded loaded;
  char message[300];
  uint64_t garbage = 0;
  uint64_t again = 0;
  struct pmm_memory memory = {.struct_size = sizeof memory};
  ops->gc_enable(rt, 0);
  if (graph_load(ops, rt, graph, &loaded, message, sizeof message) != 0) {
    return complain(BAD, asked->file, message);
  }
  enum pmm_status status = ops->collect(rt, 2, &garbage);
  if (status == PMM_OK) {
    status = ops->collect(rt, 2, &again);
  }
  ops->memory(rt, &memory);
  graph_unload(ops, rt, &loaded);
  (void)json_object_set_new(out, "garbage", count(garbage));
  (void)json_object_set_new(out, "lists_beside", count(loaded.lists));
  (void)json_object_set_new(out, "made_tracked", count(memory.tracked));
  return status == PMM_OK && again == 0
             ? GOOD
             : complain(BAD, asked->file, "garbage is found twice");
}

static int load(const struct asked *asked, const struct graph *graph,
                json_t *out) {
  struct pmmi_selection selection;
  char message[512];
  pmm_rt *rt = NULL;
  int code = pmmi_select(&asked->names, &selection, message, sizeof message);
  if (code != 0) {
    return complain(code, "", message);
  }
  for (const char *const *needs = graph_load_needs; *needs != NULL; needs++) {
    if (!pmm_view_offers(&selection.view, *needs)) {
      (void)snprintf(message, sizeof message, "%s does not offer %s",
                     selection.subject->name, *needs);
      return complain(USAGE, "", message);
    }
  }
  if (pmmi_selection_open(&selection, NULL, 1, 0, &rt) != PMM_OK) {
    return complain(BAD, "", "the subject does not open");
  }
  code = make(&selection.view.ops, rt, asked, graph, out);
  selection.view.ops.close(rt);
  return code;
}

static int show(const struct asked *asked) {
  struct graph graph;
  struct trace_fault fault;
  char message[400];
  int code = graph_read_file(asked->file, &graph, &fault);
  if (code > 0) {
    return complain(USAGE, asked->file, fault.message);
  }
  if (code < 0) {
    (void)snprintf(message, sizeof message, "offset %" PRIu64 ": %s",
                   fault.offset, fault.message);
    return complain(BAD, asked->file, message);
  }
  json_t *out = json_object();
  describe(&graph, out);
  code = asked->load ? load(asked, &graph, out) : GOOD;
  if (code == GOOD && (json_dumpf(out, stdout, JSON_COMPACT) != 0 ||
                       putchar('\n') == EOF || fflush(stdout) != 0)) {
    code = TOOL;
  }
  json_decref(out);
  graph_free(&graph);
  return code;
}

int main(int argc, char **argv) {
  struct asked asked = {.file = NULL};
  pmmi_backend_prepare(argv);
  int code = pmmi_options_read("pmm-heap", tables, &asked, argc, argv);
  pmmi_options_free(tables, &asked);
  if (code == 0 && asked.help) {
    puts("usage: pmm-heap [options] FILE\n"
         "\n"
         "Reads a heap snapshot and says what it holds, as JSON.  Exit code 3, "
         "and where,\nwhen it is damaged.\n");
    pmmi_options_help(tables, stdout);
    return GOOD;
  }
  if (code == 0 && asked.file == NULL) {
    return complain(USAGE, "", "which snapshot?  try --help");
  }
  return code != 0 ? code : show(&asked);
}
