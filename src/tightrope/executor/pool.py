"""Chunks in spawned processes, which outlives the death of any of them."""

from __future__ import annotations

import multiprocessing
import os
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from tightrope.executor.background import begin_worker
from tightrope.executor.chunk import DIED, Job, Notice, Result, call
from tightrope.executor.threads import available_workers, limited_threads

_NO_START = (
    "worker processes could not start; a script that asks for workers must be a file "
    'whose main part stands under `if __name__ == "__main__":`'
)


class Pool:
    """A process pool that outlives the death of its workers.

    When a worker dies the standard pool fails every chunk in flight, guilty or
    not. Those chunks are tried again one at a time in a fresh pool; one that is alone
    when the pool breaks is to blame, and is given up when that happens twice.
    """

    def __init__(
        self, function: Callable[..., Any], jobs: Iterator[Job], workers: int, notice: Notice
    ) -> None:
        self.function = function
        self.notice = notice
        self.blamed: set[int] = set()
        self.jobs = jobs
        self.workers = workers
        self.suspects: deque[Job] = deque()
        self.flying: dict[Future[Result[Any]], Job] = {}
        self.pool: ProcessPoolExecutor | None = None

    def run(self) -> Iterator[Result[Any]]:
        """Each chunk's result as it comes."""
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
            future = self.pool.submit(call, self.function, job[0], job[1], job[2])
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
                if not alone or job[0] not in self.blamed:
                    self.notice(f"a worker process died; chunk {job[0]} is done again")
                    self.suspects.append(job)
                    if alone:
                        self.blamed.add(job[0])
                    continue
                result = Result(job[0], None, DIED, 0.0)
            except Exception:  # could not be sent to the worker or back
                result = Result(job[0], None, traceback.format_exc(), 0.0)
            yield result
        if broken:
            self.suspects.extend(self.flying.values())
            self.flying.clear()
            self._close(kill=True)

    def _open(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.pool = ProcessPoolExecutor(self.workers, mp_context=context, initializer=begin_worker)
        try:
            with limited_threads(max(1, available_workers() // self.workers)):
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
