"""Unions announced between states: how many became one state, and how many of those lasted.

Counted from two lists of our own, `mergers.csv` (what was carried out) and `attempts.csv` (what was announced
and was not). Neither is a census of announcements: small failures are missing, so a share of successes that
is read off them is too high.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

NOT_STATES = ("not sovereign before", "no state before")
"""Notes in `mergers.csv` by which a row drops out: what joined was no state."""

ANNOUNCED = ("treaty", "declaration", "draft constitution", "negotiation")
"""Forms in `attempts.csv` that two governments share; movements, threats and bare proposals are left out."""


@dataclass(frozen=True)
class Unions:
    """Counts of unions of recognised states since a year.

    unitary, unitary_alive              unions by consent into one state, and those that still stand; states
                                        that joined one union in one year count once
    confederations, confederations_alive  rows of confederations, and those that still stand
    papers, papers_of_pair              announced by treaty, declaration or negotiation and not carried out
                                        (or open), and those of one pair: one union tried again
    """

    since: int
    unitary: int
    unitary_alive: int
    confederations: int
    confederations_alive: int
    papers: int
    papers_of_pair: int


def count_unions(
    mergers: Iterable[Mapping[str, str]],
    attempts: Iterable[Mapping[str, str]],
    *,
    since: int = 1946,
    pair: tuple[str, str] = ("Belarus", "Russia"),
) -> Unions:
    """Count the unions announced in `since` or later. pair: (client, patron)."""
    kept = [
        row
        for row in mergers
        if int(row["year"]) >= since and not any(note in row["notes"].lower() for note in NOT_STATES)
    ]
    joined = [row for row in kept if row["kind"] == "voluntary-merger"]
    together = {(row["year"], row["client"]) for row in joined}
    # The larger of two states that formed a new one is client in its own row and patron in the other's.
    unitary = [row for row in joined if (row["year"], row["patron"]) not in together]
    loose = [row for row in kept if row["kind"] == "confederation"]
    papers = [row for row in attempts if int(row["first_announced"]) >= since and row["form"] in ANNOUNCED]
    return Unions(
        since=since,
        unitary=len(unitary),
        unitary_alive=sum(_alive(row) for row in unitary),
        confederations=len(loose),
        confederations_alive=sum(_alive(row) for row in loose),
        papers=len(papers),
        papers_of_pair=sum((row["client"], row["patron"]) == pair for row in papers),
    )


def _alive(row: Mapping[str, str]) -> bool:
    return row["lasted_until"].startswith("still")
