"""Frequencies in the coded record: what happened, before any model.

Counts are of printed codes. A row counts only where every variable that the expressions mention is
coded in it; a row without a next one does not count for expressions about what came next.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tightrope.case import syntax as s
from tightrope.case.evaluate import Point, value_of
from tightrope.case.parse import Expression
from tightrope.case.resolve import Scope, resolve
from tightrope.case.schema import Case, RecordShare
from tightrope.record.coding import MISSING, CodedRecord

NEXT = "next_"
COVERAGE = 0.95
NODES = 400
BY_COUNTS, BEYOND_CHANCE = "by the counts", "beyond chance"
"""How strongly counts go against what is expected of them: the frequency alone, or its interval too."""


@dataclass(frozen=True)
class Frequency:
    """k of n rows, with the central Jeffreys interval of the share (nan where n is 0)."""

    k: int
    n: int
    low: float
    high: float

    @property
    def share(self) -> float:
        """k/n, nan where n is 0."""
        return self.k / self.n if self.n else math.nan


@dataclass(frozen=True)
class Counted:
    """A share of the record and what it is compared with.

    what, of, versus  the conditions as written, versus only where there is one
    expected, met     the direction expected and whether the counts go that way (None: nothing expected,
                      or nothing to count). A direction is met by the frequencies alone.
    chance            probability that the direction is as expected, given the counts (independent Jeffreys
                      posteriors); nan where nothing is expected or counted
    contrary          how strongly the counts go the other way: `by the counts` where the frequency does,
                      `beyond chance` where its 95 % interval does too; empty where they do not. Frequencies
                      that are equal go neither way. What is never to happen and did is beyond chance.
    """

    what: str
    of: str
    frequency: Frequency
    versus: str = ""
    against: Frequency | None = None
    expected: str = "none"
    met: bool | None = None
    chance: float = math.nan
    contrary: str = ""


def jeffreys(k: int, n: int, *, coverage: float = COVERAGE) -> Frequency:
    """The equal-tailed Jeffreys interval (Brown, Cai and DasGupta 2001): 0 at k = 0, 1 at k = n."""
    from scipy.stats import beta

    if not 0 <= k <= n:
        raise ValueError(f"{k} of {n} is no frequency")
    if n == 0:
        return Frequency(0, 0, math.nan, math.nan)
    tail = (1 - coverage) / 2
    low = 0.0 if k == 0 else float(beta.ppf(tail, k + 0.5, n - k + 0.5))
    high = 1.0 if k == n else float(beta.ppf(1 - tail, k + 0.5, n - k + 0.5))
    return Frequency(k, n, low, high)


def count(share: RecordShare, *, case: Case, coded: CodedRecord) -> Counted:
    """Count a share on the printed codes of a record. Raises ExpressionError for an unknown name."""
    following = {NEXT + name: case.states[name].levels for name in case.states}
    scope = Scope.of(case, extra=following)
    defines = {name: resolve(expression.node, scope) for name, expression in case.define.items()}
    rows = [
        number
        for number, period in enumerate(coded.periods)
        if (share.since is None or share.since <= period) and (share.until is None or period <= share.until)
    ]

    def frequency(condition: Expression | None) -> Frequency:
        where = None if condition is None else _values(condition, rows, scope, defines, coded)
        what = _values(share.share, rows, scope, defines, coded)
        inside = [
            value != 0
            for value, among in zip(what, where or [1.0] * len(rows), strict=True)
            if value is not None and among is not None and among != 0
        ]
        return jeffreys(sum(inside), len(inside))

    first = frequency(share.of)
    other = None if share.versus is None else frequency(share.versus)
    chance = _chance(share.expect, first, other)
    return Counted(
        what=str(share.share),
        of="" if share.of is None else str(share.of),
        frequency=first,
        versus="" if share.versus is None else str(share.versus),
        against=other,
        expected=share.expect,
        met=_met(share.expect, first, other),
        chance=chance,
        contrary=_contrary(share.expect, first, other, chance),
    )


def _met(expected: str, first: Frequency, other: Frequency | None) -> bool | None:
    if expected == "none" or first.n == 0:
        return None
    match expected:
        case "zero":
            return first.k == 0
        case "majority":
            return first.share > 0.5
        case "minority":
            return first.share < 0.5
        case _:
            if other is None or other.n == 0:
                return None
            return first.share > other.share if expected == "higher" else first.share < other.share


def _chance(expected: str, first: Frequency, other: Frequency | None) -> float:
    """Probability that the direction is as expected; nan where there is nothing to say."""
    if _met(expected, first, other) is None:
        return math.nan
    match expected:
        case "zero":
            return float(first.k == 0)
        case "majority":
            return 1.0 - below_half(first.k, first.n)
        case "minority":
            return below_half(first.k, first.n)
        case _:
            assert other is not None
            higher = chance_higher(first.k, first.n, other.k, other.n)
            return higher if expected == "higher" else 1.0 - higher


def _contrary(expected: str, first: Frequency, other: Frequency | None, chance: float) -> str:
    tied = other is not None and first.share == other.share
    halved = expected in ("majority", "minority") and first.share == 0.5
    if _met(expected, first, other) is not False or tied or halved:
        return ""
    return BEYOND_CHANCE if chance < (1 - COVERAGE) / 2 else BY_COUNTS


def below_half(k: int, n: int) -> float:
    """Probability that a share is below a half after k of n, under Jeffreys's prior."""
    from scipy.stats import beta

    return float(beta.cdf(0.5, k + 0.5, n - k + 0.5))


def chance_higher(k: int, n: int, other_k: int, other_n: int) -> float:
    """Probability that the share behind k of n is higher than that behind the other counts.

    Independent Jeffreys posteriors; the integral over the second share's quantiles is by Gauss-Legendre.
    """
    from scipy.stats import beta

    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    second = beta.ppf(0.5 * (nodes + 1.0), other_k + 0.5, other_n - other_k + 0.5)
    return float(0.5 * weights @ beta.sf(second, k + 0.5, n - k + 0.5))


def _mentioned(node: s.Node, defines: Mapping[str, s.Node]) -> set[str]:
    found: set[str] = set()
    for part in s.walk(node):
        if isinstance(part, s.Variable):
            found.add(part.name)
        elif isinstance(part, s.Defined):
            found |= _mentioned(defines[part.name], defines)
    return found


def _values(
    expression: Expression,
    rows: Sequence[int],
    scope: Scope,
    defines: Mapping[str, s.Node],
    coded: CodedRecord,
) -> list[float | None]:
    """The expression in each row; None where something it mentions is not coded."""
    node = resolve(expression.node, scope)
    names = _mentioned(node, defines)
    found: list[float | None] = []
    for row in rows:
        levels = {name: _level(name, row, coded) for name in names}
        known = {name: level for name, level in levels.items() if level != MISSING}
        complete = len(known) == len(names)
        found.append(value_of(node, Point(variables=known, defines=defines)) if complete else None)
    return found


def _level(name: str, row: int, coded: CodedRecord) -> int:
    column: np.ndarray | None = coded.printed.get(name)
    if column is None and name.startswith(NEXT):
        column, row = coded.printed.get(name.removeprefix(NEXT)), row + 1
    return MISSING if column is None or row >= len(coded) else int(column[row])
