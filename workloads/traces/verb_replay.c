/* SPDX-License-Identifier: MIT */
/*
 * verb_replay.c - pmm-trace replay: the calls of a trace on one backend, as a
 * document.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "base/options.h"
#include "host.h"
#include "passes.h"
#include "sha256.h"
#include "verbs.h"

/* What the backend "null" serves at most. */
enum { ONE_BLOCK_BYTES = 1 << 16 };

struct asked {
  const char *file;
  const char *backend;
  const char *json;
  uint64_t repetitions;
  uint64_t seed;
  double timeout_s;
  int aged;
  int time_only;
  int no_time;
  const char *huge_pages;
  int help;
};

static const struct pmmi_option rows[] = {
    PMMI_OPERAND(struct asked, "FILE", file),
    PMMI_TEXT(struct asked, "backend", "SPEC", backend,
              "pool (default), libc, mimalloc, ...; /path/plugin.so;\n"
              "or name=/path/lib.so,prefix=my_"),
    PMMI_FLAG(struct asked, "aged", aged,
              "the heap is littered first: filled with blocks of\n"
              "the trace's own sizes, 95 % of them given back"),
    PMMI_COUNT(struct asked, "repetitions", "N", repetitions,
               "how often it is timed (default 4); the first meets\n"
               "memory that was never touched, and is told apart"),
    PMMI_NUMBER(struct asked, "seed", "N", seed, "of the litter"),
    PMMI_FLAG(struct asked, "time-only", time_only,
              "only the timed pass"),
    PMMI_FLAG(struct asked, "no-time", no_time,
              "all passes but the timed one"),
    PMMI_TEXT(struct asked, "huge-pages", "WORD", huge_pages,
              "system (default): as the machine is set up; never:\n"
              "none for this process, whoever asks for them"),
    PMMI_SECONDS(struct asked, "timeout", "S", timeout_s,
                 "seconds a pass may take (default 300)"),
    PMMI_TEXT(struct asked, "json", "FILE", json,
              "write the document to FILE (default: stdout)"),
    PMMI_FLAG(struct asked, "help", help, "this text"),
    {.name = NULL}};
static const struct pmmi_option *const tables[] = {rows, NULL};

/* ---- the document -------------------------------------------------------- */

static json_t *whole(uint64_t value) {
  return value > INT64_MAX ? json_null() : json_integer((json_int_t)value);
}

static json_t *time_json(const struct pass_order *order,
                         const struct pass_time *t) {
  json_t *repetitions = json_array();
  for (uint64_t i = 0; i < order->repetitions; i++) {
    (void)json_array_append_new(repetitions, whole(t->elapsed_ns[i]));
  }
  return json_pack("{so, s{sI, so, so, so}, so, so, so, so}",
                   "repetitions_ns", repetitions, "batch", "words",
                   (json_int_t)REPLAY_BATCH, "median_ns",
                   whole(t->batch_ns[0]), "p99_ns", whole(t->batch_ns[1]),
                   "most_ns", whole(t->batch_ns[2]), "user_ns",
                   whole(t->user_ns), "system_ns", whole(t->system_ns),
                   "minor_faults", whole(t->minor_faults), "major_faults",
                   whole(t->major_faults));
}

static json_t *memory_json(const struct pass_memory *m) {
  json_t *series = json_array();
  for (uint64_t i = 0; i < m->sample_count; i++) {
    const struct pass_sample *s = &m->samples[i];
    (void)json_array_append_new(
        series, json_pack("[ooo]", whole(s->word), whole(s->live_bytes),
                          whole(s->resident_bytes)));
  }
  return json_pack("{so, so, so, so, so, so, so, s[sss], so}", "peak_bytes",
                   whole(m->peak_bytes), "end_bytes", whole(m->end_bytes),
                   "end_live_bytes", whole(m->end_live_bytes),
                   "drained_bytes", whole(m->drained_bytes),
                   "after_1s_bytes", whole(m->second_bytes), "before_bytes",
                   whole(m->before_bytes), "huge_bytes",
                   whole(m->huge_bytes), "columns", "word", "live_bytes",
                   "resident_bytes", "series", series);
}

static json_t *map_json(const struct pass_places *p) {
  json_t *chunks = json_array();
  for (uint64_t i = 0; i < p->chunk_count; i++) {
    (void)json_array_append_new(chunks,
                                json_pack("[oo]", whole(p->chunks[i].number),
                                          whole(p->chunks[i].bytes)));
  }
  return json_pack("{so, so}", "chunk_bytes", whole(p->chunk_bytes), "chunks",
                   chunks);
}

