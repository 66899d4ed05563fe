"""Checks of the period: what expressions see, players' moves, availability, and size of the work."""

from __future__ import annotations

import math

from tightrope.case.checker import Checker
from tightrope.case.evaluate import value_of
from tightrope.case.marks import Where
from tightrope.case.mentions import MAX_EXPANDED_HEIGHT, Mention
from tightrope.case.schema import NatureMove, Pay, PlayerMove, Together
from tightrope.case.sites import Site, paid_moves, sites
from tightrope.case.syntax import Node

MAX_WORK = 20_000_000


def check_expressions(checker: Checker) -> dict[Where, Mention]:
    """Every expression resolves and sees only what has happened by then. Returns what each depends on."""
    found: dict[Where, Mention] = {}
    _check_definitions(checker)
    for site in sites(checker.case):
        if site.role in ("define", "reaches"):
            continue
        resolved = checker.resolved(site.where, site.expression)
        if resolved is not None:
            found[site.where] = resolved[1]
            check_sight(checker, site, resolved[1])
    return found


def check_sight(checker: Checker, site: Site, mention: Mention) -> None:
    """Say which variables an expression mentions that it cannot see."""
    for variable in sorted(mention.variables):
        if variable in site.moves or (site.states and variable in checker.case.states):
            continue
        character = checker.character_of(site.expression, variable)
        if not site.states:
            message = f"the {site.owner} may not depend on {variable}"
            hint = "only numbers and parameters may stand here"
        elif site.role in ("payoff", "observable", "quantity"):
            message = f"the {site.owner} mentions {variable}, which is chosen after payoffs are collected"
            hint = "move `pay: payoffs` behind it"
        elif site.role == "terminal":
            message = f"the {site.owner} may depend on states only, not on the move {variable}"
            hint = ""
        else:
            message = f"the {site.owner} mentions {variable}, which is not yet chosen there"
            hint = f"it sees {', '.join(sorted(site.moves)) or 'no move'}"
        checker.say(site.where, message, hint, character=character)


def check_moves(checker: Checker) -> None:
    """Players exist, availability names actions, simultaneous moves have different players, one pay point."""
    case = checker.case
    pays = 0
    for number, item in enumerate(case.period):
        if isinstance(item, Pay):
            pays += 1
            if pays > 1:
                checker.say(("period", number), "payoffs are collected twice in the period")
        elif isinstance(item, PlayerMove):
            _check_move(checker, ("period", number), item)
        elif isinstance(item, Together):
            movers: set[str] = set()
            for place, move in enumerate(item.together):
                where = ("period", number, "together", place)
                _check_move(checker, where, move)
                if move.player in movers:
                    message = f"{move.player} has two moves at the same moment"
                    checker.say(
                        (*where, "player"), message, "join them into one move, or put one after the other"
                    )
                movers.add(move.player)


def _check_move(checker: Checker, where: Where, move: PlayerMove) -> None:
    checker.known((*where, "player"), move.player, checker.case.players, "a player")
    for action in move.available:
        if action not in move.actions:
            checker.level((*where, "available", action), move.move, action, key=True)


def check_available(checker: Checker, mentions: dict[Where, Mention]) -> None:
    """Each action can be taken somewhere, and somewhere something can be done everywhere.

    Decided exactly where conditions depend on no parameter and on few points; the
    rest is checked by the game room on prior draws.
    """
    for number, item in enumerate(checker.case.period):
        moves = (
            item.together if isinstance(item, Together) else (item,) if isinstance(item, PlayerMove) else ()
        )
        for place, move in enumerate(moves):
            where: Where = (
                ("period", number, "together", place) if isinstance(item, Together) else ("period", number)
            )
            tests = {action: test for action, test in move.available.items() if action in move.actions}
            nodes: dict[str, Node] = {}
            for action, test in tests.items():
                node = checker.quiet(test)
                if node is None or (*where, "available", action) not in mentions:
                    break
                nodes[action] = node
            else:
                _try_actions(checker, where, move, nodes, mentions)


def _try_actions(
    checker: Checker, where: Where, move: PlayerMove, nodes: dict[str, Node], mentions: dict[Where, Mention]
) -> None:
    if not nodes:
        return
    free = len(nodes) < len(move.actions)
    possible: set[str] = set()
    stuck = ""
    tried = False
    for point in checker.points(mentions[(*where, "available", action)] for action in nodes):
        tried = True
        try:
            here = {action for action, node in nodes.items() if value_of(node, point) != 0}
        except (ArithmeticError, ValueError, KeyError):
            return
        possible |= here
        if not here and not free and not stuck:
            stuck = checker.described(point)
    if not tried:
        return
    if stuck:
        checker.say((*where, "available"), f"no action of {move.move} is available when {stuck}", key=True)
    for action in nodes:
        if action not in possible:
            checker.say((*where, "available", action), f"{action} of {move.move} is never available")


def check_work(checker: Checker, mentions: dict[Where, Mention]) -> None:
    """The largest array that walking the period needs stays within MAX_WORK numbers."""
    case = checker.case
    states = math.prod(len(state.levels) for state in case.states.values())
    made: dict[str, int] = {}
    last: dict[str, int] = {}
    paid = paid_moves(case)
    for number, item in enumerate(case.period):
        moves = (
            item.together if isinstance(item, Together) else (item,) if isinstance(item, PlayerMove) else ()
        )
        for move in moves:
            made[move.move] = last[move.move] = number
    pay = max((made[move] for move in paid), default=0)
    for number, item in enumerate(case.period):
        if isinstance(item, Pay):
            pay = number
    for site in sites(case):
        if site.where in mentions:
            number = int(site.where[1]) if site.where[0] == "period" else pay
            for name in mentions[site.where].variables & last.keys():
                last[name] = max(last[name], number)
    for number, item in enumerate(case.period):
        alive = [name for name in made if made[name] <= number <= last[name]]
        changed = item.changes if isinstance(item, NatureMove) else None
        work = states * math.prod(len(checker.levels[name]) for name in alive)
        work *= len(checker.levels.get(changed or "", (0,)))
        if work > MAX_WORK:
            message = f"this needs arrays of {work:,} numbers; at most {MAX_WORK:,} are allowed"
            hint = "fewer states, or mention moves close after they are made"
            checker.say(("period", number), message, hint)
            return


def _check_definitions(checker: Checker) -> None:
    mentions = checker.mentions
    for name, faults in mentions.faults.items():
        for fault in faults:
            checker.say(("define", name), fault.message, fault.hint, character=fault.column)
    for name, circle in mentions.circles.items():
        checker.say(("define", name), f"the definition turns in a circle: {' -> '.join(circle[:12])}")
    for name in checker.case.define:
        if name in mentions.known:
            checker.resolved(("define", name), checker.case.define[name])
        elif name in mentions.deep:
            message = f"with its definitions written out, {mentions.deep[name]} operations hang on each other"
            checker.say(("define", name), message, f"at most {MAX_EXPANDED_HEIGHT} may")
