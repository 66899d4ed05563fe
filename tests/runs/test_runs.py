"""Run folders: resumed by hash, damaged files set aside, one writer at a time."""

from __future__ import annotations

import json
import math
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
import xarray as xr

from tightrope.runs import Damaged, Run, RunLocked, code_hash, open_run, read_run, versions
from tightrope.runs.files import seal, unseal

KEY = {"case": "abc", "seed": 1, "arguments": {"quick": True}}


class Counter:
    """A computation that counts its calls."""

    def __init__(self, value: Any) -> None:
        self.value = value
        self.calls = 0

    def __call__(self) -> Any:
        self.calls += 1
        return self.value


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def begin(tmp_path: Path, said: list[str]) -> Callable[..., Run]:
    def begin(**more: Any) -> Run:
        return open_run(tmp_path / "runs", case_name="Demo case", key=KEY | more, notice=said.append)

    return begin


def dataset() -> xr.Dataset:
    return xr.Dataset(
        {
            "belief": (("draw", "level"), np.arange(6.0).reshape(3, 2), {"units": "probability"}),
            "claim": ("draw", np.array(["C01", "C02", "C03"], dtype=object)),
        },
        coords={"level": ["low", "high"], "draw": [0, 1, 2]},
        attrs={"prior_class": "agnostic"},
    )


def only(folder: Path, pattern: str) -> Path:
    (path,) = folder.glob(pattern)
    return path


def test_a_chunk_is_computed_once(begin: Callable[..., Run], said: list[str]) -> None:
    value = {"a": [1, 2.5, math.inf], "p": 0.1 + 0.2, "text": "Минск", "none": None}
    compute = Counter(value)
    with begin() as run:
        assert run.chunk("solve", compute, inputs={"x": 1}) == value
        folder = run.folder
    with begin() as run:
        assert run.folder == folder
        assert run.chunk("solve", compute, inputs={"x": 1}) == value
        assert run.timings["solve"]["origin"] == "resumed"
    assert compute.calls == 1
    assert said == []
    assert folder.name.startswith("Demo-case-")


def test_a_dataset_comes_back_as_it_was(begin: Callable[..., Run]) -> None:
    compute = Counter(dataset())
    with begin() as run:
        first = run.chunk("fit", compute, inputs={})
    with begin() as run:
        second = run.chunk("fit", compute, inputs={})
    xr.testing.assert_identical(first, second)
    xr.testing.assert_equal(first, dataset())
    assert second["belief"].attrs == {"units": "probability"}
    assert compute.calls == 1


def test_the_first_result_is_what_a_resumed_run_reads(begin: Callable[..., Run]) -> None:
    """Tuples, NumPy numbers and integer keys must not differ between the first run and the next."""
    compute = Counter({"pair": (1, 2), "array": np.arange(3), "number": np.float64(0.25), "by": {3: "x"}})
    with begin() as run:
        first = run.chunk("odd", compute, inputs={})
    with begin() as run:
        assert run.chunk("odd", compute, inputs={}) == first
    assert first == {"pair": [1, 2], "array": [0, 1, 2], "number": 0.25, "by": {"3": "x"}}


def test_what_cannot_be_kept_is_refused_by_name(begin: Callable[..., Run]) -> None:
    with begin() as run, pytest.raises(TypeError, match=r"plain data .*Counter"):
        run.chunk("bad", lambda: Counter(1), inputs={})


def test_other_inputs_are_another_chunk_and_the_old_one_stays(begin: Callable[..., Run]) -> None:
    with begin() as run:
        assert run.chunk("solve", Counter(1), inputs={"x": 1}) == 1
        assert run.chunk("solve", Counter(2), inputs={"x": 2}) == 2
        assert run.chunk("solve", Counter(3), inputs={"x": 1}) == 1


def test_key_seed_and_versions_make_the_folder(begin: Callable[..., Run]) -> None:
    with begin() as one, begin(seed=2) as two, begin(case="abd") as three:
        assert len({one.folder, two.folder, three.folder}) == 3
        assert one.key["versions"] == versions()
        assert one.key["code"] == code_hash()


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x01
    path.write_bytes(bytes(data))


def forge(path: Path) -> None:
    """A changed value with the old checksum."""
    path.write_text(path.read_text().replace('"answer": 42', '"answer": 43'))


