/* SPDX-License-Identifier: MIT */
/*
 * errors.c - raising, saving and reporting errors; see errors.h.
 *
 * Every change of the pending error first empties it and only then releases
 * what it kept alive: releasing may run code that raises.
 */
#include "core/errors.h"

#include <string.h>

#include "core/core_state.h"

/* Put `error` in place of what is pending. */
static void replace_pending(pmm_rt *rt, const struct pmmi_error *error) {
  assert(error->status != PMM_OK || error->value == NULL);
  pmm_obj *value = pmmi_errors_of(rt)->pending.value;
  pmmi_errors_of(rt)->pending = *error;
  pmmi_xrelease(rt, value);
}

void pmmi_error_note(pmm_rt *rt, enum pmm_status status,
                     const char *message) {
  assert(status != PMM_OK && message != NULL);
  struct pmmi_error *pending = &pmmi_errors_of(rt)->pending;
  pmm_obj *value = pending->value;
  pending->status = status;
  pending->context = pmmi_errors_of(rt)->handled;
  pending->message = message;
  pending->value = NULL;
  pmmi_xrelease(rt, value);
}

enum pmm_status pmmi_fail_os(pmm_rt *rt, int os_errno, const char *message) {
  assert(message != NULL);
  pmmi_errors_of(rt)->os_errno = os_errno;
  return pmmi_fail(rt, PMM_OS, message);
}

void pmmi_error_set(pmm_rt *rt, enum pmm_status status, const char *message) {
  if (status == PMM_OK) {
    pmmi_error_clear(rt);
    return;
  }
  struct pmmi_error error = {.status = status,
                             .context = pmmi_errors_of(rt)->handled};
  if (message != NULL) {
    /* `message` may be the pending error's own text, hence the copy. */
    size_t length = strnlen(message, sizeof error.text - 1);
    memcpy(error.text, message, length);
  }
  replace_pending(rt, &error);
}

enum pmm_status pmmi_error(pmm_rt *rt) {
  return pmmi_errors_of(rt)->pending.status;
}

int pmmi_error_pending(pmm_rt *rt) {
  return pmmi_errors_of(rt)->pending.status != PMM_OK;
}

const char *pmmi_error_message(pmm_rt *rt) {
  const struct pmmi_error *pending = &pmmi_errors_of(rt)->pending;
  assert(pending->status != PMM_OK || pending->value == NULL);
  if (pending->status == PMM_OK) {
    return "";
  }
  return pending->message != NULL ? pending->message : pending->text;
}

void pmmi_error_clear(pmm_rt *rt) {
  struct pmmi_error *pending = &pmmi_errors_of(rt)->pending;
  pmm_obj *value = pending->value;
  pending->status = PMM_OK;
  pending->context = PMM_OK;
  pending->message = NULL;
  pending->value = NULL;
  pmmi_xrelease(rt, value);
}

int pmmi_os_errno(pmm_rt *rt) {
  return pmmi_errors_of(rt)->pending.status == PMM_OS
             ? pmmi_errors_of(rt)->os_errno
             : 0;
}

enum pmm_status pmmi_error_context(pmm_rt *rt) {
  return pmmi_errors_of(rt)->pending.context;
}

void pmmi_error_save(pmm_rt *rt, struct pmmi_error *out) {
  assert(out != NULL);
  *out = pmmi_errors_of(rt)->pending;
  pmmi_errors_of(rt)->pending =
      (struct pmmi_error){.status = PMM_OK, .context = PMM_OK};
}

void pmmi_error_restore(pmm_rt *rt, struct pmmi_error *saved) {
  assert(saved->status != PMM_OK || saved->value == NULL);
  if (pmmi_error_pending(rt)) {
    pmmi_error_unraisable(rt);
  }
  replace_pending(rt, saved);
  saved->value = NULL;
}

void pmmi_status_take(pmm_rt *rt, enum pmm_status status) {
  if (status != PMM_OK && pmmi_error(rt) != status) {
    pmmi_fail(rt, status, "raised by the host");
  }
}

void pmmi_error_unraisable(pmm_rt *rt) {
  enum pmm_status status = pmmi_error(rt);
  if (status == PMM_OK) {
    return;
  }
  pmmi_event(rt, PMM_EVENT_UNRAISABLE, 0, (int64_t)status);
  pmmi_error_clear(rt);
}
