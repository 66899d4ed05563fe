"""Why a choice is made and what would flip it, against closed forms, brute force and second solves."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import pytest
from tiny import tiny

from tests.game.chase import chase
from tests.game.random_games import random_case
from tests.game.small_games import case, rung, sequential
from tightrope.argument.flips import level_flips, parameter_flips
from tightrope.argument.odds import odds_gradient
from tightrope.argument.reasons import Reason, UnknownPoint, point_at, reason
from tightrope.argument.rulers import Ruler, rulers
from tightrope.case.schema import Case
from tightrope.game import Equilibrium, Explanation, NotCertified, compile_game, explain, solve
from tightrope.game.equilibrium import Convention

SUM = 1e-9


@cache
def offered(tau: float) -> tuple[Equilibrium, Explanation]:
    game = rung()
    found = solve(game, game.theta({"tau": tau}), tolerance=1e-12).require()
    return found, explain(found)


def why_of(tau: float, **given: str) -> Reason:
    return reason(*offered(tau), "reply", given)


@pytest.mark.parametrize("convention", ["agent", "ev1"])
@pytest.mark.parametrize("number", [1, pytest.param(5, marks=pytest.mark.long)])
def test_now_and_later_add_up_to_the_log_odds_at_every_point(number: int, convention: Convention) -> None:
    game = compile_game(random_case(number, together=number == 5))
    found = solve(game, convention=convention, branch="direct", tolerance=1e-12).require()
    split = explain(found)
    seen = 0
    for place in np.ndindex(*game.shape):
        state = {n: game.levels[n][k] for n, k in zip(game.states, place, strict=True)}
        for move in game.moves:
            why = reason(found, split, move, state)
            odds = {a: float(why.probability.sel(action=a)) for a in game.levels[move]}
            for action in (a for a in odds if odds[a] > 0 and a != why.likeliest):
                parts = why.log_odds(why.likeliest, action)
                assert set(parts.dims) == {"part", "when"}
                told = math.log(odds[why.likeliest] / odds[action])
                assert float(parts.sum()) == pytest.approx(told, abs=SUM)
                seen += 1
    assert seen > 5


def test_what_the_options_are_worth_averages_to_the_value_of_the_state() -> None:
    """The period of this game begins with its move, so nothing lies between the state and the choice."""
    found, split = offered(0.7)
    for step in ("low", "high"):
        for offer in ("open", "closed"):
            why = reason(found, split, "reply", {"step": step, "offer": offer})
            mean = float((why.probability * why.worth.sum(("part", "when"))).sum())
            value = float(found.values.sel(player="client", step=step, offer=offer))
            assert mean == pytest.approx(value, abs=SUM)


def test_this_period_and_the_rest_by_hand() -> None:
    """Accepting pays the transfer and this year's flow at once; the rest is flow and end at the high rung."""
    found, _ = offered(0.7)
    theta = dict(zip(found.game.parameters, found.theta, strict=True))
    worth = why_of(0.7, step="low", offer="open").worth
    delta, h = theta["delta"], {"refuse": theta["h0"], "accept": theta["h1"]}
    for action in ("refuse", "accept"):
        here = worth.sel(action=action)
        survives = delta * (1 - h[action])
        end = theta["share"] / (1 - delta)
        expected = {
            ("flow", "now"): 1.0,
            ("flow", "later"): survives / (1 - survives),
            ("transfer", "now"): 0.7 * (action == "accept"),
            ("transfer", "later"): 0.0,
            ("at merged", "now"): 0.0,
            ("at merged", "later"): delta * h[action] * end / (1 - survives),
        }
        for (part, when), value in expected.items():
            assert float(here.sel(part=part, when=when)) == pytest.approx(value, abs=SUM), (part, when)


def test_a_later_answer_of_this_period_counts_as_now() -> None:
    """The row player's payoff now is what the column player's answer makes of it, by hand."""
    game = sequential()
    values = {"a00": 1.0, "a01": -2.0, "a10": 0.5, "a11": 3.0, "b00": 0.3, "b01": 0.9, "b10": 1.4, "b11": 0.2,
              "delta": 0.8, "lam_column": 1.3}  # fmt: skip
    found = solve(game, game.theta(values), tolerance=1e-12).require()
    why = reason(found, explain(found), "row", {"dummy": "one"})
    now = {}
    for r, action in enumerate(("up", "down")):
        b = np.array([values[f"b{r}{c}"] for c in (0, 1)])
        answer = np.exp(1.3 * b) / np.exp(1.3 * b).sum()
        now[action] = float(answer @ np.array([values[f"a{r}{c}"] for c in (0, 1)]))
        got = float(why.worth.sel(action=action, when="now").sum())
        assert got == pytest.approx(now[action], abs=SUM)
    share = 1 / (1 + math.exp(now["down"] - now["up"]))
    ahead = 0.8 * (share * now["up"] + (1 - share) * now["down"]) / (1 - 0.8)
    for action in ("up", "down"):
        assert float(why.worth.sel(action=action, when="later").sum()) == pytest.approx(ahead, abs=1e-8)


