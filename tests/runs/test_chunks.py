"""What a run keeps: each result computed once, found again by what it was made from."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import xarray as xr

from tests.runs.made import Counter, dataset
from tightrope.runs import Run, code_hash, versions


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
