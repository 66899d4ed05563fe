"""Solve and measure at many parameter vectors, each with its own status and none harming another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tightrope.argument.checks import NOT_CERTIFIED, Verdict, judge, mentioned
from tightrope.argument.near import solve_near
from tightrope.argument.quantities import Measured, measure
from tightrope.argument.sample import Design, Sample, SampleError, Status
from tightrope.case.errors import near_or_list
from tightrope.case.parse import Expression
from tightrope.case.schema import Case, Quantity
from tightrope.executor import in_threads
from tightrope.game.compile import Game

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

    def judged(self, check: Expression) -> Verdict:
        """What a check comes to here. Raises SampleError where a quantity of it was not measured."""
        if self.error:
            return NOT_CERTIFIED
        names = mentioned(check)
        for name in names:
            if name not in self.values:
                raise SampleError(f"{name} was not measured; {near_or_list(name, self.values)}")
        return judge(check, Measured({name: self.values[name] for name in names}, self.reasons))


@dataclass(frozen=True)
class Drawn:
    """What many draws came to, in their order."""

    rows: tuple[Row, ...]

    @property
    def good(self) -> np.ndarray:
        """(draws,) whether each has a certified equilibrium."""
        return np.array([not row.error for row in self.rows], dtype=bool)

    def values(self) -> pd.DataFrame:
        """Draw × quantity, nan where undefined or not certified."""
        import pandas as pd

        return pd.DataFrame([dict(row.values) for row in self.rows], dtype=float).rename_axis("draw")

    def verdicts(self, case: Case) -> dict[str, tuple[Verdict, ...]]:
        """Claim -> what its check comes to in each draw; claims without a check are left out."""
        checks = {name: claim.check for name, claim in case.claims.items() if claim.check is not None}
        return {name: tuple(row.judged(check) for row in self.rows) for name, check in checks.items()}

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
        verdicts = [row.judged(check).status for row in self.rows]
        outputs = [{"fails": 1.0, "holds": 0.0}.get(verdict, np.nan) for verdict in verdicts]
        statuses = ["certified" if verdict in ("fails", "holds") else verdict for verdict in verdicts]
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

    over     distributions of start states by name, as `measure` takes them; the same for every draw, so
             that draws differ in the game alone
    warm     where solves begin, as `solve_near` takes it
    workers  draws solved side by side, in threads: solves are compiled and let go of Python's lock

    A draw whose solve fails is told so in its row; it stops nothing.
    """

    def one(theta: np.ndarray) -> Row:
        try:
            found = solve_near(game, theta, warm=warm)
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
