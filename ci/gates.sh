#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# One build against itself, again and again: no gate may cry wolf.
set -euo pipefail
if [ "${1:-}" = --help ] || [ "${1:-}" = -h ]; then
  cat <<'HELP'
usage: ci/gates.sh [N] [OPTION...]

Runs the suite once and then N times (default: 20) with that first run as
`--baseline`, over what is built in build/.  Nothing has changed, so each gate
has to end with exit code 0.  The OPTIONs are those of `pmm run`; default:
--profile quick --only conform --only work --only backend-check
--subject reference.

Exit code: 0 when all gates did; 3 when one did not; the first run's own when
it did not pass.
HELP
  exit 0
fi
cd "$(dirname "$0")/.."
times=20
if [[ "${1:-}" =~ ^[0-9]+$ ]]; then
  times=$1
  shift
fi
[ $# -gt 0 ] || set -- --profile quick --only conform --only work \
  --only backend-check --subject reference

folder=build/gates
log=$folder/log.txt
mkdir -p "$folder"
.venv/bin/pmm run "$@" --out "$folder/first" >"$log" 2>&1 || {
  code=$?
  tail -5 "$log" >&2
  echo "the first run ends with $code: $log" >&2
  exit "$code"
}
first=$(basename "$(readlink -f build/runs/latest)")
wrong=0
for ((gate = 1; gate <= times; gate++)); do
  code=0
  .venv/bin/pmm run "$@" --baseline "$first" --out "$folder/gate" \
    >"$log" 2>&1 || code=$?
  echo "gate $gate of $times: $code"
  if [ "$code" != 0 ]; then
    wrong=$((wrong + 1))
    cp "$log" "$folder/gate-$gate.txt"
    echo "  what it said: $folder/gate-$gate.txt"
  fi
done
echo "$wrong of $times gates of an unchanged build were not 0"
[ "$wrong" = 0 ] || exit 3
