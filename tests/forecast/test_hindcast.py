"""The game's laws ahead: against tracks and enumeration, and no leakage from later rows, to the last bit."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from tests.forecast.test_tracks import small
from tests.record.small import everything, seen
from tightrope.case.calendar import parse_period
from tightrope.forecast.events import AnyMove
from tightrope.forecast.hindcast import (
    Ahead,
    ahead_data,
    ahead_from,
    law_ahead,
    look_ahead,
    push_ahead,
)
from tightrope.forecast.laws import laws_of
from tightrope.forecast.targets import Target, resolve, targets_of
from tightrope.forecast.tracks import probability, propagate
from tightrope.record.coding import CodedRecord, truncate
from tightrope.record.likelihood import prepare_record
from tightrope.record.simulate import simulate

PERIODS = 5


def start(solved) -> np.ndarray:  # type: ignore[no-untyped-def]
    law = np.random.default_rng(1).random(solved.game.shape)
    return law / law.sum()


@pytest.mark.parametrize("make", [small, everything])
def test_states_and_terminals_are_those_of_the_tracks(make) -> None:  # type: ignore[no-untyped-def]
    solved = make()
    live = start(solved)
    here, _, gone = push_ahead(solved.game, solved.numbers, solved.strategies, live, periods=PERIODS)
    laws = laws_of(solved.numbers, solved.strategies)
    paths = propagate(solved.game, laws, live, [], first="2010", periods=PERIODS)
    for name in solved.game.states:
        assert here[name] == pytest.approx(paths.marginal[name][:PERIODS], abs=1e-13)
    for name in solved.game.terminals:
        assert gone[name] == pytest.approx(paths.ended[name][1:], abs=1e-13)


@pytest.mark.parametrize("make", [small, everything])
def test_moves_are_those_of_the_tracks(make) -> None:  # type: ignore[no-untyped-def]
    solved = make()
    live = start(solved)
    _, made, _ = push_ahead(solved.game, solved.numbers, solved.strategies, live, periods=PERIODS)
    laws = laws_of(solved.numbers, solved.strategies)
    days = [str(parse_period("2010") + k) for k in range(PERIODS)]
    events = [
        AnyMove(m, a, day, day) for m in solved.game.moves for a in solved.game.levels[m] for day in days
    ]
    paths = propagate(solved.game, laws, live, events, first="2010")
    for event in events:
        action = solved.game.levels[event.move].index(event.action)
        slow = probability(solved.game, paths, event, first="2010")
        assert made[event.move][days.index(event.first)][action] == pytest.approx(slow, abs=1e-13)


def test_the_first_period_is_that_of_every_path_enumerated() -> None:
    solved = everything()
    live = start(solved)
    _, made, gone = push_ahead(solved.game, solved.numbers, solved.strategies, live, periods=1)
    moves = {m: np.zeros(len(solved.game.levels[m])) for m in solved.game.moves}
    ended = dict.fromkeys(solved.game.terminals, 0.0)
    for state in np.ndindex(solved.game.shape):
        # A terminal forgets the moves before it, so they are counted at their own place of the period.
        point = dict(zip(solved.game.states, state, strict=True))
        for item, step in enumerate(solved.slow.steps):
            if getattr(step, "move", None) in moves:
                for p, then in solved.histories(point, until=item + 1):
                    if not isinstance(then, str):
                        moves[step.move][then[step.move]] += live[state] * p
        for p, then in solved.histories(point):
            if isinstance(then, str):
                ended[then] += live[state] * p
    for name in moves:
        assert made[name][0] == pytest.approx(moves[name], abs=1e-12)
        assert made[name][0].sum() <= 1.0 + 1e-12
    for name in ended:
        assert gone[name][0] == pytest.approx(ended[name], abs=1e-12)


@cache
def history() -> CodedRecord:
    solved = seen()
    return simulate(solved.game, solved.numbers, solved.strategies, periods=40, seed=3)


def thetas() -> np.ndarray:
    game = seen().game
    base = game.theta({"quit": 0.02})
    drawn = np.tile(base, (3, 1))
    drawn[:, list(game.parameters).index("a")] = (0.4, 0.9, 1.3)
    return drawn


def forecast(coded: CodedRecord, *, known: str) -> Ahead:
    game = seen().game
    part = truncate(coded, before=str(parse_period(known) + 1))
    return look_ahead(prepare_record(game, part), thetas(), periods=PERIODS)


def test_poison_after_the_origin_changes_no_bit() -> None:
    coded = history()
    known = coded.periods[24]
    clean = forecast(coded, known=known)
    poisoned = {}
    for name, table in coded.weights.items():
        poisoned[name] = table.copy()
        poisoned[name][25:] = np.roll(table[25:], 1, axis=1) * 7.0 + 0.3
    worse = replace(
        coded,
        weights=poisoned,
        printed={n: np.where(np.arange(40) > 24, -1, p) for n, p in coded.printed.items()},
        notes=tuple("poison" if k > 24 else n for k, n in enumerate(coded.notes)),
        events=tuple(("E666",) if k > 24 else e for k, e in enumerate(coded.events)),
    )
    assert ahead_data(forecast(worse, known=known)) == ahead_data(clean)
    # And the test can fail: one row more that is known does change it.
    assert ahead_data(forecast(worse, known=coded.periods[25])) != ahead_data(
        forecast(coded, known=coded.periods[25])
    )


def test_means_over_draws_and_the_condition_that_the_game_goes_on() -> None:
    coded = history()
    known = coded.periods[24]
    together = forecast(coded, known=known)
    game = seen().game
    part = prepare_record(game, truncate(coded, before=coded.periods[25]))
    each = [look_ahead(part, theta[None], periods=PERIODS) for theta in thetas()]
    assert together.draws == 3
    assert together.failed == 0
    target = Target("rung", "states", game.levels["rung"])
    mean = np.mean([a.states["rung"] for a in each], axis=0)
    assert together.states["rung"] == pytest.approx(mean, abs=1e-14)
    last = together.states["rung"][-1]
    assert last.sum() < 1.0  # the game may have ended by then
    assert law_ahead(together, target, PERIODS) == pytest.approx(last / last.sum())
    ended = law_ahead(together, Target("gone", "ends", ("no", "yes")), PERIODS)
    assert ended[1] == pytest.approx(np.mean([a.ended["gone"][-1] for a in each]))


def test_plain_data_and_back() -> None:
    ahead = forecast(history(), known=history().periods[24])
    again = ahead_from(ahead_data(ahead))
    assert ahead_data(again) == ahead_data(ahead)
    assert np.array_equal(again.moves["push"], ahead.moves["push"])


def test_truth_comes_from_the_weights_and_what_is_silent_or_open_is_counted() -> None:
    coded = history()
    weights = {n: w.copy() for n, w in coded.weights.items()}
    weights["rung"][10] = [0.0, 0.6, 0.2]
    weights["push"][12] = 1.0
    soft = replace(coded, weights=weights)
    targets = targets_of(soft, moves=("push", "reply"), terminals=("gone",))
    assert [t.kind for t in targets] == ["states", "states", "moves", "moves", "ends"]
    origin = soft.periods[8]
    truth = resolve(targets, soft, origins=[origin, soft.periods[-2]], horizons=(1, 2, 4))
    by = {(k.known, k.horizon, k.target): share for k, share in truth.shares.items()}
    assert by[origin, 2, "rung"] == pytest.approx([0.0, 0.75, 0.25])
    assert by[origin, 2, "gone"].tolist() == [1.0, 0.0]
    assert [(k.known, k.horizon, k.target) for k in truth.silent] == [(origin, 4, "push")]
    last = soft.periods[-2]
    # The last row shows that the game had not ended by then, and nothing about the period that it opens.
    assert {(k.horizon, k.target) for k in truth.open if k.known == last and k.horizon == 1} == {(1, "gone")}
    assert sum(k.known == last and k.horizon > 1 for k in truth.open) == 2 * len(targets)
