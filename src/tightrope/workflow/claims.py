"""What was found about each claim: the report's sections, and the data of `tightrope claims`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tightrope.argument.fared import Fared
from tightrope.case.schema import Case
from tightrope.report import sections as report
from tightrope.report.sections import NotComputed
from tightrope.workflow import argue_tables
from tightrope.workflow.account import keep, read_account
from tightrope.workflow.against import differences
from tightrope.workflow.argue import Effort, Judged, judged
from tightrope.workflow.session import Session
from tightrope.workflow.text import known_names, records

TABLES = ("claims", "shares", "quantities", "cells", "draws", "fared", "needs", "broken")


def claims_data(
    session: Session, wanted: Sequence[str], effort: Effort, *, against: str = ""
) -> dict[str, Any]:
    """Tables about the claims asked for, or about all. They are kept in the run for later comparison.

    claims      one row a claim: status and margin at the reference and the fit, shares, flags
    shares      what the record shows, with the chance that its direction is as expected
    quantities  what each check is about
    cells       claims × ablations at the reference and at the fit
    draws       draws of each kind: taken, certified, distinct, and where they come from
    fared       claim × kind of draws: share, counts by status, 5, 50 and 95 % points of the margin
    needs       claim × place: the smallest sets of ablations that break it; empty unless looked for
    broken      claim × ablation over posterior draws; empty unless asked for
    solved      place -> games solved in search of sets
    against     with another run's folder: `differences` between that run and this, of all claims

    Raises NotComparable before anything is solved.
    """
    case = session.material.case
    chosen = known_names("claim", wanted, case.claims)
    before = (
        read_account(against, out=session.run.folder.parent, session=session, effort=effort)
        if against
        else None
    )
    found = judged(session, effort)
    if isinstance(found, NotComputed):
        empty: dict[str, Any] = {name: [] for name in TABLES}
        return {**empty, "why": found.why, "warnings": list(session.warnings)}
    data = tables_of(session, found)
    account = keep(session, effort, data)
    if before is not None:
        folder, other = before
        told = differences(other, account) | {"run": str(folder), "total": len(account["tables"]["claims"])}
        data["against"] = told
    for name in TABLES:
        key = "id" if name == "claims" else "claim"
        if name != "draws":
            data[name] = [row for row in data[name] if row[key] in chosen]
    return data | {"named": bool(wanted), "warnings": list(session.warnings)}


def sections(
    session: Session,
) -> tuple[report.Claims | NotComputed, report.Matrix | NotComputed]:
    """The report's claims and matrix, computed or found. They are kept for later comparison too."""
    found = judged(session)
    if isinstance(found, NotComputed):
        return found, found
    keep(session, Effort(), tables_of(session, found))
    case = session.material.case
    return argue_tables.claims(case, found), argue_tables.cells(case, found)


def tables_of(session: Session, found: Judged) -> dict[str, Any]:
    """The tables of all claims."""
    case = session.material.case
    tables = argue_tables.claims(case, found)
    return {
        "claims": records(tables.claims),
        "shares": _shares(found),
        "quantities": records(tables.quantities),
        "cells": records(argue_tables.cells(case, found).cells),
        "draws": _draws(session, found),
        "fared": _fared(found),
        "needs": _needs(case, found),
        "broken": [] if found.broken is None else records(found.broken),
        "solved": {place: search.solves for place, search in found.searches.items()},
    }


def _shares(found: Judged) -> list[dict[str, Any]]:
    rows = []
    for name, result in found.results.items():
        for seen in result.record:
            chance = None if seen.chance != seen.chance else seen.chance
            rows.append(argue_tables.share_row(name, seen) | {"chance": chance})
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
