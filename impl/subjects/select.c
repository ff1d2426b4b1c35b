/* SPDX-License-Identifier: MIT */
/* select.c - finding and opening subjects; idea: select.h. */
#include "subjects/select.h"

#include <assert.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/nearest.h"
#include "backends/registry.h"

/** Most names a message lists. */
#define MOST_NAMES 32

static const struct pmm_subject *const subjects[] = {
    &pmmi_subject_reference,
    &pmmi_subject_null,
};

#define SUBJECTS (sizeof subjects / sizeof subjects[0])

size_t pmmi_subject_count(void) { return SUBJECTS; }

const struct pmm_subject *pmmi_subject_at(size_t i) { return subjects[i]; }

int pmmi_subject_offers(const struct pmm_subject *subject,
                        const char *feature) {
  assert(subject != NULL && feature != NULL);
  for (const char *const *f = subject->features; *f != NULL; f++) {
    if (strcmp(*f, feature) == 0) {
      return 1;
    }
  }
  return 0;
}

/* ---- shared objects ----------------------------------------------------- */

/** Why a subject cannot be used at all; NULL: it can. */
static const char *fault_of(const struct pmm_subject *s) {
  assert(s != NULL);
  if (s->abi_version != PMM_SUBJECT_ABI) {
    return "it was compiled for another version of pmm/subject.h";
  }
  if (s->struct_size < sizeof(struct pmm_subject)) {
    return "its struct_size is too small";
  }
  if (s->name == NULL || s->name[0] == '\0' || s->version == NULL ||
      s->build == NULL || s->profile == NULL) {
    return "it has no name, version, build or profile";
  }
  if (s->features == NULL || s->modes == NULL || s->ops == NULL) {
    return "it has no list of features, no list of modes or no operations";
  }
  if (s->ops_size < offsetof(struct pmm_ops, retain) || s->ops->open == NULL ||
      s->ops->close == NULL) {
    return "it can be neither opened nor closed";
  }
  return NULL;
}

/** A subject with operations as many as ours.  Kept to the end, as its
 *  library is. */
struct whole {
  struct pmm_subject subject;
  struct pmm_ops ops;
  const struct pmm_subject *original;
  struct whole *next;
};

/** The subject, or a completed copy of it, one for each; NULL: no memory. */
static const struct pmm_subject *complete(const struct pmm_subject *subject) {
  assert(fault_of(subject) == NULL);
  static struct whole *all;
  if (subject->ops_size >= sizeof(struct pmm_ops)) {
    return subject;
  }
  for (struct whole *whole = all; whole != NULL; whole = whole->next) {
    if (whole->original == subject) {
      return &whole->subject;
    }
  }
  struct whole *whole = calloc(1, sizeof *whole);
  if (whole == NULL) {
    return NULL;
  }
  whole->original = subject;
  whole->subject = *subject;
  memcpy(&whole->ops, subject->ops, subject->ops_size);
  whole->subject.ops = &whole->ops;
  whole->next = all;
  all = whole;
  return &whole->subject;
}

static int at_fault; /* of the last load()                                   */

int pmmi_subject_at_fault(void) { return at_fault; }

static const struct pmm_subject *load(const char *path, char *message,
                                      size_t size) {
  assert(path != NULL && message != NULL);
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) {
    snprintf(message, size, "the subject cannot be loaded: %s", dlerror());
    return NULL;
  }
  pmm_subject_get_fn get = NULL;
  void *symbol = dlsym(library, PMM_SUBJECT_GETTER);
  memcpy(&get, &symbol, sizeof get);
  if (get == NULL) {
    snprintf(message, size, "%s exports no %s", path, PMM_SUBJECT_GETTER);
    return NULL;
  }
  const struct pmm_subject *subject = get(PMM_SUBJECT_ABI);
  const char *fault = subject != NULL
                          ? fault_of(subject)
                          : "it does not serve this version of pmm/subject.h";
  if (fault == NULL && (subject = complete(subject)) == NULL) {
    fault = "there is no memory for it";
  }
  if (fault != NULL) {
    at_fault = 1;
    snprintf(message, size, "%s cannot be used: %s", path, fault);
    return NULL;
  }
  return subject;
}

/* ---- names -------------------------------------------------------------- */

/** The path in "name=path"; the whole spec where it has no name. */
static const char *path_of(const char *spec) {
  assert(spec != NULL);
  const char *at = spec + strcspn(spec, "=/");
  return *at == '=' ? at + 1 : spec;
}

static int is_path(const char *spec) {
  assert(spec != NULL);
  size_t length = strlen(spec);
  return strchr(spec, '/') != NULL || strchr(spec, '=') != NULL ||
         (length > 3 && strcmp(spec + length - 3, ".so") == 0);
}

/** "no KIND "word"; did you mean ..." */
static void say_unknown(const char *kind, const char *word,
                        const char *const *names, size_t count, char *message,
                        size_t size) {
  assert(count > 0 && word != NULL);
  char nearest[256];
  pmmi_nearest(word, names, count, nearest, sizeof nearest);
  snprintf(message, size, "no %s \"%s\"; %s", kind, word, nearest);
}

