"""Claims against ablations: which mechanism each sentence of an argument needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tightrope.argument.checks import NOT_CERTIFIED, Verdict, judge
from tightrope.argument.near import solve_near
from tightrope.argument.quantities import Measured, measure
from tightrope.case.schema import Case
from tightrope.executor import in_threads
from tightrope.game.certificate import Certificate
from tightrope.game.compile import Game
from tightrope.game.equilibrium import Convention, Equilibrium, solve

if TYPE_CHECKING:
    import pandas as pd

NONE_OFF, ALL_OFF = "none", "all_off"
Progress = Callable[[int, int, str], None]
"""Called with (done, of, what)."""
Over = Mapping[str, np.ndarray] | Callable[[Equilibrium], Mapping[str, np.ndarray]]
"""Distributions of start states by name, or a function that gives them for an equilibrium."""


@dataclass(frozen=True)
class Cell:
    """One setting: what was solved, measured and judged. Without a certificate nothing is measured."""

    certificate: Certificate
    measured: Measured | None
    verdicts: Mapping[str, Verdict]


@dataclass(frozen=True)
class Matrix:
    """Claims × settings at one parameter vector. The first setting is `none`, the last `all_off`."""

    cells: Mapping[str, Cell]

    def statuses(self) -> pd.DataFrame:
        """Claim × setting: holds, fails, undefined or not certified."""
        return self._table(lambda verdict: verdict.status)

    def margins(self) -> pd.DataFrame:
        """Claim × setting: distance to the threshold, positive where the claim holds."""
        return self._table(lambda verdict: verdict.margin)

    def values(self) -> pd.DataFrame:
        """Quantity × setting: value, nan where undefined or not certified."""
        import pandas as pd

        columns = {name: {} if c.measured is None else c.measured.values for name, c in self.cells.items()}
        return pd.DataFrame(columns, columns=list(columns), dtype=float).rename_axis("quantity")

    def _table(self, pick: Callable[[Verdict], object]) -> pd.DataFrame:
        import pandas as pd

        columns = {name: {c: pick(v) for c, v in cell.verdicts.items()} for name, cell in self.cells.items()}
        return pd.DataFrame(columns, columns=list(columns)).rename_axis("claim")


def settings(case: Case) -> dict[str, dict[str, float]]:
    """Setting -> overrides: nothing off, each ablation, and all of them at once.

    Where two ablations set one parameter to different values, the later one counts when all are off. An
    ablation that shortens the horizon is part of `all_off` like any other.
    """
    together: dict[str, float] = {}
    for ablation in case.ablations.values():
        together |= ablation.set
    single = {name: dict(ablation.set) for name, ablation in case.ablations.items()}
    return {NONE_OFF: {}} | single | {ALL_OFF: together}


def ablate(
    game: Game,
    theta: np.ndarray | None = None,
    *,
    over: Over,
    warm: np.ndarray | None = None,
    convention: Convention = "agent",
    workers: int = 1,
    progress: Progress | None = None,
) -> Matrix:
    """Solve, measure and judge at theta (default: the reference) and with each mechanism off.

    over     start states; a function is asked once, at theta itself, so that every setting is averaged over
             the same states and differs in the game alone
    warm     a fixed point to begin at; without one the principal branch is followed at theta itself. The
             other settings begin at the solution found there (`solve_near`)
    workers  settings solved side by side
    """
    case = game.case
    vector = np.asarray(game.theta() if theta is None else theta, dtype=float)
    todo = settings(case)
    if progress is not None:
        progress(0, len(todo), NONE_OFF)
    whole = (
        solve(game, vector, convention=convention)
        if warm is None
        else solve_near(game, vector, warm=warm, convention=convention)
    )
    averaged = over(whole.require()) if callable(over) else over
    near = whole.z if whole.certificate.good else warm

    def one(changed: Mapping[str, float]) -> Cell:
        moved = replaced(game, vector, changed)
        return _cell(solve_near(game, moved, warm=near, convention=convention), averaged)

    rest = {name: changed for name, changed in todo.items() if name != NONE_OFF}
    cells = in_threads(
        one,
        list(rest.values()),
        workers=workers,
        on_done=None if progress is None else lambda done: progress(done + 1, len(todo), ""),
    )
    return Matrix({NONE_OFF: _cell(whole, averaged)} | dict(zip(rest, cells, strict=True)))


def replaced(game: Game, theta: np.ndarray, changed: Mapping[str, float]) -> np.ndarray:
    """A whole parameter vector with some parameters at other values."""
    result = theta.copy()
    for name, value in changed.items():
        result[game.parameters.index(name)] = value
    return result


def _cell(equilibrium: Equilibrium, over: Mapping[str, np.ndarray]) -> Cell:
    checks = {n: c.check for n, c in equilibrium.game.case.claims.items() if c.check is not None}
    if not equilibrium.certificate.good:
        return Cell(equilibrium.certificate, None, dict.fromkeys(checks, NOT_CERTIFIED))
    measured = measure(equilibrium, over=over)
    verdicts = {name: judge(check, measured) for name, check in checks.items()}
    return Cell(equilibrium.certificate, measured, verdicts)
