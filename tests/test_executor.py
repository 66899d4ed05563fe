"""One map over chunks: seeds, failures, dead workers, interrupts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from tightrope import executor


def draw(item: int, seed: int) -> tuple[int, float]:
    return item, float(np.random.default_rng(seed).normal())


def fail_on_three(item: int, seed: int) -> int:
    if item == 3:
        raise ValueError("three is refused")
    return item * item


def die_on_two(item: int, seed: int) -> int:
    if item == 2:
        os._exit(13)
    time.sleep(0.05)
    return item + 100


def threads(item: int, seed: int) -> dict[str, str | None]:
    return {name: os.environ.get(name) for name in ("OMP_NUM_THREADS", "NPROC")}


def refuse_to_pickle(item: int, seed: int) -> object:
    return (lambda: 1) if item == 1 else item


def test_seeds_are_those_of_seed_sequence_spawn() -> None:
    children = np.random.SeedSequence(7).spawn(5)
    expected = [int(child.generate_state(1, np.uint64)[0] >> 1) for child in children]
    assert [executor.chunk_seed(7, index) for index in range(5)] == expected
    assert len(set(expected)) == 5


def test_workers_change_nothing_but_the_order() -> None:
    alone = {r.index: r.value for r in executor.map(draw, range(6), workers=1, seed=11)}
    together = {r.index: r.value for r in executor.map(draw, range(6), workers=2, seed=11)}
    other = {r.index: r.value for r in executor.map(draw, range(6), workers=1, seed=12)}
    assert alone == together
    assert list(alone) == list(range(6))
    assert all(alone[index] != other[index] for index in range(6))


def test_a_part_of_the_chunks_draws_what_the_whole_would() -> None:
    whole = {r.index: r.value for r in executor.map(draw, [10, 11, 12, 13], seed=5)}
    part = {r.index: r.value for r in executor.map(draw, [11, 13], seed=5, indices=[1, 3])}
    assert part == {1: whole[1], 3: whole[3]}


@pytest.mark.parametrize("indices", [[0, 0], [0, 1, 2]])
def test_indices_that_cannot_be_are_refused(indices: list[int]) -> None:
    with pytest.raises(ValueError, match="ind"):
        executor.map(draw, [1, 2], indices=indices)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_failed_chunk_is_recorded_and_stops_nothing(workers: int) -> None:
    seen: list[tuple[str, int, int | None]] = []
    results = list(
        executor.map(
            fail_on_three, range(5), workers=workers, label="squares", on_progress=lambda *a: seen.append(a)
        )
    )
    by_index = {r.index: r for r in results}
    assert not by_index[3].ok
    assert by_index[3].value is None
    assert "three is refused" in by_index[3].error
    assert {i: r.value for i, r in by_index.items() if r.ok} == {0: 0, 1: 1, 2: 4, 4: 16}
    assert seen == [("squares", done, 5) for done in range(6)]


def die_once(item: str, seed: int) -> int:
    mark = Path(item)
    if not mark.exists():
        mark.touch()
        os._exit(13)
    return seed


def test_a_chunk_whose_worker_was_killed_is_done_again(tmp_path: Path) -> None:
    said: list[str] = []
    (result,) = executor.map(die_once, [str(tmp_path / "mark")], workers=2, seed=4, notice=said.append)
    assert result.value == executor.chunk_seed(4, 0)
    assert said == ["a worker process died; chunk 0 is done again"]


def test_a_dead_worker_takes_only_its_own_chunk() -> None:
    results = {r.index: r for r in executor.map(die_on_two, range(6), workers=2)}
    assert sorted(results) == list(range(6))
    assert [index for index, r in results.items() if not r.ok] == [2]
    assert "died" in results[2].error
    assert all(results[i].value == i + 100 for i in (0, 1, 3, 4, 5))


def test_what_cannot_be_sent_back_is_a_failure_of_that_chunk() -> None:
    results = {r.index: r for r in executor.map(refuse_to_pickle, range(3), workers=2)}
    assert [index for index, r in results.items() if not r.ok] == [1]


def test_children_get_their_share_of_threads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("OMP_NUM_THREADS", "NPROC"):
        monkeypatch.delenv(name, raising=False)
    workers = max(2, executor.available_workers())
    (result,) = executor.map(threads, [0], workers=workers)
    assert result.value == {"OMP_NUM_THREADS": "1", "NPROC": "1"}
    assert "OMP_NUM_THREADS" not in os.environ
    assert "NPROC" not in os.environ


def test_stopping_early_leaves_no_child() -> None:
    import multiprocessing

    before = set(multiprocessing.active_children())
    results = executor.map(draw, range(50), workers=2)
    next(results)
    results.close()  # type: ignore[attr-defined]
    assert set(multiprocessing.active_children()) <= before


PROGRAM = """
import os, signal, sys, time
from pathlib import Path
from tightrope import executor

