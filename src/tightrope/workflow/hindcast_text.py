"""What `tightrope hindcast` prints: JSON-able data, and tables in Markdown, fit for a page as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from tightrope.report.text import count
from tightrope.report.views.hindcasts import skill_title
from tightrope.workflow.contest import RELIABILITY_AT, Contest, winners
from tightrope.workflow.hindcast import Hindcasts
from tightrope.workflow.hindcast_report import section_of
from tightrope.workflow.session import Session
from tightrope.workflow.text import blocks, notes, records


def data_of(session: Session, made: Hindcasts, found: Contest) -> dict[str, Any]:
    """Everything as JSON-able data."""
    shown = section_of(session, made, found, standing=False)
    weights = [
        {"known": key.known, "horizon": key.horizon, "target": key.target, "weights": w.tolist()}
        for key, w in found.weights.items()
    ]
    return {
        "case": session.material.case.case,
        "origins": [
            {
                "year": origin.year,
                "known": origin.known,
                **{
                    name: made.about[origin.known][name]
                    for name in ("origin", "start", "status", "posterior", "draws", "failed", "seconds")
                    if origin.known in made.about
                },
                **({"error": made.failed[origin.known]} if origin.known in made.failed else {}),
            }
            for origin in made.origins
        ],
        "span": shown.origins,
        "known": shown.known,
        "unit": shown.unit,
        "clip": shown.clip,
        "winners": winners(found),
        "skill": records(found.skill),
        "decompositions": records(shown.decompositions),
        "curves": records(shown.curves),
        "beside_ledger": records(shown.beside),
        "pool_weights": weights,
        "seconds": float(sum(sum(about["seconds"]) for about in made.about.values())),
        "summary": list(found.summary),
        "notes": list(shown.notes),
        "source": shown.source,
        "warnings": list(session.warnings),
    }


def text_of(data: Mapping[str, Any]) -> str:
    """The skill table for a reader, in Markdown, so that it can stand in a page as it is."""
    frame = pd.DataFrame(data["skill"])
    unit = data["unit"]
    parts = [[f"{data['span']}; last known {unit}s {data['known']}. {data['source']}"]]
    for group in data["summary"]:
        part = frame[frame["group"] == group]
        if len(part):
            parts.append([f"**{skill_title(group, part, unit)}**", "", *_markdown(part, unit)])
    others = [g for g in dict.fromkeys(frame["group"]) if g not in data["summary"]]
    if others:
        single = frame[frame["group"].isin(others)]
        parts.append(["**By single target**", "", *_by_target(single, unit)])
    if data["beside_ledger"]:
        head = ["forecaster", "statements", "mean probability", "Brier", "log score"]
        rows = [
            [b["forecaster"], str(b["n"]), f"{b['mean_p']:.3f}", f"{b['brier']:.4f}", f"{b['log_score']:.3f}"]
            for b in data["beside_ledger"]
        ]
        title = "**The ledger's forecasters on common questions: resolved statements of a merger**"
        parts.append([title, "", *_table(head, rows)])
    if data["decompositions"]:
        names = [n for n in data["decompositions"][0] if n not in ("group", "forecaster", "cases")]
        rows = [
            [d["group"], d["forecaster"], str(d["cases"]), *(f"{d[n]:.4f}" for n in names)]
            for d in data["decompositions"]
        ]
        title = f"**Brier scores of levels {RELIABILITY_AT} {unit}s ahead, split (CORP, Murphy)**"
        parts.append([title, "", *_table(["group", "forecaster", "cases", *names], rows)])
    parts.append([f"- {note}" for note in data["notes"]])
    return blocks(*parts, notes(data))


def _markdown(part: pd.DataFrame, unit: str) -> list[str]:
    """Mean log scores by horizon, with skill against the rival and its 95 % interval."""
    horizons = sorted({int(h) for h in part["horizon"]})
    head = [f"log score (skill against the {part['rival'].iloc[0]}, 95 %)"]
    for h in horizons:
        row = part[part["horizon"] == h].iloc[0]
        head.append(f"{_ahead(h, unit)}, {count(int(row['n']), 'origin')}, {row['effective']:.1f} in blocks")
    rows = []
    for name in dict.fromkeys(part["forecaster"]):
        mine = part[part["forecaster"] == name].set_index("horizon")
        rows.append([str(name), *(_cell(mine.loc[h]) if h in mine.index else "-" for h in horizons)])
    return _table(head, rows)


def _ahead(horizon: int, unit: str) -> str:
    return f"{count(horizon, unit)} ahead"


def _cell(row: Mapping[str, Any]) -> str:
    text = f"{row['log_score']:.3f}"
    if row["forecaster"] != row["rival"]:
        text += f" ({_skill(row)})"
    return f"**{text}**" if row["best"] else text


def _skill(row: Mapping[str, Any]) -> str:
    text = f"{_whole(row['log_skill'])} %"
    if row["log_lower"] is not None and np.isfinite(row["log_lower"]):
        text += f", {_whole(row['log_lower'])} to {_whole(row['log_upper'])}"
    return text


def _whole(share: float) -> str:
    return f"{round(100 * share):+d}"


def _by_target(single: pd.DataFrame, unit: str) -> list[str]:
    horizons = sorted({int(h) for h in single["horizon"]})
    rows = []
    for target, part in single.groupby("group", sort=False):
        cells = []
        for h in horizons:
            here = part[part["horizon"] == h]
            game = here[here["forecaster"] == "game"]
            best = here[here["best"].astype(bool)]
            if not len(best):
                cells.append("-")
                continue
            text = f"{best.iloc[0]['forecaster']} {best.iloc[0]['log_score']:.3f}"
            cells.append(text + (f"; game {_skill(game.iloc[0])}" if len(game) else ""))
        rows.append([str(target), *cells])
    return _table(["best; the game's skill", *(_ahead(h, unit) for h in horizons)], rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [" | ".join(head), "|".join(["---"] * len(head)), *(" | ".join(row) for row in rows)]
    return [f"| {line} |" if "---" not in line else f"|{line}|" for line in lines]
