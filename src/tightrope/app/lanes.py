"""Lanes: so many computations at once, so many waiting, and the next one is told to come again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request

Value = TypeVar("Value")


class Busy(RuntimeError):
    """The lane is full; come again in `retry_after` seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("too many requests are waiting")
        self.retry_after = retry_after


class TookTooLong(RuntimeError):
    """A computation went past its limit; its place is given back only when it ends."""


class Gone(RuntimeError):
    """Whoever asked has gone away, so nothing was computed."""


class Lane:
    """A bounded queue in front of a bounded number of threads.

    at_once  computations side by side
    waiting  further requests that may wait; the next one raises Busy
    limit    seconds that a request may take, waiting included
    """

    def __init__(self, *, at_once: int, waiting: int, limit: float) -> None:
        self.most = at_once + waiting
        self.limit = limit
        self.inside = 0
        self._at_once = at_once
        self._places: asyncio.Semaphore | None = None
        self._threads: CapacityLimiter | None = None

    async def run(self, function: Callable[[], Value], *, request: Request | None = None) -> Value:
        """`function()` in a thread, in turn. Raises Busy, TookTooLong and Gone, and what it raises."""
        if self.inside >= self.most:
            raise Busy(max(1, round(self.limit / 10)))
        self.inside += 1
        task = asyncio.create_task(self._in_turn(function, request))
        task.add_done_callback(self._left)
        try:
            return await asyncio.wait_for(asyncio.shield(task), self.limit)
        except TimeoutError:
            raise TookTooLong from None

    def _left(self, task: asyncio.Task[Value]) -> None:
        self.inside -= 1
        if not task.cancelled():
            task.exception()  # looked at, so that an abandoned failure is not complained of

    async def _in_turn(self, function: Callable[[], Value], request: Request | None) -> Value:
        if self._places is None or self._threads is None:
            self._places = asyncio.Semaphore(self._at_once)
            self._threads = CapacityLimiter(self._at_once)
        async with self._places:
            if request is not None and await request.is_disconnected():
                raise Gone
            return await to_thread.run_sync(function, limiter=self._threads)
