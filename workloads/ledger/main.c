/* SPDX-License-Identifier: MIT */
/*
 * main.c - pmm-ledger: the ledger of a subject's collector, as a document.
 */
#include <stdio.h>
#include <string.h>

#include "backends/registry.h"
#include "base/options.h"
#include "exhibits.h"
#include "ledger.h"
#include "subjects/select.h"

enum { GOOD = 0, TOOL = 1, USAGE = 2, BAD = 3 };

/** More objects than that are no ledger, but a long wait. */
#define MOST_OBJECTS UINT64_C(100000000)

struct asked {
  const char *what;
  const char *exhibit; /* run this instead; NULL: none                      */
  struct pmmi_names names;
  struct ledger_asked sizes;
  int help;
};

static const struct pmmi_option rows[] = {
    PMMI_OPERAND(struct asked, "count|time", what),
    PMMI_COUNT(struct asked, "made", "N", sizes.made,
               "objects to make (default 30000)"),
    PMMI_NUMBER(struct asked, "live", "N", sizes.live,
                "lists that live beside them (default 0)"),
    PMMI_COUNT(struct asked, "window", "N", sizes.window,
               "objects that are held (default 1000)"),
    PMMI_TEXT(struct asked, "exhibit", "NAME", exhibit,
              "count the figure of this regression instead"),
    PMMI_TEXT(struct asked, "subject", "NAME", names.subject,
              "reference (default) or ./subject.so"),
    PMMI_TEXT(struct asked, "backend", "SPEC", names.backend,
              "pool (default where the subject takes one), libc, ..."),
    PMMI_TEXT(struct asked, "mode", "MODE", names.mode,
              "a collector mode of the subject"),
    PMMI_FLAG(struct asked, "help", help, "this text"),
    {.name = NULL}};
static const struct pmmi_option *const tables[] = {rows, NULL};

static const char *const needed[] = {"gc",     "gc_callbacks", "gc_gen",
                                     "gc_log", "gc_track",     "list", NULL};

static int complain(const char *message) {
  (void)fprintf(stderr, "pmm-ledger: %s\n", message);
  return USAGE;
}

static int print(json_t *made, const struct pmmi_selection *selection) {
  (void)json_object_set_new(made, "implementation",
                            json_string(selection->subject->name));
  (void)json_object_set_new(
      made, "mode",
      selection->mode != NULL ? json_string(selection->mode) : json_null());
  int failed = json_dumpf(made, stdout, JSON_COMPACT) != 0 ||
               putchar('\n') == EOF || fflush(stdout) != 0;
  json_decref(made);
  return failed ? TOOL : GOOD;
}

/** The exhibit of that name; the end of the table: there is none. */
static const struct exhibit *find_exhibit(const char *name) {
  const struct exhibit *one = exhibits;
  while (one->name != NULL && strcmp(one->name, name) != 0) {
    one++;
  }
  return one;
}

static json_t *show(const struct exhibit *exhibit,
                    const struct ledger *ledger) {
  uint64_t figure = 0;
  return exhibit->run(ledger->ops, ledger->rt, &figure) == PMM_OK
             ? json_pack("{ss,sI}", "exhibit", exhibit->name, "figure",
                         (json_int_t)figure)
             : NULL;
}

static int run(const struct asked *asked,
               const struct pmmi_selection *selection) {
  struct ledger ledger = {.ops = &selection->view.ops,
                          .asked = &asked->sizes};
  if (pmmi_selection_open(selection, NULL, 1, 0, &ledger.rt) != PMM_OK) {
    (void)complain("the subject does not open");
    return BAD;
  }
  json_t *made = asked->exhibit != NULL
                     ? show(find_exhibit(asked->exhibit), &ledger)
                 : strcmp(asked->what, "time") == 0 ? ledger_time(&ledger)
                                                    : ledger_count(&ledger);
  ledger.ops->error_clear(ledger.rt);
  ledger.ops->close(ledger.rt);
  if (made == NULL) {
    (void)complain("the subject has no memory, or failed");
    return BAD;
  }
  return print(made, selection);
}

/** 0, or a usage error: what is asked for does not make sense. */
static int check(const struct asked *asked) {
  if (asked->exhibit != NULL) {
    return find_exhibit(asked->exhibit)->name != NULL
               ? 0
               : complain("there is no such exhibit");
  }
  if (asked->what == NULL || (strcmp(asked->what, "count") != 0 &&
                              strcmp(asked->what, "time") != 0)) {
    return complain("say count or time (--help)");
  }
  return asked->sizes.made > MOST_OBJECTS || asked->sizes.live > MOST_OBJECTS ||
                 asked->sizes.window > MOST_OBJECTS
             ? complain("too many objects: at most 100000000")
             : 0;
}

static int start(const struct asked *asked) {
  struct pmmi_selection selection;
  char message[512];
  if (check(asked) != 0) {
    return USAGE;
  }
  int code = pmmi_select(&asked->names, &selection, message, sizeof message);
  if (code != 0) {
    (void)complain(message);
    return code;
  }
  const char *const *needs = asked->exhibit != NULL
                                 ? find_exhibit(asked->exhibit)->needs
                                 : needed;
  for (; *needs != NULL; needs++) {
    if (!pmm_view_offers(&selection.view, *needs)) {
      (void)snprintf(message, sizeof message, "%s does not offer %s",
                     selection.subject->name, *needs);
      return complain(message);
    }
  }
  return run(asked, &selection);
}

int main(int argc, char **argv) {
  struct asked asked = {
      .sizes = {.made = 30000, .live = 0, .window = 1000}};
  pmmi_backend_prepare(argv);
  int code = pmmi_options_read("pmm-ledger", tables, &asked, argc, argv);
  pmmi_options_free(tables, &asked);
  if (code == 0 && asked.help) {
    puts("usage: pmm-ledger [options] count|time\n"
         "\n"
         "Makes objects that refer to themselves, and says how much garbage "
         "waited for\nthe collector (count), or how long it paused the "
         "program (time).\n");
    pmmi_options_help(tables, stdout);
    return GOOD;
  }
  return code != 0 ? code : start(&asked);
}
