"""Numbers and tables as text for readers, and as plain data for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
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