def test_earlier_moves_are_taken_at_their_likeliest_unless_given() -> None:
    game = sequential()
    found = solve(game, game.theta({"a10": 2.0}))
    assert point_at(found, "column", {}) == {"dummy": "one", "row": "down"}
    assert point_at(found, "column", {"row": "up", "dummy": "two"}) == {"dummy": "two", "row": "up"}
    assert point_at(found, "row", {"column": "left"}) == {"dummy": "one"}


@pytest.mark.parametrize(
    ("given", "told"),
    [({"stpe": "low"}, "step"), ({"step": "lo"}, "low"), ({"offer": "opne"}, "open")],
)
def test_an_unknown_state_is_refused_with_a_near_match(given: dict[str, str], told: str) -> None:
    with pytest.raises(UnknownPoint, match=f"did you mean {told}"):
        reason(*offered(0.7), "reply", given)


def test_closed_and_unknown_actions_and_moves_are_refused() -> None:
    with pytest.raises(UnknownPoint, match="cannot be accept here"):
        why_of(0.7, offer="closed").log_odds("refuse", "accept")
    with pytest.raises(UnknownPoint, match="did you mean accept"):
        why_of(0.7).log_odds("refuse", "acept")
    with pytest.raises(UnknownPoint, match="did you mean reply"):
        reason(*offered(0.7), "replay", {})


def test_the_slope_of_the_odds_is_that_of_solving_again() -> None:
    game, move = compile_game(tiny()), "ask"
    found = solve(game, branch="direct", tolerance=1e-12).require()
    why = reason(found, explain(found), move, {"mood": "good"})
    rival = why.runner_up
    slope = odds_gradient(found, move, why.point, why.likeliest, rival)
    assert np.sum(np.abs(slope) > 1e-3) >= 3
    for place in np.argsort(-np.abs(slope))[:3]:
        h, odds = 1e-5, []
        for sign in (1, -1):
            theta = found.theta.copy()
            theta[place] += sign * h
            there = solve(game, theta, warm=found.z, tolerance=1e-12).require()
            table = there.strategies[move]
            table = table.sel({str(n): why.point[str(n)] for n in table.dims if n != move})
            odds.append(math.log(float(table.sel({move: why.likeliest}) / table.sel({move: rival}))))
        assert (odds[0] - odds[1]) / (2 * h) == pytest.approx(slope[place], rel=1e-5, abs=1e-7)


def straight(parameter: str, here: float, low: float, high: float, *, sd: float = 1.0) -> Ruler:
    """A ruler on which one unit is `sd` of the parameter."""
    return Ruler(parameter, here / sd, low / sd, high / sd, lambda u: u * sd)


def test_the_transfer_that_buys_the_step_is_the_closed_form() -> None:
    """By hand: accepting costs the fall in the value of staying, so the offer is even at that price."""
    found, _ = offered(0.0)
    theta = dict(zip(found.game.parameters, found.theta, strict=True))

    def stays(h: float) -> float:
        delta = theta["delta"]
        return float((1 + delta * h * theta["share"] / (1 - delta)) / (1 - delta * (1 - h)))

    price = stays(theta["h0"]) - stays(theta["h1"])
    assert price == pytest.approx(2.8186546, abs=1e-6)
    why = why_of(0.0, step="low", offer="open")
    searched = parameter_flips(found, why, [straight("tau", 0.0, -5.0, 5.0)])
    (flip,) = searched.flips
    assert (flip.parameter, flip.to, flip.confirmed, flip.jump) == ("tau", "accept", True, False)
    assert flip.value == pytest.approx(price, abs=1e-5)
    assert flip.distance == pytest.approx(price, abs=1e-5)
    before, after = flip.sides
    for side, taken in ((before, "refuse"), (after, "accept")):
        assert side.likeliest == taken
        assert side.certificate.good
        again = solve(found.game, found.game.theta({"tau": side.value})).strategies["reply"]
        chance = float(again.sel(step="low", offer="open", reply="accept"))
        assert chance == pytest.approx(side.probabilities["accept"], abs=1e-9)
        assert (chance > 0.5) == (taken == "accept")


