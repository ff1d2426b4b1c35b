/* SPDX-License-Identifier: MIT */
/*
 * trace.c - tracemalloc, and sites that it sees.
 *
 *   1. tracemalloc names an allocation's site by the file names of the Python
 *      frames that are running.  All of ours run under one function, `enter`.
 *   2. So pushing a site renames the file of that function's code, in the way
 *      importlib renames the code it loads: _imp._fix_co_filename.
 *   3. A snapshot that is kept is copied out of Python, so that it is in no
 *      later one.
 *   4. A snapshot gives each block to the innermost of its frames whose file
 *      is a name that was pushed; without one, to the site "".  Two frames
 *      are kept, ours and that of a code it runs: each more costs half a
 *      microsecond an allocation on 3.12, and a code that runs another code
 *      has no site.
 */
#include <stdlib.h>

#include "account.h"
#include "core.h"
#include "errors.h"
#include "ops.h"

#define FRAMES 2

enum pmm_status pmmi_cpy_trace_start(pmm_rt *rt) {
  return pmmi_cpy_consume(
      rt, PyObject_CallFunction(PMMI_CPY_FN(trace_start), "i", FRAMES));
}

/** Call for its effect, at any time. */
static PyObject *call_kept(PyObject *callable) {
  assert(callable != NULL);
  struct pmmi_cpy_saved saved;
  PyObject *result;
  pmmi_cpy_save(&saved);
  pmmi_cpy_account_pause();
  result = PyObject_CallObject(callable, NULL);
  pmmi_cpy_account_resume();
  PyErr_Clear();
  pmmi_cpy_restore(&saved);
  return result;
}

static void drop_kept(pmm_rt *rt) {
  free(rt->kept);
  rt->kept = NULL;
  rt->kept_count = 0;
}

void pmmi_cpy_trace_stop(pmm_rt *rt) {
  drop_kept(rt);
  Py_DecRef(call_kept(PMMI_CPY_FN(trace_stop)));
}

void pmmi_cpy_trace_reset_peak(pmm_rt *rt) {
  (void)rt;
  Py_DecRef(call_kept(PMMI_CPY_FN(reset_peak)));
}

uint64_t pmmi_cpy_trace_overhead(pmm_rt *rt) {
  long long bytes = pmmi_cpy_ask(PMMI_CPY_FN(trace_overhead), NULL, 0);
  (void)rt;
  return bytes < 0 ? PMM_UNKNOWN : (uint64_t)bytes;
}

void pmmi_cpy_trace_get(pmm_rt *rt, uint64_t *current, uint64_t *peak) {
  assert(current != NULL && peak != NULL);
  struct pmmi_cpy_saved saved;
  PyObject *pair;
  unsigned long long read[2] = {0, 0};
  (void)rt;
  pmmi_cpy_save(&saved);
  pmmi_cpy_account_pause();
  pair = PyObject_CallObject(PMMI_CPY_FN(trace_get), NULL);
  if (pair != NULL) {
    (void)PyArg_ParseTuple(pair, "KK", &read[0], &read[1]);
    Py_DecRef(pair);
  }
  pmmi_cpy_account_resume();
  PyErr_Clear();
  pmmi_cpy_restore(&saved);
  *current = read[0];
  *peak = read[1];
}

/** The one str of a name, borrowed from the dict of names; no site's own
 *  blocks may grow when it is pushed or popped again. */
static PyObject *site_name(pmm_rt *rt, const char *name) {
  assert(name != NULL);
  PyObject *text = PyUnicode_FromString(name);
  PyObject *kept =
      text == NULL ? NULL : PyDict_GetItemWithError(rt->site_names, text);
  if (text != NULL && kept == NULL && PyErr_Occurred() == NULL &&
      PyDict_SetItem(rt->site_names, text, text) == 0) {
    kept = text;
  }
  Py_DecRef(text);
  return kept;
}

