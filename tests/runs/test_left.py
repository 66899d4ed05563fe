"""What a run leaves: one tree of results and a manifest, and results that come with a case."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import xarray as xr

from tests.runs.made import Counter, dataset, flip
from tightrope.runs import Run, read_run
from tightrope.runs.files import seal, unseal


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
