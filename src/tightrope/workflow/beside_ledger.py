"""The ledger's forecasters on common questions: each statement of a merger beside what the others gave.

A statement is judged on its own date, as the ledger has it. Beside it stand the game, the pool and the rivals
from the last origin before the statement was made, asked for a merger within the same number of periods. They
may know up to a year less than the speaker; nobody knows more.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from tightrope.case.calendar import last_known_period, parse_period, period_of
from tightrope.forecast import baselines
from tightrope.forecast.answers import epsilon
from tightrope.forecast.contest import BARE, GAME, POOLED
from tightrope.forecast.ledger import Prediction, due_on
from tightrope.forecast.pooling import pool
from tightrope.forecast.reference_class import outside_view
from tightrope.forecast.rivals import MARKOV, REFERENCE
from tightrope.forecast.scores import CLIP, brier, log_score
from tightrope.forecast.targets import HORIZONS, Key
from tightrope.workflow.contest import MERGER, Contest
from tightrope.workflow.hindcast import Hindcasts
from tightrope.workflow.material import Material
from tightrope.workflow.origins import known_record, step_of

EVENT = "merger"
LEDGER = "the ledger's forecasters"


def beside_ledger(
    material: Material, made: Hindcasts, pools: Contest, *, clip: float = CLIP
) -> tuple[pd.DataFrame, int]:
    """Mean scores on common questions, and how many resolved statements could not be matched.

    pools  whose pooling weights are used, those of the nearest horizon

    Columns: forecaster, n, mean_p, brier, log_score. A statement from before the first origin, or judged
    farther ahead than the forecasts reach, is left out and counted.
    """
    resolved = [p for p in material.predictions if p.event == EVENT and p.resolution != "open"]
    if MERGER not in material.game.terminals or not made.ahead:
        return pd.DataFrame(columns=["forecaster", "n", "mean_p", "brier", "log_score"]), len(resolved)
    chains = {
        known: baselines.markov_chain(
            known_record(material, known), moves=material.moves, rising=material.rising
        )
        for known in made.ahead
    }
    rows = []
    for prediction in resolved:
        row = _beside(material, made, pools, chains, prediction)
        if row is not None:
            rows += [
                {
                    "id": prediction.id,
                    "forecaster": name,
                    "p": p,
                    "came": float(prediction.resolution == "yes"),
                }
                for name, p in row.items()
            ]
    left_out = len(resolved) - len({row["id"] for row in rows})
    frame = pd.DataFrame(rows, columns=["id", "forecaster", "p", "came"])
    means: list[dict[str, Any]] = []
    for name, part in frame.groupby("forecaster", sort=False):
        p, came = part["p"].to_numpy(float), part["came"].to_numpy(float)
        means.append(
            {
                "forecaster": str(name),
                "n": len(part),
                "mean_p": float(p.mean()),
                "brier": float(np.mean(brier(came, p))),
                "log_score": float(np.mean(log_score(came, p, clip=clip))),
            }
        )
    return pd.DataFrame(means, columns=["forecaster", "n", "mean_p", "brier", "log_score"]), left_out


def _beside(
    material: Material,
    made: Hindcasts,
    pools: Contest,
    chains: dict[str, baselines.Chains],
    prediction: Prediction,
) -> dict[str, float] | None:
    """Everybody's probability for one statement; None where no origin's forecast reaches its day."""
    length = material.case.calendar.period
    now = last_known_period(prediction.last_day_made, length)
    earlier = [known for known in made.ahead if parse_period(known) - now <= 0]
    if not earlier:
        return None
    known = max(earlier, key=lambda k: parse_period(k).number)
    due = period_of(_due(prediction), length)
    ahead = made.ahead[known]
    table = ahead.ended[MERGER]
    horizon = due - parse_period(known)
    # The origin must be the year's own: an older one would know too much less than the speaker.
    if not 1 <= horizon <= len(table) or now - parse_period(known) >= step_of(material):
        return None
    game = float(table[horizon - 1])
    markov = baselines.ended_within(chains[known], steps=horizon)
    found = {LEDGER: prediction.implied_probability}
    outside = markov
    if material.rates:
        outside = outside_view(material.rates, years=horizon / step_of(material)).probability
    e = epsilon()
    members = [_yes(game), _yes(markov), *([_yes(outside)] if material.rates else [])]
    near = min(HORIZONS, key=lambda h: abs(h - horizon))
    pooled = float(pool(members, pools.weights[Key(known, near, MERGER)])[1])
    found |= {GAME: (1.0 - e) * game + e * outside, BARE: game, POOLED: (1.0 - e) * pooled + e * outside}
    found[MARKOV] = markov
    if material.rates:
        found[REFERENCE] = outside
    return found | {"always 2 %": baselines.ALWAYS}


def _due(prediction: Prediction) -> date:
    """The day on which it was judged or, where the event came, would have been."""
    if prediction.deadline is None and prediction.resolution == "no" and prediction.resolved_on is not None:
        return prediction.resolved_on
    return prediction.deadline or due_on(prediction)


def _yes(probability: float) -> np.ndarray:
    return np.array([1.0 - probability, probability])
