"""Quantities against enumeration of every path of a tiny game."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from tiny import close, periods, solved, starts, tiny

from tightrope.argument.quantities import measure
from tightrope.case.schema import Quantity
from tightrope.game import Certificate, Equilibrium, NotCertified

RECORD = np.array([[0.1, 0.2], [0.3, 0.15], [0.05, 0.2]])


@pytest.fixture(scope="module")
def equilibrium() -> Equilibrium:
    return solved(tiny())


def value(equilibrium: Equilibrium, **fields: Any) -> float:
    measured = measure(
        equilibrium, over={"record": RECORD}, quantities={"q": Quantity.model_validate(fields)}
    )
    assert "q" not in measured.reasons, measured.reasons
    return measured.values["q"]


def test_probability_and_condition(equilibrium: Equilibrium) -> None:
    both = asked = 0.0
    for start, weight in starts(RECORD):
        for p, (rung, mood), ask, reply, _ in periods(equilibrium, start):
            asked += weight * p * (ask == 1 and mood == 0)
            both += weight * p * (ask == 1 and mood == 0 and reply == 1 and rung > 0)
    assert close(value(equilibrium, probability="harsh"), asked)
    assert close(value(equilibrium, probability="agrees and rung > low", given="harsh"), both / asked)


def test_expectation_may_mention_parameters(equilibrium: Equilibrium) -> None:
    expected = 0.0
    for start, weight in starts(RECORD):
        for p, (rung, mood), ask, _, _ in periods(equilibrium, start):
            expected += weight * p * (0.6 * rung + mood * ask)
    assert close(value(equilibrium, expectation="gain*rung + mood*ask"), expected)


def test_set_moves_all_mass_to_a_level_and_given_only_conditions(equilibrium: Equilibrium) -> None:
    top = np.zeros_like(RECORD)
    top[2] = RECORD.sum(axis=0)
    put = sum(w * p * (a == 1) for start, w in starts(top) for p, _, a, _, _ in periods(equilibrium, start))
    seen = sum(
        w * p * (a == 1)
        for start, w in starts(RECORD)
        for p, (rung, _), a, _, _ in periods(equilibrium, start)
        if rung == 2
    )
    assert close(value(equilibrium, probability="ask == yes", set={"rung": "top"}), put)
    assert close(value(equilibrium, probability="ask == yes", given="rung == top"), seen / RECORD[2].sum())
    assert abs(put - seen / RECORD[2].sum()) > 1e-6


def test_do_forces_a_move_in_every_period_looked_at(equilibrium: Equilibrium) -> None:
    later = np.zeros_like(RECORD)
    for start, weight in starts(RECORD):
        for p, _, _, _, to in periods(equilibrium, start, ask=1):
            if to is not None:
                later[to] += weight * p
    alive = later.sum()
    gave = sum(
        w * p * (r == 1) for start, w in starts(later) for p, _, _, r, _ in periods(equilibrium, start, ask=1)
    )
    assert close(value(equilibrium, probability="agrees", do={"ask": "yes"}, after=1), gave / alive)
    assert close(value(equilibrium, probability="ask == yes", do={"ask": "yes"}), 1.0)


@pytest.mark.parametrize("given", [None, "harsh", "reply == refuse"])
def test_rises_counts_an_end_as_its_terminal_says(equilibrium: Equilibrium, given: str | None) -> None:
    risen = whole = 0.0
    for start, weight in starts(RECORD):
        for p, (_, mood), ask, reply, to in periods(equilibrium, start):
            if given == "harsh" and not (ask == 1 and mood == 0):
                continue
            if given == "reply == refuse" and reply != 0:
                continue
            whole += weight * p
            risen += weight * p * ((2 if to is None else to[0]) > start[0])
    fields: dict[str, Any] = {"rises": "rung"} | ({} if given is None else {"given": given})
    assert close(value(equilibrium, **fields), risen / whole)


def reached(
    equilibrium: Equilibrium, start: tuple[int, int], left: int, condition: Any, ended: bool
) -> float:
    if condition(start):
        return 1.0
    if left == 0:
        return 0.0
    total = 0.0
    for p, _, _, _, to in periods(equilibrium, start):
        if to is None:
            total += p * ended
        else:
            total += p * reached(equilibrium, to, left - 1, condition, ended)
    return total


@pytest.mark.parametrize(
    ("text", "condition", "ended"),
    [
        ("rung == top", lambda s: s[0] == 2, True),
        ("gone", lambda s: False, True),
        ("mood == good and rung > low", lambda s: s[1] == 1 and s[0] > 0, False),
        ("not gone and rung == top", lambda s: s[0] == 2, False),
        ("mood == good or gone", lambda s: s[1] == 1, True),
    ],
)
def test_reaches_is_the_exact_hitting_probability(
    equilibrium: Equilibrium, text: str, condition: Any, ended: bool
) -> None:
    for within in (1, 3):
        expected = sum(w * reached(equilibrium, s, within, condition, ended) for s, w in starts(RECORD))
        assert close(value(equilibrium, reaches=text, within=within), expected)


def test_reaches_remembers_what_ended_before(equilibrium: Equilibrium) -> None:
    whole = value(equilibrium, reaches="gone", within=3)
    assert close(value(equilibrium, reaches="gone", within=2, after=1), whole)


def test_values_and_terminals(equilibrium: Equilibrium) -> None:
    table = equilibrium.values.sel(player="patron").values
    assert close(value(equilibrium, value="patron"), float((RECORD * table).sum()))
    gone = 0.5 + np.arange(2)[None, :]
    assert close(
        value(equilibrium, value="patron", minus_terminal="gone"), float((RECORD * (table - gone)).sum())
    )
    assert close(value(equilibrium, value="client", given="rung == top"), float(
        (RECORD[2] * equilibrium.values.sel(player="client").values[2]).sum() / RECORD[2].sum()
    ))  # fmt: skip


def test_start_comes_from_the_case(equilibrium: Equilibrium) -> None:
    start = np.outer([0.7, 0.3, 0.0], [0.4, 0.6])
    expected = sum(w * p * (r == 1) for s, w in starts(start) for p, _, _, r, _ in periods(equilibrium, s))
    assert close(value(equilibrium, probability="agrees", over="start"), expected)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"probability": "agrees", "given": "rung == top and rung == low"}, "has probability"),
        ({"probability": "agrees", "over": "end"}, "no distribution"),
        ({"value": "patron", "do": {"ask": "yes"}}, "forced moves"),
        ({"reaches": "gone", "within": "3", "given": "agrees"}, "states only"),
    ],
)
def test_undefined_is_nan_with_a_reason(equilibrium: Equilibrium, fields: dict[str, Any], why: str) -> None:
    asked = {"q": Quantity.model_validate(fields)}
    measured = measure(equilibrium, over={"record": RECORD}, quantities=asked)
    assert math.isnan(measured.values["q"])
    assert why in measured.reasons["q"]


def test_without_a_certificate_nothing_is_measured(equilibrium: Equilibrium) -> None:
    from dataclasses import replace

    bad = Certificate("cycling", 1.0, 1.0, 1e-9, 5, "test")
    with pytest.raises(NotCertified):
        measure(replace(equilibrium, certificate=bad), over={"record": RECORD}, quantities={})
