/* SPDX-License-Identifier: MIT */
/*
 * attrs.c - attributes of an instance by name.
 *
 *   type       names   +-----+-----+-----+---        one table for all
 *                      | "x" | "y" | "z" |           instances
 *                      +-----+-----+-----+---
 *   instance   values  +-----+-----+-----+---    own names
 *                      |  1  |     |  3  |      +-----------+-----
 *                      +-----+-----+-----+---   | "w" -> 4  |
 *                                               +-----------+-----
 *
 *   1. The first SHARED_NAMES names that any instance sets are known to the
 *      type, in that order; an instance has a value for each of them, NULL
 *      where it has no such attribute.
 *   2. Names beyond that are the instance's own: an array of pairs.
 *   3. Both are searched from the front: instances have few attributes.
 *
 * Invariant: the names of an instance, shared and own, differ; its own pairs
 * have values.  No shared name is ever removed.
 *
 * Source: PEP 412; CPython 3.11 Objects/dictobject.c (SHARED_KEYS_MAX_SIZE).
 */
#include "types/attrs.h"

#include <string.h>

#include "types/types_state.h"

#define SHARED_NAMES 30
#define FIRST_ROOM 4

/** A name, or a name with a value: a block of its own for the text. */
struct attr {
  char *name;         /* a block of name_bytes                              */
  size_t name_bytes;  /* its 0 included                                     */
  pmm_obj *value;     /* owned; NULL in a type's table                      */
};

/** Names of a type, or own names of an instance. */
struct pmmi_attr_names {
  size_t count;
  size_t room;
  struct attr items[];
};

struct pmmi_attrs {
  struct pmmi_attr_names *own; /* beyond the shared ones; NULL: none        */
  size_t room;                 /* values there is room for                  */
  pmm_obj *values[];           /* by shared name; NULL: not set             */
};

static size_t names_bytes(size_t room) {
  return sizeof(struct pmmi_attr_names) + room * sizeof(struct attr);
}

static size_t attrs_bytes(size_t room) {
  return sizeof(struct pmmi_attrs) + room * sizeof(pmm_obj *);
}

/* ---- tables of names ----------------------------------------------------- */

/* The item of a name, or NULL. */
static struct attr *find(struct pmmi_attr_names *names, const char *name) {
  assert(name != NULL);
  for (size_t i = 0; names != NULL && i < names->count; i++) {
    if (strcmp(names->items[i].name, name) == 0) {
      return &names->items[i];
    }
  }
  return NULL;
}

/* Room for one more; 0, or -1: no memory. */
static int reserve(pmm_rt *rt, struct pmmi_attr_names **names) {
  struct pmmi_attr_names *old = *names;
  if (old != NULL && old->count < old->room) {
    return 0;
  }
  size_t room = old == NULL ? FIRST_ROOM : old->room * 2;
  struct pmmi_attr_names *grown =
      pmmi_mem_realloc(rt, old, old == NULL ? 0 : names_bytes(old->room),
                   names_bytes(room));
  if (grown == NULL) {
    return -1;
  }
  if (old == NULL) {
    grown->count = 0;
  }
  grown->room = room;
  *names = grown;
  return 0;
}

/* Add a name, with a value that gains a reference or NULL. */
static enum pmm_status add(pmm_rt *rt, struct pmmi_attr_names **names,
                           const char *name, pmm_obj *value) {
  assert(name != NULL);
  size_t bytes = strlen(name) + 1;
  char *copy = pmmi_mem_alloc(rt, bytes);
  if (copy == NULL || reserve(rt, names) != 0) {
    pmmi_mem_free(rt, copy, bytes);
    return pmmi_fail(rt, PMM_NO_MEMORY, "no memory for an attribute");
  }
  pmmi_xretain(rt, value);
  (*names)->items[(*names)->count++] =
      (struct attr){memcpy(copy, name, bytes), bytes, value};
  return PMM_OK;
}

static void remove_at(pmm_rt *rt, struct pmmi_attr_names *names,
                      struct attr *at) {
  assert(names->count > 0);
  struct attr gone = *at;
  names->count--;
  memmove(at, at + 1,
          (size_t)(names->items + names->count - at) * sizeof gone);
  pmmi_mem_free(rt, gone.name, gone.name_bytes);
  pmmi_release(rt, gone.value);
}

void pmmi_attr_names_drop(pmm_rt *rt, struct pmmi_attr_names *names) {
  if (names == NULL) {
    return;
  }
  for (size_t i = 0; i < names->count; i++) {
    pmmi_mem_free(rt, names->items[i].name, names->items[i].name_bytes);
    pmmi_xrelease(rt, names->items[i].value);
  }
  pmmi_mem_free(rt, names, names_bytes(names->room));
}

size_t pmmi_attr_names_bytes(const struct pmmi_attr_names *names) {
  size_t bytes = names != NULL ? names_bytes(names->room) : 0;
  for (size_t i = 0; names != NULL && i < names->count; i++) {
    bytes += names->items[i].name_bytes;
  }
  return bytes;
}

/* ---- values of shared names ---------------------------------------------- */

/* Values for the shared names up to `index`, by fours. */
static enum pmm_status make_room(pmm_rt *rt, struct pmmi_attrs **attrs,
                                 size_t index) {
  assert(attrs != NULL);
  struct pmmi_attrs *old = *attrs;
  if (old != NULL && index < old->room) {
    return PMM_OK;
  }
  size_t old_room = old == NULL ? 0 : old->room;
  size_t room = (index + 4) & ~(size_t)3;
  struct pmmi_attrs *grown =
      pmmi_mem_realloc(rt, old, old == NULL ? 0 : attrs_bytes(old_room),
                   attrs_bytes(room));
  if (grown == NULL) {
    return pmmi_fail(rt, PMM_NO_MEMORY, "no memory for attributes");
  }
  if (old == NULL) {
    grown->own = NULL;
  }
  memset(grown->values + old_room, 0,
         (room - old_room) * sizeof *grown->values);
  grown->room = room;
  *attrs = grown;
  return PMM_OK;
}

