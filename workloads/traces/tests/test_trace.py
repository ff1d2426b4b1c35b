# SPDX-License-Identifier: MIT
"""pmm-trace from outside: record, import, verify, replay, and what is refused.

usage: test_trace.py PMM_TRACE BROKEN_LIBRARY
"""

from __future__ import annotations

import json
import os
import re
import resource
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

BY_ADDRESS = """
import _decimal, _json, _struct
found = {v for m in (_decimal, _json) for v in vars(m).values() if callable(v)}
sizes = [bytes(100 + len(v.__name__)) for v in found]
made = {lambda: i for i in range(3000)}
"""
"""Sets of what lies in modules, in arenas and in the heap, walked and given back."""

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


def unshared_python() -> str | None:
    """An interpreter whose core is no shared library (addresses.h)."""
    ask = "import sysconfig; print(sysconfig.get_config_var('Py_ENABLE_SHARED'))"
    for python in (sys.executable, "/usr/bin/python3"):
        if os.access(python, os.X_OK):
            said = subprocess.run([python, "-c", ask], capture_output=True, text=True,
                                  check=False).stdout
            if said.strip() == "0":
                return python
    return None


def test_moved_libraries_do_not_change_a_trace(folder: Path) -> None:
    """The limit of the stack moves all that the kernel places, as another one would."""
    python = unshared_python()
    before = resource.getrlimit(resource.RLIMIT_STACK)
    if python is None or before[1] != resource.RLIM_INFINITY:
        return
    moved = (999 << 20) + 37 * resource.getpagesize()
    for name, limit in (("a", 8 << 20), ("b", moved), ("c", before[1])):
        resource.setrlimit(resource.RLIMIT_STACK, (limit, before[1]))
        done = trace("record", "--name", "it", "--out", folder / name, "--", python,
                     "-S", "-c", BY_ADDRESS)
        resource.setrlimit(resource.RLIMIT_STACK, before)
        assert done.returncode == 0, done.stderr
        if "not let addresses be fixed" in done.stderr:
            return
    assert (folder / "a").read_bytes() == (folder / "b").read_bytes()
    assert (folder / "a").read_bytes() == (folder / "c").read_bytes()


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
    left, system = place["left"], document["system"]
    assert document["verified"] is True
    # A size of 0 is replayed as 1.
    assert 0 <= document["peak_live_bytes"] - about["peak_live_bytes"] < 100
    assert len(document["time"]["repetitions_ns"]) == 2
    assert place["bytes"] >= about["peak_live_bytes"]
    assert place["lines_64"] * 64 >= place["bytes"]
    assert place["pages_4k"] * 64 >= place["lines_64"]
    assert place["regions_2m"] * 512 >= place["pages_4k"]
    for one in (place, left):
        sizes = [live for _, live in one["map"]["chunks"]]
        assert sum(sizes) == one["bytes"]
        assert max(sizes, default=0) <= one["map"]["chunk_bytes"]
        assert (one["usable_bytes"] or one["bytes"]) >= one["bytes"]
    assert left["bytes"] == memory["end_live_bytes"]
    assert system is None or system["mmap"] + system["brk"] > 0
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


# ---- import ------------------------------------------------------------------

LAB = "20000\n3\n8\n1\na 0 512\na 1 128\nr 0 640\na 2 128\nf 1\nr 0 768\nf 0\nf 2\n"
ANDROID = """186: malloc 0xb6038060 20
186: calloc 0xb609f080 32 4
187: realloc 0xb603e9a0 0xb609f080 1200
186: memalign 0x85423660 16 104
186: free 0xb6038060 1000 1020
187: realloc 0xb6038060 0x0 16
187: thread_done 0x0
187: malloc 0x1000 8
188: free 0xdead0
188: malloc 0x1000 9
"""


def imported(folder: Path, text: str, *options: object) -> Done:
    (folder / "text").write_text(text)
    return trace("import", *options, "--out", folder / "t", folder / "text")


def test_a_trace_of_malloc_lab_is_imported(folder: Path) -> None:
    done = imported(folder, LAB)
    assert done.returncode == 0, done.stderr
    about = info(folder / "t")
    assert about["events_by_kind"][:4] == [3, 0, 2, 3]
    assert (about["peak_live_bytes"], about["threads"]) == (640 + 128 + 128, 1)
    code, document = replay(folder / "t", "libc")
    assert (code, document["verified"], document["births"]) == (0, True, 3)
    assert imported(folder, LAB.replace("f 1", "f -1\nf 1").replace("8", "9", 1),
                    ).returncode == 0


def test_a_trace_of_memory_replay_is_imported(folder: Path) -> None:
    done = imported(folder, ANDROID)
    assert done.returncode == 0, done.stderr
    about = info(folder / "t")
    # The block at 0x1000 came again: it was given back unseen.
    assert about["events_by_kind"][:4] == [5, 1, 1, 2]
    assert about["threads"] == 4
    assert about["events_by_kind"][5] == 1
    for said in ("1 of blocks that nobody", "1 addresses came again", "1 aligned"):
        assert said in done.stdout, done.stdout
    assert replay(folder / "t", "libc")[0] == 0


def test_a_damaged_text_is_refused_with_its_line(folder: Path) -> None:
    for text, line, said in (
        (LAB.replace("a 2 128", "a 9 128"), 8, "an id below 3, found 9"),
        (LAB.replace("a 2 128", "a 0 128"), 8, "id 0 is live"),
        (LAB.replace("f 1", "f 2\nf 2"), 10, "id 2 is not live"),
        (LAB.replace("r 0 640", "r 0 6x"), 7, "a size below"),
        (LAB.replace("r 0 640", "x 0 640"), 7, 'expected "a ID SIZE"'),
        (LAB[:-4], 11, "expected 8 requests, and there are 7"),
        (LAB + "f 2\n", 13, "the head says 8"),
        ("1\n2\n", 2, "a number of requests alone"),
        (ANDROID.replace("32 4", "99999999 99999999"), 2, "a product below"),
        (ANDROID.replace("free 0xdead0", "frees 0xdead0"), 9, "THREAD: CALL"),
        (ANDROID.replace("0x0 16", "0x0"), 6, "THREAD: CALL"),
        (ANDROID.replace("16 104", f"16 {'9' * 300}"), 4, "at most 200"),
        ("hello\n", 1, "memory-replay"),
        ("", 1, "malloc-lab"),
    ):
        done = imported(folder, text)
        assert done.returncode in (2, 3), (text, done)
        assert f"line {line}: " in done.stderr, (done.stderr, line)
        assert said in done.stderr, done.stderr
        assert not (folder / "t").exists()
        assert not list(folder.glob("*.part"))


def test_what_stands_before_the_damage_is_saved(folder: Path) -> None:
    text = ANDROID.replace("free 0xdead0", "\0\xff\x7f")
    done = imported(folder, text)
    sound = int(re.search(r"--events (\d+) saves", done.stderr)[1])  # type: ignore[index]
    assert imported(folder, text, "--events", sound).returncode == 0
    assert info(folder / "t")["events"] == sound
    whole = (folder / "t").read_bytes()
    assert imported(folder, text).returncode == 3
    assert (folder / "t").read_bytes() == whole, "an earlier trace stays"


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
