"""Sites name every expression of a case, each with what it may see."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from pydantic import BaseModel

from tests.case.strategies import Data, cases, rendered
from tightrope.case.load import case_from_source, load_case
from tightrope.case.marks import Where
from tightrope.case.parse import Expression
from tightrope.case.schema import Case
from tightrope.case.sites import sites
from tightrope.case.source import source_from_bytes

ROOT = Path(__file__).parents[2]


def expressions_in(value: Any, where: Where = ()) -> dict[Where, str]:
    """Every expression below a noun, found by walking the nouns themselves."""
    if isinstance(value, Expression):
        return {where: value.text}
    if isinstance(value, BaseModel):
        items: Any = [(name, getattr(value, name)) for name in type(value).model_fields]
    elif isinstance(value, dict):
        items = value.items()
    elif isinstance(value, tuple):
        items = enumerate(value)
    else:
        return {}
    return {path: text for key, inner in items for path, text in expressions_in(inner, (*where, key)).items()}


def check(case: Case) -> None:
    aside = ("claims", "pictures")  # read by no game
    expected = {where: text for where, text in expressions_in(case).items() if where[0] not in aside}
    assert {site.where: site.expression.text for site in sites(case)} == expected


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(data=cases())
def test_no_expression_is_left_out(data: Data) -> None:
    check(case_from_source(source_from_bytes(rendered(data)[0].encode())))


def test_no_expression_of_the_reference_case_is_left_out() -> None:
    check(load_case(ROOT / "cases" / "russia-belarus").case)


def test_moves_see_what_was_made_before_them_and_nothing_of_the_same_moment() -> None:
    text = """
case: seen
title: t
calendar: {period: year, first: 2000}
players: {a: {label: a, discount: 0.9}, b: {label: b, discount: 0.9}}
states: {x: {label: x, levels: [low, high]}}
period:
  - {move: first, player: a, actions: [go, stay], precision: 1}
  - together:
      - {move: left, player: a, actions: [go, stay], precision: 1, available: {go: 1}}
      - {move: right, player: b, actions: [go, stay], precision: 1}
  - pay: payoffs
  - {nature: n, changes: x, steps: {up: {prob: 0.1}}}
  - {move: last, player: b, actions: [go, stay], precision: 1}
payoffs: {a: {t: 1}, b: {t: 1}}
start: {x: low}
"""
    case = case_from_source(source_from_bytes(text.encode()))
    seen = {site.where: site.moves for site in sites(case)}
    assert seen[("period", 0, "precision")] == frozenset()
    for where in [(0, "precision"), (0, "available", "go"), (1, "precision")]:
        assert seen["period", 1, "together", *where] == {"first"}
    assert seen[("period", 3, "steps", "up", "prob")] == {"first", "left", "right"}
    assert seen[("period", 4, "precision")] == {"first", "left", "right"}
    assert seen[("payoffs", "a", "t")] == {"first", "left", "right"}
