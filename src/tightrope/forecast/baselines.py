"""Forecasts that need no theory: what a model must beat.

Each is made from a coded record alone, cut at the question's origin, and answers the events of
`tightrope.forecast.events` with an exact probability. Variables are independent of each other in all of them.

Markov chain   one first-order chain a variable or move. A state's rows are smoothed towards the pooled law
               (one step up or down at the rate of all state variables of its kind, rising or free, else
               stay) with half a pseudo-step for each possible step; a move's rows towards that move's overall
               frequencies with half a pseudo-count an action.
persistence    states keep still but for the pooled steps; a move repeats with the record's excess chance of
               repetition, else is drawn at its overall frequencies.
climatology    every period by itself at the record's frequencies; a level is reached if the first opening
               state is there, or by the record's rate of entries from elsewhere.

A terminal has never been entered in a record that goes on, so each gives it the Jeffreys mean of no event in
that many periods (`scores.no_event_bound`). For a merger, where a few quiet years say little and the history
of other states says more, the reference class and the constant 2 % stand instead.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tightrope.case.calendar import parse_period
from tightrope.forecast import chains, joint
from tightrope.forecast import frequencies as freq
from tightrope.forecast.chains import Chain
from tightrope.forecast.events import (
    AnyMove,
    At,
    Compound,
    CountMove,
    EnteredTerminal,
    Event,
    NoTerminal,
    Reaches,
    Unanswerable,
)
from tightrope.forecast.questions import Question, known_until
from tightrope.forecast.reference_class import Rate, outside_view
from tightrope.forecast.scores import no_event_bound
from tightrope.record.coding import CodedRecord, truncate

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[Any]

ALWAYS = 0.02
"""The constant forecast of a merger."""

COLUMNS = ("markov_chain", "persistence", "climatology", "reference_class", "always", "outside_view")


@dataclass(frozen=True, eq=False)
class Chains:
    """The Markov chain or persistence: one chain a variable or move, as of period `known`."""

    name: str
    known: str
    chains: Mapping[str, Chain]
    exit_rate: float


@dataclass(frozen=True, eq=False)
class Climatology:
    """Long-run frequencies as of period `known`.

    levels     variable or move -> its levels
    frequency  variable or move -> (levels,) smoothed with half a pseudo-count a level
    moved      state -> (levels, levels) expected transitions, for the rates of entry
    """

    known: str
    levels: Mapping[str, tuple[str, ...]]
    frequency: Mapping[str, Array]
    moved: Mapping[str, Array]
    exit_rate: float
    name: str = "climatology"


Baseline = Chains | Climatology


def markov_chain(coded: CodedRecord, *, moves: Collection[str], rising: Collection[str] = ()) -> Chains:
    """The smoothed Markov chain of a record.

    moves   which of the record's variables are moves; the others are states
    rising  states that never fall
    """
    found = {}
    for name, levels in coded.levels.items():
        size = len(levels)
        strength: Array | float
        if name in moves:
            centre, strength = np.tile(freq.frequency(coded, name), (size, 1)), 0.5 * size
        else:
            centre = freq.step_law(coded, name, moves=moves, rising=rising)
            strength = freq.step_strength(centre)
        found[name] = chains.fit_chain(levels, coded.weights[name], centre=centre, strength=strength)
    return Chains("markov_chain", coded.periods[-1], found, _exit_rate(coded))


def persistence(coded: CodedRecord, *, moves: Collection[str], rising: Collection[str] = ()) -> Chains:
    """Smoothed persistence: as it is now, but for steps and changes at the record's overall rates."""
    found = {}
    for name, levels in coded.levels.items():
        if name in moves:
            keep = freq.excess_repetition(coded, name)
            transition = keep * np.eye(len(levels)) + (1.0 - keep) * freq.frequency(coded, name)
        else:
            transition = freq.step_law(coded, name, moves=moves, rising=rising)
        found[name] = Chain(levels, transition, chains.latest(coded.weights[name], transition))
    return Chains("persistence", coded.periods[-1], found, _exit_rate(coded))


def climatology(coded: CodedRecord, *, moves: Collection[str]) -> Climatology:
    """Frequencies of levels, actions and entries over the whole known record."""
    return Climatology(
        known=coded.periods[-1],
        levels=coded.levels,
        frequency={name: freq.frequency(coded, name) for name in coded.levels},
        moved={v: chains.transition_counts(w) for v, w in coded.weights.items() if v not in moves},
        exit_rate=_exit_rate(coded),
    )


