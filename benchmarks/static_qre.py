"""Static games beside pygambit: logit equilibria of random bimatrix and small extensive games.

Our games are played again and again; where the state never changes strategies are those of the static game.
Gambit gets the same games as text in its own formats.
"""

from __future__ import annotations

import json
import sys
from functools import cache
from typing import Any

import jax.numpy as jnp
import numpy as np
from scipy.optimize import minimize_scalar

from benchmarks.dense_games import numbers_of, skeleton
from benchmarks.page import Section, verdict
from benchmarks.peers import NoPeerError, ask, named
from tightrope.case.schema import Case
from tightrope.game import Game, compile_game
from tightrope.game.named import Named
from tightrope.game.primitives import Primitives
from tightrope.game.roots import find_root, look_function, primitives_function

PRECISIONS = (0.25, 1.0, 4.0, 16.0)
SEEDS = range(5)
CLOSE = 1e-8
TREES = ("two moves, seen", "three moves with chance between", "simultaneous, then a third move")
PENNIES = (np.array([[9.0, 0.0], [0.0, 1.0]]), np.array([[0.0, 1.0], [1.0, 0.0]]))
"""Matching pennies whose row player has nine at stake on one side (after Ochs 1995)."""
COUNTS = np.array([[126, 74], [38, 162]])
KNOWN = (6.7734, -234.9048)


def bimatrix_text(rows: np.ndarray, columns: np.ndarray) -> str:
    """A bimatrix game in Gambit's format: payoffs by strategy of the first player, then of the second."""
    sizes = " ".join(map(str, rows.shape))
    numbers = [f"{a!r} {b!r}" for b_row, a_row in zip(columns.T.tolist(), rows.T.tolist(), strict=True)
               for a, b in zip(a_row, b_row, strict=True)]  # fmt: skip
    return f'NFG 1 R "" {{ "one" "two" }} {{ {sizes} }}\n\n{" ".join(numbers)}\n'


def strategies(game: Game, numbers: Primitives) -> dict[str, Named]:
    """Strategies on the principal branch; raises where they are not certified."""
    root, _, branch, _ = find_root(game, numbers, tolerance=1e-11)
    assert float(root.residual) <= 1e-11, "not certified"
    assert branch == "principal", branch
    found: dict[str, Named] = look_function(game, "agent")(root.z, numbers)[0]
    return found


def bimatrix(rows: np.ndarray, columns: np.ndarray, precision: float) -> list[np.ndarray]:
    """Both players' strategies in a square game."""
    size = rows.shape[0]
    game = skeleton(2, 2, size)
    payoffs = np.repeat(np.stack([rows, columns])[..., None], 2, axis=-1)
    law = np.broadcast_to(np.eye(2), (size, size, 2, 2))
    found = strategies(game, numbers_of(game, payoffs, law, precision=precision))
    return [np.asarray(found[move].data)[:, 0] for move in game.moves]


@cache
def tree(kind: int) -> Game:
    """A small extensive game played once a period: the skeleton of one of `TREES`."""

    def move(name: str, player: str, count: int) -> dict[str, Any]:
        actions = [f"{name}{k}" for k in range(count)]
        return {"move": name, "player": player, "actions": actions, "precision": "precision"}

    first, second, third = move("first", "one", 2), move("second", "two", 3), move("third", "one", 2)
    luck = {"nature": "draw", "changes": "luck", "weights": {"bad": 1, "good": 3}}
    period: list[dict[str, Any]] = [
        [first, second],
        [first, luck, second, third],
        [{"together": [first, second]}, luck, third],
    ][kind]
    everything = " + ".join(["luck", "first", "second"] + ["third"] * (kind > 0))
    return compile_game(
        Case.model_validate(
            {
                "case": "tree",
                "title": TREES[kind],
                "calendar": {"period": "year", "first": "2000"},
                "players": {p: {"label": p, "discount": "0"} for p in ("one", "two")},
                "states": {"luck": {"label": "luck", "levels": ["bad", "good"]}},
                "parameters": {"precision": {"value": 1.0, "fixed": True, "why": "a benchmark"}},
                "period": period,
                "payoffs": {p: {"all": everything} for p in ("one", "two")},
                "start": {"luck": "bad"},
            }
        )
    )


