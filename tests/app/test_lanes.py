"""Queues are bounded, and a computation that takes too long keeps its place until it ends."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

pytest.importorskip("starlette", reason="the extra `app` is not installed")

from tightrope.app.lanes import Busy, Gone, Lane, TookTooLong


def test_so_many_at_once_so_many_waiting_and_the_next_is_told_to_come_again() -> None:
    async def run() -> None:
        lane = Lane(at_once=2, waiting=3, limit=10.0)
        release, running, most = threading.Event(), [], []
        lock = threading.Lock()

        def work() -> int:
            with lock:
                running.append(1)
                most.append(len(running))
            release.wait(5)
            with lock:
                running.pop()
            return 7

        tasks = [asyncio.create_task(lane.run(work)) for _ in range(5)]
        await asyncio.sleep(0.1)
        assert lane.inside == 5
        with pytest.raises(Busy) as caught:
            await lane.run(work)
        assert caught.value.retry_after >= 1
        release.set()
        assert await asyncio.gather(*tasks) == [7] * 5
        assert max(most) == 2
        await asyncio.sleep(0)
        assert lane.inside == 0
        assert await lane.run(lambda: 3) == 3

    asyncio.run(run())


def test_too_long_is_said_at_once_and_the_place_is_kept() -> None:
    async def run() -> None:
        lane = Lane(at_once=1, waiting=0, limit=0.05)
        release = threading.Event()
        with pytest.raises(TookTooLong):
            await lane.run(lambda: release.wait(5))
        with pytest.raises(Busy):
            await lane.run(lambda: 1)
        release.set()
        for _ in range(100):
            if lane.inside == 0:
                break
            await asyncio.sleep(0.01)
        lane.limit = 5.0
        assert await lane.run(lambda: 1) == 1

    asyncio.run(run())


def test_nothing_is_computed_for_one_who_has_gone() -> None:
    class Left:
        async def is_disconnected(self) -> bool:
            return True

    async def run() -> None:
        lane = Lane(at_once=1, waiting=1, limit=5.0)
        done: list[int] = []
        left: Any = Left()
        with pytest.raises(Gone):
            await lane.run(lambda: done.append(1), request=left)
        assert done == []
        await asyncio.sleep(0)
        assert lane.inside == 0

    asyncio.run(run())


def test_a_failure_inside_comes_out_and_frees_the_place() -> None:
    async def run() -> None:
        lane = Lane(at_once=1, waiting=0, limit=5.0)

        def fails() -> None:
            raise KeyError("x")

        for _ in range(3):
            with pytest.raises(KeyError):
                await lane.run(fails)
            await asyncio.sleep(0)
        assert lane.inside == 0

    asyncio.run(run())
