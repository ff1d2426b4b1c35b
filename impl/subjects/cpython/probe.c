/* SPDX-License-Identifier: MIT */
/*
 * probe.c - probe types: heap types whose instances tell of their life.
 *
 *    0        16       24       32                      32 + 8 * slots
 *   +--------+--------+--------+--------+--------+-----+--------------+
 *   | header | cookie | kind   | slot 0 | slot 1 | ... | weak refs    |
 *   +--------+--------+--------+--------+--------+-----+--------------+
 *
 *   1. Most types come from PyType_FromSpec without a deallocator, so they
 *      inherit the interpreter's own: finalizer, weak references, slots and
 *      deferred destruction are CPython's, not ours.  Py_tp_free, the last
 *      thing it calls, emits DEALLOCATED.
 *   2. A type without the collector needs a deallocator of its own, as the
 *      inherited one would leave slots and weak references alone.
 *   3. A type with attributes is a Python class over such a type, so that its
 *      dictionary is what a Python class has in that version.
 *   4. A subclass of tuple is a Python class with a __del__ that calls us.
 *
 * Invariant: an instance holds one count on its `kind`, so that a type that
 * the collector tears down before its instances takes nothing from them.
 */
#include <stdio.h>
#include <stdlib.h>

#include "ops.h"
#include "symbols.h"

#define SLOTS_MAX 16

/** What a probe type knows, shared by the type and its instances. */
struct kind {
  size_t references;
  pmm_rt *rt;
  unsigned epoch;    /* of the runtime that made it                          */
  pmm_fn finalizer;
  void *ctx;
  uint32_t slots;
  uint32_t flags;    /* enum pmm_type_flag                                   */
  PyObject *type;    /* borrowed; what instance_new was last asked for       */
  char name[96];     /* "pmm.NAME": CPython 3.10 does not copy it            */
};

struct probe {
  PyObject_HEAD
  int64_t cookie;
  struct kind *kind;
  PyObject *slots[];
};

_Static_assert(offsetof(struct probe, slots) == 32, "drawn above");

/** The kind that instance_new used last: spares a look-up by name. */
static struct kind *latest;

static void kind_release(struct kind *kind) {
  if (kind != NULL && --kind->references == 0) {
    free(kind);
  }
}

static int listening(const struct kind *kind) {
  return kind != NULL && pmmi_cpy_is_open(kind->rt, kind->epoch);
}

/* ---- the slots of the types --------------------------------------------- */

static void run_finalizer(struct probe *self) {
  assert(self != NULL);
  struct kind *kind = self->kind;
  struct pmmi_cpy_saved saved;
  enum pmm_status status;
  if (!listening(kind)) {
    return;
  }
  pmmi_cpy_save(&saved);
  pmmi_cpy_event(kind->rt, PMM_EVENT_FINALIZED, self->cookie, 0);
  status = kind->finalizer(kind->ctx, kind->rt, (pmm_obj *)self);
  if (pmmi_cpy_raised(kind->rt, status)) {
    PyErr_WriteUnraisable((PyObject *)self);
  }
  pmmi_cpy_restore(&saved);
}

static void probe_finalize(PyObject *self) {
  run_finalizer((struct probe *)self);
}

/** The pre-PEP 442 slot: called at count 0, may leave the object alive. */
static void probe_del(PyObject *self) {
  self->ob_refcnt = 1;
  run_finalizer((struct probe *)self);
  self->ob_refcnt--;
}

static int probe_traverse(PyObject *self, visitproc visit, void *arg) {
  struct probe *probe = (struct probe *)self;
  uint32_t slots = probe->kind == NULL ? 0 : probe->kind->slots;
  uint32_t fault = probe->kind == NULL ? 0 : probe->kind->flags;
  if (pmmi_cpy_lib.version >= 0x0309) {
    Py_VISIT((PyObject *)Py_TYPE(self));
  }
  if ((fault & PMM_TYPE_FAULT_BORROW) != 0) {
    Py_VISIT(probe->slots[0]);
  }
  for (uint32_t i = (fault & PMM_TYPE_FAULT_SKIP) != 0; i < slots; i++) {
    Py_VISIT(probe->slots[i]);
  }
  return 0;
}

