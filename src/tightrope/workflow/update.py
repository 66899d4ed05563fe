"""`tightrope update`: rows that follow the record reweigh the draws and move the live forecasts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tightrope.case.calendar import parse_period
from tightrope.case.check_rows import check_rows, level_of
from tightrope.case.checker import Checker
from tightrope.case.errors import CaseError, Problem
from tightrope.case.resolve import levels_of
from tightrope.case.sheet import read_sheet
from tightrope.fit.posterior import Fit, resample
from tightrope.fit.store import fit_from
from tightrope.forecast.answers import epsilon, floor
from tightrope.forecast.questions import Question, QuestionError, known_until
from tightrope.forecast.updated import LEAST_SHARE, Updated
from tightrope.forecast.updating import GOES_ON, update
from tightrope.forecast.words import verbal
from tightrope.record.coding import CodedRecord, code_record
from tightrope.record.reading import read_rows
from tightrope.runs.files import file_digest
from tightrope.workflow import steps
from tightrope.workflow.judgement import outside_of
from tightrope.workflow.material import Material, NoRecord
from tightrope.workflow.session import Session
from tightrope.workflow.text import beside, blocks, notes, percent, table

SHOWN = 0.0005
"""Parts of a change below a twentieth of a percentage point are added up, not listed."""

OUTSIDE_DROPPED = "the outside view is dropped, since the rows settle it"
REFITTED = "what the refit changes beyond the weights"


def new_rows(material: Material, file: Path) -> CodedRecord:
    """The rows of a file, coded as the record's own. Raises CaseError with every fault as `file:line`."""
    case, coded = material.case, material.coded
    if coded is None or case.record is None:
        raise NoRecord(f"the case {case.case} has no record for new rows to follow")
    record, due = case.record, str(parse_period(coded.periods[-1]) + 1)
    if not file.is_file():
        raise FileNotFoundError(f"{file}: there is no such file")
    calendar = case.calendar.model_copy(update={"first": due})
    later = replace(material.source, case=case.model_copy(update={"calendar": calendar}))
    problems = check_rows(Checker(later), ("record", "file"), file, record, None)
    problems = [_after(p, due, coded.periods[-1]) for p in problems] + _falls(material, file)
    if problems:
        raise CaseError(problems)
    levels = {name: levels_of(case)[name] for name in record.columns.values()}
    return code_record(read_rows(file), record=record, levels=levels)


def _after(problem: Problem, due: str, last: str) -> Problem:
    """A fault of the calendar in the words of rows that follow a record."""
    if problem.message.endswith(f"where {due} is due"):
        return replace(problem, hint=f"the record ends in {last}; give the rows after it, in order")
    return problem


def _falls(material: Material, file: Path) -> list[Problem]:
    """Levels of the first row below those of the record's last, of states that never fall."""
    assert material.case.record is not None
    assert material.coded is not None
    record, coded = material.case.record, material.coded
    sheet, _ = read_sheet(file)
    problems: list[Problem] = []
    if sheet is None or not sheet.rows:
        return problems
    line, row = sheet.rows[0]
    for column, variable in record.columns.items():
        if variable not in material.rising or column not in row:
            continue
        levels = material.case.states[variable].levels
        level, least = level_of(record, column, row[column]), _least(coded, variable)
        if level in levels and levels.index(level) < least:
            message = (
                f"{variable} falls from {levels[least]} to {level}, and the case says that it never does"
            )
            problems.append(sheet.problem(line, column, message, text=row[column]))
    return problems


def _least(coded: CodedRecord, variable: str) -> int:
    """The lowest level at which a variable that never falls may stand in the record's last row."""
    lowest = 0
    for weights in coded.weights[variable]:
        lowest += int(np.flatnonzero(weights[lowest:] > 0)[0])
    return lowest


