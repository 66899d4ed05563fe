"""The game room: compile a case, solve its equilibrium, push distributions forward.

Importing it switches JAX to float64 and turns the persistent compilation cache on.
"""

from tightrope.game import precision as _precision  # noqa: F401  (must come before any JAX array)
from tightrope.game.certificate import Certificate, NotCertified
from tightrope.game.compile import Game, compile_game
from tightrope.game.equilibrium import Equilibrium, solve, solve_finite

__all__ = ["Certificate", "Equilibrium", "Game", "NotCertified", "compile_game", "solve", "solve_finite"]
