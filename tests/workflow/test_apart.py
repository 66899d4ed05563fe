"""Fits at origins made in other processes are those that this one would make."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from tests.workflow.small import small_case
from tightrope import executor
from tightrope.fit.posterior import Effort, compute_now
from tightrope.fit.slices import Sampling
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


SIDES = Effort(starts=2, steps=6, draws=3, central=False, sampling=Sampling(chains=2, warmup=2, draws=3))


@pytest.mark.long
def test_a_fit_with_its_parts_side_by_side_is_the_same_to_the_bit(case: Path) -> None:
    evidence = load_material(case).evidence
    one, two = (
        steps.fit(evidence, effort=SIDES, seed=4, keep=compute_now, workers=workers) for workers in (1, 2)
    )
    assert json.dumps(one) == json.dumps(two)


@pytest.mark.long
def test_when_one_climb_is_interrupted_the_others_end_too(case: Path) -> None:
    """Else an interrupt would wait for the longest of them."""
    evidence = load_material(case).evidence
    begun, ended = Event(), Event()

    def keep(name: str, compute: Callable[[], Any]) -> Any:
        if name == "climb-1":
            assert begun.wait(60)
            raise KeyboardInterrupt
        try:
            return compute()
        finally:
            ended.set()

    def on_progress(label: str, done: int, total: int) -> None:
        begun.set()

    endless = Effort(starts=2, steps=10_000, draws=3)
    with pytest.raises(KeyboardInterrupt):
        steps.fit(evidence, effort=endless, seed=4, keep=keep, on_progress=on_progress, workers=2)
    assert ended.is_set()
