/* SPDX-License-Identifier: MIT */
/*
 * helpers.c - what is shorter in Python: compiled once, at import.
 *
 * All files run into one dict, whose names pmmi_cpy_load() takes.
 */
#include "helpers.h"

static int run_helper(PyObject *globals,
                      const struct pmmi_cpy_helper *helper) {
  assert(PyDict_Check(globals));
  PyObject *code =
      Py_CompileString(helper->text, helper->file, Py_file_input);
  PyObject *result =
      code == NULL ? NULL : PyEval_EvalCode(code, globals, globals);
  Py_DecRef(code);
  Py_DecRef(result);
  return result == NULL ? -1 : 0;
}

PyObject *pmmi_cpy_helpers_new(void) {
  PyObject *globals = PyDict_New();
  int result = globals == NULL
                   ? -1
                   : PyDict_SetItemString(globals, "__builtins__",
                                          PyEval_GetBuiltins());
  for (size_t i = 0; result == 0 && pmmi_cpy_helpers[i].file != NULL; i++) {
    result = run_helper(globals, &pmmi_cpy_helpers[i]);
  }
  if (result < 0) {
    Py_DecRef(globals);
    return NULL;
  }
  return globals;
}
