# SPDX-License-Identifier: MIT
# How long the steps of a command take: one line each in build-logs/times.tsv.
#
# Sourced by run.sh and test.sh; ci/timing.sh reads the file.  The columns are
# the date, the command, the step, its seconds, and its exit code; the step
# "all" is the whole command.  A command that finds a build is quicker than one
# in a fresh clone: its steps are marked "again".

TIMES=build-logs/times.tsv
TIMED_COMMAND=
TIMED_SINCE=$SECONDS
TIMED_AGAIN=
[ ! -f build/build.ninja ] || TIMED_AGAIN=' again'

# timed_command NAME...: what this shell runs, as ci/timing.sh knows it.
timed_command() {
  TIMED_COMMAND="$*"
  mkdir -p "$(dirname "$TIMES")"
}

# record_time STEP SECONDS CODE: add one line.
record_time() {
  printf '%s\t%s\t%s\t%s\t%s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" \
    "$TIMED_COMMAND" "$1$TIMED_AGAIN" "$2" "$3" >>"$TIMES" ||
    note "the time of $1 could not be kept in $TIMES"
}

# timed STEP FUNCTION [ARGUMENT...]: run it in this shell and keep its time.
timed() {
  local step=$1 since=$SECONDS
  shift
  "$@"
  record_time "$step" "$((SECONDS - since))" 0
}

# record_all CODE: the whole command, from where this file was sourced.
record_all() {
  record_time all "$((SECONDS - TIMED_SINCE))" "$1"
}
