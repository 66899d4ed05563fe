"""A headline as the report's section and as a picture."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import beta

from tightrope.case.schema import Case
from tightrope.forecast.headline import curve
from tightrope.forecast.ledger import LedgerError
from tightrope.forecast.questions import Question
from tightrope.forecast.words import percent
from tightrope.report.sections import Headline, NotComputed, Report
from tightrope.report.text import day
from tightrope.runs.files import write_atomically
from tightrope.workflow.headline import HeadlineError, judged
from tightrope.workflow.headline_pooled import pooled_prior
from tightrope.workflow.headline_prior import FEARED
from tightrope.workflow.ledger import NoLedger
from tightrope.workflow.scoring import about_merger
from tightrope.workflow.session import Session
from tightrope.workflow.text import UnknownName

POINTS = 41
"""Points of the drawn curve."""


def section(session: Session) -> Headline | NotComputed:
    """The update for the window of the first live question about a merger, with its pooled forecast."""
    asked = _asked(session)
    if asked is None:
        return NotComputed("No live question is about a merger, so there is no window for a headline.")
    if session.live is None:
        return NotComputed("The case has no record, so there is no today to start a forecast from.")
    first, last = asked.open_time, asked.scheduled_resolution_time
    try:
        prior = pooled_prior(session, event=FEARED, first=first, last=last)
        return section_of(judged(session.material.source, first=first, last=last, prior=prior))
    except (HeadlineError, NoLedger, UnknownName, LedgerError) as error:
        return NotComputed(f"{str(error)[:1].upper()}{str(error)[1:].splitlines()[0].rstrip('.')}.")


def _asked(session: Session) -> Question | None:
    return next((q for q in session.material.live if about_merger(q)), None)


def section_of(data: Mapping[str, Any]) -> Headline:
    """The section from what `headline` found."""
    alarms, hit = data["false_alarms"], data["hit"]
    law = hit["law"]
    a, b = alarms["beta"]
    if isinstance(law, list):
        mean = law[0] / (law[0] + law[1])
        low, high = (float(x) for x in beta.ppf([0.05, 0.95], *law))
        name = f"Beta({law[0]:g}, {law[1]:g}), mean {percent(mean)}"
    else:
        mean = low = high = float(law)
        name = percent(mean)
    hits = np.linspace(0.0, 1.0, POINTS)
    drawn = curve(data["before"], false_alarm=(a, b), hits=hits.tolist())
    steps = hit["steps"]["n"]
    event = "a merger" if data["event"] == FEARED else data["event"]
    return Headline(
        hit_curve=pd.DataFrame(drawn, columns=["hit_rate", "after"]),
        leads=pd.DataFrame(
            {
                "days": p["days"],
                "false": f"{p['false']} of {alarms['n']}",
                "announced": f"{p['announced']} of {steps}",
                "ratio": p["ratio"],
                "after": p["after"],
            }
            for p in data["leads"]
        ),
        event=event,
        window=f"between {day(data['window'][0])} and {day(data['window'][1])}",
        before=data["before"],
        after=data["after"],
        lower=data["low"],
        upper=data["high"],
        prior_from=data["prior_from"],
        alarm=a / (a + b),
        alarm_from=f"False alarms, counted: {alarms['hits']} of {alarms['n']} summits had a headline in the "
        f"{data['lead_days']} days before; taken as {percent(a / (a + b))}.",
        hit=mean,
        hit_lower=low,
        hit_upper=high,
        hit_from=f"Hits, assumed: {name} ({hit['from']}).",
        notes=tuple(f"{text[:1].upper()}{text[1:]}." for text in data["warnings"]),
    )


def draw(case: Case, data: Mapping[str, Any], file: Path) -> None:
    """Write the curve to a file, whole or not at all."""
    from tightrope.report.picture import drawn_alone, page_alone
    from tightrope.report.views.headline import headline_figure

    found, kind = section_of(data), file.suffix.lower()
    if kind == ".html":
        page = Report(title=f"A headline: {case.title}", case=case.case, headline=found)
        made = page_alone(page, "headline")
    else:
        made = drawn_alone(headline_figure(found), kind)
    write_atomically(file, made)