static int probe_clear(PyObject *self) {
  struct probe *probe = (struct probe *)self;
  uint32_t slots = probe->kind == NULL ? 0 : probe->kind->slots;
  for (uint32_t i = 0; i < slots; i++) {
    PyObject *item = probe->slots[i];
    probe->slots[i] = NULL;
    Py_DecRef(item);
  }
  return 0;
}

static void tell_deallocated(struct probe *probe) {
  struct kind *kind = probe->kind;
  if (listening(kind)) {
    pmmi_cpy_event(kind->rt, PMM_EVENT_DEALLOCATED, probe->cookie, 0);
  }
  probe->kind = NULL;
  kind_release(kind);
}

/** Py_tp_free of types with the collector. */
static void probe_free(void *self) {
  tell_deallocated(self);
  PyObject_GC_Del(self);
}

/** Finalizer and weak references; 1 when the object came back to life. */
static int last_words(PyObject *self, const struct kind *kind) {
  if (kind == NULL || (kind->flags & PMM_TYPE_DICT) != 0) {
    return 0; /* the subclass that called us has done it */
  }
  if (kind->finalizer != NULL &&
      pmmi_cpy_sym.finalize_from_dealloc(self) < 0) {
    return 1;
  }
  if ((kind->flags & PMM_TYPE_WEAKREF) != 0) {
    PyObject_ClearWeakRefs(self);
  }
  return 0;
}

/** Deallocator of types without the collector, and of bases of classes. */
static void probe_dealloc(PyObject *self) {
  PyTypeObject *type = Py_TYPE(self);
  struct probe *probe = (struct probe *)self;
  struct kind *kind = probe->kind;
  freefunc give_back = pmmi_cpy_free_of(type);
  if (kind != NULL && (kind->flags & PMM_TYPE_DICT) != 0) {
    PyObject_GC_UnTrack(self);
  }
  if (last_words(self, kind)) {
    return;
  }
  probe_clear(self);
  tell_deallocated(probe);
  give_back(self);
  Py_DecRef((PyObject *)type);
}

/* ---- making types ------------------------------------------------------- */

static const char *const slot_names[SLOTS_MAX] = {
    "s00", "s01", "s02", "s03", "s04", "s05", "s06", "s07",
    "s08", "s09", "s10", "s11", "s12", "s13", "s14", "s15"};

/** Members of a type: its slots, and where weak references are listed. */
static void fill_members(PyMemberDef *members, const struct kind *kind) {
  assert(members != NULL);
  Py_ssize_t offset = (Py_ssize_t)offsetof(struct probe, slots);
  for (uint32_t i = 0; i < kind->slots; i++) {
    *members++ = (PyMemberDef){.name = slot_names[i],
                               .type = T_OBJECT_EX,
                               .offset = offset};
    offset += (Py_ssize_t)sizeof(PyObject *);
  }
  if ((kind->flags & PMM_TYPE_WEAKREF) != 0 &&
      (kind->flags & PMM_TYPE_DICT) == 0) {
    *members++ = (PyMemberDef){.name = "__weaklistoffset__",
                               .type = T_PYSSIZET,
                               .offset = offset,
                               .flags = READONLY};
  }
  *members = (PyMemberDef){.name = NULL};
}

static int instance_bytes(const struct kind *kind) {
  size_t words = kind->slots;
  if ((kind->flags & PMM_TYPE_WEAKREF) != 0 &&
      (kind->flags & PMM_TYPE_DICT) == 0) {
    words++;
  }
  return (int)(offsetof(struct probe, slots) + words * sizeof(PyObject *));
}

