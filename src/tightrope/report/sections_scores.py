"""The nouns of what forecasts and fears came to: past questions, hindcasts, the ledger, one headline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tightrope.report.section import Checked

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False, kw_only=True)
class Questions(Checked):
    """Past questions, answered as of their origins, and the scores.

    questions     table `questions`, answerable or not
    forecasts     table `forecasts`
    means         table `means`
    clip          the log score takes forecasts clipped to [clip, 1 - clip]
    interval_how  what the intervals of the means are (`95 % bootstrap over origins`)
    note          a sentence or two (`the questions were written with hindsight ...`)
    """

    questions: pd.DataFrame
    forecasts: pd.DataFrame
    means: pd.DataFrame
    clip: float = 0.001
    interval_how: str = ""
    note: str = ""


@dataclass(frozen=True, eq=False, kw_only=True)
class Hindcasts(Checked):
    """Forecasts from past origins, each from the record as then known, beside rivals without theory.

    skill           table `skill`: groups of targets and terminals, in printing order
    skill_targets   table `skill_targets`: the same by single target
    curves          table `curves`: reliability at `reliability_at` periods ahead
    decompositions  table `decompositions`, of the same forecasts
    standing        table `standing`: past questions, forecast anew at each origin while they were open
    beside          table `beside`: the ledger's forecasters on common questions about `beside_event`
    origins         how many and which (`25 origins, 1 January 2000 to 1 January 2024`)
    known           the first and last period known
    unit            a period's name
    source          where the forecasts come from, a sentence (`They were shipped with the case.`)
    clip            the log score takes forecasts raised to at least this
    notes           sentences: the hindsight that remains first, then how it was scored, origins that failed
    """

    skill: pd.DataFrame
    skill_targets: pd.DataFrame
    curves: pd.DataFrame
    decompositions: pd.DataFrame
    standing: pd.DataFrame
    beside: pd.DataFrame
    beside_event: str = ""
    origins: str = ""
    known: str = ""
    unit: str = "period"
    source: str = ""
    clip: float = 0.001
    reliability_at: int = 4
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False, kw_only=True)
class Ledger(Checked):
    """What was publicly feared and what came.

    event     the feared event, for readers (`a merger`)
    fears     table `fears`
    outcomes  table `outcomes`; years without an outcome may be left out
    scores    table `scores`, the row `all` last
    at_least  a statement that gives the event this much is a fear
    baseline  the constant it is scored against (0.02)
    note      a sentence or two (`no random sample ...`)
    """

    event: str = ""
    fears: pd.DataFrame
    outcomes: pd.DataFrame
    scores: pd.DataFrame
    at_least: float = 0.25
    baseline: float = 0.02
    note: str = ""


@dataclass(frozen=True, eq=False, kw_only=True)
class Headline(Checked):
    """What one headline before a summit does to the chance of the feared event in a window.

    hit_curve   table `hit_curve`: the chance after, by the assumed hit rate, ascending
    leads       table `leads`: the same by how many days before a summit count
    event       the feared event, for readers (`a merger`)
    window      when, as it reads after the event (`between 1 July 2025 and 30 June 2031`)
    before      the chance without the headline
    after       the chance after it, at the mean of the assumed law
    lower       lower end of the 90 % limits of the chance after
    upper       upper end
    prior_from  what gives the chance before (`the reference class`)
    alarm       the counted rate of false alarms, at which a headline says nothing
    alarm_from  what was counted, a sentence
    hit         mean of the assumed hit rate
    hit_lower   5 % quantile of its law
    hit_upper   95 % quantile
    hit_from    where it comes from, a sentence
    mark        of the chance after: never better than assumed, since the hit rate is
    notes       sentences
    """

    hit_curve: pd.DataFrame
    leads: pd.DataFrame
    event: str = ""
    window: str = ""
    before: float = 0.0
    after: float = 0.0
    lower: float = 0.0
    upper: float = 0.0
    prior_from: str = ""
    alarm: float = 0.0
    alarm_from: str = ""
    hit: float = 0.0
    hit_lower: float = 0.0
    hit_upper: float = 0.0
    hit_from: str = ""
    mark: str = "assumed"
    notes: tuple[str, ...] = ()
