/* SPDX-License-Identifier: MIT */
/*
 * options.h - the command line of a program, and its help, from one table.
 *
 *   struct asked { const char *jsonl; double timeout_s; int list; };
 *   static const struct pmmi_option table[] = {
 *       PMMI_TEXT(struct asked, "jsonl", "FILE", jsonl, "one line a case"),
 *       PMMI_SECONDS(struct asked, "timeout", "SECONDS", timeout_s, "..."),
 *       PMMI_FLAG(struct asked, "list", list, "list the cases"),
 *       {NULL}};
 *
 *   1. Each row says where in the struct its value goes.  What is not asked
 *      for stays as it was: set defaults before.
 *   2. What is wrong is one line on stderr that names the option, and the
 *      nearest one where there is none of that name.
 *   3. Several tables may be given, so that programs share rows.
 *
 * Invariant: a value that was stored is well formed; whether names exist is
 * for their owners to say.
 */
#ifndef PMMI_OPTIONS_H
#define PMMI_OPTIONS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/** What a value is, and its type in the struct. */
enum pmmi_option_kind {
  PMMI_OPTION_FLAG,    /* int: becomes 1                                    */
  PMMI_OPTION_TEXT,    /* const char *: of argv                             */
  PMMI_OPTION_TEXTS,   /* struct pmmi_texts: may be repeated                */
  PMMI_OPTION_NUMBER,  /* uint64_t: whole, up to INT64_MAX                  */
  PMMI_OPTION_COUNT,   /* uint64_t: likewise, and not 0                     */
  PMMI_OPTION_SECONDS, /* double: above 0, at most a day                    */
  PMMI_OPTION_NAME,    /* int: index of one of `names`                      */
  PMMI_OPTION_OPERAND  /* const char *: what stands without a --name        */
};

/** All values of an option; texts are of argv. */
struct pmmi_texts {
  const char **items;
  size_t count;
};

struct pmmi_option {
  const char *name;     /* without --; NULL: the table's end                */
  const char *argument; /* what help calls it; NULL: none is taken          */
  const char *help;     /* lines                                            */
  const char *const *names; /* PMMI_OPTION_NAME: up to NULL                 */
  size_t offset;        /* of the value in the struct                       */
  enum pmmi_option_kind kind;
};

#define PMMI_OPTION(type, kind_value, name_text, argument_text, field, text)  \
  {.name = name_text, .argument = argument_text, .help = text,                \
   .offset = offsetof(type, field), .kind = kind_value}
#define PMMI_FLAG(type, name, field, text)                                    \
  PMMI_OPTION(type, PMMI_OPTION_FLAG, name, NULL, field, text)
#define PMMI_TEXT(type, name, argument, field, text)                          \
  PMMI_OPTION(type, PMMI_OPTION_TEXT, name, argument, field, text)
#define PMMI_TEXTS(type, name, argument, field, text)                         \
  PMMI_OPTION(type, PMMI_OPTION_TEXTS, name, argument, field, text)
#define PMMI_NUMBER(type, name, argument, field, text)                        \
  PMMI_OPTION(type, PMMI_OPTION_NUMBER, name, argument, field, text)
#define PMMI_COUNT(type, name, argument, field, text)                         \
  PMMI_OPTION(type, PMMI_OPTION_COUNT, name, argument, field, text)
#define PMMI_SECONDS(type, name, argument, field, text)                       \
  PMMI_OPTION(type, PMMI_OPTION_SECONDS, name, argument, field, text)
#define PMMI_NAME(type, name_text, argument_text, field, choices, text)       \
  {.name = name_text, .argument = argument_text, .help = text,                \
   .names = choices, .offset = offsetof(type, field),                         \
   .kind = PMMI_OPTION_NAME}
#define PMMI_OPERAND(type, name, field)                                       \
  PMMI_OPTION(type, PMMI_OPTION_OPERAND, name, NULL, field, NULL)

/** Tables of a program, up to NULL. */
typedef const struct pmmi_option *const *pmmi_options;

/** Read a command line into the struct at `values`.  0; 2 after a message that
 *  starts with the program's name; 1 likewise: no memory.  Whatever it
 *  returns, pmmi_options_free() follows. */
int pmmi_options_read(const char *program, pmmi_options tables, void *values,
                      int argc, char **argv);

/** Give the arrays of repeated options back. */
void pmmi_options_free(pmmi_options tables, void *values);

/** Print a line or more for each option. */
void pmmi_options_help(pmmi_options tables, FILE *out);

#endif /* PMMI_OPTIONS_H */
