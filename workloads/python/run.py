#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run one workload as a Python program and write its document.

  python3 workloads/python/run.py list_vs_generator --set items=100000

The twin of pmm-work: same workloads, parameters, variants and document, in
plain Python for CPython 3.8 and later, standard library only.

1. The command line is checked; unknown names get the nearest known ones.
2. Each pass over each variant runs in a fresh process of this interpreter
   (this script again, with --pass).
3. The passes are joined, and the document is written.

Exit: 0 fine, 1 tool error, 2 usage, 3 a checksum failed (with --check: or
something leaked).
"""

from __future__ import annotations

import argparse
import difflib
import importlib
import json
import os
import platform
import subprocess
import sys
from typing import Any, NoReturn

from measure import Stage, join_passes

WORKLOADS = ("list_vs_generator", "file_read", "tuple_sharing", "cycles",
             "leaks", "sparse", "str_concat", "articles")
NOTE = ("times, resident memory and descriptors are of a pass without "
        "tracemalloc; live and peak bytes of a second pass with it")


class ToolError(Exception):
    """A tool error: becomes the document's error and exit code 1."""


def usage(message: str) -> NoReturn:
    print(f"run.py: {message}", file=sys.stderr)
    sys.exit(2)


def nearest(name: str, known: Any) -> str:
    close = difflib.get_close_matches(name, list(known), 3, 0.4)
    if close:
        return "did you mean {}?".format(" or ".join(close))
    return "known: {}".format(", ".join(known))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, usage="%(prog)s WORKLOAD [options]",
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workload", nargs="?", help="name; see --list")
    parser.add_argument("--subject", default="cpython", help="only: cpython")
    parser.add_argument("--set", action="append", default=[], dest="settings",
                        metavar="NAME=VALUE", help="set a parameter")
    parser.add_argument("--variant", action="append", default=[],
                        metavar="V", help="only this one; may be repeated")
    parser.add_argument("--json", metavar="FILE",
                        help="write the document here; without: to stdout")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--pace", type=int, default=0, metavar="N",
                        help="operations between samples (default: 1/250)")
    parser.add_argument("--check", action="store_true",
                        help="exit 3 when something leaked")
    parser.add_argument("--list", action="store_true",
                        help="list workloads, parameters and variants; with "
                        "--json as JSON")
    parser.add_argument("--pass", dest="one_pass", choices=("plain", "traced"),
                        help=argparse.SUPPRESS)
    return parser.parse_args()


def load(name: str | None) -> Any:
    if name is None:
        usage("no workload named; known: {}".format(", ".join(WORKLOADS)))
    if name not in WORKLOADS:
        usage(f"unknown workload '{name}'; {nearest(name, WORKLOADS)}")
    return importlib.import_module(name)


def setting(workload: Any, text: str) -> tuple[str, Any]:
    """One NAME=VALUE, checked against the workload's parameters."""
    name, equals, value = text.partition("=")
    if not equals:
        usage(f"--set needs NAME=VALUE, not '{text}'")
    if name not in workload.PARAMETERS:
        close = nearest(name, workload.PARAMETERS)
        usage(f"unknown parameter '{name}'; {close}")
    _, least, most, unit = workload.PARAMETERS[name]
    if least is None:
        return name, value
    try:
        number = int(value)
    except ValueError:
        usage(f"{name} must be an integer, not '{value}'")
    if not least <= number <= most:
        usage("%s must be %d to %d %s" % (name, least, most, unit))
    return name, number


def parameters_of(workload: Any, settings: list[str]) -> dict[str, Any]:
    values = {name: spec[0] for name, spec in workload.PARAMETERS.items()}
    values.update(setting(workload, text) for text in settings)
    return values


def variants_of(workload: Any, names: list[str]) -> list[str]:
    for name in names:
        if name not in workload.VARIANTS:
            close = nearest(name, workload.VARIANTS)
            usage(f"unknown variant '{name}'; {close}")
    return [name for name in workload.VARIANTS if not names or name in names]


# -- one pass, in the child ----------


def one_pass(workload: Any, options: argparse.Namespace) -> int:
    parameters = parameters_of(workload, options.settings)
    stage = Stage(options.variant[0], parameters, options.seed,
                  options.one_pass == "traced", options.pace)
    if hasattr(workload, "prepare"):
        workload.prepare(stage)
    stage.begin()
    workload.VARIANTS[stage.variant](stage)
    stage.finish()
    json.dump(stage.result(), sys.stdout)
    return 0


