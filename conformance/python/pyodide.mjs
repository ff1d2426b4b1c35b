// SPDX-License-Identifier: MIT
// A Python for the harness: node pyodide.mjs FOLDER_OF_PYODIDE FILE ARGUMENT...
//
// Files are read through Node's file system, below /host. An end that is the
// interpreter's own fault, and no Python error, ends this process by SIGABRT.
import fs from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [folder, file, ...rest] = process.argv.slice(2);
const where = path.resolve(folder);
const { loadPyodide } = await import(pathToFileURL(path.join(where, "pyodide.mjs")));
const python = await loadPyodide({ indexURL: where + path.sep });
const say = (text) => fs.writeSync(1, text + "\n");
python.setStdout({ batched: say });
python.setStderr({ batched: (text) => fs.writeSync(2, text + "\n") });
python.FS.mkdir("/host");
python.FS.mount(python.FS.filesystems.NODEFS, { root: "/" }, "/host");
const inside = (name) => (fs.existsSync(name) ? "/host" + path.resolve(name) : name);
python.globals.set("pmm_argv", python.toPy([file, ...rest].map(inside)));
try {
  python.runPython(`
import sys
sys.argv = list(pmm_argv)
exec(compile(open(sys.argv[0]).read(), sys.argv[0], "exec"), {"__name__": "__main__"})
`);
} catch (error) {
  fs.writeSync(2, String(error).slice(-2000) + "\n");
  if (error.constructor.name === "PythonError") process.exit(1);
  process.kill(process.pid, "SIGABRT");
}
