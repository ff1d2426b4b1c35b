#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Print how long the commands took, as multiples of the yardstick.
set -euo pipefail
cd "$(dirname "$0")/.."
exec /usr/bin/env python3 ci/timing.py "$@"
