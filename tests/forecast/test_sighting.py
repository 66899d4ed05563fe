"""An observable as evidence: every history of a small game weighed by hand, and what must add up."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from datetime import date
from functools import cache
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from tests.record.small import Solved, coded, seen_case
from tightrope.case.schema import Case, NatureMove, Observable
from tightrope.forecast.events import All, AnyMove, At, EnteredTerminal, Event, Given, Reaches, Unanswerable
from tightrope.forecast.origin import next_opening
from tightrope.forecast.questions import Question
from tightrope.forecast.sighting import CannotSee, Sighting, chance_of, sight
from tightrope.game.equilibrium import primitives_function, solve, strategies_function
from tightrope.record.filter import prepare
from tightrope.record.likelihood import filter_record

FIRST = "1990Q3"  # after two coded quarters
EVENTS: dict[str, Event] = {
    "climate": At("climate", ("storm",), "1990Q4"),
    "push": AnyMove("push", "press", "1990Q3", "1990Q4"),
    "gone": EnteredTerminal(("gone",), "1991Q1"),
    "rung": Reaches("rung", ("high",), "1990Q4", "1991Q1"),
    "both": All((At("climate", ("calm",), "1990Q3"), EnteredTerminal(("gone",), "1990Q4"))),
}
Point = dict[str, int]
Path = list[tuple[Point, "Point | str"]]


@cache
def case() -> Case:
    """The game seen whole, with an end after the pay-off too, and observables: by states and moves jointly,
    by nothing, and one that is no event."""
    meeting = "-0.4 + a*(push == press)*(climate == storm) - 1.3*(reply == yield)*rung + 0.2*rung"
    observables = {
        "meeting": {"label": "m", "bernoulli": meeting},
        "constant": {"label": "k", "bernoulli": "-0.5"},
        "mood": {"label": "n", "autoregressive": "0.3", "persistence": 0.5, "noise": 0.1},
    }
    leave = {"nature": "leave", "exit": {"hazard": "0.1*(1 + rung)"}, "to": {"gone": "1"}}
    plain = seen_case()
    return plain.model_copy(
        update={
            "period": (*plain.period, NatureMove.model_validate(leave)),
            "observables": {name: Observable.model_validate(noun) for name, noun in observables.items()},
        }
    )


@cache
def solved() -> Solved:
    return Solved(case(), quit=0.25)


def question(name: str, event: Event) -> Question:
    return Question(
        id=name, question="?", event_expression="-", event=event, open_time=date(1990, 7, 1),
        scheduled_resolution_time=date(1990, 12, 31), resolution="open",
    )  # fmt: skip


def evidence() -> Any:
    game = solved().game
    doubtful = {"rung": [[0.5, 0.5, 0], [0.2, 0.5, 0.3]], "climate": [[0.3, 0.7], [0.6, 0.4]]}
    record = coded(game, {**doubtful, "push": [[1, 1], [0.2, 0.8]], "reply": [[1, 1], [1, 1]]}, rows=2)
    return prepare(game, record, solved().numbers, solved().strategies)


def thetas() -> np.ndarray:
    return np.array([solved().game.theta({"quit": 0.25, "a": a}) for a in (0.9, 0.2)])


@cache
def found(observable: str, period: str = "") -> Sighting:
    asked = [question(name, event) for name, event in EVENTS.items()]
    return sight(evidence(), thetas(), observable, asked, period=period)


def paths(world: Solved, opening: Point, left: int) -> Iterator[tuple[float, Path, Point | str]]:
    """Every history of some periods: probability, (state at the opening, moves or None if it ended) each."""
    if not left:
        yield 1.0, [], opening
        return
    for p, middle in world.histories(opening, until=world.final):
        if isinstance(middle, str):
            yield p, [(opening, middle)], middle
            continue
        for q, end in world.histories(middle, item=world.final):
            if isinstance(end, str):
                yield p * q, [(opening, middle)], end
                continue
            state = {s: end[s] for s in world.game.states}
            for r, rest, last in paths(world, state, left - 1):
                yield p * q * r, [(opening, middle), *rest], last


def meeting(middle: Point | str, a: float) -> float:
    """Probability of the observable, by hand; a game that ended before the pay-off is not seen."""
    if isinstance(middle, str):
        return 0.0
    odds = -0.4 + a * (middle["push"] == 1) * (middle["climate"] == 1)
    odds += -1.3 * (middle["reply"] == 0) * middle["rung"] + 0.2 * middle["rung"]
    return 1.0 / (1.0 + math.exp(-odds))


def openings(path: Path, last: Point | str) -> list[Point | None]:
    return [opening for opening, _ in path] + ([last] if isinstance(last, dict) else [None])


def stormy(path: Path, last: Point | str) -> bool:
    second = openings(path, last)[1]
    return second is not None and second["climate"] == 1


HAPPENS: dict[str, Callable[[Path, Point | str], bool]] = {
    "climate": stormy,
    "gone": lambda path, last: isinstance(last, str),
    "rung": lambda path, last: any(o is not None and o["rung"] == 2 for o in openings(path, last)[1:]),
    "both": lambda path, last: path[0][0]["climate"] == 0 and isinstance(last, str) and len(path) == 1,
}  # fmt: skip


@pytest.mark.parametrize(("period", "number"), [("", 0), ("1990Q4", 1)])
def test_every_history_weighed_by_hand_gives_the_same(period: str, number: int) -> None:
    made = found("meeting", period)
    assert made.ids == tuple(EVENTS)
    for draw, theta in enumerate(thetas()):
        world = at(draw)
        game, prepared = world.game, evidence()
        z = solve(game, theta, tolerance=1e-11).require().z
        filtered = filter_record(prepared, theta, z)
        start = next_opening(prepared, filtered, world.numbers, world.strategies)
        a = float(theta[list(game.parameters).index("a")])
        chance, joint, alone = 0.0, dict.fromkeys(HAPPENS, 0.0), dict.fromkeys(HAPPENS, 0.0)
        for index in np.ndindex(*start.shape):
            opening = dict(zip(game.states, map(int, index), strict=True))
            for p, path, last in paths(world, opening, 2) if start[index] else ():
                p *= start[index]
                weight = meeting(path[number][1], a) if number < len(path) else 0.0
                chance += p * weight
                for name, happens in HAPPENS.items():
                    alone[name] += p * happens(path, last)
                    joint[name] += p * weight * happens(path, last)
        assert made.chance[draw] == pytest.approx(chance, abs=1e-9)
        for name in HAPPENS:
            column = made.ids.index(name)
            assert made.before[draw, column] == pytest.approx(alone[name], abs=1e-9), name
            assert made.after[draw, column] == pytest.approx(joint[name] / chance, abs=1e-9), name


@cache
def at(draw: int) -> Solved:
    """The slow twin at a draw's parameters, with the equilibrium that the fast solver finds there."""
    theta = thetas()[draw]
    values = dict(zip(solved().game.parameters, map(float, theta), strict=True))
    world = Solved(case(), **values)
    numbers = primitives_function(world.game)(jnp.asarray(theta))
    z = solve(world.game, theta, tolerance=1e-11).require().z
    world.strategies, _ = strategies_function(world.game, "agent")(jnp.asarray(z), numbers)
    return world


