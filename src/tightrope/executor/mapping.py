"""One `map` over chunks: here, in spawned processes, or on a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from itertools import takewhile

from tightrope.executor.chunk import Item, Notice, Progress, Result, Value, call, chunk_seed
from tightrope.executor.cluster import Cluster
from tightrope.executor.pool import Pool


def map(  # noqa: A001 - the one verb of this module
    function: Callable[[Item, int], Value],
    items: Iterable[Item],
    *,
    workers: int = 1,
    seed: int = 0,
    label: str = "",
    on_progress: Progress | None = None,
    indices: Sequence[int] | None = None,
    stop: Callable[[], bool] | None = None,
    address: str = "",
    notice: Notice | None = None,
) -> Iterator[Result[Value]]:
    """Call `function(item, seed)` on every item and yield each `Result` as it completes.

    A chunk that raises is recorded in its result and stops nothing. With `workers`
    of 1 or less the calls are made here, in order; otherwise in spawned processes
    (never forked: a fork beside JAX's threads can deadlock), in any order, and the
    function and items must then be picklable. A process that dies takes only its
    own chunk with it, which is tried once more. An interrupt ends the children and is
    raised again. With an address the calls are made by the workers of the Dask cluster
    there, whatever `workers` is; what the items name must be readable from there.

    indices      numbers of the chunks where only some of a run's are left to do
                 (default 0, 1, 2, ...): seeds go by number, so a resumed run draws
                 what an uninterrupted one would have drawn
    on_progress  called with (label, chunks done, chunks in all or None if unknown)
    notice       called with one line about each chunk that is done again because its worker died
    address      of a Dask scheduler, such as tcp://127.0.0.1:8786; raises NoCluster where none answers
    stop         asked before each chunk is begun; once it says yes no other is, and those begun end
    """
    total = len(items) if isinstance(items, Sized) else None
    if indices is not None:
        if len(set(indices)) != len(indices):
            raise ValueError("indices must be distinct: a chunk's seed goes by its number")
        if total is not None and total != len(indices):
            raise ValueError(f"{total} items but {len(indices)} indices")
        total = len(indices)
    pairs: Iterator[tuple[int, Item]] = (
        zip(indices, items, strict=True) if indices is not None else enumerate(items)
    )
    if stop is not None:
        asked = stop
        pairs = takewhile(lambda _: not asked(), pairs)
    jobs = ((index, item, chunk_seed(seed, index)) for index, item in pairs)
    say = notice or (lambda text: None)
    if address:
        results = Cluster(function, jobs, address, say).run()
    else:
        results = _here(function, jobs) if workers <= 1 else Pool(function, jobs, workers, say).run()
    return _report(results, label, total, on_progress)


def _report(
    results: Iterator[Result[Value]], label: str, total: int | None, on_progress: Progress | None
) -> Iterator[Result[Value]]:
    if on_progress is not None:
        on_progress(label, 0, total)
    for done, result in enumerate(results, start=1):
        if on_progress is not None:
            on_progress(label, done, total)
        yield result


def _here(
    function: Callable[[Item, int], Value], jobs: Iterable[tuple[int, Item, int]]
) -> Iterator[Result[Value]]:
    for index, item, seed in jobs:
        yield call(function, index, item, seed)
