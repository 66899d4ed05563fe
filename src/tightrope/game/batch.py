"""Solve at many parameter vectors: each with its own certificate, none harming another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tightrope.game.certificate import Branch
from tightrope.game.compile import Game
from tightrope.game.equilibrium import Equilibrium, solve
from tightrope.game.roots import TOLERANCE, Convention

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class Batch:
    """Solutions at the rows of a parameter table.

    status     by `draw`: status, residual, deviation, iterations and branch, and the message of an error
    equilibria (draws,) each as `solve` gives it, None where it could not even start
    """

    status: xr.Dataset
    equilibria: tuple[Equilibrium | None, ...]

    @property
    def good(self) -> np.ndarray:
        """(draws,) whether numbers that rest on the draw may be printed."""
        return np.array([e is not None and e.certificate.good for e in self.equilibria])

    def values(self) -> xr.DataArray:
        """(draw, player, *states) values; nan in draws without a good certificate.

        Raises ValueError where no draw has one.
        """
        import xarray as xr

        good = self.good
        pattern = next((e for e in self.equilibria if e is not None and e.certificate.good), None)
        if pattern is None:
            raise ValueError("none of the draws has a certified equilibrium")
        blank = xr.full_like(pattern.values, np.nan)
        tables = [
            e.values if e is not None and fine else blank
            for e, fine in zip(self.equilibria, good, strict=True)
        ]
        return xr.concat(tables, dim="draw")


def solve_many(
    game: Game,
    thetas: np.ndarray,
    *,
    branch: Branch = "principal",
    convention: Convention = "agent",
    tolerance: float = TOLERANCE,
) -> Batch:
    """Solve at each row of `thetas`, shape (draws, parameters), one after another.

    A loop and not a lockstep over all rows: there each row would wait for the slowest. The rows are
    independent, so that a caller may share them out over processes and get the same numbers.
    Raises ValueError for a table of the wrong width.
    """
    import xarray as xr

    thetas = np.asarray(thetas, dtype=float)
    if thetas.ndim != 2 or thetas.shape[1] != len(game.parameters):
        raise ValueError(f"draws have shape {thetas.shape}; the game has {len(game.parameters)} parameters")
    found: list[Equilibrium | None] = []
    errors = []
    for theta in thetas:
        try:
            found.append(solve(game, theta, branch=branch, convention=convention, tolerance=tolerance))
            errors.append("")
        except (ArithmeticError, ValueError, np.linalg.LinAlgError) as error:
            found.append(None)
            errors.append(f"{type(error).__name__}: {error}")
    certificates = [e.certificate if e is not None else None for e in found]
    columns: dict[str, Sequence[str] | Sequence[float]] = {
        "status": [c.status if c else "not converged" for c in certificates],
        "residual": [c.residual if c else np.nan for c in certificates],
        "deviation": [c.deviation if c else np.nan for c in certificates],
        "iterations": [c.iterations if c else 0 for c in certificates],
        "branch": [c.branch if c else branch for c in certificates],
        "error": errors,
    }
    status = xr.Dataset({name: ("draw", list(column)) for name, column in columns.items()})
    return Batch(status, tuple(found))
