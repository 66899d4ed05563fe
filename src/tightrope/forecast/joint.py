"""Joined events under independent chains, one a variable or move: what a baseline says of them, exactly.

For each chain the joint law of all that is counted of it is pushed forward; the chains being independent,
their laws multiply. A terminal has no chain, so an event that mentions one is left alone.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np

from tightrope.case.calendar import parse_period
from tightrope.forecast.automaton import MOST, Cell, Watch, holds_at_end, seen_by, watch_of
from tightrope.forecast.chains import Chain
from tightrope.forecast.events import (
    Compound,
    EnteredTerminal,
    Event,
    Given,
    NoTerminal,
    Unanswerable,
    leaves,
)


def why_not(event: Event, *, known: str) -> str:
    """Why independent chains fitted up to period `known` give no answer; empty if they do."""
    first = str(parse_period(known) + 1)
    for leaf in leaves(event):
        if isinstance(leaf, Unanswerable):
            return leaf.reason
        if isinstance(leaf, EnteredTerminal | NoTerminal):
            return "it joins a terminal with other events, and chains of states and moves know no terminal"
        if watch_of(leaf, first)[0].first < 0:
            return f"a part of it begins before {first}"
    cells = 1
    for watched in _by_name(event, first).values():
        for cap in watched.values():
            cells *= cap + 1
    return "" if cells <= MOST**2 else "it counts too many things at once"


def probability(chains: Mapping[str, Chain], event: Compound, *, known: str) -> float | None:
    """Probability of a joined event after period `known`; None where `why_not` has a reason.

    A condition that cannot happen under the chains leaves no answer either.
    """
    if why_not(event, known=known):
        return None
    first = str(parse_period(known) + 1)
    names = _by_name(event, first)
    laws = {name: _law(chains[name], watched) for name, watched in names.items()}
    wanted, condition = event, None
    if isinstance(event, Given):
        wanted, condition = event.event, event.condition  # type: ignore[assignment]
    both = alone = 0.0
    for cells in itertools.product(*(law.items() for law in laws.values())):
        counts: dict[Watch, int] = {}
        p = 1.0
        for watched, (cell, q) in zip(names.values(), cells, strict=True):
            counts |= dict(zip(watched, cell, strict=True))
            p *= q
        if condition is None or holds_at_end(condition, counts, first):
            alone += p
            both += p if holds_at_end(wanted, counts, first) else 0.0
    if condition is None:
        return min(max(both, 0.0), 1.0)
    return both / alone if alone > 0.0 else None


def _by_name(event: Event, first: str) -> dict[str, dict[Watch, int]]:
    """What is counted of each variable or move, and up to how much."""
    found: dict[str, dict[Watch, int]] = {}
    for leaf in leaves(event):
        assert not isinstance(leaf, Unanswerable | EnteredTerminal | NoTerminal)
        watch, enough = watch_of(leaf, first)
        watched = found.setdefault(watch.name, {})
        watched[watch] = max(enough, watched.get(watch, 0))
    return found


def _law(chain: Chain, watched: Mapping[Watch, int]) -> dict[Cell, float]:
    """The law of the last counts of one chain's watches."""
    now: dict[Cell, np.ndarray] = {(0,) * len(watched): chain.now}
    (name,) = {watch.name for watch in watched}
    for period in range(max(watch.last for watch in watched) + 1):
        then: dict[Cell, np.ndarray] = {}
        for cell, law in now.items():
            moved = law @ chain.transition
            for number, level in enumerate(chain.levels):
                after = seen_by(watched, cell, name, level, period)
                part = np.zeros(len(chain.levels))
                part[number] = moved[number]
                then[after] = then.get(after, 0.0) + part
        now = then
    return {cell: float(law.sum()) for cell, law in now.items()}