def probability(baseline: Baseline, event: Event) -> float | None:
    """Probability of an event, exactly; None where it is not coded or joins what `joint` cannot.

    Raises ValueError for an event that starts before the baseline's last known period has ended.
    """
    if isinstance(event, Unanswerable):
        return None
    if isinstance(event, Compound):
        return (
            joint.probability(baseline.chains, event, known=baseline.known)
            if isinstance(baseline, Chains)
            else None
        )
    if isinstance(event, EnteredTerminal | NoTerminal):
        # An exit in a known period would have ended the record.
        stay = (1.0 - baseline.exit_rate) ** (_ahead(baseline, event.by) - 1)
        return stay if isinstance(event, NoTerminal) else 1.0 - stay
    name, wanted, first, last, at_least = _window(baseline, event)
    if isinstance(baseline, Chains):
        chain = baseline.chains[name]
        if isinstance(event, At):
            return chains.at(chain, wanted=wanted, steps=last)
        return chains.counts_at_least(chain, wanted=wanted, first=first, last=last, at_least=at_least)
    inside = np.array([level in wanted for level in baseline.levels[name]])
    share = float(baseline.frequency[name][inside].sum())
    if isinstance(event, At):
        return share
    if isinstance(event, Reaches):
        outside = baseline.moved[name][~inside]
        entry = (float(outside[:, inside].sum()) + 0.5) / (float(outside.sum()) + 1.0)
        return share + (1.0 - share) * (1.0 - (1.0 - entry) ** (last - first))
    from scipy.stats import binom

    return float(binom.sf(at_least - 1, last - first + 1, share))


def law_ahead(baseline: Baseline, name: str, *, steps: int) -> Array:
    """Distribution of a state or move so many periods after the last known one, (levels,)."""
    if isinstance(baseline, Chains):
        return chains.ahead(baseline.chains[name], steps=steps)
    return baseline.frequency[name]


def ended_within(baseline: Baseline, *, steps: int) -> float:
    """Probability that a terminal is entered in one of the next `steps` periods."""
    return float(1.0 - (1.0 - baseline.exit_rate) ** steps)


def answer(
    questions: Iterable[Question],
    coded: CodedRecord,
    *,
    moves: Collection[str],
    rising: Collection[str] = (),
    merger: str = "merged",
    rates: Sequence[Rate] = (),
) -> pd.DataFrame:
    """Every baseline's probability for each answerable question, on the record known at its origin.

    merger  the terminal that the reference class and the constant speak about, and the others do not
    rates   the case's reference class; empty: that column stays missing
    Index: question id. Columns: known (last known period), markov_chain, persistence, climatology,
    reference_class, always, and outside_view: the reference class for a merger, else the Markov chain.
    """
    import pandas as pd

    length = parse_period(coded.periods[0]).length
    made: dict[str, tuple[Baseline, ...]] = {}
    rows = []
    for question in (q for q in questions if q.answerable):
        known = known_until(question.open_time, length=length)
        row: dict[str, Any] = {"id": question.id, "known": known}
        if _asks_only(question.event, merger):
            years = (question.scheduled_resolution_time - question.open_time).days / 365.25
            ended = {"always": ALWAYS}
            if rates:
                ended["reference_class"] = outside_view(rates, years=years).probability
            never = isinstance(question.event, NoTerminal)
            row |= {name: 1.0 - p if never else p for name, p in ended.items()}
            row["outside_view"] = row.get("reference_class")
        else:
            if known not in made:
                part = truncate(coded, before=str(parse_period(known) + 1))
                made[known] = (
                    markov_chain(part, moves=moves, rising=rising),
                    persistence(part, moves=moves, rising=rising),
                    climatology(part, moves=moves),
                )
            row |= {b.name: probability(b, question.event) for b in made[known]}
            row["outside_view"] = row["markov_chain"]
        rows.append(row)
    frame = pd.DataFrame(rows, columns=["id", "known", *COLUMNS]).set_index("id")
    return frame.astype(dict.fromkeys(COLUMNS, float))


def _asks_only(event: Event, terminal: str) -> bool:
    return isinstance(event, EnteredTerminal | NoTerminal) and event.terminals == (terminal,)


def _window(
    baseline: Baseline, event: At | Reaches | AnyMove | CountMove
) -> tuple[str, tuple[str, ...], int, int, int]:
    """Name, levels wanted, first and last period ahead of the last known one, and the count needed."""
    if isinstance(event, At):
        return event.variable, event.levels, _ahead(baseline, event.on), _ahead(baseline, event.on), 1
    first, last = _ahead(baseline, event.first), _ahead(baseline, event.last)
    if isinstance(event, Reaches):
        return event.variable, event.levels, first, last, 1
    needed = event.at_least if isinstance(event, CountMove) else 1
    return event.move, (event.action,), first, last, needed


def _ahead(baseline: Baseline, period: str) -> int:
    steps = parse_period(period) - parse_period(baseline.known)
    if steps < 1:
        raise ValueError(f"{period} is not after {baseline.known}, the last period that the baseline knows")
    return steps


def _exit_rate(coded: CodedRecord) -> float:
    return no_event_bound(len(coded)).jeffreys_mean
