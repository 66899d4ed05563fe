"""Readings and boxes in the report, from what `tightrope compare` and `discover` left in the folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from tightrope.argument.comparison import FINDING
from tightrope.fit.surrogate_chains import MANY
from tightrope.fit.weighing_broad import CHEAPER
from tightrope.report.section import TABLES
from tightrope.report.sections import Box, Boxes, Evidence, NotComputed
from tightrope.report.text import known
from tightrope.workflow.compare import shipped
from tightrope.workflow.feared import FEARED
from tightrope.workflow.kept import COMPARED, DISCOVERED, kept
from tightrope.workflow.session import Session

MOST_BOXES = 3


def evidence(session: Session) -> Evidence | NotComputed:
    """The comparison that this run holds, or that comes with the case.

    Of several the one under agnostic priors, of most readings, by most draws.
    """
    case = session.material.case
    if session.material.coded is None:
        return NotComputed("Without a record there is no evidence to weigh readings by.")
    if not case.hypotheses:
        return NotComputed("The case has no rival readings (`hypotheses:` in its case file).")
    held = kept(session, COMPARED)
    if (given := shipped(session)) is not None:
        held.append(given)
    if not held:
        return NotComputed(
            "Weighing readings takes long: `tightrope compare CASE`, with the options of this run, leaves "
            "its result for the next report."
        )
    data = max(held, key=_worth)
    return evidence_of(data, sources=_sources(session), unit=case.calendar.period)


def evidence_of(data: Mapping[str, Any], *, sources: Mapping[str, Mapping[str, str]], unit: str) -> Evidence:
    """The section of what `compare_data` gave. `sources`: event -> its row."""
    learning = {part["name"]: part["learning"] for part in data["splits"]}
    base = data["base"]
    order = sorted(data["readings"], key=lambda r: r["name"] != base)
    readings = [
        {
            "name": r["name"], "about": " ".join(r["about"].split()), "strategic": r["strategic"],
            "parameters": r["parameters"], "certified": r["certified"] if r["strategic"] else None,
            **_estimate(r["first"], "first"), **_estimate(r["second"], "second"),
            "log_evidence": _number(r["log_evidence"]), "learned": r["learned"],
            "unresolved": r["unresolved"] or None,
        }
        for r in order
    ]  # fmt: skip
    factors = [
        {
            **{k: f[k] for k in ("name", "other", "verdict")}, "why": f["why"] or None,
            **{k: _number(f[k]) for k in ("log_factor", "first", "second")},
            "learning": learning.get(f["name"]), "least": _finding(f.get("least")),
        }
        for f in data["factors"]
    ]  # fmt: skip
    quarters = [
        {"name": part["name"], "period": period, "nats": _number(nats)}
        for part in data["splits"]
        for period, nats in part["periods"].items()
    ]
    codings = [{k: r[k] for k in _names("codings")} for r in data["variants"] if "refused" not in r]
    events = {
        (row["period"], event["id"]): event
        for part in data["splits"]
        for row in part["telling"]
        for event in row["events"]
    }
    refused = [f"{r['coding']}: {r['refused']}" for r in data["variants"] if "refused" in r]
    return Evidence(
        readings=_frame(readings, "readings"),
        factors=_frame(factors, "factors"),
        quarters=_frame(quarters, "quarters"),
        spreads=_frame([r | {"least": _finding(r["least"])} for r in data["spreads"]], "spreads"),
        codings=_frame(codings, "codings"),
        events=_frame(
            [
                {"period": period, "id": name, "date": event["date"], "summary": event["summary"],
                 "source_url": event["source_url"],
                 "source_title": sources.get(name, {}).get("source_title", "")}
                for (period, name), event in events.items()
            ],
            "events",
        ) if events else None,
        switches=_switches(data.get("switches", [])),
        tempered=_tempered(data.get("smc", [])),
        prior=data["prior"],
        unit=unit,
        effort=_effort(data["effort"]) + _origin(data["readings"]),
        failed=tuple(f"{name}: {why}" for name, why in data["failed"].items()) + tuple(refused),
    )  # fmt: skip


def _switches(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame | None:
    """One mechanism off at a time: what its draws say, or why they do not."""
    found = [
        {"name": row["name"], "log_factor": _number(row["log_factor"]), "error": row["error"],
         "verdict": row["flaw"] or row["verdict"]}
        for row in rows
    ]  # fmt: skip
    return _frame(found, "switches") if found else None


def _tempered(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame | None:
    """The third estimate, where it was asked for and did not fail."""
    found = [
        {
            "name": row["name"], "log_evidence": _number(row["estimate"]["log_evidence"]),
            "spread": row["estimate"]["spread"], "runs": len(row["estimate"]["repeats"]),
            "verdict": row["verdict"],
        }
        for row in rows
        if "error" not in row
    ]  # fmt: skip
    return _frame(found, "tempered") if found else None


def _estimate(e: Mapping[str, Any], which: str) -> dict[str, Any]:
    return {
        which: _number(e["log_evidence"]),
        f"{which}_spread": e["spread"],
        f"{which}_how": e["method"],
    }


def _finding(nats: float | None) -> float | None:
    return nats if nats is not None and nats > FINDING else None


def _worth(data: Mapping[str, Any]) -> tuple[bool, int, int, int]:
    draws = data["effort"]["weighing"]["kept"]
    return data["prior"] == "agnostic", len(data["readings"]), draws, len(data["spreads"])


def _number(x: float | None) -> float:
    return float("nan") if x is None else float(x)


def _effort(effort: Mapping[str, Any]) -> str:
    weighing = effort["weighing"]
    climbs, repeats = _many(effort["climbs"], "climb"), _many(weighing["repeats"], "repeat")
    stages = effort["stages"]
    return (
        f"Behind each reading that is a game stand {climbs}, {repeats}, and in each "
        f"{weighing['draws']} importance draws and {weighing['chains']} chains of {weighing['kept']} draws; "
        f"where more than {MANY} parameters are free, stages of {stages['particles']} particles and chains "
        f"of {CHEAPER * weighing['kept']} draws instead."
    )


def _origin(readings: Sequence[Mapping[str, Any]]) -> str:
    if not all(r["origin"] == "shipped" for r in readings if r["strategic"]):
        return ""
    return " They came with the case; this code finds the same likelihood at draws of each."


def _many(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"


def _sources(session: Session) -> dict[str, Mapping[str, str]]:
    return {row["id"]: row for row in session.material.events if "id" in row}


def warn_of_rivals(session: Session, found: Evidence | NotComputed) -> None:
    """Say first where a rival that is not strategic does as well as the game, or may."""
    if isinstance(found, NotComputed):
        return
    plain = set(found.readings[~found.readings["strategic"].astype(bool)]["name"])
    for row in found.factors.to_dict("records"):
        if row["name"] not in plain:
            continue
        if row["verdict"] == "favoured":
            session.warn(
                f"The record favours {row['name']}, which is not strategic, over the game by "
                f"{row['log_factor']:.1f} nats."
            )
        elif row["verdict"] != "disfavoured" and not known(row["least"]):
            session.warn(
                f"Whether the game accounts for the record better than {row['name']}, which is not "
                f"strategic, is {'unresolved' if row['verdict'] != 'no finding' else 'not found'}."
            )


def boxes(session: Session) -> Boxes | NotComputed:
    """The boxes that this run holds, the feared outcome's first."""
    held = [data for data in kept(session, DISCOVERED) if "tradeoff" in data]
    if not held:
        return NotComputed(
            "Searching the priors takes long: `tightrope discover CASE` (extra `discover`), with the "
            "options of this run, leaves its result for the next report."
        )
    held.sort(key=lambda d: (d["outcome"] != FEARED, d["outcome"], d["rule"], -d["draws"]["certified"]))
    return Boxes(tuple(box_of(data) for data in held[:MOST_BOXES]))


