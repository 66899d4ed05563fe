"""Why this action, what would flip it, the price of a merger and the way to it: `tightrope explain`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tightrope.argument.price_gap import check_price
from tightrope.argument.reasons import Reason, check_point, reason, starting_levels
from tightrope.case.errors import near_or_list
from tightrope.fit.posterior import parameter_table
from tightrope.game.equilibrium import Equilibrium, solve
from tightrope.game.explain import Explanation, explain
from tightrope.workflow.explaining_data import choice_data, flips_data, path_data, price_data
from tightrope.workflow.material import Material
from tightrope.workflow.session import Progress, Session, quiet

CHOICE, FLIPS, PRICE, PATH = "choice", "flips", "price", "path"
SECTIONS = (CHOICE, FLIPS, PRICE, PATH)
SHARP = 1e-12
"""Residual to which a solution is sharpened before it is split, so that parts add up to 1e-9."""


class BadRequest(ValueError):
    """A request that cannot be met; the message says what to write instead."""


@dataclass(frozen=True)
class Asked:
    """What to explain.

    state    `NAME=LEVEL,...`, moves of the period among them; what is left out stands as at the start
    now      start from the record's last row instead
    player, move, against  whose choice, and against which action; empty: all moves, the runner-up
    terminal, rate  of the price gap; empty: the case's first terminal, one for one
    outcome  terminals and `NAME=LEVEL` of the path; empty: the case's first terminal
    within   periods that the path may take
    only     sections; empty: all that the case allows
    """

    state: str = ""
    now: bool = False
    player: str = ""
    move: str = ""
    against: str = ""
    terminal: str = ""
    rate: str = ""
    outcome: str = ""
    within: int = 40
    only: tuple[str, ...] = ()


@dataclass(frozen=True)
class Place:
    """An equilibrium to explain, how its numbers are to be marked, and what each parameter rests on."""

    found: Equilibrium
    at: str
    mark: str
    sources: Mapping[str, str] = field(default_factory=dict)


def reference_place(material: Material) -> Place:
    """The case's own values."""
    sources = {name: p.source for name, p in material.case.parameters.items()}
    kinds = sorted(set(sources.values()))
    return Place(solve(material.game), "reference", " and ".join(kinds), sources)


def fit_place(session: Session) -> Place:
    """The posterior mode; the mark says how many parameters the record speaks about."""
    rows = parameter_table(session.material.case, session.fit)
    free = [row for row in rows if row["note"] != "fixed"]
    known = sum(row["provenance"] == "estimated" for row in free)
    mark = f"posterior mode, {known} of {len(free)} free parameters estimated from the record"
    return Place(session.at_fit, "fit", mark, {row["name"]: row["provenance"] for row in rows})


@dataclass(frozen=True)
class Request:
    """What was asked, read and checked against the case, before anything is solved."""

    sections: tuple[str, ...]
    moves: tuple[str, ...]
    given: Mapping[str, str]
    now: bool
    against: str
    terminal: str
    rate: str
    outcome: str
    target: Mapping[str, Any]
    within: int


def read_request(material: Material, asked: Asked) -> Request:
    """Raises BadRequest, UnknownPoint or NoPrice for what the case does not have, with a near match."""
    game = material.game
    wanted = _sections(material, asked)
    given = read_state(asked.state)
    check_point(game, given)
    if asked.within < 1:
        raise BadRequest(f"--within {asked.within}: a path takes at least one period")
    first = next(iter(game.terminals), "")
    terminal, outcome, rate = asked.terminal or first, asked.outcome or first, asked.rate or "1"
    if PRICE in wanted:
        check_price(game, terminal, rate=rate)
    target = _target(material, outcome) if PATH in wanted else {}
    moves = _movers(material, asked)
    return Request(
        wanted, moves, given, asked.now, asked.against, terminal, rate, outcome, target, asked.within
    )


Split = Callable[[Equilibrium, Explanation], None]
"""Called with an equilibrium and its values by term, by whoever wants more of them than was asked."""


def explained(
    material: Material,
    place: Place,
    request: Request,
    *,
    progress: Progress = quiet,
    on_split: Split | None = None,
) -> dict[str, Any]:
    """Everything that was asked, as plain data.

    Raises NotCertified without a good certificate, BadRequest where `against` is the likeliest action.
    """
    game = material.game
    found = sharpened(place.found.require())
    given = dict(request.given)
    if request.now:
        progress("filtering the record", 0, None)
        given = _today(material, found) | given
    stands = starting_levels(game) | {n: level for n, level in given.items() if n in game.states}
    data: dict[str, Any] = {
        "case": material.case.case,
        "at": place.at,
        "mark": place.mark,
        "certificate": place.found.certificate.as_dict(),
        "period": material.case.calendar.period,
        "state": stands,
        "from": f"the record's last row, {material.evidence.periods[-1]}" if request.now else "",
    }
    progress("splitting values by term", 0, None)
    split = explain(found)
    if on_split is not None:
        on_split(found, split)
    if {CHOICE, FLIPS} & set(request.sections):
        whys = [reason(found, split, move, given) for move in request.moves]
        pairs = [(why, _against(why, request.against)) for why in whys]
        data["choices"] = [choice_data(why, rival) for why, rival in pairs]
        if FLIPS in request.sections:
            for entry, (why, _) in zip(data["choices"], pairs, strict=True):
                entry["flips"] = flips_data(
                    found, why, against=request.against, sources=place.sources, progress=progress
                )
    if PRICE in request.sections:
        data["price"] = price_data(found, split, stands, terminal=request.terminal, rate=request.rate)
    if PATH in request.sections:
        data["path"] = path_data(found, stands, request.outcome, request.target, request.within)
    return data


