#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Gate another project by pmm: its allocator, its runtime or its interpreter.
set -euo pipefail
if [ $# = 0 ] || [ "$1" = --help ] || [ "$1" = -h ]; then
  cat <<'HELP'
usage: PMM/ci/gate.sh KIND WHAT [--ready] [--keep DIR] [--update] [OPTION...]

Run from your own repository, with a clone of pmm anywhere (PMM). Paths are meant
from where you stand.

  allocator NAME=./lib.so,prefix=my_   its check, workloads and benchmarks, beside
                                       the C library's; ./plugin.so works too
  runtime ./runtime.so                 the conformance cases, in the plain lane
  interpreter /path/of/python3         the same, and the workloads, on a CPython

  --ready       pmm is built: install, build and set up nothing
  --keep DIR    where the baseline lies (default: .pmm). Is there none, this run has
                nothing to be compared with, and becomes it when it passes
  --update      a run that passes becomes the baseline; give it on your main branch
  OPTION...     for `pmm run`, such as --case 'backend.realloc*' or --profile standard

Writes pmm-report/ (HTML, run.json, junit.xml) and pmm-report.md, also when the gate
is red.

Exit codes: 0 pass; 3 a failure, or worse than the baseline; 4 what the baseline had is
gone; 1 a fault of pmm's; 2 usage; 5 the baseline is of another version (delete it).
HELP
  [ $# != 0 ] || exit 2
  exit 0
fi

stop() { printf 'pmm: %s\n' "$*" >&2; exit 2; }

kind=$1
[ $# -ge 2 ] || stop "ci/gate.sh $kind: name what is gated (see --help)"
what=$2
shift 2
case $kind in
  allocator)
    chosen=(--backend "$what" --backend libc --subject reference
      --only backend-check --only work --only bench) ;;
  runtime) chosen=(--subject "$what" --only conform) ;;
  interpreter) chosen=(--subject "cpython:$what" --only conform --only work) ;;
  *) stop "ci/gate.sh: no kind '$kind': allocator, runtime or interpreter" ;;
esac

ready='' update='' keep=.pmm options=()
while [ $# -gt 0 ]; do
  case $1 in
    --ready) ready=yes ;;
    --update) update=yes ;;
    --keep)
      [ $# -ge 2 ] || stop 'ci/gate.sh: --keep needs a folder'
      keep=$2
      shift
      ;;
    *) options+=("$1") ;;
  esac
  shift
done

here=$PWD
if [ -z "$ready" ]; then
  . "$(dirname "${BASH_SOURCE[0]}")/common.sh"
  . ci/times.sh
  timed_command ci/gate.sh "$kind"
  alone ci/gate.sh
  set_up
  together
fi
pmm=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$here"

baseline=()
if [ -f "$keep/run.json" ]; then
  baseline=(--baseline "$keep/run.json")
else
  echo "no baseline in $keep yet: nothing is compared"
  update=yes
fi
code=0
"$pmm/.venv/bin/pmm" run --profile quick "${chosen[@]}" --build "$pmm/build" \
  --out pmm-report --summary pmm-report.md ${baseline[@]+"${baseline[@]}"} \
  ${options[@]+"${options[@]}"} || code=$?
if [ "$code" = 0 ] && [ -n "$update" ]; then
  mkdir -p "$keep"
  cp pmm-report/run.json "$keep/run.json"
  echo "baseline: $keep/run.json"
fi
exit "$code"