def update_data(session: Session, file: Path, *, refit: bool) -> dict[str, Any]:
    """Draws, forecasts before and after, and what each observation did to each of them."""
    material = session.material
    rows = new_rows(material, file)
    questions = questions_due(material)
    found = _updated(session, session.fit, rows, questions, file, "update")
    if found.degenerate and not refit:
        session.warn(
            f"{found.effective[-1]:.1f} effective draws of {found.log_weights.shape[1]} are too few (less "
            f"than {100 * LEAST_SHARE:.0f} %): these rows ask for a refit, which --refit makes. Until then "
            "the forecasts rest on a handful of draws."
        )
    again = None
    if refit:
        fitted = _refit(session, rows)
        again = _updated(session, fitted, rows, questions, file, "update-refit")
    outside = outside_of(session, questions)
    answers = [_answer(q, found, again, outside[q.id][0]) for q in questions if q.id in found.ids]
    return {
        "case": material.case.case,
        "rows": list(rows.periods),
        "record_ends": material.evidence.periods[-1],
        "draws": found.log_weights.shape[1],
        "failed": found.failed,
        "effective": float(found.effective[-1]),
        "refit_needed": found.degenerate,
        "refitted": refit,
        "observations": [
            {"period": s.period, "name": s.name, "seen": s.seen, "effective": float(e)}
            for s, e in zip(found.steps, found.effective[1:], strict=True)
        ],
        "questions": answers,
        "refused": [{"id": i, "reason": why} for i, why in found.refused.items()],
        "epsilon": epsilon(),
        "warnings": list(session.warnings),
    }


def questions_due(material: Material) -> tuple[Question, ...]:
    """Live questions that were asked at the record's end. Raises QuestionError without any."""
    length = material.case.calendar.period
    last = material.evidence.periods[-1]
    due = [q for q in material.live if q.answerable and known_until(q.open_time, length=length) >= last]
    if not due:
        raise QuestionError([f"no live question is asked after {last}, where the record ends"])
    return tuple(due)


def _updated(
    session: Session, fitted: Fit, rows: CodedRecord, questions: tuple[Question, ...], file: Path, name: str
) -> Updated:
    evidence = session.material.evidence
    draws = session.amount.live

    def compute() -> dict[str, Any]:
        warm = steps.at_mode(evidence, fitted) if name == "update" else None
        found = update(
            evidence,
            resample(fitted, size=draws, seed=session.seed),
            rows,
            questions,
            warm=warm,
            workers=session.workers,
            on_progress=lambda done, total: session.progress("draws weighed by the new rows", done, total),
        )
        return found.as_data()

    asked = [[q.id, q.read_as or q.event_expression, str(q.scheduled_resolution_time)] for q in questions]
    inputs = {"draws": draws, "theta": fitted.theta.tolist(), "rows": file_digest(file), "asked": asked}
    return Updated.from_data(session.run.chunk(name, compute, inputs=inputs))


def _refit(session: Session, rows: CodedRecord) -> Fit:
    """The fit of the longer record, kept in the run."""
    material = session.material
    assert material.record is not None
    longer = joined_record(material.record.coded, rows)
    record = replace(material.record, coded=longer)
    evidence = replace(material, record=record).evidence
    return fit_from(session.fit_data(f"fit-{rows.periods[-1]}", evidence, session.amount.fit))


def joined_record(old: CodedRecord, new: CodedRecord) -> CodedRecord:
    """Rows put behind a record's own."""
    return CodedRecord(
        periods=(*old.periods, *new.periods),
        levels=old.levels,
        weights={n: np.concatenate([w, new.weights[n]]) for n, w in old.weights.items()},
        printed={n: np.concatenate([p, new.printed[n]]) for n, p in old.printed.items()},
        events=(*old.events, *new.events),
        notes=(*old.notes, *new.notes),
        confidence=(*old.confidence, *new.confidence),
    )


