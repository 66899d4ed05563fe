"""Exact propagation against an enumeration of every path, one at a time, of a small game."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from tests.record.small import Solved, everything
from tightrope.case.calendar import parse_period
from tightrope.case.schema import Case
from tightrope.forecast.events import (
    AnyMove,
    At,
    CountMove,
    EnteredTerminal,
    Event,
    NoTerminal,
    Reaches,
    Unanswerable,
)
from tightrope.forecast.origin import next_opening
from tightrope.forecast.tracks import Paths, floors, laws_of, probability, propagate
from tightrope.game import compile_game
from tightrope.game.primitives import primitives
from tightrope.record.filter import prepare
from tightrope.record.likelihood import filter_record
from tightrope.record.simulate import simulate

FIRST, PERIODS = "2010", 3
STAYS = {"first": "2010", "last": "2012"}

EVENTS: tuple[Event, ...] = (
    Reaches("ladder", ("high",), "2010", "2013"),
    Reaches("ladder", ("mid", "high"), "2011", "2012"),
    Reaches("climate", ("storm",), "2010", "2013"),
    Reaches("climate", ("storm",), "2012", "2013"),  # a window that starts later
    Reaches("climate", ("calm",), "2012", "2012"),  # which a terminal counts as
    Reaches("climate", ("storm",), "2008", "2011"),  # a window that began before the origin
    At("ladder", ("high",), "2013"),
    At("climate", ("calm",), "2011"),
    At("climate", ("storm",), "2010"),
    AnyMove("push", "press", **STAYS),
    AnyMove("push", "press", "2011", "2011"),
    AnyMove("reply", "hedge", "2011", "2012"),
    AnyMove("reply", "stay", "2008", "2010"),
    CountMove("push", "press", 2, **STAYS),
    CountMove("reply", "hedge", 1, **STAYS),
    CountMove("reply", "hedge", 2, **STAYS),  # the game may end before a reply is made
    CountMove("reply", "hedge", 3, **STAYS),
    CountMove("reply", "stay", 2, "2011", "2012"),
    EnteredTerminal(("joined",), "2012"),
    EnteredTerminal(("gone", "joined"), "2013"),
    NoTerminal(("gone",), "2013"),
)


@cache
def small() -> Solved:
    """A ladder that only rises; the game may end between its two moves and after them. Any strategies do."""
    case = Case.model_validate(
        {
            "case": "tracks", "title": "A game to follow",
            "calendar": {"period": "year", "first": "2000"},
            "players": {name: {"label": name, "discount": "0.9"} for name in ("one", "two")},
            "states": {"ladder": {"label": "l", "levels": ["low", "mid", "high"], "direction": "up"},
                       "climate": {"label": "c", "levels": ["calm", "storm"]}},
            "terminals": {"gone": {"label": "g", "payoffs": {}},
                          "joined": {"label": "j", "payoffs": {},
                                     "counts_as": {"ladder": "high", "climate": "calm"}}},
            "period": [
                {"move": "push", "player": "one", "actions": ["wait", "press"], "precision": "1"},
                {"nature": "slip", "exit": {"prob": "0.05 + 0.15*push"},
                 "to": {"gone": "1", "joined": "0.2 + ladder"}},
                {"move": "reply", "player": "two", "actions": ["stay", "hedge"], "precision": "1"},
                {"nature": "rise", "changes": "ladder",
                 "steps": {"up": {"prob": "0.2 + 0.3*(reply == stay)"}}},
                {"nature": "leave", "exit": {"prob": "0.1*(reply == hedge)"}, "to": {"gone": "1"}},
                {"nature": "turn", "changes": "climate",
                 "weights": {"calm": "1 + (climate == calm)", "storm": "1 + push"}},
            ],
            "payoffs": {"one": {"x": "push*climate - ladder"}, "two": {"y": "ladder*reply + climate*push"}},
            "start": {"ladder": "low", "climate": "calm"},
        }
    )  # fmt: skip
    return Solved(case, seed=3)


Step = tuple[dict[str, int], dict[str, int]]
"""One period of a path: the state at its start, and the moves made before the game went on or ended."""


def paths(solved: Solved, live: np.ndarray) -> Iterator[tuple[float, list[Step], str | None]]:
    """Every path over PERIODS periods: probability, periods lived, and the terminal it ended in."""
    game = solved.game
    steps = solved.slow.steps

    def period(
        p: float, item: int, point: dict[str, int]
    ) -> Iterator[tuple[float, dict[str, int], str | None]]:
        if item == len(steps):
            yield p, point, None
            return
        for q, then in solved.branches(steps[item], point):
            if isinstance(then, str):
                yield p * q, point, then
            else:
                yield from period(p * q, item + 1, then)

    def merged(state: tuple[int, ...]) -> list[tuple[float, tuple[int, ...], dict[str, int], str | None]]:
        """One period's outcomes, those alike in moves, next state and terminal added up."""
        found: dict[Any, float] = {}
        for p, end, terminal in period(1.0, 0, dict(zip(game.states, state, strict=True))):
            moves = tuple((m, end[m]) for m in game.moves if m in end)
            key = (tuple(end[s] for s in game.states) if terminal is None else (), moves, terminal)
            found[key] = found.get(key, 0.0) + p
        return [(p, then, dict(moves), terminal) for (then, moves, terminal), p in found.items()]

    outcomes = {state: merged(state) for state in np.ndindex(game.shape)}

    def follow(
        p: float, state: tuple[int, ...], past: list[Step]
    ) -> Iterator[tuple[float, list[Step], str | None]]:
        here = dict(zip(game.states, state, strict=True))
        if len(past) == PERIODS:
            yield p, [*past, (here, {})], None
            return
        for q, then, moves, terminal in outcomes[state]:
            now = [*past, (here, moves)]
            if terminal is None:
                yield from follow(p * q, then, now)
            else:
                yield p * q, now, terminal

    for state in np.ndindex(live.shape):
        if live[state]:
            yield from follow(float(live[state]), state, [])


