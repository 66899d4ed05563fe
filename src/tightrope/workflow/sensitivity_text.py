"""What `tightrope sensitivity` prints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tightrope.workflow.text import blocks, notes, percent, table

MOST = 12


def sensitivity_text(data: Mapping[str, Any]) -> str:
    """The same as `sensitivity_data`, for a reader."""
    heading = [f"{data['quantity']}: {data['about']}" if data["about"] else data["quantity"]]
    parts = [
        said(data[name]) for name, said in (("tornado", _tornado), ("sobol", _sobol), ("given", _given))
        if name in data
    ]  # fmt: skip
    return blocks(heading, *parts, notes(data))


def _tornado(part: Mapping[str, Any]) -> list[str]:
    base = "not certified" if part["base"] is None else f"{part['base']:.4g}"
    rows = [
        {
            "parameter": row["parameter"],
            "from": f"{row['low']:.3g}",
            "to": f"{row['high']:.3g}",
            "at low": _number(row["at_low"], row["status_low"]),
            "at high": _number(row["at_high"], row["status_high"]),
            "swing": "-" if row["swing"] is None else f"{row['swing']:+.3g}",
        }
        for row in part["rows"][:MOST]
    ]
    lines = [
        f"Tornado: each parameter alone from its prior's 10 % to its 90 % point, all else at the reference "
        f"(there: {base}).",
        table(rows, ["parameter", "from", "to", "at low", "at high", "swing"]),
    ]
    return lines + _more(part["rows"]) + _apart(part["points"], "a swing needs both ends")


def _number(value: float | None, status: str) -> str:
    return status if value is None else f"{value:.4g}"


def _sobol(part: Mapping[str, Any]) -> list[str]:
    if "why" in part:
        return [f"No Sobol indices: {part['why']}."]
    rows = [
        {
            "parameter": row["parameter"],
            "first": f"{row['first']:.2f}",
            "95 %": f"{row['first_low']:.2f} to {row['first_high']:.2f}",
            "total": f"{row['total']:.2f}",
            "95 % ": f"{row['total_low']:.2f} to {row['total_high']:.2f}",
        }
        for row in part["rows"]
    ]
    lines = [
        f"Sobol indices: shares of the variance ({part['variance']:.3g}) under independent priors of "
        f"{len(part['parameters'])} parameters, all others at the reference; {part['blocks']} blocks. "
        "First: alone; total: with all interactions.",
        table(rows, ["parameter", "first", "95 %", "total", "95 % "]),
    ]
    if part["dropped"]:
        lines.append(
            f"{part['dropped']} of {part['dropped'] + part['blocks']} blocks "
            f"({percent(part['dropped_share'])}) hold a point without a certified value and were dropped "
            "whole: the indices are those of the parameters at which all of a block's games solve."
        )
    pairs = [row for row in part["interactions"] if row["low"] > 0]
    if part["interactions"]:
        said = ", ".join(f"{r['parameter']} with {r['other']} {r['share']:.2f}" for r in pairs)
        lines.append(f"Interactions of two whose interval excludes zero: {said or 'none'}.")
    return lines


def _given(part: Mapping[str, Any]) -> list[str]:
    if "why" in part:
        return [f"No given-data indices: {part['why']}."]
    floor = part["floor"]
    rows = [
        {
            "parameter": row["parameter"],
            "PAWN": f"{row['pawn']:.2f}" + ("" if row["pawn"] > floor["pawn"] else " (noise)"),
            "delta": "-" if row["delta"] is None else f"{row['delta']:.2f}",
            "95 %": "-" if row["delta"] is None else f"{row['delta_low']:.2f} to {row['delta_high']:.2f}",
            "rank correlation": "-" if row["correlation"] is None else f"{row['correlation']:+.2f}",
        }
        for row in part["rows"][:MOST]
    ]
    lines = [
        f"Given-data indices over {part['points']['certified']} posterior draws ({part['source']}): how far "
        "the quantity's distribution moves with a parameter. One that does nothing reaches PAWN "
        f"{floor['pawn']:.2f} and delta {floor['delta']:.2f} at this number of draws; posterior draws are "
        "correlated, so an index also holds what comes through other parameters.",
        table(rows, ["parameter", "PAWN", "delta", "95 %", "rank correlation"]),
    ]
    return lines + _more(part["rows"]) + _apart(part["points"], "such draws are left out")


def _more(rows: list[Any]) -> list[str]:
    left = len(rows) - MOST
    return [f"The other {left} parameters are below these; --json has them all."] if left > 0 else []


def _apart(counts: Mapping[str, int], what: str) -> list[str]:
    apart = [f"{counts[name]} {name}" for name in ("undefined", "not certified") if counts[name]]
    return [f"Points without a value: {', '.join(apart)}; {what}."] if apart else []
