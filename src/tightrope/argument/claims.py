"""Each claim in three columns (in the record, at the reference, at the fit), with its flags.

Flags, by the house's words:

vacuous         holds with all mechanisms off at once, or in at least 95 % of agnostic draws
overdetermined  survives every single ablation, but not all together
works           holds, and fails its own named ablations, every one of them
fragile         holds at the reference, and in fewer than 60 % of argument-centred draws
prior only      the record moves none of the parameters that its quantities answer to
contradicted    a share of the record goes against the direction that the claim expects of it
untestable      has no check, for the reason the case gives
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tightrope.argument.ablations import ALL_OFF, NONE_OFF, Cell, Matrix
from tightrope.argument.checks import Verdict, mentioned
from tightrope.argument.shares import BEYOND_CHANCE, BY_COUNTS, Counted, count
from tightrope.case.schema import Case, Claim
from tightrope.record.coding import CodedRecord

if TYPE_CHECKING:
    import pandas as pd

VACUOUS_SHARE = 0.95
FRAGILE_SHARE = 0.60
MOVED_BELOW = 0.80
"""A parameter whose posterior spread is below this part of its prior spread was moved by the record."""
ANSWERS_ABOVE = 0.10
"""A quantity answers to parameters with at least this part of its largest response."""


@dataclass(frozen=True)
class ClaimResult:
    """One claim, judged.

    record        what the record shows, one entry a share
    contrary      how strongly the record goes against the claim, by its worst share: `beyond chance`,
                  `by the counts`, or empty
    reference, fit  verdict there; None where the claim has no check, or no fit was given
    values        quantity -> value at the reference
    argument_share, agnostic_share  share of certified draws in which it holds, nan where not drawn
    broken_by     single ablations under which it does not hold (undefined counts, not certified does not)
    unsettled     ablations without a certified equilibrium
    """

    name: str
    claim: Claim
    record: tuple[Counted, ...]
    contrary: str
    reference: Verdict | None
    fit: Verdict | None
    values: Mapping[str, float]
    argument_share: float
    agnostic_share: float
    broken_by: tuple[str, ...]
    unsettled: tuple[str, ...]
    flags: tuple[str, ...]


def judge_claims(
    case: Case,
    *,
    coded: CodedRecord | None = None,
    matrix: Matrix,
    fit: Cell | None = None,
    argument: pd.DataFrame | None = None,
    agnostic: pd.DataFrame | None = None,
    ratios: Mapping[str, float] | None = None,
    responses: pd.DataFrame | None = None,
) -> dict[str, ClaimResult]:
    """All claims of a case with their three columns and flags.

    matrix     claims × ablations at the reference
    fit        the setting `none` of the matrix at the fit
    argument, agnostic  shares of draws, as `shares_of` gives them
    ratios     parameter -> posterior over prior sd
    responses  quantity × parameter: change of the quantity per prior sd of the parameter
    """
    results = {}
    for name, claim in case.claims.items():
        seen = () if coded is None else tuple(count(s, case=case, coded=coded) for s in claim.record)
        shares = {}
        for which, table in (("argument", argument), ("agnostic", agnostic)):
            known = table is not None and name in table.index
            shares[which] = float(table.loc[name, "share"]) if table is not None and known else math.nan
        row = {} if claim.check is None else {s: c.verdicts[name] for s, c in matrix.cells.items()}
        single = {s: v for s, v in row.items() if s not in (NONE_OFF, ALL_OFF)}
        only = claim.check is not None and prior_only(
            mentioned(claim.check), ratios=ratios or {}, responses=responses
        )
        found = {share.contrary for share in seen}
        worst = next((how for how in (BEYOND_CHANCE, BY_COUNTS) if how in found), "")
        measured = matrix.cells[NONE_OFF].measured
        names = () if claim.check is None or measured is None else mentioned(claim.check)
        results[name] = ClaimResult(
            name=name,
            claim=claim,
            record=seen,
            contrary=worst,
            reference=row.get(NONE_OFF),
            fit=None if fit is None or claim.check is None else fit.verdicts[name],
            values={} if measured is None else {quantity: measured.values[quantity] for quantity in names},
            argument_share=shares["argument"],
            agnostic_share=shares["agnostic"],
            broken_by=tuple(s for s, v in single.items() if v.status in ("fails", "undefined")),
            unsettled=tuple(s for s, v in row.items() if v.status == "not certified"),
            flags=flags_of(
                claim,
                row,
                argument_share=shares["argument"],
                agnostic_share=shares["agnostic"],
                from_prior_only=only,
                contradicted=bool(worst),
            ),
        )
    return results


def flags_of(
    claim: Claim,
    row: Mapping[str, Verdict],
    *,
    argument_share: float = math.nan,
    agnostic_share: float = math.nan,
    from_prior_only: bool = False,
    contradicted: bool = False,
) -> tuple[str, ...]:
    """A claim's flags, from its row of the matrix (setting -> verdict) and its shares of draws.

    A setting that is not certified proves nothing: with one among the single ablations a claim is not
    called overdetermined, and with one among its named ablations it is not said to work.
    """
    by_the_record = ("contradicted",) if contradicted else ()
    if claim.check is None:
        return ("untestable", *by_the_record)
    holds = row[NONE_OFF].holds
    off = row.get(ALL_OFF)
    single = [verdict for name, verdict in row.items() if name not in (NONE_OFF, ALL_OFF)]
    named = [row[name] for name in claim.breaks]
    flags = []
    if holds and ((off is not None and off.holds) or agnostic_share >= VACUOUS_SHARE):
        flags.append("vacuous")
    survives = holds and bool(single) and all(verdict.holds for verdict in single)
    if survives and off is not None and off.status in ("fails", "undefined"):
        flags.append("overdetermined")
    if holds and named and all(verdict.status in ("fails", "undefined") for verdict in named):
        flags.append("works")
    if holds and argument_share < FRAGILE_SHARE:
        flags.append("fragile")
    if from_prior_only:
        flags.append("prior only")
    return (*flags, *by_the_record)


def prior_only(
    quantities: tuple[str, ...],
    *,
    ratios: Mapping[str, float],
    responses: pd.DataFrame | None,
) -> bool:
    """Whether the record moves nothing on which any of these quantities depends.

    A quantity answers to the parameters whose response (change per prior sd) is at least `ANSWERS_ABOVE`
    of its largest. The record moved a parameter if its posterior sd is below `MOVED_BELOW` of its prior
    sd. With no moved parameter among all those answered to, what the fit says of the claim is what the
    prior said. False where nothing is known, so that silence is no finding.
    """
    if responses is None or not ratios:
        return False
    answered: set[str] = set()
    for quantity in quantities:
        if quantity not in responses.index:
            continue
        sizes = responses.loc[quantity].abs().dropna()
        largest = float(sizes.max()) if len(sizes) else 0.0
        if largest > 0:
            answered |= set(sizes.index[sizes >= ANSWERS_ABOVE * largest])
    known = [ratios[name] for name in answered if name in ratios]
    return bool(known) and all(ratio >= MOVED_BELOW for ratio in known)
