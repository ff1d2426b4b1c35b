/* SPDX-License-Identifier: MIT */
/*
 * main.c - pmm-trace: traces of what programs ask of their allocator.
 */
#include <stdio.h>
#include <string.h>

#include "backends/registry.h"
#include "backends/witness.h"
#include "base/ending.h"
#include "base/nearest.h"
#include "verbs.h"

struct verb {
  const char *name;
  int (*run)(int argc, char **argv);
  const char *help;
};

/** No figure without a witness: whose code serves the memory. */
static const struct pmm_backend *find(const char *spec, char *message,
                                      size_t size) {
  struct pmmi_witness witness;
  void *heap = NULL;
  const struct pmm_backend *backend = pmmi_backend_find(spec, message, size);
  if (backend == NULL) {
    return NULL;
  }
  int seen = backend->init(NULL, &heap) == 0 &&
             pmmi_backend_witness(backend, heap, &witness) == 0;
  if (heap != NULL) {
    backend->fini(heap);
  }
  (void)snprintf(message, size, "%s",
                 seen ? witness.object
                      : "it is not seen to serve memory, so that nothing "
                        "measured would be its own");
  return seen ? backend : NULL;
}

static int replay(int argc, char **argv) {
  return trace_replay(find, argc, argv);
}

static const struct verb verbs[] = {
    {"record", trace_record, "run a Python program and write its trace"},
    {"info", trace_info, "where a trace comes from and what it is like"},
    {"verify", trace_verify, "whether a trace is whole and sound"},
    {"trim", trace_trim, "the beginning of a trace as one of its own"},
    {"import", trace_import, "a trace of the text form of another tool"},
    {"replay", replay, "its calls on a backend: right, fast, how much memory"},
};
enum { VERBS = sizeof verbs / sizeof *verbs };

static int help(void) {
  puts("usage: pmm trace VERB [options]\n"
       "\n"
       "Traces of what real programs ask of their allocator.\n");
  for (size_t i = 0; i < VERBS; i++) {
    printf("  %-8s  %s\n", verbs[i].name, verbs[i].help);
  }
  puts("\nEach verb has a --help of its own.  Exit code: 0 done, 2 wrong "
       "usage or no\nsuch file, 3 the trace is damaged or the program failed, "
       "1 the tool failed.");
  return VERB_GOOD;
}

int main(int argc, char **argv) {
  /* Not for a program that is recorded: it would inherit the variable. */
  if (argc > 1 && strcmp(argv[1], "replay") == 0) {
    pmmi_backend_prepare(argv);
    pmmi_ending_watch(VERB_PROGRAM);
  }
  const char *names[VERBS];
  char nearest[256];
  const char *word = argc > 1 ? argv[1] : "--help";
  if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
    return help();
  }
  for (size_t i = 0; i < VERBS; i++) {
    names[i] = verbs[i].name;
    if (strcmp(word, names[i]) == 0) {
      return pmmi_ending_own(verbs[i].run(argc - 1, argv + 1));
    }
  }
  pmmi_nearest(word, names, VERBS, nearest, sizeof nearest);
  (void)fprintf(stderr, VERB_PROGRAM ": no verb \"%s\"; %s\n", word, nearest);
  return VERB_USAGE;
}
