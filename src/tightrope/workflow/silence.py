"""`tightrope silence`: what quiet quarters say of a secret deal. Leaves no run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tightrope.forecast.silence import quarters_to_halve, quiet_chance
from tightrope.forecast.words import beside, percent
from tightrope.outcome import FINE, Outcome
from tightrope.workflow.text import blocks, table

LEAKS = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3)
QUARTERS = (1, 4, 8, 20, 40)


class SilenceError(ValueError):
    """A chance or a rate that `silence` cannot use."""


def silence(*, quarters: int, prior: float, leak: float | None = None, struck: float = 0.0) -> Outcome:
    """How far quiet quarters lower the chance of a secret deal, by leak rate. Raises SilenceError."""
    leaks = sorted({*LEAKS, *([] if leak is None else [leak])})
    spans = sorted({*(q for q in QUARTERS if q < quarters), quarters})
    try:
        rows = [
            {
                "leak": rate,
                "quarters_to_halve": quarters_to_halve(rate),
                "after": {str(q): quiet_chance(prior, quarters=q, leak=rate, struck=struck) for q in spans},
            }
            for rate in leaks
        ]
    except ValueError as error:
        raise SilenceError(str(error)) from None
    data = {"prior": prior, "quarters": quarters, "struck": struck, "leak": leak, "rows": rows}
    columns = {q: f"after {q}" for q in spans}
    cells = [
        {
            "leaks a quarter": percent(rate),
            **{columns[q]: percent(row["after"][str(q)]) for q in spans},  # type: ignore[index]
            "odds halve in": f"{row['quarters_to_halve']:.1f}" if rate > 0 else "never",
        }
        for rate, row in zip(leaks, rows, strict=True)
    ]
    chosen = (
        [f"With a leak rate of {percent(leak)}: {beside(_after(rows, leak, quarters))}."]
        if leak is not None
        else []
    )
    text = blocks(
        [
            f"A secret deal, {beside(prior)} before, after quiet quarters"
            + (f" (new ones struck at {percent(struck)} a quarter)" if struck else "")
        ],
        [table(cells, ["leaks a quarter", *columns.values(), "odds halve in"])],
        chosen,
        [
            "The leak rate is an assumption: a deal that never leaked was never seen, so no record gives it.",
            "The chance before is yours too. What silence does is the step from one column to the next.",
        ],
    )
    return Outcome(FINE, data, text)


def _after(rows: Sequence[Mapping[str, Any]], leak: float, quarters: int) -> float:
    return float(next(row["after"][str(quarters)] for row in rows if row["leak"] == leak))
