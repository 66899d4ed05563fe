"""Which reading the record favours: both estimates of each, and the periods that say so."""

from __future__ import annotations

from typing import Any

import pandas as pd

from tightrope.report.blocks import (
    Block,
    Bullets,
    Cell,
    Figure,
    Line,
    Section,
    Table,
    bullets,
    cell,
    safe_link,
)
from tightrope.report.charts.evidence import factors_chart, quarters_chart
from tightrope.report.data_table import data_table
from tightrope.report.sections_pictures import Evidence
from tightrope.report.text import MINUS, NOTHING, count, known

ID, HEADING = "evidence", "Which reading the record favours"
MOST = 6
SETTLED = ("favoured", "disfavoured")
STATES = {"favoured": "good", "disfavoured": "bad"}


def evidence_view(evidence: Evidence) -> Section:
    """The verdicts, the table of readings, the split over periods, and other spreads and codings."""
    base = base_of(evidence)
    blocks: list[Block] = [_factors(evidence, base), _table(evidence, base)]
    if evidence.tempered is not None:
        blocks.append(_tempered(evidence.tempered))
    if len(evidence.quarters):
        blocks += _split(evidence)
    if evidence.switches is not None:
        blocks.append(_switches(evidence.switches, base))
    if len(evidence.spreads):
        blocks.append(_spreads(evidence, base))
    if len(evidence.codings):
        blocks.append(_codings(evidence, base))
    if evidence.failed:
        blocks.append(bullets("Not weighed", evidence.failed))
    intro = (
        f"Log evidence is the log probability of the record averaged over the {evidence.prior} priors, by "
        "two estimators. Where they disagree, or one has a flaw, it is unresolved and no "
        "verdict is given; a log Bayes factor below one nat (a ratio of 2.7) is no finding. "
        f"{evidence.effort}"
    ).strip()
    return Section(ID, HEADING, intro=intro, blocks=tuple(blocks))


def base_of(evidence: Evidence) -> str:
    """The reading that all others are set against."""
    return str(evidence.readings.iloc[0]["name"])


def evidence_title(evidence: Evidence) -> str:
    """The finding: what the record decides, and first of all whether strategy beats what is not strategic."""
    base = base_of(evidence)
    strategic = dict(zip(evidence.readings["name"], evidence.readings["strategic"], strict=True))
    rows = evidence.factors.to_dict("records")
    plain = [row for row in rows if not strategic[row["name"]]]
    readings = [row for row in rows if strategic[row["name"]]]
    decided = [row for row in readings if row["verdict"] in SETTLED]
    parts = []
    if plain:
        said = ", ".join(f"{row['name']} {_versus(row)}" for row in plain)
        parts.append(f"The game ({base}) against what is not strategic: {said}")
    found = ", ".join(f"{row['name']} ({_nats(row['log_factor'])} nats)" for row in decided) or "none"
    parts.append(f"of {count(len(readings), 'rival reading')} the record decides {found}")
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}."


def _versus(row: dict[str, Any]) -> str:
    words = {
        "favoured": f"wins by {abs(row['log_factor']):.1f} nats",
        "disfavoured": f"loses by {abs(row['log_factor']):.1f} nats",
        "no finding": "cannot be told from it",
    }
    if row["verdict"] not in words and known(row["least"]):
        return f"loses by at least {row['least']:.1f} nats (19 times in 20), by how many is {row['verdict']}"
    return words.get(row["verdict"], f"is {row['verdict']}")


def _nats(x: float) -> str:
    return f"{x:+.1f}".replace("-", MINUS)


def _factors(evidence: Evidence, base: str) -> Figure:
    title = evidence_title(evidence)
    alt = f"Each reading against {base} by two estimators. {title}"
    spreads = {row["name"]: row for row in evidence.readings.to_dict("records")}
    rows = []
    for row in evidence.factors.to_dict("records"):
        for which in ("first", "second"):
            wide = sum(
                (s or 0.0) ** 2
                for s in (spreads[row["name"]][f"{which}_spread"], spreads[base][f"{which}_spread"])
                if known(s)
            )
            at = float(row[which])
            rows.append(
                {"name": row["name"], "verdict": row["verdict"], "which": which, "at": at,
                 "low": at - wide**0.5, "high": at + wide**0.5}
            )  # fmt: skip
    frame = pd.DataFrame(rows)
    return Figure(
        id="evidence-chart",
        title=title,
        alt=alt,
        spec=factors_chart(frame, how=("one estimate", "the other"), description=alt),
        data=data_table(evidence.factors, id="evidence-chart", caption=f"Log Bayes factors against {base}"),
        note=(
            f"To the right of nought the record favours the reading over {base}. Bars are the spread of "
            "repeats, of both readings together; dashed lines stand at one nat. Numbers rest on the record "
            "and the priors, which are assumed."
        ),
    )


