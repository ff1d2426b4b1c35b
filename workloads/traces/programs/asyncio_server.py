# SPDX-License-Identifier: MIT
"""A server and its clients in one event loop: requests, timers, answers.

They speak over streams in memory, so that no network decides the order.
"""

import asyncio

CLIENTS, REQUESTS = 40, 150


class Pipe:
    """One direction of a connection."""

    def __init__(self):
        self.reader = asyncio.StreamReader()

    def send(self, line):
        self.reader.feed_data(line.encode() + b"\n")


async def serve(requests, answers, table):
    while line := (await requests.reader.readline()).decode().strip():
        verb, _, rest = line.partition(" ")
        key, _, value = rest.partition("=")
        if verb == "set":
            table[key] = value
            answers.send("ok")
        else:
            await asyncio.sleep(0)
            answers.send(table.get(key, "none"))


async def client(number, requests, answers):
    seen = []
    for n in range(REQUESTS):
        key = f"k{(number * 31 + n) % 500}"
        requests.send(f"set {key}={number}:{n}" if n % 3 == 0 else f"get {key}")
        seen.append((await answers.reader.readline()).decode().strip())
    requests.reader.feed_eof()
    return seen


async def main():
    table, tasks, servers = {}, [], []
    for number in range(CLIENTS):
        requests, answers = Pipe(), Pipe()
        servers.append(asyncio.create_task(serve(requests, answers, table)))
        tasks.append(asyncio.create_task(client(number, requests, answers)))
    seen = await asyncio.gather(*tasks)
    await asyncio.gather(*servers)
    assert all(len(one) == REQUESTS for one in seen)
    assert sum(one.count("ok") for one in seen) == CLIENTS * ((REQUESTS + 2) // 3)
    print(len(table))


asyncio.run(main())
