"""Small games for the record, fit and forecast tests, and what they imply, enumerated in plain Python."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tests.game.slow import Slow
from tightrope.case.calendar import parse_period
from tightrope.case.schema import Case, NatureMove, PlayerMove
from tightrope.game import compile_game
from tightrope.game.compile import Game
from tightrope.game.equilibrium import primitives_function, start, strategies_at, strategies_function
from tightrope.game.named import Named
from tightrope.record.coding import CodedRecord

PLAYERS = {
    "big": {"label": "Big", "role": "patron", "discount": "delta"},
    "small": {"label": "Small", "role": "client", "discount": "0.8"},
}


def free(value: float, argument: str, agnostic: str = "normal(mean=0, sd=1)") -> dict[str, Any]:
    """A free parameter with its two priors."""
    return {"value": value, "prior": {"argument": argument, "agnostic": agnostic}, "why": "a test",
            "source": "calibrated"}  # fmt: skip


def everything_case() -> Case:
    """Two players and every feature that a record's likelihood must handle.

    `ladder` changes twice in a period, once before the moves; `climate` changes once, before the
    moves; `kind` never changes; `weather` is latent; the game may end between the moves (seen
    otherwise by `small`) and after them.
    """
    return Case.model_validate(
        {
            "case": "everything", "title": "A game with every feature",
            "calendar": {"period": "year", "first": "2000"},
            "players": PLAYERS,
            "states": {
                "ladder": {"label": "l", "levels": ["low", "mid", "high"], "direction": "up"},
                "climate": {"label": "c", "levels": ["calm", "storm"]},
                "kind": {"label": "k", "levels": ["soft", "hard"]},
                "weather": {"label": "w", "levels": ["bad", "good"], "latent": True},
            },
            "terminals": {
                "gone": {"label": "g", "payoffs": {"big": "-1", "small": "0.4"}},
                "joined": {"label": "j", "payoffs": {"big": "2*a", "small": "-a"},
                           "counts_as": {"ladder": "high", "climate": "calm"}},
            },
            "parameters": {
                "a": free(0.6, "normal(mean=0.5, sd=0.3)"),
                "b": free(0.9, "lognormal(median=1, sigma=0.5)", "halfnormal(scale=1)"),
                "c": free(-0.4, "normal(mean=0, sd=1)"),
                "lam": free(1.5, "lognormal(median=1.5, sigma=0.4)", "lognormal(median=1, sigma=1)"),
                "delta": {"value": 0.85, "fixed": True, "why": "a test"},
            },
            "period": [
                {"nature": "climb", "changes": "ladder", "steps": {"up": {"hazard": "0.2*b"}}},
                {"nature": "turn", "changes": "climate",
                 "weights": {"calm": "1", "storm": "0.5 + b*(ladder == high)"},
                 "viewpoints": {"big": {"weights": {"calm": "1", "storm": "2"}}}},
                {"move": "push", "player": "big", "actions": ["wait", "press"], "precision": "lam",
                 "available": {"press": "ladder != low or climate == storm"}},
                {"nature": "slip", "exit": {"logit": "-2 + a*push - 0.3*(kind == hard)"},
                 "to": {"gone": "1", "joined": "0.2 + ladder"},
                 "viewpoints": {"small": {"exit": {"prob": "0.3"}}}},
                {"move": "reply", "player": "small", "actions": ["yield", "stay", "hedge"],
                 "precision": "lam + 0.2*(kind == hard)"},
                {"nature": "rise", "changes": "ladder",
                 "steps": {"up": {"logit": "c - 1 + (reply == yield)"}}},
                {"nature": "leave", "exit": {"hazard": "0.05*b*(1 + (reply == hedge))"}, "to": {"gone": "1"}},
                {"nature": "mist", "changes": "weather",
                 "steps": {"down": {"logit": "c"}, "up": {"logit": "-c + 0.5*push"}}},
            ],
            "payoffs": {
                "big": {"rent": "ladder*a + 0.5*(reply == yield) - 0.3*push*(kind == hard)",
                        "mood": "0.4*weather*push"},
                "small": {"own": "b*(reply == stay) - push/2*(reply != yield) + 0.3*weather*(reply == hedge)",
                          "storms": "-0.4*(climate == storm)*(reply == hedge) + 0.1*ladder*(kind == soft)"},
            },
            "start": {"ladder": {"low": 0.5, "mid": 0.5}, "climate": "calm",
                      "kind": {"soft": 0.3, "hard": 0.7}, "weather": {"bad": 0.6, "good": 0.4}},
        }
    )  # fmt: skip


def seen_case() -> Case:
    """A game of which a record sees everything: no latent state, and no end while `quit` is zero."""
    return Case.model_validate(
        {
            "case": "seen", "title": "A game seen whole",
            "calendar": {"period": "quarter", "first": "1990Q1"},
            "players": PLAYERS,
            "states": {"rung": {"label": "r", "levels": ["low", "mid", "high"]},
                       "climate": {"label": "c", "levels": ["calm", "storm"]}},
            "terminals": {"gone": {"label": "g", "payoffs": {"big": "-1"}}},
            "parameters": {
                "a": free(0.9, "normal(mean=0, sd=1.5)"),
                "b": free(0.8, "lognormal(median=1.2, sigma=0.8)", "exponential(mean=1)"),
                "c": free(-0.3, "normal(mean=0, sd=1)"),
                "idle": free(0.5, "beta(a=2, b=2)", "uniform(low=0, high=1)"),
                "lam": {"value": 1.6, "fixed": True, "why": "a test"},
                "delta": {"value": 0.85, "fixed": True, "why": "a test"},
                "quit": {"value": 0, "fixed": True, "why": "a test"},
            },
            "period": [
                {"move": "push", "player": "big", "actions": ["wait", "press"], "precision": "lam"},
                {"nature": "slip", "exit": {"hazard": "quit*exp(c)*(1 + push)"}, "to": {"gone": "1"}},
                {"move": "reply", "player": "small", "actions": ["yield", "stay"], "precision": "lam"},
                {"nature": "rise", "changes": "rung",
                 "steps": {"down": {"logit": "-2"}, "up": {"logit": "c - 1 + 1.5*(reply == yield)"}}},
                {"nature": "turn", "changes": "climate", "weights": {"calm": "1 + push", "storm": "1"}},
            ],
            "payoffs": {
                "big": {"rent": "rung*a - 0.5*push + push*(climate == storm) + 0.01*(idle - idle)"},
                "small": {"own": "b*(reply == stay) - push*(reply == stay) + 0.3*(climate == calm)"},
            },
            "start": {"rung": "low", "climate": {"calm": 0.5, "storm": 0.5}},
        }
    )  # fmt: skip


def matching_case() -> Case:
    """Two who want to do the same at once, a little rather `up` where `bias` is positive.

    Both doing so and neither doing so are equilibria alike where `bias` is near zero. The principal branch
    leads to the better of the two: to other play on either side of zero.
    """
    both = "(1 + bias)*(lead == up)*(follow == up) + (lead == down)*(follow == down)"
    return Case.model_validate(
        {
            "case": "matching", "title": "Two who match",
            "calendar": {"period": "year", "first": "2000"},
            "players": PLAYERS,
            "states": {"climate": {"label": "c", "levels": ["calm", "storm"]}},
            "parameters": {
                "bias": free(0.1, "normal(mean=0.1, sd=0.3)"),
                "lam": {"value": 3, "fixed": True, "why": "a test"},
                "delta": {"value": 0.85, "fixed": True, "why": "a test"},
            },
            "period": [
                {"together": [
                    {"move": "lead", "player": "big", "actions": ["down", "up"], "precision": "lam"},
                    {"move": "follow", "player": "small", "actions": ["down", "up"], "precision": "lam"},
                ]},
                {"nature": "turn", "changes": "climate", "weights": {"calm": "1", "storm": "1"}},
            ],
            "payoffs": {"big": {"match": both}, "small": {"match": both}},
            "start": {"climate": {"calm": 0.5, "storm": 0.5}},
        }
    )  # fmt: skip


_GAMES: dict[int, tuple[Case, Game]] = {}


def compiled_once(case: Case) -> Game:
    """The game of a case object; compiled programs are kept by game."""
    return _GAMES.setdefault(id(case), (case, compile_game(case)))[1]


def tiny_case() -> Case:
    """One mover, one state variable: the least game whose likelihood runs through its equilibrium."""
    return Case.model_validate(
        {
            "case": "tiny", "title": "A tiny game",
            "calendar": {"period": "year", "first": "2000"},
            "players": {"big": PLAYERS["big"]},
            "states": {"rung": {"label": "r", "levels": ["low", "high"]}},
            "parameters": {
                "a": free(0.7, "normal(mean=0, sd=1)"),
                "lam": free(1.5, "lognormal(median=1.5, sigma=0.4)"),
                "delta": {"value": 0.85, "fixed": True, "why": "a test"},
            },
            "period": [
                {"move": "push", "player": "big", "actions": ["wait", "press"], "precision": "lam"},
                {"nature": "rise", "changes": "rung",
                 "steps": {"down": {"logit": "-a"}, "up": {"logit": "-1 + 2*push"}}},
            ],
            "payoffs": {"big": {"rent": "rung*a - 0.5*push"}},
            "start": {"rung": "low"},
        }
    )  # fmt: skip


class Solved:
    """A game with strategies, beside a slow twin that knows them.

    Strategies are the equilibrium's, found here by plain value iteration (nothing else needs
    compiling), or, with a `seed`, arbitrary ones: a filter must not care.
    """

    def __init__(self, case: Case, *, seed: int | None = None, **values: float) -> None:
        self.game = compiled_once(case)
        self.theta = self.game.theta(values)
        vector = jnp.asarray(self.theta)
        self.z = np.asarray(start(self.game))
        self.numbers = primitives_function(self.game)(vector)
        if seed is None:
            look = strategies_function(self.game, "agent")
            for _ in range(400):
                self.strategies, image = look(self.z, self.numbers)
                gap, self.z = np.max(np.abs(image - self.z)), image
            assert gap < 1e-12, "value iteration did not settle"
            self.strategies, _ = look(self.z, self.numbers)
        else:
            generator = np.random.default_rng(seed)
            shapes = jax.eval_shape(lambda n: strategies_at(self.game, self.z, n, "agent"), self.numbers)
            self.strategies = {}
            for move, x in shapes.items():
                table = generator.exponential(size=x.data.shape) + 0.1
                table /= table.sum(axis=x.axes.index(move), keepdims=True)
                self.strategies[move] = Named(jnp.asarray(table), x.axes)
        self.slow = Slow(case, dict(zip(self.game.parameters, self.theta, strict=True)))
        self._laws: dict[Any, Any] = {}

    def choice(self, move: str, point: Mapping[str, int]) -> list[float]:
        """The probabilities of a move's actions at a point."""
        x = self.strategies[move]
        key = (move, *(point[a] for a in x.axes if a != move))
        if key not in self._laws:
            data = np.asarray(x.data)
            self._laws[key] = data[tuple(slice(None) if a == move else point[a] for a in x.axes)].tolist()
        return list(self._laws[key])

    def branches(self, item: Any, point: Mapping[str, int]) -> list[tuple[float, dict[str, int] | str]]:
        """What one item of a period can lead to: probability, and the point or the terminal then."""
        key = (id(item), tuple(sorted(point.items())))
        if key not in self._laws:
            self._laws[key] = self._branches(item, point)
        return list(self._laws[key])

    def _branches(self, item: Any, point: Mapping[str, int]) -> list[tuple[float, dict[str, int] | str]]:
        if isinstance(item, PlayerMove):
            odds = self.choice(item.move, point)
            return [(p, {**point, item.move: a}) for a, p in enumerate(odds) if p]
        if isinstance(item, NatureMove) and item.changes is not None:
            odds = self.slow.next_level(item, None, point)
            return [(p, {**point, item.changes: x}) for x, p in enumerate(odds) if p]
        if isinstance(item, NatureMove):
            chance, shares = self.slow.leaving(item, None, point)
            return [(1 - chance, dict(point)), *((chance * q, t) for t, q in shares.items())]
        found: list[tuple[float, dict[str, int] | str]] = [(1.0, dict(point))]
        for move in item.together:
            odds = self.choice(move.move, point)
            found = [(p * q, {**x, move.move: a}) for p, x in found for a, q in enumerate(odds)]  # type: ignore[dict-item]
        return found

    def histories(
        self, point: Mapping[str, int], *, until: int | None = None, item: int = 0
    ) -> Iterator[tuple[float, dict[str, int] | str]]:
        """Every history of one period from a start state, up to item `until` (default: its end)."""
        steps = self.slow.steps
        if item == (len(steps) if until is None else until):
            yield 1.0, dict(point)
            return
        for p, then in self.branches(steps[item], point):
            if isinstance(then, str):
                yield p, then
            else:
                for q, end in self.histories(then, until=until, item=item + 1):
                    yield p * q, end

    def starts(self) -> Iterator[tuple[float, dict[str, int]]]:
        """Start states of the record with their probabilities."""
        for point in self.slow.starts():
            p = 1.0
            for name, level in point.items():
                given = self.game.case.start[name]
                label = self.game.levels[name][level]
                p *= float(given == label) if isinstance(given, str) else float(given.get(label, 0.0))
            if p:
                yield p, point

    @property
    def final(self) -> int:
        """How many items of the period there are up to its last player move, that one included."""
        steps = self.slow.steps
        return 1 + max(k for k, step in enumerate(steps) if not isinstance(step, NatureMove))


