"""Rival readings of a case: weighed by the record, and what would tell two apart."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any, Unpack

from tightrope.case.bundled import refuse_writing
from tightrope.outcome import FAILED, FINE, Outcome
from tightrope.workflow.opening import Options, session_of


def compare_case(
    case: Path | str,
    *,
    readings: tuple[str, ...] = (),
    prior: Any = "agnostic",
    scales: tuple[float, ...] = (),
    top: int = 8,
    variants: bool = False,
    ship: bool = False,
    smc: bool = False,
    longer: int = 1,
    **options: Unpack[Options],
) -> Outcome:
    """Weigh the readings of a case by the record. Arguments as in `workflow.compare.Wanted`.

    Exit code 1 if a reading could not be weighed.
    """
    from tightrope.workflow import compare, compare_text, kept

    if ship:
        refuse_writing(case)
    wanted = compare.Wanted(tuple(readings), prior, tuple(scales), top, variants, ship, smc, longer)
    with session_of(case, **options) as session:
        data = compare.compare_data(session, wanted)
        kept.keep(session, kept.COMPARED, data, asked=asdict(wanted))
        return Outcome(FAILED if data["failed"] else FINE, data, compare_text.compare_text(data))


def distinguish_case(
    case: Path | str,
    *,
    readings: tuple[str, str],
    at: str = "reference",
    periods: int = 8,
    futures: int = 200,
    top: int = 12,
    **options: Unpack[Options],
) -> Outcome:
    """Two readings side by side and what would tell them apart. Arguments as in `distinguish.Wanted`."""
    from tightrope.workflow import distinguish, distinguish_text

    wanted = distinguish.Wanted(readings, at, periods, futures, top)
    with session_of(case, **options) as session:
        data = distinguish.distinguish_data(session, wanted)
        return Outcome(FINE, data, distinguish_text.distinguish_text(data))
