"""The origins of a hindcast, and what a forecast from each depends on.

The origin of a year is its first day: the last period known is the one that ended the day before. Origins
stand in blocks of five years. The fit of a block's first origin starts at the prior medians, never at the
case's own values, which were chosen with the whole record in view; each later one starts where the origin
before it ended, so that information flows forward only, and blocks can be computed side by side.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from datetime import date
from typing import Any

from tightrope.case.calendar import last_known_period, parse_period
from tightrope.fit.posterior import Effort
from tightrope.forecast.questions import Question
from tightrope.forecast.restated import still_open
from tightrope.record.coding import CodedRecord, truncate
from tightrope.runs import digest
from tightrope.workflow import steps
from tightrope.workflow.material import Material, NoRecord, model_key
from tightrope.workflow.session import ORIGIN_EFFORT

BLOCK = 5
"""Years in a block."""

FIRST_EFFORT = replace(ORIGIN_EFFORT, steps=100)
LATER_EFFORT = replace(ORIGIN_EFFORT, steps=50)
"""A fit that starts where its predecessor ended has less far to climb than one from the prior medians."""

DRAWS = 32
"""Posterior draws behind a forecast."""

PERIODS = 24
"""Periods that each forecast is pushed ahead: the farthest horizon, and a ledger's five years on."""

WARM_UP = 4
"""Years of record before the first origin, unless others are asked for."""


class BadOrigins(ValueError):
    """Origins that cannot be read, or that the record does not reach."""


@dataclass(frozen=True)
class Amount:
    """How much each origin's forecast is given: efforts of the first and later fits, draws, periods."""

    first: Effort = FIRST_EFFORT
    later: Effort = LATER_EFFORT
    draws: int = DRAWS
    periods: int = PERIODS


@dataclass(frozen=True)
class Origin:
    """One origin. `before` names what its predecessors in the block knew, oldest first."""

    year: int
    known: str
    before: tuple[str, ...]

    def effort(self, amount: Amount) -> Effort:
        """The effort of its fit."""
        return amount.later if self.before else amount.first


def record_of(material: Material) -> CodedRecord:
    """The record; raises NoRecord for a case without one."""
    if material.coded is None:
        raise NoRecord(f"the case {material.case.case} has no record, so there is nothing to hindcast")
    return material.coded


def read_origins(material: Material, text: str = "") -> tuple[Origin, ...]:
    """Origins from `2000..2024` or `2005`; empty: all with four years of record before and one after.

    Raises BadOrigins for text that says no years and for years that the record does not reach.
    """
    coded = record_of(material)
    length = material.case.calendar.period
    reached = [
        y for y in range(*_span(coded)) if str(last_known_period(date(y, 1, 1), length)) in coded.periods
    ]
    if not text:
        a_year = step_of(material)
        last = parse_period(coded.periods[-1])
        years = [
            y
            for y in reached[WARM_UP - 1 :]
            if (last_known_period(date(y, 1, 1), length) + a_year) - last <= 0
        ]
        if not years:
            raise BadOrigins(
                f"the record ({coded.periods[0]} to {coded.periods[-1]}) is too short for origins with "
                f"{WARM_UP} years before and one after; name some with --origins"
            )
    else:
        years = _years(text)
        outside = [y for y in years if y not in reached]
        if outside:
            raise BadOrigins(
                f"--origins {text}: the record ({coded.periods[0]} to {coded.periods[-1]}) has no year of "
                f"{outside[0]} to forecast from; it reaches {reached[0]}..{reached[-1]}"
                if reached
                else f"--origins {text}: the record holds no whole year"
            )
    return tuple(_origin(year, reached, material) for year in years)


def predecessors(origin: Origin, material: Material) -> tuple[Origin, ...]:
    """The origins of its block that come before it, oldest first."""
    first = origin.year - len(origin.before)
    years = range(first, origin.year)
    return tuple(_origin(year, list(years), material) for year in years)


def _origin(year: int, reached: Sequence[int], material: Material) -> Origin:
    length = material.case.calendar.period
    anchor = year - year % BLOCK
    known = {y: str(last_known_period(date(y, 1, 1), length)) for y in range(anchor, year + 1)}
    return Origin(year, known[year], tuple(known[y] for y in range(anchor, year) if y in reached))


def step_of(material: Material) -> int:
    """Periods between two origins."""
    length = material.case.calendar.period
    return last_known_period(date(2001, 1, 1), length) - last_known_period(date(2000, 1, 1), length)


def _span(coded: CodedRecord) -> tuple[int, int]:
    first, last = (parse_period(p).year for p in (coded.periods[0], coded.periods[-1]))
    return first + 1, last + 2


def _years(text: str) -> list[int]:
    first, dots, last = text.partition("..")
    try:
        low = int(first)
        high = int(last) if dots else low
    except ValueError:
        raise BadOrigins(f"--origins {text}: write years like 2000..2024 or 2005") from None
    if high < low:
        raise BadOrigins(f"--origins {text}: the last year comes before the first")
    return list(range(low, high + 1))


def known_record(material: Material, known: str) -> CodedRecord:
    """The record as known when period `known` had ended."""
    return truncate(record_of(material), before=str(parse_period(known) + 1))


def questions_open(material: Material, known: str) -> tuple[Question, ...]:
    """Past questions asked earlier and still open when period `known` has ended, as they stand then."""
    day = (parse_period(known) + 1).start
    return still_open(material.questions, known_record(material, known), on=day)


def keys_of(material: Material, origins: Sequence[Origin], *, amount: Amount, seed: int) -> dict[str, Any]:
    """What the fit and the forecast of each origin depend on: known -> {fit, forecast}, for their hashes."""
    model = digest(model_key(material))
    return {origin.known: _key(material, origin, model, amount, seed) for origin in origins}


def _key(material: Material, origin: Origin, model: str, amount: Amount, seed: int) -> Mapping[str, Any]:
    part = known_record(material, origin.known)
    fit = {
        "model": model,
        "record": digest(
            {"periods": list(part.periods), "weights": {n: w.tolist() for n, w in part.weights.items()}}
        ),
        "efforts": [list(astuple(amount.first)), list(astuple(amount.later))],
        "prior": steps.FIT_CLASS,
        "seed": seed,
        "before": list(origin.before),
    }
    asked = [
        [q.id, q.event_expression, q.scheduled_resolution_time.isoformat()]
        for q in questions_open(material, origin.known)
    ]
    forecast = {"fit": fit, "draws": amount.draws, "periods": amount.periods, "questions": asked}
    return {"fit": fit, "forecast": forecast}
