"""Random stochastic games with every state in reach of every other: the class that general solvers take.

All players move at once; payoffs and the law of the next state are arrays indexed by the state and all
moves. A case file states laws by expressions and its variables have at most twelve levels, so such a game
is a skeleton compiled from a case, its one variable lengthened, with arrays put in the place of its numbers.
"""

from __future__ import annotations

from functools import cache

import jax.numpy as jnp
import numpy as np

from tightrope.case.schema import Case, StateVariable
from tightrope.game import Game, compile_game
from tightrope.game.named import Named
from tightrope.game.plan import WORLD, after
from tightrope.game.primitives import Primitives
from tightrope.game.roots import primitives_function

DISCOUNT = 0.95
STATE = "state"


@cache
def skeleton(players: int, states: int, actions: int) -> Game:
    """A game of that size whose payoffs and law are still to be put in."""
    names = [f"player{k}" for k in range(players)]
    levels = tuple(f"s{k}" for k in range(states))
    moves = [
        {"move": f"move{k}", "player": name, "actions": [f"a{j}" for j in range(actions)], "precision": "1"}
        for k, name in enumerate(names)
    ]
    # Every payoff mentions every move and the state, so that the arrays may depend on all of them.
    everything = " + ".join([STATE, *(f"move{k}" for k in range(players))])
    case = Case.model_validate(
        {
            "case": "dense",
            "title": "A random stochastic game",
            "calendar": {"period": "year", "first": "2000"},
            "players": {name: {"label": name, "discount": str(DISCOUNT)} for name in names},
            "states": {STATE: {"label": STATE, "levels": ["one", "two"]}},
            "period": [{"together": moves}, {"nature": "law", "changes": STATE, "set": []}],
            "payoffs": {name: {"stage": everything} for name in names},
            "start": {STATE: "one"},
        }
    )
    # The limit on levels guards files that people write; nothing below the file has one.
    state = StateVariable.model_construct(label=STATE, levels=levels, latent=False, direction=None)
    return compile_game(case.model_copy(update={"states": {STATE: state}, "start": {STATE: levels[0]}}))


def draw(players: int, states: int, actions: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Payoffs (players, actions…, states), uniform on [0, 1], and a law (actions…, states, states)."""
    generator = np.random.default_rng(seed)
    profile = (actions,) * players
    payoffs = generator.random((players, *profile, states))
    law = generator.exponential(size=(*profile, states, states))
    return payoffs, law / law.sum(-1, keepdims=True)


def numbers_of(game: Game, payoffs: np.ndarray, law: np.ndarray, *, precision: float) -> Primitives:
    """The numbers of a skeleton with these payoffs and this law, all moves at one precision."""
    empty = primitives_function(game)(jnp.asarray(game.theta()))
    stage = {
        (player, "stage"): Named(jnp.asarray(payoffs[k]), (*game.moves, STATE))
        for k, player in enumerate(game.players)
    }
    (step,) = empty.kernels
    kernel = Named(jnp.asarray(law), (*game.moves, STATE, after(STATE)))
    return empty._replace(
        terms=stage,
        kernels={step: {WORLD: kernel}},
        precision={move: Named(jnp.asarray(float(precision)), ()) for move in game.moves},
    )
