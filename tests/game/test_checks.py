"""Faults in numbers, each planted in a small case; and the reference case, which has none."""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tightrope.case.load import load_case
from tightrope.case.schema import Case
from tightrope.fit.priors import draw, full_theta, prior_set
from tightrope.game import compile_game
from tightrope.game.checks import NumberChecks, NumberFault, check_numbers

REFERENCE = Path(__file__).parents[2] / "cases" / "russia-belarus"


def case_with(change: Any = None) -> Case:
    """A sound case in one parameter x; `change` plants a fault in its data."""
    data: dict[str, Any] = {
        "case": "numbers", "title": "Numbers", "calendar": {"period": "year", "first": "2000"},
        "players": {"one": {"label": "One", "discount": "0.9"}, "two": {"label": "Two", "discount": "0.8"}},
        "states": {"rung": {"label": "r", "levels": ["low", "mid", "high"], "direction": "up"},
                   "mood": {"label": "m", "levels": ["calm", "storm"]}},
        "terminals": {"gone": {"label": "g", "payoffs": {"one": "-x"}},
                      "joined": {"label": "j", "payoffs": {"two": "x"}}},
        "parameters": {"x": {"value": 0.5, "fixed": True, "why": "a test"}},
        "period": [
            {"move": "push", "player": "one", "actions": ["wait", "press"], "precision": "1 + x"},
            {"pay": "payoffs"},
            {"nature": "rise", "changes": "rung", "steps": {"up": {"hazard": "0.1*x*(push == press)"}}},
            {"nature": "turn", "changes": "mood", "weights": {"calm": "1", "storm": "x"},
             "viewpoints": {"two": {"weights": {"calm": "x", "storm": "1"}}}},
            {"nature": "leave", "exit": {"prob": "0.5*x"}, "to": {"gone": "x", "joined": "1"}},
        ],
        "payoffs": {"one": {"rent": "x*rung - push"}, "two": {"own": "log(1 + x)"}},
        "start": {"rung": "low", "mood": "calm"},
    }  # fmt: skip
    if change:
        change(data)
    return Case.model_validate(data)


def looked_at(change: Any = None, *, xs: tuple[float, ...] = (0.25, 0.5, 1.0, 2.0)) -> NumberChecks:
    return check_numbers(compile_game(case_with(change)), np.array(xs)[:, None])


def only(found: NumberChecks) -> NumberFault:
    assert len(found.faults) == 1, found.faults
    return found.faults[0]


def put(place: int, **fields: Any) -> Any:
    """Replace fields of one item of the period."""
    return lambda data: data["period"][place].update(fields)


def test_a_sound_case_has_no_faults_and_its_ranges() -> None:
    found = looked_at()
    assert found.faults == ()
    assert found.draws == 4
    assert found.payoff_ranges == {
        ("one", "rent"): (-1.0, 4.0),
        ("two", "own"): pytest.approx((math.log(1.25), math.log(3.0))),
    }


@pytest.mark.parametrize(
    ("change", "where", "word", "worst", "draws"),
    [
        (put(4, exit={"prob": "x"}), ("period", 4, "exit", "prob"), "probability", 2.0, 1),
        (put(4, exit={"prob": "0.3 - x"}), ("period", 4, "exit", "prob"), "probability", -1.7, 3),
        (put(2, steps={"up": {"hazard": "x - 0.3"}}),
         ("period", 2, "steps", "up", "hazard"), "rate", -0.05, 1),
        (put(3, weights={"calm": "x - 1", "storm": "1"}),
         ("period", 3, "weights", "calm"), "weight", -0.75, 2),
        (put(4, to={"gone": "x - 1", "joined": "3"}), ("period", 4, "to", "gone"), "weight", -0.75, 2),
        (put(0, precision="x - 0.5"), ("period", 0, "precision"), "precision", -0.25, 2),
        (put(0, available={"wait": "x > 0.3", "press": "rung > low and x > 0.3"}),
         ("period", 0, "available"), "no action", 0.0, 1),
        (put(2, steps=None, weights={"low": "1", "mid": "1", "high": "1"}),
         ("period", 2), "never to fall", 2 / 3 / 2, 4),
        (put(3, weights=None, steps={"down": {"prob": "0.8"}, "up": {"prob": "x/2"}}), None, "", 0.0, 0),
    ],
)  # fmt: skip
def test_each_fault_is_named_where_it_stands(
    change: Any, where: Any, word: str, worst: float, draws: int
) -> None:
    found = looked_at(change)
    if where is None:  # two levels: down and up never apply in the same state
        assert found.faults == ()
        return
    fault = only(found)
    assert fault.where == where
    assert word in fault.what
    assert fault.worst == pytest.approx(worst)
    assert fault.draws == draws
    assert fault.name


