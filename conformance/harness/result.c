/* SPDX-License-Identifier: MIT */
/*
 * result.c - names of classes and phases, and the seal of a record.
 *
 * The seal is FNV-1a (64 bits) over the record with the nonce in it.  It
 * tells a record of ours from one that a subject made up or cut short; it is
 * no protection against a subject that reads the harness's memory.
 *
 * Source: Fowler, Noll, Vo, "FNV hash", draft-eastlake-fnv.
 */
#include "result.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "pmm/backend.h"

#define RECORD_MAGIC UINT64_C(0x706d6d2d7265636f)

static const char *const class_names[] = {
#define CLASS_NAME(name) #name,
    PMM_CLASSES(CLASS_NAME)
#undef CLASS_NAME
};

static const char *const phase_names[] = {"load", "setup", "body", "teardown",
                                          "done"};

_Static_assert(sizeof phase_names / sizeof phase_names[0] == PMM_PHASE_COUNT,
               "each phase has a name");

const char *pmm_class_name(enum pmm_class value) { return class_names[value]; }

const char *pmm_phase_name(enum pmm_phase value) {
  return value < PMM_PHASE_COUNT ? phase_names[value] : "unknown";
}

int pmm_class_is_bad(enum pmm_class value) {
  return value == PMM_CLASS_XPASS || value >= PMM_CLASS_FAIL;
}

void pmm_record_init(struct pmm_record *record) {
  memset(record, 0, sizeof *record);
  record->counters = (struct pmm_counters){PMM_UNKNOWN, PMM_UNKNOWN,
                                           PMM_UNKNOWN, PMM_UNKNOWN,
                                           PMM_UNKNOWN};
}

void pmm_record_set(struct pmm_record *record, enum pmm_class value,
                    const char *format, ...) {
  va_list arguments;
  record->class = (uint32_t)value;
  va_start(arguments, format);
  (void)vsnprintf(record->message, sizeof record->message, format, arguments);
  va_end(arguments);
}

static uint64_t seal_of(const struct pmm_record *record) {
  const unsigned char *bytes = (const unsigned char *)record;
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  for (size_t i = 0; i < offsetof(struct pmm_record, seal); i++) {
    hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
  }
  return hash;
}

void pmm_record_seal(struct pmm_record *record, uint64_t nonce) {
  record->magic = RECORD_MAGIC;
  record->nonce = nonce;
  record->seal = seal_of(record);
}

int pmm_record_is_sealed(const struct pmm_record *record, uint64_t nonce) {
  return record->magic == RECORD_MAGIC && record->nonce == nonce &&
         record->class < PMM_CLASS_COUNT && record->seal == seal_of(record) &&
         record->message[sizeof record->message - 1] == '\0' &&
         record->feature[sizeof record->feature - 1] == '\0' &&
         record->broken[sizeof record->broken - 1] == '\0' &&
         record->file[sizeof record->file - 1] == '\0';
}
