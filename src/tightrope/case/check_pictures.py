"""Checks of what the report is to draw of a case: axes of states that are seen, names that exist."""

from __future__ import annotations

from tightrope.case.checker import Checker
from tightrope.case.evaluate import value_of
from tightrope.case.marks import Where
from tightrope.case.resolve import moves_of
from tightrope.case.schema import Axis, ChoiceAt, PlayerMove, PriceOver, Together


def check_pictures(checker: Checker) -> None:
    """Each picture names what is there, and what may stand there."""
    pictures = checker.case.pictures
    if pictures is None:
        return
    if pictures.plane is not None:
        for part, axis in (("across", pictures.plane.across), ("up", pictures.plane.up)):
            _check_axis(checker, ("pictures", "plane", part, "of"), axis)
    if pictures.price is not None:
        _check_price(checker, ("pictures", "price"), pictures.price)
    if pictures.choice is not None:
        _check_choice(checker, ("pictures", "choice"), pictures.choice)


def _check_axis(checker: Checker, where: Where, axis: Axis) -> None:
    """An axis is a fact of the state: no parameter, no move, nothing that only the players see."""
    resolved = checker.resolved(where, axis.of)
    if resolved is None:
        return
    node, mention = resolved
    states = checker.case.states
    for parameter in sorted(mention.parameters):
        checker.say(where, f"an axis is about states, and {parameter} is a parameter")
    for variable in sorted(mention.variables):
        character = checker.character_of(axis.of, variable)
        if variable not in states:
            checker.say(where, f"an axis is about states, and {variable} is a move", character=character)
        elif states[variable].latent:
            message = f"an axis is about what is seen, and {variable} is latent"
            checker.say(where, message, character=character)
    if not mention.variables:
        checker.say(where, "the axis mentions no state, so that everything would stand at one place")
    for point in checker.points([mention]):
        try:
            value_of(node, point)
        except (ArithmeticError, ValueError, KeyError):
            checker.say(where, f"the axis has no value where {checker.described(point)}")
            return


def _check_price(checker: Checker, where: Where, price: PriceOver) -> None:
    case = checker.case
    checker.known((*where, "terminal"), price.terminal, case.terminals, "a terminal")
    for part in ("across", "down"):
        checker.known((*where, part), getattr(price, part), case.states, "a state")
    if price.across == price.down:
        checker.say((*where, "down"), f"{price.down} is across already; name another state")
    for role in ("patron", "client"):
        those = [name for name, player in case.players.items() if player.role == role]
        if len(those) != 1:
            has = " and ".join(those) or "none"
            checker.say(where, f"a price needs one {role}, and the case has {has}", key=True)
    if price.rate is None or (resolved := checker.resolved((*where, "rate"), price.rate)) is None:
        return
    for variable in sorted(resolved[1].variables - case.states.keys()):
        message = f"{variable} is a move, and the rate is one of states and parameters"
        character = checker.character_of(price.rate, variable)
        checker.say((*where, "rate"), message, character=character)


def _check_choice(checker: Checker, where: Where, choice: ChoiceAt) -> None:
    moves = [move.move for move in moves_of(checker.case)]
    if not checker.known((*where, "move"), choice.move, moves, "a move"):
        return
    before: list[str] = []
    for item in checker.case.period:
        now = item.together if isinstance(item, Together) else (item,)
        names_now = [each.move for each in now if isinstance(each, PlayerMove)]
        if choice.move in names_now:
            break
        before += names_now
    if choice.against is not None:
        checker.level((*where, "against"), choice.move, choice.against)
    names = [*checker.case.states, *before]
    for name, level in choice.at.items():
        what = f"a state, nor a move made before {choice.move}"
        if checker.known((*where, "at", name), name, names, what, key=True):
            checker.level((*where, "at", name), name, level)
