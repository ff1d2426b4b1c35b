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

  ci/run.sh --profile quick           two minutes instead of ten
  ci/run.sh --baseline build/runs/X   compare with an earlier run
  ci/run.sh --no-coverage             without the coverage build

Exit codes: 0 pass, 1 tool error, 2 usage, 3 a failure or regression,
4 inconclusive, 5 the runs do not compare, 130 interrupted.
HELP
  exit 0
fi
. "$(dirname "$0")/common.sh"

coverage=yes
arguments=()
for argument in "$@"; do
  if [ "$argument" = --no-coverage ]; then coverage=; else arguments+=("$argument"); fi
done

alone ci/run.sh
say 'Setting up'
install_packages $WANTED
python_environment
say 'Building'
configure build
build build
extensions build
if [ -n "$coverage" ]; then
  say 'Measuring what the tests cover'
  measure_coverage
  check_coverage ||
    note 'impl/tests/coverage_gap.toml is out of date (build-logs/coverage-gap.log)'
fi
say 'Running'
together # runs keep apart on their own
exec .venv/bin/pmm run --out build/report "${arguments[@]}"
