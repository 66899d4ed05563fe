"""Chunks on a real Dask cluster of this machine: the same results, and a worker killed."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.test_executor import draw, fail_on_three
from tightrope import executor
from tightrope.executor import cluster as cluster_room

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        yield cluster.scheduler_address


def matrix(item: int, seed: int) -> list[float]:
    x = np.random.default_rng(seed).normal(size=(40, 40))
    return np.linalg.solve(x @ x.T + np.eye(40), x[item]).tolist()  # type: ignore[no-any-return]


def slow_once(item: tuple[int, str], seed: int) -> tuple[int, float]:
    """Takes long the first time that chunk 2 is begun, and tells where."""
    number, folder = item
    mark = Path(folder, f"{number}.pid")
    first = not mark.exists()
    mark.write_text(str(os.getpid()))
    if number == 2 and first:
        time.sleep(120)
    return number, float(np.random.default_rng(seed).normal())


def deadly(item: int, seed: int) -> int:
    if item == 1:
        os._exit(13)
    return item


def test_results_are_those_of_this_process_to_the_last_digit(address: str) -> None:
    here = {r.index: r.value for r in executor.map(matrix, range(8), seed=3)}
    there = {r.index: r.value for r in executor.map(matrix, range(8), seed=3, address=address)}
    assert there == here
    drawn = {r.index: r.value for r in executor.map(draw, range(6), seed=11, address=address)}
    assert drawn == {r.index: r.value for r in executor.map(draw, range(6), seed=11, workers=2)}


def test_a_failed_chunk_is_recorded_and_stops_nothing(address: str) -> None:
    seen: list[int] = []
    results = {
        r.index: r
        for r in executor.map(
            fail_on_three, range(5), address=address, on_progress=lambda _, done, total: seen.append(done)
        )
    }
    assert [k for k, r in results.items() if not r.ok] == [3]
    assert "three is refused" in results[3].error
    assert {k: r.value for k, r in results.items() if r.ok} == {0: 0, 1: 1, 2: 4, 4: 16}
    assert seen == list(range(6))


def test_a_worker_killed_in_the_middle_costs_its_chunk_a_second_try(address: str, tmp_path: Path) -> None:
    """Killed from outside while it works on chunk 2; the chunk is done again, and that is said."""
    items = [(k, str(tmp_path)) for k in range(6)]
    said: list[str] = []
    found: dict[int, Any] = {}
    begun = executor.map(slow_once, items, seed=5, address=address, notice=said.append)
    for result in begun:
        found[result.index] = result
        if len(found) == 5:
            victim = int(Path(tmp_path, "2.pid").read_text())
            os.kill(victim, signal.SIGKILL)
    assert sorted(found) == list(range(6))
    assert all(r.ok for r in found.values())
    assert said == ["the worker of chunk 2 died; another one does it again"]
    assert int(Path(tmp_path, "2.pid").read_text()) != victim
    expected = [executor.chunk_seed(5, k) for k in range(6)]
    for k, seed in enumerate(expected):
        assert found[k].value == (k, float(np.random.default_rng(seed).normal()))


def test_a_chunk_that_kills_every_worker_is_given_up_alone(address: str) -> None:
    results = {r.index: r for r in executor.map(deadly, range(4), address=address)}
    assert [k for k, r in results.items() if not r.ok] == [1]
    assert "died" in results[1].error
    assert all(results[k].value == k for k in (0, 2, 3))


def test_no_chunk_is_begun_once_told_to_stop(address: str) -> None:
    asked: list[int] = []

    def stop() -> bool:
        asked.append(1)
        return len(asked) > 3

    assert len(list(executor.map(draw, range(20), address=address, stop=stop))) == 3


def test_an_address_where_nobody_answers_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_room, "PATIENCE", 2)
    with pytest.raises(executor.NoCluster, match="no Dask scheduler answers"):
        list(executor.map(draw, range(2), address="tcp://127.0.0.1:1"))
    monkeypatch.setattr(cluster_room, "find_spec", lambda name: None)
    with pytest.raises(executor.MissingCluster, match=r"tightrope\[cluster\]"):
        list(executor.map(draw, range(2), address="tcp://127.0.0.1:1"))


def test_validation_on_the_cluster_is_that_of_this_process(address: str, tmp_path: Path) -> None:
    from tests.workflow.small import silent, small_case
    from tightrope.workflow import validate_case

    case = small_case(tmp_path / "small")
    given: dict[str, Any] = {
        "parts": ("calibration",), "periods": (20,), "simulations": 3, "chains": False, "quick": True,
        "notice": silent, "workers": 1,
    }  # fmt: skip
    here = validate_case(case, out=tmp_path / "here", **given).data["calibration"]
    there = validate_case(case, out=tmp_path / "there", engine_address=address, **given).data["calibration"]
    for row in (*here, *there):
        row.pop("seconds")
    assert there == here
