#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Run every test: unit, conformance, harness, workloads, runner, report, lint.
#
# Each step writes JUnit; the last line adds them up.  A step that fails does
# not keep the next from running, so one call shows all that is wrong.
set -euo pipefail
if [ "${1:-}" = --help ] || [ "${1:-}" = -h ]; then
  cat <<'HELP'
usage: ci/test.sh [--whole] [STEP...]

Runs the tests from a bare Debian or Ubuntu machine with this clone, or only
the steps named.  Exit code 0 when all passed, 1 when one failed.  The last
line is "N passed, N failed, N skipped".

What takes long is sampled: a part of it that the commit decides, so that a few
commits have all of it.  --whole takes all at once, and much longer.

The steps, and about what each takes in seconds on two quiet cores
(ci/timing.sh prints what they took here):

  gcc       160  build with gcc; the tests of the C code; a twelfth of the
                 seeded faults, a third of the broken allocators
  clang      30  each source without a warning of clang's; a sixteenth of them
                 through its static analyzer
  asan      100  unit tests and cases with the address and undefined-behaviour
                 sanitizers, once (sampled: each over one backend and in one mode)
  valgrind   55  the unit tests under memcheck (sampled: over one backend, without
                 the longest)
  conform    85  the cases in every collector mode over the pool, in one of them
                 over the other backends, on the newest CPython, and a fourth of
                 them on the oldest
  lint       25  Ruff and mypy
  python    360  the runner, the report in a browser, a whole run at the smallest
                 sizes (sampled: without what takes minutes, a third of the rows
                 of long tables)
  gate       10  pmm selftest --short: a known slowdown and allocation are stopped

Three more run only when they are named; --whole has the first two of them:

  clang-build  100  everything built with clang; the unit tests
  nightly   600  the cases on every CPython there is, and on one of them over
                 every allocator it has, with debug hooks and without
  coverage  150  which branches of impl/ the unit tests and the conformance
                 cases take; fails when impl/tests/coverage_gap.toml does not
                 list the others
HELP
  exit 0
fi
. "$(dirname "$0")/common.sh"
. ci/times.sh
timed_command ci/test.sh "$@"