def work(item, seed):
    Path(sys.argv[1], f"{os.getpid()}.pid").touch()
    time.sleep(60)

if __name__ == "__main__":
    # What a shell starts in the background inherits ignored interrupts; this test is of one that arrives.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    list(executor.map(work, range(4), workers=2))
"""


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_children_end_with_the_parent(tmp_path: Path, how: signal.Signals) -> None:
    program = tmp_path / "program.py"
    program.write_text(textwrap.dedent(PROGRAM))
    parent = subprocess.Popen(
        [sys.executable, str(program), str(tmp_path)], stderr=subprocess.PIPE, text=True
    )
    try:
        _until(lambda: len(list(tmp_path.glob("*.pid"))) == 2, 60)
        children = [int(path.stem) for path in tmp_path.glob("*.pid")]
        parent.send_signal(how)
        _, errors = parent.communicate(timeout=60)
        _until(lambda: not any(_alive(pid) for pid in children), 60)
    finally:
        parent.kill()
    assert parent.returncode != 0
    if how is signal.SIGINT:
        assert "KeyboardInterrupt" in errors


def test_a_program_that_cannot_be_spawned_is_told_so() -> None:
    program = "from tightrope import executor\nlist(executor.map(print, [1], workers=2))"
    done = subprocess.run([sys.executable], input=program, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    assert "worker processes could not start" in done.stderr


def _alive(pid: int) -> bool:
    """True while the process runs (a zombie waiting for its reaper does not)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"


def _until(condition: object, seconds: float) -> None:
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.05)


def test_threads_give_results_in_the_order_of_the_items() -> None:
    def slow_first(item: int) -> int:
        time.sleep(0.02 * (5 - item))
        return item * item

    counts: list[int] = []
    assert executor.in_threads(slow_first, range(5), workers=4, on_done=counts.append) == [0, 1, 4, 9, 16]
    assert counts == [1, 2, 3, 4, 5]
    assert executor.in_threads(slow_first, [], workers=4) == []


def test_the_first_item_is_done_alone() -> None:
    running: list[int] = []
    seen: dict[int, int] = {}

    def watch(item: int) -> None:
        running.append(item)
        time.sleep(0.05)
        seen[item] = len(running)
        running.remove(item)

    executor.in_threads(watch, range(4), workers=4)
    assert seen[0] == 1
    assert max(seen.values()) > 1


def test_a_failure_in_a_thread_is_raised_and_ends_the_work() -> None:
    done: list[int] = []

    def fail(item: int) -> None:
        if item == 1:
            raise ValueError("one is refused")
        time.sleep(0.05)
        done.append(item)

    with pytest.raises(ValueError, match="one is refused"):
        executor.in_threads(fail, range(50), workers=2)
    assert len(done) < 10


def test_long_items_are_told_when_one_has_failed() -> None:
    begun, told, ended = threading.Event(), threading.Event(), threading.Event()

    def work(item: int) -> None:
        if item == 0:
            begun.wait(10)
            raise ValueError("nothing is refused")
        begun.set()
        if told.wait(10):
            ended.set()

    with pytest.raises(ValueError, match="nothing is refused"):
        executor.in_threads(work, [0, 1], workers=2, first_alone=False, on_failure=told.set)
    assert ended.is_set()
