/* SPDX-License-Identifier: MIT */
/* instance.c - instances of the host's types; see instance.h. */
#include "types/instance.h"

#include "gc/gc.h"
#include "types/attrs.h"
#include "types/text_builder.h"
#include "types/types_state.h"

static const struct pmmi_heap_type *type_of(const struct pmmi_instance *i) {
  return (const struct pmmi_heap_type *)i->base.type;
}

/* Where the attributes hang; NULL when the type has none. */
static struct pmmi_attrs **attrs_of(struct pmmi_instance *instance) {
  uint32_t offset = type_of(instance)->attrs_offset;
  return offset == 0
             ? NULL
             : (struct pmmi_attrs **)(void *)((char *)instance + offset);
}

/* ---- the list of instances without a collector header ------------------- */

static struct pmmi_instance_links *links_of(
    const struct pmmi_instance *instance) {
  uint32_t offset = type_of(instance)->links_offset;
  assert(offset != 0);
  return (struct pmmi_instance_links *)((uintptr_t)instance + offset);
}

/* The instance whose cookie that is; NULL for NULL. */
static struct pmmi_instance *with_cookie(int64_t *cookie) {
  assert(cookie == NULL || ((uintptr_t)cookie & 7) == 0);
  char *at = (char *)cookie;
  return at == NULL ? NULL
                    : (struct pmmi_instance *)(void *)(
                          at - offsetof(struct pmmi_instance, cookie));
}

struct pmmi_instance *pmmi_instance_first(pmm_rt *rt) {
  return with_cookie(pmmi_instances_of(rt)->first);
}

struct pmmi_instance *pmmi_instance_next(
    const struct pmmi_instance *instance) {
  return with_cookie(links_of(instance)->next);
}

static void link_instance(pmm_rt *rt, struct pmmi_instance *instance) {
  assert(!pmmi_gc_is_collectable(&instance->base));
  struct pmmi_instance *next = pmmi_instance_first(rt);
  links_of(instance)->next = pmmi_instances_of(rt)->first;
  if (next != NULL) {
    links_of(next)->previous = &instance->cookie;
  }
  pmmi_instances_of(rt)->first = &instance->cookie;
}

static void unlink_instance(pmm_rt *rt, struct pmmi_instance *instance) {
  assert(!pmmi_gc_is_collectable(&instance->base));
  struct pmmi_instance_links *links = links_of(instance);
  struct pmmi_instance *previous = with_cookie(links->previous);
  struct pmmi_instance *next = with_cookie(links->next);
  if (previous != NULL) {
    links_of(previous)->next = links->next;
  } else {
    pmmi_instances_of(rt)->first = links->next;
  }
  if (next != NULL) {
    links_of(next)->previous = links->previous;
  }
}

/* ---- the functions of their types --------------------------------------- */

/* Visit the slots from `first` on, and the attributes. */
static inline int visit_from(uint32_t first, pmm_obj *o, pmm_visit visit,
                             void *ctx) {
  struct pmmi_instance *instance = (struct pmmi_instance *)o;
  uint32_t slots = type_of(instance)->slots;
  for (uint32_t i = first; i < slots; i++) {
    int result =
        instance->slots[i] == NULL ? 0 : visit(ctx, instance->slots[i]);
    if (result != 0) {
      return result;
    }
  }
  struct pmmi_attrs **attrs = attrs_of(instance);
  return attrs == NULL ? 0 : pmmi_attrs_visit(*attrs, visit, ctx);
}

static size_t instance_owned_bytes(pmm_obj *o) {
  assert(pmmi_is_instance(o));
  struct pmmi_attrs **attrs = attrs_of((struct pmmi_instance *)o);
  return attrs == NULL ? 0 : pmmi_attrs_bytes(*attrs);
}

static int instance_traverse(pmm_obj *o, pmm_visit visit, void *ctx) {
  return visit_from(0, o, visit, ctx);
}

