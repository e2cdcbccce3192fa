"""Run many calls at once in a bounded pool."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

AHEAD = 2
"""Pieces of work for each worker that are taken before one is done: nobody waits for the next, and few are held."""


def work_through(
    one: Callable[[Item], Result], items: Iterable[Item], workers: int, name: str, *, ahead: int = AHEAD
) -> Iterator[Result]:
    """Do something with each, `workers` at once, and give what comes of it in the order of the items.

    Items are taken as there is room: of a long stream only `ahead * workers` are held. The first failure ends it:
    what has not begun never does, and what is under way is waited for.

    Raises:
        Exception: whatever `one` or `items` raise.
    """
    with open_pool(workers, name) as pool:
        yield from take_results(pool, one, items, ahead * workers, in_order=True)


def work_all(
    one: Callable[[Item], object], items: Iterable[Item], workers: int, name: str, *, ahead: int = AHEAD
) -> None:
    """The same, where nothing comes of it, and in no order."""
    with open_pool(workers, name) as pool:
        for _ in take_results(pool, one, items, ahead * workers):
            pass


@contextmanager
def open_pool(workers: int, name: str, *, waits: bool = True) -> Iterator[Executor]:
    """Threads; they end with the block, and where it fails, what has not begun never does.

    Args:
        name: how the threads are called in a dump. waits: whether, where the block fails, what is under way is waited
            for; where a person asks to stop at once it never is.
    """
    pool = ThreadPoolExecutor(workers, thread_name_prefix=name)
    try:
        yield pool
    except BaseException as error:
        pool.shutdown(wait=waits and not isinstance(error, KeyboardInterrupt), cancel_futures=True)
        raise
    pool.shutdown()


def take_results(
    pool: Executor,
    one: Callable[[Item], Result],
    items: Iterable[Item],
    most: int,
    *,
    in_order: bool = False,
) -> Iterator[Result]:
    """What comes of each item, with at most `most` of them in a pool at a time.

    Raises:
        Exception: whatever `one` or `items` raise; what is in the pool then is for who opened it to end.
    """
    pending: deque[Future[Result]] = deque()
    for item in items:
        pending.append(pool.submit(one, item))
        if len(pending) >= most:
            yield from _take(pending, in_order)
    while pending:
        yield from _take(pending, in_order)


def wait_for_one(futures: Iterable[Future[Result]]) -> set[Future[Result]]:
    """Those that are done, once one of them is."""
    return set(wait(futures, return_when=FIRST_COMPLETED).done)


def _take(pending: deque[Future[Result]], in_order: bool) -> Iterator[Result]:
    if in_order:
        yield pending.popleft().result()
        return
    for each in wait_for_one(pending):
        pending.remove(each)
        yield each.result()
