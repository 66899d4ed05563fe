"""Solve and measure at many parameter vectors, each with its own status and none harming another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tightrope.argument.checks import judge, mentioned
from tightrope.argument.quantities import Measured, measure
from tightrope.argument.sample import Design, Sample, SampleError, Status
from tightrope.case.errors import near_or_list
from tightrope.case.schema import Quantity
from tightrope.executor import in_threads
from tightrope.game.compile import Game
from tightrope.game.equilibrium import solve

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Row:
    """What one draw came to.

    values   quantity -> value, nan where undefined; empty without a certificate
    reasons  quantity -> why it is undefined
    error    why there is no certificate; empty with one
    """

    values: Mapping[str, float]
    reasons: Mapping[str, str]
    error: str = ""


@dataclass(frozen=True)
class Drawn:
    """What many draws came to, in their order."""

    rows: tuple[Row, ...]

    def values(self) -> pd.DataFrame:
        """Draw × quantity, nan where undefined or not certified."""
        import pandas as pd

        return pd.DataFrame([dict(row.values) for row in self.rows], dtype=float).rename_axis("draw")

    def sample(self, design: Design, quantity: str) -> Sample:
        """A quantity's values at the design's points, which must be those that were drawn."""
        outputs, statuses = [], []
        for row in self.rows:
            if row.error:
                value, status = np.nan, "not certified"
            else:
                if quantity not in row.values:
                    raise SampleError(f"{quantity} was not measured; {near_or_list(quantity, row.values)}")
                value = row.values[quantity]
                status = "certified" if np.isfinite(value) else "undefined"
            outputs.append(value if np.isfinite(value) else np.nan)
            statuses.append(status)
        return Sample(design, quantity, np.array(outputs, dtype=float), _statuses(statuses))

    def failing(self, design: Design, claim: str, *, game: Game) -> Sample:
        """1 where a claim of the game's case fails, 0 where it holds; undefined where it is undefined."""
        if claim not in game.case.claims:
            raise SampleError(f"no claim {claim}; {near_or_list(claim, game.case.claims)}")
        check = game.case.claims[claim].check
        if check is None:
            raise SampleError(f"{claim} has no check, so that no draw can make it fail")
        outputs, statuses = [], []
        for row in self.rows:
            verdict = "not certified"
            if not row.error:
                names = mentioned(check)
                verdict = judge(check, Measured({n: row.values[n] for n in names}, row.reasons)).status
            outputs.append({"fails": 1.0, "holds": 0.0}.get(verdict, np.nan))
            statuses.append("certified" if verdict in ("fails", "holds") else verdict)
        return Sample(design, f"{claim} fails", np.array(outputs), _statuses(statuses))


def _statuses(names: Sequence[str]) -> tuple[Status, ...]:
    return tuple(names)  # type: ignore[arg-type]


def measure_draws(
    game: Game,
    thetas: np.ndarray,
    *,
    over: Mapping[str, np.ndarray],
    quantities: Mapping[str, Quantity] | None = None,
    warm: np.ndarray | None = None,
    workers: int = 1,
    on_done: Callable[[int], None] | None = None,
) -> Drawn:
    """Measure quantities (default: the case's) at each row of `thetas`, shape (draws, parameters).

    over   distributions of start states by name, as `measure` takes them; the same for every draw
    warm   a fixed point near all draws, from which each is solved first; else, and where that fails, each
           is solved from zero values

    A draw whose solve fails is told so in its row; it stops nothing.
    """

    def one(theta: np.ndarray) -> Row:
        try:
            found = solve(game, theta, warm=warm) if warm is not None else solve(game, theta, branch="direct")
            if not found.certificate.good and warm is not None:
                found = solve(game, theta, branch="direct")
        except (ArithmeticError, ValueError, np.linalg.LinAlgError) as error:
            return Row({}, {}, f"{type(error).__name__}: {error}")
        if not found.certificate.good:
            return Row({}, {}, str(found.certificate))
        seen = measure(found, over=over, quantities=quantities)
        infinite = {name: "no finite value" for name, value in seen.values.items() if np.isinf(value)}
        kept = {name: float("nan") if name in infinite else value for name, value in seen.values.items()}
        return Row(kept, {**seen.reasons, **infinite})

    rows = in_threads(one, list(np.asarray(thetas, dtype=float)), workers=workers, on_done=on_done)
    return Drawn(tuple(rows))