def box_of(data: Mapping[str, Any]) -> Box:
    """The section of what `discover_data` gave."""
    held_out = data["held_out"]
    return Box(
        limits=_frame([_limit(row) for row in data["limits"]], "limits"),
        tradeoff=_frame(
            [
                {"box": row["box"], "coverage": row["coverage"], "density": row["density"],
                 "draws": row["n"], "with_it": row["k"], "restricted": row["restricted"],
                 "chosen": row["box"] == data["chosen"]}
                for row in data["tradeoff"]
            ],
            "tradeoff",
        ),
        outcome=data["rule"],
        about=data["about"],
        prior=data["prior"],
        draws=data["draws"]["certified"],
        share=data["share"],
        coverage=_number(held_out["coverage"]),
        density=_number(held_out["density"]),
        mark="assumed",
    )  # fmt: skip


def _limit(row: Mapping[str, Any]) -> dict[str, Any]:
    doubts = [row[key] for key in ("qp_low", "qp_high") if row[key] is not None]
    again = row["reproduced"]
    return {
        "parameter": row["parameter"], "low": _number(row["low"]), "high": _number(row["high"]),
        "low_quantile": row["low_quantile"], "high_quantile": row["high_quantile"],
        "quasi_p": max(doubts) if doubts else None, "by_chance": row["by_chance"],
        "reproduced": None if again is None else again / 100, "mark": row["source"], "why": row["why"],
    }  # fmt: skip


def _frame(rows: Any, table: str) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=_names(table))


def _names(table: str) -> list[str]:
    return [column.name for column in TABLES[table]]
