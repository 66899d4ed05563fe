"""Checks of the standing parts of a case: names, players, states, tables, parameters, terminals, start."""

from __future__ import annotations

import math

from tightrope.case import syntax as s
from tightrope.case.calendar import parse_period
from tightrope.case.checker import Checker
from tightrope.case.evaluate import Point, value_of
from tightrope.case.marks import Where
from tightrope.case.schema import PRIOR_CLASSES, NatureMove, Override, PlayerMove, Together
from tightrope.case.tables import table_faults

MAX_STATES = 200_000
TOLERANCE = 1e-6
WORLD = "world"

_WORDS = frozenset({"and", "or", "not"})


def check_names(checker: Checker) -> None:
    """No name means two things in expressions, none is a word of the language."""
    case = checker.case
    used: dict[str, str] = {}
    moves = _move_places(checker)
    places: list[tuple[str, Where, str, bool]] = [
        *((name, ("states", name), "state", True) for name in case.states),
        *((name, where, "move", False) for name, where in moves),
        *((name, ("parameters", name), "parameter", True) for name in case.parameters),
        *((name, ("tables", name), "table", True) for name in case.tables),
        *((name, ("define", name), "definition", True) for name in case.define),
        *((name, ("terminals", name), "terminal", True) for name in case.terminals),
    ]
    for name, where, kind, key in places:
        if name in s.FUNCTIONS or name in _WORDS:
            checker.say(
                where, f"{name!r} is a word of the expression language", "choose another name", key=key
            )
        elif name.startswith("next_") and name.removeprefix("next_") in case.states:
            message = f"{name!r} means {name.removeprefix('next_')} one row later, in the record"
            checker.say(where, message, "choose another name", key=key)
        if name in used:
            article = "the name of a" if used[name] != kind else "the name of another"
            checker.say(where, f"{name!r} is already {article} {used[name]}", "choose another name", key=key)
        used.setdefault(name, kind)
    for name in case.quantities:
        if name in s.FUNCTIONS or name in _WORDS:
            where = ("quantities", name)
            checker.say(
                where, f"{name!r} is a word of the expression language", "choose another name", key=True
            )
    drawn = {name for name, _ in moves}
    for number, item in enumerate(case.period):
        if isinstance(item, NatureMove):
            if item.nature in drawn:
                checker.say(
                    ("period", number, "nature"), f"the period has another item named {item.nature!r}"
                )
            drawn.add(item.nature)


def check_states(checker: Checker) -> None:
    """Levels are distinct, the start gives each state, the number of states is bounded."""
    case = checker.case
    for name, state in case.states.items():
        _check_levels(checker, ("states", name, "levels"), state.levels)
    total = math.prod(len(state.levels) for state in case.states.values())
    if total > MAX_STATES:
        message = f"the case has {total:,} states; at most {MAX_STATES:,} are allowed"
        checker.say(("states",), message, "fewer variables, or fewer levels", key=True)
    for name, value in case.start.items():
        where: Where = ("start", name)
        if not checker.known(where, name, case.states, "a state", key=True):
            continue
        if isinstance(value, str):
            checker.level(where, name, value)
            continue
        for level, weight in value.items():
            checker.level((*where, level), name, level, key=True)
            if weight < 0:
                checker.say((*where, level), "a weight must not be negative")
        if abs(sum(value.values()) - 1) > TOLERANCE:
            checker.say(where, f"the weights add up to {sum(value.values()):g}, not to 1")
    for name in case.states:
        if name not in case.start:
            checker.say(
                ("start",), f"the start of {name!r} is missing", "a level, or weights over levels", key=True
            )


def check_players(checker: Checker) -> None:
    """Names of players, payoffs for each, discount in [0, 1) at the reference values; the calendar parses."""
    case = checker.case
    try:
        parse_period(case.calendar.first, case.calendar.period)
    except ValueError as error:
        checker.say(("calendar", "first"), str(error))
    if WORLD in case.players:
        checker.say(
            ("players", WORLD), f"{WORLD!r} names the world's own view; no player may be called so", key=True
        )
    for name in case.payoffs:
        checker.known(("payoffs", name), name, case.players, "a player", key=True)
    for name, player in case.players.items():
        if not case.payoffs.get(name):
            checker.say(("payoffs",), f"player {name!r} has no payoffs", "name at least one term", key=True)
        node = checker.quiet(player.discount)
        if node is None:
            continue  # said by the check of expressions
        values = {parameter: case.parameters[parameter].value for parameter in case.parameters}
        try:
            value = value_of(node, Point({}, values, {}, checker.mentions.defines))
        except KeyError:
            continue  # it mentions a state or a move, said by the check of expressions
        except (ArithmeticError, ValueError):
            checker.say(
                ("players", name, "discount"), "the discount has no value at the reference parameters"
            )
            continue
        if not 0 <= value < 1:
            checker.say(("players", name, "discount"), f"a discount lies in [0, 1); this one is {value:g}")


