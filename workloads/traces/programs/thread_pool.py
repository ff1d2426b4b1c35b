# SPDX-License-Identifier: MIT
"""Text counted by four workers: made in one thread, counted and freed in another.

One thread at a time can run, so that the order is the same each time: who has
handed something on waits for the answer, and none is made to give way before.
"""

import queue
import sys
import threading
import time

TEXTS, WORDS, WORKERS = 240, 300, 4


def text(n):
    return " ".join(f"w{(n * 31 + k * k) % 997}" for k in range(WORDS))


def work(jobs, results):
    kept = {}
    while (words := jobs.get()) is not None:
        found = {}
        for word in words.split():
            found.setdefault(word, []).append(len(found))
        kept[len(kept)] = words[:40]
        results.put({word: len(places) for word, places in found.items()})


def main():
    sys.setswitchinterval(1000)
    queues = [(queue.SimpleQueue(), queue.SimpleQueue()) for _ in range(WORKERS)]
    threads = [threading.Thread(target=work, args=pair) for pair in queues]
    for thread in threads:
        thread.start()
    total = {}
    for n in range(TEXTS):
        jobs, results = queues[n % WORKERS]
        jobs.put(text(n))
        for word, times in results.get().items():
            total[word] = total.get(word, 0) + times
    for (jobs, _), thread in zip(queues, threads):
        jobs.put(None)
        thread.join()
        time.sleep(0.05)  # until the system's thread is gone, too
    assert sum(total.values()) == TEXTS * WORDS
    print(len(total))


main()