/** Slots of a type after what it has to do. */
static void fill_slots(PyType_Slot *slots, const struct kind *kind,
                       PyMemberDef *members) {
  assert(slots != NULL);
  int gc = (kind->flags & PMM_TYPE_GC) != 0;
  int base = (kind->flags & PMM_TYPE_DICT) != 0;
  *slots++ = (PyType_Slot){Py_tp_members, members};
  *slots++ = (PyType_Slot){Py_tp_methods, pmmi_cpy_probe_methods};
  if (kind->finalizer != NULL) {
    *slots++ = (kind->flags & PMM_TYPE_LEGACY_DEL) != 0
                   ? PMMI_CPY_SLOT(Py_tp_del, probe_del)
                   : PMMI_CPY_SLOT(Py_tp_finalize, probe_finalize);
  }
  if (gc) {
    *slots++ = PMMI_CPY_SLOT(Py_tp_traverse, probe_traverse);
    *slots++ = PMMI_CPY_SLOT(Py_tp_clear, probe_clear);
  }
  if (gc && !base) {
    *slots++ = PMMI_CPY_SLOT(Py_tp_free, probe_free);
  } else {
    *slots++ = PMMI_CPY_SLOT(Py_tp_dealloc, probe_dealloc);
  }
  *slots = (PyType_Slot){0, NULL};
}

static PyObject *type_from_spec(struct kind *kind) {
  PyMemberDef members[SLOTS_MAX + 2];
  PyType_Slot slots[8];
  PyType_Spec spec = {.name = kind->name, .slots = slots};
  PyObject *type;
  fill_members(members, kind);
  fill_slots(slots, kind, members);
  spec.basicsize = instance_bytes(kind);
  spec.flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE;
  if ((kind->flags & PMM_TYPE_GC) != 0) {
    spec.flags |= Py_TPFLAGS_HAVE_GC;
  }
  type = PyType_FromSpec(&spec);
#if PY_VERSION_HEX < 0x03090000
  /* 3.8 does not know the member __weaklistoffset__. */
  if (type != NULL && (kind->flags & PMM_TYPE_WEAKREF) != 0 &&
      (kind->flags & PMM_TYPE_DICT) == 0) {
    ((PyTypeObject *)type)->tp_weaklistoffset =
        spec.basicsize - (Py_ssize_t)sizeof(PyObject *);
  }
#endif
  return type;
}

/** class NAME(base): __slots__ = names.  Steals `names`; NULL fails. */
static PyObject *class_over(PyObject *base, const struct kind *kind,
                            PyObject *names) {
  assert(base != NULL);
  PyObject *type = NULL;
  PyObject *body = names == NULL ? NULL : PyDict_New();
  if (body != NULL && PyDict_SetItemString(body, "__slots__", names) == 0) {
    type = PyObject_CallFunction((PyObject *)&PyType_Type, "s(O)O",
                                 kind->name + sizeof "pmm", base, body);
  }
  Py_DecRef(names);
  Py_DecRef(body);
  return type;
}

static PyObject *make_type(struct kind *kind) {
  PyObject *base;
  PyObject *type;
  if ((kind->flags & PMM_TYPE_TUPLE) != 0) {
    return class_over((PyObject *)&PyTuple_Type, kind, PyTuple_New(0));
  }
  base = type_from_spec(kind);
  if (base == NULL || (kind->flags & PMM_TYPE_DICT) == 0) {
    return base;
  }
  type = class_over(base, kind,
                    (kind->flags & PMM_TYPE_WEAKREF) != 0
                        ? Py_BuildValue("(ss)", "__dict__", "__weakref__")
                        : Py_BuildValue("(s)", "__dict__"));
  Py_DecRef(base);
  return type;
}

/** The type died: its instances may live on with the kind. */
static void forget_kind(PyObject *capsule) {
  assert(PyCapsule_CheckExact(capsule));
  struct kind *kind = PyCapsule_GetPointer(capsule, "pmm.kind");
  if (latest == kind) {
    latest = NULL;
  }
  kind_release(kind);
}

