# SPDX-License-Identifier: MIT
"""The program `pmm`, from its first moment: streams and signals come first.

Loading the rest takes a while, and whoever ends the program in it gets the same
answer as later.
"""

from __future__ import annotations

import sys

from pmm.base.errors import INTERRUPTED
from pmm.base.signals import Interruption, listen, refuse_more
from pmm.base.streams import settle_streams


def main() -> None:
    """Run the program."""
    settle_streams()
    listen()
    try:
        from pmm.cli import app  # noqa: PLC0415 - only now can it be interrupted
    except Interruption as end:
        refuse_more()
        print(f"pmm: interrupted by {end} before anything ran", file=sys.stderr)
        sys.exit(INTERRUPTED)
    app.main()


if __name__ == "__main__":
    main()
