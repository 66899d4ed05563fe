"""Checks of what is asked of a solved case: observables, quantities, claims and record shares."""

from __future__ import annotations

from tightrope.case import syntax as s
from tightrope.case.calendar import parse_period
from tightrope.case.checker import Checker
from tightrope.case.marks import Where
from tightrope.case.resolve import Scope
from tightrope.case.schema import Claim, Quantity, RecordShare

NEXT = "next_"
_MEASURES = ("probability", "expectation", "rises", "reaches", "value", "price_gap")
_PRICE = ("rate", "patron", "client")
_SIGNS = (0.0, 1.0)


def check_observables(checker: Checker) -> None:
    """Each observable has one form, and its numbers make sense."""
    for name, seen in checker.case.observables.items():
        where: Where = ("observables", name)
        if (seen.bernoulli is None) == (seen.autoregressive is None):
            checker.say(where, "an observable is either bernoulli or autoregressive", key=True)
        if seen.autoregressive is not None:
            if not -1 < seen.persistence < 1:
                checker.say((*where, "persistence"), f"{seen.persistence:g} is not between -1 and 1")
            if seen.noise <= 0:
                checker.say((*where, "noise"), "an autoregression needs noise above 0")
        elif seen.persistence or seen.noise:
            checker.say(where, "persistence and noise belong to an autoregressive observable", key=True)
        if not 0 <= seen.at_least <= 1:
            checker.say((*where, "at_least"), f"{seen.at_least:g} is not a probability")


def check_quantities(checker: Checker) -> None:
    """Each quantity measures one thing, at names that exist, in a place that exists."""
    for name, quantity in checker.case.quantities.items():
        where: Where = ("quantities", name)
        given = [measure for measure in _MEASURES if getattr(quantity, measure) is not None]
        if len(given) != 1:
            what = " and ".join(given) if given else "nothing"
            message = f"a quantity measures one of {', '.join(_MEASURES)}; here stands {what}"
            checker.say(where, message, key=True)
        _check_measure(checker, where, name, quantity)
        _check_price(checker, where, quantity)
        for part, names, what in (
            ("set", checker.case.states, "a state"),
            ("do", [move for move in checker.levels if move not in checker.case.states], "a move"),
        ):
            for variable, level in getattr(quantity, part).items():
                if checker.known((*where, part, variable), variable, names, what, key=True):
                    checker.level((*where, part, variable), variable, level)
        _check_over(checker, where, quantity)


def _check_measure(checker: Checker, where: Where, name: str, quantity: Quantity) -> None:
    case = checker.case
    if quantity.rises is not None:
        checker.known((*where, "rises"), quantity.rises, case.states, "a state")
    if quantity.value is not None:
        checker.known((*where, "value"), quantity.value, case.players, "a player")
    if quantity.minus_terminal is not None:
        checker.known((*where, "minus_terminal"), quantity.minus_terminal, case.terminals, "a terminal")
        if quantity.value is None:
            checker.say((*where, "minus_terminal"), "`minus_terminal` goes with `value`", key=True)
    if quantity.reaches is None:
        if quantity.within:
            checker.say((*where, "within"), "`within` goes with `reaches`", key=True)
        return
    if not quantity.within:
        checker.say((*where, "reaches"), "`reaches` needs `within`, a number of periods", key=True)
    terminals = dict.fromkeys(case.terminals, ("no", "yes"))
    scope = Scope.of(case, extra=terminals)
    resolved = checker.resolved((*where, "reaches"), quantity.reaches, scope)
    if resolved is None:
        return
    for variable in sorted(resolved[1].variables - case.states.keys() - terminals.keys()):
        character = checker.character_of(quantity.reaches, variable, scope)
        message = f"{variable} is a move, and `reaches` is about states and terminals"
        checker.say((*where, "reaches"), message, character=character)


def _check_price(checker: Checker, where: Where, quantity: Quantity) -> None:
    """A price is one of a terminal, at every state, between two players."""
    case = checker.case
    if quantity.price_gap is None:
        for part in _PRICE:
            if getattr(quantity, part) is not None:
                checker.say((*where, part), f"`{part}` goes with `price_gap`", key=True)
        return
    checker.known((*where, "price_gap"), quantity.price_gap, case.terminals, "a terminal")
    for part in ("set", "do", "after", "over"):
        if part in checker.source.at(where):
            message = "a price gap is looked for in all states that `given` leaves"
            checker.say((*where, part), f"{message}, so `{part}` has no meaning", key=True)
    for role in ("patron", "client"):
        named = getattr(quantity, role)
        those = [name for name, player in case.players.items() if player.role == role]
        if named is not None:
            checker.known((*where, role), named, case.players, "a player")
        elif len(those) != 1:
            message = f"a price needs one {role}, and the case has {', '.join(those) or 'none'}"
            checker.say((*where, "price_gap"), message, f"name one: `{role}: PLAYER`", key=True)