def test_raw_steps_that_leave_no_room_to_stay() -> None:
    def change(data: dict[str, Any]) -> None:
        del data["states"]["rung"]["direction"]
        data["period"][2]["steps"] = {"down": {"prob": "0.8"}, "up": {"prob": "x/2"}}

    fault = only(looked_at(change))
    assert fault.where == ("period", 2)
    assert "level" in fault.what
    assert fault.worst == pytest.approx(-0.8)
    assert fault.draws == 3


def test_weights_that_are_all_zero() -> None:
    nothing = only(looked_at(put(3, weights={"calm": "max(x - 1, 0)", "storm": "0"}), xs=(0.5, 2.0)))
    assert nothing.where == ("period", 3)
    assert "all zero" in nothing.what
    assert math.isnan(nothing.worst)
    assert nothing.draws == 1
    view = {"two": {"weights": {"calm": "0", "storm": "0"}}}
    seen = only(looked_at(put(3, viewpoints=view)))
    assert seen.where == ("period", 3, "viewpoints", "two")
    assert "two" in seen.name
    shares = only(looked_at(put(4, to={"gone": "0", "joined": "(mood == storm)"})))
    assert shares.where == ("period", 4, "to")
    assert "terminals" in shares.what


@pytest.mark.parametrize(
    ("path", "text", "word"),
    [
        (("payoffs", "two", "own"), "log(x - 0.5)", "payoff"),
        (("payoffs", "one", "rent"), "exp(1000*x)", "payoff"),
        (("terminals", "gone", "payoffs", "one"), "1/(x - 0.5)", "terminal"),
        (("players", "one", "discount"), "x", "discount"),
    ],
)
def test_numbers_that_are_none_and_discounts(path: tuple[str, ...], text: str, word: str) -> None:
    def change(data: dict[str, Any]) -> None:
        for key in path[:-1]:
            data = data[key]
        data[path[-1]] = text

    fault = only(looked_at(change))
    assert fault.where == path
    assert word in fault.what
    assert not 0 <= fault.worst < 1


def test_a_discount_factor_of_one_is_a_fault() -> None:
    fault = only(looked_at(lambda data: data["players"]["one"].update(discount="min(x, 1)"), xs=(0.5, 1.0)))
    assert fault.worst == 1.0
    assert fault.draws == 1


def test_draws_of_the_wrong_shape_are_refused() -> None:
    game = compile_game(case_with())
    for wrong in (np.zeros(1), np.zeros((3, 2)), np.zeros((0, 1))):
        with pytest.raises(ValueError, match="shape"):
            check_numbers(game, wrong)


@cache
def reference_draws() -> tuple[Case, np.ndarray]:
    case = load_case(REFERENCE).case
    rows = []
    for prior_class in ("argument", "agnostic"):
        priors = prior_set(case, prior_class)
        rows += [full_theta(case, priors, row) for row in draw(priors, size=500, seed=3)]
    return case, np.array(rows)


@pytest.mark.long
def test_the_reference_case_is_clean_at_a_thousand_draws() -> None:
    case, thetas = reference_draws()
    found = check_numbers(compile_game(case), thetas)
    assert found.draws == 1000
    assert found.faults == ()
    assert set(found.payoff_ranges) == {(p, t) for p, terms in case.payoffs.items() for t in terms}
    assert all(low <= high for low, high in found.payoff_ranges.values())