def check_tables(checker: Checker) -> None:
    """Every table is complete, small, and made of numbers at levels that exist."""
    for name, table in checker.case.tables.items():
        for below, message, hint, key in table_faults(table, checker.levels):
            checker.say(("tables", name, *below), message, hint, key=key)


def check_parameters(checker: Checker) -> None:
    """Each parameter is fixed or has both priors, its value inside them; overrides name parameters."""
    case = checker.case
    for name, parameter in case.parameters.items():
        where: Where = ("parameters", name)
        if parameter.fixed and parameter.prior:
            checker.say((*where, "prior"), f"{name!r} is fixed and has a prior", "choose one", key=True)
        missing = [kind for kind in PRIOR_CLASSES if kind not in parameter.prior]
        if not parameter.fixed and missing:
            what = "a prior" if len(missing) == len(PRIOR_CLASSES) else f"the {missing[0]} prior"
            hint = "give a prior for argument and agnostic, or write `fixed: true`"
            checker.say(where, f"{name!r} lacks {what}", hint, key=True)
        for kind, prior in parameter.prior.items():
            low, high = prior.support
            if not low < parameter.value < high:
                support = f"the {kind} prior's support ({low:g}, {high:g})"
                message = f"the value {parameter.value:g} lies outside {support}"
                checker.say((*where, "value"), message)
    for section in ("ablations", "variants", "hypotheses"):
        overrides: dict[str, Override] = getattr(case, section)
        for name, override in overrides.items():
            for parameter_name, value in override.set.items():
                where = (section, name, "set", parameter_name)
                if not checker.known(where, parameter_name, case.parameters, "a parameter", key=True):
                    continue
                for kind, prior in case.parameters[parameter_name].prior.items():
                    low, high = prior.support
                    # The ends are allowed: an ablation often switches a mechanism off there.
                    if not low <= value <= high:
                        message = f"{value:g} lies outside the {kind} prior's support ({low:g}, {high:g})"
                        checker.say(where, message)


def check_terminals(checker: Checker) -> None:
    """Terminals pay every player, count as levels that exist, and can be entered."""
    case = checker.case
    for name, terminal in case.terminals.items():
        for player in terminal.payoffs:
            checker.known(("terminals", name, "payoffs", player), player, case.players, "a player", key=True)
        for player in case.players:
            if player not in terminal.payoffs:
                message = f"the payoff of {player} is missing"
                checker.say(("terminals", name, "payoffs"), message, "write 0 if it is nothing", key=True)
        for variable, level in terminal.counts_as.items():
            where = ("terminals", name, "counts_as", variable)
            if checker.known(where, variable, checker.levels, "a state or a move", key=True):
                checker.level(where, variable, level)
    entered = {
        terminal
        for item in case.period
        if isinstance(item, NatureMove)
        for law in (item, *item.viewpoints.values())
        for terminal in law.to or {}
    }
    for name in case.terminals:
        if name not in entered:
            checker.say(("terminals", name), f"no exit leads to {name!r}", key=True)


def check_actions(checker: Checker) -> None:
    """Actions of a move are distinct."""
    for number, item in enumerate(checker.case.period):
        if isinstance(item, PlayerMove):
            _check_levels(checker, ("period", number, "actions"), item.actions)
        elif isinstance(item, Together):
            for place, move in enumerate(item.together):
                _check_levels(checker, ("period", number, "together", place, "actions"), move.actions)


def _check_levels(checker: Checker, where: Where, levels: tuple[str, ...]) -> None:
    for place, level in enumerate(levels):
        if level in levels[:place]:
            checker.say((*where, place), f"level {level!r} stands twice")
        if level in _WORDS:
            checker.say(
                (*where, place), f"{level!r} is a word of the expression language", "choose another name"
            )


def _move_places(checker: Checker) -> list[tuple[str, Where]]:
    found: list[tuple[str, Where]] = []
    for number, item in enumerate(checker.case.period):
        if isinstance(item, PlayerMove):
            found.append((item.move, ("period", number, "move")))
        elif isinstance(item, Together):
            found += [
                (move.move, ("period", number, "together", place, "move"))
                for place, move in enumerate(item.together)
            ]
    return found
