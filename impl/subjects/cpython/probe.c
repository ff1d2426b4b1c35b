/* SPDX-License-Identifier: MIT */
/*
 * probe.c - probe types: heap types whose instances tell of their life.
 *
 *   1. Most types come from PyType_FromSpec without a deallocator, so they
 *      inherit the interpreter's own: finalizer, weak references, slots and
 *      deferred destruction are CPython's, not ours.  Py_tp_free, the last
 *      thing it calls, emits DEALLOCATED.
 *   2. A type without the collector needs a deallocator of its own, as the
 *      inherited one would leave slots and weak references alone.
 *   3. A type with attributes is a Python class over such a type, so that its
 *      dictionary is what a Python class has in that version.
 *   4. A subclass of tuple is a Python class without slots or finalizer.
 */
#include "probe.h"

#include <stdio.h>
#include <stdlib.h>

#include "counts.h"
#include "errors.h"
#include "ops.h"
#include "probe_compare.h"
#include "probe_copy.h"
#include "symbols.h"

/** The kind that instance_new used last: spares a look-up by name. */
static struct pmmi_cpy_kind *latest;

static void kind_release(struct pmmi_cpy_kind *kind) {
  if (kind != NULL && --kind->references == 0) {
    free(kind);
  }
}

static int listening(const struct pmmi_cpy_kind *kind) {
  return kind != NULL && pmmi_cpy_is_open(kind->rt, kind->epoch);
}

/* ---- the slots of the types --------------------------------------------- */

static void run_finalizer(struct pmmi_cpy_probe *self) {
  assert(self != NULL);
  struct pmmi_cpy_kind *kind = self->kind;
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
  run_finalizer((struct pmmi_cpy_probe *)self);
}

/** The pre-PEP 442 slot: called at count 0, may leave the object alive. */
static void probe_del(PyObject *self) {
  pmmi_cpy_set_count(self, 1);
  run_finalizer((struct pmmi_cpy_probe *)self);
  pmmi_cpy_set_count(self, pmmi_cpy_count(self) - 1);
}

static int probe_traverse(PyObject *self, visitproc visit, void *arg) {
  struct pmmi_cpy_probe *probe = (struct pmmi_cpy_probe *)self;
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
  struct pmmi_cpy_probe *probe = (struct pmmi_cpy_probe *)self;
  uint32_t slots = probe->kind == NULL ? 0 : probe->kind->slots;
  for (uint32_t i = 0; i < slots; i++) {
    PyObject *item = probe->slots[i];
    probe->slots[i] = NULL;
    Py_DecRef(item);
  }
  return 0;
}

