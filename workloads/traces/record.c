/* SPDX-License-Identifier: MIT */
/*
 * record.c - pmm-trace record: a program runs with the recorder in it, and its
 * log becomes a trace.
 *
 * What makes two recordings differ is taken away: addresses are not randomised
 * and held still (sets of objects are ordered by them: addresses.h), and
 * strings hash with seed 0, unless the environment names another one.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/child.h"
#include "base/options.h"
#include "log.h"
#include "pack.h"
#include "verbs.h"

/* Where a stack may grow further, the kernel looks for addresses from the
 * bottom, or below those that the recorder holds still. */
#define STACK_MOST ((rlim_t)1 << 40)
#define STACK_STEADY ((rlim_t)64 << 20)

struct asked {
  const char *out;
  const char *name; /* what the trace says that it was recorded from        */
  int help;
};

static const struct pmmi_option rows[] = {
    PMMI_TEXT(struct asked, "out", "FILE", out,
              "the trace (default: trace.pmmt)"),
    PMMI_TEXT(struct asked, "name", "TEXT", name,
              "what the trace gives as its source (default:\n"
              "the command)"),
    PMMI_FLAG(struct asked, "help", help, "this text"),
    {.name = NULL}};
static const struct pmmi_option *const tables[] = {rows, NULL};

/* A recording while it is made. */
struct recording {
  const struct asked *asked;
  char **command;  /* up to a NULL                                          */
  char *recorder;  /* path of libpmm-record.so                              */
  char *log;
  int status;      /* how the program ended, as of wait(2)                  */
};

static int complain(const char *what, const char *why) {
  (void)fprintf(stderr, VERB_PROGRAM ": %s: %s\n", what, why);
  return VERB_TOOL;
}

/** The recorder lies beside this program. */
static char *find_recorder(void) {
  char here[4096];
  char *path = NULL;
  ssize_t length = readlink("/proc/self/exe", here, sizeof here - 1);
  here[length > 0 ? length : 0] = '\0';
  char *slash = strrchr(here, '/');
  if (slash == NULL ||
      asprintf(&path, "%.*s/libpmm-record.so", (int)(slash - here), here) <
          0 ||
      access(path, R_OK) != 0 || strpbrk(path, ": ") != NULL) {
    (void)complain(path != NULL ? path : "libpmm-record.so",
                   "cannot be read, or its path has a colon or a blank");
    free(path);
    return NULL;
  }
  return path;
}

/** Let the program start with addresses that are not randomised, and that are
 *  looked for from the top; the recorder sees whether that came true. */
static int calm_addresses(void) {
  struct rlimit limit;
  char bytes[32];
  int system = personality(0xffffffff);
  if (system != -1) {
    (void)personality((unsigned long)system | ADDR_NO_RANDOMIZE);
  }
  if (getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur <= STACK_MOST) {
    return 0;
  }
  (void)snprintf(bytes, sizeof bytes, "%ju", (uintmax_t)limit.rlim_cur);
  limit.rlim_cur = STACK_STEADY;
  return setrlimit(RLIMIT_STACK, &limit) == 0 ? setenv(LOG_STACK, bytes, 1)
                                              : 0;
}

static _Noreturn void become(const struct recording *r) {
  const char *others = getenv("LD_PRELOAD");
  char *preload = NULL;
  if (asprintf(&preload, "%s%s%s", r->recorder, others != NULL ? ":" : "",
               others != NULL ? others : "") < 0 ||
      setenv("LD_PRELOAD", preload, 1) != 0 ||
      setenv(LOG_VARIABLE, r->log, 1) != 0 ||
      setenv("PYTHONHASHSEED", "0", 0) != 0 || calm_addresses() != 0) {
    _exit(126);
  }
  /* A shell has its background jobs ignore them, which Python looks at.     */
  (void)signal(SIGINT, SIG_DFL);
  (void)signal(SIGQUIT, SIG_DFL);
  execvp(r->command[0], r->command);
  (void)complain(r->command[0], strerror(errno));
  _exit(errno == ENOENT ? 127 : 126);
}

static int run(struct recording *r) {
  pid_t child = pmmi_child_fork(NULL);
  if (child == 0) {
    become(r);
  }
  if (child < 0) {
    return complain("cannot start a process", strerror(errno));
  }
  /* Ctrl-C is the program's: what it did until then is kept. */
  (void)signal(SIGINT, SIG_IGN);
  r->status = pmmi_child_wait(child);
  return VERB_GOOD;
}

