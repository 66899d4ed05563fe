"""Checks of the laws of nature: one form each, names that exist, and ladders that only rise."""

from __future__ import annotations

from tightrope.case.checker import Checker
from tightrope.case.evaluate import value_of
from tightrope.case.marks import Where
from tightrope.case.mentions import Mention
from tightrope.case.schema import Law, NatureMove
from tightrope.case.sites import laws_of, links_of

_RELATIVE = ("down", "stay", "up")


def check_laws(checker: Checker, mentions: dict[Where, Mention]) -> None:
    """Each law of nature has one form, names what exists, and keeps `direction: up`."""
    for where, item, law, viewer in laws_of(checker.case):
        if viewer:
            checker.known(where, viewer, checker.case.players, "a player", key=True)
        changes = item.changes
        if changes is None:
            _check_exit(checker, where, item, law, viewer)
        elif viewer or checker.known((*where, "changes"), changes, checker.case.states, "a state"):
            _check_change(checker, where, law, viewer)
            if changes in checker.case.states:
                _check_levels(checker, where, changes, law)
                if checker.case.states[changes].direction == "up":
                    _check_upward(checker, where, changes, law, mentions)
        for path, link in links_of(law, where):
            given = [kind for kind in ("logit", "hazard", "prob") if getattr(link, kind) is not None]
            if len(given) != 1:
                what = " and ".join(given) if given else "nothing"
                checker.say(
                    path, f"a probability is one of logit, hazard and prob; here stands {what}", key=True
                )


def _check_exit(checker: Checker, where: Where, item: NatureMove, law: Law, viewer: str) -> None:
    for form in ("steps", "weights", "set"):
        if getattr(law, form) is not None:
            message = f"{form!r} changes a state, and {item.nature!r} changes none"
            checker.say((*where, form), message, "say which with `changes`", key=True)
    if law.exit is None and law.to is None:
        message = (
            f"{item.nature!r} neither changes a state nor draws an exit"
            if not viewer
            else "the view is empty"
        )
        checker.say(where, message, "give `changes` and a law, or `exit` and `to`", key=bool(viewer))
    elif not viewer and (law.exit is None or not law.to):
        lacking = "exit" if law.exit is None else "to"
        checker.say(
            where, f"an exit needs `exit` (its probability) and `to` (where to); {lacking!r} is missing"
        )
    if law.to is not None and not law.to:
        checker.say((*where, "to"), "the exit leads nowhere", "name a terminal", key=True)
    for terminal in law.to or {}:
        checker.known((*where, "to", terminal), terminal, checker.case.terminals, "a terminal", key=True)


def _check_change(checker: Checker, where: Where, law: Law, viewer: str) -> None:
    for form in ("exit", "to"):
        if getattr(law, form) is not None:
            message = f"{form!r} belongs to an exit, and this move changes a state"
            checker.say((*where, form), message, "make two moves of it", key=True)
    forms = [form for form in ("steps", "weights", "set") if getattr(law, form) is not None]
    if len(forms) != 1:
        what = " and ".join(forms) if forms else "none of them"
        message = f"a change has exactly one of steps, weights and set; here stands {what}"
        checker.say(where, message, key=bool(viewer))


def _check_levels(checker: Checker, where: Where, variable: str, law: Law) -> None:
    levels = checker.levels[variable]
    if law.steps is not None:
        links = [link for link in (law.steps.down, law.steps.up) if link is not None]
        if not links:
            checker.say((*where, "steps"), "steps need `down`, `up` or both", key=True)
        kinds = {
            kind for link in links for kind in ("logit", "hazard", "prob") if getattr(link, kind) is not None
        }
        if len(links) == 2 and len(kinds) > 1:
            message = f"both steps must be written the same way; here stand {' and '.join(sorted(kinds))}"
            checker.say((*where, "steps"), message, key=True)
    for place, setting in enumerate(law.set or ()):
        checker.level((*where, "set", place, "to"), variable, setting.to)
    if law.set is not None and not law.set:
        checker.say((*where, "set"), "the list is empty", "give at least one `when` and `to`", key=True)
    if law.weights is None:
        return
    keys = set(law.weights)
    if keys <= set(_RELATIVE) and not keys & set(levels):
        if keys != {"down", "up"} and "stay" not in keys:
            message = "where the only way leads off the ladder no weight is left"
            checker.say((*where, "weights"), message, "add `stay`", key=True)
        return
    both = set(_RELATIVE) & set(levels)
    if both:
        message = f"{variable} has a level named {min(both)}, which in weights also means a step"
        checker.say((*where, "weights"), message, "rename the level", key=True)
    for key in law.weights:
        checker.level((*where, "weights", key), variable, key, key=True)
    missing = [level for level in levels if level not in keys]
    if missing and keys <= set(levels):
        message = f"the weight of {', '.join(missing)} is missing"
        checker.say((*where, "weights"), message, "give all levels, or down, stay and up", key=True)


def _check_upward(
    checker: Checker, where: Where, variable: str, law: Law, mentions: dict[Where, Mention]
) -> None:
    levels = checker.levels[variable]
    hint = "drop `direction: up`, or this"
    if law.steps is not None and law.steps.down is not None:
        checker.say((*where, "steps", "down"), f"{variable} is declared never to fall", hint, key=True)
    if law.weights is not None and "down" in law.weights and "down" not in levels:
        checker.say((*where, "weights", "down"), f"{variable} is declared never to fall", hint, key=True)
    if law.set is None or any(setting.to not in levels for setting in law.set):
        return
    paths = [(*where, "set", place, "when") for place in range(len(law.set))]
    nodes = [checker.quiet(setting.when) for setting in law.set]
    if any(node is None for node in nodes) or any(path not in mentions for path in paths):
        return
    fallen: set[int] = set()
    for point in checker.points((mentions[path] for path in paths), variable):
        for place, (setting, node) in enumerate(zip(law.set, nodes, strict=True)):
            try:
                holds = node is not None and value_of(node, point) != 0
            except (ArithmeticError, ValueError, KeyError):
                return
            if holds:
                if levels.index(setting.to) < point.variables[variable] and place not in fallen:
                    fallen.add(place)
                    message = (
                        f"{variable} is declared never to fall, and falls when {checker.described(point)}"
                    )
                    checker.say((*where, "set", place, "to"), message, hint)
                break
