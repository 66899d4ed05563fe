"""How claims fare over many draws: the share in which each holds, and how far it is from its threshold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tightrope.argument.checks import Verdict
from tightrope.argument.drawn import Drawn
from tightrope.case.schema import Case

if TYPE_CHECKING:
    import pandas as pd

LOW, MIDDLE, HIGH = 0.05, 0.5, 0.95
"""A 90 % interval over draws, and its middle."""
STATUSES = ("holds", "fails", "undefined", "not certified")


@dataclass(frozen=True, eq=False)
class Fared:
    """Claims over draws of one kind. Draws without a certificate are counted apart, never among the rest.

    drawn     what each draw came to
    times     (draws,) how many draws each of these stands for: one that comes up twice is solved once
    verdicts  claim -> what its check comes to in each draw
    """

    drawn: Drawn
    times: np.ndarray
    verdicts: Mapping[str, Sequence[Verdict]]

    @property
    def taken(self) -> int:
        """Draws in all."""
        return int(self.times.sum())

    @property
    def certified(self) -> int:
        """Draws with a certified equilibrium."""
        return int(self.times[self.drawn.good].sum()) if len(self.times) else 0

    @property
    def distinct(self) -> int:
        """Draws that differ from each other."""
        return len(self.times)

    def shares(self) -> pd.DataFrame:
        """Claim × share of certified draws in which it holds (nan without any), and counts by status.

        An undefined claim does not hold. Columns: share, holds, fails, undefined, not_certified.
        """
        import pandas as pd

        rows = {}
        for name, row in self.verdicts.items():
            found = np.array([verdict.status for verdict in row])
            counts = {status: int(self.times[found == status].sum()) for status in STATUSES}
            certified = self.taken - counts["not certified"]
            share = counts["holds"] / certified if certified else np.nan
            rows[name] = {"share": share} | {s.replace(" ", "_"): k for s, k in counts.items()}
        columns = ["share", *(status.replace(" ", "_") for status in STATUSES)]
        return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("claim")

    def margins(self) -> pd.DataFrame:
        """Claim × low, middle and high: quantiles of the margin over draws in which it has one."""
        table = {name: np.array([v.margin for v in row], dtype=float) for name, row in self.verdicts.items()}
        return _quantiles(table, self.times, "claim")

    def values(self) -> pd.DataFrame:
        """Quantity × low, middle and high: quantiles of the value over draws in which it has one."""
        values = self.drawn.values()
        return _quantiles({str(q): values[q].to_numpy() for q in values.columns}, self.times, "quantity")


def fare(drawn: Drawn, case: Case, *, times: np.ndarray | None = None) -> Fared:
    """Judge all claims of a case in every draw. `times` counts each draw once where it is left out."""
    counts = np.ones(len(drawn.rows), dtype=int) if times is None else np.asarray(times, dtype=int)
    if counts.shape != (len(drawn.rows),):
        raise ValueError(f"{len(drawn.rows)} draws, and times for {counts.shape}")
    return Fared(drawn, counts, drawn.verdicts(case))


def _quantiles(table: Mapping[str, np.ndarray], times: np.ndarray, index: str) -> pd.DataFrame:
    import pandas as pd

    rows = {}
    for name, column in table.items():
        known = np.isfinite(column)
        spread = np.repeat(column[known], times[known])
        found = np.quantile(spread, (LOW, MIDDLE, HIGH)) if len(spread) else (np.nan,) * 3
        rows[name] = dict(zip(("low", "middle", "high"), (float(x) for x in found), strict=True))
    columns = ["low", "middle", "high"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis(index)


def broken_over_draws(whole: Fared, ablated: Mapping[str, Fared]) -> pd.DataFrame:
    """Where switching mechanisms off breaks what held before, draw by draw: one row a (claim, setting).

    held    draws in which the claim holds with all mechanisms on, and both games are certified
    broken  those of them in which it no longer holds with the setting
    share   broken / held, nan where it never held
    lost    draws in which it held and the other game has no certificate

    Raises ValueError where a setting was solved at other draws.
    """
    import pandas as pd

    rows = []
    for setting, other in ablated.items():
        if not np.array_equal(other.times, whole.times):
            raise ValueError(f"{setting} was solved at other draws")
        for claim, before in whole.verdicts.items():
            held = np.array([verdict.holds for verdict in before])
            after = np.array([verdict.status for verdict in other.verdicts[claim]])
            lost = int(whole.times[held & (after == "not certified")].sum())
            known = held & (after != "not certified")
            n, k = int(whole.times[known].sum()), int(whole.times[known & (after != "holds")].sum())
            share = k / n if n else np.nan
            rows.append((claim, setting, n, k, share, lost))
    return pd.DataFrame(rows, columns=["claim", "ablation", "held", "broken", "share", "lost"])


__all__ = ["HIGH", "LOW", "MIDDLE", "STATUSES", "Fared", "broken_over_draws", "fare"]
