/* SPDX-License-Identifier: MIT */
/*
 * attrs.c - attributes of an instance by name.
 *
 * An array of pairs in the order of their first setting, searched from the
 * front: instances have few attributes.  Names are copies.
 *
 * Invariant: names differ, values are owned and not NULL.
 */
#include <string.h>

#include "object/instance_type.h"
#include "object/runtime.h"

struct attr {
  char *name;         /* a block of name_bytes                              */
  size_t name_bytes;  /* its 0 included                                     */
  pmm_obj *value;     /* owned                                              */
};

struct pmmi_attrs {
  size_t count;
  size_t room;
  struct attr items[];
};

#define FIRST_ROOM 4

static size_t attrs_bytes(size_t room) {
  return sizeof(struct pmmi_attrs) + room * sizeof(struct attr);
}

/* Index of a name; `count` when there is none. */
static size_t find(const struct pmmi_attrs *attrs, const char *name) {
  size_t i = 0;
  while (i < attrs->count && strcmp(attrs->items[i].name, name) != 0) {
    i++;
  }
  return i;
}

pmm_obj *pmmi_attrs_get(const struct pmmi_attrs *attrs, const char *name) {
  size_t i = attrs == NULL ? 0 : find(attrs, name);
  return attrs == NULL || i == attrs->count ? NULL : attrs->items[i].value;
}

/* Room for one more; 0, or -1: no memory. */
static int reserve(pmm_rt *rt, struct pmmi_attrs **attrs) {
  struct pmmi_attrs *old = *attrs;
  if (old != NULL && old->count < old->room) {
    return 0;
  }
  size_t room = old == NULL ? FIRST_ROOM : old->room * 2;
  struct pmmi_attrs *grown =
      pmmi_mem_realloc(rt, old, old == NULL ? 0 : attrs_bytes(old->room),
                       attrs_bytes(room));
  if (grown == NULL) {
    return -1;
  }
  if (old == NULL) {
    grown->count = 0;
  }
  grown->room = room;
  *attrs = grown;
  return 0;
}

static enum pmm_status add(pmm_rt *rt, struct pmmi_attrs **attrs,
                           const char *name, pmm_obj *value) {
  size_t bytes = strlen(name) + 1;
  char *copy = pmmi_mem_alloc(rt, bytes);
  if (copy == NULL || reserve(rt, attrs) != 0) {
    pmmi_mem_free(rt, copy, bytes);
    return pmmi_fail(rt, PMM_NO_MEMORY, "no memory for an attribute");
  }
  (*attrs)->items[(*attrs)->count++] =
      (struct attr){memcpy(copy, name, bytes), bytes,
                    pmmi_new_reference(rt, value)};
  return PMM_OK;
}

static void remove_at(pmm_rt *rt, struct pmmi_attrs *attrs, size_t i) {
  struct attr gone = attrs->items[i];
  attrs->count--;
  memmove(&attrs->items[i], &attrs->items[i + 1],
          (attrs->count - i) * sizeof gone);
  pmmi_mem_free(rt, gone.name, gone.name_bytes);
  pmmi_release(rt, gone.value);
}

enum pmm_status pmmi_attrs_set(pmm_rt *rt, struct pmmi_attrs **attrs,
                               const char *name, pmm_obj *value) {
  size_t i = *attrs == NULL ? 0 : find(*attrs, name);
  int found = *attrs != NULL && i < (*attrs)->count;
  if (value == NULL) {
    if (!found) {
      return pmmi_fail(rt, PMM_KEY, "no such attribute");
    }
    remove_at(rt, *attrs, i);
    return PMM_OK;
  }
  if (!found) {
    return add(rt, attrs, name, value);
  }
  pmm_obj *old = (*attrs)->items[i].value;
  (*attrs)->items[i].value = pmmi_new_reference(rt, value);
  pmmi_release(rt, old);
  return PMM_OK;
}

int pmmi_attrs_visit(const struct pmmi_attrs *attrs, pmm_visit visit,
                     void *ctx) {
  for (size_t i = 0; attrs != NULL && i < attrs->count; i++) {
    int result = visit(ctx, attrs->items[i].value);
    if (result != 0) {
      return result;
    }
  }
  return 0;
}

void pmmi_attrs_drop(pmm_rt *rt, struct pmmi_attrs **attrs) {
  struct pmmi_attrs *all = *attrs;
  *attrs = NULL;
  if (all == NULL) {
    return;
  }
  for (size_t i = 0; i < all->count; i++) {
    pmmi_mem_free(rt, all->items[i].name, all->items[i].name_bytes);
    pmmi_release(rt, all->items[i].value);
  }
  pmmi_mem_free(rt, all, attrs_bytes(all->room));
}
