#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Run the suite: install what is missing, build, measure, write the report.
set -euo pipefail
if [ "${1:-}" = --help ] || [ "${1:-}" = -h ]; then
  cat <<'HELP'
usage: ci/run.sh [OPTION...]

Runs the whole suite from a bare Debian or Ubuntu machine with this clone:
installs the packages that are missing, makes .venv, builds, runs everything
and writes build/report/index.html.  Options go to `pmm run`, for example

  ci/run.sh --profile quick           two minutes instead of ten, no coverage
  ci/run.sh --profile nightly         hours: all that the default samples
  ci/run.sh --baseline build/runs/X   compare with an earlier run
  ci/run.sh --no-coverage             without the coverage build

About what the steps take, in seconds on two quiet cores, after the downloads
(ci/timing.sh prints what they took here):

  setting up 20 · building 60 · coverage 150 · running 350 (quick: 95)

Exit codes: 0 pass, 1 tool error, 2 usage, 3 a failure or regression,
4 inconclusive, 5 the runs do not compare, 130 interrupted.
HELP
  exit 0
fi
here=$PWD
. "$(dirname "$0")/common.sh"
. ci/times.sh
timed_command ci/run.sh "$@"

coverage=yes
arguments=()
for argument in "$@"; do
  if [ "$argument" = --no-coverage ]; then coverage=; else arguments+=("$argument"); fi
done
# Two minutes leave no time for it, and a check of the plan needs none.
case " $* " in
  *' --profile quick '* | *' --profile smoke '* | *' -p quick '* | \
    *' -p smoke '* | *' --profile=quick '* | *' --profile=smoke '*) coverage= ;;
esac

alone ci/run.sh
set_up
if [ -n "$coverage" ]; then
  say 'Measuring what the tests cover'
  timed coverage measure_coverage
  check_coverage ||
    note 'impl/tests/coverage_gap.toml is out of date (build-logs/coverage-gap.log)'
fi
say 'Running'
together # runs keep apart on their own
# Paths among the options are meant from where the user stands.
cd "$here"
exec "$ROOT/.venv/bin/python" "$ROOT/ci/recorded.py" \
  "$((SECONDS - TIMED_SINCE))" "$TIMED_AGAIN" "$TIMED_COMMAND" \
  "$ROOT/.venv/bin/pmm" run --build "$ROOT/build" --out "$ROOT/build/report" \
  "${arguments[@]}"
