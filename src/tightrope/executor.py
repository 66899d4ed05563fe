"""Parallel work: one `map` over chunks, in this process or over spawned ones, and `in_threads`.

Everything parallel goes through here, so that a cluster engine can take the
place of the process pool without a caller noticing. Imports nothing of ours.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence, Sized
from concurrent.futures import (
    FIRST_COMPLETED,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    as_completed,
    wait,
)
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")
Value = TypeVar("Value")
Progress = Callable[[str, int, "int | None"], None]

Job = tuple[int, Any, int]  # number, item, seed

_DIED = "the worker process died (out of memory, or killed from outside)"
_NO_START = (
    "worker processes could not start; a script that asks for workers must be a file "
    'whose main part stands under `if __name__ == "__main__":`'
)
_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NPROC",  # what XLA's thread pool asks for
)


@dataclass(frozen=True, slots=True)
class Result(Generic[Value]):
    """What came of one chunk.

    index    the chunk's number
    value    what the function returned, or None if it failed
    error    the traceback as text if it failed, else an empty string
    seconds  time the function took, in seconds
    """

    index: int
    value: Value | None
    error: str
    seconds: float

    @property
    def ok(self) -> bool:
        """True if the function returned."""
        return not self.error


def available_workers() -> int:
    """The number of cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def chunk_seed(seed: int, index: int) -> int:
    """The seed of chunk `index`, an integer below 2**63: what `SeedSequence(seed).spawn` gives that child.

    It depends on the run's seed and the chunk's number alone, never on the number
    of workers or on which chunks are already done.
    """
    from numpy.random import SeedSequence

    return int(SeedSequence(seed, spawn_key=(index,)).generate_state(1, "uint64")[0] >> 1)