def tree_payoffs(kind: int, seed: int) -> np.ndarray:
    """Payoffs uniform on [0, 1], (players, first, second, third, luck); a missing axis has length 1."""
    generator = np.random.default_rng(100 + seed)
    shape = (2, 2, 3, 2 if kind else 1, 2 if kind else 1)
    return generator.random(shape)


def tree_text(kind: int, payoffs: np.ndarray) -> str:
    """The tree in Gambit's format, node by node from the root."""
    lines, leaves = ['EFG 2 R "" { "one" "two" }', '""'], 0
    sets: dict[tuple[Any, ...], int] = {}
    chance = 'c "" 1 "" { "bad" 1/4 "good" 3/4 } 0'
    orders = [["first", "second"], ["first", "luck", "second", "third"], ["first", "second", "luck", "third"]]
    actors = {"first": (1, 2), "second": (2, 3), "third": (1, 2)}

    def go(depth: int, taken: dict[str, int]) -> None:
        nonlocal leaves
        order = orders[kind]
        if depth == len(order):
            leaves += 1
            at = tuple(taken.get(name, 0) for name in ("first", "second", "third", "luck"))
            lines.append(f't "" {leaves} "" {{ {float(payoffs[(0, *at)])!r}, {float(payoffs[(1, *at)])!r} }}')
            return
        name = order[depth]
        if name == "luck":
            lines.append(chance)
            count = 2
        else:
            player, count = actors[name]
            # In the third kind of tree the second mover does not see the first.
            seen = () if kind == 2 and name == "second" else tuple(sorted(taken.items()))
            key = (player, name, seen)
            sets.setdefault(key, 1 + sum(k[0] == player for k in sets))
            actions = " ".join(f'"{name}{k}"' for k in range(count))
            lines.append(f'p "" {player} {sets[key]} "" {{ {actions} }} 0')
        for k in range(count):
            go(depth + 1, {**taken, name: k})

    go(0, {})
    return "\n".join(lines) + "\n"


def tree_strategies(kind: int, payoffs: np.ndarray, precision: float) -> list[list[np.ndarray]]:
    """By player, the mixture at each information set, in the order in which Gambit meets them."""
    game = tree(kind)
    empty = primitives_function(game)(jnp.asarray(game.theta({"precision": precision})))
    axes = (*game.moves, "luck")
    shape = [payoffs.shape[1 + k] for k in range(3)]
    table = payoffs.reshape(2, *[n for n, name in zip(shape, ("first", "second", "third"), strict=True)
                                 if name in game.moves], payoffs.shape[-1])  # fmt: skip
    wide = np.broadcast_to(table, (*table.shape[:-1], 2))
    terms = {(p, "all"): Named(jnp.asarray(wide[k]), axes) for k, p in enumerate(game.players)}
    found = strategies(game, empty._replace(terms=terms))
    sizes = game.sizes

    def mixtures(name: str, seen: list[str]) -> list[np.ndarray]:
        x = found[name]
        whole = np.asarray(x.data)
        for axis in set(x.axes) - {name, *seen}:
            whole = np.take(whole, [0], axis=x.axes.index(axis))
        order = [*seen, name]
        whole = np.moveaxis(whole, [x.axes.index(a) for a in order if a in x.axes],
                            range(sum(a in x.axes for a in order)))  # fmt: skip
        whole = whole.reshape([sizes[a] if a in x.axes else 1 for a in order])
        return list(np.broadcast_to(whole, [sizes[a] for a in order]).reshape(-1, sizes[name]))

    if kind == 0:
        return [mixtures("first", []), mixtures("second", ["first"])]
    if kind == 1:
        return [
            mixtures("first", []) + mixtures("third", ["first", "luck", "second"]),
            mixtures("second", ["first", "luck"]),
        ]
    return [mixtures("first", []) + mixtures("third", ["first", "second", "luck"]), mixtures("second", [])]


