"""A case compiled to a game: names, sizes, resolved expressions and the plan of a period."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tightrope.case import syntax as s
from tightrope.case.parse import Expression
from tightrope.case.resolve import Scope, moves_of, resolve, variables_of
from tightrope.case.schema import Case, Law, Link, Table
from tightrope.game.named import Order
from tightrope.game.plan import Choice, Plan, after, build_plan


@dataclass(frozen=True, eq=False)
class Game:
    """The compiled game: everything about a case that does not depend on parameter values.

    levels       state variable or move -> names of its levels or actions
    states       names of the state variables, in order
    parameters   names in the order of every parameter vector theta
    nodes        id of an expression -> resolved node (used through `node`)
    arranged     whether sweeps use what laws' forms tell (see `forms` and `ordering`); without, they do the
                 same as the period is written, and cost more
    """

    case: Case
    plan: Plan
    players: tuple[str, ...]
    states: tuple[str, ...]
    moves: tuple[str, ...]
    terminals: tuple[str, ...]
    levels: Mapping[str, tuple[str, ...]]
    parameters: tuple[str, ...]
    order: Order
    scope: Scope
    tables: Mapping[str, tuple[np.ndarray, tuple[str, ...]]]
    defines: Mapping[str, s.Node]
    arranged: bool = True

    @property
    def sizes(self) -> dict[str, int]:
        """Number of levels by axis name, primed names included."""
        plain = {name: len(levels) for name, levels in self.levels.items()}
        return plain | {after(name): plain[name] for name in self.states}

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of an array over all live states."""
        return tuple(len(self.levels[name]) for name in self.states)

    def node(self, expression: Expression) -> s.Node:
        """An expression of the case, resolved."""
        return resolve(expression.node, self.scope)

    def theta(self, overrides: Mapping[str, float] | None = None) -> np.ndarray:
        """The reference parameter vector, shape (parameters,), with some values replaced.

        Raises KeyError for a name that is no parameter.
        """
        values = {name: parameter.value for name, parameter in self.case.parameters.items()}
        for name, value in (overrides or {}).items():
            if name not in values:
                raise KeyError(f"{name!r} is not a parameter of {self.case.case}")
            values[name] = value
        return np.array([values[name] for name in self.parameters], dtype=float)


def table_array(table: Table, levels: Mapping[str, tuple[str, ...]]) -> np.ndarray:
    """The numbers of a table, one axis per variable in `by`. Missing entries take the default."""
    result = np.full([len(levels[name]) for name in table.by], np.nan)
    if table.default is not None:
        result[...] = table.default

    def fill(values: Any, depth: int, index: tuple[int, ...]) -> None:
        if depth == len(table.by):
            result[index] = float(values)
            return
        names = levels[table.by[depth]]
        if isinstance(values, Mapping):
            for name, inner in values.items():
                fill(inner, depth + 1, (*index, names.index(name)))
        else:
            for number, inner in enumerate(values):
                fill(inner, depth + 1, (*index, number))

    fill(table.values, 0, ())
    if np.isnan(result).any():
        raise ValueError("a table leaves entries empty and has no default")
    return result


def compile_game(case: Case, *, arranged: bool = True) -> Game:
    """Compile a checked case.

    Every expression is resolved once; a payoff term is placed at the earliest
    moment of the period that leaves its value unchanged (see `plan`).

    arranged  False: sweeps go through the period as it is written (for tests; see `Game`)
    """
    scope = Scope.of(case)
    actions = {move.move: move.actions for move in moves_of(case)}
    moves = tuple(actions)
    states = tuple(case.states)
    levels = {name: case.states[name].levels for name in states} | actions
    order = _order(moves, states)
    tables: dict[str, tuple[np.ndarray, tuple[str, ...]]] = {}
    for name, table in case.tables.items():
        axes = order.sort(set(table.by))
        data = table_array(table, levels)
        tables[name] = (np.transpose(data, [table.by.index(axis) for axis in axes]), axes)
    defines = {name: resolve(expression.node, scope) for name, expression in case.define.items()}
    terms = {
        player: {name: resolve(term.node, scope) for name, term in named.items()}
        for player, named in case.payoffs.items()
    }
    mentions = {
        id(node): frozenset(variables_of(node, case)) for named in terms.values() for node in named.values()
    }
    return Game(
        case=case,
        plan=build_plan(case, terms, mentions),
        players=tuple(case.players),
        states=states,
        moves=moves,
        terminals=tuple(case.terminals),
        levels=levels,
        parameters=tuple(case.parameters),
        order=order,
        scope=scope,
        tables=tables,
        defines=defines,
        arranged=arranged,
    )


def _order(moves: tuple[str, ...], states: tuple[str, ...]) -> Order:
    """Actions outermost, then states; a primed state stands right after its own name."""
    names = [*moves]
    for state in states:
        names += [state, after(state)]
    return Order({name: rank for rank, name in enumerate(names)})


__all__ = ["Choice", "Game", "Law", "Link", "compile_game", "table_array"]