/* Faults that the host seeds: slot 0 is not visited, or once too often. */

static int skipping_traverse(pmm_obj *o, pmm_visit visit, void *ctx) {
  return visit_from(1, o, visit, ctx);
}

static int borrowing_traverse(pmm_obj *o, pmm_visit visit, void *ctx) {
  assert(type_of((struct pmmi_instance *)o)->slots > 0);
  pmm_obj *lent = ((struct pmmi_instance *)o)->slots[0];
  int result = lent == NULL ? 0 : visit(ctx, lent);
  return result != 0 ? result : instance_traverse(o, visit, ctx);
}

void pmmi_instance_clear(pmm_rt *rt, pmm_obj *o) {
  assert(pmmi_is_instance(o));
  struct pmmi_instance *instance = (struct pmmi_instance *)o;
  uint32_t slots = type_of(instance)->slots;
  struct pmmi_attrs **attrs = attrs_of(instance);
  for (uint32_t i = 0; i < slots; i++) {
    pmmi_clear(rt, &instance->slots[i]);
  }
  if (attrs != NULL) {
    pmmi_attrs_drop(rt, attrs);
  }
}

static void instance_finalize(pmm_rt *rt, pmm_obj *o) {
  struct pmmi_instance *instance = (struct pmmi_instance *)o;
  const struct pmmi_heap_type *type = type_of(instance);
  pmmi_event(rt, PMM_EVENT_FINALIZED, instance->cookie, 0);
  pmmi_status_take(rt, type->finalizer(type->ctx, rt, o));
  pmmi_error_unraisable(rt);
}

static void instance_dealloc(pmm_rt *rt, pmm_obj *o) {
  assert(o->refcnt == 0);
  struct pmmi_instance *instance = (struct pmmi_instance *)o;
  pmmi_gc_untrack(rt, o);
  pmmi_instance_clear(rt, o);
  pmmi_event(rt, PMM_EVENT_DEALLOCATED, instance->cookie, 0);
  if (pmmi_gc_is_collectable(o)) {
    pmmi_gc_free(rt, o);
  } else {
    unlink_instance(rt, instance);
    pmmi_object_free(rt, o);
  }
}

static pmm_obj *instance_copy(pmm_rt *rt, pmm_obj *o);

void pmmi_instance_fill_type(struct pmmi_type *type, uint32_t flags) {
  assert(type->traverse == NULL);
  type->basic_size = sizeof(struct pmmi_instance);
  type->owned_bytes = instance_owned_bytes;
  type->dealloc = instance_dealloc;
  type->traverse = (flags & PMM_TYPE_FAULT_SKIP) != 0 ? skipping_traverse
                   : (flags & PMM_TYPE_FAULT_BORROW) != 0
                       ? borrowing_traverse
                       : instance_traverse;
  type->clear = pmmi_instance_clear;
  type->finalize = instance_finalize;
  type->copy = instance_copy;
}

/* ---- code of the host ---------------------------------------------------- */

/* What the code answered, as the runtime's own status. */
static enum pmm_status answered(pmm_rt *rt, enum pmm_status status) {
  pmmi_status_take(rt, status);
  return pmmi_error(rt);
}

/* Both have such a function, as pmmi_equals() asks for the same one. */
static enum pmm_status code_equals(pmm_rt *rt, pmm_obj *a, pmm_obj *b,
                                   int *equal) {
  assert(pmmi_is_instance(a) && pmmi_is_instance(b));
  const struct pmm_compare_code *code =
      &type_of((struct pmmi_instance *)a)->code;
  *equal = 0;
  return answered(rt, code->equals(code->ctx, rt, a, b, equal));
}

static enum pmm_status code_hash(pmm_rt *rt, pmm_obj *o, int64_t *hash) {
  const struct pmm_compare_code *code =
      &type_of((struct pmmi_instance *)o)->code;
  *hash = 0;
  enum pmm_status status = code->hash(code->ctx, rt, o, hash);
  *hash -= *hash == -1;
  return answered(rt, status);
}

