"""`tightrope ledger score`: what is scored and beside what, and what must be said with it. Leaves no run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import pandas as pd

from tightrope.forecast.ledger import load_predictions
from tightrope.forecast.ledger_rows import read_events
from tightrope.forecast.ledger_scores import By, compare, score_groups, steps_that_came, word_sensitivity
from tightrope.forecast.scores import CLIP
from tightrope.outcome import FINE, Outcome
from tightrope.workflow.ledger import ledger_path
from tightrope.workflow.text import UnknownName, blocks, known_names, records, table

UNRANKED = (
    "Groups answered different questions: they stand in the order of their names, and a lower score in one "
    "row than in another is no sign of skill. --compare A B sets two side by side on their common questions."
)


def score(
    case: Path, *, by: str = "event", event: str = "", pair: tuple[str, ...] = (), seed: int = 0
) -> Outcome:
    """Scores by group with n and limits, words read otherwise, limited steps, how the sample was drawn.

    event  only statements about it
    pair   two groups to compare on their common questions
    """
    grouping = cast(By, by)
    path = ledger_path(case)
    every = load_predictions(path)
    if event:
        known_names("event", (event,), {p.event for p in every})
        every = tuple(p for p in every if p.event == event)
    if len(pair) not in (0, 2):
        raise UnknownName("--compare takes two groups")
    known = read_events(path) or ()
    limited = {e.event for e in known if e.scope == "limited"}
    data: dict[str, Any] = {
        "ledger": path.name,
        "by": by,
        "event": event or None,
        "statements": len(every),
        "open": sum(p.resolution == "open" for p in every),
        "clip": CLIP,
        "sample": sample_note(path),
        "scores": records(score_groups(every, by=grouping, seed=seed).reset_index()),
        "words": records(word_sensitivity(every).reset_index()),
        "limited_steps": records(steps_that_came(every, events=limited).reset_index()),
        "comparison": asdict(compare(every, by=grouping, first=pair[0], second=pair[1], seed=seed))
        if pair
        else None,
        "warnings": [UNRANKED],
    }
    return Outcome(FINE, data, _text(data))


def sample_note(ledger: Path) -> str:
    """How the sample was drawn, from the notes beside the ledger (`PREDICTIONS.md`, under Limits)."""
    for path in (ledger.with_suffix(".md"), ledger.with_name(f"{ledger.stem.upper()}.md")):
        if path.exists():
            found = re.search(
                r"^## Limits\s*\n(.+?)(?=^## |\Z)", path.read_text(encoding="utf-8"), re.M | re.S
            )
            if found:
                return " ".join(found[1].split())
    return "Nothing beside the ledger says how its sample was drawn, so take it for a sample of convenience."


def _text(data: Mapping[str, Any]) -> str:
    rows = [
        {
            data["by"]: str(row[data["by"]]),
            "n": row["n"],
            "months": row["months"],
            "came": row["yes"],
            "mean p": _three(row["mean_p"]),
            "Brier": _three(row["brier"]),
            "95 %": _limits(row["low"], row["high"]),
            "always 2 %": _three(row["baseline_brier"]),
        }
        for row in data["scores"]
    ]
    words = [
        {
            "words read": row["words read"],
            "n": row["n"],
            "mean p": _three(row["mean_p"]),
            "Brier": _three(row["brier"]),
        }
        for row in data["words"]
    ]
    steps = [
        {
            "limited step": row["event"],
            "came": f"{row['yes']} of {row['n']}",
            "mean p": _three(row["mean_p"]),
            "came - p": f"{row['gap']:+.2f}",
            "Brier": _three(row["brier"]),
            "always 2 %": _three(row["baseline_brier"]),
            "": "under-predicted" if row["gap"] > 0 else "over-predicted",
        }
        for row in data["limited_steps"]
    ]
    pair = data["comparison"]
    return blocks(
        [
            f"{data['ledger']}: {data['statements']} statements, {data['open']} of them open and not scored. "
            f"How the sample was drawn: {data['sample']}"
        ],
        [table(rows, [data["by"], "n", "months", "came", "mean p", "Brier", "95 %", "always 2 %"])],
        [UNRANKED],
        _comparison(pair) if pair else [],
        [
            "Coded probabilities read as words of a table:",
            table(words, ["words read", "n", "mean p", "Brier"]),
        ],
        [
            "Limited steps that came:",
            table(steps, ["limited step", "came", "mean p", "came - p", "Brier", "always 2 %", ""]),
        ]
        if steps
        else [],
    )


def _comparison(pair: Mapping[str, Any]) -> list[str]:
    n = len(pair["questions"])
    limits = pair["interval"]
    tail = f"95 % {_limits(*limits)}" if limits else "too few for an interval"
    return [
        f"On {n} common question{'s' if n > 1 else ''}: {pair['first']} {pair['first_brier']:.3f}, "
        f"{pair['second']} {pair['second_brier']:.3f}, difference {pair['difference']:+.3f} ({tail})"
    ]


def _three(value: float | None) -> str:
    return "-" if value is None or pd.isna(value) else f"{value:.3f}"


def _limits(low: float | None, high: float | None) -> str:
    return "-" if low is None or high is None else f"{low:.3f} to {high:.3f}"