static json_t *places_json(const struct pass_places *p) {
  return json_pack("{so, so, so, so, so, so, so}", "blocks", whole(p->blocks),
                   "bytes", whole(p->bytes), "usable_bytes", whole(p->usable),
                   "pages_4k", whole(p->pages), "lines_64", whole(p->lines),
                   "regions_2m", whole(p->regions), "map", map_json(p));
}

static json_t *placement_json(const struct pass_placement *p) {
  json_t *document = places_json(&p->peak);
  json_t *more = json_pack("{so, so, so}", "sweep_in_order_ps_per_block",
                           whole(p->ordered_ps), "sweep_at_random_ps_per_block",
                           whole(p->random_ps), "left", places_json(&p->end));
  (void)json_object_update_new(document, more);
  return document;
}

static json_t *system_json(const struct pass_system *s) {
  if (!s->known) {
    return json_null();
  }
  return json_pack("{so, so, so, so, so, so}", "mmap", whole(s->mmap),
                   "munmap", whole(s->munmap), "mremap", whole(s->mremap),
                   "madvise", whole(s->madvise), "mprotect",
                   whole(s->mprotect), "brk", whole(s->brk));
}

static json_t *begin_document(const struct asked *asked,
                              const struct opened *opened,
                              const struct pass_order *order,
                              const char *object) {
  char digest[65];
  sha256_text(trace_reader_header(opened->reader)->sha256, digest);
  return json_pack("{si, ss, ss, ss, ss, ss, ss, ss, sb, sI, sI, sI, sI, sI}",
                   "schema", 1, "type", "trace-replay", "trace", asked->file,
                   "sha256", digest, "backend", order->backend->name,
                   "version", order->backend->version, "object", object,
                   "huge_pages", asked->huge_pages, "aged", order->aged,
                   "seed", (json_int_t)order->seed, "calls",
                   (json_int_t)order->ops->calls, "births",
                   (json_int_t)order->ops->births, "peak_live_bytes",
                   (json_int_t)order->ops->peak_bytes, "peak_live_blocks",
                   (json_int_t)order->ops->slots);
}

static int write_document(json_t *document, const char *path) {
  FILE *out = path != NULL && strcmp(path, "-") != 0 ? fopen(path, "we")
                                                    : stdout;
  int failed = document == NULL || out == NULL ||
               json_dumpf(document, out, JSON_INDENT(1)) != 0 ||
               putc('\n', out) == EOF;
  if (out != NULL && out != stdout) {
    failed = fclose(out) != 0 || failed;
  }
  if (failed) {
    (void)fprintf(stderr, VERB_PROGRAM ": cannot write the document%s%s\n",
                  path != NULL ? " to " : "", path != NULL ? path : "");
  }
  json_decref(document);
  return failed ? VERB_TOOL : VERB_GOOD;
}

/* ---- the passes ---------------------------------------------------------- */

struct step {
  const char *name;
  void (*run)(const struct pass_order *order, struct pass *pass);
};

static json_t *figures_of(const struct pass_order *order, const char *name,
                          const struct pass *pass) {
  if (strcmp(name, "time") == 0) {
    return time_json(order, &pass->of.time);
  }
  if (strcmp(name, "system") == 0) {
    return system_json(&pass->of.system);
  }
  return strcmp(name, "memory") == 0 ? memory_json(&pass->of.memory)
                                     : placement_json(&pass->of.placement);
}

/** Whether a pass is asked for; what has one block for all is only timed. */
static int is_wanted(const struct asked *asked, const struct step *step,
                     const struct pmm_backend *backend) {
  int one_block = (backend->capabilities & PMM_BACKEND_ONE_BLOCK) != 0;
  return step->run == pass_time ? !asked->no_time
                                : !asked->time_only && !one_block;
}