def child(options: argparse.Namespace, parameters: dict[str, Any],
          variant: str, one: str) -> dict[str, Any]:
    """The result of one pass in a fresh process.  Raises ToolError."""
    command = [sys.executable, "-S", "-s", os.path.abspath(__file__),
               options.workload, "--pass", one, "--variant", variant,
               "--seed", str(options.seed), "--pace", str(options.pace)]
    for name, value in parameters.items():
        command += ["--set", f"{name}={value}"]
    environment = dict(os.environ, PYTHONHASHSEED="0")
    done = subprocess.run(command, env=environment, capture_output=True,
                          check=False)
    if done.returncode != 0:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        why = lines[-1] if lines else "no message"
        raise ToolError("%s (%s pass) ended with code %d: %s"
                      % (variant, one, done.returncode, why))
    result: dict[str, Any] = json.loads(done.stdout.decode("utf-8"))
    return result


# -- the document, in the parent ----------


def empty_document(options: argparse.Namespace,
                   parameters: dict[str, Any]) -> dict[str, Any]:
    return {
        "schema": 1, "type": "work", "workload": options.workload,
        "form": "python",
        "subject": platform.python_implementation().lower(),
        "subject_version": platform.python_version(), "backend": None,
        "mode": None, "attach": "own", "parameters": parameters,
        "seed": options.seed, "verified": False, "checksum": "",
        "variants": [], "claims": [], "findings": [], "witness": None,
        "error": None, "notes": [NOTE],
    }


def fill(document: dict[str, Any], workload: Any,
         options: argparse.Namespace) -> None:
    """Run the variants and put them into the document."""
    parameters = document["parameters"]
    if hasattr(workload, "resolve"):
        workload.resolve(parameters)
    for name in variants_of(workload, options.variant):
        plain = child(options, parameters, name, "plain")
        traced = child(options, parameters, name, "traced")
        variant = join_passes(name, plain, traced)
        document["variants"].append(variant)
        document["findings"] += [dict(finding, variant=name)
                                 for finding in traced["findings"]]
        document["claims"] += traced["claims"]
    document["verified"] = all(v["verified"] for v in document["variants"])
    sums = {v["checksum"] for v in document["variants"]}
    document["checksum"] = sums.pop() if len(sums) == 1 else ""


def write_file(text: str, path: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def write(document: dict[str, Any], path: str | None) -> bool:
    """Write the document; False, with one line said, when that fails."""
    text = json.dumps(document, separators=(",", ":"), allow_nan=False) + "\n"
    try:
        if path is None:
            sys.stdout.write(text)
            sys.stdout.flush()
        else:
            write_file(text, path)
            summarise(document)
    except OSError as error:
        where = path or "the document"
        print(f"run.py: cannot write {where}: {error.strerror}",
              file=sys.stderr)
        return False
    return True


def summarise(document: dict[str, Any]) -> None:
    for variant in document["variants"]:
        figures = {f["name"]: f["value"] for f in variant["figures"]}
        print("%-24s %8.1f ms  peak %12s bytes  %s" % (
            variant["name"], variant["elapsed_ns"] / 1e6,
            figures.get("peak_bytes"),
            "verified" if variant["verified"] else "NOT VERIFIED"))


def exit_code(document: dict[str, Any], check: bool) -> int:
    if document["error"] is not None:
        return 1
    leaked = check and document["findings"]
    return 3 if leaked or not document["verified"] else 0


def described(name: str) -> dict[str, Any]:
    """What pmm-work says of its workloads, as far as a twin says it.

    One that pmm-work has too is described there, and here by its summary.
    """
    workload = importlib.import_module(name)
    known = {"name": name, "summary": workload.SUMMARY}
    for key in ("title", "question", "page", "small", "smallest"):
        known[key] = getattr(workload, key.upper(), None)
    return known


def list_workloads(path: str | None) -> int:
    if path is not None:
        document = {"schema": 1, "type": "workloads",
                    "workloads": [described(name) for name in WORKLOADS]}
        text = json.dumps(document, indent=1) + "\n"
        if path == "-":
            print(text, end="")
        else:
            write_file(text, path)
        return 0
    for name in WORKLOADS:
        workload = importlib.import_module(name)
        print(f"{name}: {workload.SUMMARY}")
        for key, (default, _, _, unit) in workload.PARAMETERS.items():
            print(f"  --set {key}={default}  ({unit})")
        print("  variants: {}".format(", ".join(workload.VARIANTS)))
    return 0


def main() -> int:
    options = parse()
    if options.list:
        return list_workloads(options.json)
    if options.subject != "cpython":
        usage("the twins run in this interpreter only; known: cpython")
    workload = load(options.workload)
    variants_of(workload, options.variant)
    if options.one_pass:
        return one_pass(workload, options)
    document = empty_document(
        options, parameters_of(workload, options.settings))
    try:
        fill(document, workload, options)
    except (ToolError, OSError, ValueError) as error:
        document["error"] = str(error)
        print(f"run.py: {error}", file=sys.stderr)
    if not write(document, options.json):
        return 1
    return exit_code(document, options.check)


if __name__ == "__main__":
    sys.exit(main())