def _table(evidence: Evidence, base: str) -> Table:
    factors = {row["name"]: row for row in evidence.factors.to_dict("records")}
    rows = []
    for row in evidence.readings.to_dict("records"):
        rows.append(
            (
                Cell((Line(row["name"], strong=True), Line(row["about"], quiet=True))),
                cell(str(row["parameters"]), numeric=True),
                cell(f"{100 * row['certified']:.0f}\u00a0%" if known(row["certified"]) else NOTHING,
                     numeric=True),
                _estimate(row, "first"),
                _estimate(row, "second"),
                cell(f"{row['learned']:.0f}" if known(row["learned"]) else NOTHING, numeric=True),
                _verdict(factors.get(row["name"]), row, base),
            )
        )  # fmt: skip
    return Table(
        id="evidence-table",
        caption=f"{count(len(rows), 'reading')}: log evidence in nats by two estimators, with the spread of "
        f"repeats; learned is what the parameters had to learn. Verdicts are against {base}.",
        head=("Reading", "Free", "Certified", "One estimate", "The other", "Learned", "Verdict"),
        rows=tuple(rows),
        stack=True,
    )


def _estimate(row: dict[str, Any], which: str) -> Cell:
    value, spread = row[which], row[f"{which}_spread"]
    text = NOTHING if not known(value) else f"{value:.1f}".replace("-", MINUS)
    wide = f" ± {spread:.2f}" if known(value) and known(spread) else ""
    return Cell((Line(text + wide), Line(row[f"{which}_how"], quiet=True)), numeric=True)


def _verdict(factor: dict[str, Any] | None, row: dict[str, Any], base: str) -> Cell:
    """What may be said; a factor below one nat is no finding, and its number is not printed."""
    doubt = (Line(row["unresolved"], quiet=True),) if row["unresolved"] else ()
    if factor is None:
        return Cell((Line(f"the others stand against {base}", quiet=True), *doubt))
    said = factor["verdict"]
    if said == "no finding":
        return Cell((Line(said, strong=True),), state="unsure")
    if said in SETTLED:
        number = Line(f"{_nats(factor['log_factor'])} nats", quiet=True)
        return Cell((Line(said, strong=True), number), state=STATES[said])
    both = Line(f"{_nats(factor['first'])} and {_nats(factor['second'])} by the two estimates", quiet=True)
    why = Line(factor["why"] or "", quiet=True)
    return Cell((Line(said, strong=True), both, *((why,) if factor["why"] and not doubt else doubt)),
                state="unsure")  # fmt: skip


def telling(evidence: Evidence) -> pd.DataFrame:
    """The periods that tell readings apart most, by their largest part of a factor: period, name, nats."""
    rows = evidence.quarters.astype({"nats": float})
    order = rows["nats"].abs().sort_values(ascending=False, kind="stable").index
    return rows.loc[order].drop_duplicates("period").head(MOST)


def _split(evidence: Evidence) -> list[Block]:
    most = telling(evidence)
    first = most.iloc[0]
    base = base_of(evidence)
    title = (
        f"{first['period']} tells most: {abs(first['nats']):.1f} nats "
        f"{'for' if first['nats'] > 0 else 'against'} {first['name']}, set against {base}."
    )
    alt = f"Heat map of readings by {evidence.unit}. {title} Numbers above are places in the list below."
    wide = evidence.quarters.pivot(index="period", columns="name", values="nats")
    names = list(dict.fromkeys(evidence.quarters["name"]))
    wide = wide.loc[list(dict.fromkeys(evidence.quarters["period"])), names].astype(float).reset_index()
    learnt = "; ".join(
        f"{row['name']} {_nats(row['learning'])}"
        for row in evidence.factors.to_dict("records")
        if known(row["learning"])
    )
    items = tuple(_item(row, evidence.events, evidence.unit) for row in most.to_dict("records"))
    return [
        Figure(
            id="evidence-split-chart",
            title=title,
            alt=alt,
            spec=quarters_chart(
                evidence.quarters, most=list(most["period"]), unit=evidence.unit, description=alt
            ),
            data=data_table(
                wide.round(3), id="evidence-split-chart", caption="Nats of each factor by period"
            ),
            note=(
                "Blue speaks for the reading, orange-red against it, both once they have seen the whole "
                "record; colours stop at two nats. A row and its learning sum exactly to the log Bayes "
                "factor. " + (f"Learning, in nats: {learnt}." if learnt else "")
            ).strip(),
        ),
        Bullets(f"The {count(len(most), 'most telling ' + evidence.unit)}", items, kind="numbered"),
    ]