static pmm_obj *code_repr(pmm_rt *rt, pmm_obj *o) {
  const struct pmm_compare_code *code =
      &type_of((struct pmmi_instance *)o)->code;
  pmm_obj *text = NULL;
  if (answered(rt, code->repr(code->ctx, rt, o, &text)) != PMM_OK) {
    struct pmmi_error error;
    pmmi_error_save(rt, &error);
    pmmi_xrelease(rt, text);
    pmmi_error_restore(rt, &error);
    return NULL;
  }
  return text != NULL ? text : pmmi_repr_default(rt, o);
}

void pmmi_instance_fill_code(struct pmmi_heap_type *type,
                             const struct pmm_compare_code *code) {
  type->code = *code;
  type->type.equals = code->equals != NULL ? code_equals : NULL;
  type->type.hash = code->hash != NULL ? code_hash : NULL;
  type->type.repr = code->repr != NULL ? code_repr : NULL;
}

static int has_order(const pmm_obj *o) {
  return pmmi_is_instance(o) &&
         type_of((const struct pmmi_instance *)o)->code.less != NULL;
}

int pmmi_instance_has_order(const pmm_obj *a, const pmm_obj *b) {
  return has_order(a) && has_order(b);
}

enum pmm_status pmmi_instance_less(pmm_rt *rt, pmm_obj *a, pmm_obj *b,
                                   int *less) {
  assert(pmmi_instance_has_order(a, b));
  const struct pmm_compare_code *code =
      &type_of((struct pmmi_instance *)a)->code;
  enum pmm_status status = pmmi_recursion_enter(rt);
  *less = 0;
  if (status == PMM_OK) {
    status = answered(rt, code->less(code->ctx, rt, a, b, less));
    pmmi_recursion_leave(rt);
  }
  return status;
}

int pmmi_is_instance(const pmm_obj *o) {
  return o->type->dealloc == instance_dealloc;
}

/* ---- operations --------------------------------------------------------- */

pmm_obj *pmmi_instance_new(pmm_rt *rt, pmm_obj *type, int64_t cookie) {
  const struct pmmi_type *of = (const struct pmmi_type *)type;
  if (type->type != &pmmi_type_type || of->dealloc != instance_dealloc) {
    return pmmi_fail_null(rt, PMM_TYPE, "not a type of instances");
  }
  int collectable = (of->flags & PMMI_TYPE_GC) != 0;
  pmm_obj *o =
      collectable ? pmmi_gc_new(rt, of, 0) : pmmi_object_new(rt, of, 0);
  if (o == NULL) {
    return NULL;
  }
  struct pmmi_instance *instance = (struct pmmi_instance *)o;
  instance->cookie = cookie;
  if (collectable) {
    pmmi_gc_track(rt, o);
  } else {
    link_instance(rt, instance);
  }
  return o;
}

size_t pmmi_instance_slots(const pmm_obj *instance) {
  assert(pmmi_is_instance(instance));
  return type_of((const struct pmmi_instance *)instance)->slots;
}

pmm_obj **pmmi_instance_attribute(pmm_obj *instance, size_t index) {
  assert(pmmi_is_instance(instance));
  struct pmmi_attrs **attrs = attrs_of((struct pmmi_instance *)instance);
  return attrs != NULL ? pmmi_attrs_at(*attrs, index) : NULL;
}

/* Every type of the host is copied so: its state is what the runtime holds of
 * it, and what its finalizer may own is beyond our knowledge. */
