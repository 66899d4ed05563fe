"""What the commands print: JSON-able data, and the same for a reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from tightrope.forecast.answers import epsilon
from tightrope.forecast.events import Unanswerable
from tightrope.forecast.scores import verbal
from tightrope.report.sections import Judgement, NotComputed, Report
from tightrope.workflow import asking, hindcast_report, judgement, scoring, steps
from tightrope.workflow.asking import Spot
from tightrope.workflow.pooled import pools_told
from tightrope.workflow.session import Session
from tightrope.workflow.standing import standing_table
from tightrope.workflow.text import beside, blocks, known_names, notes, percent, records, table

# --- run ---------------------------------------------------------------------------------------


def run_data(session: Session, report: Report, page: Path) -> dict[str, Any]:
    """Where things are, the live judgement and the warnings."""
    live = [] if isinstance(report.judgement, NotComputed) else records(report.judgement.live)
    return {
        "case": session.material.case.case,
        "run": str(session.run.folder),
        "report": str(page),
        "live": live,
        "warnings": list(session.warnings),
    }


def run_text(data: Mapping[str, Any]) -> str:
    """The judgement in short and what to open next."""
    return blocks(
        [f"{data['case']}: report at {data['report']}"],
        _live_lines(data["live"]),
        notes(data),
        [
            "Open the report in a browser. Next: `tightrope claims`, `tightrope ask` and `tightrope score`",
            "with the same case print its parts; `tightrope new my-case` starts a case of your own.",
        ],
    )


def _live_lines(live: Sequence[Mapping[str, Any]]) -> list[str]:
    rows = [
        {
            "question": row["id"],
            "probability": percent(row["probability"]),
            "90 % interval": f"{percent(row['lower'])} to {percent(row['upper'])}",
            "in words": verbal(row["probability"]),
            "pooled": percent(row["pooled"]),
            "": row["question"],
        }
        for row in live
    ]
    return (
        [table(rows, ["question", "probability", "90 % interval", "in words", "pooled", ""])] if rows else []
    )


# --- solve -------------------------------------------------------------------------------------


def solve_data(session: Session) -> dict[str, Any]:
    """Certificate, and choice probabilities by level of each coded state variable."""
    found = session.reference
    data: dict[str, Any] = {"case": session.material.case.case, "certificate": found.certificate.as_dict()}
    data["warnings"] = list(session.warnings)
    if found.certificate.good and session.material.coded is not None:
        data["policy"] = steps.policy(found, session.history_at_reference, session.material)
    elif found.certificate.good:
        data["strategies"] = {m: s.to_dict(data="list") for m, s in found.strategies.items()}
    return data


def solve_text(data: Mapping[str, Any]) -> str:
    """The certificate and the strategies as tables."""
    c = data["certificate"]
    lines = [
        f"{c['status']}: residual {c['residual']:.1e}, {c['iterations']} iterations ({c['method']}), "
        f"{c['restarts']} restarts agree to {c['agreement']:.0e}"
    ]
    frame = pd.DataFrame(data.get("policy", []))
    if frame.empty:
        return blocks(lines, notes(data))
    for (move, variable), part in frame.groupby(["move", "variable"], sort=False):
        lines += ["", f"{move} by {variable}, other states as in the record"]
        wide = part.pivot(index="level", columns="action", values="probability")
        wide = wide.loc[part["level"].drop_duplicates(), part["action"].drop_duplicates()]
        rows = [{variable: level} | {a: percent(p) for a, p in row.items()} for level, row in wide.iterrows()]
        lines.append(table(rows, [str(variable), *wide.columns]))
    return blocks(lines, notes(data))


# --- ask ---------------------------------------------------------------------------------------


def ask_data(session: Session, wanted: tuple[str, ...], spot: Spot | None = None) -> dict[str, Any]:
    """Live answers, past answers as of their origins, what is asked on the spot, and what is not answered.

    With questions asked on the spot, the case's own are answered only where they are named.
    """
    material = session.material
    everything = {q.id: q for q in (*material.live, *material.questions)}
    chosen = known_names("question", wanted, everything) if wanted or spot is None else set[str]()
    live: list[dict[str, Any]] = []
    why: dict[str, str] = {}
    if any(q.id in chosen for q in material.live):
        box = judgement.judgement(session)
        why |= session.live.refused if session.live is not None else {}
        if isinstance(box, Judgement):
            live = [row for row in records(box.live) if row["id"] in chosen]
    past: list[dict[str, Any]] = []
    if any(q.id in chosen and q.answerable for q in material.questions):
        frame = scoring.forecast_table(session)
        past = [row for row in records(frame) if row["id"] in chosen]
        if material.coded is not None:
            why |= {i: reason for answers in session.past.values() for i, reason in answers.refused.items()}
    why |= {q.id: q.event.reason for q in everything.values() if isinstance(q.event, Unanswerable)}
    texts = {q.id: q.question for q in everything.values() if q.id in chosen}
    read = {q.id: q.read_as for q in everything.values() if q.id in chosen and q.read_as}
    refused = [{"id": i, "question": texts[i], "reason": why[i]} for i in texts if i in why]
    found = {"live": live, "past": past, "unanswerable": refused, "questions": texts, "read_as": read,
             "epsilon": epsilon(), "warnings": list(session.warnings)}  # fmt: skip
    if spot is not None:
        asked = asking.spot_data(session, spot.questions)
        texts |= {q.id: q.question for q in spot.questions}
        found |= {"spot": asked["spot"], "refused": list(spot.refused)}
        refused += [{"id": i, "question": texts[i], "reason": r} for i, r in asked["refused"].items()]
    return found


def ask_text(data: Mapping[str, Any]) -> str:
    """Answers for a reader."""
    past, refused = [], []
    if data["past"]:
        frame = pd.DataFrame(data["past"])
        rows = []
        for name, part in frame.groupby("id", sort=False):
            by = dict(zip(part["forecaster"], part["probability"], strict=True))
            rows.append(
                {
                    "question": name,
                    "game": beside(by.get("game")),
                    "Markov chain": beside(by.get("Markov chain")),
                    "": data["questions"][str(name)],
                }
            )
        past = ["As of the day they were asked:", table(rows, ["question", "game", "Markov chain", ""])]
    if data["unanswerable"]:
        refused = ["Not answered:"]
        refused += [f"{row['id']}  {row['question']}  ({row['reason']})" for row in data["unanswerable"]]
    refused += data.get("refused", [])
    asked = bool(data["questions"]) or "spot" in data
    alone = [row["id"] for row in data["live"] if row["outside"] is None]
    mixed = f"The game's answers are its mean mixed with an outside view of weight {data['epsilon']:.2f}."
    mixed += f" There is none for {', '.join(alone)}." if alone else ""
    mixed += pools_told(data["live"])
    return blocks(
        asking.spot_lines(data.get("spot", [])),
        _live_lines(data["live"]),
        past,
        [f"{i} is read through the case's mappings as: {text}" for i, text in data["read_as"].items()],
        refused,
        [] if asked else ["The case has no questions."],
        [mixed] if data["live"] or data["past"] else [],
        notes(data),
    )


# --- score -------------------------------------------------------------------------------------


def score_data(session: Session) -> dict[str, Any]:
    """Mean scores by forecaster and the ledger by event."""
    data: dict[str, Any] = {"means": [], "standing": [], "ledger": []}
    if session.material.questions and session.material.coded is not None:
        data["means"] = records(scoring.mean_table(session, scoring.forecast_table(session)))
        made = hindcast_report.available(session)
        if made is not None and made.ahead:
            data["standing"] = records(standing_table(session, made))
    book = scoring.ledger(session)
    if not isinstance(book, NotComputed):
        data["ledger"] = records(book.scores)
    return data | {"warnings": list(session.warnings)}


def score_text(data: Mapping[str, Any]) -> str:
    """Scores for a reader; lower is better."""
    means = [
        row | {"brier": f"{row['brier']:.4f}", "log_score": f"{row['log_score']:.3f}"}
        for row in data["means"]
    ]
    past = ["The case has no past questions that are resolved and can be answered."]
    if means:
        past = ["Past questions, as of the day they were asked (lower is better)"]
        past.append(table(means, ["group", "forecaster", "n", "brier", "log_score"]))
    standing = []
    if data["standing"]:
        columns = [name for name in data["standing"][0] if name not in ("n", "updates")]
        rows = [row | {k: f"{row[k]:.4f}" for k in columns[1:]} for row in data["standing"]]
        first = rows[0]
        standing = [
            f"{first['n']} of them when asked, and over the time they were open ({first['updates']} updates)",
            table(rows, columns),
        ]
    book = ["The case has no ledger of predictions."]
    if data["ledger"]:
        rows = [
            row | {k: f"{row[k]:.4f}" for k in ("mean_p", "brier", "baseline_brier") if row[k] is not None}
            for row in data["ledger"]
        ]
        book = ["Public predictions beside a constant 2 %"]
        book.append(table(rows, ["event", "n", "yes", "mean_p", "brier", "baseline_brier"]))
    return blocks(past, standing, book, notes(data))
