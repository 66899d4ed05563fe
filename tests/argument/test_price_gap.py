"""The price of an end against a game small enough to value by hand."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from tightrope.argument.checks import judge
from tightrope.argument.price_gap import GOING_ON, THE_END, NoPrice, PriceGap, price_gap
from tightrope.argument.quantities import Measured, measure
from tightrope.case.parse import to_expression
from tightrope.case.schema import Case, Quantity
from tightrope.game import Game, compile_game, explain, solve

NUMBERS = {"delta": 0.9, "hazard": 0.02, "rent": 1.0, "storm_cost": 0.7, "office": 0.8, "fear": 0.6,
           "worth": 1.2, "kept": 0.3, "dear": 0.8}  # fmt: skip


def data(**changes: Any) -> dict[str, Any]:
    """Nobody's move matters: calm or storm for ever, and a small chance of a merger each year."""
    return {
        "case": "price", "title": "price", "calendar": {"period": "year", "first": "2000"},
        "players": {
            "big": {"label": "big", "role": "patron", "discount": "delta"},
            "small": {"label": "small", "role": "client", "discount": "delta"},
        },
        "states": {"era": {"label": "era", "levels": ["calm", "storm"]}},
        "terminals": {
            "merged": {"label": "merged",
                       "payoffs": {"big": "worth/(1 - delta)", "small": "kept/(1 - delta)"}},
            "lost": {"label": "lost", "payoffs": {"big": "-act"}},
        },
        "parameters": {n: {"value": v, "fixed": True, "why": "a test"} for n, v in NUMBERS.items()},
        "period": [
            {"move": "act", "player": "big", "actions": ["no", "yes"], "precision": "1"},
            {"pay": "payoffs"},
            {"nature": "end", "exit": {"prob": "hazard"}, "to": {"merged": 1}},
        ],
        "payoffs": {
            "big": {"rent": "rent", "storm": "-storm_cost*(era == storm)"},
            "small": {"office": "office", "fear": "-fear*(era == storm)"},
        },
        "start": {"era": "calm"},
        **changes,
    }  # fmt: skip


@cache
def game() -> Game:
    return compile_game(Case.model_validate(data()))


def priced(rate: str = "1", **values: float) -> PriceGap:
    found = solve(game(), game().theta(values), tolerance=1e-12, branch="direct").require()
    return price_gap(found, explain(found), "merged", rate=rate)


def lifetime(flow: float, end: float, **values: float) -> float:
    """By hand: V = flow + δ((1 - h)V + h·end)."""
    n = NUMBERS | values
    delta, h = n["delta"], n["hazard"]
    return (flow + delta * h * end) / (1 - delta * (1 - h))


@pytest.mark.parametrize("values", [{}, {"worth": 0.5}, {"kept": 1.5, "worth": 0.1}])
def test_most_and_least_are_the_hand_values(values: dict[str, float]) -> None:
    n = NUMBERS | values
    found = priced(**values)
    assert (found.patron, found.client) == ("big", "small")
    for era, storm in (("calm", 0.0), ("storm", 1.0)):
        merged = {"big": n["worth"] / (1 - n["delta"]), "small": n["kept"] / (1 - n["delta"])}
        most = merged["big"] - lifetime(n["rent"] - storm * n["storm_cost"], merged["big"], **values)
        least = lifetime(n["office"] - storm * n["fear"], merged["small"], **values) - merged["small"]
        assert float(found.most.sel(era=era)) == pytest.approx(most, abs=1e-9)
        assert float(found.least.sel(era=era)) == pytest.approx(least, abs=1e-9)
        assert float(found.gap.sel(era=era)) == pytest.approx(least - most, abs=1e-9)
        assert bool(found.at_any_rate.sel(era=era)) == (most <= 0 <= least)


def test_parts_are_the_end_and_what_is_given_up_for_it() -> None:
    n = NUMBERS
    found = priced()
    for era, storm in (("calm", 0.0), ("storm", 1.0)):
        pays, takes = found.pays.sel(era=era), found.takes.sel(era=era)
        end = n["worth"] / (1 - n["delta"])
        assert float(pays.sel(part=THE_END)) == pytest.approx(end, abs=1e-9)
        assert float(pays.sel(part="rent")) == pytest.approx(-lifetime(n["rent"], 0.0), abs=1e-9)
        assert float(pays.sel(part="storm")) == pytest.approx(lifetime(storm * n["storm_cost"], 0), abs=1e-9)
        assert float(pays.sel(part="at merged")) == pytest.approx(-lifetime(0.0, end), abs=1e-9)
        assert float(takes.sel(part=THE_END)) == pytest.approx(-n["kept"] / (1 - n["delta"]), abs=1e-9)
        assert float(takes.sel(part="fear")) == pytest.approx(-lifetime(storm * n["fear"], 0.0), abs=1e-9)


