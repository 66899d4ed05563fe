"""The game room: compile a case, solve its equilibrium, push distributions forward.

Importing it switches JAX to float64 and turns the persistent compilation cache on.
"""

from tightrope.compiled import precision as _precision  # noqa: F401  (must come before any JAX array)
from tightrope.game.batch import Batch, solve_many
from tightrope.game.branches import Branch, find_branches
from tightrope.game.certificate import Certificate, NotCertified
from tightrope.game.compile import Game, compile_game
from tightrope.game.equilibrium import Equilibrium, solve, solve_finite
from tightrope.game.explain import Explanation, explain
from tightrope.game.passage import Path, first_passage, likeliest_path, time_given_hit
from tightrope.game.statics import statics

__all__ = [
    "Batch",
    "Branch",
    "Certificate",
    "Equilibrium",
    "Explanation",
    "Game",
    "NotCertified",
    "Path",
    "compile_game",
    "explain",
    "find_branches",
    "first_passage",
    "likeliest_path",
    "solve",
    "solve_finite",
    "solve_many",
    "statics",
    "time_given_hit",
]
