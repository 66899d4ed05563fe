"""Observables: what the case says should have been seen in each quarter, beside what was."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from tightrope.case.evaluate import Point, value_of
from tightrope.case.schema import Observable
from tightrope.forecast.fears import event_counts, statement_counts, summit_hits
from tightrope.workflow.session import Session


def observables(session: Session, *, parameters: Mapping[str, float] | None = None) -> pd.DataFrame:
    """One row a period and observable: expected (at the printed codes) and seen.

    parameters  values by name; by default the case's own

    A bernoulli observable is expected with its probability and seen as 0 or 1; an
    autoregressive one is expected from the count seen a period before. Rows with a move
    or state that is not coded are left out.
    """
    material = session.material
    coded, game = material.coded, material.game
    if coded is None:
        return pd.DataFrame(columns=["period", "observable", "expected", "seen"])
    parameters = dict(parameters or {name: p.value for name, p in material.case.parameters.items()})
    tables = {name: (axes, dict(np.ndenumerate(data))) for name, (data, axes) in game.tables.items()}
    rows: list[dict[str, Any]] = []
    for name, noun in material.case.observables.items():
        expression = noun.bernoulli or noun.autoregressive
        if expression is None:
            continue
        node = game.node(expression)
        counts = _seen(session, noun)
        before = 0.0
        for k, period in enumerate(coded.periods):
            codes = {v: int(printed[k]) for v, printed in coded.printed.items() if printed[k] >= 0}
            count = float(counts[k]) if counts is not None else math.nan
            try:
                value = value_of(node, Point(codes, parameters, tables, game.defines))
            except KeyError:
                before = count
                continue
            if noun.bernoulli is not None:
                expected, count = 1.0 / (1.0 + math.exp(-value)), min(count, 1.0)
            else:
                expected = noun.persistence * before + value
            rows.append({"period": period, "observable": name, "expected": expected, "seen": count})
            before = count
    return pd.DataFrame(rows, columns=["period", "observable", "expected", "seen"])


def _seen(session: Session, noun: Observable) -> tuple[int, ...] | None:
    material = session.material
    assert material.coded is not None
    periods = material.coded.periods
    if noun.event_kinds:
        return event_counts(material.events, kinds=noun.event_kinds, periods=periods).counts
    if noun.ledger_event is not None:
        return statement_counts(
            material.predictions, event=noun.ledger_event, at_least=noun.at_least, periods=periods
        ).counts
    return None


def sentences(session: Session) -> str:
    """What the observables show, for readers: hits of summits, and what fear foretold."""
    material = session.material
    if material.coded is None or not material.case.observables:
        return ""
    table = observables(session)
    parts = []
    for name, noun in material.case.observables.items():
        part = table[table["observable"] == name].dropna()
        if noun.bernoulli is not None and len(part):
            parts.append(
                f"{noun.label.capitalize()}: seen in {int(part['seen'].sum())} of {len(part)} coded "
                f"quarters, {part['expected'].sum():.0f} expected at the reference."
            )
    rising = [n for n in material.rising if n in material.coded.printed]
    kinds = [k for o in material.case.observables.values() for k in o.event_kinds]
    if rising and kinds and material.predictions and material.events:
        hits = summit_hits(
            material.events,
            material.predictions,
            periods=material.coded.periods,
            levels=material.coded.printed[rising[0]],
            kinds=kinds,
            seed=session.seed,
        )
        low, high = hits.auc_interval
        parts.append(
            f"Fears per quarter: {hits.mean_with:.2f} with a summit, {hits.mean_without:.2f} without. As a "
            f"forecast of a rise of {rising[0]} within a year they have an area under the curve of "
            f"{hits.auc:.2f} ({low:.2f} to {high:.2f}), on {hits.rises} rises only."
        )
    return " ".join(parts)