@pytest.mark.parametrize("harm", [cut, empty, flip, forge])
def test_a_damaged_chunk_is_named_set_aside_and_recomputed(
    begin: Callable[..., Run], said: list[str], harm: Callable[[Path], None]
) -> None:
    compute = Counter({"answer": 42, "filler": list(range(50))})
    with begin() as run:
        run.chunk("solve", compute, inputs={})
    path = only(run.folder, "chunks/solve-*.json")
    harm(path)
    damaged = path.read_bytes()
    with begin() as run:
        assert run.chunk("solve", compute, inputs={})["answer"] == 42
    assert compute.calls == 2
    assert len(said) == 1
    assert str(path) in said[0]
    assert only(run.folder, "set-aside/*").read_bytes() == damaged
    with begin() as run:
        run.chunk("solve", compute, inputs={})
    assert compute.calls == 2


@pytest.mark.parametrize("harm", [cut, flip, Path.unlink])
def test_damaged_numbers_of_a_dataset_are_not_trusted(
    begin: Callable[..., Run], said: list[str], harm: Callable[[Path], None]
) -> None:
    compute = Counter(dataset())
    with begin() as run:
        run.chunk("fit", compute, inputs={})
    harm(only(run.folder, "chunks/fit-*.nc"))
    with begin() as run:
        xr.testing.assert_equal(run.chunk("fit", compute, inputs={}), dataset())
    assert compute.calls == 2
    assert any(".nc" in line for line in said)
    assert any(path.name.startswith("fit-") for path in (run.folder / "set-aside").iterdir())


def test_a_chunk_under_another_ones_name_is_not_trusted(begin: Callable[..., Run], said: list[str]) -> None:
    with begin() as run:
        run.chunk("solve", Counter(1), inputs={"x": 1})
        path = only(run.folder, "chunks/*.json")
        run.chunk("solve", Counter(2), inputs={"x": 2})
        (other,) = set(run.folder.glob("chunks/*.json")) - {path}
        other.write_bytes(path.read_bytes())
        assert run.chunk("solve", Counter(2), inputs={"x": 2}) == 2
    assert "other inputs" in said[0]


def test_every_result_of_a_name_is_found_whatever_it_was_asked(
    begin: Callable[..., Run], said: list[str]
) -> None:
    with begin() as run:
        for number in (1, 2):
            run.store("box", {"n": number}, inputs={"asked": number}, seconds=0.0)
        run.store("box-of-another", {"n": 3}, inputs={}, seconds=0.0)
        assert sorted(chunk.value["n"] for chunk in run.named("box")) == [1, 2]
        assert run.named("none") == []
        path = next((run.folder / "chunks").glob("box-[0-9a-f]*.json"))
        path.write_text(path.read_text().replace('"n"', '"m"'))
        assert len(run.named("box")) == 1
    assert any("set aside" in text or path.name in text for text in said)


def test_names_that_look_alike_as_files_are_two_chunks(begin: Callable[..., Run], said: list[str]) -> None:
    names = ["a b", "a-b", "a/b", "x" * 90 + "1", "x" * 90 + "2"]
    for _ in range(2):
        with begin() as run:
            assert [run.chunk(name, Counter(name), inputs={}) for name in names] == names
    assert {entry["origin"] for entry in run.timings.values()} == {"resumed"}
    assert said == []


@pytest.mark.parametrize("name", ["manifest.json", "run.nc"])
def test_a_folder_where_a_file_belongs_is_set_aside(
    begin: Callable[..., Run], said: list[str], name: str
) -> None:
    with begin() as run:
        run.finish({"posterior": dataset()})
    (run.folder / name).unlink()
    (run.folder / name).mkdir()
    with begin() as run:
        run.finish({"posterior": dataset()})
    read_run(run.folder)
    assert (run.folder / "set-aside" / name).is_dir()
    assert name in said[0]


def test_the_same_damage_twice_loses_neither(begin: Callable[..., Run], said: list[str]) -> None:
    for _ in range(2):
        with begin() as run:
            run.chunk("solve", Counter(1), inputs={})
        empty(only(run.folder, "chunks/*.json"))
    with begin() as run:
        run.chunk("solve", Counter(1), inputs={})
    assert len(list((run.folder / "set-aside").iterdir())) == 2


