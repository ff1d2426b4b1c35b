#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Every verb of an installed pmm that needs no source, tried once, as small as it goes.
set -euo pipefail
if [ $# != 0 ]; then
  cat <<'HELP'
usage: tries.sh

Runs the `pmm` that is on PATH in the current folder, which should be empty, and
compiles a backend with what `pmm where` prints (cc and pkg-config are needed). Takes a
minute. What fails is shown with its last lines; the others go on.

Exit code: 0 when all did what they should, else 3.
HELP
  [ "$1" = --help ] || [ "$1" = -h ] || exit 2
  exit 0
fi

failed=0
# try CODES WORD...: run it; its exit code is to be one of these.
try() {
  local codes=$1 code=0
  shift
  "$@" >tried.log 2>&1 </dev/null || code=$?
  case " $codes " in
    *" $code "*) echo "ok    $*" ;;
    *) echo "WRONG $* (exit code $code)"
      sed 's/^/      /' tried.log | tail -8
      failed=3 ;;
  esac
}

python=$(command -v python3)
example=$(pmm where examples)
try 0 pmm doctor
try 0 pmm backends
try 0 pmm subjects
try 0 pmm list cases
try 0 pmm conform --subject reference --case 'ref.*' --out conform
try '0 4' pmm conform --subject "cpython:$python" --case 'ref.*'
try 0 pmm work list_concat --subject reference --backend pool --backend libc
try 0 pmm run --profile smoke --only conform --only work --backend libc \
  --subject reference --case 'lst.append*' --workload list_concat --out first \
  --summary first.md --export sarif=first.sarif --export badge=first.svg
try 0 pmm baseline save first/run.json --in kept
try 0 pmm baseline find --in kept
try 0 pmm report latest --out again
try 0 pmm compare first/run.json latest
try '0 4' pmm claims latest
try 0 pmm history add first/run.json
try '0 3' pmm compare pool libc --no-time --no-instructions --gone warn
try 0 pmm trace info xml_feed
try 0 pmm trace replay xml_feed --backend libc --processes 1 --repetitions 2
try 0 pmm pattern one_size --backend libc
try 0 pmm gc --mode counting --made 10000 --live 0 --rounds 0
try 0 pmm gc snapshot --out heap.pmmg -- "$python" -c 'import json'
try 0 pmm cycles -- "$python" -c 'a = [1]'
try 0 pmm rss -- "$python" -c 'a = [1]'
try 0 pmm check-extension collections:deque --check cycles --python "$python"
try 0 cc -shared -fPIC -o mine.so "-I$(pmm where headers)" "$example/backend.c"
try 0 cc -shared -fPIC -o mine_runtime.so "-I$(pmm where headers)" "$example/subject.c"
try 0 pmm conform --subject ./mine_runtime.so --case 'ref.*'
try 0 env PKG_CONFIG_PATH="$(pmm where pkgconfig)" pkg-config --exists pmm
try 0 pmm rank one_size --backend ./mine.so --beside libc --rounds 1
if [ -x "$(pmm where pmm-bench-alloc 2>/dev/null)" ]; then
  try 0 pmm bench alloc --backend libc
  try '0 4' pmm selftest --short
  try '0 4' pmm compare old=./mine.so new=./mine.so --no-exact --row alloc/pair/48
else
  echo '--    benchmarks are not built'
fi
for verb in coverage museum; do
  try 2 pmm "$verb"
done
rm -f tried.log
exit "$failed"
