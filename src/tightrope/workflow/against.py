"""Two runs of a case set against each other: which inputs differ, and what that changed about each claim."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

STATUSES = ("reference", "fit")
KINDS = ("argument", "agnostic", "posterior")
NOISE = 2.0
"""A share that moved by fewer standard errors than this may have moved because other draws were taken."""
SAME = 1e-9
"""Values closer than this are the same: they differ by where a solver stopped."""


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """What differs between two accounts, as `account.keep` leaves them.

    inputs      part (case, files, run, effort) -> rows: where, before, now (None: not there)
    claims      rows (claim, what, before, now[, chance]) of everything that changed: `reference` and `fit`
                (statuses), `margin_reference` and `margin_fit`, `share_argument`, `share_agnostic` and
                `share_posterior` (chance: whether that is within what draws scatter), `flags`,
                `contradicted`, `needs_reference` and `needs_fit` (None where not looked for)
    quantities  rows (claim, name, at, before, now) of those whose value changed
    added, gone claims that only one of the two has
    unchanged   claims about which nothing changed
    """
    old, new = _by_id(before), _by_id(now)
    both = [claim for claim in new if claim in old]
    rows = [row for claim in both for row in _of_claim(claim, old[claim], new[claim])]
    rows += _of_draws(before, now, both) + _of_needs(before, now, both)
    rows.sort(key=lambda row: both.index(row["claim"]))
    quantities = _of_quantities(before, now)
    moved = {row["claim"] for row in [*rows, *quantities]}
    return {
        "inputs": inputs(before, now),
        "claims": rows,
        "quantities": quantities,
        "added": [claim for claim in new if claim not in old],
        "gone": [claim for claim in old if claim not in new],
        "unchanged": [claim for claim in both if claim not in moved],
    }


def inputs(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Inputs that differ, by part."""
    parts = {part: (before["inputs"][part], now["inputs"][part]) for part in ("case", "files", "run")}
    parts["effort"] = (before["effort"], now["effort"])
    return {
        part: [
            {"where": where, "before": old.get(where), "now": new.get(where)}
            for where in dict.fromkeys((*old, *new))
            if old.get(where) != new.get(where)
        ]
        for part, (old, new) in parts.items()
    }


def _by_id(account: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {row["id"]: row for row in account["tables"]["claims"]}


def _row(claim: str, what: str, before: Any, now: Any) -> dict[str, Any]:
    return {"claim": claim, "what": what, "before": before, "now": now}


def _of_claim(claim: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = [_row(claim, at, old[at], new[at]) for at in STATUSES if old[at] != new[at]]
    for at in STATUSES:
        name = f"margin_{at}"
        if not _same(old[name], new[name]):
            rows.append(_row(claim, name, old[name], new[name]))
    rows += [_row(claim, name, old[name], new[name]) for name in ("flags", "contradicted")
             if old[name] != new[name]]  # fmt: skip
    return rows


def _same(old: float | None, new: float | None) -> bool:
    if old is None or new is None:
        return old is new
    return abs(old - new) < SAME


def _of_draws(
    before: Mapping[str, Any], now: Mapping[str, Any], claims: Sequence[str]
) -> list[dict[str, Any]]:
    old, new = (
        {(r["claim"], r["draws"]): r for r in account["tables"]["fared"]} for account in (before, now)
    )
    rows = []
    for claim in claims:
        for kind in KINDS:
            a, b = old.get((claim, kind)), new.get((claim, kind))
            before_share = None if a is None else a["share"]
            now_share = None if b is None else b["share"]
            if _same(before_share, now_share):
                continue
            row = _row(claim, f"share_{kind}", before_share, now_share)
            if a is not None and b is not None and before_share is not None and now_share is not None:
                error = math.hypot(_error(a), _error(b))
                row["chance"] = abs(before_share - now_share) < NOISE * error
            rows.append(row)
    return rows


def _error(row: Mapping[str, Any]) -> float:
    """Standard error of a share of draws, with Laplace's rule so that none is zero."""
    n = row["holds"] + row["fails"] + row["undefined"]
    p = (row["holds"] + 1) / (n + 2)
    return math.sqrt(p * (1 - p) / (n + 2))


def _of_needs(
    before: Mapping[str, Any], now: Mapping[str, Any], claims: Sequence[str]
) -> list[dict[str, Any]]:
    """Only where both looked for sets: what one did not look for has not changed."""
    old, new = ({(r["claim"], r["at"]): r for r in account["tables"]["needs"]} for account in (before, now))
    looked = [{at for _, at in table} for table in (old, new)]
    rows = []
    for claim in claims:
        for at in STATUSES:
            if not all(at in places for places in looked):
                continue
            sets = [table[claim, at]["sets"] if (claim, at) in table else None for table in (old, new)]
            if sets[0] != sets[1]:
                rows.append(_row(claim, f"needs_{at}", *sets))
    return rows


def _of_quantities(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[dict[str, Any]]:
    def table(account: Mapping[str, Any]) -> dict[tuple[str, str], Mapping[str, Any]]:
        return {(row["claim"], row["name"]): row for row in account["tables"]["quantities"]}

    old, new = table(before), table(now)
    return [
        {"claim": claim, "name": name, "at": at, "before": old[claim, name][at], "now": new[claim, name][at]}
        for claim, name in new
        if (claim, name) in old
        for at in STATUSES
        if not _same(old[claim, name][at], new[claim, name][at])
    ]
