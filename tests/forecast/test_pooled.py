"""Pooled forecasts of dated questions: whose weights, which horizon, the pool and floor by hand."""

from __future__ import annotations

import doctest

import numpy as np
import pytest

from tightrope.forecast import pooled as module
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
)
from tightrope.forecast.pooled import Cell, Weights, kind_of, periods_ahead, pooled, weights_for

KNOWN = "2025Q2"
SPAN = {"first": "2025Q3", "last": "2026Q2"}
REACHES, ASKS = Reaches("union", ("market",), **SPAN), AnyMove("russia", "aid", **SPAN)
MERGED = EnteredTerminal(("merged",), "2031Q3")


def weights(*values: float) -> Weights:
    return Weights(np.array(values), 7)


LEARNED = {
    Cell("states", 1, 2): weights(0.9, 0.1),
    Cell("states", 4, 2): weights(0.8, 0.2),
    Cell("moves", 20, 2): weights(0.3, 0.7),
    Cell("ends", 20, 2): weights(0.5, 0.5),
    Cell("ends", 8, 3): weights(0.1, 0.2, 0.7),
    Cell("ends", 20, 3): weights(0.2, 0.3, 0.5),
}


def test_doctests() -> None:
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(
    ("event", "kind", "ahead"),
    [
        (REACHES, "states", 4),
        (At("union", ("market",), "2025Q3"), "states", 1),
        (ASKS, "moves", 4),
        (CountMove("russia", "aid", 2, **SPAN), "moves", 4),
        (MERGED, "ends", 24),
        (NoTerminal(("merged",), "2026Q1"), "ends", 2),
        (Given(Not(REACHES), At("west", ("open",), "2027Q2")), "states", 8),
        (All((REACHES, ASKS)), "", 4),
    ],
)
def test_a_question_has_a_kind_and_a_distance(event: Event, kind: str, ahead: int) -> None:
    assert kind_of(event) == kind
    assert periods_ahead(event, known=KNOWN) == ahead


def test_weights_are_those_of_its_kind_at_the_nearest_horizon_by_ratio() -> None:
    def cell(event: Event, members: int) -> Cell | None:
        return weights_for(LEARNED, event, known=KNOWN, members=members)[0]

    assert cell(REACHES, 2) == Cell("states", 4, 2)
    assert cell(Reaches("union", ("market",), "2025Q3", "2025Q4"), 2) == Cell("states", 1, 2)  # level: nearer
    assert cell(ASKS, 2) == Cell("moves", 20, 2)
    assert cell(MERGED, 3) == Cell("ends", 20, 3)
    assert cell(EnteredTerminal(("merged",), "2028Q3"), 3) == Cell("ends", 8, 3)  # 12 ahead
    assert cell(EnteredTerminal(("merged",), "2028Q4"), 3) == Cell("ends", 20, 3)
    for event, members in ((All((REACHES, ASKS)), 2), (REACHES, 3)):
        found, equal = weights_for(LEARNED, event, known=KNOWN, members=members)
        assert (found, equal.resolved) == (None, 0)
        assert equal.weights == pytest.approx(np.full(members, 1 / members))


def test_pool_and_floor_by_hand() -> None:
    found = pooled(MERGED, game=0.04, chain=0.02, reference=0.004, learned=LEARNED, known=KNOWN, epsilon=0.1)
    yes = 0.04**0.2 * 0.02**0.3 * 0.004**0.5
    no = 0.96**0.2 * 0.98**0.3 * 0.996**0.5
    assert found.bare == pytest.approx(yes / (yes + no), abs=1e-14)
    assert found.probability == pytest.approx(0.9 * found.bare + 0.1 * 0.004, abs=1e-14)
    assert (found.kind, found.horizon, found.resolved) == ("ends", 20, 7)
    assert found.weights["reference class"] == 0.5
    two = pooled(REACHES, game=0.5, chain=0.1, reference=None, learned={}, known=KNOWN, epsilon=0.1)
    odds = np.sqrt(1.0 * (0.1 / 0.9))
    assert two.bare == pytest.approx(odds / (1 + odds), abs=1e-14)
    assert two.probability == pytest.approx(0.9 * two.bare + 0.1 * 0.1, abs=1e-14)
    assert (two.kind, two.horizon) == ("", 0)


def test_an_event_and_its_opposite_add_up_to_one() -> None:
    yes = pooled(MERGED, game=0.04, chain=0.02, reference=0.004, learned=LEARNED, known=KNOWN, epsilon=0.1)
    no = pooled(
        NoTerminal(("merged",), "2031Q3"), game=0.96, chain=0.98, reference=0.996, learned=LEARNED,
        known=KNOWN, epsilon=0.1,
    )  # fmt: skip
    assert yes.probability + no.probability == pytest.approx(1.0, abs=1e-14)
