#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Copy to YOUR repository, change the two lines below, and call it from any pipeline,
# or by hand, after what you make is built:
#
#   ./pmm.sh allocator mine=./libmine.so,prefix=my_
#   ./pmm.sh runtime ./myruntime.so
#   ./pmm.sh extension mymod:Ring --python .venv/bin/python
#   ./pmm.sh interpreter ./python
#
# --update on your main branch; --base ./base/libmine.so, built from what yours is to be
# merged into, on the others. ci/gate.sh --help in pmm's clone says the rest.
set -euo pipefail
PMM_REPOSITORY=${PMM_REPOSITORY:-https://YOUR-HOST/OWNER/pmm.git}
PMM_REF=${PMM_REF:-main}

suite=${PMM_SUITE:-.pmm-suite}
if [ ! -d "$suite/.git" ]; then
  git clone --quiet "$PMM_REPOSITORY" "$suite"
fi
git -C "$suite" fetch --quiet origin "$PMM_REF"
git -C "$suite" checkout --quiet --detach FETCH_HEAD
exec "$suite/ci/gate.sh" "$@"
