"""What changed between two runs, for a reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tightrope.workflow.text import blocks, notes, percent, table

SHOWN = 20
"""Inputs of a part beyond this many are counted, and are in the JSON."""
COLUMNS = {
    "reference": "at the reference",
    "fit": "at the fit",
    "share_argument": "argument-centred",
    "share_agnostic": "agnostic",
    "share_posterior": "posterior",
    "other": "also",
}
PARTS = {"case": "The case", "files": "Its files", "run": "The run", "effort": "How much was computed"}


def against_text(data: Mapping[str, Any]) -> str:
    """Inputs that differ, then a row for each claim of which something that is printed changed."""
    found = data["against"]
    return blocks(
        [f"Against {found['run']}"],
        *[_inputs(part, rows) for part, rows in found["inputs"].items() if rows],
        [] if any(found["inputs"].values()) else ["No input differs."],
        _claims(found),
        _both(found),
        notes(data),
    )


def _inputs(part: str, rows: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = [f"{PARTS[part]}:"]
    for row in rows[:SHOWN]:
        if part == "files":
            lines.append(f"  {row['where']} {_how(row)}")
        else:
            lines.append(f"  {row['where']}: {_word(row['before'])} -> {_word(row['now'])}")
    more = len(rows) - SHOWN
    return [*lines, f"  ... and {more} more (--json has them all)"] if more > 0 else lines


def _how(row: Mapping[str, Any]) -> str:
    return "is new" if row["before"] is None else "is gone" if row["now"] is None else "has changed"


def _word(value: Any) -> str:
    text = "(none)" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _claims(found: Mapping[str, Any]) -> list[str]:
    by: dict[str, dict[str, Any]] = {}
    for row in found["claims"]:
        by.setdefault(row["claim"], {})[row["what"]] = row
    rows = []
    for claim, changes in by.items():
        cells = {
            "reference": _status(changes, "reference"),
            "fit": _status(changes, "fit"),
            **{name: _share(changes.get(name)) for name in COLUMNS if name.startswith("share")},
            "other": "; ".join(_others(changes)),
        }
        if any(cells.values()):
            rows.append({"claim": claim} | {COLUMNS[name]: text for name, text in cells.items()})
    if not rows:
        return ["Nothing that is printed of a claim has changed."]
    used = [name for name in COLUMNS.values() if any(row[name] for row in rows)]
    told = [
        "What changed (a change of margin alone in brackets; ~: no more than other draws would make):",
        table(rows, ["claim", *used]),
    ]
    still = found["total"] - len(rows)
    return (
        [*told, f"{still} more claim{'s' * (still > 1)}: nothing that is printed has changed."]
        if still
        else told
    )


def _status(changes: Mapping[str, Any], at: str) -> str:
    status, margin = changes.get(at), changes.get(f"margin_{at}")
    moved = ""
    if margin is not None and margin["before"] is not None and margin["now"] is not None:
        ends = [f"{margin[when]:+.2g}" for when in ("before", "now")]
        moved = f"[{ends[0]} -> {ends[1]}]" if ends[0] != ends[1] else ""
    return " ".join(part for part in (_arrow(status), moved) if part)


def _arrow(row: Mapping[str, Any] | None) -> str:
    return "" if row is None else f"{row['before']} -> {row['now']}"


def _share(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return ""
    ends = [percent(row[when]) for when in ("before", "now")]
    if ends[0] == ends[1]:
        return ""
    return f"{'~' if row.get('chance') else ''}{ends[0]} -> {ends[1]}"


def _others(changes: Mapping[str, Any]) -> list[str]:
    told = []
    if "flags" in changes:
        old, new = ({w for w in changes["flags"][k].split(", ") if w} for k in ("before", "now"))
        told += [f"+{flag}" for flag in sorted(new - old)] + [f"-{flag}" for flag in sorted(old - new)]
    if "contradicted" in changes:
        row = changes["contradicted"]
        told.append(f"record against it: {row['before'] or 'not'} -> {row['now'] or 'not'}")
    for at in ("reference", "fit"):
        if f"needs_{at}" in changes:
            row = changes[f"needs_{at}"]
            told.append(f"needs at the {at}: {_sets(row['before'])} -> {_sets(row['now'])}")
    return told


def _sets(sets: Sequence[Sequence[str]] | None) -> str:
    if sets is None:
        return "does not hold"
    return " or ".join(" + ".join(off) for off in sets) or "nothing found"


def _both(found: Mapping[str, Any]) -> list[str]:
    lines = []
    if found["added"]:
        lines.append(f"Claims that are new: {', '.join(found['added'])}.")
    if found["gone"]:
        lines.append(f"Claims that are gone: {', '.join(found['gone'])}.")
    return lines