def read_state(text: str) -> dict[str, str]:
    """`union=roadmaps,west=open` as a mapping. Raises BadRequest for what is not of this form."""
    found: dict[str, str] = {}
    for part in filter(None, (p.strip() for p in text.split(","))):
        name, equals, level = (p.strip() for p in part.partition("="))
        if not (name and equals and level):
            raise BadRequest(f"{part!r}: write a state as NAME=LEVEL, several with commas between")
        if found.setdefault(name, level) != level:
            raise BadRequest(f"{name} is given twice: {found[name]} and {level}")
    return found


def sharpened(found: Equilibrium) -> Equilibrium:
    """The same equilibrium to a smaller residual where that can be had."""
    near = solve(found.game, found.theta, convention=found.convention, tolerance=SHARP, warm=found.z)
    return near if near.certificate.good else found


def _sections(material: Material, asked: Asked) -> tuple[str, ...]:
    for name in asked.only:
        if name not in SECTIONS:
            raise BadRequest(f"there is no part {name!r}; {near_or_list(name, SECTIONS)}")
    if asked.only:
        return asked.only
    # Without a terminal, or without a patron and a client, there is no price and no end to reach.
    roles = [player.role for player in material.case.players.values()]
    priced = bool(material.game.terminals) and roles.count("patron") == 1 and roles.count("client") == 1
    without = set() if priced or asked.terminal else {PRICE}
    if not material.game.terminals and not asked.outcome:
        without.add(PATH)
    return tuple(name for name in SECTIONS if name not in without)


def _movers(material: Material, asked: Asked) -> tuple[str, ...]:
    """The moves to explain, in the order of the period."""
    game = material.game
    if asked.player and asked.player not in game.players:
        raise BadRequest(f"{asked.player!r} is no player; {near_or_list(asked.player, game.players)}")
    if asked.move and asked.move not in game.moves:
        raise BadRequest(f"{asked.move!r} is no move; {near_or_list(asked.move, game.moves)}")
    by = {m.move: m.player for m in game.plan.moves()}
    moves = tuple(
        m for m in game.moves if asked.move in ("", m) and (not asked.player or by[m] == asked.player)
    )
    if not moves:
        raise BadRequest(f"{asked.move} is a move of {by[asked.move]}, not of {asked.player}")
    if asked.against:
        having = tuple(m for m in moves if asked.against in game.levels[m])
        if not having:
            actions = [action for m in moves for action in game.levels[m]]
            hint = near_or_list(asked.against, actions)
            raise BadRequest(f"{asked.against!r} is no action of {' or '.join(moves)}; {hint}")
        moves = having
    return moves


def _against(why: Reason, against: str) -> str:
    if against == why.likeliest:
        raise BadRequest(
            f"{why.move}: {why.likeliest} is the likeliest action here, so it cannot be what that stands "
            "against; name another, or none for the runner-up"
        )
    return against or why.runner_up


def _target(material: Material, text: str) -> dict[str, Any]:
    """The feared outcome: terminals, and levels that must all stand."""
    game = material.game
    if not text:
        raise BadRequest("the case has no terminal; say --outcome NAME=LEVEL")
    ends: list[str] = []
    levels: dict[str, list[str]] = {}
    for item in (part.strip() for part in text.split(",")):
        if item in game.terminals:
            ends.append(item)
        elif "=" in item:
            for name, level in read_state(item).items():
                check_point(game, {name: level})
                if name not in game.states:
                    raise BadRequest(f"{item}: an outcome is a terminal or a level of a state variable")
                levels[name] = [level]
        else:
            hint = near_or_list(item, [*game.terminals, *(f"{s}=LEVEL" for s in game.states)])
            raise BadRequest(f"{item!r} is no terminal and no NAME=LEVEL; {hint}")
    return {"terminals": ends, "levels": levels}


def _today(material: Material, found: Equilibrium) -> dict[str, str]:
    """The likeliest state of the record's last row, latent variables included."""
    import jax.numpy as jnp

    from tightrope.record.filter import row_to_grid
    from tightrope.record.likelihood import filter_record

    filtered = filter_record(material.evidence, found.theta, jnp.asarray(found.z))  # type: ignore[arg-type]
    row = len(material.evidence.periods) - 1
    end = row_to_grid(material.evidence, np.asarray(filtered.states[row]), row)
    place = np.unravel_index(int(np.argmax(end)), material.game.shape)
    return {n: material.game.levels[n][int(k)] for n, k in zip(material.game.states, place, strict=True)}


__all__ = [
    "SECTIONS",
    "Asked",
    "BadRequest",
    "Place",
    "Request",
    "explained",
    "fit_place",
    "read_request",
    "read_state",
    "reference_place",
    "sharpened",
]
