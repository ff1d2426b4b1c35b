# SPDX-License-Identifier: MIT
# What run.sh and test.sh share: installing what is missing, building, steps.
#
# Sourced, never run.  Each function says what it does, does nothing when it
# is done already, and is safe to repeat.  Packages are installed on Debian and
# Ubuntu, where that can be done without a question; elsewhere what is missing
# is named: what is needed stops the call, the rest is gone without.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
ROOT=$PWD
JOBS=$(nproc)
export LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1
mkdir -p build-logs

# The Debian packages.  The first group is needed; a machine that cannot have
# one of the second goes on without.
NEEDED='gcc g++ meson ninja-build pkg-config libjansson-dev zlib1g-dev git
python3 python3-venv python3-dev'
WANTED='clang valgrind lcov libbenchmark-dev libmimalloc-dev libjemalloc-dev
libgoogle-perftools-dev'
# Only the tests need a browser; clang serves a build and the analyzer.
WANTED_BY_TESTS='chromium'

bold='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
  bold=$'\033[1m' plain=$'\033[0m'
fi
say() { printf '%s== %s%s\n' "$bold" "$*" "$plain"; }
note() { printf '   %s\n' "$*"; }
die() { printf 'pmm: %s\n' "$*" >&2; exit 1; }

# alone: one call at a time in a clone, for they share its folders.  It ends
# with the process, or with `together`.
alone() {
  command -v flock >/dev/null || return 0
  exec 9<>build-logs/lock
  if ! flock --nonblock 9; then
    note "waiting for $(cat build-logs/lock)"
    flock 9
  fi
  printf 'process %s (%s, since %s)\n' $$ "$1" "$(date +%H:%M)" >build-logs/lock
}

together() { exec 9>&-; }

# lost_without PACKAGE: what a machine goes without.
lost_without() {
  case $1 in
    clang) echo 'no second compiler, no analyzer' ;;
    valgrind) echo "leaks are found by the runtime's own accounting only" ;;
    lcov) echo 'no coverage page' ;;
    libbenchmark-dev) echo 'no benchmark figures' ;;
    libmimalloc-dev) echo 'no backend mimalloc' ;;
    libjemalloc-dev) echo 'no backend jemalloc' ;;
    libgoogle-perftools-dev) echo 'no backend tcmalloc' ;;
    chromium) echo 'the pages are not tested in a browser' ;;
    *) echo 'it is needed' ;;
  esac
}

# there PACKAGE: what the package brings can be used, whoever installed it.
there() {
  case $1 in
    ninja-build) command -v ninja ;;
    libjansson-dev) pkg-config --exists jansson ;;
    zlib1g-dev) pkg-config --exists zlib ;;
    libbenchmark-dev) pkg-config --exists benchmark ;;
    libmimalloc-dev) pkg-config --exists mimalloc ;;
    libjemalloc-dev) pkg-config --exists jemalloc ;;
    libgoogle-perftools-dev) pkg-config --exists libtcmalloc ;;
    python3-venv) python3 -c 'import ensurepip, venv' ;;
    python3-dev) python3 -c 'import os, sysconfig
os.stat(os.path.join(sysconfig.get_path("include"), "Python.h"))' ;;
    *) command -v "$1" ;;
  esac >/dev/null 2>&1
}

installed() {
  local state
  state=$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) || true
  [ "$state" = installed ] || there "$1"
}

missing() {
  local package
  for package in "$@"; do
    installed "$package" || printf '%s ' "$package"
  done
}

# as_root COMMAND...: without a question; a password cannot be typed here.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

can_install() {
  command -v apt-get >/dev/null && command -v dpkg-query >/dev/null &&
    as_root true 2>/dev/null
}

# go_on_without PACKAGE...: stop for one that is needed, name the others.
go_on_without() {
  local needed package
  needed=$(missing $NEEDED)
  [ -z "$needed" ] ||
    die "missing, and not to be installed from here: ${needed% };" \
      "install them with: sudo apt-get install ${needed% }" \
      "(or what your system calls them)"
  for package in $(missing "$@"); do
    note "going on without: $package ($(lost_without "$package"))"
  done
}

# apt_install PACKAGE...: quietly; the log has what was said.
apt_install() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
    --no-install-recommends install "$@" >>build-logs/apt.log 2>&1
}

