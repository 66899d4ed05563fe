"""The nouns of a report: labelled data for each section, in reading order.

This is the contract between the rooms that compute and the page. A section that was not
computed is a `NotComputed` with the reason, and the page prints that reason. Tables are
checked against the columns in `contract.py` when a section is made; every fault is
reported at once. Nothing here computes, reads a file, or knows of colours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tightrope.report.section import TABLES, Checked
from tightrope.report.sections_pictures import Box, Boxes, Choice, Evidence, Plane, Price
from tightrope.report.sections_scores import Headline, Hindcasts, Ledger, Questions

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class NotComputed:
    """A section that this run does not have. `why` is one sentence that ends with a full stop."""

    why: str = "This run did not ask for it."


@dataclass(frozen=True, eq=False, kw_only=True)
class Judgement(Checked):
    """What the model says about the live questions.

    live          table `live`, in printing order; the first row is the feared outcome, which heads the report
    as_of         the day on which the questions are asked
    known_until   the last period that the forecasts know
    confidence    how far the model may be trusted: one or two sentences without a probability in them
    warnings      what must be read first (`the Markov chain beats the game on hindcasts`), strongest first
    headline      the judgement in a sentence; empty: written from the first row
    epsilon_why   the reason for epsilon, with its prior
    draws         certified parameter draws behind the intervals
    """

    live: pd.DataFrame
    as_of: str = ""
    known_until: str = ""
    confidence: str = ""
    warnings: tuple[str, ...] = ()
    headline: str = ""
    epsilon_why: str = ""
    draws: int | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Fan(Checked):
    """The probability that something has happened by each date.

    event           what, as it reads after `the probability that` (`Belarus has merged into Russia`)
    paths           table `paths`, dates ascending
    epsilon         weight of the outside view
    outside_source  what the outside view is
    mark            assumed, calibrated or estimated
    certified       False: nothing is drawn or printed
    note            a sentence under the chart
    """

    event: str = ""
    paths: pd.DataFrame
    epsilon: float = 0.0
    outside_source: str = ""
    mark: str = "estimated"
    certified: bool = True
    note: str = ""


@dataclass(frozen=True)
class Fans:
    """Fans in printing order, the feared outcome first."""

    fans: tuple[Fan, ...]


@dataclass(frozen=True, eq=False, kw_only=True)
class Timeline(Checked):
    """The coded record and how much each row surprised the fitted game.

    periods    table `periods`, ascending
    coded      table `coded`: each period and variable or move once
    events     table `events`, or None; only those of the most surprising periods are printed
    evaluated  where the surprise is taken (`at the posterior mode, agnostic priors`)
    mark       of the surprise
    certified  False: surprise is not printed
    """

    periods: pd.DataFrame
    coded: pd.DataFrame
    events: pd.DataFrame | None = None
    evaluated: str = ""
    mark: str = "estimated"
    certified: bool = True


@dataclass(frozen=True, eq=False, kw_only=True)
class Claims(Checked):
    """The argument's claims in three columns: in the record, at the reference, at the fit.

    claims      table `claims`, in the argument's order
    shares      table `shares`: frequencies in the record, none or several a claim
    quantities  table `quantities`: model quantities, none or several a claim
    fit_about   what `the fit` is (`posterior mode under agnostic priors`)
    mark_fit    mark of the share of posterior draws; a claim flagged `prior_only` keeps its reference mark
    """

    claims: pd.DataFrame
    shares: pd.DataFrame
    quantities: pd.DataFrame
    fit_about: str = ""
    mark_fit: str = "estimated"


@dataclass(frozen=True, eq=False, kw_only=True)
class Matrix(Checked):
    """Claims by ablations: tables `cells` and `ablations` (in printing order)."""

    cells: pd.DataFrame
    ablations: pd.DataFrame


@dataclass(frozen=True, eq=False, kw_only=True)
class Policy(Checked):
    """What each mover does where: table `policy`.

    parameters  at which values (`at the posterior mode`)
    mark        of the probabilities
    """

    policy: pd.DataFrame
    parameters: str = ""
    mark: str = "estimated"


@dataclass(frozen=True, eq=False, kw_only=True)
class Parameters(Checked):
    """What each parameter was before and after the record: table `parameters`, and the prior class."""

    parameters: pd.DataFrame
    prior_class: str = ""


@dataclass(frozen=True, eq=False, kw_only=True)
class Diagnostics(Checked):
    """Whether the numbers can be trusted as numbers.

    checks    table `checks`: certificates, effective sample size, Pareto shape, ...
    starts    table `starts`: one row a climb of the fit, or None
    solved    table `solved`: certified draws by prior class, or None
    warnings  sentences
    """

    checks: pd.DataFrame
    starts: pd.DataFrame | None = None
    solved: pd.DataFrame | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False, kw_only=True)
class Provenance(Checked):
    """Where everything comes from.

    case_hash  hash of the case's content
    seed       the seed of all randomness
    command    the command that made the run, without paths of a machine
    made_on    ISO day or time; given, never read from a clock, so that a report can be made again to the byte
    versions, sources, timings  tables of those names
    """

    case_hash: str = ""
    seed: int = 0
    command: str = ""
    made_on: str = ""
    versions: pd.DataFrame
    sources: pd.DataFrame
    timings: pd.DataFrame


@dataclass(frozen=True, eq=False, kw_only=True)
class Watch(Checked):
    """What to watch next: table `watch`, the most telling indicator first."""

    watch: pd.DataFrame


@dataclass(frozen=True)
class Report:
    """Everything that the page prints. `title` and `about` are the case's."""

    title: str
    case: str
    about: str = ""
    judgement: Judgement | NotComputed = NotComputed()
    fans: Fans | NotComputed = NotComputed()
    plane: Plane | NotComputed = NotComputed()
    timeline: Timeline | NotComputed = NotComputed()
    evidence: Evidence | NotComputed = NotComputed()
    claims: Claims | NotComputed = NotComputed()
    matrix: Matrix | NotComputed = NotComputed()
    policy: Policy | NotComputed = NotComputed()
    choice: Choice | NotComputed = NotComputed()
    price: Price | NotComputed = NotComputed()
    boxes: Boxes | NotComputed = NotComputed()
    questions: Questions | NotComputed = NotComputed()
    hindcasts: Hindcasts | NotComputed = NotComputed()
    ledger: Ledger | NotComputed = NotComputed()
    headline: Headline | NotComputed = NotComputed()
    parameters: Parameters | NotComputed = NotComputed()
    diagnostics: Diagnostics | NotComputed = NotComputed()
    provenance: Provenance | NotComputed = NotComputed()
    watch: Watch | NotComputed = NotComputed()


__all__ = [
    "TABLES",
    "Box",
    "Boxes",
    "Checked",
    "Choice",
    "Claims",
    "Diagnostics",
    "Evidence",
    "Fan",
    "Fans",
    "Headline",
    "Hindcasts",
    "Judgement",
    "Ledger",
    "Matrix",
    "NotComputed",
    "Parameters",
    "Plane",
    "Policy",
    "Price",
    "Provenance",
    "Questions",
    "Report",
    "Timeline",
    "Watch",
]
