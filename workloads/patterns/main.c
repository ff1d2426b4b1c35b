/* SPDX-License-Identifier: MIT */
/*
 * main.c - pmm-pattern: a pattern on one backend, as a table or a document.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "backends/registry.h"
#include "backends/witness.h"
#include "base/ending.h"
#include "base/options.h"
#include "run.h"

enum { GOOD = 0, TOOL = 1, USAGE = 2, BAD = 3 };

struct asked {
  const char *file;
  const char *backend;
  const char *json;
  uint64_t most_mib;
  int aged;
  int check;
  int help;
};

static const struct pmmi_option rows[] = {
    PMMI_OPERAND(struct asked, "FILE", file),
    PMMI_TEXT(struct asked, "backend", "SPEC", backend,
              "pool (default), libc, mimalloc, ...; /path/plugin.so;\n"
              "or name=/path/lib.so,prefix=my_"),
    PMMI_COUNT(struct asked, "most-mib", "N", most_mib,
               "live MiB above which it ends (default 4096)"),
    PMMI_FLAG(struct asked, "aged", aged,
              "on a heap that the pattern has littered before: it\n"
              "runs once, and a twentieth of its bytes stays"),
    PMMI_FLAG(struct asked, "check", check,
              "only read the pattern: is it one?"),
    PMMI_TEXT(struct asked, "json", "FILE", json,
              "write a document to FILE, - for stdout (default: a\n"
              "table)"),
    PMMI_FLAG(struct asked, "help", help, "this text"),
    {.name = NULL}};
static const struct pmmi_option *const tables[] = {rows, NULL};

/* What is told of a run. */
struct told {
  const struct asked *asked;
  const struct pattern *pattern;
  const struct pmm_backend *backend;
  const char *object;      /* the file of its code                          */
  const char *unsupported; /* why it was not run; NULL: it was              */
  const char *error;       /* NULL: it went well                            */
  const struct pattern_result *result;
};

/* ---- as a table ---------------------------------------------------------- */

static double mib(uint64_t bytes) { return (double)bytes / (1 << 20); }

static double ratio(uint64_t bytes, uint64_t live) {
  return live > 0 ? (double)bytes / (double)live : 0;
}

static void print_phases(const struct pattern_result *r) {
  printf("%-24s %10s %9s %9s %9s %8s %8s %8s\n", "phase", "calls",
         "live MiB", "held MiB", "peak MiB", "user ms", "sys ms", "faults");
  for (size_t i = 0; i < r->phase_count; i++) {
    const struct phase *p = &r->phases[i];
    if (p->calls == 0 && p->elapsed_ns < 1000000) {
      continue; /* nothing happened before the first phase                  */
    }
    printf("%-24s %10" PRIu64 " %9.1f %9.1f %9.1f %8.0f %8.0f %8" PRIu64 "\n",
           p->name, p->calls, mib(p->end_live_bytes), mib(p->end_bytes),
           mib(p->peak_bytes), (double)p->user_ns / 1e6,
           (double)p->system_ns / 1e6, p->minor_faults + p->major_faults);
  }
}

static void print_table(const struct told *told) {
  const struct pattern_result *r = told->result;
  printf("%s on %s %s%s\n", told->pattern->title, told->backend->name,
         told->backend->version, told->asked->aged ? ", aged" : "");
  if (told->unsupported != NULL) {
    printf("unsupported: %s\n", told->unsupported);
    return;
  }
  print_phases(r);
  printf("peak held / peak live  %.2f (%.1f / %.1f MiB)\n",
         ratio(r->peak_bytes, r->peak_live_bytes), mib(r->peak_bytes),
         mib(r->peak_live_bytes));
  printf("at the end             %.1f MiB held of %.1f live\n",
         mib(r->end_bytes), mib(r->end_live_bytes));
  printf("all given back         %.1f MiB, a second later %.1f MiB\n",
         mib(r->drained_bytes), mib(r->second_bytes));
  printf("time                   %.0f ms user, %.0f ms system, %" PRIu64
         " + %" PRIu64 " page faults\n",
         (double)r->user_ns / 1e6, (double)r->system_ns / 1e6,
         r->minor_faults, r->major_faults);
}