# install_packages PACKAGE...: the system packages that are missing.
install_packages() {
  local needed wanted package
  needed=$(missing $NEEDED)
  wanted=$(missing "$@")
  if [ -z "$needed$wanted" ]; then
    note 'system packages: all there'
    return
  fi
  if can_install; then
    say "Installing system packages: $needed$wanted"
    as_root apt-get -q update >build-logs/apt.log 2>&1 ||
      note 'apt-get update had trouble (build-logs/apt.log); going on'
    # One package that this system lacks must not lose the others.
    if ! apt_install $needed $wanted; then
      [ -z "$needed" ] || apt_install $needed ||
        note 'apt-get could not install all (build-logs/apt.log)'
      for package in $wanted; do
        apt_install "$package" || true
      done
    fi
  fi
  go_on_without "$@"
}

# environment_fault MADE: why .venv cannot be used; nothing when it can.
environment_fault() {
  if [ ! -d .venv ]; then echo 'it is no folder'
  elif ! .venv/bin/python -c pass 2>/dev/null; then
    echo 'its Python does not start'
  elif ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    echo 'it has no pip'
  elif ! cat .venv/pmm-stamp-* 2>/dev/null | grep -qxF "$1"; then
    echo 'it was not finished, or made elsewhere or for another Python'
  elif ! .venv/bin/pmm --help >/dev/null 2>&1; then
    echo 'its programs do not start'
  fi
}

# make_environment PYTHON EXTRA: .venv anew, and the runner in it.
make_environment() {
  rm -rf .venv
  "$1" -m venv .venv >build-logs/venv.log 2>&1 ||
    die "$1 cannot make .venv (build-logs/venv.log); on Debian and Ubuntu the" \
      "package python3-venv is needed: sudo apt-get install python3-venv"
  install_runner "$2" ||
    die 'pip could not install the runner; its message is above'
}

install_runner() {
  .venv/bin/python -m pip --quiet --disable-pip-version-check install \
    -c reports/constraints.txt -e ".${1:+[$1]}"
}

# python_environment [EXTRA]: the virtual environment with the runner.  What
# the tests installed serves the runs as well.  One that is half made, that was
# made elsewhere or for another Python is made anew.
python_environment() {
  local extra=${1:-} python=/usr/bin/python3 made wish stamp fault
  [ -x $python ] || python=$(command -v python3) || die 'there is no python3'
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    die "the runner needs Python 3.11 or later; $python is older"
  made="$ROOT $("$python" -c 'import sys; print(*sys.version.split())')"
  wish=$(cat pyproject.toml reports/constraints.txt | sha256sum)
  fault=$(environment_fault "$made")
  for stamp in .venv/pmm-stamp-test ".venv/pmm-stamp-$extra"; do
    if [ -z "$fault" ] && grep -qxF "$wish" "$stamp" 2>/dev/null; then
      note 'Python environment: up to date'
      return
    fi
  done
  if [ -z "$fault" ] && install_runner "$extra"; then
    note 'Python environment: brought up to date'
  else
    say 'Making the Python environment .venv'
    if [ -e .venv ] || [ -L .venv ]; then
      note "the one that is there goes: ${fault:-pip could not mend it}"
    fi
    make_environment "$python" "$extra"
  fi
  printf '%s\n%s\n' "$made" "$wish" >".venv/pmm-stamp-$extra"
}

# configure DIR OPTION...: set a Meson build up once, and again for other options.
# One that was set up by hand keeps its own.
configure() {
  local dir=$1 verb=setup log stamp=$1/pmm-configured
  shift
  log=build-logs/setup-$(basename "$dir").log
  if [ -f "$dir/build.ninja" ]; then
    [ -f "$stamp" ] && [ "$(cat "$stamp")" != "$*" ] || return 0
    verb=configure
  fi
  mkdir -p build-logs
  meson $verb "$dir" "$@" >"$log" 2>&1 || {
    tail -20 "$log" >&2
    die "meson $verb $dir failed"
  }
  echo "$*" >"$stamp"
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
  [ ! -f "$1/impl/hosts/cpython/_pmm.abi3.so" ] ||
    .venv/bin/python ci/older_cpythons.py "$1"
}

# set_up [TARGET]: packages, the runner, a build, whole or of what a target names, and
# the extensions for old CPythons.
set_up() {
  say 'Setting up'
  timed packages install_packages $WANTED
  timed python python_environment
  say 'Building'
  timed configure configure build -Db_ndebug=true
  timed build build build "$@"
  timed extensions extensions build
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
    --suite unit --suite conform --no-suite slow --no-suite covered \
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