/** Let `enter` run in a file of that name; NULL: in none that was pushed. */
static int rename_site(pmm_rt *rt, const char *name) {
  PyObject *text =
      name == NULL ? PMMI_CPY_NAME(no_site) : site_name(rt, name);
  PyObject *result = NULL;
  if (text != NULL) {
    result = PyObject_CallFunctionObjArgs(PMMI_CPY_FN(fix_co_filename),
                                          PMMI_CPY_FN(enter_code), text, NULL);
  }
  Py_DecRef(result);
  return result == NULL ? -1 : 0;
}

enum pmm_status pmmi_cpy_site_push(pmm_rt *rt, const char *name) {
  assert(rt->site_depth <= PMMI_CPY_SITE_DEPTH);
  int result;
  if (rt->site_depth >= PMMI_CPY_SITE_DEPTH) {
    return pmmi_cpy_fail(PMM_RUNTIME, "sites nest too deep");
  }
  pmmi_cpy_account_pause();
  result = rename_site(rt, name);
  pmmi_cpy_account_resume();
  if (result < 0) {
    return pmmi_cpy_failure(rt);
  }
  rt->sites[rt->site_depth++] = name;
  return PMM_OK;
}

void pmmi_cpy_site_pop(pmm_rt *rt) {
  assert(rt->site_depth > 0);
  struct pmmi_cpy_saved saved;
  if (rt->site_depth == 0) {
    return;
  }
  rt->site_depth--;
  pmmi_cpy_save(&saved);
  pmmi_cpy_account_pause();
  (void)rename_site(rt, rt->site_depth == 0 ? NULL
                                            : rt->sites[rt->site_depth - 1]);
  pmmi_cpy_account_resume();
  PyErr_Clear();
  pmmi_cpy_restore(&saved);
}

/** A site's name that outlives the snapshot's objects: the pushed text, as
 *  the dict of names holds it. */
static const char *lasting(pmm_rt *rt, PyObject *name) {
  PyObject *kept = PyDict_GetItemWithError(rt->site_names, name);
  const char *text =
      kept == NULL ? "" : PyUnicode_AsUTF8AndSize(kept, NULL);
  return text == NULL ? "" : text;
}

/** Copy the list of (name, blocks, bytes) out. */
static size_t copy_sites(pmm_rt *rt, PyObject *list, struct pmm_site *out,
                         size_t n) {
  assert(PyList_Check(list));
  size_t count = (size_t)PyList_Size(list);
  for (size_t i = 0; i < count && i < n; i++) {
    PyObject *name = NULL;
    unsigned long long blocks = 0;
    unsigned long long bytes = 0;
    if (PyArg_ParseTuple(PyList_GetItem(list, (Py_ssize_t)i), "OKK", &name,
                         &blocks, &bytes)) {
      out[i] = (struct pmm_site){
          .name = lasting(rt, name), .blocks = blocks, .bytes = bytes};
    }
  }
  return count;
}

size_t pmmi_cpy_trace_snapshot(pmm_rt *rt, struct pmm_site *out, size_t n) {
  PyObject *list;
  size_t count;
  pmmi_cpy_account_pause();
  list = PyObject_CallFunctionObjArgs(PMMI_CPY_FN(sites), rt->site_names,
                                      NULL);
  count = list == NULL ? SIZE_MAX : copy_sites(rt, list, out, n);
  Py_DecRef(list);
  pmmi_cpy_account_resume();
  return count;
}

/* ---- comparing ---------------------------------------------------------- */

/** All sites of a snapshot taken now, in memory that tracemalloc does not see;
 *  NULL with an exception. */
