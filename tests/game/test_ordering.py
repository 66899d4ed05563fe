"""The order in which a sweep takes nature's moves: it means the same, and none costs less."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import cache
from itertools import permutations
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.game.random_games import random_case
from tests.game.small_games import case
from tightrope.case.schema import Case
from tightrope.game import Game, compile_game
from tightrope.game.costs import period_costs
from tightrope.game.named import Named, expand
from tightrope.game.ordering import Touch, cheapest, sweep_plan
from tightrope.game.plan import Choice
from tightrope.game.prepared import prepared
from tightrope.game.primitives import primitives
from tightrope.game.sweep import backward


def run(seed: int) -> tuple[list[Touch], dict[str, tuple[int, ...]]]:
    """Moves of nature that touch one another here and there, and what is alive after them."""
    draw = random.Random(seed)
    actions = {"m": 3, "n": 2, "o": 4}
    variables = ["x", "y", "z", "w"]

    def classes(size: int) -> tuple[int, ...]:
        seen: dict[int, int] = {}
        return tuple(seen.setdefault(draw.randrange(size), len(seen)) for _ in range(size))

    touches = []
    for _ in range(draw.randint(2, 6)):
        heeded = {name: classes(size) for name, size in actions.items() if draw.random() < 0.4}
        reads = frozenset(name for name in variables if draw.random() < 0.25) | frozenset(heeded)
        changes = "" if draw.random() < 0.2 else draw.choice(variables)
        touches.append(Touch(changes, reads, heeded, draw.choice((1.0, 2.0, 5.0))))
    return touches, {name: classes(size) for name, size in actions.items() if draw.random() < 0.3}


def cost_of(touches: Sequence[Touch], order: Sequence[int], alive: dict[str, tuple[int, ...]]) -> float:
    """By hand: walked from the end, each move pays for all that anything so far tells apart."""
    cost = 0.0
    for place in range(len(order)):
        met = [touches[k].classes for k in order[place:]] + [alive]
        apart = 1.0
        for move in {name for classes in met for name in classes}:
            columns = [classes[move] for classes in met if move in classes]
            apart *= len(set(zip(*columns, strict=True)))
        cost += touches[order[place]].terms * apart
    return cost


def means_the_same(touches: Sequence[Touch], order: Sequence[int]) -> bool:
    """Whether every two moves of which one changes what the other changes or reads stand as written."""
    place = {k: n for n, k in enumerate(order)}
    for one in range(len(touches)):
        for other in range(one + 1, len(touches)):
            a, b = touches[one], touches[other]
            bound = a.changes == b.changes or a.changes in b.reads or b.changes in a.reads
            if bound and place[one] > place[other]:
                return False
    return True


@pytest.mark.parametrize("seed", range(60))
def test_no_order_that_means_the_same_costs_less(seed: int) -> None:
    touches, alive = run(seed)
    chosen = cheapest(touches, alive)
    every = [p for p in permutations(range(len(touches))) if means_the_same(touches, p)]
    assert chosen in every
    best = min(cost_of(touches, p, alive) for p in every)
    assert cost_of(touches, chosen, alive) == pytest.approx(best, rel=1e-12)
    written = tuple(range(len(touches)))
    if cost_of(touches, written, alive) <= best * (1.0 + 1e-12):
        assert chosen == written


def test_the_runs_above_are_worth_ordering() -> None:
    moved = sum(cheapest(*run(seed)) != tuple(range(len(run(seed)[0]))) for seed in range(60))
    assert moved >= 20


@cache
def ladders() -> Case:
    """Two players and five laws, of which the first heed most: walked as written, both actions live long.

    x and y heed both players, z the second one in part, w nobody; v heeds w, so the two keep their order.
    An exit and a pay stand between them, and one player sees a law otherwise.
    """
    moves: list[dict[str, Any]] = [
        {"move": "lead", "player": "one", "actions": ["a", "b", "c"], "precision": "2"},
        {"move": "reply", "player": "two", "actions": ["a", "b", "c"], "precision": "3",
         "available": {"c": "z != low"}},
    ]  # fmt: skip

    def steps(up: str, down: str) -> dict[str, Any]:
        return {"steps": {"up": {"logit": up}, "down": {"logit": down}}}

    return case(
        "ladders",
        states={name: ["low", "mid", "high"] if name in "xz" else ["low", "high"] for name in "xyzwv"},
        parameters={"delta": 0.9, "k": 0.7},
        period=[
            *moves,
            {"nature": "nw", "changes": "w", **steps("-1 + k*x", "-2")},
            {"nature": "nv", "changes": "v", **steps("-1 + k*w", "-1")},
            {"pay": "payoffs"},
            {"nature": "nx", "changes": "x", **steps("k*(lead == a) - reply", "-1 + lead"),
             "viewpoints": {"two": steps("k*(lead == b) - 1", "-1")}},
            {"nature": "end", "exit": {"logit": "-3 + (reply == c)"}, "to": {"over": 1}},
            {"nature": "nz", "changes": "z", **steps("k*(reply == b)", "-1")},
            {"nature": "ny", "changes": "y", **steps("-1 + (lead == b) + (reply == a)", "-2")},
            {"nature": "nu", "changes": "z", "set": [{"when": "v == high and reply == c", "to": "low"}]},
        ],
        payoffs={
            "one": {"x": "x", "z": "-k*z*(lead == c)", "v": "v*w/4"},
            "two": {"y": "y + k*w", "reply": "(reply == c)*(lead == a) - v/2"},
        },
        terminals={"over": {"one": "y", "two": "-x"}},
    )  # fmt: skip


CASES: dict[str, Case] = {
    "ladders": ladders(),
    **{f"random-{n}": random_case(n, together=n % 4 == 3) for n in (3, 5)},
}


@cache
def both(name: str) -> tuple[Game, Game]:
    """A case compiled as it is arranged and as it is written."""
    return compile_game(CASES[name]), compile_game(CASES[name], arranged=False)


def swept(game: Game, values: dict[str, np.ndarray]) -> tuple[dict[str, Named], dict[str, Named]]:
    """Values and strategies after one sweep."""
    named = {p: Named(jnp.asarray(values[p]), game.states) for p in game.players}

    @jax.jit
    def run(theta: Any) -> Any:
        given = prepared(game, primitives(game, theta))
        return backward(game, named, given.numbers, between=given.between)

    found: tuple[dict[str, Named], dict[str, Named]] = run(jnp.asarray(game.theta()))
    return found


@pytest.mark.parametrize("name", list(CASES))
def test_an_arranged_sweep_is_the_sweep_as_written(name: str) -> None:
    arranged, written = both(name)
    generator = np.random.default_rng(5)
    values = {p: generator.normal(size=arranged.shape) for p in arranged.players}
    one, other = swept(arranged, values), swept(written, values)
    for mine, plain in zip(one, other, strict=True):
        assert mine.keys() == plain.keys()
        for key, table in mine.items():
            axes = arranged.order.sort({*table.axes, *plain[key].axes})
            gap = expand(table, axes) - expand(plain[key], axes)
            assert float(jnp.max(jnp.abs(gap))) < 1e-12, key


@pytest.mark.parametrize("name", list(CASES))
def test_an_arranged_sweep_costs_no_more(name: str) -> None:
    arranged, written = (sum(step.cost for step in period_costs(game)) for game in both(name))
    assert arranged <= written


def test_moves_that_heed_less_are_taken_later_in_the_period() -> None:
    """By hand, for the ladders: everything but w and v, which stand before the payoffs, is one run.

    x moves first, z last; what sets z again after v's level is known stays behind z's own law.
    """
    game, written = both("ladders")
    plan = sweep_plan(game)
    names = [step.name for step in plan.steps if not isinstance(step, Choice)]
    assert names[:2] == ["nw", "nv"]
    assert names.index("nz") < names.index("nu")
    assert names != [step.name for step in game.plan.steps if not isinstance(step, Choice)]
    assert sorted(plan.source) == list(range(len(plan.steps)))
    assert all(plan.steps[k] == game.plan.steps[plan.number(k)] for k in range(len(plan.steps)))
    assert sweep_plan(written) is written.plan
    cost, plainly = (sum(step.cost for step in period_costs(g)) for g in (game, written))
    assert cost < 0.8 * plainly
