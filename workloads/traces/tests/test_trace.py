# SPDX-License-Identifier: MIT
"""pmm-trace from outside: record, info, verify, trim, replay, and what is refused.

usage: test_trace.py PMM_TRACE BROKEN_LIBRARY
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

PROGRAM, BROKEN = sys.argv[1:3]
ENVIRONMENT = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}

WORK = "d = {str(i): [i] * (i % 50) for i in range(2000)}; s = {*map(id, d)}"
THREADS = """
import threading
kept = []
one = threading.Thread(target=lambda: kept.extend([str(i)] for i in range(999)))
one.start(); one.join()
"""
FORK = """
import os
if os.fork() == 0:
    x = [bytes(i) for i in range(9999)]
    os._exit(0)
os.wait()
"""
KILLED = "import os; x = [[] for _ in range(4321)]; os.kill(os.getpid(), 9)"

Done = subprocess.CompletedProcess[str]


def trace(*arguments: object) -> Done:
    return subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True,
                          text=True, timeout=120, check=False, env=ENVIRONMENT)


def record(out: Path, code: str) -> Done:
    return trace("record", "--out", out, "--", sys.executable, "-S", "-c", code)


def info(path: Path) -> dict[str, Any]:
    done = trace("info", "--json", path)
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def replay(path: Path, backend: str, *options: str) -> tuple[int, Any]:
    done = trace("replay", "--backend", backend, "--repetitions", 2, *options, path)
    return done.returncode, json.loads(done.stdout)


# ---- record ------------------------------------------------------------------


def test_two_recordings_are_the_same_bytes(folder: Path) -> None:
    for name in ("a", "b"):
        done = record(folder / name, WORK)
        assert done.returncode == 0, done.stderr
        if "not let addresses be fixed" in done.stderr:
            return
    assert (folder / "a").read_bytes() == (folder / "b").read_bytes()
    assert sorted(path.name for path in folder.iterdir()) == ["a", "b"]


def test_who_ignores_signals_does_not_change_a_trace(folder: Path) -> None:
    """As jobs in the background do, of which Python asks when it starts."""
    for name, handler in (("a", signal.SIG_DFL), ("b", signal.SIG_IGN)):
        before = signal.signal(signal.SIGINT, handler)
        record(folder / name, "pass")
        signal.signal(signal.SIGINT, before)
    a, b = info(folder / "a"), info(folder / "b")
    assert a["events"] == b["events"]


def test_a_trace_says_where_it_comes_from(folder: Path) -> None:
    record(folder / "a", WORK)
    about = info(folder / "a")
    assert f"source: {sys.executable} -S -c {WORK}" in about["text"]
    assert f"python: {sys.version.split()[0]}" in about["text"]
    assert "hash seed: 0" in about["text"]
    assert "ended: code 0" in about["text"]
    assert about["events"] > 10000
    small = sum(about["requests_by_16_bytes"][:32])
    assert small / sum(about["requests_by_16_bytes"]) > 0.9
    assert all(about["events_by_domain"])


def test_work_that_is_known_is_in_the_trace(folder: Path) -> None:
    """200,000 lists of one item more are that many objects more, and memory."""
    record(folder / "less", "x = [[i] for i in range(1000)]")
    record(folder / "more", "x = [[i] for i in range(201000)]")
    less, more = info(folder / "less"), info(folder / "more")
    assert more["births"] - less["births"] > 400_000
    assert more["peak_live_bytes"] - less["peak_live_bytes"] > 200_000 * 64


def test_threads_have_numbers(folder: Path) -> None:
    record(folder / "a", THREADS)
    assert info(folder / "a")["threads"] == 2
    assert info(folder / "a")["events_by_kind"][5] == 1


def test_a_child_is_not_recorded(folder: Path) -> None:
    done = record(folder / "a", FORK)
    assert done.returncode == 0, done.stderr
    assert info(folder / "a")["births"] < 9999 + info_of_nothing(folder)["births"]


def info_of_nothing(folder: Path) -> dict[str, Any]:
    record(folder / "nothing", "import os")
    return info(folder / "nothing")


def test_what_a_killed_program_did_is_kept(folder: Path) -> None:
    done = record(folder / "a", KILLED)
    assert done.returncode == 3
    assert "signal 9" in done.stderr
    about = info(folder / "a")
    assert about["births"] > 4321 + info_of_nothing(folder)["births"] - 500
    assert "ended: signal 9" in about["text"]


def test_what_cannot_be_recorded_is_refused(folder: Path) -> None:
    for command, said in (((), "record what?"),
                          (("--", "/nonexistent/x"), "No such file"),
                          (("--", "/bin/true"), "no CPython")):
        done = trace("record", "--out", folder / "a", *command)
        assert done.returncode == 2, (command, done.stderr)
        assert said in done.stderr, done.stderr
    done = trace("record", "--out", "/nonexistent/a", "--", sys.executable)
    assert done.returncode == 1
    assert "No such file" in done.stderr
    assert list(folder.iterdir()) == []


# ---- verify, trim ------------------------------------------------------------


def test_a_sound_trace_is_said_to_be(folder: Path) -> None:
    record(folder / "a", WORK)
    done = trace("verify", folder / "a")
    assert done.returncode == 0
    assert re.search(r"sound, \d+ events, SHA-256 [0-9a-f]{64}$", done.stdout.strip())


def test_damage_is_told_and_what_is_whole_is_saved(folder: Path) -> None:
    record(folder / "a", f"{WORK}; y = [{{}} for _ in range(200000)]")
    whole = (folder / "a").read_bytes()
    (folder / "b").write_bytes(whole[: len(whole) - 100])
    done = trace("verify", folder / "b")
    assert done.returncode == 3
    assert re.search(r"offset \d+: expected ", done.stderr), done.stderr
    events = int(re.search(r"trim --events (\d+)", done.stderr)[1])  # type: ignore[index]
    done = trace("trim", "--events", events, "--out", folder / "c", folder / "b")
    assert done.returncode == 0, done.stderr
    assert trace("verify", folder / "c").returncode == 0
    assert info(folder / "c")["events"] == events
    assert trace("info", folder / "b").returncode == 3
    assert trace("replay", folder / "b").returncode == 3


def test_a_file_that_is_none_is_refused(folder: Path) -> None:
    (folder / "empty").touch()
    (folder / "text").write_text("hello\n" * 100)
    for verb in ("info", "verify", "replay"):
        for name in ("empty", "text"):
            done = trace(verb, folder / name)
            assert (done.returncode, done.stdout) == (3, "")
            assert "this is no trace" in done.stderr
        assert trace(verb, folder / "absent").returncode == 2
        assert trace(verb).returncode == 2


def test_trim_keeps_the_beginning(folder: Path) -> None:
    record(folder / "a", WORK)
    done = trace("trim", "--events", 1000, "--out", folder / "b", folder / "a")
    assert done.returncode == 0, done.stderr
    about = info(folder / "b")
    assert about["events"] == 1000
    assert f"from {info(folder / 'a')['events']} events" in about["text"]


# ---- replay ------------------------------------------------------------------


def check_replay(document: dict[str, Any], about: dict[str, Any]) -> None:
    memory, place = document["memory"], document["placement"]
    assert document["verified"] is True
    # A size of 0 is replayed as 1.
    assert 0 <= document["peak_live_bytes"] - about["peak_live_bytes"] < 100
    assert len(document["time"]["repetitions_ns"]) == 2
    assert place["bytes"] >= about["peak_live_bytes"]
    assert place["lines_64"] * 64 >= place["bytes"]
    assert place["pages_4k"] * 64 >= place["lines_64"]
    assert place["regions_2m"] * 512 >= place["pages_4k"]
    assert memory["series"][-1][1] == memory["end_live_bytes"]
    assert memory["peak_bytes"] >= max(row[2] for row in memory["series"])


def test_backends_replay_a_trace(folder: Path) -> None:
    record(folder / "a", WORK)
    about = info(folder / "a")
    for backend in ("pool", "libc"):
        for options in ((), ("--aged",)):
            code, document = replay(folder / "a", backend, *options)
            assert code == 0
            check_replay(document, about)
            assert document["aged"] is bool(options)


def test_the_harness_has_a_price(folder: Path) -> None:
    record(folder / "a", WORK)
    code, document = replay(folder / "a", "null")
    assert code == 0
    assert "memory" not in document
    assert all(document["time"]["repetitions_ns"])


def test_a_wrong_backend_gets_no_time(folder: Path) -> None:
    record(folder / "a", WORK)
    for prefix in ("align8", "loses_last"):
        code, document = replay(folder / "a", f"bad={BROKEN},prefix={prefix}_like_")
        assert code == 3, prefix
        assert "time" not in document
        assert re.match(r"call \d+: ", document["error"]), document["error"]


def test_an_unknown_backend_is_refused(folder: Path) -> None:
    record(folder / "a", "pass")
    done = trace("replay", "--backend", "pol", folder / "a")
    assert done.returncode == 2
    assert "pool" in done.stderr


def main() -> int:
    tests = [(name, test) for name, test in globals().items()
             if name.startswith("test_")]
    failed = 0
    print(f"1..{len(tests)}")
    for number, (name, test) in enumerate(tests, 1):
        with tempfile.TemporaryDirectory() as folder:
            try:
                test(Path(folder))
            except (AssertionError, subprocess.TimeoutExpired) as error:
                failed += 1
                print(f"not ok {number} - {name}\n# {error!r}"[:2000])
                continue
        print(f"ok {number} - {name}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