def happens(solved: Solved, event: Event, lived: list[Step], terminal: str | None) -> bool:
    """Whether an event happens on a path, from its definition alone."""
    game = solved.game
    start = parse_period(FIRST)

    def level(variable: str, opening: int) -> str | None:
        if opening < 0:
            return None
        if opening < len(lived):
            return game.levels[variable][lived[opening][0][variable]]
        assert terminal is not None
        return game.case.terminals[terminal].counts_as.get(variable)

    def count(move: str, action: str, first: str, last: str) -> int:
        span = range(max(parse_period(first) - start, 0), parse_period(last) - start + 1)
        number = game.levels[move].index(action)
        return sum(k < len(lived) and lived[k][1].get(move) == number for k in span)

    def ended(by: str) -> str | None:
        return terminal if terminal is not None and len(lived) <= parse_period(by) - start else None

    match event:
        case Reaches(variable, levels, first, last):
            span = range(parse_period(first) - start, parse_period(last) - start + 1)
            return any(level(variable, k) in levels for k in span)
        case At(variable, levels, on):
            return level(variable, parse_period(on) - start) in levels
        case AnyMove(move, action, first, last):
            return count(move, action, first, last) >= 1
        case CountMove(move, action, at_least, first, last):
            return count(move, action, first, last) >= at_least
        case EnteredTerminal(terminals, by):
            return ended(by) in terminals
        case NoTerminal(terminals, by):
            return ended(by) not in terminals
    raise TypeError(event)


def origin(ladder: tuple[float, float, float]) -> np.ndarray:
    """Somewhere to start from: perhaps calm, perhaps not."""
    return np.outer(ladder, [0.7, 0.3])


LOW, HIGH = (0.8, 0.15, 0.05), (0.0, 0.9, 0.1)


@cache
def pushed(ladder: tuple[float, float, float]) -> Paths:
    solved = small()
    laws = laws_of(solved.numbers, solved.strategies)
    return propagate(solved.game, laws, origin(ladder), EVENTS, first=FIRST)


@cache
def enumerated(ladder: tuple[float, float, float]) -> dict[Event, float]:
    found = dict.fromkeys(EVENTS, 0.0)
    whole = 0.0
    for p, lived, terminal in paths(small(), origin(ladder)):
        whole += p
        for event in EVENTS:
            if happens(small(), event, lived, terminal):
                found[event] += p
    assert whole == pytest.approx(1.0, abs=1e-12)
    return found


@pytest.mark.parametrize("event", EVENTS, ids=str)
@pytest.mark.parametrize(
    "ladder",
    [pytest.param(LOW, id="whole grid", marks=pytest.mark.long), pytest.param(HIGH, id="part of the grid")],
)
def test_every_event_has_its_enumerated_probability(event: Event, ladder: tuple[float, float, float]) -> None:
    """`HIGH` starts above the lowest rung: what lies below can no longer be reached and is cut off."""
    expected = enumerated(ladder)[event]
    found = probability(small().game, pushed(ladder), event, first=FIRST)
    assert found == pytest.approx(expected, abs=1e-12)


def test_events_are_neither_certain_nor_impossible_here() -> None:
    """So that the comparison above means something."""
    inside = [0.001 < p < 0.999 for p in enumerated(LOW).values()]
    assert sum(inside) >= len(EVENTS) - 1


@pytest.mark.parametrize("ladder", [LOW, HIGH])
def test_mass_is_conserved(ladder: tuple[float, float, float]) -> None:
    paths_ = pushed(ladder)
    gone = sum(paths_.ended.values())
    for table in paths_.marginal.values():
        assert table.sum(axis=1) + gone == pytest.approx(np.ones(PERIODS + 1), abs=1e-13)
        assert (table >= 0).all()
    for values in paths_.ended.values():
        assert (np.diff(values) >= 0).all()
    for values in paths_.missed.values():
        assert (np.diff(values) <= 1e-15).all()  # what has happened has happened


