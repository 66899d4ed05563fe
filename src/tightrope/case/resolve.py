"""Names to what they stand for in a case, and which variables an expression depends on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tightrope.case import syntax as s
from tightrope.case.errors import did_you_mean
from tightrope.case.parse import ExpressionError
from tightrope.case.schema import Case, PlayerMove, Together

MOST_FAULTS = 5
"""How many faults of one expression are reported."""


def moves_of(case: Case) -> tuple[PlayerMove, ...]:
    """All player moves of the period, in order."""
    found: list[PlayerMove] = []
    for item in case.period:
        if isinstance(item, PlayerMove):
            found.append(item)
        elif isinstance(item, Together):
            found.extend(item.together)
    return tuple(found)


def levels_of(case: Case) -> dict[str, tuple[str, ...]]:
    """Names of the levels of each state variable and of the actions of each move."""
    return {name: state.levels for name, state in case.states.items()} | {
        move.move: move.actions for move in moves_of(case)
    }


@dataclass(frozen=True)
class Scope:
    """What the names in an expression may stand for.

    `variables` maps states and moves to their levels; `extra` adds more of them
    (such as `next_union` in expressions about the record).
    """

    variables: Mapping[str, tuple[str, ...]]
    parameters: frozenset[str] = frozenset()
    tables: frozenset[str] = frozenset()
    defines: frozenset[str] = frozenset()
    quantities: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def of(cls, case: Case, *, extra: Mapping[str, tuple[str, ...]] | None = None) -> Scope:
        """The scope of a case's own expressions."""
        return cls(
            variables=levels_of(case) | dict(extra or {}),
            parameters=frozenset(case.parameters),
            tables=frozenset(case.tables),
            defines=frozenset(case.define),
        )

    def names(self) -> list[str]:
        """Every name that means something here."""
        return [*self.variables, *self.parameters, *self.tables, *self.defines, *self.quantities]


def resolve_all(
    node: s.Node, scope: Scope, *, most: int = MOST_FAULTS
) -> tuple[s.Node, list[ExpressionError]]:
    """Like `resolve`, but go on after a fault: the node (faulty names left bare), its first `most` faults."""
    faults: list[ExpressionError] = []

    def go(here: s.Node) -> s.Node:
        if len(faults) >= most:
            return here
        try:
            match here:
                case s.Negate(operand):
                    return s.Negate(go(operand))
                case s.Not(operand):
                    return s.Not(go(operand))
                case s.Binary(operator, left, right):
                    return s.Binary(operator, go(left), go(right))
                case s.Logic(operator, operands):
                    return s.Logic(operator, tuple(go(operand) for operand in operands))
                case s.Call(function, arguments):
                    return s.Call(function, tuple(go(argument) for argument in arguments))
                case s.Compare(operator, left, right) if not isinstance(left, s.Name) or not isinstance(
                    right, s.Name
                ):
                    return s.Compare(operator, go(left), go(right))
                case _:
                    return resolve(here, scope)
        except ExpressionError as fault:
            faults.append(fault)
            return here

    return go(node), faults


def resolve(node: s.Node, scope: Scope) -> s.Node:
    """Replace each bare name by a parameter, variable, table or defined expression.

    In a comparison, a name that is a level of the variable on the other side becomes
    that level's index, before anything else is tried; so levels may share names with
    each other and with definitions. Raises ExpressionError with a near match.
    """
    match node:
        case s.Name(name, column):
            return _name(name, column, scope)
        case s.Compare(operator, left, right):
            return _comparison(operator, left, right, scope)
        case s.Negate(operand):
            return s.Negate(resolve(operand, scope))
        case s.Not(operand):
            return s.Not(resolve(operand, scope))
        case s.Binary(operator, left, right):
            return s.Binary(operator, resolve(left, scope), resolve(right, scope))
        case s.Logic(operator, operands):
            return s.Logic(operator, tuple(resolve(operand, scope) for operand in operands))
        case s.Call(function, arguments):
            return s.Call(function, tuple(resolve(argument, scope) for argument in arguments))
        case _:
            return node


def _name(name: str, column: int, scope: Scope) -> s.Node:
    if name in scope.variables:
        return s.Variable(name)
    if name in scope.parameters or name in scope.quantities:
        return s.Parameter(name)
    if name in scope.tables:
        return s.TableValue(name)
    if name in scope.defines:
        return s.Defined(name)
    owners = [variable for variable, levels in scope.variables.items() if name in levels]
    if owners:
        hint = f"it is a level of {owners[0]}: write {owners[0]} == {name}"
    else:
        hint = did_you_mean(name, scope.names(), cutoff=0.7)
    raise ExpressionError(f"{name[:64]!r} is not defined", column, hint)


def _comparison(operator: s.CompareOperator, left: s.Node, right: s.Node, scope: Scope) -> s.Node:
    sides = [left, right]
    for this, other in ((0, 1), (1, 0)):
        variable, level = sides[this], sides[other]
        if not (isinstance(variable, s.Name) and variable.id in scope.variables):
            continue
        if not isinstance(level, s.Name):
            continue
        levels = scope.variables[variable.id]
        if level.id in levels:
            resolved: list[s.Node] = [s.Variable(variable.id), s.Number(float(levels.index(level.id)))]
            return s.Compare(operator, resolved[this], resolved[other])
        if level.id not in scope.names():
            near = did_you_mean(level.id, levels) or did_you_mean(level.id, scope.names(), cutoff=0.7)
            hint = near or f"it has {', '.join(levels)}"
            raise ExpressionError(f"{variable.id} has no level {level.id[:64]!r}", level.column, hint)
    return s.Compare(operator, resolve(left, scope), resolve(right, scope))


def names_in(node: s.Node) -> tuple[str, ...]:
    """Every name that a node mentions, resolved or bare, each once and in the order of the text."""
    found: dict[str, None] = {}
    for part in s.walk(node):
        match part:
            case s.Name(name) | s.Parameter(name) | s.Variable(name) | s.TableValue(name) | s.Defined(name):
                found[name] = None
    return tuple(found)


def variables_of(node: s.Node, case: Case) -> tuple[str, ...]:
    """States and moves that a resolved node depends on, tables and definitions expanded."""
    scope = Scope.of(case)
    memory: dict[str, set[str]] = {}

    def collect(root: s.Node) -> set[str]:
        found: set[str] = set()
        for part in s.walk(root):
            match part:
                case s.Variable(name):
                    found.add(name)
                case s.TableValue(name):
                    found.update(case.tables[name].by)
                case s.Defined(name):
                    if name not in memory:
                        memory[name] = set()
                        memory[name] = collect(resolve(case.define[name].node, scope))
                    found |= memory[name]
        return found

    found = collect(node)
    return tuple(name for name in levels_of(case) if name in found)