@cache
def everything() -> Solved:
    """The game with every feature, solved once."""
    return Solved(everything_case())


@cache
def seen(exits: bool = False) -> Solved:
    """The game seen whole, with or without a way to end, solved once."""
    return Solved(_SEEN, quit=0.15 if exits else 0.0)


_SEEN = seen_case()


def coded(game: Game, weights: Mapping[str, Any], *, rows: int) -> CodedRecord:
    """A record from weights; variables left out are not coded."""
    first = parse_period(game.case.calendar.first)
    tables = {name: np.asarray(table, dtype=float) for name, table in weights.items()}
    return CodedRecord(
        periods=tuple(str(first + k) for k in range(rows)),
        levels={name: game.levels[name] for name in tables},
        weights=tables,
        printed={name: np.argmax(table, axis=1) for name, table in tables.items()},
        events=((),) * rows,
        notes=("",) * rows,
        confidence=("high",) * rows,
    )


def enumerate_record(solved: Solved, record: CodedRecord) -> tuple[list[float], list[np.ndarray]]:
    """Probability of the record's first 1, 2, … rows, and each row's filtered start states.

    Follows every path from the start, one at a time, and weighs it by its codes.
    """
    game, rows = solved.game, len(record)
    evidence = [0.0] * rows
    filtered = [np.zeros(game.shape) for _ in range(rows)]

    def weight(names: Any, row: int, point: Mapping[str, int]) -> float:
        return math.prod(float(record.weights[n][row][point[n]]) for n in names if n in record.weights)

    def follow(row: int, p: float, opening: dict[str, int]) -> None:
        p *= weight(game.states, row, opening)
        if not p:
            return
        filtered[row][tuple(opening[s] for s in game.states)] += p
        for q, point in solved.histories(opening, until=solved.final):
            if isinstance(point, str):
                continue
            here = p * q * weight(game.moves, row, point)
            evidence[row] += here
            if row + 1 == rows or not here:
                continue
            for r, end in solved.histories(point, item=solved.final):
                if not isinstance(end, str):
                    follow(row + 1, here * r, {s: end[s] for s in game.states})

    for p, point in solved.starts():
        follow(0, p, point)
    return evidence, [x / x.sum() for x in filtered]
