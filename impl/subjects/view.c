/* SPDX-License-Identifier: MIT */
/*
 * view.c - a subject's structures laid out flat (pmm/view.h).
 *
 * The walk over the table of entries is the one place that knows that a
 * structure may be shorter than ours, or longer.
 */
#include "pmm/view.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define ENTRY(name, feature)                                                  \
  {#name, PMM_FEATURE_##feature, offsetof(struct pmm_ops, name),              \
   offsetof(struct pmm_##feature##_ops, name)},
const struct pmm_op_entry pmm_op_entries[] = {PMM_OPERATIONS(ENTRY)};
#undef ENTRY

const size_t pmm_op_entry_count =
    sizeof pmm_op_entries / sizeof pmm_op_entries[0];

_Static_assert(sizeof pmm_op_entries / sizeof pmm_op_entries[0] ==
                   sizeof(struct pmm_ops) / sizeof(void (*)(void)),
               "each operation stands in the table");

#define NAME_OF(name) #name,
static const char *const feature_names[] = {PMM_FEATURES(NAME_OF) "core"};
#undef NAME_OF

const char *pmm_feature_name(enum pmm_feature feature) {
  assert(feature <= PMM_FEATURE_COUNT);
  return feature_names[feature];
}

enum pmm_feature pmm_feature_find(const char *name) {
  assert(name != NULL);
  for (unsigned i = 0; i < PMM_FEATURE_COUNT; i++) {
    if (strcmp(feature_names[i], name) == 0) {
      return (enum pmm_feature)i;
    }
  }
  return PMM_FEATURE_COUNT;
}

/* ---- reading ------------------------------------------------------------ */

/* What a subject of the versions with one table of operations has to do. */
static const char to_structures[] =
    "put the operations of the core into a struct pmm_core_ops, those of each "
    "feature into the struct of pmm/features/NAME.h, which feature(NAME) "
    "returns instead of a name in a list";
/* And one of the first version. */
static const char to_two_callbacks[] =
    "; gc_callback() became gc_callback_add() and gc_callback_remove()";

void pmm_view_other_version(unsigned version, char *message, size_t size) {
  assert(message != NULL && version != PMM_SUBJECT_ABI);
  if (version == 0) {
    snprintf(message, size,
             "it does not serve version %u of pmm/subject.h: compile it "
             "against this header",
             PMM_SUBJECT_ABI);
    return;
  }
  snprintf(message, size,
           "it was compiled for version %u of pmm/subject.h; this is version "
           "%u: %s%s",
           version, PMM_SUBJECT_ABI,
           version < PMM_SUBJECT_ABI ? to_structures
                                     : "compile it against this header",
           version == 1 ? to_two_callbacks : "");
}

/* 1 when each mode is a word of its own: they stand in options and in ids. */
static int are_words(const char *const *modes) {
  static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
  enum { LONGEST = 32 };
  for (size_t i = 0; modes[i] != NULL; i++) {
    size_t length = strlen(modes[i]);
    if (length == 0 || length > LONGEST || modes[i][0] == '-' ||
        strspn(modes[i], letters) != length) {
      return 0;
    }
    for (size_t k = 0; k < i; k++) {
      if (strcmp(modes[i], modes[k]) == 0) {
        return 0;
      }
    }
  }
  return 1;
}

/* Why the subject's description cannot be used; NULL: it can. */
static const char *fault_of(const struct pmm_subject *s) {
  if (s->struct_size < sizeof *s) {
    return "its struct_size is too small";
  }
  if (s->name == NULL || s->name[0] == '\0') {
    return "the name in its struct pmm_subject is NULL or empty";
  }
  if (s->version == NULL || s->build == NULL || s->profile == NULL) {
    return "its version, build or profile is NULL; write at least \"\"";
  }
  if (s->modes == NULL) {
    return "its modes is NULL; write a list of names that ends with NULL, or "
           "{NULL} where there is nothing to choose";
  }
  if (!are_words(s->modes)) {
    return "its modes have to be different words of at most 32 small letters, "
           "digits, '_' and '-'";
  }
  return s->core == NULL      ? "its core is NULL"
         : s->feature == NULL ? "its feature is NULL; write a function that "
                                "returns NULL for each name"
                              : NULL;
}

/* Copy the operation if the structure of `bytes` bytes has it; 1 when so. */
static int copy_operation(const struct pmm_op_entry *entry, const void *from,
                          size_t bytes, struct pmm_ops *to) {
  assert(entry->flat + sizeof(void (*)(void)) <= sizeof *to);
  void (*operation)(void) = NULL;
  if (entry->offset + sizeof operation <= bytes) {
    memcpy(&operation, (const char *)from + entry->offset, sizeof operation);
    memcpy((char *)to + entry->flat, &operation, sizeof operation);
  }
  return operation != NULL;
}

/* The bytes of a structure of the contract: each begins with its size. */
static size_t bytes_of(const void *structure) {
  size_t bytes = 0;
  memcpy(&bytes, structure, sizeof bytes);
  return bytes;
}

/* Of any structure; one that says more begins with something else. */
enum { MOST_BYTES = 1 << 16 };

/* A name that no feature has or will have. */
static const char nobodys_name[] = "?";

/* 0 when a structure begins with its size; -1 after a message. */
static int has_size(const void *structure, const char *name, char *message,
                    size_t size) {
  size_t bytes = bytes_of(structure);
  if (bytes >= sizeof(size_t) && bytes <= MOST_BYTES &&
      bytes % sizeof(void (*)(void)) == 0) {
    return 0;
  }
  snprintf(message, size,
           "the struct_size of its struct pmm_%s_ops is %zu; write sizeof of "
           "that structure",
           name, bytes);
  return -1;
}

/* Ask for every feature.  -1 after a message: an answer cannot be used. */
static int ask(const struct pmm_subject *subject,
               const void *structures[PMM_FEATURE_COUNT + 1], char *message,
               size_t size) {
  structures[PMM_FEATURE_core] = subject->core;
  if (subject->feature(nobodys_name) != NULL) {
    snprintf(message, size,
             "its feature() returns a structure for \"%s\", which is no "
             "feature; it has to return NULL for each name it does not know",
             nobodys_name);
    return -1;
  }
  for (unsigned i = 0; i <= PMM_FEATURE_COUNT; i++) {
    if (i < PMM_FEATURE_COUNT) {
      structures[i] = subject->feature(feature_names[i]);
    }
    if (structures[i] != NULL &&
        has_size(structures[i], feature_names[i], message, size) != 0) {
      return -1;
    }
  }
  return 0;
}

int pmm_view_read(const struct pmm_subject *subject, struct pmm_view *out,
                  char *message, size_t size) {
  const void *structures[PMM_FEATURE_COUNT + 1];
  assert(subject != NULL && message != NULL && size > 0);
  memset(out, 0, sizeof *out);
  if (subject->abi_version != PMM_SUBJECT_ABI) {
    pmm_view_other_version(subject->abi_version, message, size);
    return -1;
  }
  const char *fault = fault_of(subject);
  if (fault != NULL) {
    snprintf(message, size, "%s", fault);
    return -1;
  }
  if (ask(subject, structures, message, size) != 0) {
    return -1;
  }
  out->subject = subject;
  for (size_t i = 0; i < pmm_op_entry_count; i++) {
    const struct pmm_op_entry *entry = &pmm_op_entries[i];
    const void *from = structures[entry->feature];
    if (from == NULL ||
        copy_operation(entry, from, bytes_of(from), &out->ops)) {
      continue;
    }
    if (entry->feature == PMM_FEATURE_core) {
      snprintf(message, size, "mandatory operation %s is null", entry->name);
      return -1;
    }
    if (out->lacks[entry->feature] == NULL) {
      out->lacks[entry->feature] = entry->name;
    }
  }
  for (unsigned i = 0; i < PMM_FEATURE_COUNT; i++) {
    out->offers[i] = structures[i] != NULL;
  }
  out->offers[PMM_FEATURE_prompt] |= out->offers[PMM_FEATURE_refcount];
  return 0;
}

/* ---- asking ------------------------------------------------------------- */

int pmm_view_offers(const struct pmm_view *view, const char *feature) {
  enum pmm_feature found = pmm_feature_find(feature);
  return found != PMM_FEATURE_COUNT && view->offers[found] &&
         view->lacks[found] == NULL;
}

void pmm_view_remove(struct pmm_view *view, enum pmm_feature feature) {
  assert(feature < PMM_FEATURE_COUNT);
  view->offers[feature] = 0;
  for (size_t i = 0; i < pmm_op_entry_count; i++) {
    if (pmm_op_entries[i].feature == feature) {
      memset((char *)&view->ops + pmm_op_entries[i].flat, 0,
             sizeof(void (*)(void)));
    }
  }
}