static PyObject *make_with_kind(struct kind *kind) {
  PyObject *type = make_type(kind);
  PyObject *capsule;
  if (type == NULL) {
    kind_release(kind);
    if (PyErr_Occurred() == NULL) {
      PyErr_NoMemory(); /* PyType_FromSpec of 3.11 may forget to say so */
    }
    return NULL;
  }
  kind->type = type;
  capsule = PyCapsule_New(kind, "pmm.kind", forget_kind);
  if (capsule == NULL) {
    kind_release(kind);
  } else if (PyObject_SetAttr(type, PMMI_CPY_NAME(pmm_kind), capsule) == 0) {
    Py_DecRef(capsule);
    return type;
  }
  Py_DecRef(capsule);
  Py_DecRef(type);
  return NULL;
}

pmm_obj *pmmi_cpy_type_new(pmm_rt *rt, const struct pmm_type_spec *spec) {
  assert(spec != NULL);
  struct kind *kind;
  if (spec->slots > SLOTS_MAX) {
    return pmmi_cpy_fail_null(PMM_VALUE, "at most 16 slots");
  }
  if ((spec->flags & (PMM_TYPE_FAULT_SKIP | PMM_TYPE_FAULT_BORROW)) != 0 &&
      (spec->slots == 0 || (spec->flags & PMM_TYPE_DICT) != 0)) {
    return pmmi_cpy_fail_null(PMM_UNSUPPORTED, "a fault needs a plain slot");
  }
  if ((spec->flags & PMM_TYPE_TUPLE) != 0 &&
      (spec->slots > 0 || spec->finalizer != NULL)) {
    return pmmi_cpy_fail_null(PMM_UNSUPPORTED,
                              "a subclass of tuple with slots or finalizer");
  }
  kind = calloc(1, sizeof *kind);
  if (kind == NULL) {
    return pmmi_cpy_fail_null(PMM_NO_MEMORY, "no memory");
  }
  *kind = (struct kind){.references = 1,
                        .rt = rt,
                        .epoch = rt->epoch,
                        .finalizer = spec->finalizer,
                        .ctx = spec->ctx,
                        .slots = spec->slots,
                        .flags = spec->flags};
  if ((spec->flags & PMM_TYPE_DICT) != 0) {
    kind->flags |= PMM_TYPE_GC; /* as every Python class with attributes */
  }
  snprintf(kind->name, sizeof kind->name, "pmm.%s", spec->name);
  return pmmi_cpy_obj(make_with_kind(kind));
}

/* ---- instances ---------------------------------------------------------- */

static struct kind *kind_of(PyObject *type) {
  assert(type != NULL);
  PyObject *capsule;
  if (latest != NULL && latest->type == type) {
    return latest;
  }
  capsule = PyObject_GetAttr(type, PMMI_CPY_NAME(pmm_kind));
  if (capsule == NULL) {
    return NULL;
  }
  latest = PyCapsule_GetPointer(capsule, "pmm.kind");
  Py_DecRef(capsule);
  return latest;
}

/** The instance's memory.  A class with attributes goes through its own
 *  tp_new, which alone prepares the values that instances keep in the order
 *  of the class's shared keys (3.11 and 3.12). */
static PyObject *allocate(PyTypeObject *type, const struct kind *kind) {
  assert(kind != NULL);
  PyObject *arguments;
  PyObject *o = NULL;
  void *slot;
  newfunc make;
  if ((kind->flags & PMM_TYPE_DICT) == 0) {
    return PyType_GenericAlloc(type, 0);
  }
  slot = PyType_GetSlot(type, Py_tp_new);
  memcpy(&make, &slot, sizeof make);
  arguments = PyTuple_New(0);
  if (arguments != NULL) {
    o = make(type, arguments, NULL);
    Py_DecRef(arguments);
  }
  return o;
}

