"""Base rates by named filters: how often states merged with or were annexed by others.

What each filter means is written in `MEANINGS` and printed with the result. Rates are those of
`tightrope.forecast.reference_class`: exact Poisson limits (Garwood 1936) and the Jeffreys posterior. Rows are
not independent (the German states of 1866-71 are one occasion), so episodes stand beside events: runs of
exits into one absorber with no gap over five years.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from tightrope.forecast.exposure import APART, DEFENCE, DEFENCE_BEFORE, DYAD, LAND, MICRO, SEA, STATE, Cell
from tightrope.forecast.reference_class import Rate
from tightrope.forecast.reference_counts import LAST_COW_YEAR, SAME_EPISODE

Kind = Literal["merger", "voluntary", "peaceful", "occupation"]
Border = Literal["", "land", "sea"]
Pact = Literal["", "any", "defence", "defence this year"]

MEANINGS = {
    "merger": "a state ends because it was annexed by, or merged into, another; occupation, protectorate and "
    "break-up are none",
    "voluntary": "mergers only, by the coder's reading of consent",
    "peaceful": "mergers and annexations that belong to no war",
    "occupation": "occupations and protectorates count as well",
    "microstates": "the Gleditsch-Ward list in place of the Correlates of War, which asks for 500,000 people",
    "land": "a land border with the great power in the year or the year before",
    "sea": "a land border, or at most 24 miles of sea",
    "defence": "a defence pact with it in the year or the year before: one that dies with the state counts",
    "defence this year": "a defence pact with it in the very year",
    "as published": "borders as the case's notes count them, where the list's entry `not contiguous` passes "
    "for a land border, which is a fault",
    "any": "a pact of any kind with it in the year or the year before",
    "ratio": "the great power's capability index is at least so many times the state's",
    "patron": "this great power only",
}

PATRONS = {
    2: ("United States", "USA", "US", "America"),
    200: ("United Kingdom", "UK", "Britain"),
    220: ("France",),
    255: ("Germany", "Prussia"),
    300: ("Austria-Hungary", "Austria"),
    325: ("Italy", "Sardinia-Piedmont"),
    365: ("Russia", "USSR", "Soviet Union"),
    710: ("China",),
    740: ("Japan",),
}
"""Great powers of the Correlates of War list by code, with the names that are understood."""


class FilterError(ValueError):
    """Filters that do not go together or that the cells at hand cannot answer; says what would."""


@dataclass(frozen=True)
class Filters:
    """What to count. A border, pact, ratio or patron makes the unit a dyad-year, else it is a state-year."""

    since: int = 1816
    until: int | None = None
    kind: Kind = "merger"
    border: Border = ""
    pact: Pact = ""
    ratio: float | None = None
    patron: str = ""
    microstates: bool = False
    as_published: bool = False

    @property
    def unit(self) -> str:
        """Which unit the filters are about."""
        if self.border or self.pact or self.ratio is not None or self.patron:
            return DYAD
        return MICRO if self.microstates else STATE

    @property
    def named(self) -> tuple[str, ...]:
        """The filters as `name: meaning`, in order."""
        names: list[tuple[str, str]] = [(self.kind, self.kind)]
        if self.microstates:
            names.append(("microstates", "microstates"))
        if self.border:
            names.append((self.border, self.border))
        if self.as_published:
            names.append(("as published", "as published"))
        if self.pact:
            names.append((f"{self.pact} pact" if self.pact in ("any", "defence") else self.pact, self.pact))
        if self.ratio is not None:
            names.append((f"ratio {self.ratio:g}", "ratio"))
        if self.patron:
            names.append((f"patron {PATRONS[patron_code(self.patron)][0]}", "patron"))
        return tuple(f"{name}: {MEANINGS[key]}" for name, key in names)


@dataclass(frozen=True)
class Exit:
    """A spell of a state that ended, as in `exits_cow.csv`; `absorber` is 0 where there is none."""

    code: int
    state: str
    year: int
    how: str
    absorber: int
    narrow: bool
    voluntary: bool
    war: bool


@dataclass(frozen=True)
class BaseRate:
    """A rate, its episodes as a rate of their own, and the states behind its events where they are known."""

    rate: Rate
    by_episode: Rate
    states: tuple[str, ...]
    carried: bool
    """Whether the membership of 2016 stands for later years."""


def patron_code(name: str) -> int:
    """The code of a great power. Raises FilterError with a near match for one that is not on the list."""
    known = {alias.lower(): code for code, names in PATRONS.items() for alias in names}
    if name.lower() in known:
        return known[name.lower()]
    near = difflib.get_close_matches(name.lower(), known, 1)
    hint = f"did you mean {PATRONS[known[near[0]]][0]}?" if near else "the list has"
    there = "" if near else " " + ", ".join(names[0] for names in PATRONS.values())
    raise FilterError(f"no great power {name}; {hint}{there}")


def count(cells: Sequence[Cell], filters: Filters, *, exits: Iterable[Exit] = ()) -> BaseRate:
    """Add up the cells that the filters let through.

    exits  ended spells: the events of state-years, and names for those of dyad-years

    Raises FilterError where a filter cuts through a cell, so that only the raw lists can answer it, and
    where filters do not go together.
    """
    _check(filters)
    unit = [c for c in cells if c.unit == filters.unit]
    if not unit:
        raise FilterError(f"no {filters.unit} in the table of exposure")
    until = _until(unit, filters)
    kept = [c for c in unit if filters.since <= c.first and c.last <= until]
    _uncut(unit, filters, until)
    kept = [c for c in kept if _through(c, filters)]
    exposure = sum(c.years for c in kept)
    if exposure == 0:
        raise FilterError("no state or pair in these years passes all filters, so there is nothing to count")
    every = tuple(exits)
    if filters.unit == DYAD:
        ended = [(year, c.patron) for c in kept for year in c.event_years]
        by_year = {(e.year, e.absorber) for e in every if e.narrow} & set(ended)
        names = sorted((e.year, e.state) for e in every if e.narrow and (e.year, e.absorber) in by_year)
        names = names if len(names) == len(ended) else []
    else:
        hits = [e for e in every if filters.since <= e.year <= until and _counts(e, filters.kind)]
        ended = [(e.year, e.absorber) for e in hits]
        names = sorted((e.year, e.state) for e in hits)
    period, label = f"{filters.since}-{until}", ", ".join(text.split(":")[0] for text in filters.named)
    # The Gleditsch-Ward exits carry no absorber, so nothing groups them into episodes.
    runs = None if filters.unit == MICRO else episodes(ended)
    rate = Rate(filters.unit, period, label, len(ended), float(exposure), runs)
    return BaseRate(
        rate=rate,
        by_episode=Rate(
            filters.unit, period, label, len(ended) if runs is None else runs, float(exposure), runs
        ),
        states=tuple(f"{state} {year}" for year, state in names),
        carried=filters.unit == STATE and until > LAST_COW_YEAR,
    )


def episodes(ended: Iterable[tuple[int, int]]) -> int:
    """Runs of exits, each (year, absorber), into one absorber with no gap over `SAME_EPISODE` years.

    >>> episodes([(1866, 255), (1871, 255), (1877, 255), (1866, 325)])
    3
    """
    last: dict[int, int] = {}
    found = 0
    for year, absorber in sorted(ended):
        found += absorber not in last or year - last[absorber] > SAME_EPISODE
        last[absorber] = year
    return found


def _check(filters: Filters) -> None:
    if filters.microstates and filters.unit == DYAD:
        raise FilterError("microstates have no list of pairs: leave out the border, pact, ratio and patron")
    if filters.as_published and not filters.border:
        raise FilterError("as published is a way to count borders: say which border")
    if filters.kind != "merger" and filters.unit != STATE:
        raise FilterError(f"{filters.kind} is coded for state-years of the Correlates of War list only")
    if filters.until is not None and filters.until < filters.since:
        raise FilterError(f"until {filters.until} is before since {filters.since}")
    if filters.ratio is not None and not filters.ratio > 0:
        raise FilterError(f"a ratio is a number above 0, not {filters.ratio:g}")


def _until(unit: Sequence[Cell], filters: Filters) -> int:
    """The last year to count. By default the lists' own end: the years carried on must be asked for."""
    first, last = min(c.first for c in unit), max(c.last for c in unit)
    end = min(last, LAST_COW_YEAR) if filters.unit == STATE else last
    until = end if filters.until is None else filters.until
    if filters.since < first or until > last or filters.since > until:
        asked = f"{filters.since}-{until}"
        raise FilterError(f"{asked}: the lists behind {filters.unit}s run from {first} to {last}")
    return until


