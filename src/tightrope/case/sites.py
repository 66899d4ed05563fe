"""Every expression of a case's game, with its place, its role, and what it may see.

This is also the seam to the checks that need numbers: the game room walks the same
sites at prior draws and says `folder.marks.problem(site.where, …)` where a `prob`
leaves [0, 1], a weight is negative, or a payoff runs out of bounds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from tightrope.case.marks import Where
from tightrope.case.parse import Expression
from tightrope.case.resolve import moves_of
from tightrope.case.schema import Case, Law, Link, NatureMove, Pay, PlayerMove, Together

Role = Literal[
    "define", "discount", "precision", "available", "logit", "hazard", "prob", "weight", "share",
    "when", "payoff", "terminal", "observable", "quantity", "reaches", "rate",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Site:
    """One expression of a case.

    where       its path in the case file
    expression  as written
    role        what kind of number it gives: `prob` is a raw probability, `weight` an unnormalised
                chance of a level, `share` one of a terminal, `when` and `available` conditions
    owner       what it belongs to, in words
    states      whether it may mention states
    moves       moves that it may see: those made by then
    """

    where: Where
    expression: Expression
    role: Role
    owner: str
    states: bool
    moves: frozenset[str]


def sites(case: Case) -> tuple[Site, ...]:
    """All expressions: definitions, players, period, payoffs, terminals, observables, quantities."""
    everything = frozenset(move.move for move in moves_of(case))
    found: list[Site] = []
    where: Where
    for name, expression in case.define.items():
        found.append(Site(("define", name), expression, "define", f"definition {name}", True, everything))
    for name, player in case.players.items():
        where = ("players", name, "discount")
        found.append(Site(where, player.discount, "discount", f"discount of {name}", False, frozenset()))
    found += _period_sites(case)
    paid = paid_moves(case)
    for player_name, terms in case.payoffs.items():
        for name, expression in terms.items():
            where = ("payoffs", player_name, name)
            found.append(Site(where, expression, "payoff", f"payoff {name} of {player_name}", True, paid))
    for name, terminal in case.terminals.items():
        for player_name, expression in terminal.payoffs.items():
            where = ("terminals", name, "payoffs", player_name)
            owner = f"payoff of {player_name} at {name}"
            found.append(Site(where, expression, "terminal", owner, True, frozenset()))
    for name, seen in case.observables.items():
        for part, input_ in (("bernoulli", seen.bernoulli), ("autoregressive", seen.autoregressive)):
            if input_ is not None:
                where = ("observables", name, part)
                found.append(Site(where, input_, "observable", f"observable {name}", True, paid))
    for name, quantity in case.quantities.items():
        for part in ("probability", "expectation", "given", "reaches", "rate"):
            given: Expression | None = getattr(quantity, part)
            if given is not None:
                role: Role = "reaches" if part == "reaches" else "rate" if part == "rate" else "quantity"
                at_start = role != "quantity" or quantity.price_gap is not None
                moves = frozenset[str]() if at_start else paid
                found.append(Site(("quantities", name, part), given, role, f"quantity {name}", True, moves))
    return tuple(found)


def paid_moves(case: Case) -> frozenset[str]:
    """Moves made before payoffs are collected (all of them unless the period has a `pay` item)."""
    made: set[str] = set()
    for item in case.period:
        if isinstance(item, Pay):
            return frozenset(made)
        made.update(move.move for move in _choices(item))
    return frozenset(made)


def laws_of(case: Case) -> Iterator[tuple[Where, NatureMove, Law, str]]:
    """Every law of nature: its path, its move, the law, and in whose eyes (`""`: the world's)."""
    for number, item in enumerate(case.period):
        if isinstance(item, NatureMove):
            yield ("period", number), item, item, ""
            for player, view in item.viewpoints.items():
                yield ("period", number, "viewpoints", player), item, view, player


def links_of(law: Law, where: Where) -> Iterator[tuple[Where, Link]]:
    """The links of a law and their paths."""
    if law.exit is not None:
        yield (*where, "exit"), law.exit
    if law.steps is not None:
        for direction in ("down", "up"):
            link = getattr(law.steps, direction)
            if link is not None:
                yield (*where, "steps", direction), link


def _choices(item: object) -> tuple[PlayerMove, ...]:
    if isinstance(item, PlayerMove):
        return (item,)
    return item.together if isinstance(item, Together) else ()


def _period_sites(case: Case) -> Iterator[Site]:
    made: frozenset[str] = frozenset()
    laws = {number: list[tuple[Where, Law]]() for number in range(len(case.period))}
    for where, _, law, _ in laws_of(case):
        laws[int(where[1])].append((where, law))
    for number, item in enumerate(case.period):
        for where, law in laws[number]:
            assert isinstance(item, NatureMove)
            yield from _law_sites(law, where, f"nature's move {item.nature}", made)
        for place, move in enumerate(_choices(item)):
            where = (
                ("period", number, "together", place) if isinstance(item, Together) else ("period", number)
            )
            owner = f"move {move.move}"
            yield Site((*where, "precision"), move.precision, "precision", owner, True, made)
            for action, test in move.available.items():
                yield Site((*where, "available", action), test, "available", owner, True, made)
        made |= {move.move for move in _choices(item)}


def _law_sites(law: Law, where: Where, owner: str, made: frozenset[str]) -> Iterator[Site]:
    kinds: tuple[Role, ...] = ("logit", "hazard", "prob")
    for path, link in links_of(law, where):
        for kind in kinds:
            inner: Expression | None = getattr(link, kind)
            if inner is not None:
                yield Site((*path, kind), inner, kind, owner, True, made)
    for level, weight in (law.weights or {}).items():
        yield Site((*where, "weights", level), weight, "weight", owner, True, made)
    for terminal, share in (law.to or {}).items():
        yield Site((*where, "to", terminal), share, "share", owner, True, made)
    for place, setting in enumerate(law.set or ()):
        yield Site((*where, "set", place, "when"), setting.when, "when", owner, True, made)