static pmm_obj *instance_copy(pmm_rt *rt, pmm_obj *o) {
  assert(pmmi_is_instance(o));
  struct pmmi_instance *from = (struct pmmi_instance *)o;
  pmm_obj *copy = pmmi_instance_new(rt, (pmm_obj *)(uintptr_t)o->type,
                                    from->cookie);
  if (copy == NULL) {
    return NULL;
  }
  struct pmmi_instance *to = (struct pmmi_instance *)copy;
  for (uint32_t i = 0; i < type_of(from)->slots; i++) {
    pmmi_xretain(rt, from->slots[i]);
    to->slots[i] = from->slots[i];
  }
  struct pmmi_attrs **attrs = attrs_of(to);
  if (attrs != NULL &&
      pmmi_attrs_copy(rt, *attrs_of(from), attrs) != PMM_OK) {
    struct pmmi_error error;
    pmmi_error_save(rt, &error);
    pmmi_release(rt, copy);
    pmmi_error_restore(rt, &error);
    return NULL;
  }
  return copy;
}

int64_t pmmi_instance_cookie(pmm_rt *rt, pmm_obj *instance) {
  (void)rt;
  return pmmi_is_instance(instance)
             ? ((const struct pmmi_instance *)instance)->cookie
             : 0;
}

/* The slot, or NULL with an error. */
static pmm_obj **slot_at(pmm_rt *rt, pmm_obj *o, size_t index) {
  struct pmmi_instance *instance = (struct pmmi_instance *)o;
  if (!pmmi_is_instance(o)) {
    (void)pmmi_fail(rt, PMM_TYPE, "only instances have slots");
    return NULL;
  }
  if (index >= type_of(instance)->slots) {
    (void)pmmi_fail(rt, PMM_INDEX, "no such slot");
    return NULL;
  }
  return &instance->slots[index];
}

pmm_obj *pmmi_slot_get(pmm_rt *rt, pmm_obj *instance, size_t index) {
  pmm_obj **slot = slot_at(rt, instance, index);
  return slot != NULL ? *slot : NULL;
}

enum pmm_status pmmi_slot_set(pmm_rt *rt, pmm_obj *instance, size_t index,
                              pmm_obj *value) {
  pmm_obj **slot = slot_at(rt, instance, index);
  if (slot == NULL) {
    return pmmi_error(rt);
  }
  pmm_obj *old = *slot;
  pmmi_xretain(rt, value);
  *slot = value;
  pmmi_xrelease(rt, old);
  return PMM_OK;
}

/* Where the names stand that the instance shares with others of its type. */
static struct pmmi_attr_names **names_of(pmm_obj *instance) {
  assert(pmmi_is_instance(instance));
  return &((struct pmmi_heap_type *)(uintptr_t)instance->type)->attr_names;
}

/* Where the attributes of an instance hang, or NULL with an error. */
static struct pmmi_attrs **attrs_or_fail(pmm_rt *rt, pmm_obj *o) {
  struct pmmi_attrs **attrs =
      pmmi_is_instance(o) ? attrs_of((struct pmmi_instance *)o) : NULL;
  if (attrs == NULL) {
    (void)pmmi_fail(rt, PMM_TYPE, "object has no attributes by name");
  }
  return attrs;
}

pmm_obj *pmmi_attr_get(pmm_rt *rt, pmm_obj *instance, const char *name) {
  assert(name != NULL);
  struct pmmi_attrs **attrs = attrs_or_fail(rt, instance);
  if (attrs == NULL) {
    return NULL;
  }
  pmm_obj *value = pmmi_attrs_get(*names_of(instance), *attrs, name);
  return value != NULL
             ? value
             : pmmi_fail_null(rt, PMM_KEY, "no such attribute");
}

enum pmm_status pmmi_attr_set(pmm_rt *rt, pmm_obj *instance,
                              const char *name, pmm_obj *value) {
  assert(name != NULL);
  struct pmmi_attrs **attrs = attrs_or_fail(rt, instance);
  return attrs == NULL ? pmmi_error(rt)
                       : pmmi_attrs_set(rt, names_of(instance), attrs, name,
                                        value);
}
