"""Work side by side in threads of this process, and how many threads children get."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager

from tightrope.executor.chunk import Item, Value

_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NPROC",  # what XLA's thread pool asks for
)


def available_workers() -> int:
    """The number of cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def in_threads(
    function: Callable[[Item], Value],
    items: Sequence[Item],
    *,
    workers: int = 1,
    on_done: Callable[[int], None] | None = None,
    first_alone: bool = True,
    on_failure: Callable[[], None] | None = None,
) -> list[Value]:
    """`function` of every item, in the items' order, computed side by side in this process.

    For compiled work that lets go of Python's lock. The first failure is raised and ends the work.

    on_done      called here with the number of items done so far
    first_alone  do the first item before the others, so that what it compiles is there for them
    on_failure   called once an item has failed or an interrupt has come, before items under way are waited
                 for: long ones can be told to end
    """
    results: dict[int, Value] = {}

    def note(number: int, value: Value) -> None:
        results[number] = value
        if on_done is not None:
            on_done(len(results))

    alone = len(items) if workers <= 1 else min(int(first_alone), len(items))
    for number in range(alone):
        note(number, function(items[number]))
    if alone < len(items):
        pool = ThreadPoolExecutor(workers)
        try:
            waiting = {pool.submit(function, items[k]): k for k in range(alone, len(items))}
            for future in as_completed(waiting):
                note(waiting[future], future.result())
        except BaseException:
            if on_failure is not None:
                on_failure()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    return [results[number] for number in range(len(items))]


@contextmanager
def limited_threads(threads: int) -> Iterator[None]:
    """Children born inside get `threads` threads for BLAS and XLA; settings made by the user stay."""
    wanted = {name: str(threads) for name in _THREAD_VARIABLES if name not in os.environ}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
