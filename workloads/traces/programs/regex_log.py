# SPDX-License-Identifier: MIT
"""A server's log, parsed by regular expressions and summed up."""

import re
from collections import Counter, defaultdict

LINES = 10000
LINE = re.compile(
    r"(?P<host>\d+\.\d+\.\d+\.\d+) - (?P<user>\S+) \[(?P<time>[^\]]+)\] "
    r'"(?P<verb>[A-Z]+) (?P<path>\S+)" (?P<status>\d{3}) (?P<bytes>\d+|-)'
)
NUMBER = re.compile(r"\d+")


def line(n):
    size = "-" if n % 17 == 0 else n * 37 % 90000
    return (
        f"10.{n % 7}.{n % 31}.{n % 251} - user{n % 97} "
        f"[30/Nov/2026:08:{n // 600 % 60:02}:{n // 10 % 60:02}] "
        f'"{("GET", "POST", "PUT")[n % 3]} /item/{n % 1013}?page={n % 9}" '
        f"{(200, 200, 304, 404, 500)[n % 5]} {size}"
    )


def main():
    hits, sizes, pages = Counter(), defaultdict(list), Counter()
    for n in range(LINES):
        found = LINE.match(line(n))
        row = found.groupdict()
        hits[row["host"], row["status"]] += 1
        if row["bytes"] != "-":
            sizes[row["user"]].append(int(row["bytes"]))
        pages[NUMBER.sub("N", row["path"]).split("?")[0]] += 1
    assert sum(hits.values()) == LINES
    assert pages["/item/N"] == LINES
    print(len(hits), sum(map(sum, sizes.values())))


main()