def _item(row: dict[Any, Any], events: pd.DataFrame | None, unit: str) -> tuple[Line, ...]:
    way = "for" if row["nats"] > 0 else "against"
    lines = [Line(f"{row['period']}: {abs(row['nats']):.2f} nats {way} {row['name']}.", strong=True)]
    here = [] if events is None else events[events["period"] == row["period"]].to_dict("records")
    for event in here:
        lines.append(Line(f"{event['date']}: {event['summary']}"))
        title = event["source_title"] or event["source_url"] or event["id"]
        lines.append(Line(f"{title} [{event['id']}]", href=safe_link(event["source_url"]), quiet=True))
    if not here:
        lines.append(Line(f"No event is linked to this {unit}.", quiet=True))
    return tuple(lines)


def _tempered(rows: pd.DataFrame) -> Table:
    return Table(
        "evidence-tempered",
        "A third estimate of the leading readings: tempered SMC from the prior",
        ("Reading", "Log evidence, nats", "Runs", "Beside the two estimates"),
        tuple(
            (
                cell(r["name"]),
                cell(
                    f"{r['log_evidence']:.1f}".replace("-", MINUS)
                    + (f" ± {r['spread']:.1f}" if known(r["spread"]) else ""),
                    numeric=True,
                ),
                cell(str(r["runs"]), numeric=True),
                cell(r["verdict"]),
            )
            for r in rows.to_dict("records")
        ),
    )


def _switches(rows: pd.DataFrame, base: str) -> Table:
    return Table(
        "evidence-switches",
        f"A third view, one mechanism at a time: off against free, by Savage–Dickey ratios from the draws of "
        f"{base}",
        ("Mechanism", "Off against free, nats", "What may be said"),
        tuple(
            (
                cell(r["name"]),
                cell(
                    NOTHING
                    if not known(r["log_factor"]) or r["verdict"] == "no finding"
                    else _nats(r["log_factor"]) + (f" ± {r['error']:.1f}" if known(r["error"]) else ""),
                    numeric=True,
                ),
                cell(r["verdict"]),
            )
            for r in rows.to_dict("records")
        ),
    )


def _spreads(evidence: Evidence, base: str) -> Table:
    return Table(
        "evidence-spreads",
        f"The same against {base} with the spread of every prior multiplied; rivals that are not strategic "
        "keep their own",
        ("Reading", "Spread", "Log factor, nats", "Verdict"),
        tuple(
            (cell(r["name"]), cell(f"× {r['spread']:g}", numeric=True), _number(r), _then(r))
            for r in evidence.spreads.to_dict("records")
        ),
    )


def _then(row: dict[str, Any]) -> Cell:
    """What may be said under other spreads: the verdict, and how far behind a reading is in any case."""
    behind = (Line(f"behind by at least {row['least']:.1f} nats, 19 times in 20", quiet=True),)
    return Cell((Line(row["verdict"]), *(behind if known(row["least"]) else ())))


def _codings(evidence: Evidence, base: str) -> Table:
    rows = evidence.codings.to_dict("records")
    turned = sorted({r["name"] for r in rows if r["flips"]})
    told = f"another coding turns the result for {', '.join(turned)}" if turned else "none turns a result"
    return Table(
        "evidence-codings",
        f"The same against {base} under other codings of the record: {told}",
        ("Reading", "Coding", "As printed, nats", "Then, nats", "Verdict"),
        tuple(
            (
                cell(r["name"]),
                cell(r["coding"]),
                cell(_nats(r["printed"]) if known(r["printed"]) else NOTHING, numeric=True),
                _number(r),
                cell(f"{r['verdict']}{', turns' if r['flips'] else ''}", state="bad" if r["flips"] else ""),
            )
            for r in rows
        ),
    )


def _number(row: dict[str, Any]) -> Cell:
    hidden = row["verdict"] == "no finding" or not known(row["log_factor"])
    return cell(NOTHING if hidden else _nats(row["log_factor"]), numeric=True)
