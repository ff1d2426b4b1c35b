# SPDX-License-Identifier: MIT
"""The line that repeats a failure, pasted into a shell, repeats it.

A plug-in lies in folders whose names a shell would take apart.  What the
programs print and what they write as JSON is run by bash as it stands.  TAP on
stdout.

Usage: test_repeat.py PMM_CONFORM PMM_BACKEND_CHECK SUBJECT_SO BACKEND_SO
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

FOLDERS = [
    "a blank", "it's", '"quoted"', "$HOME `id` $(id)", "semi;colon&#", "-dash",
    "back\\slash", "two\nlines", "Größe 漢字", "*?[a]{b,c}~!", "x" * 250,
]
CASES = {
    "pmm-conform": ("--subject", "ref.an_alias_adds_one"),
    "pmm-backend-check": ("--backend", "backend.zeroed"),
}


def call(command: list[str]) -> tuple[list[dict[str, object]], str]:
    """The cases and the printed line of a run; bash finds the tools by name."""
    jsonl = Path("out.jsonl").absolute()
    jsonl.unlink(missing_ok=True)
    done = subprocess.run(
        [*command, "--jsonl", str(jsonl)], capture_output=True, text=True,
        timeout=60, check=False,
    )
    text = jsonl.read_text(encoding="utf-8") if jsonl.exists() else ""
    lines = [json.loads(line) for line in text.splitlines()]
    printed = re.findall(r"^# repeat: (.*)$", done.stdout, re.MULTILINE)
    cases = [line for line in lines if line["type"] == "case"]
    return cases, printed[0] if printed else done.stdout + done.stderr


def repeats(tool: Path, plugin: Path) -> tuple[bool, str]:
    """Whether each line gives the same class and line again."""
    option, case = CASES[tool.name]
    cases, printed = call([str(tool), option, str(plugin), "--case", case])
    if not cases:
        return False, printed
    for line in (printed, str(cases[0]["reproduce"])):
        shell = f'PATH={tool.parent}:$PATH\n{line} "$@"'
        again, said = call(["bash", "-c", shell, "bash"])
        if [one["class"] for one in again] != [cases[0]["class"]] or said != line:
            return False, f"{line}: {said}"
    return cases[0]["class"] == "FAIL", printed


def main() -> int:
    conform, check, subject, backend = (Path(p).absolute() for p in sys.argv[1:])
    failed = number = 0
    with tempfile.TemporaryDirectory() as top:
        os.chdir(top)
        tools = Path(top, "tools")
        tools.mkdir()
        for tool in (conform, check):
            (tools / tool.name).symlink_to(tool)
        for name in FOLDERS:
            folder = Path(top, name)
            folder.mkdir()
            for tool, plugin in ((conform, subject), (check, backend)):
                there = Path(shutil.copy(plugin, folder))
                good, said = repeats(tools / tool.name, there)
                number += 1
                failed += not good
                print(f"{'ok' if good else 'not ok'} {number} - {tool.name} in "
                      f"{name[:20]!r}")
                if not good:
                    print("# " + said.replace("\n", "\n# "))
    print(f"1..{number}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
