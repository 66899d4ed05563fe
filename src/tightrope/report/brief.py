"""The report on one page, as data: the judgement, its questions, the fan, a few findings, what limits them.

Everything is taken from a report; nothing is computed anew. `brief_page` sets it on paper.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tightrope.forecast.scores import verbal
from tightrope.report.sections import NotComputed, Report
from tightrope.report.text import NOT_CERTIFIED, day, interval, percent
from tightrope.report.views.claims import summary
from tightrope.report.views.evidence import evidence_title
from tightrope.report.views.fans import fan_title
from tightrope.report.views.hindcasts import skill_title
from tightrope.report.views.judgement import headline
from tightrope.report.views.ledger import ledger_title
from tightrope.report.views.plane import plane_title
from tightrope.report.views.price import price_title

FINDINGS, LIMITS = 4, 4
"""At most so many of each."""


@dataclass(frozen=True)
class Row:
    """One live question, its numbers as they are printed, or `not certified` in their place."""

    id: str
    question: str
    by: str
    probability: str
    interval: str
    words: str
    mark: str


@dataclass(frozen=True)
class Brief:
    """What stands on the page, most of it as it is printed.

    asked       when the questions were asked and what was known
    judgement   the headline
    confidence  how far the model may be trusted
    rows        live questions, the feared outcome first
    fan         the table `paths` of the feared outcome as rows, empty where there is none
    fan_title   its finding
    fan_mark    mark of its numbers
    findings    sentences, each with the mark of its numbers; empty where they are counts of the record
    limits      what must be read first
    provenance  where everything comes from
    """

    title: str
    case: str
    asked: str
    judgement: str
    confidence: str
    rows: tuple[Row, ...]
    fan: tuple[Mapping[str, Any], ...]
    fan_title: str
    fan_mark: str
    findings: tuple[tuple[str, str], ...]
    limits: tuple[str, ...]
    provenance: str


def brief_of(report: Report) -> Brief:
    """The brief of a report."""
    fan, title, mark = _fan(report)
    judgement = report.judgement
    known = None if isinstance(judgement, NotComputed) else judgement
    missing = judgement.why if isinstance(judgement, NotComputed) else ""
    return Brief(
        title=report.title,
        case=report.case,
        asked="" if known is None else _asked(known.as_of, known.known_until),
        judgement=missing if known is None else headline(known),
        confidence="" if known is None else known.confidence,
        rows=() if known is None else tuple(_row(row) for row in known.live.to_dict("records")),
        fan=fan,
        fan_title=title,
        fan_mark=mark,
        findings=_findings(report)[:FINDINGS],
        limits=(() if known is None else tuple(known.warnings))[:LIMITS],
        provenance=_provenance(report),
    )


def brief_from(data: Mapping[str, Any]) -> Brief:
    """A brief read back from `dataclasses.asdict`. Raises TypeError or KeyError for anything else."""
    given = dict(data)
    given["rows"] = tuple(Row(**row) for row in given["rows"])
    given["findings"] = tuple((text, mark) for text, mark in given["findings"])
    given |= {name: tuple(given[name]) for name in ("fan", "limits")}
    return Brief(**given)


def _asked(as_of: str, known_until: str) -> str:
    parts = [f"asked on {day(as_of)}"] if as_of else []
    if known_until:
        parts.append(f"knowing the record to the end of {known_until}")
    return ", ".join(parts)


def _row(row: Mapping[Any, Any]) -> Row:
    sure = bool(row["certified"])
    chance = min(max(float(row["probability"]), 0.0), 1.0) if sure else 0.0
    return Row(
        id=str(row["id"]),
        question=str(row["question"]),
        by=day(row["deadline"], short=True),
        probability=percent(row["probability"]) if sure else NOT_CERTIFIED,
        interval=interval(row["lower"], row["upper"]) if sure else "",
        words=verbal(chance) if sure else "",
        mark=str(row["mark"]),
    )


def _fan(report: Report) -> tuple[tuple[Mapping[str, Any], ...], str, str]:
    if isinstance(report.fans, NotComputed) or not report.fans.fans:
        return (), "", ""
    first = report.fans.fans[0]
    if not first.certified or first.paths.empty:
        return (), f"That {first.event}: {NOT_CERTIFIED}, so nothing is drawn.", ""
    return tuple(first.paths.to_dict("records")), fan_title(first), first.mark


def _findings(report: Report) -> tuple[tuple[str, str], ...]:
    """Sentences of the sections that are there, the balance first, then what speaks about the argument."""
    ways: dict[str, Callable[[Any], str]] = {
        "plane": plane_title,
        "evidence": evidence_title,
        "price": lambda part: price_title(part) if part.certified else "",
        "claims": lambda part: summary(part.claims),
        "ledger": ledger_title,
        "hindcasts": _skill,
    }
    found = []
    for name, say in ways.items():
        part = getattr(report, name)
        if not isinstance(part, NotComputed) and (text := say(part)):
            found.append((text, getattr(part, "mark", "")))
    return tuple(found)


def _skill(part: Any) -> str:
    if part.skill.empty:
        return ""
    group = str(part.skill.iloc[0]["group"])
    return skill_title(group, part.skill[part.skill["group"] == group], part.unit)


def _provenance(report: Report) -> str:
    part = report.provenance
    if isinstance(part, NotComputed):
        return ""
    versions = dict(zip(part.versions["package"], part.versions["version"], strict=True))
    facts = [
        f"Tightrope {versions['tightrope']}" if "tightrope" in versions else "",
        f"case hash {part.case_hash[:16]}" if part.case_hash else "",
        f"seed {part.seed}",
        f"made on {part.made_on}" if part.made_on else "",
        f"{len(part.sources)} sources with their licences in the report" if len(part.sources) else "",
    ]
    return "; ".join(fact for fact in facts if fact) + "."


__all__ = ["Brief", "Row", "brief_from", "brief_of"]