def test_the_part_of_the_grid_that_can_be_reached_is_enough() -> None:
    """The same propagation with and without the cut: a trace of mass below forbids the cut."""
    solved = small()
    assert floors(solved.game, origin(HIGH)) == {"ladder": 1}
    trace = origin((1e-300, 0.9, 0.1))
    assert floors(solved.game, trace) == {"ladder": 0}
    laws = laws_of(solved.numbers, solved.strategies)
    whole = propagate(solved.game, laws, trace, EVENTS, first=FIRST)
    for event in EVENTS:
        here = probability(solved.game, pushed(HIGH), event, first=FIRST)
        assert here == pytest.approx(probability(solved.game, whole, event, first=FIRST), abs=1e-14)
    for name, table in whole.marginal.items():
        assert table == pytest.approx(pushed(HIGH).marginal[name], abs=1e-14)


def test_an_event_that_is_over_is_refused() -> None:
    game = small().game
    for event in (At("ladder", ("high",), "2009"), EnteredTerminal(("gone",), "2009")):
        with pytest.raises(ValueError, match="over before 2010"):
            probability(game, pushed(LOW), event, first=FIRST)
    with pytest.raises(ValueError, match="no track can follow"):
        propagate(
            game, laws_of(small().numbers, small().strategies), origin(LOW), [Unanswerable("x")],
            first=FIRST,
        )  # fmt: skip


def chain_case() -> Case:
    """The absorbing chain of the shared targets (Kemeny & Snell 1960): two live states and a merger."""
    return Case.model_validate(
        {
            "case": "chain", "title": "A Markov chain",
            "calendar": {"period": "quarter", "first": "2000Q1"},
            "players": {"one": {"label": "One", "discount": "0.9"}},
            "states": {"rung": {"label": "r", "levels": ["loose", "close"]}},
            "terminals": {"merged": {"label": "m", "payoffs": {}, "counts_as": {"rung": "close"}}},
            "period": [
                {"nature": "merger", "exit": {"prob": "0.05*(rung == close)"}, "to": {"merged": "1"}},
                {"nature": "drift", "changes": "rung",
                 "steps": {"up": {"prob": "0.05"}, "down": {"prob": "0.02/0.95"}}},
            ],
            "payoffs": {"one": {"nothing": "0"}},
            "start": {"rung": "loose"},
        }
    )  # fmt: skip


def test_the_absorbing_chain_has_its_closed_form() -> None:
    """P(merger within 20 periods) of the chain, and its mean time from the fundamental matrix."""
    game = compile_game(chain_case())
    laws = laws_of(primitives(game, jnp.asarray(game.theta())), {})
    by = str(parse_period("2000Q1") + 20)
    event = EnteredTerminal(("merged",), by)
    found = propagate(game, laws, np.array([1.0, 0.0]), [event], first="2000Q1", periods=3000)
    assert probability(game, found, event, first="2000Q1") == pytest.approx(0.24199820330336158, abs=1e-12)
    # E[T] = sum over t of P(T > t)
    assert float(np.sum(1.0 - found.ended["merged"])) == pytest.approx(48.0, abs=1e-8)
    late = propagate(game, laws, np.array([0.0, 1.0]), [event], first="2000Q1", periods=3000)
    assert float(np.sum(1.0 - late.ended["merged"])) == pytest.approx(28.0, abs=1e-8)


def test_the_opening_after_a_record_is_what_paths_through_its_last_row_leave() -> None:
    """The last row's moves and survival are conditioned on; the latent state is carried along."""
    solved = everything()
    record = simulate(solved.game, solved.numbers, solved.strategies, periods=3, seed=6)
    evidence = prepare(solved.game, record, solved.numbers, solved.strategies)
    filtered = filter_record(evidence, solved.theta, solved.z)
    live = next_opening(evidence, filtered, solved.numbers, solved.strategies)
    expected = np.zeros(solved.game.shape)

    def follow(row: int, p: float, state: dict[str, int]) -> None:
        if row == len(record):
            expected[tuple(state.values())] += p
            return
        seen = [s for s in solved.game.states if s in record.printed]
        if any(state[s] != record.printed[s][row] for s in seen):
            return
        for q, end in solved.histories(state):
            if isinstance(end, str) or any(end[m] != record.printed[m][row] for m in solved.game.moves):
                continue
            follow(row + 1, p * q, {s: end[s] for s in solved.game.states})

    for p, state in solved.starts():
        follow(0, p, state)
    assert len(record) == 3
    assert live == pytest.approx(expected / expected.sum(), abs=1e-12)
