"""A game whose value is additive in its parameters, so that all its sensitivity indices are known.

One player is paid `alpha + 2*beta + gamma*factor` a period whatever it does, and discounts by a half: its
value is twice that. `idle` enters nowhere.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from tightrope.argument.drawn import Drawn, measure_draws
from tightrope.argument.sample import Design
from tightrope.case.schema import Case
from tightrope.game import compile_game
from tightrope.game.compile import Game

SD = {"alpha": 1.0, "beta": 0.25, "gamma": 1.0, "factor": 0.5, "idle": 1.0}


def _free(sd: float) -> dict[str, Any]:
    end = sd * 3**0.5
    prior = f"uniform(low={-end}, high={end})"
    return {"value": 0.0, "prior": {"argument": prior, "agnostic": prior}, "why": "a test"}


@cache
def game() -> Game:
    """Compiled once."""
    return compile_game(
        Case.model_validate(
            {
                "case": "additive",
                "title": "A value that is a sum",
                "calendar": {"period": "year", "first": "2000"},
                "players": {"one": {"label": "one", "role": "patron", "discount": "0.5"}},
                "states": {"mood": {"label": "mood", "levels": ["bad", "good"]}},
                "parameters": {name: _free(sd) for name, sd in SD.items()},
                "period": [
                    {"move": "act", "player": "one", "actions": ["a", "b"], "precision": "1"},
                    {"pay": "payoffs"},
                ],
                "payoffs": {"one": {"sum": "alpha + 2*beta + gamma*factor + 0*idle"}},
                "start": {"mood": "bad"},
                "quantities": {
                    "worth": {"value": "one", "over": "start"},
                    "never": {"value": "one", "over": "start", "given": "mood == good"},
                },
                "claims": {
                    "C1": {"text": "It is worth something.", "kind": "inference", "check": "worth > 0"},
                    "C2": {"text": "So it is in good mood.", "kind": "inference", "check": "never > 0"},
                },
            }
        )
    )


def value(theta: np.ndarray) -> np.ndarray:
    """The same by hand, for rows of parameters in the order of `SD`."""
    alpha, beta, gamma, factor, _ = np.asarray(theta).T
    return np.asarray(2.0 * (alpha + 2.0 * beta + gamma * factor))


def indices() -> dict[str, tuple[float, float]]:
    """Parameter -> first-order and total index, by the variances of independent centred uniforms."""
    parts = {"alpha": SD["alpha"] ** 2, "beta": 4 * SD["beta"] ** 2}
    both = (SD["gamma"] * SD["factor"]) ** 2
    whole = sum(parts.values()) + both
    alone = {name: (part / whole, part / whole) for name, part in parts.items()}
    return alone | {"gamma": (0.0, both / whole), "factor": (0.0, both / whole), "idle": (0.0, 0.0)}


def played(design: Design) -> Drawn:
    """The game solved at every point of a design."""
    thetas = design.thetas(game().theta(), game().parameters)
    return measure_draws(game(), thetas, over={})