/** Run the passes until one goes wrong, into the document.  An exit code. */
static int run_passes(const struct asked *asked,
                      const struct pass_order *order, json_t *document) {
  static const struct step steps[] = {{"verify", pass_verify},
                                      {"memory", pass_memory},
                                      {"placement", pass_placement},
                                      {"system", pass_system},
                                      {"time", pass_time}};
  enum { STEPS = sizeof steps / sizeof *steps };
  static struct pass pass;
  for (size_t i = 0; i < STEPS; i++) {
    if (!is_wanted(asked, &steps[i], order->backend)) {
      continue;
    }
    steps[i].run(order, &pass);
    if (pass.fault[0] != '\0') {
      (void)fprintf(stderr, VERB_PROGRAM ": %s: %s: %s\n",
                    order->backend->name, steps[i].name, pass.fault);
      (void)json_object_set_new(document, "error", json_string(pass.fault));
      return pass.wrong ? VERB_BAD : VERB_TOOL;
    }
    (void)json_object_set_new(document, i == 0 ? "verified" : steps[i].name,
                              i == 0 ? json_true()
                                     : figures_of(order, steps[i].name,
                                                  &pass));
  }
  return VERB_GOOD;
}

static int replay(const struct asked *asked, const struct opened *opened,
                  const struct pass_order *asked_for, struct trace_ops *ops,
                  const char *object) {
  struct pass_order order = *asked_for;
  if ((order.backend->capabilities & PMM_BACKEND_ONE_BLOCK) != 0) {
    trace_ops_price(ops, ONE_BLOCK_BYTES);
  }
  order.ops = ops;
  json_t *document = begin_document(asked, opened, &order, object);
  if (document == NULL) {
    (void)fputs(VERB_PROGRAM ": there is no memory\n", stderr);
    return VERB_TOOL;
  }
  int code = run_passes(asked, &order, document);
  int written = write_document(document, asked->json);
  return code != VERB_GOOD ? code : written;
}

static void print_help(void) {
  puts("usage: pmm-trace replay [options] FILE\n"
       "\n"
       "Makes the calls of a trace on one backend: verifies it, times the "
       "calls alone,\nand says what memory it held and where its blocks lay.  "
       "`pmm trace replay` runs\nit for several backends and takes the price "
       "of the harness off.\n");
  pmmi_options_help(tables, stdout);
}

static int with_trace(const struct asked *asked,
                      const struct pass_order *order, const char *object) {
  struct opened opened;
  struct trace_ops ops;
  struct trace_fault fault;
  int code = verb_open(asked->file, &opened);
  if (code != VERB_GOOD) {
    return code;
  }
  code = trace_ops_make(opened.reader, &ops, &fault) == 0
             ? replay(asked, &opened, order, &ops, object)
             : verb_damaged(asked->file, &fault);
  trace_ops_free(&ops);
  verb_close(&opened);
  return code;
}

/** Keep huge pages away where that is asked for.  0, or -1 after a message. */
static int set_huge_pages(const char *word) {
  if (strcmp(word, "system") == 0) {
    return 0;
  }
  if (strcmp(word, "never") != 0) {
    (void)fprintf(stderr, VERB_PROGRAM
                  ": --huge-pages: system or never, not \"%s\"\n", word);
    return -1;
  }
  if (pmmi_host_huge_pages_refuse() != 0) {
    (void)fputs(VERB_PROGRAM ": --huge-pages: this system does not let a "
                             "process do without them\n",
                stderr);
    return -1;
  }
  return 0;
}

int trace_replay(trace_find_backend find, int argc, char **argv) {
  struct asked asked = {
      .backend = "pool", .repetitions = 4, .seed = 1, .timeout_s = 300,
      .huge_pages = "system"};
  char message[640];
  int code = pmmi_options_read(VERB_PROGRAM, tables, &asked, argc, argv);
  if (code != 0) {
    return code;
  }
  if (asked.help) {
    print_help();
    return VERB_GOOD;
  }
  if (asked.repetitions > PASS_REPETITIONS_MOST) {
    (void)fprintf(stderr, VERB_PROGRAM ": --repetitions: at most %d\n",
                  PASS_REPETITIONS_MOST);
    return VERB_USAGE;
  }
  if (asked.time_only && asked.no_time) {
    (void)fputs(VERB_PROGRAM ": --time-only and --no-time leave nothing\n",
                stderr);
    return VERB_USAGE;
  }
  if (set_huge_pages(asked.huge_pages) != 0) {
    return VERB_USAGE;
  }
  struct pass_order order = {.aged = asked.aged,
                             .seed = asked.seed,
                             .repetitions = asked.repetitions,
                             .timeout_s = asked.timeout_s};
  order.backend = find(asked.backend, message, sizeof message);
  if (order.backend == NULL) {
    (void)fprintf(stderr, VERB_PROGRAM ": %s\n", message);
    return VERB_USAGE;
  }
  return with_trace(&asked, &order, message);
}
