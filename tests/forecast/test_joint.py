"""Joined events under independent chains, against an enumeration of all their paths."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tightrope.forecast import chains, joint
from tightrope.forecast.chains import Chain
from tightrope.forecast.events import (
    All,
    AnyMove,
    At,
    CountMove,
    Given,
    Not,
    NoTerminal,
    Reaches,
    Some,
)

KNOWN, PERIODS = "2001", 3
CHAINS = {
    "rung": Chain(("low", "high"), np.array([[0.7, 0.3], [0.1, 0.9]]), np.array([0.8, 0.2])),
    "act": Chain(
        ("wait", "press", "hit"), np.array([[0.5, 0.3, 0.2], [0.6, 0.2, 0.2], [0.1, 0.1, 0.8]]), np.eye(3)[1]
    ),
}
HIGH = Reaches("rung", ("high",), "2002", "2004")
CALM = At("rung", ("low",), "2003")
PRESS = AnyMove("act", "press", "2002", "2003")
TWICE = CountMove("act", "hit", 2, "2002", "2004")
EVENTS = [
    All((HIGH, Not(PRESS))),
    Some((TWICE, All((CALM, PRESS)))),
    Not(Some((HIGH, TWICE))),
    All((HIGH, CALM)),
    All((TWICE, Not(CountMove("act", "hit", 3, "2002", "2004")))),
]


def holds(event, path):
    def at(name, period):
        return path[name][int(period) - 2002]

    def count(e):
        years = range(int(e.first), int(e.last) + 1)
        return sum(at(e.move, year) == e.action for year in years)

    match event:
        case Not(part):
            return not holds(part, path)
        case All(parts):
            return all(holds(part, path) for part in parts)
        case Some(parts):
            return any(holds(part, path) for part in parts)
        case Reaches(variable, levels, first, last):
            return any(at(variable, y) in levels for y in range(int(first), int(last) + 1))
        case At(variable, levels, on):
            return at(variable, on) in levels
        case AnyMove():
            return count(event) >= 1
        case CountMove():
            return count(event) >= event.at_least
    raise TypeError(event)


def enumerate_paths(event):
    def paths(chain):
        for levels in itertools.product(range(len(chain.levels)), repeat=PERIODS + 1):
            p = chain.now[levels[0]]
            for a, b in itertools.pairwise(levels):
                p *= chain.transition[a, b]
            yield p, [chain.levels[k] for k in levels[1:]]

    total = 0.0
    for (p, rungs), (q, acts) in itertools.product(paths(CHAINS["rung"]), paths(CHAINS["act"])):
        total += p * q * holds(event, {"rung": rungs, "act": acts})
    return total


@pytest.mark.parametrize("event", EVENTS, ids=str)
def test_joined_events_have_their_enumerated_probability(event):
    assert joint.probability(CHAINS, event, known=KNOWN) == pytest.approx(enumerate_paths(event), abs=1e-13)


def test_a_condition_is_a_ratio():
    found = joint.probability(CHAINS, Given(HIGH, CALM), known=KNOWN)
    assert found == pytest.approx(enumerate_paths(All((HIGH, CALM))) / enumerate_paths(CALM), abs=1e-13)
    never = All((CALM, Not(CALM)))
    assert joint.probability(CHAINS, Given(HIGH, never), known=KNOWN) is None


def test_a_negation_is_one_minus_what_the_chain_says():
    alone = chains.counts_at_least(CHAINS["act"], wanted=("hit",), first=1, last=3, at_least=2)
    assert joint.probability(CHAINS, Not(TWICE), known=KNOWN) == pytest.approx(1 - alone, abs=1e-14)


def test_what_chains_cannot_answer_has_a_reason():
    ended = All((HIGH, NoTerminal(("gone",), "2004")))
    assert joint.probability(CHAINS, ended, known=KNOWN) is None
    assert "terminal" in joint.why_not(ended, known=KNOWN)
    assert joint.probability(CHAINS, Not(HIGH), known="2002") is None
    assert "begins before 2003" in joint.why_not(Not(HIGH), known="2002")
    assert joint.why_not(EVENTS[0], known=KNOWN) == ""
