"""Changes of different parameters made comparable: each is measured in sds of its own prior."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from tightrope.case.schema import Case, PriorClass
from tightrope.fit.priors import FARTHEST, PriorSet, prior_set, scores, values

FAR = 3.0
"""How far a parameter is moved at most, in prior sds either way."""


@dataclass(frozen=True)
class Ruler:
    """How a parameter is measured: `value(score)` is its value, `here` its score now, one unit a prior sd."""

    parameter: str
    here: float
    low: float
    high: float
    value: Callable[[float], float]


def rulers(case: Case, theta: np.ndarray, *, prior_class: PriorClass, far: float = FAR) -> list[Ruler]:
    """A ruler for each free parameter: normal scores under its prior, `far` sds either way from `theta`."""
    priors = prior_set(case, prior_class)
    place = {name: k for k, name in enumerate(case.parameters)}
    found = []
    for name in priors.names:
        one = prior_set(case, prior_class, only=(name,))
        here = float(scores(one, [float(theta[place[name]])])[0])
        ends = (max(here - far, -FARTHEST), min(here + far, FARTHEST))
        found.append(Ruler(name, here, *ends, partial(_value, one)))
    return found


def _value(one: PriorSet, score: float) -> float:
    return float(values(one, np.array([score]))[0])
