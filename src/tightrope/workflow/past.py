"""The record's timeline with surprise, and what each mover does where."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tightrope.case.calendar import parse_period
from tightrope.case.schema import Case
from tightrope.game.equilibrium import Equilibrium
from tightrope.record.coding import CodedRecord
from tightrope.report.sections import NotComputed, Policy, Timeline
from tightrope.workflow import steps
from tightrope.workflow.material import Material
from tightrope.workflow.session import Session


def timeline(session: Session) -> Timeline | NotComputed:
    """Codes, surprise at the posterior mode, and the dated events behind each row."""
    material = session.material
    coded = material.coded
    if coded is None:
        return NotComputed("The case has no record.")
    if not session.at_fit.certificate.good:
        return NotComputed("The equilibrium at the posterior mode is not certified.")
    seen = session.history_at_fit
    bits = -np.array(seen["log_probability"]) / np.log(2.0)
    periods = []
    for k, name in enumerate(coded.periods):
        period = parse_period(name)
        periods.append(
            {
                "period": name,
                "start": period.start,
                "end": (period + 1).start,
                "surprise": float(bits[k]),
                "parts": _changes(material.case, coded, k),
            }
        )
    return Timeline(
        periods=pd.DataFrame(periods),
        coded=pd.DataFrame(_codes(material.case, coded, material.moves)),
        events=_events(session, coded),
        evaluated="at the posterior mode, agnostic priors",
        mark="estimated",
        certified=True,
    )


def _codes(case: Case, coded: CodedRecord, moves: tuple[str, ...]) -> list[dict[str, Any]]:
    rows = []
    for name, printed in coded.printed.items():
        levels = coded.levels[name]
        is_move = name in moves
        for k, period in enumerate(coded.periods):
            known = int(printed[k]) >= 0
            level = int(printed[k]) if known else int(np.argmax(coded.weights[name][k]))
            rows.append(
                {
                    "period": period,
                    "name": name,
                    "label": name if is_move else case.states[name].label,
                    "kind": "move" if is_move else "state",
                    "level": levels[level] if known else "not observed",
                    "rank": level,
                    "observed": known,
                }
            )
    return rows


def _changes(case: Case, coded: CodedRecord, k: int) -> str:
    """States that stand elsewhere than a period before, and the moves made, in words."""
    parts = []
    for name, printed in coded.printed.items():
        if printed[k] < 0:
            continue
        level = coded.levels[name][int(printed[k])]
        if name not in case.states:
            parts.append(f"{name}: {level}")
        elif k > 0 and printed[k] != printed[k - 1]:
            parts.insert(0, f"{case.states[name].label} now {level}")
    return "; ".join(parts)


def _events(session: Session, coded: CodedRecord) -> pd.DataFrame | None:
    rows = {event["id"]: event for event in session.material.events}
    found = []
    for period, names in zip(coded.periods, coded.events, strict=True):
        for name in names:
            event = rows.get(name)
            if event is not None:
                found.append(
                    {
                        "period": period,
                        "id": name,
                        "date": event["date"],
                        "summary": event["summary"],
                        "source_url": event.get("source_url", ""),
                        "source_title": event.get("source_title", ""),
                    }
                )
    return pd.DataFrame(found) if found else None


def policy(session: Session) -> Policy | NotComputed:
    """Choice probabilities by level of each coded state variable, averaged over the record's other states."""
    material, coded = session.material, session.material.coded
    if coded is None:
        return NotComputed("Without a record there are no states to average over.")
    found: Equilibrium = session.at_fit
    if not found.certificate.good:
        return NotComputed("The equilibrium at the posterior mode is not certified.")
    rows = policy_rows(material, steps.policy(found, session.history_at_fit, material))
    return Policy(policy=rows, parameters="at the posterior mode", mark="estimated")


def policy_rows(material: Material, policy: list[dict[str, Any]]) -> pd.DataFrame:
    """The table `policy` of what `steps.policy` found; latent states are left out."""
    coded = material.coded
    assert coded is not None
    rows = []
    for row in policy:
        name = row["variable"]
        state = material.case.states[name]
        if state.latent:
            continue
        level = state.levels.index(row["level"])
        move = next(m for m in material.game.plan.moves() if m.move == row["move"])
        rows.append(
            {
                "slice": f"{row['move']} by {state.label}, the rest as in the record",
                "mover": f"{material.case.players[move.player].label}: {move.move}"
                if move.move != move.player
                else material.case.players[move.player].label,
                "state": row["level"],
                "order": level,
                "action": row["action"],
                "rank": move.actions.index(row["action"]),
                "probability": float("nan") if row["probability"] is None else row["probability"],
                "visited": int((coded.printed[name] == level).sum()),
                "certified": True,
            }
        )
    return pd.DataFrame(rows)
