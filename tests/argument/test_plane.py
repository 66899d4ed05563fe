"""Movement over a plane against every course of a tiny game, and the plane's points against a count."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from tiny import close, periods, solved, tiny

from tightrope.argument.plane import Drift, axis_values, drift, placed, points
from tightrope.case.parse import to_expression
from tightrope.game import Equilibrium
from tightrope.game.certificate import NotCertified

OVER = np.array([[0.1, 0.2], [0.25, 0.15], [0.05, 0.25]])
"""A law of states (rung, mood)."""
RUNG, MOOD, BOTH = to_expression("rung/2"), to_expression("1 - mood"), to_expression("rung + mood")


@cache
def found() -> Equilibrium:
    return solved(tiny())


def later(start: tuple[int, int], left: int) -> list[tuple[float, tuple[int, int]]]:
    """Where the game stands after so many periods, by every course; what has ended is left out."""
    if left == 0:
        return [(1.0, start)]
    rows = [(p, to) for p, _, _, _, to in periods(found(), start) if to is not None]
    return [(p * q, end) for p, to in rows for q, end in later(to, left - 1)]


def by_place(drifts: tuple[Drift, ...]) -> dict[tuple[float, float], Drift]:
    return {d.at: d for d in drifts}


def test_movement_is_that_of_every_course_with_the_rest_averaged_out() -> None:
    for length in (1, 2):
        moved = by_place(drift(found(), across=RUNG, up=RUNG, over=OVER, periods=length))
        assert list(moved) == [(0.0, 0.0), (0.5, 0.5), (1.0, 1.0)]
        mood = OVER.sum(axis=0)
        for rung in range(3):
            ends = [(mood[m] * p, to) for m in (0, 1) for p, to in later((rung, m), length)]
            alive = sum(p for p, _ in ends)
            to = sum(p * end[0] / 2 for p, end in ends) / alive
            at = moved[rung / 2, rung / 2]
            assert close(at.ends, 1 - alive)
            assert close(at.moves[0], to - rung / 2)
            assert close(at.moves[1], to - rung / 2)
            assert at.levels == ({"rung": ("low", "mid", "top")[rung]},)


def test_combinations_at_one_point_count_alike() -> None:
    moved = by_place(drift(found(), across=BOTH, up=to_expression("0*mood"), over=OVER, periods=1))
    single = by_place(drift(found(), across=RUNG, up=MOOD, over=OVER, periods=1))
    assert [d.levels for d in moved.values()] == [
        ({"rung": "low", "mood": "bad"},),
        ({"rung": "low", "mood": "good"}, {"rung": "mid", "mood": "bad"}),
        ({"rung": "mid", "mood": "good"}, {"rung": "top", "mood": "bad"}),
        ({"rung": "top", "mood": "good"},),
    ]
    parts = [single[0.0, 0.0], single[0.5, 1.0]]  # low and good, mid and bad
    steps = [2 * d.moves[0] - d.moves[1] for d in parts]
    assert moved[1.0, 0.0].moves == (pytest.approx(np.mean(steps), abs=1e-12), 0.0)
    assert moved[1.0, 0.0].ends == pytest.approx(np.mean([d.ends for d in parts]), abs=1e-12)


def test_points_are_every_combination_of_levels_once() -> None:
    game = found().game
    across, up = axis_values(game, BOTH), axis_values(game, RUNG)
    there = points(game, across, up)
    assert sum(len(levels) for levels in there.values()) == 6
    for (x, y), levels in there.items():
        for here in levels:
            assert (x, y) == (here["rung"] + here["mood"], here["rung"] / 2)
            assert (placed(across, here), placed(up, here)) == (x, y)


def test_nothing_moves_without_a_certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    bad = replace(found(), certificate=replace(found().certificate, status="not converged"))
    with pytest.raises(NotCertified):
        drift(bad, across=RUNG, up=MOOD, over=OVER, periods=1)
