#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Read traces that nobody wrote, for as long as asked (workloads/traces/fuzz).
set -euo pipefail
if [ "${1:-}" = --help ] || [ "${1:-}" = -h ]; then
  cat <<'HELP'
usage: ci/fuzz.sh [RUNS]

Changes traces at random RUNS times (default 1,000,000) and reads each, under the
address and undefined-behaviour sanitizers: with libFuzzer where clang has it,
which keeps what it found in build-logs/fuzz-corpus, and by our own program
else. A crash, a hang or a fault that says nothing ends it with exit code 1, and
libFuzzer leaves the input in build-logs/fuzz-crash-*.

Without sanitizers, faster: build/workloads/traces/pmm-fuzz-trace --runs RUNS
HELP
  exit 0
fi
cd "$(dirname "$0")/.."
runs=${1:-1000000}
case $runs in
  '' | *[!0-9]*) echo "ci/fuzz.sh: RUNS is a number, not '$runs'" >&2; exit 2 ;;
esac
traces=workloads/traces
sources="$traces/fuzz/target.c $traces/reader.c $traces/writer.c $traces/live.c
  $traces/sha256.c"
flags='-std=c11 -D_GNU_SOURCE -O1 -g -Iimpl -fno-sanitize-recover=all'
mkdir -p build-logs/fuzz-corpus
# shellcheck disable=SC2086 # words
if command -v clang >/dev/null && clang $flags -fsanitize=fuzzer,address,undefined \
  -o build-logs/fuzz-trace $sources -lz 2>build-logs/fuzz-build.log; then
  set +e
  build-logs/fuzz-trace -runs="$runs" -seed=1 -max_len=4000 -rss_limit_mb=512 \
    -timeout=10 -print_final_stats=1 -artifact_prefix=build-logs/fuzz-crash- \
    build-logs/fuzz-corpus
  [ $? = 0 ] || exit 1
else
  cc $flags -fsanitize=address,undefined -o build-logs/fuzz-trace \
    $traces/fuzz/main.c $sources impl/base/options.c impl/base/nearest.c -lz
  build-logs/fuzz-trace --runs "$runs" || exit 1
fi
