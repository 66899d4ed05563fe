"""The order in which a sweep takes nature's moves: any that means the same, and costs least.

Two moves of nature that do not touch each other, next to each other in the period, may be taken in either
order. Walked backwards, an action's axis enters with the first law that heeds it and stays; so what heeds no
action comes last in the period, and what heeds few of them, or few kinds of them, before the rest. The order
is found like that of an einsum path: by the cost of each subset taken so far, every subset once.

Players' moves stay where they are, and so do payoffs: what moves past them would change what a player sees.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from tightrope.case.resolve import variables_of
from tightrope.game.compile import Game
from tightrope.game.forms import form_of, law_expressions
from tightrope.game.named import join_classes
from tightrope.game.plan import Change, Choice, Exit, Plan, placed

LONGEST = 12
"""Runs of more moves of nature than this are left as they are."""
Classes = dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class Touch:
    """What a move of nature touches.

    changes  the variable that it changes; empty for an exit
    reads    states and moves that its law mentions, in any view
    classes  move that it heeds -> class of each action
    terms    products added up for each number that comes out
    """

    changes: str
    reads: frozenset[str]
    classes: Classes
    terms: float

    def bars(self, other: Touch) -> bool:
        """Whether the order of the two matters."""
        if not self.changes and not other.changes:
            return True
        same = self.changes == other.changes
        return same or self.changes in other.reads or other.changes in self.reads


def touches(game: Game, number: int) -> Touch:
    """What step `number` of the plan, a move of nature, touches."""
    step = game.plan.steps[number]
    assert isinstance(step, Change | Exit)
    laws = [step.law, *step.views.values()]
    expressions = [e for law in laws for e in law_expressions(law)]
    if isinstance(step, Exit):
        ends = {name for law in laws for name in law.to or {}}
        expressions += [e for name in sorted(ends) for e in game.case.terminals[name].payoffs.values()]
    reads = {name for e in expressions for name in variables_of(game.node(e), game.case)}
    whole = {name: tuple(range(len(game.levels[name]))) for name in game.moves if name in reads}
    if isinstance(step, Exit):
        return Touch("", frozenset(reads), whole, 1.0)
    forms = [form_of(game, law, step.variable) for law in laws]
    classes = {
        name: join_classes([dict(form.alike).get(name, every) for form in forms])
        for name, every in whole.items()
    }
    size = len(game.levels[step.variable])
    terms = max(sum(map(len, f.allowed)) / size if f.allowed else float(size) for f in forms)
    return Touch(step.variable, frozenset(reads), classes, terms)


@lru_cache(maxsize=64)
def sweep_plan(game: Game) -> Plan:
    """The plan in the order in which sweeps take it; `source` says which step of the game's plan each is."""
    if not game.arranged:
        return game.plan
    steps = game.plan.steps
    order: list[int] = []
    alive: Classes = {}
    for run in reversed(_runs(game.plan)):
        first = steps[run[0]]
        if isinstance(first, Choice):
            # A choice carries every action apart that is alive.
            gone = {move.move for move in first.moves}
            alive = {m: tuple(range(len(c))) for m, c in alive.items() if m not in gone}
            order = [*run, *order]
        else:
            run_touches = [touches(game, number) for number in run]
            picked = cheapest(run_touches, alive)
            order = [*(run[k] for k in picked), *order]
            for touch in run_touches:
                alive = _with(alive, touch.classes)
        for term in game.plan.terms:
            if term.position == run[0] - 1:
                heeded = variables_of(term.node, game.case)
                alive |= {m: tuple(range(len(game.levels[m]))) for m in game.moves if m in heeded}
    arranged = tuple(steps[number] for number in order)
    terms = tuple(
        replace(term, position=placed(arranged, game.plan.pay, frozenset(variables_of(term.node, game.case))))
        for term in game.plan.terms
    )
    return replace(game.plan, steps=arranged, terms=terms, source=tuple(order))


def _runs(plan: Plan) -> list[list[int]]:
    """Steps in their order: each choice alone, nature's moves between two choices or the payoffs together."""
    runs: list[list[int]] = []
    for number, step in enumerate(plan.steps):
        follows = runs and not isinstance(step, Choice) and number - 1 != plan.pay
        if follows and not isinstance(plan.steps[number - 1], Choice):
            runs[-1].append(number)
        else:
            runs.append([number])
    return runs


def cheapest(run: Sequence[Touch], alive: Classes) -> tuple[int, ...]:
    """The cheapest order of a run in which everything means the same; of equals the one as written.

    alive  classes of the actions that what follows the run heeds
    """
    count = len(run)
    if count > LONGEST or count < 2:
        return tuple(range(count))
    before = [[j for j in range(k + 1, count) if run[k].bars(run[j])] for k in range(count)]
    # Taken from the end of the period: a subset -> its cost, its order (first taken last), what is alive.
    best: dict[int, tuple[float, tuple[int, ...], Classes]] = {0: (0.0, (), alive)}
    for subset in range(1 << count):
        if subset not in best:
            continue
        cost, taken, here = best[subset]
        for k in reversed(range(count)):
            if subset >> k & 1 or any(not subset >> j & 1 for j in before[k]):
                continue
            after = _with(here, run[k].classes)
            whole = cost + run[k].terms * math.prod(max(c) + 1 for c in after.values())
            found = subset | 1 << k
            if found not in best or whole < best[found][0] * (1.0 - 1e-12):
                best[found] = (whole, (k, *taken), after)
    whole_order = best[(1 << count) - 1]
    as_written = _cost(run, tuple(range(count)), alive)
    return whole_order[1] if whole_order[0] < as_written * (1.0 - 1e-12) else tuple(range(count))


def _cost(run: Sequence[Touch], order: tuple[int, ...], alive: Classes) -> float:
    """What an order costs, in products for each state."""
    cost = 0.0
    for k in reversed(order):
        alive = _with(alive, run[k].classes)
        cost += run[k].terms * math.prod(max(c) + 1 for c in alive.values())
    return cost


def _with(alive: Classes, more: Classes) -> Classes:
    """Classes that keep apart what either does."""
    return alive | {m: join_classes([alive[m], c]) if m in alive else c for m, c in more.items()}
