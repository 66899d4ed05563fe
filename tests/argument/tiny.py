"""A tiny case and an enumeration of its paths that shares nothing with the package's walk."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np

from tightrope.case.schema import Case
from tightrope.game import Equilibrium, compile_game, solve

DATA: dict[str, Any] = {
    "case": "tiny",
    "title": "Two states, two moves, one end",
    "calendar": {"period": "year", "first": "2000"},
    "players": {
        "patron": {"label": "patron", "role": "patron", "discount": "discount"},
        "client": {"label": "client", "role": "client", "discount": "discount"},
    },
    "states": {
        "rung": {"label": "rung", "levels": ["low", "mid", "top"], "direction": "up"},
        "mood": {"label": "mood", "levels": ["bad", "good"]},
    },
    "terminals": {
        "gone": {
            "label": "gone",
            "payoffs": {"patron": "worth_gone + mood", "client": "0"},
            "counts_as": {"rung": "top"},
        }
    },
    "parameters": {
        "discount": {"value": "0.7", "fixed": "true", "why": "w"},
        "worth_gone": {"value": "0.5", "fixed": "true", "why": "w"},
        "push": {"value": "0.8", "fixed": "true", "why": "w"},
        "gain": {"value": "0.6", "fixed": "true", "why": "w"},
    },
    "define": {"harsh": "ask == yes and mood == bad", "agrees": "reply == give"},
    "period": [
        {"nature": "weather", "changes": "mood", "steps": {"up": {"prob": "0.3"}, "down": {"prob": "0.2"}}},
        {"move": "ask", "player": "patron", "actions": ["no", "yes"], "precision": "1.5"},
        {"move": "reply", "player": "client", "actions": ["refuse", "give"], "precision": "1.2"},
        {"pay": "payoffs"},
        {"nature": "ruin", "exit": {"prob": "where(harsh, 0.25, 0.05)"}, "to": {"gone": "1"}},
        {
            "nature": "climb",
            "changes": "rung",
            "steps": {"up": {"prob": "0.1 + push*agrees*(rung < top)*0.5"}},
        },
    ],
    "payoffs": {
        "patron": {"rungs": "gain*rung", "asking": "-0.3*(ask == yes)"},
        "client": {
            "give": "(0.5 - mood)*agrees",
            "rungs": "-0.4*rung",
            "pressed": "-(ask == yes)*(1 - agrees)",
        },
    },
    "start": {"rung": {"low": "0.7", "mid": "0.3"}, "mood": {"bad": "0.4", "good": "0.6"}},
}


def tiny(**sections: Any) -> Case:
    """The tiny case with some sections replaced."""
    return Case.model_validate(DATA | sections)


def solved(case: Case) -> Equilibrium:
    """Its equilibrium, certified."""
    return solve(compile_game(case)).require()


State = tuple[int, int]
Row = tuple[float, State, int, int, State | None]
"""Probability, (rung, mood) where payoffs are collected, ask, reply, next state (None: gone)."""


@lru_cache(maxsize=1000)
def periods(
    equilibrium: Equilibrium, start: State, *, ask: int | None = None, reply: int | None = None
) -> tuple[Row, ...]:
    """Every way a period can go from a start state, by hand-written rules. `ask`, `reply` force moves."""
    return tuple(_rows(equilibrium, start, ask, reply))


def _rows(equilibrium: Equilibrium, start: State, ask: int | None, reply: int | None) -> Iterator[Row]:
    rung, was = start
    for mood in (0, 1):
        stay = (0.7, 0.8)[was]
        weather = stay if mood == was else 1 - stay
        for a in (0, 1):
            for r in (0, 1):
                here = {"rung": rung, "mood": mood, "ask": a}
                p_ask = _chance(equilibrium, "ask", a, here) if ask is None else float(a == ask)
                p_reply = _chance(equilibrium, "reply", r, here) if reply is None else float(r == reply)
                base = weather * p_ask * p_reply
                leave = 0.25 if a == 1 and mood == 0 else 0.05
                up = 0.0 if rung == 2 else 0.1 + 0.8 * r * 0.5
                yield base * leave, (rung, mood), a, r, None
                yield base * (1 - leave) * up, (rung, mood), a, r, (min(rung + 1, 2), mood)
                yield base * (1 - leave) * (1 - up), (rung, mood), a, r, (rung, mood)


def _chance(equilibrium: Equilibrium, move: str, action: int, here: dict[str, int]) -> float:
    table = equilibrium.strategies[move]
    return float(table.isel({str(d): action if d == move else here[str(d)] for d in table.dims}))


def starts(array: np.ndarray) -> Iterator[tuple[State, float]]:
    """States of positive probability."""
    for (rung, mood), weight in np.ndenumerate(array):
        if weight > 0:
            yield (int(rung), int(mood)), float(weight)


def close(a: float, b: float) -> bool:
    """Equal to 1e-12."""
    return math.isclose(a, b, rel_tol=0, abs_tol=1e-12)
