"""Posterior predictive checks: counts by hand, tail shares, and a game that made its record."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.record.small import coded, seen
from tightrope.fit.predictive import checked, played_data, played_from, replicates, statistics
from tightrope.record.simulate import simulate

MOVES = ("push", "reply")
RUNG = np.eye(3)[[0, 1, 1, 2, 1, 0]]
PUSH = np.eye(2)[[0, 0, 1, 1, 1, 0]]


def test_counts_of_a_record_without_doubt() -> None:
    found = statistics(coded(seen().game, {"rung": RUNG, "push": PUSH}, rows=6), moves=MOVES)
    assert found == pytest.approx(
        {
            "rung = low": 2 / 6, "rung = mid": 3 / 6, "rung = high": 1 / 6,
            "rung steps up": 2 / 5, "rung steps down": 2 / 5,
            "push = wait": 3 / 6, "push = press": 3 / 6, "push as before": 3 / 5,
        }
    )  # fmt: skip


def test_soft_codes_count_as_expected_ones_and_silent_cells_nowhere() -> None:
    push = np.array([[0.8, 0.2], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    found = statistics(coded(seen().game, {"push": push}, rows=4), moves=MOVES)
    assert found["push = press"] == pytest.approx(1.2 / 3)  # the third row says nothing
    assert found["push as before"] == pytest.approx(0.8)  # of the first two rows alone
    rung = np.array([[0.5, 0.5, 0.0], [0.0, 0.5, 0.5]])
    found = statistics(coded(seen().game, {"rung": rung}, rows=2), moves=MOVES)
    assert found["rung steps up"] == pytest.approx(0.75)
    assert found["rung steps down"] == 0.0


def test_a_replicate_leaves_out_what_the_record_leaves_out() -> None:
    silent = np.vstack([PUSH[:2], np.ones((1, 2)), PUSH[3:]])
    like = coded(seen().game, {"push": silent}, rows=6)
    whole = coded(seen().game, {"push": PUSH}, rows=6)
    assert statistics(whole, moves=MOVES, like=like) == statistics(like, moves=MOVES)


def test_tail_shares_count_ties_half() -> None:
    record = coded(seen().game, {"push": PUSH}, rows=6)
    played = [{"push = press": x} for x in (0.25, 0.5, 0.5, 0.75)]
    (row,) = checked(record, played, moves=MOVES)
    assert (row.name, row.record, row.p, row.outside) == ("push = press", 0.5, 0.5, False)
    (high,) = checked(record, [{"push = press": 0.9}] * 60, moves=MOVES)
    assert (high.p, high.outside) == (1.0, True)
    assert checked(record, [{"push = press": float("nan")}], moves=MOVES) == ()


@pytest.mark.long
def test_a_game_reproduces_its_own_record_and_not_another_one() -> None:
    solved = seen()
    own = simulate(solved.game, solved.numbers, solved.strategies, periods=200, seed=3)
    thetas = np.tile(solved.theta, (60, 1))
    played = replicates(solved.game, thetas, record=own, seed=0)
    good, missing = played_from(json.loads(json.dumps(played_data(played))))
    assert (len(good), missing) == (60, [])
    rows = checked(own, good, moves=solved.game.moves)
    assert len(rows) == 15
    assert sum(row.outside for row in rows) <= 2
    other = simulate(
        solved.game, solved.numbers, {**solved.strategies, "push": _never(solved.strategies["push"])},
        periods=200, seed=3,
    )  # fmt: skip
    strange = {row.name for row in checked(other, good, moves=solved.game.moves) if row.outside}
    assert {"push = wait", "push = press", "push as before"} <= strange


def _never(strategy: object) -> object:
    from dataclasses import replace

    data = np.zeros_like(np.asarray(strategy.data))  # type: ignore[attr-defined]
    axis = strategy.axes.index("push")  # type: ignore[attr-defined]
    data[tuple(0 if k == axis else slice(None) for k in range(data.ndim))] = 1.0
    return replace(strategy, data=data)  # type: ignore[type-var]


@pytest.mark.long
def test_histories_that_end_and_points_without_a_certificate_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    solved = seen()
    record = simulate(solved.game, solved.numbers, solved.strategies, periods=200, seed=3)
    ends = dict(zip(solved.game.parameters, solved.theta, strict=True)) | {"quit": 5.0}
    bad = np.array(solved.theta)
    bad[0] = np.nan
    found = replicates(solved.game, np.array([list(ends.values()), bad]), record=record, seed=0)
    assert found == ["the game ended sooner", "no certificate"]
