"""The rivals of a hindcast: every baseline's law for every target and horizon, from what was then known."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tightrope.forecast import baselines, logit
from tightrope.forecast.reference_class import Rate, outside_view
from tightrope.forecast.targets import Target
from tightrope.record.coding import CodedRecord

Array = NDArray[Any]
Laws = dict[tuple[int, str], Array]
"""(horizon, target) -> (levels,) probabilities."""

MARKOV, REFERENCE, LOGIT = "Markov chain", "reference class", "logit"


def rival_laws(
    coded: CodedRecord,
    targets: Collection[Target],
    *,
    horizons: Collection[int],
    moves: Sequence[str],
    rising: Collection[str],
    rates: Sequence[Rate] = (),
    merger: str = "merged",
    years: float = 0.25,
    only: Collection[str] = (),
) -> dict[str, Laws]:
    """Forecaster -> laws, from a record that ends where the forecast begins.

    rates   the case's reference class, for the terminal `merger`; the constant 2 % speaks about it alone too
    years   length of a period
    only    forecasters wanted; empty: all

    The logit speaks about moves only; its states are carried by the Markov chain.
    """
    chain = baselines.markov_chain(coded, moves=moves, rising=rising)
    plain: dict[str, baselines.Baseline] = {
        MARKOV: chain,
        "persistence": baselines.persistence(coded, moves=moves, rising=rising),
        "climatology": baselines.climatology(coded, moves=moves),
    }
    fits = {} if only and LOGIT not in only else logit.fit_logits(coded, moves=moves)
    found: dict[str, Laws] = {name: {} for name in (*plain, LOGIT, REFERENCE, "always 2 %")}
    for h in horizons:
        for target in targets:
            for name, baseline in plain.items():
                if target.kind == "ends":
                    law = _yes(baselines.ended_within(baseline, steps=h))
                else:
                    law = baselines.law_ahead(baseline, target.name, steps=h)
                found[name][h, target.name] = law
            if target.kind == "moves" and fits:
                found[LOGIT][h, target.name] = logit.law_ahead(fits[target.name], chain, steps=h)
            if target.kind == "ends" and target.name == merger:
                found["always 2 %"][h, target.name] = _yes(baselines.ALWAYS)
                if rates:
                    view = outside_view(rates, years=h * years)
                    found[REFERENCE][h, target.name] = _yes(view.probability)
    return {name: laws for name, laws in found.items() if laws and (not only or name in only)}


def _yes(probability: float) -> Array:
    return np.array([1.0 - probability, probability])
