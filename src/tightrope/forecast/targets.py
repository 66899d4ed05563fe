"""What a hindcast forecasts, and what the record says came of it.

A forecast made when period `known` has ended speaks of period `known + h`: of the level of each coded state
when that period opens, of each coded move in it, and of the chance that the game has ended in each terminal
by its end. States and moves are forecast *given that the game goes on*: a level means nothing after the end,
and the record, which goes on, could not judge it. Whether it ended is a target of its own.

Truth is the record's weights: an uncertain row counts in part for each of its levels (scores are expectations
over them), and a row that says nothing resolves nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tightrope.case.calendar import parse_period
from tightrope.forecast.chains import shares
from tightrope.record.coding import CodedRecord

Array = NDArray[Any]
Kind = Literal["states", "moves", "ends"]

HORIZONS = (1, 2, 4, 8, 20)
"""Periods ahead."""

ENDED = ("no", "yes")


@dataclass(frozen=True)
class Target:
    """A variable with named outcomes: a state (its levels in order), a move, or a terminal (no, yes)."""

    name: str
    kind: Kind
    levels: tuple[str, ...]


@dataclass(frozen=True)
class Key:
    """One forecast: what, from where, how far. `known` is the last period that may be known."""

    known: str
    horizon: int
    target: str


@dataclass(frozen=True, eq=False)
class Truth:
    """What came of the keys that the record resolves.

    shares  key -> (levels,) weights of the outcomes, summing to one
    silent  keys whose row says nothing (a move held by default)
    open    keys beyond the end of the record
    """

    shares: dict[Key, Array]
    silent: tuple[Key, ...]
    open: tuple[Key, ...]


def targets_of(
    coded: CodedRecord, *, moves: Collection[str], terminals: Collection[str]
) -> tuple[Target, ...]:
    """Every coded state and move, then every terminal."""
    states = [Target(name, "states", levels) for name, levels in coded.levels.items() if name not in moves]
    made = [Target(name, "moves", levels) for name, levels in coded.levels.items() if name in moves]
    return (*states, *made, *(Target(name, "ends", ENDED) for name in terminals))


def resolve(
    targets: Collection[Target],
    coded: CodedRecord,
    *,
    origins: Collection[str],
    horizons: Collection[int] = HORIZONS,
) -> Truth:
    """What the whole record says about each target from each origin at each horizon.

    A terminal is never coded: a record with a row for the period after shows that it was not entered.
    """
    row = {period: number for number, period in enumerate(coded.periods)}
    tables = {t.name: shares(coded.weights[t.name]) for t in targets if t.kind != "ends"}
    found: dict[Key, Array] = {}
    silent, open_ = [], []
    for known in origins:
        for h in horizons:
            for target in targets:
                key = Key(known, h, target.name)
                ends = target.kind == "ends"
                at = row.get(str(parse_period(known) + h + int(ends)))
                if at is None:
                    open_.append(key)
                elif ends:
                    found[key] = np.array([1.0, 0.0])
                elif tables[target.name][1][at]:
                    found[key] = tables[target.name][0][at]
                else:
                    silent.append(key)
    return Truth(found, tuple(silent), tuple(open_))
