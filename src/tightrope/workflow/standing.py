"""Past questions forecast more than once: spot scores when asked, and scores over the time they stood open.

Each forecaster's first forecast is that of the question's own origin; at the start of every later year it is
made anew from the record as then known, for what is left of the window, until the question is resolved.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tightrope.forecast import baselines
from tightrope.forecast.answers import floor
from tightrope.forecast.duration import spot, time_weighted
from tightrope.forecast.scores import brier, log_score
from tightrope.workflow import scoring
from tightrope.workflow.hindcast import Hindcasts
from tightrope.workflow.origins import questions_open
from tightrope.workflow.session import Session

RIVALS = ("markov_chain", "persistence", "climatology")
COLUMNS = ("forecaster", "n", "updates", "spot_brier", "standing_brier", "spot_log", "standing_log")


def standing_table(session: Session, made: Hindcasts) -> pd.DataFrame:
    """Mean spot and time-weighted scores on the same resolved questions, by forecaster.

    Columns: forecaster, n (questions), updates (forecasts after the first), spot_brier, standing_brier,
    spot_log, standing_log (nats). Only questions that every forecaster named answers, merger left out: there
    the rivals are others.
    """
    material = session.material
    if material.coded is None or not material.questions:
        return pd.DataFrame(columns=list(COLUMNS))
    first = scoring.forecast_table(session)
    if first.empty:
        return pd.DataFrame(columns=list(COLUMNS))
    wanted = ["game", "game, unfloored", *(scoring.FORECASTERS[name] for name in RIVALS)]
    wide = first.pivot(index="id", columns="forecaster", values="probability")
    wide = wide[[name for name in wanted if name in wide.columns]].dropna()
    later = _later(session, made)
    rows: list[dict[str, Any]] = []
    for question in material.questions:
        if question.id not in wide.index or question.resolution == "open" or scoring.about_merger(question):
            continue
        closed = question.resolved_on or question.scheduled_resolution_time
        came = float(question.resolution == "yes")
        updates = [(day, given[question.id]) for day, given in later if question.id in given and day < closed]
        days = [question.open_time, *(day for day, _ in updates)]
        for name in wide.columns:
            p = [float(wide.loc[question.id, name]), *(given[name] for _, given in updates)]
            quadratic, logarithmic = brier(came, p).tolist(), log_score(came, p).tolist()
            rows.append(
                {
                    "forecaster": name,
                    "updates": len(updates),
                    "spot_brier": spot(quadratic),
                    "standing_brier": time_weighted(quadratic, days, closed=closed),
                    "spot_log": spot(logarithmic),
                    "standing_log": time_weighted(logarithmic, days, closed=closed),
                }
            )
    if not rows:
        return pd.DataFrame(columns=list(COLUMNS))
    grouped = pd.DataFrame(rows).groupby("forecaster", sort=False)
    means = grouped.mean().assign(n=grouped.size(), updates=grouped["updates"].sum()).reset_index()
    return means[list(COLUMNS)]


def _later(session: Session, made: Hindcasts) -> list[tuple[Any, dict[str, dict[str, float]]]]:
    """Day of each origin -> question -> forecaster -> probability."""
    material = session.material
    assert material.coded is not None
    found = []
    for known, about in made.about.items():
        answers = about["questions"]
        asked = [q for q in questions_open(material, known) if q.id in answers]
        if not asked:
            continue
        others = baselines.answer(
            asked, material.coded, moves=material.moves, rising=material.rising, rates=material.rates
        )
        given: dict[str, dict[str, float]] = {}
        for question in asked:
            row = others.loc[question.id]
            if not np.isfinite(row["markov_chain"]):
                continue
            model = float(answers[question.id])
            given[question.id] = {
                "game": floor(np.array([model]), float(row["outside_view"])).probability,
                "game, unfloored": model,
                **{scoring.FORECASTERS[name]: float(row[name]) for name in RIVALS},
            }
        found.append((asked[0].open_time, given))
    return found