/* Where the value of a name is, or NULL. */
static pmm_obj **place_of(struct pmmi_attr_names *shared,
                          struct pmmi_attrs *attrs, const char *name) {
  if (attrs == NULL) {
    return NULL;
  }
  struct attr *known = find(shared, name);
  if (known == NULL) {
    struct attr *own = find(attrs->own, name);
    return own != NULL ? &own->value : NULL;
  }
  size_t index = (size_t)(known - shared->items);
  return index < attrs->room && attrs->values[index] != NULL
             ? &attrs->values[index]
             : NULL;
}

/* Set an attribute that is not there.  Room for its value comes first: a type
 * that has learnt a name keeps it. */
static enum pmm_status set_first(pmm_rt *rt, struct pmmi_attr_names **shared,
                                 struct pmmi_attrs **attrs, const char *name,
                                 pmm_obj *value) {
  assert(name != NULL && value != NULL);
  struct attr *known = find(*shared, name);
  size_t count = *shared != NULL ? (*shared)->count : 0;
  size_t index = known != NULL ? (size_t)(known - (*shared)->items) : count;
  int own = index >= SHARED_NAMES;
  enum pmm_status status = make_room(rt, attrs, own ? 0 : index);
  if (status != PMM_OK) {
    return status;
  }
  if (own) {
    return add(rt, &(*attrs)->own, name, value);
  }
  if (known == NULL) {
    status = add(rt, shared, name, NULL);
  }
  if (status == PMM_OK) {
    (*attrs)->values[index] = pmmi_new_reference(rt, value);
  }
  return status;
}

/* ---- for instances ------------------------------------------------------- */

pmm_obj *pmmi_attrs_get(struct pmmi_attr_names *shared,
                        struct pmmi_attrs *attrs, const char *name) {
  assert(name != NULL);
  pmm_obj **place = place_of(shared, attrs, name);
  return place != NULL ? *place : NULL;
}

enum pmm_status pmmi_attrs_set(pmm_rt *rt, struct pmmi_attr_names **shared,
                               struct pmmi_attrs **attrs, const char *name,
                               pmm_obj *value) {
  assert(name != NULL && shared != NULL && attrs != NULL);
  pmm_obj **place = place_of(*shared, *attrs, name);
  if (place == NULL) {
    return value != NULL ? set_first(rt, shared, attrs, name, value)
                         : pmmi_fail(rt, PMM_KEY, "no such attribute");
  }
  struct attr *own = find((*attrs)->own, name);
  if (value == NULL && own != NULL) {
    remove_at(rt, (*attrs)->own, own);
    return PMM_OK;
  }
  pmm_obj *old = *place;
  pmmi_xretain(rt, value);
  *place = value;
  pmmi_release(rt, old);
  return PMM_OK;
}

pmm_obj **pmmi_attrs_at(struct pmmi_attrs *attrs, size_t index) {
  if (attrs == NULL) {
    return NULL;
  }
  if (index < attrs->room) {
    return &attrs->values[index];
  }
  index -= attrs->room;
  return attrs->own != NULL && index < attrs->own->count
             ? &attrs->own->items[index].value
             : NULL;
}

enum pmm_status pmmi_attrs_copy(pmm_rt *rt, const struct pmmi_attrs *from,
                                struct pmmi_attrs **to) {
  assert(*to == NULL);
  assert(*to == NULL);
  if (from == NULL || from->room == 0) {
    return PMM_OK;
  }
  enum pmm_status status = make_room(rt, to, from->room - 1);
  for (size_t i = 0; status == PMM_OK && i < from->room; i++) {
    (*to)->values[i] = from->values[i];
    pmmi_xretain(rt, from->values[i]);
  }
  const struct pmmi_attr_names *own = from->own;
  for (size_t i = 0; status == PMM_OK && own != NULL && i < own->count; i++) {
    status = add(rt, &(*to)->own, own->items[i].name, own->items[i].value);
  }
  return status;
}

int pmmi_attrs_visit(const struct pmmi_attrs *attrs, pmm_visit visit,
                     void *ctx) {
  assert(visit != NULL);
  int result = 0;
  for (size_t i = 0; attrs != NULL && i < attrs->room && result == 0; i++) {
    result = attrs->values[i] != NULL ? visit(ctx, attrs->values[i]) : 0;
  }
  const struct pmmi_attr_names *own = attrs != NULL ? attrs->own : NULL;
  for (size_t i = 0; own != NULL && i < own->count && result == 0; i++) {
    result = visit(ctx, own->items[i].value);
  }
  return result;
}

void pmmi_attrs_drop(pmm_rt *rt, struct pmmi_attrs **attrs) {
  assert(attrs != NULL);
  struct pmmi_attrs *all = *attrs;
  *attrs = NULL;
  if (all == NULL) {
    return;
  }
  for (size_t i = 0; i < all->room; i++) {
    pmmi_xrelease(rt, all->values[i]);
  }
  pmmi_attr_names_drop(rt, all->own);
  pmmi_mem_free(rt, all, attrs_bytes(all->room));
}

size_t pmmi_attrs_bytes(const struct pmmi_attrs *attrs) {
  return attrs != NULL
             ? attrs_bytes(attrs->room) + pmmi_attr_names_bytes(attrs->own)
             : 0;
}
