"""Tables of judged claims: what the report takes, and what `tightrope claims` prints."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pandas as pd

from tightrope.argument.ablations import ALL_OFF, NONE_OFF
from tightrope.argument.checks import Verdict, mentioned
from tightrope.argument.shares import Counted
from tightrope.case.schema import Case, Quantity
from tightrope.report import sections as report
from tightrope.workflow import steps

if TYPE_CHECKING:
    from tightrope.workflow.argue import Judged

MOVED_BELOW = 0.8
"""A parameter whose posterior sd is below this part of its prior's was moved by the record."""


def claims(case: Case, found: Judged) -> report.Claims:
    """One row a claim, its shares of the record, and the quantities that its check is about."""
    rows = claim_rows(case, found)
    shares = [share_row(name, seen) for name, result in found.results.items() for seen in result.record]
    return report.Claims(
        claims=pd.DataFrame(rows),
        shares=pd.DataFrame(shares, columns=SHARES),
        quantities=pd.DataFrame(quantity_rows(case, found)),
        fit_about=f"posterior mode under {steps.FIT_CLASS} priors",
    )


SHARES = ["claim", "what", "k", "n", "lower", "upper", "expect", "agrees", "contrary"]


def claim_rows(case: Case, found: Judged) -> list[dict[str, Any]]:
    """One row a claim, in the argument's order."""
    shares = {kind: fared.shares() for kind, fared in found.fared.items()}
    rows = []
    for name, result in found.results.items():
        claim = result.claim
        tested = result.reference is not None
        row = {kind: _share(table, name) for kind, table in shares.items()}
        rows.append(
            {
                "id": name,
                "kind": claim.kind,
                "text": claim.text,
                "check": None if claim.check is None else claim.check.text,
                "reference": _status(result.reference),
                "fit": _status(result.fit, tested=tested),
                "margin_reference": _margin(result.reference),
                "margin_fit": _margin(result.fit),
                "share_fit": row.get("posterior"),
                "share_argument": row["argument"],
                "share_agnostic": row["agnostic"],
                "draws_fit": _certified(shares.get("posterior"), name),
                "flags": ", ".join(flag.replace(" ", "_") for flag in result.flags),
                "contradicted": result.contrary or None,
                "named": ", ".join(claim.breaks),
                "needs": ", ".join(result.broken_by),
                "untestable": claim.untestable,
                "threshold": claim.threshold,
                "later": claim.later,
            }
        )
    return rows


def _status(verdict: Verdict | None, *, tested: bool = True) -> str:
    if verdict is not None:
        return verdict.status
    return "not certified" if tested and verdict is None else "untestable"


def _margin(verdict: Verdict | None) -> float | None:
    return None if verdict is None or not math.isfinite(verdict.margin) else verdict.margin


def _share(table: pd.DataFrame, name: str) -> float | None:
    return float(table.loc[name, "share"]) if name in table.index else None


def _certified(table: pd.DataFrame | None, name: str) -> int | None:
    if table is None or name not in table.index:
        return None
    return int(table.loc[name, ["holds", "fails", "undefined"]].sum())


def share_row(name: str, seen: Counted) -> dict[str, Any]:
    """A share of the record as the report has it."""
    what = seen.what if not seen.of else f"{seen.what}, of quarters with {seen.of}"
    if seen.versus and seen.against is not None:
        what += f"; against {seen.against.k} of {seen.against.n} with {seen.versus}"
    return {
        "claim": name,
        "what": what,
        "k": seen.frequency.k,
        "n": seen.frequency.n,
        "lower": seen.frequency.low,
        "upper": seen.frequency.high,
        "expect": None if seen.expected == "none" else seen.expected,
        "agrees": seen.met,
        "contrary": seen.contrary or None,
    }


def quantity_rows(case: Case, found: Judged) -> list[dict[str, Any]]:
    """One row for each quantity of each check, with the 90 % interval over posterior draws."""
    at = {place: matrix.cells[NONE_OFF].measured for place, matrix in found.matrices.items()}
    reference, fit = at["reference"], at.get("fit")
    spread = found.fared["posterior"].values() if "posterior" in found.fared else pd.DataFrame()
    moved = any(ratio < MOVED_BELOW for ratio in found.ratios.values())
    rows = []
    for name, result in found.results.items():
        if result.claim.check is None:
            continue
        for quantity in mentioned(result.claim.check):
            noun: Quantity = case.quantities[quantity]
            drawn = quantity in spread.index
            rows.append(
                {
                    "claim": name,
                    "name": quantity,
                    "about": noun.about,
                    "unit": "probability" if _is_probability(noun) else "value",
                    "reference": math.nan if reference is None else reference.values[quantity],
                    "fit": math.nan if fit is None else fit.values[quantity],
                    "lower": float(spread.loc[quantity, "low"]) if drawn else None,
                    "upper": float(spread.loc[quantity, "high"]) if drawn else None,
                    "reference_certified": reference is not None,
                    "fit_certified": fit is not None,
                    "mark_reference": "calibrated",
                    "mark_fit": "estimated" if moved and "prior only" not in result.flags else "calibrated",
                }
            )
    return rows


def _is_probability(noun: Quantity) -> bool:
    return noun.value is None and noun.expectation is None and noun.price_gap is None


def cells(case: Case, found: Judged) -> report.Matrix:
    """Claims by ablations at each place."""
    rows = []
    for at, matrix in found.matrices.items():
        whole = matrix.cells[NONE_OFF].verdicts
        for setting, cell in matrix.cells.items():
            if setting == NONE_OFF:
                continue
            for claim, verdict in cell.verdicts.items():
                result: str = verdict.status
                if result == "fails" and whole[claim].status == "holds":
                    result = "breaks"
                elif result == "holds" and whole[claim].status == "fails":
                    result = "changes"
                rows.append(
                    {
                        "claim": claim,
                        "ablation": setting,
                        "at": at,
                        "result": result,
                        "named": setting in case.claims[claim].breaks,
                    }
                )
    about = [{"ablation": name, "about": ablation.about} for name, ablation in case.ablations.items()]
    about.append({"ablation": ALL_OFF, "about": "All mechanisms off at once."})
    return report.Matrix(cells=pd.DataFrame(rows), ablations=pd.DataFrame(about))
