"""Compound events: automata against an enumeration of every path, and against a million simulated ones."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from tests.forecast.test_tracks import EVENTS, FIRST, HIGH, LOW, happens, origin, paths, small
from tightrope.case.calendar import parse_period
from tightrope.forecast.automaton import Automaton, CannotFollow, compile_event
from tightrope.forecast.compound import probabilities, tabulate
from tightrope.forecast.events import (
    All,
    AnyMove,
    At,
    CountMove,
    EnteredTerminal,
    Event,
    Given,
    Not,
    NoTerminal,
    Reaches,
    Some,
    Unanswerable,
    leaves,
)
from tightrope.forecast.laws import laws_of
from tightrope.forecast.tracks import probability, propagate
from tightrope.game.named import Named
from tightrope.game.plan import WORLD, Change, Choice, after


def compiled(event: Event, **more: Any) -> Automaton:
    game = small().game
    counts = {name: terminal.counts_as for name, terminal in game.case.terminals.items()}
    return compile_event(event, levels=game.levels, terminals=counts, first=FIRST, **more)


def found(events: list[Event], start: np.ndarray) -> np.ndarray:
    solved = small()
    tables = tabulate(solved.game, [compiled(event) for event in events])
    return probabilities(solved.game, laws_of(solved.numbers, solved.strategies), start, tables)


def random_leaf(random: np.random.Generator) -> Event:
    """Any single event of the small game, over spans of the three years to come."""
    game = small().game
    first, last = sorted(int(k) for k in random.integers(0, 4, size=2))
    span = str(2010 + first), str(2010 + last)
    moves = str(2010 + min(first, 2)), str(2010 + min(last, 2))
    kind = random.integers(0, 6)
    if kind <= 1:
        name = str(random.choice(game.states))
        levels = tuple(x for x in game.levels[name] if random.uniform() < 0.5) or (game.levels[name][-1],)
        return Reaches(name, levels, *span) if kind else At(name, levels, span[1])
    if kind <= 3:
        move = str(random.choice(game.moves))
        action = str(random.choice(game.levels[move]))
        if kind == 2:
            return AnyMove(move, action, *moves)
        return CountMove(move, action, int(random.integers(1, 4)), *moves)
    names = [("gone",), ("joined",), ("gone", "joined")][random.integers(0, 3)]
    return EnteredTerminal(names, span[1]) if kind == 4 else NoTerminal(names, span[1])


def random_event(random: np.random.Generator, depth: int) -> Event:
    """A boolean combination of single events."""
    if depth == 0 or random.uniform() < 0.15:
        return random_leaf(random)
    if random.uniform() < 0.3:
        return Not(random_event(random, depth - 1))
    parts = tuple(random_event(random, depth - 1) for _ in range(random.integers(2, 4)))
    return All(parts) if random.uniform() < 0.5 else Some(parts)


def holds(event: Event, lived: Any, terminal: str | None) -> bool:
    match event:
        case Not(part):
            return not holds(part, lived, terminal)
        case All(parts):
            return all(holds(part, lived, terminal) for part in parts)
        case Some(parts):
            return any(holds(part, lived, terminal) for part in parts)
    return happens(small(), event, lived, terminal)


@cache
def compounds() -> tuple[Event, ...]:
    random = np.random.default_rng(5)
    return tuple(random_event(random, 1 + k % 3) for k in range(24))


@cache
def enumerated(ladder: tuple[float, float, float]) -> np.ndarray:
    sums = np.zeros(len(compounds()))
    for p, lived, terminal in paths(small(), origin(ladder)):
        sums += [p * holds(event, lived, terminal) for event in compounds()]
    return sums


@pytest.mark.parametrize(
    "ladder",
    [pytest.param(LOW, id="whole grid", marks=pytest.mark.long), pytest.param(HIGH, id="part of the grid")],
)
def test_compound_events_have_their_enumerated_probability(ladder: tuple[float, float, float]) -> None:
    exact = enumerated(ladder)
    assert found(list(compounds()), origin(ladder)) == pytest.approx(exact, abs=1e-12)
    assert sum(0.001 < p < 0.999 for p in exact) > 12
    assert sum(len(set(leaves(event))) >= 3 for event in compounds()) > 12


def test_single_events_agree_with_their_tracks() -> None:
    """Two codings of the same probability: tracks pushed forward, automata carried back."""
    solved = small()
    later = [e for e in EVENTS if not any("2008" in (getattr(e, "first", "")) for _ in (0,))]
    laws = laws_of(solved.numbers, solved.strategies)
    paths_ = propagate(solved.game, laws, origin(LOW), later, first=FIRST)
    expected = [probability(solved.game, paths_, event, first=FIRST) for event in later]
    assert found(list(later), origin(LOW)) == pytest.approx(expected, abs=1e-13)


def test_only_products_that_can_be_reached_are_kept() -> None:
    press = [AnyMove("push", "press", str(year), str(year)) for year in (2010, 2011, 2012)]
    assert len(compiled(CountMove("reply", "hedge", 3, "2010", "2012")).cells) == 4
    assert len(compiled(All(tuple(press))).cells) == 8
    assert len(compiled(Some(tuple(press))).cells) == 2  # settled by the first
    # a level of one opening excludes the other
    apart = All((At("ladder", ("low",), "2011"), At("ladder", ("mid",), "2011")))
    assert len(compiled(Not(apart)).cells) == 3


def test_too_many_products_are_refused_by_name() -> None:
    wide = All(
        tuple(CountMove(m, a, 3, "2010", "2012") for m in ("push", "reply") for a in small().game.levels[m])
    )
    assert len(compiled(wide).cells) == 50
    assert len(compiled(wide, most=50).cells) == 50
    with pytest.raises(CannotFollow, match="more than 49 product states"):
        compiled(wide, most=49)


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (All((AnyMove("push", "press", "2009", "2011"), At("ladder", ("low",), "2011"))), "begins before"),
        (Not(EnteredTerminal(("gone",), "2009")), "over before 2010"),
        (Some((Unanswerable("not coded"), NoTerminal(("gone",), "2012"))), "not coded"),
        (Not(Given(NoTerminal(("gone",), "2012"), NoTerminal(("gone",), "2011"))), "ratio of two events"),
    ],
)
def test_what_cannot_be_followed_says_why(event: Event, why: str) -> None:
    with pytest.raises(CannotFollow, match=why):
        compiled(event)


# --- a million paths ---------------------------------------------------------------------------

MANY = 1_000_000


@cache
def simulated() -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    """States by opening, moves by period (-1: never made), and the period and terminal of each path's end.

    Drawn with numpy from the game's laws and strategies, each step for all paths at once.
    """
    solved = small()
    game, random = solved.game, np.random.default_rng(11)
    periods = 3

    def draw(x: Named, axis: str, now: dict[str, np.ndarray]) -> np.ndarray:
        last = np.moveaxis(np.asarray(x.data), x.axes.index(axis), -1)
        table = last[tuple(now[a] for a in x.axes if a != axis)]
        table = np.broadcast_to(table, (MANY, last.shape[-1]))
        edges = np.cumsum(table, axis=1)
        return (random.uniform(size=(MANY, 1)) * edges[:, -1:] > edges).sum(axis=1)

    def at(x: Named, now: dict[str, np.ndarray]) -> np.ndarray:
        return np.broadcast_to(np.asarray(x.data)[tuple(now[a] for a in x.axes)], (MANY,))

    flat = random.choice(origin(LOW).size, size=MANY, p=origin(LOW).ravel())
    state = dict(zip(game.states, np.unravel_index(flat, game.shape), strict=True))
    seen = {name: np.full((periods + 1, MANY), -1) for name in (*game.states, *game.moves)}
    end, where = np.full(MANY, periods + 1), np.full(MANY, -1)
    for period in range(periods + 1):
        alive = end > periods
        for name in game.states:
            seen[name][period, alive] = state[name][alive]
        if period == periods:
            break
        now = dict(state)
        for number, step in enumerate(game.plan.steps):
            alive = end > periods
            if isinstance(step, Choice):
                for move in step.moves:
                    now[move.move] = draw(solved.strategies[move.move], move.move, now)
                    seen[move.move][period, alive] = now[move.move][alive]
            elif isinstance(step, Change):
                kernel = solved.numbers.kernels[number][WORLD]
                now[step.variable] = draw(kernel, after(step.variable), now)
            else:
                law = solved.numbers.exits[number][WORLD]
                leaves_now = alive & (random.uniform(size=MANY) < at(law.probability, now))
                shares = np.stack([at(share, now) for share in law.shares.values()])
                edges = np.cumsum(shares, axis=0) / shares.sum(axis=0)
                chosen = (random.uniform(size=MANY) > edges).sum(axis=0)
                to = np.array([game.terminals.index(t) for t in law.shares])
                end[leaves_now], where[leaves_now] = period, to[chosen][leaves_now]
        state = {name: now[name] for name in game.states}
    return seen, end, where


def on_paths(event: Event) -> np.ndarray:
    """Whether an event happens on each simulated path, from its definition."""
    game = small().game
    seen, end, where = simulated()
    begin = parse_period(FIRST)

    def inside(name: str, values: tuple[str, ...], first: str, last: str) -> np.ndarray:
        rows = seen[name][parse_period(first) - begin : parse_period(last) - begin + 1]
        hit = np.isin(rows, [game.levels[name].index(v) for v in values])
        for number, terminal in enumerate(game.terminals):
            if game.case.terminals[terminal].counts_as.get(name) in values:
                openings = np.arange(parse_period(first) - begin, parse_period(last) - begin + 1)[:, None]
                hit |= (where == number) & (end < openings)
        return hit

    match event:
        case Not(part):
            return ~on_paths(part)
        case All(parts):
            return np.logical_and.reduce([on_paths(part) for part in parts])
        case Some(parts):
            return np.logical_or.reduce([on_paths(part) for part in parts])
        case Reaches(variable, levels, first, last):
            return inside(variable, levels, first, last).any(axis=0)
        case At(variable, levels, on):
            return inside(variable, levels, on, on).any(axis=0)
        case AnyMove(move, action, first, last):
            return inside(move, (action,), first, last).any(axis=0)
        case CountMove(move, action, at_least, first, last):
            return inside(move, (action,), first, last).sum(axis=0) >= at_least
        case EnteredTerminal(names, by):
            gone = np.isin(where, [game.terminals.index(t) for t in names])
            return gone & (end < parse_period(by) - begin)
        case NoTerminal(names, by):
            return ~on_paths(EnteredTerminal(names, by))
    raise TypeError(event)


def test_exact_answers_agree_with_a_million_simulated_paths() -> None:
    """Within four standard errors, on 20 random questions that are neither certain nor impossible."""
    random = np.random.default_rng(2)
    drawn = [random_event(random, 1 + k % 3) for k in range(40)]
    asked = [(e, p) for e, p in zip(drawn, found(drawn, origin(LOW)), strict=True) if 0.005 < p < 0.995][:20]
    assert len(asked) == 20
    exact = np.array([p for _, p in asked])
    shares = np.array([on_paths(event).mean() for event, _ in asked])
    error = np.sqrt(exact * (1.0 - exact) / MANY)
    assert (np.abs(shares - exact) < 4.0 * error).all(), (shares - exact) / error
