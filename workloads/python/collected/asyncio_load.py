# SPDX-License-Identifier: MIT
"""A server of lines and its clients in one loop; some give up waiting."""

import asyncio
import sys

CLIENTS = 20


async def serve(reader, writer):
    """Answer each line with its length; a line that says so waits too long."""
    while True:
        line = await reader.readline()
        if not line:
            break
        if line.startswith(b"wait"):
            await asyncio.sleep(3600)
        writer.write(b"%d\n" % len(line))
        await writer.drain()
    writer.close()


async def ask(port, number, requests):
    """Send lines and read answers; one connection in five is given up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    total = 0
    for n in range(requests):
        writer.write(b"x" * (n % 50) + b"\n")
        total += int(await reader.readline())
    if number % 5 == 0:
        writer.write(b"wait\n")
        try:
            await asyncio.wait_for(reader.readline(), 0.01)
        except asyncio.TimeoutError:
            total += 1
    writer.close()
    return total


async def work(rounds):
    """Serve rounds of clients; return all they got."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    total = 0
    for _ in range(rounds):
        clients = [ask(port, number, 40) for number in range(CLIENTS)]
        total += sum(await asyncio.gather(*clients))
    server.close()
    return total


def main(rounds):
    """Do it so often."""
    if asyncio.run(work(4 * rounds)) == 0:
        raise SystemExit("nobody was served")


main(int(sys.argv[1]))