static struct pmm_site *all_sites(pmm_rt *rt, size_t *count) {
  assert(count != NULL);
  PyObject *list;
  struct pmm_site *sites = NULL;
  pmmi_cpy_account_pause();
  list = PyObject_CallFunctionObjArgs(PMMI_CPY_FN(sites), rt->site_names,
                                      NULL);
  if (list != NULL) {
    *count = (size_t)PyList_Size(list);
    sites = calloc(*count + 1, sizeof *sites);
    for (size_t i = 0; sites != NULL && i < *count; i++) {
      sites[i].name = ""; /* of one that cannot be read                      */
    }
    if (sites == NULL) {
      PyErr_NoMemory();
    } else {
      (void)copy_sites(rt, list, sites, *count);
    }
    Py_DecRef(list);
  }
  pmmi_cpy_account_resume();
  return sites;
}

enum pmm_status pmmi_cpy_trace_keep(pmm_rt *rt) {
  size_t count = 0;
  struct pmm_site *sites = all_sites(rt, &count);
  if (sites == NULL) {
    return pmmi_cpy_failure(rt);
  }
  drop_kept(rt);
  rt->kept = sites;
  rt->kept_count = count;
  return PMM_OK;
}

static const struct pmm_site *site_in(const struct pmm_site *sites,
                                      size_t count, const char *name) {
  assert(name != NULL);
  for (size_t i = 0; i < count; i++) {
    if (strcmp(sites[i].name, name) == 0) {
      return &sites[i];
    }
  }
  return NULL;
}

static int most_growth_first(const void *a, const void *b) {
  const struct pmm_growth *left = a;
  const struct pmm_growth *right = b;
  if (left->bytes != right->bytes) {
    return left->bytes < right->bytes ? 1 : -1;
  }
  return (left->blocks < right->blocks) - (left->blocks > right->blocks);
}

/** Add what differs between two figures of one site; either may be NULL. */
static size_t add_growth(struct pmm_growth *out, size_t count,
                         const struct pmm_site *before,
                         const struct pmm_site *after) {
  assert(before != NULL || after != NULL);
  const struct pmm_site none = {.blocks = 0, .bytes = 0};
  const struct pmm_site *old = before != NULL ? before : &none;
  const struct pmm_site *now = after != NULL ? after : &none;
  if (old->blocks == now->blocks && old->bytes == now->bytes) {
    return count;
  }
  out[count] = (struct pmm_growth){
      .name = after != NULL ? after->name : before->name,
      .blocks = (int64_t)(now->blocks - old->blocks),
      .bytes = (int64_t)(now->bytes - old->bytes)};
  return count + 1;
}

/** Compare and rank: how many differ; `all` has room for both. */
static size_t compare(const pmm_rt *rt, const struct pmm_site *now,
                      size_t count, struct pmm_growth *all) {
  size_t found = 0;
  for (size_t i = 0; i < count; i++) {
    found = add_growth(all, found,
                       site_in(rt->kept, rt->kept_count, now[i].name),
                       &now[i]);
  }
  for (size_t i = 0; i < rt->kept_count; i++) {
    if (site_in(now, count, rt->kept[i].name) == NULL) {
      found = add_growth(all, found, &rt->kept[i], NULL);
    }
  }
  qsort(all, found, sizeof *all, most_growth_first);
  return found;
}

size_t pmmi_cpy_trace_growth(pmm_rt *rt, struct pmm_growth *out, size_t n) {
  assert(n == 0 || out != NULL);
  size_t count = 0;
  size_t found = SIZE_MAX;
  if (rt->kept == NULL) {
    (void)pmmi_cpy_fail(PMM_RUNTIME, "no snapshot is kept");
    return SIZE_MAX;
  }
  struct pmm_site *now = all_sites(rt, &count);
  struct pmm_growth *all = calloc(count + rt->kept_count + 1, sizeof *all);
  if (now != NULL && all != NULL) {
    found = compare(rt, now, count, all);
    memcpy(out, all, (found < n ? found : n) * sizeof *all);
  } else if (now != NULL) {
    PyErr_NoMemory();
  }
  free(now);
  free(all);
  return found;
}