def log_likelihood(precision: float) -> float:
    """Of the counts in matching pennies at one precision."""
    played = bimatrix(*PENNIES, precision)
    return float(sum(n @ np.log(p) for n, p in zip(COUNTS, played, strict=True)))


def maxima() -> list[tuple[float, float]]:
    """All local maxima of the likelihood up to 30, from a grid: (precision, log-likelihood)."""
    grid = np.exp(np.linspace(np.log(0.01), np.log(30.0), 60))
    seen = [log_likelihood(float(x)) for x in grid]
    found = []
    for k in range(1, len(grid) - 1):
        if seen[k] > max(seen[k - 1], seen[k + 1]):
            bounds = (float(grid[k - 1]), float(grid[k + 1]))
            best = minimize_scalar(lambda x: -log_likelihood(x), bounds=bounds, method="bounded",
                                   options={"xatol": 1e-7})  # fmt: skip
            found.append((float(best.x), -float(best.fun)))
    return found


def static_games() -> Section:
    """Both kinds of games, and the estimate."""
    rows = []
    asked: dict[str, list[str]] = {}
    ours: dict[str, list[list[list[list[float]]]]] = {}
    for size in (2, 3):
        name = f"bimatrix {size} by {size}"
        asked[name], ours[name] = [], []
        for seed in SEEDS:
            one, two = np.random.default_rng(seed).random((2, size, size))
            asked[name].append(bimatrix_text(one, two))
            ours[name].append([[x.tolist() for x in bimatrix(one, two, lam)] for lam in PRECISIONS])
    for kind, name in enumerate(TREES):
        asked[name], ours[name] = [], []
        for seed in SEEDS:
            payoffs = tree_payoffs(kind, seed)
            asked[name].append(tree_text(kind, payoffs))
            ours[name].append(
                [
                    [x.tolist() for own in tree_strategies(kind, payoffs, lam) for x in own]
                    for lam in PRECISIONS
                ]
            )
        print(f"static games: {name}", file=sys.stderr)
    try:
        text = json.dumps({"games": asked, "precisions": PRECISIONS})
        theirs = json.loads(str(ask("pygambit", {"asked": np.array(text)})["answered"]))
    except NoPeerError as error:
        rows = [(name, "-", "-", str(error)) for name in asked]
    else:
        for name, games in ours.items():
            gaps = [
                max(
                    float(np.max(np.abs(np.subtract(a, b))))
                    for a, b in zip(mine, other, strict=True)
                )
                for game, peer in zip(games, theirs[name], strict=True)
                for mine, other in zip(game, peer, strict=True)
            ]  # fmt: skip
            rows.append((name, f"{len(games)} games, {len(gaps)} equilibria", f"{max(gaps):.0e}",
                         f"{CLOSE:.0e}, {verdict(max(gaps), CLOSE)}"))  # fmt: skip
    peaks = maxima()
    best = max(peaks, key=lambda x: x[1])
    right = abs(best[0] - KNOWN[0]) < 1e-4 and abs(best[1] - KNOWN[1]) < 1e-4 and len(peaks) == 2
    listed = "; ".join(f"precision {x:.4f}, log-likelihood {y:.4f}" for x, y in peaks)
    return Section(
        title="Static games: pygambit",
        words=(
            "Logit equilibria on the principal branch at precisions "
            f"{', '.join(f'{x:g}' for x in PRECISIONS)} beside {named('pygambit')}; payoffs uniform on [0, "
            "1], seeds 0 to 4."
        ),
        header=("games", "how many", "largest gap in any choice probability", "target"),
        rows=rows,
        after=(
            "Matching pennies with nine at stake on one side, 126 of 200 rows up and 38 of 200 columns "
            f"left: the likelihood's local maxima for precisions up to 30 are: {listed}. Known: {KNOWN[0]} "
            f"with {KNOWN[1]}, and a second one ({'met' if right else 'missed'})."
        ),
    )