def in_threads(
    function: Callable[[Item], Value],
    items: Sequence[Item],
    *,
    workers: int = 1,
    on_done: Callable[[int], None] | None = None,
    first_alone: bool = True,
) -> list[Value]:
    """`function` of every item, in the items' order, computed side by side in this process.

    For compiled work that lets go of Python's lock. The first failure is raised and ends the work.

    on_done      called here with the number of items done so far
    first_alone  do the first item before the others, so that what it compiles is there for them
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
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    return [results[number] for number in range(len(items))]


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
) -> Iterator[Result[Value]]:
    """Call `function(item, seed)` on every item and yield each `Result` as it completes.

    A chunk that raises is recorded in its result and stops nothing. With `workers`
    of 1 or less the calls are made here, in order; otherwise in spawned processes
    (never forked: a fork beside JAX's threads can deadlock), in any order, and the
    function and items must then be picklable. A process that dies takes only its
    own chunk with it. An interrupt ends the children and is raised again.

    indices      numbers of the chunks where only some of a run's are left to do
                 (default 0, 1, 2, ...): seeds go by number, so a resumed run draws
                 what an uninterrupted one would have drawn
    on_progress  called with (label, chunks done, chunks in all or None if unknown)
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
    results = _here(function, jobs) if workers <= 1 else _Pool(function, jobs, workers).run()
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


def _call(function: Callable[[Item, int], Value], index: int, item: Item, seed: int) -> Result[Value]:
    began = time.perf_counter()
    try:
        value = function(item, seed)
    except Exception:
        return Result(index, None, traceback.format_exc(), time.perf_counter() - began)
    return Result(index, value, "", time.perf_counter() - began)


def _here(
    function: Callable[[Item, int], Value], jobs: Iterable[tuple[int, Item, int]]
) -> Iterator[Result[Value]]:
    for index, item, seed in jobs:
        yield _call(function, index, item, seed)


class _Pool:
    """A process pool that outlives the death of its workers.

    When a worker dies the standard pool fails every chunk in flight, guilty or
    not. Those chunks are tried again one at a time in a fresh pool; the one that
    is alone when the pool breaks again is the one to blame.
    """

    def __init__(self, function: Callable[..., Any], jobs: Iterator[Job], workers: int) -> None:
        self.function = function
        self.jobs = jobs
        self.workers = workers
        self.suspects: deque[Job] = deque()
        self.flying: dict[Future[Result[Any]], Job] = {}
        self.pool: ProcessPoolExecutor | None = None

    def run(self) -> Iterator[Result[Any]]:
        finished = False
        try:
            while self._fill():
                done, _ = wait(self.flying, return_when=FIRST_COMPLETED)
                yield from self._collect(done)
            finished = True
        finally:
            self._close(kill=not finished)

    def _fill(self) -> bool:
        """Submit up to `workers` chunks, or one suspect alone; False once nothing is in flight."""
        if not self.flying and self.suspects:
            self._submit(self.suspects.popleft())
        elif not self.suspects:
            while len(self.flying) < self.workers and (job := next(self.jobs, None)) is not None:
                if not self._submit(job):
                    break
        return bool(self.flying) or bool(self.suspects)

    def _submit(self, job: Job) -> bool:
        if self.pool is None:
            self._open()
        assert self.pool is not None
        try:
            future = self.pool.submit(_call, self.function, job[0], job[1], job[2])
        except (BrokenProcessPool, OSError):  # broken while idle: no chunk is to blame
            self.suspects.append(job)
            if not self.flying:
                self._close(kill=True)
            return False
        self.flying[future] = job
        return True

    def _collect(self, done: Iterable[Future[Result[Any]]]) -> Iterator[Result[Any]]:
        alone = len(self.flying) == 1
        broken = False
        for future in done:
            job = self.flying.pop(future)
            try:
                result = future.result()
            except BrokenProcessPool:
                broken = True
                if not alone:
                    self.suspects.append(job)
                    continue
                result = Result(job[0], None, _DIED, 0.0)
            except Exception:  # could not be sent to the worker or back
                result = Result(job[0], None, traceback.format_exc(), 0.0)
            yield result
        if broken:
            self.suspects.extend(self.flying.values())
            self.flying.clear()
            self._close(kill=True)

    def _open(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.pool = ProcessPoolExecutor(self.workers, mp_context=context, initializer=_begin_worker)
        try:
            with _limited_threads(max(1, available_workers() // self.workers)):
                # The pool starts a worker for each waiting call; so many calls at once start them all here.
                for future in [self.pool.submit(os.getpid) for _ in range(self.workers)]:
                    future.result()
        except (BrokenProcessPool, OSError) as error:
            raise RuntimeError(_NO_START) from error

    def _close(self, *, kill: bool) -> None:
        pool, self.pool = self.pool, None
        if pool is None:
            return
        if kill:
            # `terminate_workers` came with Python 3.14; before it the table of workers is private.
            for child in list((getattr(pool, "_processes", None) or {}).values()):
                child.terminate()
        pool.shutdown(wait=True, cancel_futures=True)


class Background:
    """One call in a process of its own, which can be ended at any moment.

    The function is called as function(*arguments, tell), picklable; `tell` sends a value here. What comes
    out of `messages` is ("said", value) for each, then ("done", result) or ("failed", traceback), or
    ("died", exit code) where the process was ended or killed.
    """

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        context = multiprocessing.get_context("spawn")
        self._here, there = context.Pipe(duplex=False)
        self._process = context.Process(target=_in_background, args=(there, function, arguments))
        with _limited_threads(available_workers()):
            self._process.start()
        there.close()

    def messages(self) -> Iterator[tuple[str, Any]]:
        """Everything that comes from the process, until it has ended."""
        last = ""
        while last not in ("done", "failed"):
            try:
                last, value = self._here.recv()
            except (EOFError, OSError):
                break
            yield last, value
        self._process.join()
        if last not in ("done", "failed"):
            yield "died", self._process.exitcode

    def end(self, *, patience: float = 5.0) -> None:
        """End the process: asked first, made to after `patience` seconds. Its own children go with it."""
        self._process.terminate()
        self._process.join(patience)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


def _in_background(there: Any, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    _begin_worker()
    try:
        there.send(("done", function(*arguments, lambda value: there.send(("said", value)))))
    except Exception:
        there.send(("failed", traceback.format_exc()))


def _begin_worker() -> None:
    """In a child: leave interrupts to the parent, and end when the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def _limited_threads(threads: int) -> Iterator[None]:
    """Children born inside get `threads` threads for BLAS and XLA; settings made by the user stay."""
    wanted = {name: str(threads) for name in _THREAD_VARIABLES if name not in os.environ}
    if threads == 1 and "xla_cpu_multi_thread_eigen" not in os.environ.get("XLA_FLAGS", ""):
        flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_cpu_multi_thread_eigen=false"
        wanted["XLA_FLAGS"] = flags.strip()
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
