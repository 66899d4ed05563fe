"""The nouns of pictures that a case asks for, and of results that a run may hold: data, as in `sections`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tightrope.report.section import Checked

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False, kw_only=True)
class Plane(Checked):
    """Two axes, the record's path over them, and where the fitted law of motion leads from each point.

    stays       table `stays`: stretches of the record that stood at one point, in order of time
    drifts      table `drifts`: one row a point that the levels of the axes' variables can make
    about       what the plane is, a sentence or two
    across, up  names of the axes
    low_across, high_across, low_up, high_up  words for their ends
    evaluated   where the law of motion is taken (`at the posterior mode`)
    mark        of the movement
    certified   False: no movement is drawn or printed
    """

    stays: pd.DataFrame
    drifts: pd.DataFrame
    about: str = ""
    across: str = ""
    up: str = ""
    low_across: str = ""
    high_across: str = ""
    low_up: str = ""
    high_up: str = ""
    evaluated: str = ""
    mark: str = "estimated"
    certified: bool = True


@dataclass(frozen=True, eq=False, kw_only=True)
class Price(Checked):
    """What an end would cost, over two state variables.

    gaps             table `gaps`
    end              what ends, as it reads after `the price of` (`Belarus stops being a separate state`)
    patron, client   who would pay and who would take, for readers
    across, down     names of the variables
    rate             what a unit of the client's payoff costs the patron, as written
    positive, states how many of all states have no price that suits both
    at_any_rate      in how many of them the rate does not matter
    evaluated        where values are taken
    mark             of the numbers
    certified        False: nothing is drawn or printed
    """

    gaps: pd.DataFrame
    end: str = ""
    patron: str = ""
    client: str = ""
    across: str = ""
    down: str = ""
    rate: str = "1"
    positive: int = 0
    states: int = 0
    at_any_rate: int = 0
    evaluated: str = ""
    mark: str = "estimated"
    certified: bool = True


@dataclass(frozen=True, eq=False, kw_only=True)
class Choice(Checked):
    """One choice taken apart: every option, and the log-odds of the likeliest by payoff term.

    options    table `options`, the likeliest first
    split      table `split`, the weightiest part first; the parts sum to the log-odds
    mover      who moves, for readers
    move       name of the move
    where      the states and earlier moves that the mover sees, in words
    action     the likeliest action
    against    what it is set against
    about      why this choice is shown
    evaluated  where it is taken
    mark       of the numbers
    """

    options: pd.DataFrame
    split: pd.DataFrame
    mover: str = ""
    move: str = ""
    where: str = ""
    action: str = ""
    against: str = ""
    about: str = ""
    evaluated: str = ""
    mark: str = "estimated"


@dataclass(frozen=True, eq=False, kw_only=True)
class Evidence(Checked):
    """Rival readings by their evidence, and which periods say so.

    readings  table `readings`, the one that all are set against first
    factors   table `factors`
    quarters  table `quarters`: every period and reading
    spreads   table `spreads`: under other spreads of the priors; may be empty
    codings   table `codings`: under other codings of the record; may be empty
    switches  table `switches`: one mechanism off at a time, by the draws of the first reading; or None
    tempered  table `tempered`: a third estimate of the leading readings; or None
    events    table `events` of the periods that tell most, or None
    prior     class of the priors
    unit      a period's name
    effort    how much work stands behind it, a sentence
    failed    readings that could not be weighed, each with the reason
    """

    readings: pd.DataFrame
    factors: pd.DataFrame
    quarters: pd.DataFrame
    spreads: pd.DataFrame
    codings: pd.DataFrame
    switches: pd.DataFrame | None = None
    tempered: pd.DataFrame | None = None
    events: pd.DataFrame | None = None
    prior: str = "agnostic"
    unit: str = "period"
    effort: str = ""
    failed: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False, kw_only=True)
class Box(Checked):
    """Where in parameter space an outcome is common.

    limits    table `limits`: the box that is shown, the surest limit first
    tradeoff  table `tradeoff`: every box of the way there
    outcome   the outcome, as a rule on draws
    about     what it is, a sentence
    prior     class of the priors
    draws     certified draws
    share     share of them that shows the outcome
    coverage, density  of the box on draws that it was not found on; nan where not tried
    mark      of the shares: draws come from the prior, so never better than assumed
    """

    limits: pd.DataFrame
    tradeoff: pd.DataFrame
    outcome: str = ""
    about: str = ""
    prior: str = ""
    draws: int = 0
    share: float = 0.0
    coverage: float = float("nan")
    density: float = float("nan")
    mark: str = "assumed"


@dataclass(frozen=True)
class Boxes:
    """Boxes in printing order."""

    boxes: tuple[Box, ...]