@pytest.mark.parametrize("harm", [cut, empty, flip])
def test_a_damaged_manifest_is_set_aside_and_the_chunks_stay(
    begin: Callable[..., Run], said: list[str], harm: Callable[[Path], None]
) -> None:
    compute = Counter(5)
    with begin() as run:
        run.chunk("solve", compute, inputs={})
    harm(run.folder / "manifest.json")
    with begin() as run:
        assert run.chunk("solve", compute, inputs={}) == 5
    assert compute.calls == 1
    assert "manifest.json" in said[0]
    assert (run.folder / "set-aside" / "manifest.json").exists()
    assert unseal(run.folder / "manifest.json")["status"] == "stopped"


def test_finish_leaves_one_tree_and_a_manifest(begin: Callable[..., Run], said: list[str]) -> None:
    with begin() as run:
        run.chunk("fit", Counter(1), inputs={})
        run.finish(
            {"posterior": dataset(), "forecasts/live": dataset()},
            certificates={"reference": {"status": "converged", "residual": 1e-12}},
        )
    manifest, tree = read_run(run.folder)
    assert manifest["status"] == "finished"
    assert manifest["certificates"]["reference"]["status"] == "converged"
    assert manifest["timings"]["fit"]["origin"] == "computed"
    assert manifest["key"]["seed"] == 1
    assert {"tightrope", "python", "jax", "numpy", "scipy"} <= set(manifest["key"]["versions"])
    xr.testing.assert_equal(tree["posterior"].to_dataset(), dataset())
    xr.testing.assert_equal(tree["forecasts/live"].to_dataset(), dataset())
    with begin():  # opening it again and stopping short keeps what was finished
        pass
    again, _ = read_run(run.folder)
    assert again["results"] == manifest["results"]
    assert said == []


def test_a_changed_result_is_refused_and_set_aside(begin: Callable[..., Run], said: list[str]) -> None:
    with begin() as run:
        run.finish({"posterior": dataset()})
    flip(run.folder / "run.nc")
    with pytest.raises(Damaged, match=r"run\.nc"):
        read_run(run.folder)
    with begin() as run:
        pass
    assert (run.folder / "set-aside" / "run.nc").exists()
    with pytest.raises(Damaged, match="no finished run"):
        read_run(run.folder)


def test_shipped_results_are_used_never_changed(
    begin: Callable[..., Run], said: list[str], tmp_path: Path
) -> None:
    fits = tmp_path / "fits"
    inputs = {"origin": "2019Q4"}
    with begin() as run:
        run.chunk("origin", Counter({"theta": [0.1, 0.2]}), inputs=inputs)
        path = run.ship("origin", inputs=inputs, folder=fits)
    compute = Counter({"theta": [9.0, 9.0]})
    with begin(seed=99) as run:
        assert run.chunk("origin", compute, inputs=inputs, shipped=fits) == {"theta": [0.1, 0.2]}
        assert run.timings["origin"]["origin"] == "shipped"
        assert run.chunk("origin", Counter(7), inputs={"origin": "2020Q4"}, shipped=fits) == 7
    assert compute.calls == 0
    flip(path)
    damaged = path.read_bytes()
    with begin(seed=99) as run:
        assert run.chunk("origin", compute, inputs=inputs, shipped=fits) == {"theta": [9.0, 9.0]}
    assert path.read_bytes() == damaged
    assert "computing it instead" in said[0]


def test_a_shipped_result_of_the_wrong_shape_is_computed_instead(
    begin: Callable[..., Run], said: list[str], tmp_path: Path
) -> None:
    with begin() as run:
        run.chunk("origin", Counter(1), inputs={})
        path = run.ship("origin", inputs={}, folder=tmp_path / "fits")
    content = unseal(path)
    del content["value"]
    path.write_bytes(seal({**content, "data": "no mapping"}))
    with begin(seed=99) as run:
        assert run.chunk("origin", Counter(2), inputs={}, shipped=tmp_path / "fits") == 2
    assert "computing it instead" in said[0]


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


def test_what_was_computed_when_it_failed_is_kept(begin: Callable[..., Run]) -> None:
    compute = Counter(1)

    def work() -> None:
        with begin() as run:
            run.chunk("first", compute, inputs={})
            raise RuntimeError("no luck")

    with pytest.raises(RuntimeError, match="no luck"):
        work()
    with begin() as run:
        assert run.chunk("first", compute, inputs={}) == 1
    assert compute.calls == 1


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
