# SPDX-License-Identifier: MIT
"""Published JSON Schemas, one file a version of run.json."""