/** What the trace says of itself; the caller's to free. */
static char *describe(const struct recording *r,
                      const struct pack_result *made) {
  struct utsname system;
  char fate[80];
  char *text = NULL;
  char *command = NULL;
  size_t size = 0;
  FILE *out = open_memstream(&command, &size);
  if (out == NULL) {
    return NULL;
  }
  for (char **word = r->command; *word != NULL; word++) {
    (void)fprintf(out, "%s%s", word > r->command ? " " : "", *word);
  }
  (void)fclose(out);
  for (char *c = command; *c != '\0'; c++) {
    *c = *c == '\n' ? ' ' : *c;
  }
  const char *seed = getenv("PYTHONHASHSEED");
  (void)uname(&system);
  if (asprintf(&text,
               "source: %s\npython: %s\nplatform: %s %s\nhash seed: %s\n"
               "addresses: %s\nended: %s\n",
               r->asked->name != NULL ? r->asked->name : command,
               made->version,
               system.sysname, system.machine, seed != NULL ? seed : "0",
               made->fixed ? "fixed" : "left to the system",
               pmmi_child_fate(r->status, fate, sizeof fate)) < 0) {
    text = NULL;
  }
  free(command);
  return text;
}

static void report(const struct recording *r, const struct pack_result *made) {
  char fate[80];
  (void)fprintf(stderr, VERB_PROGRAM ": %s: %" PRIu64 " events\n",
                r->asked->out, made->events);
  if (made->unknown + made->repeated > 0) {
    (void)fprintf(stderr,
                  VERB_PROGRAM ": %" PRIu64 " blocks given back were never "
                  "seen, %" PRIu64 " were given back unseen\n",
                  made->unknown, made->repeated);
  }
  if (made->object_events == 0) {
    (void)fputs(VERB_PROGRAM ": no object was allocated through the hooks: "
                "PYTHONMALLOC and -X dev take their place\n",
                stderr);
  }
  if (!made->fixed) {
    (void)fputs(VERB_PROGRAM ": this system does not let addresses be fixed: "
                "another recording may differ\n",
                stderr);
  }
  if (r->status != 0) {
    (void)fprintf(stderr, VERB_PROGRAM ": the program ended with %s\n",
                  pmmi_child_fate(r->status, fate, sizeof fate));
  }
}

static int pack(const struct recording *r) {
  struct trace_fault fault;
  struct pack_result made = {.events = 0};
  if (pack_open(r->log, &made, &fault) != 0) {
    if (r->status != 127 << 8) { /* of which the child told               */
      (void)complain(r->command[0],
                     "nothing was recorded: it is no CPython, or one that "
                     "does not let hooks be set");
    }
    return VERB_USAGE;
  }
  char *text = describe(r, &made);
  int code = VERB_GOOD;
  if (text == NULL) {
    code = complain("the trace", "there is no memory");
  } else if (pack_log(r->log, r->asked->out, text, &made, &fault) != 0) {
    code = complain("the trace", fault.message);
  } else {
    report(r, &made);
    code = r->status != 0 ? VERB_BAD : VERB_GOOD;
  }
  free(text);
  return code;
}

static int record(const struct asked *asked, char **command) {
  struct recording r = {.asked = asked, .command = command};
  r.recorder = find_recorder();
  if (r.recorder == NULL ||
      asprintf(&r.log, "%s.log", asked->out) < 0) {
    free(r.recorder);
    return VERB_TOOL;
  }
  FILE *log = fopen(r.log, "we"); /* the place is asked before the program  */
  int code = log == NULL ? complain(r.log, strerror(errno)) : VERB_GOOD;
  if (log != NULL) {
    (void)fclose(log);
    code = run(&r);
    code = code == VERB_GOOD ? pack(&r) : code;
    (void)unlink(r.log);
  }
  free(r.log);
  free(r.recorder);
  return code;
}

static void print_help(void) {
  puts("usage: pmm trace record [options] -- COMMAND...\n"
       "\n"
       "Runs a Python program and writes all that it asks of its allocators, "
       "from its\nstart to its end, as a trace.  What the program starts "
       "itself is not recorded.\n");
  pmmi_options_help(tables, stdout);
  puts("\nExample: pmm trace record --out json.pmmt -- python3 program.py");
}

int trace_record(int argc, char **argv) {
  struct asked asked = {.out = "trace.pmmt"};
  int own = 0;
  while (own < argc && strcmp(argv[own], "--") != 0) {
    own++;
  }
  int given = own + 1 < argc;
  argv[own] = NULL; /* our own arguments end here, and the command begins     */
  int code = pmmi_options_read(VERB_PROGRAM, tables, &asked, own, argv);
  if (code != 0) {
    return code;
  }
  if (asked.help) {
    print_help();
    return VERB_GOOD;
  }
  if (!given) {
    (void)fputs(VERB_PROGRAM ": record what?  pmm trace record -- python3 "
                "program.py\n",
                stderr);
    return VERB_USAGE;
  }
  return record(&asked, argv + own + 1);
}