whole=
[ "${1:-}" != --whole ] || { whole=yes; shift; }
steps=("$@")
[ ${#steps[@]} -gt 0 ] ||
  steps=(gcc clang asan valgrind conform lint python gate ${whole:+clang-build nightly})
alone ci/test.sh
rm -rf build-logs/junit
mkdir -p build-logs/junit
failed=()

say 'Setting up'
timed packages install_packages $WANTED $WANTED_BY_TESTS
timed python-environment python_environment test

# part N: which of N parts this commit takes, as I/N; all of them with --whole.
part() {
  local commit
  commit=$(git rev-parse --short=7 HEAD 2>/dev/null) || commit=0
  if [ -n "$whole" ]; then echo 1/1; else echo "$((0x$commit % $1 + 1))/$1"; fi
}

# short SUITE...: the arguments that leave these suites out, but for --whole.
short() {
  [ -n "$whole" ] || printf ' --no-suite %s' "$@"
}

# meson_tests DIR NAME ARGUMENT...: one lane of the C tests.
meson_tests() {
  local dir=$1 name=$2
  shift 2
  local log=build-logs/tests-$name.log result=0
  rm -f "$dir"/meson-logs/testlog*
  meson test -C "$dir" --no-rebuild --num-processes "$JOBS" "$@" \
    >"$log" 2>&1 || result=$?
  cp "$dir"/meson-logs/testlog*.junit.xml "build-logs/junit/$name.xml" \
    2>/dev/null || true
  if [ $result != 0 ]; then
    .venv/bin/python ci/failed_tests.py "$dir"/meson-logs/testlog*.json || tail -20 "$log"
    note "all of it: $log"
  fi
  return $result
}

# built: build/, with asserts; ci/run.sh builds it without, to be measured.
built() {
  configure build -Db_ndebug=false
  build build
}

step_gcc() {
  built
  note "seeded faults and broken allocators: part $(part 12) (all of them: --whole)"
  PMM_PART=$(part 12) meson_tests build gcc $(short modes sanitized)
}

# Each source a test: clang does not warn, and its analyzer finds nothing.
step_clang() {
  command -v clang >/dev/null || { note 'clang is missing: step skipped'; return 0; }
  built
  note "analyzer: part $(part 16) of the sources (all of them: --whole)"
  .venv/bin/python ci/analyze.py build build-logs/junit/clang.xml \
    --jobs "$JOBS" --part "$(part 16)"
}

step_clang-build() {
  command -v clang >/dev/null || { note 'clang is missing: step skipped'; return 0; }
  configure build-clang --native-file ci/native/clang.ini
  build build-clang
  meson_tests build-clang clang-build --suite unit
}

step_asan() {
  configure build-asan --native-file ci/native/asan.ini
  build build-asan $(test_targets build-asan unit conform)
  UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
    meson_tests build-asan asan --suite unit --suite conform --no-suite slow \
    $(short again)
}

step_valgrind() {
  command -v valgrind >/dev/null || { note 'valgrind is missing: step skipped'; return 0; }
  built
  meson_tests build valgrind --setup valgrind --suite unit $(short again long)
}

# The reference over the pool in every collector mode, and over every backend in
# one of them; the cases on the newest CPython, and a fourth of them on the oldest.
step_conform() {
  local log=build-logs/tests-conform.log result=0 mode=all
  local modes=(generational incremental full counting) number
  number=$(part 4)
  [ -n "$whole" ] || mode=${modes[${number%/*} - 1]}
  built
  extensions build
  : >"$log"
  conform modes "$log" run --profile quick --only conform --only backend-check \
    --backend pool || result=1
  note "every backend in mode $mode (all of them: --whole)"
  conform backends "$log" conform --subject reference --mode "$mode" || result=1
  return $result
}

# Every CPython, and one of them over every allocator it has.
step_nightly() {
  local log=build-logs/tests-nightly.log python result=0
  built
  extensions build
  python=$(.venv/bin/python -c 'import platform; print(platform.python_version())')
  : >"$log"
  conform cpythons "$log" conform --subject cpython || result=1
  conform allocators "$log" conform --subject "cpython-$python" --allocator all ||
    result=1
  return $result
}

# conform NAME LOG ARGUMENT...: a run by pmm, counted by its junit.xml.
conform() {
  local name=$1 log=$2 result=0
  shift 2
  rm -f build/runs/latest # so that what is counted is of this run
  .venv/bin/pmm "$@" >>"$log" 2>&1 || result=$?
  cp build/runs/latest/junit.xml "build-logs/junit/conform-$name.xml" || return
  [ $result = 0 ] || tail -40 "$log"
  return $result
}

step_coverage() {
  command -v lcov >/dev/null || { note 'lcov is missing: step skipped'; return 0; }
  mkdir -p build
  measure_coverage
  cp build-coverage/meson-logs/testlog*.junit.xml build-logs/junit/coverage.xml \
    2>/dev/null || true
  check_coverage || { tail -20 build-logs/coverage-gap.log; return 1; }
}

step_lint() {
  local result=0 checked="reports workloads conformance impl ci"
  # shellcheck disable=SC2086 # folders, one word each
  .venv/bin/ruff check $checked || result=1
  .venv/bin/ruff check --quiet --output-format junit \
    --output-file build-logs/junit/lint-ruff.xml $checked || result=1
  .venv/bin/mypy --config-file reports/pyproject.toml \
    --junit-xml build-logs/junit/lint-mypy.xml reports/pmm || result=1
  # What runs inside CPython 3.8 has no annotations, so it is not strict.
  .venv/bin/mypy --config-file impl/subjects/cpython/python/mypy.ini \
    --junit-xml build-logs/junit/lint-mypy-inside.xml \
    impl/subjects/cpython/python || result=1
  .venv/bin/mypy --config-file reports/pmm/inside/mypy.ini reports/pmm/inside ||
    result=1
  return $result
}

step_python() {
  built
  extensions build
  # Files are kept together: what one of them sets up is set up once.  The runner
  # is started some 500 times: what is compiled of it is kept.
  local chosen=(-m 'not long')
  [ -z "$whole" ] || chosen=()
  PYTHONDONTWRITEBYTECODE='' PMM_PART=$(part 3) .venv/bin/python -m pytest -q -c reports/pyproject.toml reports/tests \
    "${chosen[@]}" -n "$JOBS" --dist loadfile --junitxml=build-logs/junit/python.xml
}

# The gate stops what is known to be slower, or to allocate more, and nothing else.
# A busy machine leaves it undecided, which is no failure of its own.
step_gate() {
  local log=build-logs/gate.log result=0
  built
  .venv/bin/pmm selftest --short >"$log" 2>&1 || result=$?
  [ $result != 4 ] || note 'the machine was too busy for the gate to decide'
  [ $result = 0 ] || [ $result = 4 ] || { tail -30 "$log"; return 1; }
}

for step in "${steps[@]}"; do
  declare -F "step_$step" >/dev/null ||
    { echo "ci/test.sh: no step '$step' (see --help)" >&2; exit 2; }
done
for step in "${steps[@]}"; do
  say "Step $step"
  started=$SECONDS
  # A subshell, so that a step's `die` ends the step and not the run.
  if ("step_$step"); then
    record_time "$step" "$((SECONDS - started))" 0
    note "$step passed in $((SECONDS - started)) s"
  else
    failed+=("$step")
    record_time "$step" "$((SECONDS - started))" 1
    note "$step FAILED after $((SECONDS - started)) s"
  fi
done

.venv/bin/python ci/lanes.py build-logs/junit || failed+=(lanes)
code=0
.venv/bin/python ci/summary.py build-logs/junit "${failed[@]}" || code=$?
record_all "$code"
exit "$code"