pmm_obj *pmmi_cpy_instance_new(pmm_rt *rt, pmm_obj *type, int64_t cookie) {
  assert(pmmi_cpy_is_open(rt, rt->epoch));
  struct kind *kind = kind_of(pmmi_cpy_py(type));
  struct probe *probe;
  (void)rt;
  if (kind == NULL || pmmi_cpy_collect_if_due() < 0) {
    return NULL;
  }
  probe = (struct probe *)allocate((PyTypeObject *)pmmi_cpy_py(type), kind);
  if (probe == NULL) {
    return NULL;
  }
  probe->cookie = cookie;
  probe->kind = kind;
  kind->references++;
  return (pmm_obj *)probe;
}

int64_t pmmi_cpy_instance_cookie(pmm_rt *rt, pmm_obj *instance) {
  (void)rt;
  return ((struct probe *)instance)->cookie;
}

size_t pmmi_cpy_probe_slots(PyObject *instance) {
  const struct kind *kind = ((struct probe *)instance)->kind;
  return kind == NULL ? 0 : kind->slots;
}

/** Slot `index` of an instance; NULL with IndexError. */
static PyObject **slot_at(pmm_obj *instance, size_t index) {
  assert(instance != NULL);
  struct probe *probe = (struct probe *)instance;
  if (probe->kind == NULL || index >= probe->kind->slots) {
    pmmi_cpy_fail(PMM_INDEX, "no such slot");
    return NULL;
  }
  return &probe->slots[index];
}

pmm_obj *pmmi_cpy_slot_get(pmm_rt *rt, pmm_obj *instance, size_t index) {
  PyObject **slot = slot_at(instance, index);
  (void)rt;
  return slot == NULL ? NULL : pmmi_cpy_obj(*slot);
}

enum pmm_status pmmi_cpy_slot_set(pmm_rt *rt, pmm_obj *instance, size_t index,
                                  pmm_obj *value) {
  PyObject **slot = slot_at(instance, index);
  PyObject *old;
  (void)rt;
  if (slot == NULL) {
    return PMM_INDEX;
  }
  Py_IncRef(pmmi_cpy_py(value));
  old = *slot;
  *slot = pmmi_cpy_py(value);
  Py_DecRef(old);
  return PMM_OK;
}

/** The attribute, new. */
static PyObject *attribute(PyObject *o, const char *text) {
  assert(text != NULL);
  PyObject *name = pmmi_cpy_name_new(text);
  PyObject *value = name == NULL ? NULL : PyObject_GetAttr(o, name);
  Py_DecRef(name);
  return value;
}

pmm_obj *pmmi_cpy_attr_get(pmm_rt *rt, pmm_obj *instance, const char *name) {
  assert(name != NULL);
  PyObject *value = attribute(pmmi_cpy_py(instance), name);
  (void)rt;
  if (value != NULL) {
    Py_DecRef(value); /* the instance holds it */
  }
  return pmmi_cpy_obj(value);
}

enum pmm_status pmmi_cpy_attr_set(pmm_rt *rt, pmm_obj *instance,
                                  const char *name, pmm_obj *value) {
  assert(name != NULL);
  PyObject *text = pmmi_cpy_name_new(name);
  enum pmm_status status;
  if (text == NULL) {
    return pmmi_cpy_failure(rt);
  }
  status = pmmi_cpy_result(rt, PyObject_SetAttr(pmmi_cpy_py(instance), text,
                                                pmmi_cpy_py(value)));
  Py_DecRef(text);
  return status;
}

int pmmi_cpy_is_finalized(pmm_rt *rt, pmm_obj *o) {
  (void)rt;
#if PY_VERSION_HEX < 0x03090000
  return PyObject_IS_GC(pmmi_cpy_py(o)) && _PyGC_FINALIZED(pmmi_cpy_py(o));
#else
  return PyObject_GC_IsFinalized(pmmi_cpy_py(o));
#endif
}

pmm_obj *pmmi_cpy_proxy_slot(pmm_rt *rt, pmm_obj *proxy, size_t index) {
  (void)rt;
  if (index >= SLOTS_MAX) {
    return pmmi_cpy_fail_null(PMM_INDEX, "no such slot");
  }
  return pmmi_cpy_obj(attribute(pmmi_cpy_py(proxy), slot_names[index]));
}
