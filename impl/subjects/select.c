/* SPDX-License-Identifier: MIT */
/* select.c - finding and opening subjects; idea: select.h. */
#include "subjects/select.h"

#include <assert.h>
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "backends/registry.h"
#include "base/keep.h"
#include "base/nearest.h"

/** Most names a message lists. */
#define MOST_NAMES 32

static const struct pmm_subject *const subjects[] = {
    &pmmi_subject_reference,
    &pmmi_subject_null,
};

#define SUBJECTS (sizeof subjects / sizeof subjects[0])

size_t pmmi_subject_count(void) { return SUBJECTS; }

const struct pmm_subject *pmmi_subject_at(size_t i) { return subjects[i]; }

/* ---- shared objects ----------------------------------------------------- */

static int at_fault; /* of the last load()                                   */

int pmmi_subject_at_fault(void) { return at_fault; }

/** The version that a subject serves which does not serve ours; 0: none. */
static unsigned version_of(pmm_subject_get_fn get) {
  for (unsigned version = PMM_SUBJECT_ABI - 1; version > 0; version--) {
    const struct pmm_subject *old = get(version);
    if (old != NULL) {
      return old->abi_version;
    }
  }
  return 0;
}

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
  struct pmm_view view;
  char fault[400];
  const struct pmm_subject *subject = get(PMM_SUBJECT_ABI);
  int good = 0;
  if (subject == NULL) {
    pmm_view_other_version(version_of(get), fault, sizeof fault);
  } else {
    good = pmm_view_read(subject, &view, fault, sizeof fault) == 0;
  }
  if (!good) {
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
    pmmi_keep_note();
    const struct pmm_subject *subject = load(path_of(spec), message, size);
    pmmi_keep_restore();
    return subject;
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
  if (pmm_view_read(subject, &out->view, message, size) != 0) {
    return 3;
  }
  pmmi_subject_narrow(&out->view, backend);
  out->subject = subject;
  out->backend = backend;
  out->mode = mode;
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
    snprintf(message, size,
             "the subject is %s, inside which this runs: leave --subject out",
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
      snprintf(message, size, "%s needs a value", argv[i]);
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
  return selection->view.ops.open(&config, rt);
}
