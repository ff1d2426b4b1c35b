# SPDX-License-Identifier: MIT
# What run.sh and test.sh share: installing what is missing, building, steps.
#
# Sourced, never run.  Each function says what it does, does nothing when it
# is done already, and is safe to repeat.  Nothing is installed on a system
# this file does not know; it then names what has to be there and stops.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
ROOT=$PWD
JOBS=$(nproc)
export LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1

# Name of the Debian package, then what is lost without it.  The first group
# is needed; a machine that cannot have one of the second goes on without.
NEEDED='gcc g++ meson ninja-build pkg-config libjansson-dev zlib1g-dev git
python3 python3-venv python3-dev'
WANTED='clang valgrind lcov libbenchmark-dev libmimalloc-dev libjemalloc-dev
libgoogle-perftools-dev'
# Only the tests need a browser; clang serves a build and the analyzer.
WANTED_BY_TESTS='chromium'

say() { printf '\033[1m== %s\033[0m\n' "$*"; }
note() { printf '   %s\n' "$*"; }
die() { printf 'pmm: %s\n' "$*" >&2; exit 1; }

installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

missing() {
  local package
  for package in "$@"; do
    installed "$package" || printf '%s ' "$package"
  done
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else die "needs root to install packages: run as root, or install them: $*"
  fi
}

# install_packages PACKAGE...: the system packages that are missing.
install_packages() {
  if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    say 'This is not Debian or Ubuntu: nothing is installed here.'
    note "Install the equivalents of: $(echo $NEEDED)"
    note "and, where you can:         $(echo $WANTED $WANTED_BY_TESTS)"
    note 'then: meson setup build && meson test -C build'
    exit 1
  fi
  local needed wanted
  needed=$(missing $NEEDED)
  wanted=$(missing "$@")
  if [ -z "$needed$wanted" ]; then
    note 'system packages: all there'
    return
  fi
  say "Installing system packages: $needed$wanted"
  export DEBIAN_FRONTEND=noninteractive
  local log=$ROOT/build-logs/apt.log
  mkdir -p "$ROOT/build-logs"
  as_root apt-get -q update >"$log" 2>&1 ||
    note "apt-get update had trouble (see $log); going on with what is known"
  local options='-q -y --no-install-recommends install'
  if as_root apt-get $options $needed $wanted >>"$log" 2>&1; then
    return
  fi
  # One wanted package that this system lacks must not lose the others.
  [ -z "$needed" ] || as_root apt-get $options $needed >>"$log" 2>&1 ||
    die "could not install: $needed (see $log)"
  local package
  for package in $wanted; do
    as_root apt-get $options "$package" >>"$log" 2>&1 ||
      note "not available here, going on without: $package"
  done
}

# python_environment [EXTRA]: the virtual environment with the runner.  What
# the tests installed serves the runs as well.
python_environment() {
  local extra=${1:-} python=/usr/bin/python3 want stamp
  [ -x $python ] || python=$(command -v python3)
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    die "the runner needs Python 3.11 or later; $python is older"
  want=$(cat reports/pyproject.toml reports/constraints.txt | sha256sum)
  for stamp in .venv/pmm-stamp-test ".venv/pmm-stamp-$extra"; do
    if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$want" ]; then
      note 'Python environment: up to date'
      return
    fi
  done
  say 'Making the Python environment .venv'
  [ -x .venv/bin/python ] || "$python" -m venv .venv
  .venv/bin/python -m pip --quiet --disable-pip-version-check install \
    -c reports/constraints.txt -e "reports${extra:+[$extra]}" ||
    die 'pip could not install the runner; its message is above'
  printf '%s' "$want" >".venv/pmm-stamp-$extra"
}

# configure DIR OPTION...: set a Meson build up once.
configure() {
  local dir=$1
  shift
  if [ -f "$dir/build.ninja" ]; then
    return
  fi
  mkdir -p build-logs
  meson setup "$dir" "$@" >"build-logs/setup-$(basename "$dir").log" 2>&1 || {
    tail -20 "build-logs/setup-$(basename "$dir").log" >&2
    die "meson setup $dir failed"
  }
}

# build DIR [TARGET...]: compile; quiet unless it fails.
build() {
  local dir=$1
  local log=build-logs/compile-$(basename "$dir").log
  shift
  mkdir -p build-logs
  if ! ninja -C "$dir" -j "$JOBS" "$@" >"$log" 2>&1; then
    grep -E 'error|warning|FAILED' "$log" | head -40 >&2 || tail -40 "$log" >&2
    die "building $dir failed (all of it: $log)"
  fi
}

# test_targets DIR SUITE...: what the tests of these suites need to be built.
test_targets() {
  .venv/bin/python ci/test_targets.py "$@" ||
    die "no test of $1 is in these suites: ${*:2}"
}

# extensions DIR: those of CPythons that the shared one does not serve.
extensions() {
  [ ! -f "$1/impl/subjects/cpython/_pmm.abi3.so" ] ||
    .venv/bin/python ci/older_cpythons.py "$1"
}

# measure_coverage: build/coverage/ from unit tests and conformance.
measure_coverage() {
  if ! command -v lcov >/dev/null; then
    note 'lcov is missing: the report has no coverage page'
    return
  fi
  configure build-coverage --native-file ci/native/coverage.ini
  build build-coverage $(test_targets build-coverage unit conform)
  find build-coverage -name '*.gcda' -delete
  # Counting every line takes its time, and a test that is cut off counts less.
  meson test -C build-coverage --no-rebuild -q --timeout-multiplier 4 \
    --suite unit --suite conform --no-suite slow \
    >build-logs/coverage-tests.log 2>&1 ||
    note 'a test failed in the coverage build (build-logs/coverage-tests.log)'
  mkdir -p build/coverage
  # gcov names sources relative to the build folder.  An assert's other branch
  # is a bug of ours, so no test can take it: asserts count as lines only.
  lcov --quiet --capture --directory build-coverage \
    --base-directory "$ROOT/build-coverage" --rc lcov_branch_coverage=1 \
    --rc 'lcov_excl_br_line=LCOV_EXCL_BR_LINE|\bassert\(' \
    --output-file build/coverage/all.info >build-logs/lcov.log 2>&1 ||
    { note 'lcov could not read the counters (build-logs/lcov.log)'; return; }
  lcov --quiet --rc lcov_branch_coverage=1 --extract build/coverage/all.info \
    "$ROOT/impl/*" --output-file build/coverage/impl.all.info \
    >>build-logs/lcov.log 2>&1
  lcov --quiet --rc lcov_branch_coverage=1 --remove build/coverage/impl.all.info \
    "$ROOT/impl/tests/*" --output-file build/coverage/impl.info \
    >>build-logs/lcov.log 2>&1
  genhtml --quiet --branch-coverage --prefix "$ROOT" --title pmm \
    --output-directory build/coverage/html build/coverage/impl.info \
    >>build-logs/lcov.log 2>&1 || note 'genhtml failed (build-logs/lcov.log)'
}

# check_coverage: the branches that nothing takes are those that the ledger has.
check_coverage() {
  .venv/bin/pmm coverage >build-logs/coverage-gap.log 2>&1
}
