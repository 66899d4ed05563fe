"""What a row of a ledger must be, given the rows above it.

A ledger only ever grows. What is learned later about a statement is a new row, its *resolution row*: the same
fields under the id `P012.r1` (then `.r2`, ...), with another resolution. Reading folds it into `P012`; the
old row stays as it was written, and so does its id.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence

from pydantic import ValidationError

from tightrope.forecast.ledger import Prediction

RESOLVED = ("resolution", "resolved_on", "resolution_basis")
"""What a resolution row may change."""

_AMENDS = re.compile(r"(?P<base>.+)\.r(?P<number>[1-9]\d*)")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


def checked(
    fields: Mapping[str, str], *, events: Sequence[str] | None = None, earlier: Sequence[Prediction] = ()
) -> Prediction | tuple[str, ...]:
    """A row that may follow `earlier` ones, or everything wrong with it."""
    try:
        row = Prediction.model_validate(dict(fields))
    except ValidationError as error:
        return tuple(f"{'.'.join(map(str, e['loc'])) or 'row'}: {e['msg']}" for e in error.errors())
    problems = [*_date_problems(row), *_event_problems(row, events), *_id_problems(row, earlier)]
    return tuple(problems) or row


def next_resolution(id: str, written: Iterable[Prediction]) -> str:
    """The id of the next row that resolves a statement."""
    rows = [m for p in written if (m := _AMENDS.fullmatch(p.id)) and m["base"] == id]
    return f"{id}.r{len(rows) + 1}"


def folded(written: Iterable[Prediction]) -> tuple[Prediction, ...]:
    """Statements in order, each with its latest resolution."""
    found: dict[str, Prediction] = {}
    for row in written:
        amends = _AMENDS.fullmatch(row.id)
        if amends is None:
            found[row.id] = row
        else:
            later = {name: getattr(row, name) for name in RESOLVED}
            found[amends["base"]] = found[amends["base"]].model_copy(update=later)
    return tuple(found.values())


def _date_problems(row: Prediction) -> list[str]:
    try:
        made = row.last_day_made
        # A bare year or month may stand for its first day.
        first = made.replace(month=1 if len(row.made_on) == 4 else made.month)
        first = first.replace(day=1) if len(row.made_on) < 10 else first
    except ValueError as error:
        return [f"made_on: {row.made_on} is no date ({error})"]
    problems = []
    if row.deadline is not None and row.deadline < first:
        problems.append(f"deadline: {row.deadline} is before the statement of {row.made_on}")
    if row.resolved_on is not None and row.resolved_on < first:
        problems.append(f"resolved_on: {row.resolved_on} is before the statement of {row.made_on}")
    if row.resolution == "open" and row.resolved_on is not None:
        problems.append("resolved_on: an open statement has none")
    if row.resolution != "open" and row.resolved_on is None:
        problems.append(f"resolved_on: resolved {row.resolution} without a date")
    return problems


def _event_problems(row: Prediction, events: Sequence[str] | None) -> list[str]:
    if events is None or row.event in events:
        return []
    near = difflib.get_close_matches(row.event, events, 1)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(events)}"
    return [f"event: no event {row.event!r}; {hint}"]


def _id_problems(row: Prediction, earlier: Sequence[Prediction]) -> list[str]:
    if not _ID.fullmatch(row.id):
        return [f"id: {row.id!r} needs letters, digits, dot, hyphen and underscore only, and not to be empty"]
    if any(p.id == row.id for p in earlier):
        return [f"id: id `{row.id}` is used twice"]
    amends = _AMENDS.fullmatch(row.id)
    if amends is None:
        return []
    base = [p for p in earlier if p.id == amends["base"]]
    if not base:
        return [f"id: {row.id} resolves {amends['base']}, which no row above it has"]
    following = next_resolution(base[0].id, earlier)
    if row.id != following:
        return [f"id: the next resolution row of {base[0].id} is {following}, not {row.id}"]
    same = {"id", *RESOLVED}
    changed = [n for n in Prediction.model_fields if n not in same and getattr(row, n) != getattr(base[0], n)]
    return [f"{name}: a resolution row changes it; only the resolution may change" for name in changed]