const struct pmm_subject *pmmi_subject_find(const char *spec, char *message,
                                            size_t size) {
  assert(spec != NULL);
  const char *names[SUBJECTS];
  at_fault = 0;
  if (is_path(spec)) {
    return load(path_of(spec), message, size);
  }
  for (size_t i = 0; i < SUBJECTS; i++) {
    names[i] = subjects[i]->name;
    if (strcmp(names[i], spec) == 0) {
      return subjects[i];
    }
  }
  say_unknown("subject", spec, names, SUBJECTS, message, size);
  return NULL;
}

/** The subject's mode of that name, its default for NULL.  NULL with *fault
 *  set: there is no such mode. */
static const char *find_mode(const struct pmm_subject *subject,
                             const char *mode, int *fault, char *message,
                             size_t size) {
  assert(fault != NULL && subject->modes != NULL);
  size_t count = 0;
  *fault = 0;
  for (; count < MOST_NAMES && subject->modes[count] != NULL; count++) {
    if (mode != NULL && strcmp(subject->modes[count], mode) == 0) {
      return subject->modes[count];
    }
  }
  if (mode == NULL) {
    return subject->modes[0];
  }
  *fault = 1;
  if (count == 0) {
    snprintf(message, size, "subject \"%s\" has no modes", subject->name);
  } else {
    say_unknown("mode", mode, subject->modes, count, message, size);
  }
  return NULL;
}

/** Mode and backend of a subject that was found. */
static int select_rest(const struct pmm_subject *subject,
                       const struct pmmi_names *names,
                       struct pmmi_selection *out, char *message,
                       size_t size) {
  assert(subject != NULL);
  int fault = 0;
  const char *mode = find_mode(subject, names->mode, &fault, message, size);
  if (fault) {
    return 2;
  }
  const struct pmm_backend *backend = NULL;
  if (subject->takes_backend) {
    const char *wanted = names->backend != NULL ? names->backend : "pool";
    backend = pmmi_backend_find(wanted, message, size);
    if (backend == NULL) {
      return pmmi_backend_at_fault() ? 3 : 2;
    }
  } else if (names->backend != NULL) {
    snprintf(message, size,
             "subject \"%s\" has its own allocator: no --backend",
             subject->name);
    return 2;
  }
  *out = (struct pmmi_selection){
      .subject = pmmi_subject_over(subject, backend),
      .backend = backend,
      .mode = mode};
  return 0;
}

int pmmi_select(const struct pmmi_names *names, struct pmmi_selection *out,
                char *message, size_t size) {
  assert(names != NULL && out != NULL);
  const char *spec = names->subject != NULL ? names->subject : "reference";
  *out = (struct pmmi_selection){.subject = NULL};
  const struct pmm_subject *subject = pmmi_subject_find(spec, message, size);
  if (subject == NULL) {
    return pmmi_subject_at_fault() ? 3 : 2;
  }
  return select_rest(subject, names, out, message, size);
}

int pmmi_select_for(const struct pmm_subject *subject,
                    const struct pmmi_names *names,
                    struct pmmi_selection *out, char *message, size_t size) {
  assert(subject != NULL && out != NULL);
  *out = (struct pmmi_selection){.subject = NULL};
  if (names->subject != NULL) {
    snprintf(message, size, "the subject is %s, where this runs: no --subject",
             subject->name);
    return 2;
  }
  return select_rest(subject, names, out, message, size);
}

/* ---- arguments ---------------------------------------------------------- */

/** Where the value of an option goes; *value: what stands behind its "=". */
static const char **option_of(const char *argument, struct pmmi_names *names,
                              const char **value) {
  assert(argument != NULL && value != NULL);
  struct {
    const char *name;
    const char **holder;
  } const options[] = {{"--subject", &names->subject},
                       {"--backend", &names->backend},
                       {"--mode", &names->mode}};
  for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
    size_t length = strlen(options[i].name);
    if (strncmp(argument, options[i].name, length) == 0 &&
        (argument[length] == '\0' || argument[length] == '=')) {
      *value = argument[length] == '=' ? argument + length + 1 : NULL;
      return options[i].holder;
    }
  }
  return NULL;
}

int pmmi_select_take(int *argc, char **argv, struct pmmi_names *names,
                     char *message, size_t size) {
  assert(*argc >= 0 && argv != NULL);
  int kept = 0;
  int ours = 1; /* 0 behind a "--" */
  for (int i = 0; i < *argc; i++) {
    const char *value = NULL;
    ours = ours && strcmp(argv[i], "--") != 0;
    const char **holder =
        ours && i > 0 ? option_of(argv[i], names, &value) : NULL;
    if (holder == NULL) {
      argv[kept++] = argv[i];
      continue;
    }
    if (value == NULL && i + 1 < *argc) {
      value = argv[++i];
    }
    if (value == NULL) {
      snprintf(message, size, "%s wants a value", argv[i]);
      return 2;
    }
    *holder = value;
  }
  argv[kept] = NULL;
  *argc = kept;
  return 0;
}

enum pmm_status pmmi_selection_open(const struct pmmi_selection *selection,
                                    const struct pmm_host *host, uint64_t seed,
                                    uint32_t flags, pmm_rt **rt) {
  assert(selection->subject != NULL && rt != NULL);
  struct pmm_open_config config = {.struct_size = sizeof config,
                                   .backend = selection->backend,
                                   .mode = selection->mode,
                                   .host = host,
                                   .seed = seed,
                                   .flags = flags};
  *rt = NULL;
  return selection->subject->ops->open(&config, rt);
}