/* ---- as a document ------------------------------------------------------- */

static json_t *whole(uint64_t value) {
  return value > INT64_MAX ? json_null() : json_integer((json_int_t)value);
}

static json_t *phases_json(const struct pattern_result *r) {
  json_t *phases = json_array();
  for (size_t i = 0; i < r->phase_count; i++) {
    const struct phase *p = &r->phases[i];
    (void)json_array_append_new(
        phases,
        json_pack("{ss, so, so, so, so, so, so, so, so, so, so, so}", "name",
                  p->name, "times", whole(p->times), "calls",
                  whole(p->calls), "elapsed_ns", whole(p->elapsed_ns),
                  "user_ns", whole(p->user_ns), "system_ns",
                  whole(p->system_ns), "minor_faults",
                  whole(p->minor_faults), "major_faults",
                  whole(p->major_faults), "peak_bytes",
                  whole(p->peak_bytes), "end_bytes", whole(p->end_bytes),
                  "end_live_bytes", whole(p->end_live_bytes),
                  "end_live_blocks", whole(p->end_live_blocks)));
  }
  return phases;
}

static json_t *figures_json(const struct pattern_result *r) {
  return json_pack(
      "{so, so, so, so, so, so, so, so, so, so, so, so, so}", "phases",
      phases_json(r), "calls", whole(r->calls), "peak_live_bytes",
      whole(r->peak_live_bytes), "peak_bytes", whole(r->peak_bytes),
      "end_live_bytes", whole(r->end_live_bytes), "end_bytes",
      whole(r->end_bytes), "drained_bytes", whole(r->drained_bytes),
      "after_1s_bytes", whole(r->second_bytes), "elapsed_ns",
      whole(r->elapsed_ns), "user_ns", whole(r->user_ns), "system_ns",
      whole(r->system_ns), "minor_faults", whole(r->minor_faults),
      "major_faults", whole(r->major_faults));
}

static json_t *document(const struct told *told) {
  int ran = told->unsupported == NULL && told->error == NULL;
  return json_pack("{si, ss, ss, ss, ss, ss, ss, ss, sb, sI, ss?, ss?, "
                   "so}",
                   "schema", 1, "type", "pattern", "pattern",
                   told->asked->file, "title", told->pattern->title, "source",
                   told->pattern->source, "backend", told->backend->name,
                   "version", told->backend->version, "object", told->object,
                   "aged", told->asked->aged, "seed",
                   (json_int_t)told->pattern->seed, "unsupported",
                   told->unsupported, "error", told->error, "figures",
                   ran ? figures_json(told->result) : json_null());
}

static int write_document(const struct told *told) {
  const char *path = told->asked->json;
  json_t *made = document(told);
  FILE *out = strcmp(path, "-") != 0 ? fopen(path, "we") : stdout;
  int failed = made == NULL || out == NULL ||
               json_dumpf(made, out, JSON_INDENT(1)) != 0 ||
               putc('\n', out) == EOF;
  if (out != NULL && out != stdout) {
    failed = fclose(out) != 0 || failed;
  }
  if (failed) {
    (void)fprintf(stderr, "pmm pattern: cannot write the document to %s\n",
                  path);
  }
  json_decref(made);
  return failed ? TOOL : GOOD;
}

static int tell(const struct told *told) {
  if (told->asked->json != NULL) {
    return write_document(told);
  }
  if (told->error == NULL) {
    print_table(told);
  }
  return GOOD;
}

/* ---- running ------------------------------------------------------------- */