def _answer(question: Question, found: Updated, again: Updated | None, outside: float) -> dict[str, Any]:
    """One question before and after, as printed, and the parts of the change; they sum to it."""
    column = found.ids.index(question.id)
    before = floor(found.values[0, :, column], outside, shares=found.shares[0, :, column])
    mixed = 1.0 - epsilon() if np.isfinite(outside) else 1.0
    parts = [mixed * float(p) for p in found.parts[:, column]]
    rows: list[dict[str, Any]] = [
        {"period": s.period, "name": s.name, "seen": s.seen, "change": p}
        for s, p in zip(found.steps, parts, strict=True)
    ]
    last, weights = found, found.weights[-1] * found.shares[-1, :, column]
    if again is not None:
        # Draws of the refitted posterior know the new rows already: they count alike.
        place = again.ids.index(question.id)
        last, column, weights = again, place, again.shares[-1, :, place]
        refitted = float(np.average(again.values[-1, :, place], weights=weights))
        change = mixed * (refitted - float(found.forecasts[-1, found.ids.index(question.id)]))
        rows.append({"period": "", "name": REFITTED, "seen": "", "change": change})
    after = floor(last.values[-1, :, column], outside, shares=weights)
    settled = bool(last.settled[column])
    if settled:
        firm = floor(last.values[-1, :, column], float("nan"), shares=weights)
        rows.append(
            {
                "period": "",
                "name": OUTSIDE_DROPPED,
                "seen": "",
                "change": firm.probability - after.probability,
            }
        )
        after = firm
    return {
        "id": question.id,
        "question": question.question,
        "before": before.probability,
        "after": after.probability,
        "word": verbal(min(max(after.probability, 0.0), 1.0)),
        "lower": after.lower,
        "upper": after.upper,
        "outside": outside if np.isfinite(outside) else None,
        "settled": settled,
        "change": after.probability - before.probability,
        "parts": rows,
    }


def update_text(data: Mapping[str, Any]) -> str:
    """The same for a reader."""
    first, last = data["rows"][0], data["rows"][-1]
    span = first if first == last else f"{first} to {last}"
    head = [
        f"{data['case']}: {len(data['rows'])} new row{'s' * (len(data['rows']) > 1)}, {span}, after a record "
        f"that ends in {data['record_ends']}",
        f"{data['effective']:.1f} of {data['draws']} draws are effective after them"
        + ("; the record was fitted anew" if data["refitted"] else ""),
    ]
    rows = [
        {
            "question": q["id"],
            "before": beside(q["before"]),
            "after": beside(q["after"]),
            "90 % interval": f"{percent(q['lower'])} to {percent(q['upper'])}",
            "change": _points(q["change"]),
            "": q["question"],
        }
        for q in data["questions"]
    ]
    lines = [table(rows, ["question", "before", "after", "90 % interval", "change", ""])]
    moved = [line for q in data["questions"] for line in _split(q)]
    return blocks(
        head,
        lines,
        ["What moved them, in percentage points and in the order of the period:", *moved]
        if moved
        else ["No part of any change is as large as a twentieth of a percentage point."],
        [f"{row['id']}: not followed ({row['reason']})" for row in data["refused"]],
        [
            "Each part is what one observation adds to those before it: another order would give other parts",
            f"and the same sum. The outside view (weight {data['epsilon']:.2f}) stays as it was when asked.",
        ],
        notes(data),
    )


def _split(question: Mapping[str, Any]) -> list[str]:
    """The parts of one change that are large enough to show, then the rest."""
    large = [p for p in question["parts"] if abs(p["change"]) >= SHOWN]
    if not large:
        return []
    rest = question["change"] - sum(p["change"] for p in large)
    rows = [{"": question["id"] if k == 0 else "", "part": _named(p), "points": _points(p["change"])}
            for k, p in enumerate(large)]  # fmt: skip
    rows.append({"": "", "part": "all else", "points": _points(rest)})
    return table(rows, ["", "part", "points"]).splitlines()[1:]


def _named(part: Mapping[str, Any]) -> str:
    if part["name"] == GOES_ON:
        return f"{part['period']} passes and the game goes on"
    return f"{part['period']} {part['name']} {part['seen']}".strip()


def _points(change: float) -> str:
    said = f"{100 * change:+.2f}"
    return said if float(said) else "0"
