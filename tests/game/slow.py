"""A second coding of a game, in plain Python: one period as a tree, walked point by point.

It shares nothing with the package but the case's data classes: names are resolved,
expressions valued, laws read and payoffs placed here anew. Payoffs are collected
where the case says, never earlier; a period is followed move by move from each
start state. It is slow, and meant to be read beside docs/model.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from tightrope.case import syntax as s
from tightrope.case.schema import Case, Law, NatureMove, Pay, PlayerMove, Together

Point = Mapping[str, int]
Values = dict[str, float]
Guess = Callable[[str, Point], list[float]]
Seen = dict[str, list[tuple[dict[str, int], list[float]]]]


@dataclass
class Slow:
    """A case at one set of parameter values, ready to be walked."""

    case: Case
    parameters: Mapping[str, float]
    steps: list[Any] = field(init=False)
    pay: int = field(init=False)
    names: dict[str, tuple[str, ...]] = field(init=False)

    def __post_init__(self) -> None:
        self.steps, self.pay = [], -2
        self.names = {name: state.levels for name, state in self.case.states.items()}
        last_choice = None
        for item in self.case.period:
            if isinstance(item, Pay):
                self.pay = len(self.steps) - 1
                continue
            if isinstance(item, (PlayerMove, Together)):
                last_choice = len(self.steps)
                for move in [item] if isinstance(item, PlayerMove) else item.together:
                    self.names[move.move] = move.actions
            self.steps.append(item)
        if self.pay == -2:
            self.pay = last_choice if last_choice is not None else len(self.steps) - 1

    # --- expressions -------------------------------------------------------------------------

    def number(self, expression: Any, point: Point) -> float:
        """The value of an expression at a point."""
        return self._value(expression.node, point)

    def _value(self, node: s.Node, point: Point) -> float:
        def of(x: s.Node) -> float:
            return self._value(x, point)

        match node:
            case s.Number(value):
                return value
            case s.Name(name):
                return self._name(name, point)
            case s.Negate(x):
                return -of(x)
            case s.Not(x):
                return 0.0 if of(x) else 1.0
            case s.Binary(operator, a, b):
                return self._arithmetic(operator, of(a), of(b))
            case s.Compare(operator, a, b):
                return self._compare(operator, *self._sides(a, b, point))
            case s.Logic(operator, operands):
                truths = [of(x) != 0 for x in operands]
                return float(all(truths) if operator == "and" else any(truths))
            case s.Call(function, arguments):
                return self._call(function, [of(x) for x in arguments])
        raise TypeError(node)

    @staticmethod
    def _arithmetic(operator: str, x: float, y: float) -> float:
        if operator in "+-":
            return x + y if operator == "+" else x - y
        if operator == "*":
            return x * y
        return x / y if operator == "/" else float(x**y)

    @staticmethod
    def _compare(operator: str, x: float, y: float) -> float:
        holds = {"==": x == y, "!=": x != y, "<": x < y, "<=": x <= y, ">": x > y, ">=": x >= y}
        return float(holds[operator])

    def _sides(self, a: s.Node, b: s.Node, point: Point) -> tuple[float, float]:
        for this, other in ((a, b), (b, a)):
            if isinstance(this, s.Name) and this.id in self.names and isinstance(other, s.Name):
                levels = self.names[this.id]
                if other.id in levels:
                    pair = (float(point[this.id]), float(levels.index(other.id)))
                    return pair if this is a else (pair[1], pair[0])
        return self._value(a, point), self._value(b, point)

    def _name(self, name: str, point: Point) -> float:
        if name in self.names:
            return float(point[name])
        if name in self.parameters:
            return float(self.parameters[name])
        if name in self.case.define:
            return self.number(self.case.define[name], point)
        table = self.case.tables[name]
        entry: Any = table.values
        for variable in table.by:
            level = point[variable]
            if isinstance(entry, Mapping):
                if self.names[variable][level] not in entry:
                    assert table.default is not None
                    return float(table.default)
                entry = entry[self.names[variable][level]]
            else:
                entry = entry[level]
        return float(entry)

    @staticmethod
    def _call(function: str, x: list[float]) -> float:
        if function == "where":
            return x[1] if x[0] else x[2]
        if function == "clip":
            return min(max(x[0], x[1]), x[2])
        if function in ("min", "max"):
            return min(x) if function == "min" else max(x)
        if function == "logistic":
            return 1.0 / (1.0 + math.exp(-x[0]))
        return {"exp": math.exp, "log": math.log, "sqrt": math.sqrt}[function](x[0])

    # --- laws ----------------------------------------------------------------------------------

    def _seen_by(self, item: NatureMove, view: str | None, field_name: str) -> Any:
        """One field of a nature move's law as a player (or the world: None) sees it."""
        law: Law = item
        if view in item.viewpoints:
            other = item.viewpoints[view]
            kinds = ("steps", "weights", "set")
            replaced = field_name in kinds and any(getattr(other, kind) is not None for kind in kinds)
            if replaced or getattr(other, field_name) is not None:
                law = other
        return getattr(law, field_name)

    def next_level(self, item: NatureMove, view: str | None, point: Point) -> list[float]:
        """Distribution of the changed variable's next level."""
        name = str(item.changes)
        here, size = point[name], len(self.names[name])
        result = [0.0] * size
        steps, weights, settings = (self._seen_by(item, view, f) for f in ("steps", "weights", "set"))
        if settings is not None:
            for setting in settings:
                if self.number(setting.when, point):
                    result[self.names[name].index(setting.to)] = 1.0
                    return result
            result[here] = 1.0
        elif weights is not None:
            for key, expression in weights.items():
                weight = self.number(expression, point)
                if key in self.names[name]:
                    result[self.names[name].index(key)] += weight
                else:
                    target = here + {"down": -1, "stay": 0, "up": 1}[key]
                    if 0 <= target < size:
                        result[target] += weight
            whole = sum(result)
            result = [weight / whole for weight in result]
        else:
            inside, kind = {}, ""
            for link, target in ((steps.down, here - 1), (steps.up, here + 1)):
                if link is not None:
                    (kind,) = (k for k in ("logit", "hazard", "prob") if getattr(link, k) is not None)
                    if 0 <= target < size:
                        inside[target] = self.number(getattr(link, kind), point)
            if kind == "prob":
                chance = inside
            elif kind == "hazard":
                rates = {target: max(rate, 0.0) for target, rate in inside.items()}
                whole = sum(rates.values())
                chance = {t: (1 - math.exp(-whole)) * r / whole if whole else 0.0 for t, r in rates.items()}
            else:
                odds = {target: math.exp(x) for target, x in inside.items()}
                chance = {t: o / (1 + sum(odds.values())) for t, o in odds.items()}
            for target, p in chance.items():
                result[target] = p
            result[here] = 1.0 - sum(chance.values())
        return result

    def leaving(self, item: NatureMove, view: str | None, point: Point) -> tuple[float, dict[str, float]]:
        """Probability of an exit, and the shares of the terminals."""
        link, to = self._seen_by(item, view, "exit"), self._seen_by(item, view, "to")
        if link.logit is not None:
            p = 1.0 / (1.0 + math.exp(-self.number(link.logit, point)))
        elif link.hazard is not None:
            p = 1.0 - math.exp(-max(self.number(link.hazard, point), 0.0))
        else:
            p = self.number(link.prob, point)
        weights = {terminal: self.number(weight, point) for terminal, weight in to.items()}
        return p, {terminal: weight / sum(weights.values()) for terminal, weight in weights.items()}

    # --- the period ----------------------------------------------------------------------------

    def starts(self) -> list[dict[str, int]]:
        """Every live state."""
        sizes = [range(len(state.levels)) for state in self.case.states.values()]
        return [dict(zip(self.case.states, levels, strict=True)) for levels in product(*sizes)]

    def key(self, point: Point) -> tuple[int, ...]:
        """The state part of a point."""
        return tuple(point[name] for name in self.case.states)

    def sweep(
        self,
        values: Mapping[tuple[int, ...], Values],
        *,
        convention: str = "agent",
        guess: Guess | None = None,
    ) -> tuple[dict[tuple[int, ...], Values], Seen]:
        """Values at the next start to values at this one, and each strategy at each point met."""
        seen: Seen = {name: [] for name in self.names if name not in self.case.states}
        players = list(self.case.players)
        memory: dict[Any, Values] = {}

        def moment(i: int, point: dict[str, int]) -> Values:
            mark = (i, tuple(sorted(point.items())))
            if mark not in memory:
                rest = self._step(i, point, values, moment, seen, convention, guess)
                if i - 1 == self.pay:
                    for p in players:
                        now = sum(self.number(term, point) for term in self.case.payoffs.get(p, {}).values())
                        rest[p] = now + self.number(self.case.players[p].discount, {}) * rest[p]
                memory[mark] = rest
            return dict(memory[mark])

        return {self.key(start): moment(0, start) for start in self.starts()}, seen

    def _step(
        self, i: int, point: dict[str, int], values: Any, moment: Any, seen: Seen, convention: str, guess: Any
    ) -> Values:
        players = list(self.case.players)
        if i == len(self.steps):
            return dict(values[self.key(point)])
        item = self.steps[i]
        if isinstance(item, NatureMove) and item.changes is not None:
            result = {}
            for p in players:
                odds = self.next_level(item, p, point)
                result[p] = sum(
                    chance * moment(i + 1, point | {item.changes: level})[p]
                    for level, chance in enumerate(odds)
                    if chance
                )
            return result
        if isinstance(item, NatureMove):
            rest, result = moment(i + 1, point), {}
            for p in players:
                chance, shares = self.leaving(item, p, point)
                gone = sum(
                    share * self.number(self.case.terminals[t].payoffs[p], point)
                    for t, share in shares.items()
                    if p in self.case.terminals[t].payoffs
                )
                result[p] = (1 - chance) * rest[p] + chance * gone
            return result
        if isinstance(item, PlayerMove):
            branch = [moment(i + 1, point | {item.move: a}) for a in range(len(item.actions))]
            own = [x[item.player] for x in branch]
            odds, logsum = self._respond(item, own, point)
            seen[item.move].append((dict(point), odds))
            result = {p: sum(o * x[p] for o, x in zip(odds, branch, strict=True)) for p in players}
            if convention == "ev1":
                result[item.player] = logsum
            return result
        return self._together(i, item, point, moment, seen, convention, guess)

    def _together(
        self,
        i: int,
        item: Together,
        point: dict[str, int],
        moment: Any,
        seen: Seen,
        convention: str,
        guess: Any,
    ) -> Values:
        moves = item.together
        known = {m.move: guess(m.move, point) for m in moves}
        joint = {
            actions: moment(i + 1, point | dict(zip([m.move for m in moves], actions, strict=True)))
            for actions in product(*(range(len(m.actions)) for m in moves))
        }

        def mean(player: str, fixed: tuple[int, int] | None = None) -> float:
            """Expected value under the guess, with one move (number, action) held fixed."""
            whole = 0.0
            for actions, value in joint.items():
                if fixed is not None and actions[fixed[0]] != fixed[1]:
                    continue
                weight = 1.0
                for number, m in enumerate(moves):
                    if fixed is None or number != fixed[0]:
                        weight *= known[m.move][actions[number]]
                whole += weight * value[player]
            return whole

        result = {p: mean(p) for p in self.case.players}
        bonus = dict.fromkeys(result, 0.0)
        for number, m in enumerate(moves):
            own = [mean(m.player, (number, a)) for a in range(len(m.actions))]
            odds, logsum = self._respond(m, own, point)
            seen[m.move].append((dict(point), odds))
            bonus[m.player] += logsum - sum(o * v for o, v in zip(known[m.move], own, strict=True))
        return {p: v + bonus[p] for p, v in result.items()} if convention == "ev1" else result

    def _respond(self, move: PlayerMove, own: list[float], point: Point) -> tuple[list[float], float]:
        """Logit reply to payoffs by action, and the log-sum."""
        precision = self.number(move.precision, point)
        open_to = [
            a not in move.available or self.number(move.available[a], point) != 0 for a in move.actions
        ]
        top = max(precision * v for v, ok in zip(own, open_to, strict=True) if ok)
        weights = [math.exp(precision * v - top) if ok else 0.0 for v, ok in zip(own, open_to, strict=True)]
        whole = sum(weights)
        return [w / whole for w in weights], (math.log(whole) + top) / precision

    def expect(
        self, f: Mapping[tuple[int, ...], float], ended: Mapping[str, float], strategy: Guess
    ) -> dict[tuple[int, ...], float]:
        """Expectation of f over a period's end in the world's view, strategies given."""

        def moment(i: int, point: dict[str, int]) -> float:
            if i == len(self.steps):
                return f[self.key(point)]
            item = self.steps[i]
            if isinstance(item, NatureMove) and item.changes is not None:
                odds = self.next_level(item, None, point)
                return sum(o * moment(i + 1, point | {item.changes: x}) for x, o in enumerate(odds) if o)
            if isinstance(item, NatureMove):
                chance, shares = self.leaving(item, None, point)
                gone = sum(share * ended[t] for t, share in shares.items())
                return (1 - chance) * moment(i + 1, point) + chance * gone
            moves = [item] if isinstance(item, PlayerMove) else list(item.together)
            whole = 0.0
            for actions in product(*(range(len(m.actions)) for m in moves)):
                weight, further = 1.0, dict(point)
                for m, a in zip(moves, actions, strict=True):
                    weight *= strategy(m.move, point)[a]
                    further[m.move] = a
                if weight:
                    whole += weight * moment(i + 1, further)
            return whole

        return {self.key(start): moment(0, start) for start in self.starts()}
