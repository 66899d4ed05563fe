"""`tightrope claims`: what was found about each claim, as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tightrope.argument.fared import Fared
from tightrope.case.schema import Case
from tightrope.report.sections import NotComputed
from tightrope.workflow import argue_tables
from tightrope.workflow.argue import Effort, Judged, judged
from tightrope.workflow.session import Session
from tightrope.workflow.text import known_names, records

TABLES = ("claims", "shares", "quantities", "cells", "draws", "fared", "needs", "broken")


def claims_data(session: Session, wanted: Sequence[str], effort: Effort) -> dict[str, Any]:
    """Tables about the claims asked for, or about all.

    claims      one row a claim: status and margin at the reference and the fit, shares, flags
    shares      what the record shows, with the chance that its direction is as expected
    quantities  what each check is about
    cells       claims × ablations at the reference and at the fit
    draws       draws of each kind: taken, certified, distinct, and where they come from
    fared       claim × kind of draws: share, counts by status, 5, 50 and 95 % points of the margin
    needs       claim × place: the smallest sets of ablations that break it; empty unless looked for
    broken      claim × ablation over posterior draws; empty unless asked for
    solved      place -> games solved in search of sets
    """
    case = session.material.case
    chosen = known_names("claim", wanted, case.claims)
    found = judged(session, effort)
    if isinstance(found, NotComputed):
        empty: dict[str, Any] = {name: [] for name in TABLES}
        return {**empty, "why": found.why, "warnings": list(session.warnings)}
    tables = argue_tables.claims(case, found)
    return {
        "claims": [row for row in records(tables.claims) if row["id"] in chosen],
        "shares": [row for row in _shares(found) if row["claim"] in chosen],
        "quantities": [row for row in records(tables.quantities) if row["claim"] in chosen],
        "cells": [row for row in records(argue_tables.cells(case, found).cells) if row["claim"] in chosen],
        "draws": _draws(session, found),
        "fared": [row for row in _fared(found) if row["claim"] in chosen],
        "needs": [row for row in _needs(case, found) if row["claim"] in chosen],
        "broken": [] if found.broken is None else [r for r in records(found.broken) if r["claim"] in chosen],
        "solved": {place: search.solves for place, search in found.searches.items()},
        "named": bool(wanted),
        "warnings": list(session.warnings),
    }


def _shares(found: Judged) -> list[dict[str, Any]]:
    rows = []
    for name, result in found.results.items():
        for seen in result.record:
            chance = None if seen.chance != seen.chance else seen.chance
            rows.append(
                argue_tables.share_row(name, seen) | {"chance": chance, "contrary": seen.contrary or None}
            )
    return rows


def _draws(session: Session, found: Judged) -> list[dict[str, Any]]:
    """Draws behind the shares, by kind. Posterior draws come up again where a fit has fewer of its own."""
    rows = []
    for kind, fared in found.fared.items():
        source = session.fit.source if kind == "posterior" else "priors"
        rows.append(
            {
                "kind": kind,
                "taken": fared.taken,
                "certified": fared.certified,
                "distinct": fared.distinct,
                "source": source,
            }
        )
    return rows


def _fared(found: Judged) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for kind, fared in found.fared.items():
        rows += _of_kind(kind, fared)
    return rows


def _of_kind(kind: str, fared: Fared) -> list[dict[str, Any]]:
    table = fared.shares().join(fared.margins()).reset_index()
    return [{"claim": row.pop("claim"), "draws": kind} | row for row in records(table)]


def _needs(case: Case, found: Judged) -> list[dict[str, Any]]:
    rows = []
    for place, search in found.searches.items():
        for claim, needs in search.needs.items():
            rows.append(
                {
                    "claim": claim,
                    "at": place,
                    "sets": [list(off) for off in needs.sets],
                    "tried": min(needs.tried, len(case.ablations)),
                    "unsettled": [list(off) for off in needs.unsettled],
                }
            )
    return rows
