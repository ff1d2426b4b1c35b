/* SPDX-License-Identifier: MIT */
/*
 * helpers.c - what is shorter in Python: compiled once, at import.
 *
 * `enter` stands in a file of its own, as that file gets renamed (trace.c).
 */
#include "cpython.h"

static const char helpers_source[] =
    "import contextlib, io, os, platform, sys, sysconfig, tracemalloc, types\n"
    "\n"
    "def compile_code(source):\n"
    "    module = compile(source, '<pmm code>', 'exec')\n"
    "    for constant in module.co_consts:\n"
    "        if isinstance(constant, types.CodeType):\n"
    "            return constant\n"
    "\n"
    "def count_of(holder):\n"
    "    return sys.getrefcount(holder[0]) - 1\n"
    "\n"
    "def manager_of(source):\n"
    "    function = source if callable(source) else lambda: source\n"
    "    return contextlib.contextmanager(function)()\n"
    "\n"
    "def sites(known):\n"
    "    totals = {}\n"
    "    for trace in tracemalloc.take_snapshot().traces:\n"
    "        site = ''\n"
    "        for frame in reversed(trace.traceback):\n"
    "            if frame.filename in known:\n"
    "                site = frame.filename\n"
    "                break\n"
    "        total = totals.setdefault(site, [0, 0])\n"
    "        total[0] += 1\n"
    "        total[1] += trace.size\n"
    "    rows = [(site, total[0], total[1])\n"
    "            for site, total in totals.items()]\n"
    "    return sorted(rows, key=lambda row: (-row[2], row[0]))\n"
    "\n"
    "def site_of(item, known):\n"
    "    for frame in reversed(tracemalloc.get_object_traceback(item) or ()):\n"
    "        if frame.filename in known:\n"
    "            return frame.filename\n"
    "    return ''\n"
    "\n"
    "def reset_peak():\n"
    "    reset = getattr(tracemalloc, 'reset_peak', None)\n"
    "    if reset is not None:\n"
    "        reset()\n"
    "\n"
    "def optimised():\n"
    "    # A distribution optimises in its own build rules, without a trace.\n"
    "    arguments = sysconfig.get_config_var('CONFIG_ARGS') or ''\n"
    "    return (sys.base_prefix == '/usr'\n"
    "            or '--enable-optimizations' in arguments)\n"
    "\n"
    "def build_text():\n"
    "    parts = [platform.python_compiler(),\n"
    "             'optimised' if optimised() else 'not optimised']\n"
    "    if hasattr(sys, 'gettotalrefcount'):\n"
    "        parts.append('debug')\n"
    "    for name in ('PYTHONMALLOC', 'PMM_CPYTHON_ACCOUNT'):\n"
    "        if os.environ.get(name):\n"
    "            parts.append(name + '=' + os.environ[name])\n"
    "    return ', '.join(parts)\n"
    "\n"
    "def constant0(): return ()\n"
    "def constant1(): return (0, 1)\n"
    "def constant2(): return (0, 1, 2)\n"
    "def constant3(): return (0, 1, 2, 3)\n"
    "def constant4(): return (0, 1, 2, 3, 4)\n"
    "def constant5(): return (0, 1, 2, 3, 4, 5)\n"
    "def constant6(): return (0, 1, 2, 3, 4, 5, 6)\n"
    "def constant7(): return (0, 1, 2, 3, 4, 5, 6, 7)\n";

static const char enter_source[] =
    "def enter(entry, argument): return entry(argument)\n"
    "enter_code = enter.__code__\n";

static int run_source(PyObject *globals, const char *source,
                      const char *file) {
  assert(PyDict_Check(globals));
  PyObject *code = Py_CompileString(source, file, Py_file_input);
  PyObject *result =
      code == NULL ? NULL : PyEval_EvalCode(code, globals, globals);
  Py_DecRef(code);
  Py_DecRef(result);
  return result == NULL ? -1 : 0;
}

PyObject *pmmi_cpy_helpers_new(void) {
  PyObject *globals = PyDict_New();
  if (globals == NULL) {
    return NULL;
  }
  if (PyDict_SetItemString(globals, "__builtins__", PyEval_GetBuiltins()) <
          0 ||
      run_source(globals, helpers_source, "<pmm helpers>") < 0 ||
      run_source(globals, pmmi_cpy_sparse_source, "<pmm sparse>") < 0 ||
      run_source(globals, pmmi_cpy_csr_source, "<pmm csr>") < 0 ||
      run_source(globals, pmmi_cpy_chunks_source, "<pmm chunks>") < 0 ||
      run_source(globals, enter_source, "<pmm>") < 0) {
    Py_DecRef(globals);
    return NULL;
  }
  return globals;
}