def _check_over(checker: Checker, where: Where, quantity: Quantity) -> None:
    over, place = quantity.over, (*where, "over")
    if quantity.price_gap is not None:
        return
    if over in ("record", "end"):
        if checker.case.record is None:
            message = f"states are averaged over `{over}`, and the case has no record"
            checker.say(place, message, "write `over: start`", key="over" not in checker.source.at(where))
        return
    if over == "start":
        return
    try:
        parse_period(over, checker.case.calendar.period)
    except ValueError:
        hint = f"a {checker.case.calendar.period} such as {checker.case.calendar.first}"
        checker.say(place, f"{over!r} is none of record, end and start", hint)


def check_claims(checker: Checker) -> None:
    """Each claim can be checked or says why not; its check is about quantities; `breaks` names ablations."""
    for name, claim in checker.case.claims.items():
        where: Where = ("claims", name)
        if claim.check is None and not claim.record and claim.untestable is None:
            message = "a claim needs a check, a share in the record, or `untestable` with the reason"
            checker.say(where, message, key=True)
        if claim.check is not None and claim.untestable is not None:
            checker.say((*where, "untestable"), "the claim has a check, so it can be tested", key=True)
        for place, ablation in enumerate(claim.breaks):
            checker.known((*where, "breaks", place), ablation, checker.case.ablations, "an ablation")
        if claim.breaks and claim.check is None:
            message = "an ablation can break a check only, and the claim has none"
            checker.say((*where, "breaks"), message, key=True)
        if claim.check is not None:
            _check_check(checker, where, claim)
        for place, share in enumerate(claim.record):
            _check_share(checker, (*where, "record", place), share)


def _check_check(checker: Checker, where: Where, claim: Claim) -> None:
    assert claim.check is not None
    path = (*where, "check")
    scope = Scope(variables={}, quantities=frozenset(checker.case.quantities))
    resolved = checker.resolved(path, claim.check, scope)
    if resolved is None:
        return
    node, mention = resolved
    if not mention.parameters:
        checker.say(path, "the check mentions no quantity, so it is always true or always false")
    if not isinstance(node, s.Compare | s.Logic | s.Not):
        checker.say(path, "a check is a condition", "compare quantities, such as `asked > 0`")
    if claim.threshold is None:
        for part in s.walk(node):
            if isinstance(part, s.Compare) and any(_is_bar(side) for side in (part.left, part.right)):
                hint = "compare two quantities, or argue the number under `threshold`"
                checker.say(path, "the check has a number as its bar", hint)
                break


def _is_bar(node: s.Node) -> bool:
    """Whether a side of a comparison is a written number other than 0 and 1, which only tell a sign."""
    if isinstance(node, s.Negate):
        node = node.operand
    return isinstance(node, s.Number) and node.value not in _SIGNS


def _check_share(checker: Checker, where: Where, share: RecordShare) -> None:
    case = checker.case
    if case.record is None:
        checker.say(where, "the case has no record to count in")
        return
    coded = set(case.record.columns.values())
    following = {NEXT + name: checker.levels[name] for name in case.states}
    scope = Scope.of(case, extra=following)
    for part in ("share", "of", "versus"):
        expression = getattr(share, part)
        if expression is None:
            continue
        resolved = checker.resolved((*where, part), expression, scope)
        if resolved is None:
            continue
        mention = resolved[1]
        for parameter in sorted(mention.parameters):
            message = f"a frequency in the record cannot depend on the parameter {parameter}"
            checker.say((*where, part), message)
        for variable in sorted(mention.variables):
            if variable.removeprefix(NEXT) not in coded and variable not in coded:
                character = checker.character_of(expression, variable, scope)
                message = f"{variable.removeprefix(NEXT)} is not a column of the record"
                checker.say((*where, part), message, character=character)
    for part in ("since", "until"):
        period = getattr(share, part)
        if period is not None:
            check_period_name(checker, (*where, part), period)


def check_period_name(checker: Checker, where: Where, period: str) -> None:
    """Say so if a text is not a period of the case's calendar."""
    try:
        parse_period(period, checker.case.calendar.period)
    except ValueError as error:
        checker.say(where, str(error))
