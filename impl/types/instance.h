/* SPDX-License-Identifier: MIT */
/*
 * instance.h - types of the host and their instances.
 *
 *   byte 0        16       24            24 + 8 * slots
 *        +--------+--------+--------+----+--------+--------+----------+
 *        | header | cookie | slot 0 | .. | [weak] | [attrs] | [links] |
 *        +--------+--------+--------+----+--------+--------+----------+
 *
 *   1. A type is an object that describes how its instances are laid out;
 *      the words in brackets are there when the type asks for them:
 *      weak      references to the instance  (PMM_TYPE_WEAKREF)
 *      attrs     attributes by name          (PMM_TYPE_DICT)
 *      links     neighbours in the list of instances that the collector's
 *                table does not hold          (without PMM_TYPE_GC)
 *   2. Each instance owns one reference to its type.
 *   3. The events FINALIZED and DEALLOCATED carry the instance's cookie.  The
 *      latter comes when nothing is left to give back but the block itself.
 *
 * Invariant: every live instance can be enumerated: it is tracked, or linked,
 * or it is a collectable one that its finalizer untracked.
 *
 * Source: CPython 3.11 Objects/typeobject.c (subtype_dealloc, slot layout).
 */
#ifndef PMMI_INSTANCE_H
#define PMMI_INSTANCE_H

#include "core/object.h"
#include "types/type.h"

/** Most slots of an instance. */
#define PMMI_INSTANCE_SLOTS 16

struct pmmi_weakref;
struct pmmi_attr_names;

/** A type made by type_new. */
struct pmmi_heap_type {
  struct pmmi_type type;
  struct pmmi_weakref *weak; /* references to the type itself               */
  pmm_fn finalizer;          /* NULL: none                                  */
  void *ctx;                 /* its first argument                          */
  struct pmm_compare_code code; /* of the host; its functions may be NULL    */
  struct pmmi_attr_names *attr_names; /* that instances share; NULL: none   */
  uint32_t slots;
  uint32_t attrs_offset;     /* of a struct pmmi_attrs *; 0: none           */
  uint32_t links_offset;     /* of a struct pmmi_instance_links; 0: none    */
  uint32_t name_bytes;       /* of the copy in type.name, its 0 included    */
};

/** An instance; slots and optional words lie behind it. */
struct pmmi_instance {
  struct pmm_obj base;
  int64_t cookie;    /* of its events                                       */
  pmm_obj *slots[];  /* owned; NULL: empty                                  */
};

static_assert(offsetof(struct pmmi_instance, slots) == 24,
              "the drawing above");

/** Neighbours of an instance without a collector header.  They are named by
 *  the address of their cookie and not of their start, so that a leak checker
 *  tells an instance that only the list knows (possibly lost) from one that
 *  somebody holds. */
struct pmmi_instance_links {
  int64_t *previous; /* younger; NULL: the youngest                         */
  int64_t *next;     /* older                                               */
};

/** Instances of a runtime that the collector does not know. */
struct pmmi_instances {
  int64_t *first; /* cookie of the youngest                                 */
};

/** Set the functions of an instance's type, and the size of an instance
 *  without slots or optional words.  `flags` are the host's and may seed a
 *  fault into traverse. */
void pmmi_instance_fill_type(struct pmmi_type *type, uint32_t flags);

/** Let the host's code compare, hash and print the instances of a type. */
void pmmi_instance_fill_code(struct pmmi_heap_type *type,
                             const struct pmm_compare_code *code);

/** 1 when the host's code orders both: pmmi_instance_less() may be asked. */
int pmmi_instance_has_order(const pmm_obj *a, const pmm_obj *b);

/** *less = (a < b), by the host's code.  The caller holds both. */
enum pmm_status pmmi_instance_less(pmm_rt *rt, pmm_obj *a, pmm_obj *b,
                                   int *less);

int pmmi_is_instance(const pmm_obj *o);

/** The youngest instance without a collector header; NULL: there is none. */
struct pmmi_instance *pmmi_instance_first(pmm_rt *rt);

/** The next older instance without a collector header; NULL: no more. */
struct pmmi_instance *pmmi_instance_next(const struct pmmi_instance *instance);

/** Attribute `index` of those the instance has room for, a holder that is
 *  empty where it lacks one; NULL: there are no more.  Setting attributes
 *  moves them. */
pmm_obj **pmmi_instance_attribute(pmm_obj *instance, size_t index);

/** How many slots it has. */
size_t pmmi_instance_slots(const pmm_obj *instance);

/** Empty all slots and attributes.  May run code. */
void pmmi_instance_clear(pmm_rt *rt, pmm_obj *o);

/* ---- operations (contracts: pmm/subject.h) ------------------------------- */

pmm_obj *pmmi_instance_new(pmm_rt *rt, pmm_obj *type, int64_t cookie);
int64_t pmmi_instance_cookie(pmm_rt *rt, pmm_obj *instance);
pmm_obj *pmmi_slot_get(pmm_rt *rt, pmm_obj *instance, size_t index);
enum pmm_status pmmi_slot_set(pmm_rt *rt, pmm_obj *instance, size_t index,
                              pmm_obj *value);
pmm_obj *pmmi_attr_get(pmm_rt *rt, pmm_obj *instance, const char *name);
enum pmm_status pmmi_attr_set(pmm_rt *rt, pmm_obj *instance,
                              const char *name, pmm_obj *value);

#endif /* PMMI_INSTANCE_H */
