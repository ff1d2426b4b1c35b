# SPDX-License-Identifier: MIT
"""The lines that the runner reads: what is being done, and what was found."""

import json
import os


class Teller:
    """Writes one JSON object a line to a descriptor that nobody else has.

    The descriptor is written at once, without a buffer, as the process may crash
    with the next call.
    """

    def __init__(self, descriptor, key=""):
        self.descriptor = descriptor
        self.key = key
        """What tells our lines from what others write there."""
        self.told = set()
        self.name_slot = None
        """function(slot) that tells the frame of a C function."""
        self.name_line = None
        """function(line) that tells the frame of what a line calls."""

    def line(self, kind, **fields):
        fields["type"], fields["key"] = kind, self.key
        os.write(self.descriptor, (json.dumps(fields) + "\n").encode())

    def phase(self, doing, code=(), skip=None):
        """What comes next; `code` shows it in a script, `skip` leaves it out."""
        self.line("phase", doing=doing, code=list(code), skip=skip)

    def finding(self, outcome, message, code=(), **more):
        """Something is wrong: LEAK, FAIL, OOM_UNSAFE or WARN; told once."""
        if message not in self.told:
            self.told.add(message)
            slot = more.pop("slot", None)
            line = more.pop("calls", None)
            if slot and self.name_slot:
                more["frames"] = self.name_slot(slot)
            elif line and self.name_line:
                more["frames"] = self.name_line(line)
            self.line("finding", outcome=outcome, message=message,
                      code=list(code), **more)

    def note(self, text):
        """Something that explains, and accuses nobody; told once."""
        if text not in self.told:
            self.told.add(text)
            self.line("note", text=text)

    def unsupported(self, reason):
        """The check does not apply, and why."""
        self.line("unsupported", reason=reason)

    def answer(self, value):
        """What the process was asked for."""
        self.line("answer", value=value)
