/* SPDX-License-Identifier: MIT */
/*
 * values.c - the values of a workload's parameters (options.h).
 */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

/** The defaults.  0, or 1: no memory. */
static int fill_defaults(struct pmm_work_values *values) {
  for (size_t i = 0; values->parameters[i].name != NULL; i++) {
    const struct pmm_work_parameter *parameter = &values->parameters[i];
    assert(i < PMM_WORK_PARAMETERS_MOST);
    values->integers[i] = parameter->value;
    if (parameter->text != NULL) {
      values->texts[i] = strdup(parameter->text);
      if (values->texts[i] == NULL) {
        return 1;
      }
    }
  }
  return 0;
}

static int unknown_parameter(const struct pmm_work_values *values,
                             const char *name) {
  const char *known[PMM_WORK_PARAMETERS_MOST + 1] = {NULL};
  for (size_t i = 0; values->parameters[i].name != NULL; i++) {
    known[i] = values->parameters[i].name;
  }
  return pmm_work_unknown("parameter", name, known);
}

/** Store the integer `text`.  0, or 2 after a message. */
static int set_integer(struct pmm_work_values *values, size_t i,
                       const char *text) {
  const struct pmm_work_parameter *parameter = &values->parameters[i];
  char *end;
  errno = 0;
  long long value = strtoll(text, &end, 10);
  if (text[0] == '\0' || *end != '\0' || errno != 0 ||
      value < parameter->least || value > parameter->most) {
    fprintf(stderr,
            "pmm-work: %s must be %" PRId64 " to %" PRId64 " %s, not '%s'\n",
            parameter->name, parameter->least, parameter->most,
            parameter->unit, text);
    return 2;
  }
  values->integers[i] = value;
  return 0;
}

static int set_text(struct pmm_work_values *values, size_t i,
                    const char *text) {
  char *copy = strdup(text);
  if (copy == NULL) {
    return 1;
  }
  free(values->texts[i]);
  values->texts[i] = copy;
  return 0;
}

/** Apply one NAME=VALUE. */
static int apply(struct pmm_work_values *values, const char *setting) {
  const char *equals = strchr(setting, '=');
  if (equals == NULL) {
    fprintf(stderr, "pmm-work: --set needs NAME=VALUE, not '%s'\n", setting);
    return 2;
  }
  char *name = strndup(setting, (size_t)(equals - setting));
  if (name == NULL) {
    return 1;
  }
  size_t i = 0;
  while (values->parameters[i].name != NULL &&
         strcmp(values->parameters[i].name, name) != 0) {
    i++;
  }
  int usage;
  if (values->parameters[i].name == NULL) {
    usage = unknown_parameter(values, name);
  } else if (values->parameters[i].text != NULL) {
    usage = set_text(values, i, equals + 1);
  } else {
    usage = set_integer(values, i, equals + 1);
  }
  free(name);
  return usage;
}

int pmm_work_values_read(struct pmm_work_values *values,
                         const struct pmm_workload *workload,
                         const struct pmm_work_options *options) {
  *values = (struct pmm_work_values){.parameters = workload->parameters};
  int usage = fill_defaults(values);
  for (size_t i = 0; i < options->settings.count && usage == 0; i++) {
    usage = apply(values, options->settings.items[i]);
  }
  return usage;
}

void pmm_work_values_free(struct pmm_work_values *values) {
  for (size_t i = 0; i < PMM_WORK_PARAMETERS_MOST; i++) {
    free(values->texts[i]);
  }
}
