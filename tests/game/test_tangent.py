"""Slopes of a solution against central differences of solutions solved to 1e-12."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.game.chase import chase
from tests.record.small import compiled_once, seen_case
from tightrope.game.compile import Game
from tightrope.game.equilibrium import NotCertified, solve
from tightrope.game.tangent import tangents

TIGHT = 1e-12
STEP = 1e-3
CHASED = {"bias": 1.5, "delta": 0.8, "lam": 2.5, "lam2": 2.5, "view": 1.0}


@pytest.mark.parametrize("which", ["simultaneous", "sequential"])
def test_each_parameter_and_a_mixed_direction(which: str) -> None:
    together = which == "simultaneous"
    game = chase() if together else compiled_once(seen_case())
    theta = game.theta(CHASED if together else {"quit": 0.15})
    found = solve(game, theta, tolerance=TIGHT)
    mixed = np.random.default_rng(3).normal(size=len(theta)) * 0.1
    directions = np.vstack([np.eye(len(theta)), mixed])
    slopes, residuals = tangents(found, directions, tolerance=1e-10)
    assert slopes.shape == (len(directions), len(found.z))
    assert np.all(residuals <= 1e-10)
    for slope, direction in zip(slopes, directions, strict=True):
        near, far = (difference(game, found.theta, found.z, direction, k * STEP) for k in (1, 2))
        expected = (4 * near - far) / 3
        assert np.max(np.abs(slope - expected)) <= 1e-6 * max(1.0, np.max(np.abs(expected)))
    assert np.max(np.abs(slopes[-1] - mixed @ slopes[:-1])) <= 1e-6 * np.max(np.abs(slopes[-1]))


def difference(game: Game, theta: Any, z: Any, direction: Any, step: float) -> Any:
    ends = [solve(game, theta + way * step * direction, warm=z, tolerance=TIGHT) for way in (1, -1)]
    assert all(end.certificate.good for end in ends)
    return (ends[0].z - ends[1].z) / (2 * step)


def test_no_slope_without_a_certificate() -> None:
    found = solve(compiled_once(seen_case()), tolerance=TIGHT)
    lost = replace(found, certificate=replace(found.certificate, status="cycling"))
    with pytest.raises(NotCertified):
        tangents(lost, np.eye(len(found.theta)))
