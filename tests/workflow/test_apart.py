"""Fits at origins made in other processes are those that this one would make."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.workflow.small import small_case
from tightrope import executor
from tightrope.fit.posterior import Effort, compute_now
from tightrope.workflow import steps
from tightrope.workflow.apart import OriginFit, fit_origin
from tightrope.workflow.coding import Coding
from tightrope.workflow.material import load_material

EFFORT = Effort(starts=1, steps=6, draws=3, central=False)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_case(tmp_path_factory.mktemp("case") / "small")


@pytest.mark.long
def test_fits_made_apart_are_the_same_to_the_bit(case: Path) -> None:
    material = load_material(case)
    known = list(material.evidence.periods[-3:-1])
    jobs = [OriginFit(str(case), Coding(), period, EFFORT, 4) for period in known]
    apart = {r.index: r for r in executor.map(fit_origin, jobs, workers=2)}
    for result in apart.values():
        assert result.ok, result.error
    here = steps.fit(material.known_at(known[0]), effort=EFFORT, seed=4, keep=compute_now)
    assert json.dumps(apart[0].value) == json.dumps(here)  # nan is equal to itself there
    assert apart[0].value != apart[1].value