def test_parameters_are_ranked_by_the_sds_that_they_must_move() -> None:
    """One unit of `tau` an sd, or a tenth of one: the same crossing is ten times as far."""
    found, _ = offered(2.0)
    why = why_of(2.0, step="low", offer="open")
    measures = [straight("tau", 2.0, -5.0, 5.0, sd=0.1), straight("h1", 0.05, 0.0, 0.2, sd=0.01)]
    searched = parameter_flips(found, why, measures)
    assert [flip.parameter for flip in searched.flips] == ["h1", "tau"]
    by_name = {flip.parameter: flip for flip in searched.flips}
    assert by_name["tau"].distance == pytest.approx((2.8186546 - 2.0) / 0.1, abs=1e-4)
    nearest = parameter_flips(found, why, measures, most=1)
    assert [flip.parameter for flip in nearest.flips] == ["h1"]
    fewer = parameter_flips(found, why, measures, tries=1)
    assert (fewer.tried, fewer.untried) == (("h1",), ("tau",))


def test_nothing_flips_where_the_way_is_too_short() -> None:
    found, _ = offered(0.0)
    why = why_of(0.0, step="low", offer="open")
    searched = parameter_flips(found, why, [straight("tau", 0.0, -1.0, 1.0)])
    assert (searched.flips, searched.tried, searched.lost) == ((), ("tau",), ())


def test_the_likeliest_action_cannot_be_what_it_stands_against() -> None:
    found, _ = offered(0.0)
    with pytest.raises(ValueError, match="already"):
        parameter_flips(found, why_of(0.0), [straight("tau", 0.0, -1.0, 1.0)], against="refuse")


def test_a_parameter_on_whose_way_nothing_is_certified_is_told() -> None:
    """Beyond a thousandth the parameter is no number, so that no solve there has a certificate."""
    found, _ = offered(0.0)
    why = why_of(0.0, step="low", offer="open")
    broken = Ruler("tau", 0.0, -5.0, 5.0, lambda u: u if u < 1e-3 else float("nan"))
    searched = parameter_flips(found, why, [broken])
    assert (searched.flips, searched.lost) == ((), ("tau",))


def test_levels_that_flip_are_those_of_a_search_through_the_table() -> None:
    game = compile_game(tiny())
    found = solve(game, branch="direct").require()
    split = explain(found)
    hits = 0
    for place in np.ndindex(*game.shape):
        state = {n: game.levels[n][k] for n, k in zip(game.states, place, strict=True)}
        for move in game.moves:
            why = reason(found, split, move, state)
            table = found.strategies[move]
            for flip in level_flips(found, why):
                other = {}
                for level in game.levels[flip.variable]:
                    there = {**why.point, flip.variable: level}
                    row = table.sel({str(n): there[str(n)] for n in table.dims if n != move})
                    best = str(row[move].values[int(np.argmax(row.values))])
                    if best != why.likeliest:
                        other[level] = best
                if flip.level is None:
                    assert not other
                    continue
                hits += 1
                assert other[flip.level] == flip.to
                levels = game.levels[flip.variable]
                here = levels.index(flip.now)
                assert abs(levels.index(flip.level) - here) == min(abs(levels.index(x) - here) for x in other)
    assert hits > 0


def test_rulers_measure_in_prior_sds() -> None:
    free = {"value": 2.0, "why": "a test", "prior": {"argument": "normal(mean=2, sd=1)",
                                                     "agnostic": "normal(mean=1, sd=0.5)"}}  # fmt: skip
    data: dict[str, Any] = case(
        "ruled",
        states={"dummy": ["one", "two"]},
        parameters={"lam": 1.0, "delta": 0.0},
        period=[{"move": "act", "player": "one", "actions": ["no", "yes"], "precision": "lam"}],
        payoffs={"one": {"gain": "act"}},
    ).model_dump(mode="json", exclude_none=True)
    ruled = Case.model_validate(
        {
            "case": "ruled", "title": "ruled", "calendar": data["calendar"],
            "players": {"one": {"label": "one", "discount": "delta"}},
            "states": {"dummy": {"label": "d", "levels": ["one", "two"]}},
            "parameters": {"gain": free, "delta": {"value": 0.0, "fixed": True, "why": "a test"}},
            "period": [{"move": "act", "player": "one", "actions": ["no", "yes"], "precision": "1"}],
            "payoffs": {"one": {"gain": "gain*act"}}, "start": {"dummy": "one"},
        }
    )  # fmt: skip
    (ruler,) = rulers(ruled, np.array([2.0, 0.0]), prior_class="agnostic", far=3.0)
    assert (ruler.parameter, ruler.here) == ("gain", pytest.approx(2.0))
    assert (ruler.low, ruler.high) == (pytest.approx(-1.0), pytest.approx(5.0))
    assert ruler.value(0.0) == pytest.approx(1.0)


def test_nothing_is_explained_without_a_certificate() -> None:
    lost = solve(chase(), chase().theta({"bias": float("nan")}), branch="direct")
    with pytest.raises(NotCertified):
        reason(lost, Explanation({}, {}, {}, {}), chase().moves[0], {})
