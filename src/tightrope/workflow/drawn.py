"""Solve and measure at the points of a design, in pieces that the run keeps."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from tightrope.argument.drawn import Drawn, Row, measure_draws
from tightrope.argument.fared import Fared, fare
from tightrope.case.schema import PriorClass, Quantity
from tightrope.executor import in_threads
from tightrope.fit.posterior import resample
from tightrope.runs import digest
from tightrope.workflow import steps
from tightrope.workflow.session import Session

Place = Literal["reference", "fit"]
"""Where the record's states are filtered from."""
PIECES = "drawn-"
"""How the names of pieces begin."""
PIECE = 5
"""Points in a piece: a run that is stopped loses no more than this many solves a worker."""
MOST = 2
"""Prior draws are taken until enough are certified, at most so many times as many as were wanted."""


def drawn(
    session: Session,
    label: str,
    thetas: np.ndarray,
    *,
    quantities: Mapping[str, Quantity] | None = None,
    at: Place = "reference",
    warm: np.ndarray | None = None,
) -> Drawn:
    """What `measure_draws` gives at whole parameter vectors (points, parameters), found or computed.

    quantities  all of them are measured, whichever is asked about: they cost little beside the solve, and
                another question to the same draws then finds them (default: the case's)
    at          start states are the record's as filtered at the reference or the fit, the same for every
                point, so that points differ in the game alone
    warm        where solves begin, as `solve_near` takes it

    Each worker has a piece of its own, so that none waits for the slowest solve of another's.
    """
    asked = session.material.case.quantities if quantities is None else quantities
    inputs = {
        "quantities": digest(
            {
                name: q.model_dump(mode="json", exclude={"about"}, exclude_defaults=True)
                for name, q in sorted(asked.items())
            }
        ),
        "at": at,
        "warm": None if warm is None else digest({"z": warm.tolist()}),
    }
    over = start_states(session, at) if asked else {}
    pieces = [thetas[first : first + PIECE] for first in range(0, len(thetas), PIECE)]

    def rows(piece: np.ndarray, workers: int = 1) -> list[Row]:
        def compute() -> dict[str, Any]:
            game = session.material.game
            return _plain(measure_draws(game, piece, over=over, quantities=asked, warm=warm, workers=workers))

        # By its inputs, not by its number: a design that begins alike finds the pieces of another.
        given = inputs | {"thetas": piece.tolist()}
        return _rows(session.run.chunk(f"{PIECES}{digest(given)[:12]}", compute, inputs=given))

    def tell(done: int) -> None:
        session.progress(label, min(done * PIECE, len(thetas)), len(thetas))

    tell(0)
    found = [rows(piece, session.workers) for piece in pieces[:1]]  # all workers: it compiles for the rest
    tell(len(found))
    found += in_threads(
        rows,
        pieces[1:],
        workers=session.workers,
        on_done=lambda done: tell(done + 1),
        first_alone=False,
    )
    return Drawn(tuple(row for part in found for row in part))


def start_states(session: Session, at: Place = "reference") -> dict[str, np.ndarray]:
    """The record's filtered states as seen from the reference or the fit; none without a record."""
    if session.material.coded is None:
        return {}
    seen = session.history_at_reference if at == "reference" else session.history_at_fit
    return steps.distributions(session.material, seen)


@dataclass(frozen=True, eq=False)
class Taken:
    """Prior draws, taken until enough of them were certified.

    thetas  (draws, parameters) all that were taken, certified or not
    drawn   what each came to
    """

    thetas: np.ndarray
    drawn: Drawn

    @property
    def share(self) -> float:
        """Share of the draws that solve to a certificate, nan without draws."""
        return float(self.drawn.good.mean()) if len(self.thetas) else math.nan


def prior_taken(session: Session, prior_class: PriorClass, wanted: int) -> Taken:
    """Draws from a class of priors up to the one that makes `wanted` certified, at most `MOST` times as many.

    The draws follow from the seed alone: more of them begin with the same ones.
    """
    label, size = f"prior draws ({prior_class})", wanted
    # Without a certificate at the reference there are no start states, and nothing to measure.
    asked: dict[str, Quantity] | None = None if session.reference.certificate.good else {}
    while True:
        thetas = steps.prior_draws(session.material, prior_class, size=size, seed=session.seed)
        found = drawn(session, label, thetas, quantities=asked)
        certified = np.cumsum(found.good)
        if not size or certified[-1] >= wanted or size >= MOST * wanted:
            break
        share = max(certified[-1] / size, 1 / MOST)
        size = min(MOST * wanted, size + PIECE * math.ceil((wanted - certified[-1]) / share / PIECE))
    last = min(int(np.searchsorted(certified, wanted)) + 1, size) if size else 0
    return Taken(thetas[:last], Drawn(found.rows[:last]))


def posterior_draws(session: Session, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Equally weighted posterior draws: those that differ, and how many times each comes up."""
    thetas = resample(session.fit, size=size, seed=session.seed)
    _, first, times = np.unique(thetas, axis=0, return_index=True, return_counts=True)
    order = np.argsort(first)
    return thetas[first[order]], times[order]


def posterior_fared(session: Session, size: int) -> Fared:
    """How the claims fare in posterior draws, each solved from the mode's fixed point, as the fit does."""
    thetas, times = posterior_draws(session, size)
    found = drawn(session, "posterior draws", thetas, at="fit", warm=session.at_fit.z)
    return fare(found, session.material.case, times=times)


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
