# SPDX-License-Identifier: MIT
"""Several processes at a time, for work whose results are wanted in order."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Made = TypeVar("Made")


class Stopped(Exception):  # noqa: N818 - it is no error
    """Others are to end: the work was not begun."""


def in_order(
    work: Callable[[Item], Made],
    items: Sequence[Item],
    jobs: int,
    end_running: Callable[[], None],
) -> Iterator[Made]:
    """Do the work of each item, so many at a time, and yield what it made in order.

    When the reader stops, or a piece of work raises, what has not begun is not, and
    `end_running` ends what has.
    """
    stop = threading.Event()

    def one(item: Item) -> Made:
        if stop.is_set():
            raise Stopped
        return work(item)

    with ThreadPoolExecutor(jobs) as pool:
        futures: list[Future[Made]] = [pool.submit(one, item) for item in items]
        try:
            for future in futures:
                yield future.result()
        except BaseException:
            stop.set()
            end_running()
            raise
