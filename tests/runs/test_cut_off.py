"""Runs side by side, cut off and gone on with: one writer at a time, at most a chunk lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tightrope.runs import Run, RunLocked, read_run


def test_two_writers_are_refused(begin: Callable[..., Run]) -> None:
    with begin(), pytest.raises(RunLocked, match=rf"process {os.getpid()} on "):
        begin()
    with begin():
        pass


def test_the_lock_of_a_dead_process_is_taken_over(begin: Callable[..., Run]) -> None:
    with begin() as run:
        folder = run.folder
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (folder / "lock").write_text(json.dumps({"pid": dead.pid, "host": "here", "since": "then"}))
    with begin() as run:
        assert json.loads((folder / "lock").read_text())["pid"] == os.getpid()


def scaled(item: int, seed: int) -> dict[str, Any]:
    if item == 2:
        raise ValueError("two is refused")
    return {"item": item * 10, "draw": float(np.random.default_rng(seed).normal())}


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.long)])
def test_a_map_resumes_and_draws_the_same(begin: Callable[..., Run], said: list[str], workers: int) -> None:
    items = [0, 1, 2, 3]
    seen: list[tuple[str, int, int | None]] = []
    inputs = [{"item": item} for item in items]

    def go(name: str) -> dict[int, Any]:
        seen.clear()
        with begin() as run:
            results = run.map(
                name,
                scaled,
                items,
                inputs=inputs,
                seed=4,
                workers=workers,
                on_progress=lambda *step: seen.append(step),
            )
            return {result.index: result for result in results}

    first = go("scaled")
    assert [index for index, result in first.items() if not result.ok] == [2]
    assert "scaled.2 failed: ValueError: two is refused" in said[0]
    assert seen[-1] == ("scaled", 4, 4)
    again = go("scaled")
    assert {i: r.value for i, r in again.items()} == {i: r.value for i, r in first.items()}
    assert seen == [("scaled", 3, 4), ("scaled", 4, 4)]


PROGRAM = """
import sys, time
from pathlib import Path
import numpy as np, xarray as xr
from tightrope.runs import open_run

root, log = Path(sys.argv[1]), Path(sys.argv[2])

def compute(n):
    with log.open("a") as stream:
        stream.write(f"{n}\\n")
    time.sleep(0.1)
    return {"n": n} if n % 2 else xr.Dataset({"x": ("i", np.arange(20000.0) + n)})

with open_run(root, case_name="kill", key={"seed": 0}) as run:
    print("open", flush=True)
    for n in range(8):
        run.chunk(f"part.{n}", lambda: compute(n), inputs={"n": n})
    run.finish({"posterior": run.chunk("part.0", lambda: None, inputs={"n": 0})})
"""


@pytest.mark.skipif(os.name == "nt", reason="kill -9 is POSIX")
@pytest.mark.long
def test_killed_again_and_again_it_loses_at_most_one_chunk_each_time(tmp_path: Path) -> None:
    program, log = tmp_path / "program.py", tmp_path / "log"
    program.write_text(PROGRAM)
    log.touch()
    command = [sys.executable, str(program), str(tmp_path / "runs"), str(log)]
    kills = 0
    for wait in (0.07, 0.28, 0.31, 0.13):
        run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert run.stdout is not None
        assert run.stdout.readline() == "open\n"
        time.sleep(wait)
        if run.poll() is None:
            run.send_signal(signal.SIGKILL)
            kills += 1
        run.communicate(timeout=30)
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    computed = [int(line) for line in log.read_text().split()]
    assert kills >= 2
    assert set(computed) == set(range(8))
    assert len(computed) <= 8 + kills
    (folder,) = (tmp_path / "runs").iterdir()
    manifest, tree = read_run(folder)
    assert manifest["status"] == "finished"
    np.testing.assert_array_equal(tree["posterior"]["x"].values, np.arange(20000.0))