def _uncut(unit: Sequence[Cell], filters: Filters, until: int) -> None:
    firsts, lasts = {c.first for c in unit}, {c.last for c in unit}
    if filters.since not in firsts:
        raise FilterError(_cut("since", filters.since, firsts))
    if until not in lasts:
        raise FilterError(_cut("until", until, lasts))
    bands = {c.ratio for c in unit}
    if filters.ratio is not None and filters.ratio not in bands:
        there = ", ".join(f"{band:g}" for band in sorted(bands) if band > 0)
        raise FilterError(
            f"ratio {filters.ratio:g} cuts through a band of the table (it has {there}); "
            "with --data and the raw lists any ratio can be asked for"
        )


def _cut(name: str, year: int, there: set[int]) -> str:
    near = ", ".join(str(y) for y in sorted(sorted(there, key=lambda y: abs(y - year))[:2]))
    return (
        f"{name} {year} cuts through a span of the table (near it: {near}); "
        "with --data and the raw lists any year can be asked for"
    )


_BORDERS = {"land": (LAND,), "sea": (LAND, SEA)}
_PACTS = {"defence": (DEFENCE, DEFENCE_BEFORE), "defence this year": (DEFENCE,)}


def _through(cell: Cell, filters: Filters) -> bool:
    if filters.border:
        near = cell.contiguity.removesuffix(APART) in _BORDERS[filters.border]
        if not near and not (filters.as_published and cell.contiguity.endswith(APART)):
            return False
    if filters.pact and cell.pact not in _PACTS.get(filters.pact, (cell.pact or None,)):
        return False
    if filters.ratio is not None and cell.ratio < filters.ratio:
        return False
    return not filters.patron or cell.patron == patron_code(filters.patron)


def _counts(ended: Exit, kind: Kind) -> bool:
    if kind == "occupation":
        return ended.how in ("annexed", "voluntary-merger", "occupied")
    return ended.narrow and (kind != "voluntary" or ended.voluntary) and (kind != "peaceful" or not ended.war)