/** The backend, and the file of its code; NULL after a message. */
static const struct pmm_backend *find(const char *spec, char *object,
                                      size_t size) {
  char message[640];
  struct pmmi_witness witness = {.object = ""};
  void *heap = NULL;
  const struct pmm_backend *backend =
      pmmi_backend_find(spec, message, sizeof message);
  int seen = backend != NULL && backend->init(NULL, &heap) == 0 &&
             pmmi_backend_witness(backend, heap, &witness) == 0;
  if (heap != NULL) {
    backend->fini(heap);
  }
  (void)snprintf(object, size, "%s", witness.object);
  if (backend == NULL) {
    (void)fprintf(stderr, "pmm pattern: %s\n", message);
  } else if (!seen) {
    (void)fprintf(stderr, "pmm pattern: %s is not seen to serve memory\n",
                  backend->name);
  } else if ((backend->capabilities & PMM_BACKEND_ONE_BLOCK) != 0) {
    (void)fprintf(stderr,
                  "pmm pattern: backend %s has one block for all, and no "
                  "pattern shows in it\n",
                  backend->name);
    seen = 0;
  }
  return seen ? backend : NULL;
}

static int run(struct told *told, uint64_t most_bytes) {
  static struct pattern_result result;
  struct pattern_wrong wrong = {.line = 0};
  char error[280];
  int threads = (told->backend->capabilities & PMM_BACKEND_THREADS) != 0;
  told->result = &result;
  if (told->pattern->threads && !threads) {
    told->unsupported = "the pattern has threads, and the backend serves one";
    return tell(told);
  }
  const struct pattern_asked order = {.pattern = told->pattern,
                                      .backend = told->backend,
                                      .most_bytes = most_bytes,
                                      .aged = told->asked->aged};
  if (pattern_run(&order, &result, &wrong) == 0) {
    return tell(told);
  }
  (void)snprintf(error, sizeof error, "line %u: %s", wrong.line,
                 wrong.message);
  (void)fprintf(stderr, "pmm pattern: %s: %s: %s\n", told->backend->name,
                told->asked->file, error);
  told->error = error;
  (void)tell(told);
  told->error = NULL;
  return wrong.blame == PATTERN_OF_BACKEND ? BAD
         : wrong.blame == PATTERN_OF_TEXT  ? USAGE
                                           : TOOL;
}

static int start(const struct asked *asked) {
  static struct pattern pattern;
  struct pattern_fault fault;
  char object[512];
  if (asked->file == NULL) {
    (void)fputs("pmm pattern: which pattern?  try --help\n", stderr);
    return USAGE;
  }
  if (pattern_read(asked->file, &pattern, &fault) != 0) {
    (void)fprintf(stderr, "pmm pattern: %s: ", asked->file);
    if (fault.line > 0) {
      (void)fprintf(stderr, "line %u: ", fault.line);
    }
    (void)fprintf(stderr, "%s\n", fault.message);
    return USAGE;
  }
  if (asked->check) {
    printf("%s: %s, %zu statements\n", asked->file, pattern.title,
           pattern.count);
    return GOOD;
  }
  struct told told = {.asked = asked, .pattern = &pattern, .object = object};
  told.backend = find(asked->backend, object, sizeof object);
  return told.backend != NULL ? run(&told, asked->most_mib << 20) : USAGE;
}

int main(int argc, char **argv) {
  struct asked asked = {.backend = "pool", .most_mib = 4096};
  pmmi_backend_prepare(argv);
  int code = pmmi_options_read("pmm pattern", tables, &asked, argc, argv);
  pmmi_options_free(tables, &asked);
  if (code == 0 && asked.help) {
    puts("usage: pmm-pattern [options] FILE\n"
         "\n"
         "Uses memory as a small text says (workloads/patterns/README.md), "
         "and tells\nwhat was live and what was held, phase by phase.\n");
    pmmi_options_help(tables, stdout);
    return GOOD;
  }
  if (code == 0 && asked.most_mib > UINT64_C(1) << 40) {
    (void)fputs("pmm pattern: --most-mib: too many\n", stderr);
    return USAGE;
  }
  if (code == 0) {
    pmmi_ending_watch("pmm pattern");
    code = pmmi_ending_own(start(&asked));
  }
  return code;
}