static void tell_deallocated(struct pmmi_cpy_probe *probe) {
  struct pmmi_cpy_kind *kind = probe->kind;
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
static int last_words(PyObject *self, const struct pmmi_cpy_kind *kind) {
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
  struct pmmi_cpy_probe *probe = (struct pmmi_cpy_probe *)self;
  struct pmmi_cpy_kind *kind = probe->kind;
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

static const char *const slot_names[PMMI_CPY_SLOTS_MAX] = {
    "s00", "s01", "s02", "s03", "s04", "s05", "s06", "s07",
    "s08", "s09", "s10", "s11", "s12", "s13", "s14", "s15"};

/** Members of a type: its slots, and where weak references are listed. */
static void fill_members(PyMemberDef *members,
                         const struct pmmi_cpy_kind *kind) {
  assert(members != NULL);
  Py_ssize_t offset = (Py_ssize_t)offsetof(struct pmmi_cpy_probe, slots);
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

static int instance_bytes(const struct pmmi_cpy_kind *kind) {
  size_t words = kind->slots;
  if ((kind->flags & PMM_TYPE_WEAKREF) != 0 &&
      (kind->flags & PMM_TYPE_DICT) == 0) {
    words++;
  }
  return (int)(offsetof(struct pmmi_cpy_probe, slots) +
               words * sizeof(PyObject *));
}

/** Slots of a type after what it has to do. */
static void fill_slots(PyType_Slot *slots, const struct pmmi_cpy_kind *kind,
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
  if (kind->has_code) {
    slots = pmmi_cpy_code_slots(slots, &kind->code);
  }
  if (gc && !base) {
    *slots++ = PMMI_CPY_SLOT(Py_tp_free, probe_free);
  } else {
    *slots++ = PMMI_CPY_SLOT(Py_tp_dealloc, probe_dealloc);
  }
  *slots = (PyType_Slot){0, NULL};
}

static PyObject *type_from_spec(struct pmmi_cpy_kind *kind) {
  PyMemberDef members[PMMI_CPY_SLOTS_MAX + 2];
  PyType_Slot slots[12];
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
static PyObject *class_over(PyObject *base, const struct pmmi_cpy_kind *kind,
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

static PyObject *make_type(struct pmmi_cpy_kind *kind) {
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
  struct pmmi_cpy_kind *kind = PyCapsule_GetPointer(capsule, "pmm.kind");
  if (latest == kind) {
    latest = NULL;
  }
  kind_release(kind);
}

static PyObject *make_with_kind(struct pmmi_cpy_kind *kind) {
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
  } else if (PyErr_ExceptionMatches(PyExc_AttributeError)) {
    PyErr_NoMemory(); /* type_update_dict of 3.13 on hides that there is none */
  }
  Py_DecRef(capsule);
  Py_DecRef(type);
  return NULL;
}

/** `code` NULL: instances compare as Python's own do. */
static pmm_obj *new_type(pmm_rt *rt, const struct pmm_type_spec *spec,
                         const struct pmm_compare_code *code) {
  assert(spec != NULL);
  struct pmmi_cpy_kind *kind;
  if (spec->slots > PMMI_CPY_SLOTS_MAX) {
    return pmmi_cpy_fail_null(PMM_VALUE, "at most 16 slots");
  }
  if ((spec->flags & (PMM_TYPE_FAULT_SKIP | PMM_TYPE_FAULT_BORROW)) != 0 &&
      (spec->slots == 0 || (spec->flags & PMM_TYPE_DICT) != 0)) {
    return pmmi_cpy_fail_null(PMM_UNSUPPORTED, "a fault needs a plain slot");
  }
  if ((spec->flags & PMM_TYPE_TUPLE) != 0 &&
      (spec->slots > 0 || spec->finalizer != NULL || code != NULL)) {
    return pmmi_cpy_fail_null(PMM_UNSUPPORTED,
                              "a subclass of tuple with more than items");
  }
  kind = calloc(1, sizeof *kind);
  if (kind == NULL) {
    return pmmi_cpy_fail_null(PMM_NO_MEMORY, "no memory");
  }
  *kind = (struct pmmi_cpy_kind){.references = 1,
                        .rt = rt,
                        .epoch = rt->epoch,
                        .finalizer = spec->finalizer,
                        .ctx = spec->ctx,
                        .slots = spec->slots,
                        .has_code = code != NULL,
                        .flags = spec->flags};
  if ((spec->flags & PMM_TYPE_DICT) != 0) {
    kind->flags |= PMM_TYPE_GC; /* as every Python class with attributes */
  }
  if (code != NULL) {
    kind->code = *code;
  }
  snprintf(kind->name, sizeof kind->name, "pmm.%s", spec->name);
  return pmmi_cpy_obj(make_with_kind(kind));
}

pmm_obj *pmmi_cpy_type_new(pmm_rt *rt, const struct pmm_type_spec *spec) {
  return new_type(rt, spec, NULL);
}

pmm_obj *pmmi_cpy_type_with_code(pmm_rt *rt, const struct pmm_type_spec *spec,
                                 const struct pmm_compare_code *code) {
  assert(code != NULL);
  return new_type(rt, spec, code);
}

const struct pmm_compare_code *pmmi_cpy_code_of(PyObject *instance,
                                                pmm_rt **rt) {
  const struct pmmi_cpy_kind *kind = ((struct pmmi_cpy_probe *)instance)->kind;
  if (!listening(kind)) {
    return NULL;
  }
  *rt = kind->rt;
  return &kind->code;
}

struct pmmi_cpy_kind *pmmi_cpy_kind_of(PyObject *type) {
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
