"""The smallest sets of mechanisms without which a claim no longer holds.

A claim may survive every single ablation and still rest on two mechanisms of which either is enough. Sets
are tried by size, and only while some claim that holds has none that breaks it. Whether a claim holds is
not monotone in what is switched off (without two mechanisms it may hold again), so that nothing follows
from what larger or smaller sets do: each is solved.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from tightrope.case.schema import Case

Off = tuple[str, ...]
"""Ablations that are made together, in the case's order."""
Judge = Callable[[int, Sequence[Off]], Sequence[Mapping[str, str]]]
"""(size, sets) -> for each set: claim -> holds, fails, undefined or not certified."""
BREAKS = ("fails", "undefined")


@dataclass(frozen=True)
class Needs:
    """What one claim needs.

    sets       the smallest sets that break it, all of the same size; none: no set up to `tried` does
    tried      sets of up to so many ablations were tried, unless smaller ones already break it
    unsettled  sets tried that have no certified equilibrium
    """

    sets: tuple[Off, ...] = ()
    tried: int = 1
    unsettled: tuple[Off, ...] = ()


@dataclass(frozen=True)
class Search:
    """Needs of all claims that hold with all mechanisms on, and the games solved for it beyond the matrix."""

    needs: Mapping[str, Needs] = field(default_factory=dict)
    solves: int = 0


def overrides(case: Case, off: Off) -> dict[str, float]:
    """The parameters that a set of ablations changes; of two that change the same one, the later counts."""
    together: dict[str, float] = {}
    for name in case.ablations:
        if name in off:
            together |= case.ablations[name].set
    return together


def smallest_sets(
    case: Case,
    *,
    whole: Mapping[str, str],
    single: Mapping[str, Mapping[str, str]],
    judge: Judge,
    most: int = 2,
) -> Search:
    """Search sets of up to `most` ablations, beginning with the single ones.

    whole   claim -> its status with all mechanisms on; claims that do not hold need nothing
    single  ablation -> claim -> status, as the matrix has them
    judge   solves sets of a size, all of them asked for at once

    A set that changes nothing beyond what a smaller one changes is not solved again.
    """
    found: dict[str, list[Off]] = {claim: [] for claim, status in whole.items() if status == "holds"}
    unsettled: dict[str, list[Off]] = {claim: [] for claim in found}
    sizes = dict.fromkeys(found, 1)

    def note(off: Off, statuses: Mapping[str, str], claims: Sequence[str]) -> None:
        for claim in claims:
            if statuses[claim] in BREAKS:
                found[claim].append(off)
            elif statuses[claim] == "not certified":
                unsettled[claim].append(off)

    for name, statuses in single.items():
        note((name,), statuses, list(found))
    seen = {_frozen(overrides(case, (name,))) for name in single}
    solves = 0
    for size in range(2, min(most, len(single)) + 1):
        open_claims = [claim for claim, sets in found.items() if not sets]
        fresh = []
        for off in combinations(single, size):
            key = _frozen(overrides(case, off))
            if key not in seen:
                seen.add(key)
                fresh.append(off)
        if not open_claims or not fresh:
            break
        for off, statuses in zip(fresh, judge(size, fresh), strict=True):
            note(off, statuses, open_claims)
        solves += len(fresh)
        sizes |= dict.fromkeys(open_claims, size)
    needs = {c: Needs(tuple(found[c]), sizes[c], tuple(unsettled[c])) for c in found}
    return Search(needs, solves)


def _frozen(changed: Mapping[str, float]) -> frozenset[tuple[str, float]]:
    return frozenset(changed.items())


__all__ = ["Needs", "Off", "Search", "overrides", "smallest_sets"]
