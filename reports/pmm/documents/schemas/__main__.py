# SPDX-License-Identifier: MIT
"""Write the published JSON Schema anew: `python -m pmm.documents.schemas`."""

from pathlib import Path

from pmm.documents.run import SCHEMA_VERSION, run_schema_text

if __name__ == "__main__":
    path = Path(__file__).parent / f"run-{SCHEMA_VERSION}.schema.json"
    path.write_text(run_schema_text(), encoding="utf-8")
