"""`tightrope headline`: what a headline is worth. Leaves no run, unless its prior comes from a fit."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from tightrope.case.calendar import parse_period
from tightrope.case.load import CaseFolder, load_case
from tightrope.forecast.headline import LEAD, Share, curve, false_alarms, steps_announced, update
from tightrope.forecast.ledger import FEAR, load_predictions
from tightrope.forecast.ledger_rows import read_events
from tightrope.outcome import FINE, Outcome
from tightrope.record.reading import read_rows
from tightrope.workflow.headline_prior import FEARED, HeadlineError, Prior, reference_prior, years_of
from tightrope.workflow.headline_text import headline_text
from tightrope.workflow.ledger import NoLedger
from tightrope.workflow.text import known_names

HITS = (0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
LEADS = (30, 60, 90, 180, 365)
PICTURES = (".svg", ".png", ".html")


def parse_window(text: str) -> tuple[date, date]:
    """The first and last day of `2026-07-01..2026-12-31`, or of a period such as `2026Q3`.

    >>> [day.isoformat() for day in parse_window("2026Q3")]
    ['2026-07-01', '2026-09-30']
    """
    first, dots, last = text.partition("..")
    try:
        if not dots:
            period = parse_period(text)
            return period.start, period.end
        begun, ended = date.fromisoformat(first.strip()), date.fromisoformat(last.strip())
    except ValueError:
        raise HeadlineError(
            f"{text!r} is no window; write 2026-07-01..2026-12-31, or a period such as 2026Q3"
        ) from None
    if ended < begun:
        raise HeadlineError(f"the window {text} ends before it begins")
    return begun, ended


def headline(
    case: Path,
    *,
    window: str,
    prior: float | Prior | None = None,
    event: str = FEARED,
    hit_rate: float | None = None,
    hit_beta: tuple[float, float] | None = None,
    lead: int = LEAD,
    at_least: float = FEAR,
    picture: Path | None = None,
) -> Outcome:
    """What one headline before a summit does to the chance of an event in a window.

    prior     the chance in the window without the headline; by default the reference class gives it for a
              merger, and another event needs it said
    hit_rate, hit_beta  the assumed rate of headlines before the event, or its Beta law
    picture   a file for the curve: .svg, .png or .html; an existing one is refused

    Raises HeadlineError, NoLedger, UnknownName, FileExistsError and the errors of the files.
    """
    first, last = parse_window(window)
    if picture is not None:
        check_picture(picture)
    source = load_case(case)
    data = judged(
        source,
        first=first,
        last=last,
        prior=Prior(prior, "given") if isinstance(prior, float | int) else prior,
        event=event,
        hit_rate=hit_rate,
        hit_beta=hit_beta,
        lead=lead,
        at_least=at_least,
    )
    text = headline_text(data)
    if picture is not None:
        from tightrope.workflow.headline_report import draw

        draw(source.case, data, picture)
        data |= {"picture": str(picture)}
        text += f"\n\nThe curve is in {picture}."
    return Outcome(FINE, data, text)


def check_picture(file: Path) -> None:
    """Raise HeadlineError for a kind of file that cannot be drawn, FileExistsError for one that is there."""
    if file.suffix.lower() not in PICTURES:
        raise HeadlineError(f"--picture {file}: its name must end in {', '.join(PICTURES)}")
    if file.exists():
        raise FileExistsError(f"{file}: exists already; nothing was written")
    if not file.resolve().parent.is_dir():
        raise FileNotFoundError(f"{file}: there is no folder {file.parent}")


def judged(
    source: CaseFolder,
    *,
    first: date,
    last: date,
    prior: Prior | None = None,
    event: str = FEARED,
    hit_rate: float | None = None,
    hit_beta: tuple[float, float] | None = None,
    lead: int = LEAD,
    at_least: float = FEAR,
) -> dict[str, Any]:
    """Before and after, the rates behind them, and what the assumptions do, as plain data."""
    if source.case.ledger is None or source.case.events is None:
        raise NoLedger(
            "a headline is judged by a ledger and dated events; the case needs `ledger:` and `events:`"
        )
    ledger = source.folder / source.case.ledger
    statements = load_predictions(ledger)
    known_names("event", (event,), sorted({p.event for p in statements}))
    limited = {e.event for e in read_events(ledger) or () if e.scope == "limited"} - {event}
    dated = read_rows(source.folder / source.case.events)
    years = years_of(first, last)

    def seen(days: int) -> tuple[Share, Share]:
        return (
            false_alarms(dated, statements, event=event, lead=days, at_least=at_least),
            steps_announced(statements, events=limited, lead=days, at_least=at_least),
        )

    alarms, announced = seen(lead)
    if alarms.n == 0:
        raise HeadlineError("the case has no dated summit: nothing says how often headlines are false")
    hit, how = _hit(hit_rate, hit_beta, announced)
    given = prior or reference_prior(source, event=event, first=first, last=last)
    try:
        found = update(given.chance, years=years, hit=hit, false_alarm=alarms.beta)
        drawn = curve(found.before, false_alarm=alarms.beta, hits=HITS)
        by_lead = []
        for days in sorted({*LEADS, lead}):
            false, before_steps = seen(days)
            assumed, _ = _hit(hit_rate, hit_beta, before_steps)
            then = update(given.chance, years=years, hit=assumed, false_alarm=false.beta)
            by_lead.append(
                {"days": days, "false": false.hits, "announced": before_steps.hits, **asdict(then)}
            )
    except ValueError as error:
        raise HeadlineError(str(error)) from None
    return {
        "event": event,
        "window": [first.isoformat(), last.isoformat()],
        "prior_from": given.source,
        "pool": given.pool,
        **asdict(found),
        "false_alarms": {**asdict(alarms), "beta": list(alarms.beta)},
        "hit": {"law": list(hit) if isinstance(hit, tuple) else hit, "from": how, "steps": asdict(announced)},
        "lead_days": lead,
        "at_least": at_least,
        "curve": [{"hit_rate": h, "after": after} for h, after in drawn],
        "leads": by_lead,
        "warnings": [*WARNINGS, *given.notes],
    }


WARNINGS = (
    "the hit rate is an assumption: the event was never seen, so no headline ever came before it",
    "coverage is what a search found; a false alarm that it missed makes the headline look better",
    "summits close together share their headlines, so there are fewer independent ones than are counted",
    "how many days before a summit count is a choice, not a blind one; the last table shows what it does",
)


def _hit(
    rate: float | None, law: tuple[float, float] | None, announced: Share
) -> tuple[tuple[float, float] | float, str]:
    if rate is not None and law is not None:
        raise HeadlineError("say a hit rate or its Beta law, not both")
    if rate is not None:
        return rate, "given"
    if law is not None:
        return law, "given"
    if announced.n == 0:
        raise HeadlineError("no limited step came true, so nothing suggests a hit rate: say --hit-rate")
    return announced.beta, f"{announced.hits} of {announced.n} limited steps that came had been announced"


__all__ = ["HeadlineError", "Prior", "check_picture", "headline", "judged", "parse_window"]
