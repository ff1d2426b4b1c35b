# SPDX-License-Identifier: MIT
"""Three stages, each a thread, hand batches on; threads come and go by the run.

One thread at a time can run, so that the order is the same each time: who has
handed something on waits for the answer, and none is made to give way before.
"""

import queue
import sys
import threading
import time

RUNS, BATCHES, RECORDS = 6, 30, 64


def produce(orders, out):
    while (start := orders.get()) is not None:
        out.put([
            {"n": n, "text": f"record {n} " + "x" * (n % 60), "parts": [n] * (n % 8)}
            for n in range(start, start + RECORDS)
        ])  # fmt: skip


def refine(come, out):
    while (batch := come.get()) is not None:
        for record in batch:
            record["words"] = record["text"].split()
        out.put([(one["n"], len(one["text"]), one) for one in batch])


def run(first, kept):
    orders, raw, come, fine = (queue.SimpleQueue() for _ in range(4))
    stages = [(produce, orders, raw), (refine, come, fine)]
    threads = [threading.Thread(target=stage, args=ends) for stage, *ends in stages]
    size = 0
    for thread in threads:
        thread.start()
    for batch in range(BATCHES):
        orders.put(first + batch * RECORDS)
        come.put(raw.get())
        for number, length, record in fine.get():
            size += length
            if number % 100 == 0:
                kept[number] = record
    for line, thread in zip((orders, come), threads):
        line.put(None)
        thread.join()
        time.sleep(0.05)  # until the system's thread is gone, too
    return size


def main():
    sys.setswitchinterval(1000)
    kept = {}
    size = sum(run(n * BATCHES * RECORDS, kept) for n in range(RUNS))
    assert len(kept) == (RUNS * BATCHES * RECORDS + 99) // 100
    print(size)


main()
