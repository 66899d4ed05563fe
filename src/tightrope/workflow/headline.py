"""`tightrope headline` and `tightrope silence`: what a headline and its absence are worth. Leave no run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from tightrope.case.calendar import parse_period
from tightrope.case.load import load_case
from tightrope.forecast.headline import LEAD, Share, curve, false_alarms, steps_announced, update
from tightrope.forecast.ledger import FEAR, load_predictions
from tightrope.forecast.ledger_rows import read_events
from tightrope.forecast.reference_class import Rate, load_rates, outside_view
from tightrope.forecast.silence import quarters_to_halve, quiet_chance
from tightrope.forecast.words import beside, percent
from tightrope.outcome import FINE, Outcome
from tightrope.record.reading import read_rows
from tightrope.workflow.ledger import NoLedger
from tightrope.workflow.text import blocks, known_names, table

HITS = (0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
LEADS = (30, 60, 90, 180, 365)
LEAKS = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3)
QUARTERS = (1, 4, 8, 20, 40)


class HeadlineError(ValueError):
    """A window, a rate or a case that `headline` cannot use."""


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
    prior: float | None = None,
    event: str = "merger",
    hit_rate: float | None = None,
    hit_beta: tuple[float, float] | None = None,
    lead: int = LEAD,
    at_least: float = FEAR,
) -> Outcome:
    """What one headline before a summit does to the chance of an event in a window.

    prior     the chance in the window without the headline; by default the reference class gives it for a
              merger, and another event needs it said
    hit_rate, hit_beta  the assumed rate of headlines before the event, or its Beta law

    Raises HeadlineError, NoLedger, UnknownName and the errors of the files.
    """
    first, last = parse_window(window)
    years = ((last - first).days + 1) / 365.25
    source = load_case(case)
    if source.case.ledger is None or source.case.events is None:
        raise NoLedger(
            "a headline is judged by a ledger and dated events; the case needs `ledger:` and `events:`"
        )
    ledger = source.folder / source.case.ledger
    statements = load_predictions(ledger)
    known_names("event", (event,), sorted({p.event for p in statements}))
    limited = {e.event for e in read_events(ledger) or () if e.scope == "limited"} - {event}
    dated = read_rows(source.folder / source.case.events)

    def seen(days: int) -> tuple[Share, Share]:
        return (
            false_alarms(dated, statements, event=event, lead=days, at_least=at_least),
            steps_announced(statements, events=limited, lead=days, at_least=at_least),
        )

    alarms, announced = seen(lead)
    if alarms.n == 0:
        raise HeadlineError("the case has no dated summit: nothing says how often headlines are false")
    hit, how = _hit(hit_rate, hit_beta, announced)
    rate: float | Rate
    if prior is not None:
        rate, prior_from = prior, "given"
    elif source.case.reference_class is None or event != "merger":
        raise HeadlineError(f"nothing gives a prior for {event}: say --prior")
    else:
        rates = load_rates(source.folder / source.case.reference_class / "rates.csv")
        rate, prior_from = outside_view(rates, years=years).rate, "reference class"
    try:
        found = update(rate, years=years, hit=hit, false_alarm=alarms.beta)
        drawn = curve(found.before, false_alarm=alarms.beta, hits=HITS)
        by_lead = []
        for days in sorted({*LEADS, lead}):
            false, before_steps = seen(days)
            assumed, _ = _hit(hit_rate, hit_beta, before_steps)
            then = update(rate, years=years, hit=assumed, false_alarm=false.beta)
            by_lead.append(
                {"days": days, "false": false.hits, "announced": before_steps.hits, **asdict(then)}
            )
    except ValueError as error:
        raise HeadlineError(str(error)) from None
    data = {
        "event": event,
        "window": [first.isoformat(), last.isoformat()],
        "prior_from": prior_from,
        **asdict(found),
        "false_alarms": {**asdict(alarms), "beta": list(alarms.beta)},
        "hit": {"law": list(hit) if isinstance(hit, tuple) else hit, "from": how, "steps": asdict(announced)},
        "lead_days": lead,
        "at_least": at_least,
        "curve": [{"hit_rate": h, "after": after} for h, after in drawn],
        "leads": by_lead,
        "warnings": _warnings(prior_from),
    }
    return Outcome(FINE, data, _headline_text(data))


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


def _warnings(prior_from: str) -> list[str]:
    notes = [
        "the hit rate is an assumption: the event was never seen, so no headline ever came before it",
        "coverage is what a search found; a false alarm that it missed makes the headline look better",
        "summits close together share their headlines, so there are fewer independent ones than are counted",
        "how many days before a summit count is a choice, not a blind one; the last table shows what it does",
    ]
    if prior_from == "reference class":
        notes.append("the prior is the reference class alone, without model or Markov chain")
    return notes


def _headline_text(data: Mapping[str, Any]) -> str:
    alarms, hit = data["false_alarms"], data["hit"]
    law = hit["law"]
    mean_hit = law[0] / (law[0] + law[1]) if isinstance(law, list) else law
    mean_alarm = alarms["beta"][0] / sum(alarms["beta"])
    move = "raises" if data["ratio"] > 1 else "lowers" if data["ratio"] < 1 else "leaves"
    rows = [
        {"if hits were": percent(p["hit_rate"]), "then after": beside(p["after"]), "": _bar(p, data["curve"])}
        for p in data["curve"]
    ]
    leads = [
        {
            "days before": p["days"],
            "false": f"{p['false']} of {alarms['n']}",
            "announced": f"{p['announced']} of {hit['steps']['n']}",
            "odds times": f"{p['ratio']:.2f}",
            "after": percent(p["after"]),
        }
        for p in data["leads"]
    ]
    assumed = f"Beta({law[0]:g}, {law[1]:g})" if isinstance(law, list) else "a fixed rate"
    return blocks(
        [
            f"A headline of {data['event']} {move} its chance in {' to '.join(data['window'])}",
            f"from {beside(data['before'])} to {beside(data['after'])}; 90 % limits "
            f"{percent(data['low'])} to {percent(data['high'])}.",
        ],
        [
            f"Prior: {data['prior_from']}.",
            f"False alarms: {alarms['hits']} of {alarms['n']} summits had such a headline in the "
            f"{data['lead_days']} days before ({alarms['sure']} beyond doubt of dates); taken as "
            f"{percent(mean_alarm)}.",
            f"Hits, assumed: {percent(mean_hit)}, {assumed} ({hit['from']}).",
            f"So the odds are multiplied by {data['ratio']:.2f}.",
        ],
        [table(rows, ["if hits were", "then after", ""])],
        [table(leads, ["days before", "false", "announced", "odds times", "after"])],
        [f"Note: {text}." for text in data["warnings"]],
    )


def _bar(point: Mapping[str, float], points: Sequence[Mapping[str, float]]) -> str:
    return "#" * round(40 * point["after"] / max(p["after"] for p in points)) if point["after"] > 0 else ""


def silence(*, quarters: int, prior: float, leak: float | None = None, struck: float = 0.0) -> Outcome:
    """How far quiet quarters lower the chance of a secret deal, by leak rate. Raises HeadlineError."""
    leaks = sorted({*LEAKS, *([] if leak is None else [leak])})
    spans = sorted({*(q for q in QUARTERS if q < quarters), quarters})
    try:
        rows = [
            {
                "leak": rate,
                "quarters_to_halve": quarters_to_halve(rate),
                "after": {str(q): quiet_chance(prior, quarters=q, leak=rate, struck=struck) for q in spans},
            }
            for rate in leaks
        ]
    except ValueError as error:
        raise HeadlineError(str(error)) from None
    data = {"prior": prior, "quarters": quarters, "struck": struck, "leak": leak, "rows": rows}
    columns = {q: f"after {q}" for q in spans}
    cells = [
        {
            "leaks a quarter": percent(rate),
            **{columns[q]: percent(row["after"][str(q)]) for q in spans},  # type: ignore[index]
            "odds halve in": f"{row['quarters_to_halve']:.1f}" if rate > 0 else "never",
        }
        for rate, row in zip(leaks, rows, strict=True)
    ]
    chosen = (
        [f"With a leak rate of {percent(leak)}: {beside(_after(rows, leak, quarters))}."]
        if leak is not None
        else []
    )
    text = blocks(
        [
            f"A secret deal, {beside(prior)} before, after quiet quarters"
            + (f" (new ones struck at {percent(struck)} a quarter)" if struck else "")
        ],
        [table(cells, ["leaks a quarter", *columns.values(), "odds halve in"])],
        chosen,
        [
            "The leak rate is an assumption: a deal that never leaked was never seen, so no record gives it.",
            "The chance before is yours too. What silence does is the step from one column to the next.",
        ],
    )
    return Outcome(FINE, data, text)


def _after(rows: Sequence[Mapping[str, Any]], leak: float, quarters: int) -> float:
    return float(next(row["after"][str(quarters)] for row in rows if row["leak"] == leak))
