#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Gate another project by pmm: its allocator, runtime, interpreter or C extension.
set -euo pipefail
if [ $# = 0 ] || [ "$1" = --help ] || [ "$1" = -h ]; then
  cat <<'HELP'
usage: PMM/ci/gate.sh KIND WHAT [--ready] [--keep PLACE] [--update] [OPTION...]

Run from your own repository, with a clone of pmm anywhere (PMM). Paths are meant
from where you stand.

  allocator NAME=./lib.so,prefix=my_   its check, workloads and benchmarks, beside
                                       the C library's; ./plugin.so works too
  runtime ./runtime.so                 the conformance cases, in the plain lane
  interpreter /path/of/python3         the same, and the workloads, on a CPython
  extension MODULE[:TYPE]              pmm check-extension; its interpreter is that
                                       of --python, or of $VIRTUAL_ENV

  --ready       pmm is built: install, build and set up nothing
  --installed   so it is, by pip: the pmm on PATH
  --keep PLACE  where the baseline lies: a folder (default: .pmm), cache:NAME,
                branch:NAME or branch:NAME@REMOTE (see `pmm baseline find --help`).
                Is there none, this run has nothing to be compared with, and becomes
                it when it passes
  --update      a run that passes becomes the baseline; give it on your main branch
  --base FILE   the same, built from what yours is to be merged into: beside it, the
                instructions of the benchmarks are counted, and their time is judged by
                interleaved pairs; what is more, or surely slower, is a failure. What a
                busy machine leaves undecided is said, and stops nothing. Not measured
                where the run fails by itself
  --row NAME    with --base: only these benchmarks, such as 'alloc/pair/*' (repeat)
  --at FILE     the file of yours at which servers show findings
  OPTION...     for `pmm run`, such as --case 'backend.realloc*' or --profile
                standard; of an extension for `pmm check-extension`: its known
                findings stand in a file of yours (--expect)

Writes pmm-report/ (HTML, run.json, junit.xml; of --base in pmm-report/base/),
pmm-report.md, and for servers pmm.sarif, pmm-code-quality.json and pmm-badge.svg,
also when the gate is red.

Exit codes: 0 pass; 3 a failure, or worse than the baseline; 4 what the baseline had is
gone; 1 a fault of pmm's; 2 usage; 5 the baseline is of another version (--update
replaces it).
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
  extension) chosen=("$what") ;;
  *) stop "ci/gate.sh: no kind '$kind': allocator, runtime, interpreter or extension" ;;
esac

# value OPTION WORD...: stop unless a word follows the option.
value() { [ $# -ge 2 ] || stop "ci/gate.sh: $1 needs a value (see --help)"; }

ready='' installed='' update='' keep=.pmm at='' base='' rows=() options=()
while [ $# -gt 0 ]; do
  case $1 in
    --ready) ready=yes ;;
    --installed) ready=yes installed=yes ;;
    --update) update=yes ;;
    --keep) value "$@"; keep=$2; shift ;;
    --at) value "$@"; at=",at=$2"; shift ;;
    --base) value "$@"; base=$2; shift ;;
    --row) value "$@"; rows+=(--row "$2"); shift ;;
    *) options+=("$1") ;;
  esac
  shift
done

if [ -n "$base" ]; then
  [ "$kind" != extension ] || stop 'ci/gate.sh extension: --base is for the other kinds'
  [ -f "$base" ] || stop "ci/gate.sh: --base $base: there is no such file"
fi

here=$PWD
if [ -z "$ready" ]; then
  . "$(dirname "${BASH_SOURCE[0]}")/common.sh"
  . ci/times.sh
  timed_command ci/gate.sh "$kind"
  alone ci/gate.sh
  set_up runner
  together
fi
clone=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$here"
program=$clone/.venv/bin/pmm own=(--build "$clone/build")
[ -z "$installed" ] || program=pmm own=()

if [ "$kind" = extension ]; then
  mkdir -p pmm-report
  code=0
  "$program" check-extension "${chosen[@]}" ${own[@]+"${own[@]}"} --out pmm-report \
    --summary pmm-report.md --junit pmm-report/junit.xml \
    ${options[@]+"${options[@]}"} || code=$?
  exit "$code"
fi

baseline=() code=0
found=$("$program" baseline find --in "$keep" --name "$kind") || code=$?
case $code in
  0) baseline=(--baseline "$found") ;;
  4) echo "no baseline in $keep yet: nothing is compared"; update=yes ;;
  *) exit "$code" ;;
esac
# gated WORD...: the run, with these options; sets code.
gated() {
  code=0
  "$program" run --profile quick "${chosen[@]}" ${own[@]+"${own[@]}"} \
    --out pmm-report --summary pmm-report.md --export "sarif=pmm.sarif$at" \
    --export "code-quality=pmm-code-quality.json$at" --export badge=pmm-badge.svg \
    "$@" ${options[@]+"${options[@]}"} || code=$?
}
gated ${baseline[@]+"${baseline[@]}"}
if [ "$code" = 5 ] && [ -n "$update" ] && [ ${#baseline[@]} != 0 ]; then
  echo "the baseline cannot be compared with: this run is made without it"
  gated
fi

# beside_base: what is gated beside its base; sets code where that decides something.
beside_base() {
  local head=${what%%,*} two=("base=$base" "$what") found=0 parts
  case $kind in
    allocator) two[0]+=${what#"$head"} ;;
    interpreter) two=("base=cpython:$base" "mine=cpython:$what") ;;
  esac
  "$program" compare "${two[@]}" --no-exact ${own[@]+"${own[@]}"} \
    ${rows[@]+"${rows[@]}"} --gone fail --out pmm-report/base \
    --summary pmm-report/base.md || found=$?
  parts=(pmm-report.md pmm-report/base.md)
  case $found in
    0) ;;
    4) echo 'beside its base nothing is decided: this stops nothing' ;;
    *) code=$found parts=(pmm-report/base.md pmm-report.md) ;;
  esac
  [ -f pmm-report/base.md ] || return 0
  cat "${parts[@]}" >pmm-report/both.md
  mv pmm-report/both.md pmm-report.md
  rm pmm-report/base.md
}
# What fails by itself is not measured, too.
[ -z "$base" ] || case $code in 0 | 4) beside_base ;; esac

if [ "$code" = 0 ] && [ -n "$update" ]; then
  "$program" baseline save pmm-report/run.json --in "$keep" --name "$kind"
fi
exit "$code"
