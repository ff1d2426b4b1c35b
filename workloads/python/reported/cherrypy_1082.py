# SPDX-License-Identifier: MIT
"""A lock for each session, kept when the session is over:
cherrypy/cherrypy#1082.

With `mended` as an argument it goes with the session.
"""

import sys
import threading
import time

MENDED = "mended" in sys.argv
SECONDS = float(sys.argv[1])


class Sessions:
    def __init__(self):
        self.locks = {}

    def serve(self, name):
        lock = self.locks.setdefault(name, threading.RLock())
        with lock:
            text = name.upper()
        if MENDED:
            del self.locks[name]
        return text


sessions = Sessions()
number = 0
end = time.monotonic() + SECONDS
while time.monotonic() < end:
    for _ in range(250):
        number += 1
        sessions.serve(f"session {number:030}")
    time.sleep(0.002)
