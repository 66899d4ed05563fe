"""Solve and measure at the points of a design, in pieces that the run keeps."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tightrope.argument.drawn import Drawn, Row, measure_draws
from tightrope.case.schema import Quantity
from tightrope.runs import digest
from tightrope.workflow import steps
from tightrope.workflow.session import Session

PIECE = 20
"""Points in a piece: a run that is stopped loses no more than this many solves."""


def drawn(
    session: Session,
    label: str,
    thetas: np.ndarray,
    *,
    quantities: Mapping[str, Quantity],
    warm: np.ndarray | None = None,
) -> Drawn:
    """What `measure_draws` gives at whole parameter vectors (points, parameters), found or computed.

    All of the quantities are measured, whichever is asked about: they cost little beside the solve, and
    another question to the same draws then finds them. Start states are the record's as filtered at the
    reference, the same for every point, so that points differ in the game alone.
    """
    material, rows = session.material, []
    over = start_states(session)
    asked = digest(
        {name: q.model_dump(mode="json", exclude={"about"}) for name, q in sorted(quantities.items())}
    )
    for first in range(0, len(thetas), PIECE):
        piece = thetas[first : first + PIECE]
        told: list[int] = []

        def tell(done: int, first: int = first, told: list[int] = told) -> None:
            told.append(done)
            session.progress(label, first + done, len(thetas))

        def compute(piece: np.ndarray = piece, tell: Callable[[int], None] = tell) -> dict[str, Any]:
            return _plain(
                measure_draws(
                    material.game,
                    piece,
                    over=over,
                    quantities=quantities,
                    warm=warm,
                    workers=session.workers,
                    on_done=tell,
                )
            )

        inputs = {
            "thetas": piece.tolist(),
            "quantities": asked,
            "warm": None if warm is None else digest({"z": warm.tolist()}),
        }
        # By its inputs, not by its number: a design that begins alike finds the pieces of another.
        data = session.run.chunk(f"drawn-{digest(inputs)[:12]}", compute, inputs=inputs)
        rows += _rows(data)
        if not told:
            session.progress(label, first + len(piece), len(thetas))
    return Drawn(tuple(rows))


def start_states(session: Session) -> dict[str, np.ndarray]:
    """The record's filtered states as seen from the reference; none without a record."""
    if session.material.coded is None:
        return {}
    return steps.distributions(session.material, session.history_at_reference)


def _plain(found: Drawn) -> dict[str, Any]:
    """As a chunk keeps it: a quantity's values as one list, null where there is none."""
    names = list(dict.fromkeys(name for row in found.rows for name in row.values))
    return {
        "values": {name: [_number(row.values.get(name, math.nan)) for row in found.rows] for name in names},
        "reasons": [dict(row.reasons) for row in found.rows],
        "errors": [row.error for row in found.rows],
    }


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _rows(data: Mapping[str, Any]) -> list[Row]:
    rows = []
    for k, error in enumerate(data["errors"]):
        given = {} if error else {name: column[k] for name, column in data["values"].items()}
        values = {name: math.nan if value is None else float(value) for name, value in given.items()}
        rows.append(Row(values, data["reasons"][k], error))
    return rows
