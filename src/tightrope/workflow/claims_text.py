"""`tightrope claims` for a reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tightrope.workflow.against_text import against_text
from tightrope.workflow.text import blocks, notes, percent, table

KINDS = {"argument": "argument-centred", "agnostic": "agnostic", "posterior": "posterior"}
RARELY = 0.05
"""An ablation that breaks a claim in fewer posterior draws than this is left off the screen."""


def claims_text(data: Mapping[str, Any], *, drawn: bool = False) -> str:
    """Claims for a reader; `drawn`: the shares of draws too."""
    if "against" in data:
        return against_text(data)
    if not data["claims"]:
        return blocks([str(data.get("why", ""))], notes(data))
    return blocks(
        _columns(data),
        _contrary(data),
        _fared(data) if drawn else [],
        _needs(data),
        _broken(data),
        *([_details(row, data) for row in data["claims"]] if data["named"] else []),
        notes(data),
    )


def _columns(data: Mapping[str, Any]) -> list[str]:
    shares: dict[str, list[str]] = {}
    for row in data["shares"]:
        shares.setdefault(row["claim"], []).append(f"{row['k']} of {row['n']}")
    rows = [
        {
            "claim": row["id"],
            "in the record": "; ".join(shares.get(row["id"], [])) or "-",
            "at the reference": _status(row, "reference"),
            "at the fit": _status(row, "fit"),
            "flags": row["flags"],
            "": row["text"],
        }
        for row in data["claims"]
    ]
    return [table(rows, ["claim", "in the record", "at the reference", "at the fit", "flags", ""])]


def _status(row: Mapping[str, Any], at: str) -> str:
    margin = row[f"margin_{at}"]
    return str(row[at]) if margin is None else f"{row[at]} {margin:+.2g}"


def _contrary(data: Mapping[str, Any]) -> list[str]:
    lines = []
    for row in data["shares"]:
        if row["contrary"]:
            span = f"{percent(row['lower'])} to {percent(row['upper'])}"
            chance = f"chance that it is {row['expect']}: {percent(row['chance'])}"
            if row["expect"] == "zero":
                chance = "never was expected"
            told = f"{row['claim']}  {row['k']} of {row['n']} ({span}): {row['what']}."
            lines.append(f"{told} Expected {row['expect']}; against it {row['contrary']} ({chance}).")
    return ["The record goes against the claim:", *lines] if lines else []


def _fared(data: Mapping[str, Any]) -> list[str]:
    kinds = [row["kind"] for row in data["draws"]]
    cells: dict[str, dict[str, str]] = {}
    for row in data["fared"]:
        cells.setdefault(row["claim"], {})[row["draws"]] = _cell(row)
    rows = [{"claim": c} | {KINDS[k]: by.get(k, "-") for k in kinds} for c, by in cells.items()]
    return [
        "Share of certified draws in which each claim holds (and its margin, 5 % to 95 % of draws):",
        table(rows, ["claim", *(KINDS[kind] for kind in kinds)]),
        *(_counted(row) for row in data["draws"]),
    ]


def _cell(row: Mapping[str, Any]) -> str:
    if row["share"] is None:
        return "no certified draw"
    share = "all" if row["share"] == 1 else "none" if row["share"] == 0 else percent(row["share"])
    undefined = f", undefined in {row['undefined']}" if row["undefined"] else ""
    return share if row["low"] is None else f"{share} ({row['low']:+.2g} to {row['high']:+.2g}){undefined}"


def _counted(row: Mapping[str, Any]) -> str:
    lost = row["taken"] - row["certified"]
    text = f"{KINDS[row['kind']]}: {row['certified']:,} certified of {row['taken']:,} draws"
    if lost:
        text += f" ({100 * lost / row['taken']:.1f} % are not, and are in no share)"
    if row["kind"] == "posterior":
        text += f", from the {row['source']}"
        if row["distinct"] < row["taken"]:
            text += f", which has {row['distinct']:,} that differ"
    return text + "."


def _needs(data: Mapping[str, Any]) -> list[str]:
    if not data["needs"]:
        return []
    places = list(data["solved"])
    cells: dict[str, dict[str, str]] = {}
    for row in data["needs"]:
        cells.setdefault(row["claim"], {})[row["at"]] = needs_told(row)
    rows = [{"claim": c} | {f"at the {p}": by.get(p, "-") for p in places} for c, by in cells.items()]
    solved = ", ".join(f"{count:,} at the {place}" for place, count in data["solved"].items())
    return [
        "Needs: the smallest sets of mechanisms without which a claim fails (-: it does not hold there):",
        table(rows, ["claim", *(f"at the {place}" for place in places)]),
        f"Games solved for sets beyond the single ablations: {solved}.",
    ]


def needs_told(row: Mapping[str, Any]) -> str:
    """The sets of one claim in words: `a + b, or c + d`."""
    sets: Sequence[Sequence[str]] = row["sets"]
    told = ", or ".join(" + ".join(off) for off in sets) or f"nothing of up to {row['tried']}"
    lost = len(row["unsettled"])
    return f"{told} ({lost} not certified)" if lost else told


def _broken(data: Mapping[str, Any]) -> list[str]:
    if not data["broken"]:
        return []
    told: dict[str, list[tuple[float, str]]] = {}
    for row in data["broken"]:
        told.setdefault(row["claim"], [])
        if row["share"] is not None and row["share"] >= RARELY:
            lost = f" ({row['lost']} not certified)" if row["lost"] else ""
            told[row["claim"]].append((row["share"], f"{row['ablation']} {percent(row['share'])}{lost}"))
    held = {row["claim"]: row["held"] + row["lost"] for row in data["broken"]}
    rows = [
        {
            "claim": claim,
            "held": str(held[claim]),
            "broken by": ", ".join(text for _, text in sorted(found, key=lambda x: -x[0])) or "none",
        }
        for claim, found in told.items()
    ]
    return [
        "Ablations in posterior draws: of those in which a claim holds, the share in which it then fails:",
        table(rows, ["claim", "held", "broken by"]),
    ]


def _details(row: Mapping[str, Any], data: Mapping[str, Any]) -> list[str]:
    lines = [f"{row['id']}. {row['text']}"]
    if row["check"]:
        lines.append(f"  check: {row['check']}")
    if row["threshold"]:
        lines.append(f"  threshold: {row['threshold']}")
    for quantity in data["quantities"]:
        if quantity["claim"] == row["id"]:
            lines.append(f"  {_quantity(quantity)}")
    if row["untestable"]:
        lines.append(f"  untestable: {row['untestable']}")
    if row["named"]:
        lines.append(f"  names {row['named']}; broken at the reference by {row['needs'] or 'none'}")
    if row["later"]:
        lines.append(f"  later: {row['later']}")
    return lines


def _quantity(quantity: Mapping[str, Any]) -> str:
    def shown(value: float | None) -> str:
        if value is None:
            return "-"
        return percent(value) if quantity["unit"] == "probability" else f"{value:.4g}"

    text = f"{quantity['name']}: {shown(quantity['reference'])} at the reference"
    if quantity["fit_certified"]:
        text += f", {shown(quantity['fit'])} at the fit"
    if quantity["lower"] is not None:
        text += f" ({shown(quantity['lower'])} to {shown(quantity['upper'])} over posterior draws)"
    return f"{text}. {quantity['about']}".rstrip()
