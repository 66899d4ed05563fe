"""Numbers and tables as text for readers, and as plain data for programs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np

from tightrope.forecast.words import verbal

if TYPE_CHECKING:
    import pandas as pd


def percent(p: float | None) -> str:
    """A probability for readers; never a bare 0 or 100."""
    if p is None or not np.isfinite(p):
        return "-"
    if p < 0.001:
        return "<0.1 %"
    if p > 0.999:
        return ">99.9 %"
    return f"{100 * p:.1f} %" if p < 0.1 or p > 0.9 else f"{100 * p:.0f} %"


def beside(p: float | None) -> str:
    """A probability with its word of Intelligence Community Directive 203: `12 % (very unlikely)`."""
    return percent(p) if p is None or not np.isfinite(p) else f"{percent(p)} ({verbal(p)})"


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """Rows of text under a header, columns aligned."""
    cells = [list(columns)] + [
        [str(row.get(c, "") if row.get(c) is not None else "-") for c in columns] for row in rows
    ]
    widths = [max(len(line[k]) for line in cells) for k in range(len(columns))]
    return "\n".join(
        "  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in cells
    )


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """A table as JSON-able rows, nan as None."""
    found = []
    for row in frame.to_dict("records"):
        found.append({str(k): plain(v) for k, v in row.items()})
    return found


def plain(value: Any) -> Any:
    """One value as JSON holds it: None for what is not finite, plain numbers, the rest as text."""
    if value is None or (isinstance(value, float) and not np.isfinite(value)):
        return None
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float(value)
    return str(value)


def blocks(*parts: Sequence[str]) -> str:
    """Blocks of lines, an empty line between any two that are there."""
    return "\n\n".join("\n".join(lines) for lines in parts if lines)


def notes(data: Mapping[str, Any]) -> list[str]:
    """The warnings of a command's data, a line each."""
    return [f"Note: {text}" for text in data.get("warnings", ())]


class UnknownName(ValueError):
    """A question or claim that the case does not have."""


def known_names(kind: str, wanted: Sequence[str], known: Collection[str]) -> set[str]:
    """The names asked for, or all. Raises UnknownName with a near match for each that is not there."""
    faults = []
    for name in wanted:
        if name not in known:
            near = get_close_matches(name, known, 1) or get_close_matches(name.upper(), known, 1)
            faults.append(f"no {kind} {name}" + (f"; did you mean {near[0]}?" if near else ""))
    if faults:
        there = f"the case has {', '.join(known)}" if known else f"the case has no {kind}s"
        raise UnknownName("\n".join([*faults, there]))
    return set(wanted or known)