def test_values_alone_give_the_same_price_unsplit() -> None:
    found = solve(game(), tolerance=1e-12, branch="direct").require()
    whole, split = price_gap(found, None, "merged"), price_gap(found, explain(found), "merged")
    assert list(whole.pays["part"].values) == [THE_END, GOING_ON]
    for name in ("most", "least", "gap"):
        np.testing.assert_allclose(getattr(whole, name), getattr(split, name), atol=1e-9)


def test_the_states_in_which_a_price_suits_both_are_named() -> None:
    """Fear makes the client cheap in the storm, where the patron gains most; in the calm it does not sell."""
    found = priced(worth=1.3)
    assert np.array_equal(found.gap > 0, [True, False])
    assert not found.at_any_rate.any()


def test_the_rate_is_what_a_unit_for_the_client_costs_the_patron() -> None:
    plain, dear = priced(), priced("dear")
    assert np.allclose(dear.least, 0.8 * plain.least, atol=1e-12)
    assert np.allclose(dear.most, plain.most, atol=1e-12)
    by_state = priced("1 + (era == storm)")
    assert np.allclose(by_state.least, plain.least * np.array([1.0, 2.0]), atol=1e-12)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"terminal": "mergd"}, "did you mean merged"),
        ({"terminal": "lost"}, "depends on moves"),
        ({"rate": "wroth"}, "did you mean worth"),
        ({"rate": "1 +"}, "the rate"),
        ({"rate": "act"}, "depends on moves"),
        ({"rate": "era"}, "not positive in every state"),
        ({"patron": "bigg"}, "did you mean big"),
    ],
)
def test_a_price_that_cannot_be_asked_for_is_refused(change: dict[str, str], told: str) -> None:
    found = solve(game(), tolerance=1e-12, branch="direct").require()
    asked = {"terminal": "merged"} | change
    with pytest.raises(NoPrice, match=told):
        price_gap(found, explain(found), **asked)


def least(rate: str | None = None, given: str | None = None, **values: float) -> Measured:
    fields = {"price_gap": "merged", "rate": rate, "given": given}
    asked = {"gap": Quantity.model_validate({k: v for k, v in fields.items() if v is not None})}
    found = solve(game(), game().theta(values), tolerance=1e-12, branch="direct").require()
    return measure(found, quantities=asked)


@pytest.mark.parametrize("values", [{}, {"worth": 1.3}, {"kept": 1.5, "worth": 0.1}])
@pytest.mark.parametrize("rate", [None, "dear", "1 + (era == storm)"])
def test_a_quantity_is_the_least_gap_of_the_states_that_are_meant(
    values: dict[str, float], rate: str | None
) -> None:
    by_state = priced(rate or "1", **values).gap
    assert least(rate, **values).values["gap"] == pytest.approx(float(by_state.min()), abs=1e-9)
    for era in ("calm", "storm"):
        there = least(rate, f"era == {era}", **values).values["gap"]
        assert there == pytest.approx(float(by_state.sel(era=era)), abs=1e-9)


def test_a_claim_about_the_gap_fails_where_one_state_has_a_price() -> None:
    """With worth at 1.3 the storm has a price that suits both and the calm has none."""
    verdicts = {}
    for name, given in (("everywhere", None), ("calm", "era == calm"), ("storm", "era == storm")):
        verdicts[name] = judge(to_expression("gap > 0"), least(given=given, worth=1.3)).status
    assert verdicts == {"everywhere": "fails", "calm": "holds", "storm": "fails"}
    assert judge(to_expression("gap > 0"), least(storm_cost=0.0, fear=0.0)).status == "holds"


@pytest.mark.parametrize(
    ("rate", "given", "why"),
    [
        (None, "era == calm and era == storm", "no state has"),
        ("era", None, "not positive in every state"),
        (None, "act == yes", "states only"),
    ],
)
def test_a_gap_without_a_meaning_is_undefined_with_the_reason(
    rate: str | None, given: str | None, why: str
) -> None:
    found = least(rate, given)
    assert np.isnan(found.values["gap"])
    assert why in found.reasons["gap"]


def test_a_worth_that_depends_on_moves_has_no_least_gap() -> None:
    found = solve(game(), tolerance=1e-12, branch="direct").require()
    seen = measure(found, quantities={"gap": Quantity.model_validate({"price_gap": "lost"})})
    assert "depends on moves" in seen.reasons["gap"]


def test_without_a_patron_there_is_no_price_unless_one_is_named() -> None:
    players = {"big": {"label": "big", "discount": "delta"},
               "small": {"label": "small", "role": "client", "discount": "delta"}}  # fmt: skip
    alone = compile_game(Case.model_validate(data(players=players)))
    found = solve(alone, tolerance=1e-12, branch="direct").require()
    with pytest.raises(NoPrice, match="one patron"):
        price_gap(found, explain(found), "merged")
    named = price_gap(found, explain(found), "merged", patron="big")
    assert np.allclose(named.gap, priced().gap, atol=1e-7)