def test_draws_count_by_how_likely_they_made_it() -> None:
    made = found("meeting")
    weights = made.chance / made.chance.sum()
    assert made.weights == pytest.approx(weights)
    assert made.effective == pytest.approx(1 / (weights**2).sum())
    before, after = made.forecasts
    assert before == pytest.approx(made.before.mean(axis=0))
    assert after == pytest.approx(weights @ made.after)
    assert np.abs(after - before).max() > 0.01
    again = Sighting.from_data(made.as_data())
    assert np.array_equal(again.after, made.after)


def test_what_is_as_likely_everywhere_says_only_that_the_game_went_on() -> None:
    """A constant observable rules out an end before the pay-off and nothing else."""
    made = found("constant")
    stay = made.chance * (1 + math.exp(0.5))
    assert (stay < 1.0).all()
    column = made.ids.index("gone")
    # The first period's end before the pay-off is ruled out: P(gone) = (1 - stay) + stay P(gone | seen).
    assert made.before[:, column] == pytest.approx(1 - stay + stay * made.after[:, column], abs=1e-9)


def test_a_condition_is_divided_out_after_the_draws_are_averaged() -> None:
    event, condition = EVENTS["rung"], EVENTS["climate"]
    asked = {"given": Given(event, condition), "both": All((event, condition)), "condition": condition}
    made = sight(evidence(), thetas(), "meeting", [question(n, e) for n, e in asked.items()])
    for given, both, alone in (made.forecasts[0], made.forecasts[1]):
        assert given == pytest.approx(both / alone, abs=1e-12)


def test_what_cannot_be_seen_is_refused() -> None:
    with pytest.raises(CannotSee, match="1990Q2 is in the record, which ends in 1990Q2: 1990Q3"):
        sight(evidence(), thetas(), "meeting", [], period="1990Q2")
    with pytest.raises(CannotSee, match="not an event"):
        chance_of(solved().game, "mood")
    odd = sight(evidence(), thetas()[:1], "meeting", [question("x", Unanswerable("not coded"))])
    assert odd.refused == {"x": "not coded"}
