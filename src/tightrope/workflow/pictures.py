"""What a case asks to have drawn: the plane of the balancing act."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tightrope.argument.periods import start_distribution
from tightrope.argument.plane import axis_values, drift, placed, points
from tightrope.case import schema as asked
from tightrope.case.calendar import parse_period
from tightrope.game.equilibrium import Equilibrium
from tightrope.report.columns import MARKS
from tightrope.report.section import TABLES
from tightrope.report.sections import NotComputed, Plane
from tightrope.workflow import steps
from tightrope.workflow.material import Material
from tightrope.workflow.session import Session

YEAR = {"quarter": 4, "half-year": 2, "year": 1}
"""Periods in a year."""
NONE = "The case asks for no such picture (`pictures:` in its case file)."


def plane(session: Session) -> Plane | NotComputed:
    """The record's path over the case's plane, and the expected movement within a year from each point."""
    case = session.material.case
    if case.pictures is None or case.pictures.plane is None:
        return NotComputed(NONE)
    given = case.pictures.plane
    found, at, mark = place(session)
    good = bool(found.certificate.good)
    drifts = (
        session.run.chunk(
            "plane", lambda: _drifts(session, given, found), inputs={"theta": found.theta.tolist()}
        )
        if good
        else _bare(session.material, given)
    )
    return Plane(
        stays=pd.DataFrame(stays(session.material, given), columns=_names("stays")),
        drifts=pd.DataFrame(drifts, columns=_names("drifts")),
        about=" ".join(given.about.split()),
        across=given.across.label,
        up=given.up.label,
        low_across=given.across.low,
        high_across=given.across.high,
        low_up=given.up.low,
        high_up=given.up.high,
        evaluated=at,
        mark=mark,
        certified=good,
    )


def place(session: Session) -> tuple[Equilibrium, str, str]:
    """The equilibrium that pictures show, where it stands in words, and its numbers' mark.

    That at the posterior mode; without a record that at the reference, whose mark is the weakest of its
    parameters'.
    """
    if session.material.coded is not None:
        return session.at_fit, "at the posterior mode", "estimated"
    sources = {p.source for p in session.material.case.parameters.values()} or {"assumed"}
    return session.reference, "at the reference values", min(sources, key=MARKS.index)


def usual_states(session: Session) -> np.ndarray:
    """The law of states (*states) that averages run over: the record's filtered ones, or the start's."""
    if session.material.coded is None:
        return start_distribution(session.material.game)
    return steps.distributions(session.material, session.history_at_fit)["record"]


def _drifts(session: Session, given: asked.Plane, found: Equilibrium) -> list[dict[str, Any]]:
    length = session.material.case.calendar.period
    session.progress("where play leads from each point of the plane", 0, None)
    moved = drift(
        found,
        across=given.across.of,
        up=given.up.of,
        over=usual_states(session),
        periods=YEAR[length],
    )
    return [
        {"x": d.at[0], "y": d.at[1], "dx": d.moves[0], "dy": d.moves[1], "ends": d.ends,
         "levels": _combinations(d.levels)}
        for d in moved
    ]  # fmt: skip


def _bare(material: Material, given: asked.Plane) -> list[dict[str, Any]]:
    """The points of the plane without a movement."""
    game = material.game
    there = points(game, axis_values(game, given.across.of), axis_values(game, given.up.of))
    none = float("nan")
    return [
        {"x": x, "y": y, "dx": none, "dy": none, "ends": none, "levels": _combinations(
            tuple({name: game.levels[name][level] for name, level in here.items()} for here in levels)
        )}
        for (x, y), levels in there.items()
    ]  # fmt: skip


def _combinations(levels: Any) -> str:
    return "; ".join(", ".join(f"{name}={level}" for name, level in here.items()) for here in levels)


def stays(material: Material, given: asked.Plane) -> list[dict[str, Any]]:
    """Stretches of the record at one point of the plane; where a code is missing its likeliest stands."""
    game, coded = material.game, material.coded
    if coded is None:
        return []
    across, up = axis_values(game, given.across.of), axis_values(game, given.up.of)
    names = [name for name in game.states if name in {*across.axes, *up.axes}]
    found: list[dict[str, Any]] = []
    for k, period in enumerate(coded.periods):
        levels = {
            name: int(coded.printed[name][k])
            if int(coded.printed[name][k]) >= 0
            else int(np.argmax(coded.weights[name][k]))
            for name in names
        }
        x, y = placed(across, levels), placed(up, levels)
        words = ", ".join(f"{name}={game.levels[name][level]}" for name, level in levels.items())
        if found and (found[-1]["x"], found[-1]["y"]) == (x, y):
            last = found[-1]
            last |= {"last": period, "n": last["n"] + 1}
            if words not in last["levels"].split("; then "):
                last["levels"] += f"; then {words}"
        else:
            found.append({"first": period, "last": period, "n": 1, "x": x, "y": y, "levels": words})
    return [row | {"years": _years(row["first"], row["last"])} for row in found]


def _years(first: str, last: str) -> str:
    """The years of a stretch, the second short where the century is the same.

    >>> _years("1997Q1", "1999Q4"), _years("1999H2", "2001H1"), _years("2011Q1", "2011Q1")
    ('1997–99', '1999–2001', '2011')
    """
    a, b = (str(parse_period(name).start.year) for name in (first, last))
    return a if a == b else f"{a}–{b[2:] if a[:2] == b[:2] else b}"


def _names(table: str) -> list[str]:
    return [column.name for column in TABLES[table]]
