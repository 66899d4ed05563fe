"""First passages and likeliest paths, against closed forms and against every course of events."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import product
from typing import Any

import numpy as np
import pytest

from tests.game.random_games import random_case
from tests.game.slow import Slow
from tests.game.small_games import chain, weakness
from tightrope.case.schema import NatureMove, PlayerMove
from tightrope.game import Equilibrium, compile_game, solve
from tightrope.game.passage import first_passage, likeliest_path, time_given_hit


@cache
def random_game(number: int) -> Equilibrium:
    return solve(compile_game(random_case(number)), branch="direct").require()


Course = tuple[tuple[tuple[str, str], ...], dict[str, int] | str, float]


def courses(found: Equilibrium, point: dict[str, int]) -> Iterator[Course]:
    """Every course of one period from a state: events, the state or terminal at its end, probability."""
    case, levels = found.game.case, found.game.levels
    slow = Slow(case, dict(zip(found.game.parameters, found.theta, strict=True)))

    def chances(move: str, here: dict[str, int]) -> Any:
        table = found.strategies[move]
        return table.sel({a: levels[a][here[a]] for a in map(str, table.dims) if a != move}).values

    def go(i: int, here: dict[str, int], events: tuple[tuple[str, str], ...], p: float) -> Iterator[Course]:
        if i == len(slow.steps):
            yield events, {name: here[name] for name in case.states}, p
            return
        item = slow.steps[i]
        if isinstance(item, NatureMove) and item.changes is not None:
            for level, odds in enumerate(slow.next_level(item, None, here)):
                event = (item.changes, levels[item.changes][level])
                yield from go(i + 1, here | {item.changes: level}, (*events, event), p * odds)
        elif isinstance(item, NatureMove):
            leave, shares = slow.leaving(item, None, here)
            yield from go(i + 1, here, (*events, (item.nature, "no")), p * (1 - leave))
            for terminal, share in shares.items():
                yield (*events, (item.nature, terminal)), terminal, p * leave * share
        else:
            assert isinstance(item, PlayerMove)
            for action, odds in enumerate(chances(item.move, here)):
                event = (item.move, item.actions[action])
                yield from go(i + 1, here | {item.move: action}, (*events, event), p * float(odds))

    yield from go(0, dict(point), (), 1.0)


def is_there(
    found: Equilibrium, end: dict[str, int] | str, levels: dict[str, list[str]], gone: list[str]
) -> bool:
    if isinstance(end, str):
        return end in gone
    return bool(levels) and all(
        found.game.levels[name][end[name]] in allowed for name, allowed in levels.items()
    )


def targets(found: Equilibrium) -> list[tuple[dict[str, list[str]], list[str]]]:
    name = found.game.states[0]
    top = {name: [found.game.levels[name][-1]]}
    gone = ["gone"] if any(isinstance(i, NatureMove) and i.to for i in found.game.case.period) else []
    return [(top, []), (top, gone), *([({}, gone)] if gone else [])]


@pytest.mark.parametrize("number", [0, 1, pytest.param(4, marks=pytest.mark.long)])
def test_two_periods_against_every_course_of_events(number: int) -> None:
    found = random_game(number)
    names = found.game.states
    states = [dict(zip(names, x, strict=True)) for x in product(*(range(n) for n in found.game.shape))]
    after = {tuple(s.values()): list(courses(found, s)) for s in states}
    for levels, gone in targets(found):
        first = first_passage(found, levels=levels, terminals=gone, periods=2).values
        for state in states:
            place = tuple(state.values())
            expected = [float(is_there(found, state, levels, gone)), 0.0, 0.0]
            ways: list[tuple[float, Any]] = []
            for events, end, p in after[place] if not expected[0] else []:
                if is_there(found, end, levels, gone):
                    expected[1] += p
                    ways.append((p, (events,)))
                elif isinstance(end, dict):
                    for later, last, q in after[tuple(end.values())]:
                        if is_there(found, last, levels, gone):
                            expected[2] += p * q
                            ways.append((p * q, (events, later)))
            assert first[(slice(None), *place)] == pytest.approx(expected, rel=1e-9, abs=1e-15)
            start = {name: found.game.levels[name][level] for name, level in state.items()}
            best = max((p for p, _ in ways), default=expected[0])
            if best == 0.0:
                with pytest.raises(ValueError, match="no path"):
                    likeliest_path(found, start, levels=levels, terminals=gone, periods=2)
                continue
            path = likeliest_path(found, start, levels=levels, terminals=gone, periods=2)
            assert path.probability == pytest.approx(best, rel=1e-9)
            same = [p for p, told in ways if told == path.periods]
            if ways:
                assert same == pytest.approx([best], rel=1e-9)
            else:
                assert path.periods == ()


@pytest.mark.parametrize("up", [0.3, 1e-3, 1e-9, 1e-14])
def test_a_rare_step_to_full_relative_accuracy(up: float) -> None:
    """Geometric: P(first high at t) = (1 - up)^(t-1)·up, however small."""
    game = chain()
    found = solve(game, game.theta({"up": up})).require()
    first = first_passage(found, levels={"rung": ["high"]}, periods=40).sel(rung="low").values
    t = np.arange(1, 41)
    assert first[0] == 0.0
    assert first[1:] == pytest.approx((1 - up) ** (t - 1) * up, rel=1e-12)
    assert first.sum() == pytest.approx(-np.expm1(40 * np.log1p(-up)), rel=1e-10)


def test_the_time_to_a_merger_given_that_it_comes() -> None:
    """Each moment has its own hazard: 0.08, 0.03, 0.01, and none after."""
    found = solve(weakness()).require()
    first = first_passage(found, terminals=["dealt"], periods=10)
    chance = np.array([0.0, 0.08, 0.92 * 0.03, 0.92 * 0.97 * 0.01] + [0.0] * 7)
    assert first.sel(moment="first").values == pytest.approx(chance, rel=1e-12)
    given, mean = time_given_hit(first)
    assert given.sel(moment="first").values == pytest.approx(chance / chance.sum(), rel=1e-12)
    assert mean.sel(moment="first").item() == pytest.approx(chance @ np.arange(11) / chance.sum(), rel=1e-12)
    assert np.isnan(mean.sel(moment="after").item())


def test_a_target_must_be_named_and_known() -> None:
    found = solve(chain()).require()
    with pytest.raises(ValueError, match="feared"):
        first_passage(found, periods=3)
    with pytest.raises(KeyError, match="rung"):
        first_passage(found, levels={"rung": ["middle"]}, periods=3)
    with pytest.raises(KeyError, match="merged"):
        first_passage(found, terminals=["margin"], periods=3)
