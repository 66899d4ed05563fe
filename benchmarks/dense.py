"""Random dense games: time beside sgamesolver's, and how many are certified as precision rises."""

from __future__ import annotations

import statistics
import sys
import time

import numpy as np

from benchmarks.dense_games import DISCOUNT, draw, numbers_of, skeleton
from benchmarks.page import Section, verdict
from benchmarks.peers import NoPeerError, ask, named
from benchmarks.timing import Timing, shown, timed
from tightrope.game import Game
from tightrope.game.layout import unpack
from tightrope.game.primitives import Primitives
from tightrope.game.roots import find_root, look_function

PRECISION = 2.0
SIZES: dict[tuple[int, int, int], tuple[float, int]] = {
    (2, 10, 2): (30.0, 5),
    (2, 50, 3): (50.0, 3),
    (3, 20, 3): (0.0, 3),
    (2, 200, 3): (500.0, 1),
}
"""(players, states, actions) -> ratio asked for (0: none), and how often the peer is run."""
AGREE = 1e-8


def solved(game: Game, numbers: Primitives, *, walked: bool) -> tuple[np.ndarray, list[np.ndarray], float]:
    """Values (players, states), strategies (states, actions) by move, and the residual."""
    root, *_ = find_root(game, numbers, branch="principal" if walked else "direct")
    strategies, _, _ = look_function(game, "agent")(root.z, numbers)
    values, _ = unpack(game, root.z)
    return (
        np.array([values[player].data for player in game.players]),
        [np.asarray(strategies[move].data).T for move in game.moves],
        float(root.residual),
    )


def _timed(game: Game, numbers: Primitives, *, walked: bool) -> Timing:
    def call() -> float:
        root, _, branch, _ = find_root(game, numbers, branch="principal" if walked else "direct")
        _, _, gain = look_function(game, "agent")(root.z, numbers)
        assert branch == ("principal" if walked else "direct")
        return float(gain)

    return timed(call, repeats=5 if walked else 15)


def against_sgamesolver() -> Section:
    """Times and agreement at precision 2."""
    rows = []
    for (players, states, actions), (target, repeats) in SIZES.items():
        size = f"({players}, {states}, {actions})"
        game = skeleton(players, states, actions)
        payoffs, law = draw(players, states, actions, 0)
        numbers = numbers_of(game, payoffs, law, precision=PRECISION)
        direct, walk = (_timed(game, numbers, walked=walked) for walked in (False, True))
        values, strategies, residual = solved(game, numbers, walked=True)
        ours = [shown(direct.cpu), shown(walk.cpu)]
        question = {
            "payoffs": payoffs, "laws": law, "discount": np.array(DISCOUNT), "precision": np.array(PRECISION),
            "repeats": np.array(repeats), "sharp": np.array(False),
        }  # fmt: skip
        try:
            peer = ask("sgamesolver", question)
            # What it stops at by default is near, not equal; held to 1e-11 it says which digits are its own.
            sharp = peer if states >= 200 else ask("sgamesolver", {**question, "sharp": np.array(True)})
        except NoPeerError as error:
            rows.append((size, *ours, "-", "-", "-", "-", str(error)))
            continue
        gap = max(
            float(np.max(np.abs(sharp["strategies"][:, k, :] - table))) for k, table in enumerate(strategies)
        )
        gap_values = float(np.max(np.abs(sharp["values"].T - values)))
        seconds = float(peer["seconds"])
        ratio, walked_ratio = seconds / direct.cpu, seconds / walk.cpu
        told = f"{target:.0f}, {verdict(ratio, target, at_least=True)}" if target else ""
        agrees = f"{gap:.0e} and {gap_values:.0e}, {verdict(max(gap, gap_values), AGREE)}"
        rows.append((size, *ours, shown(seconds), f"{ratio:,.0f}", f"{walked_ratio:,.1f}", told, agrees))
        print(f"dense {size}: {ratio:.0f} times, gap {gap:.0e}, residual {residual:.0e}", file=sys.stderr)
    return Section(
        title="Random dense games beside sgamesolver",
        words=(
            f"Simultaneous moves, payoffs uniform on [0, 1], discount {DISCOUNT}, precision {PRECISION:g}, "
            f"every state in reach of every other. {named('sgamesolver')} (Cython build, one thread) "
            "follows its homotopy from precision 0 to 2; building its game is left out of its time. "
            "*Direct* is a solve from zero values, *walked* one along the principal branch as "
            "sgamesolver's is; certificates included, warm. Times are of the processor. Agreement is of "
            "strategies and of values, at sgamesolver's sharpest settings but for the largest game."
        ),
        header=("players, states, actions", "direct", "walked", "sgamesolver", "ratio, direct",
                "ratio, walked", "target (direct)", "largest gaps (target 1e-8)"),
        rows=rows,
    )  # fmt: skip


CURVE = (2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
ASKED = {2.0: 10, 5.0: 10, 10.0: 10, 20.0: 9, 50.0: 9}
SURVEY = {(2, 50, 3): {2.0: "10", 5.0: "10", 10.0: "10", 20.0: "7", 50.0: "6", 100.0: "6"}}
GAMES = 10


def by_precision() -> Section:
    """How many of ten random games are certified, by precision."""
    rows = []
    for size in ((2, 50, 3), (3, 20, 3)):
        game = skeleton(*size)
        drawn = [draw(*size, seed) for seed in range(GAMES)]
        for precision in CURVE:
            walked = direct = principal = turned = 0
            taken = []
            for payoffs, law in drawn:
                numbers = numbers_of(game, payoffs, law, precision=precision)
                begun = time.process_time()
                root, _, branch, turns = find_root(game, numbers)
                taken.append(time.process_time() - begun)
                good = float(root.residual) <= 1e-9
                walked += good
                principal += good and branch == "principal"
                turned += bool(turns)
                direct += float(find_root(game, numbers, branch="direct")[0].residual) <= 1e-9
            target = ASKED.get(precision)
            told = "" if target is None else f"{target}, {verdict(walked, target, at_least=True)}"
            survey = SURVEY.get(size, {}).get(precision, "-")
            rows.append(
                (f"{size}", f"{precision:g}", f"{walked}", f"{principal}", f"{turned}", f"{direct}",
                 survey, told, shown(statistics.median(taken)))
            )  # fmt: skip
            print(f"precision {precision:g}, {size}: {walked}/{GAMES}, direct {direct}", file=sys.stderr)
    return Section(
        title="Convergence by precision",
        words=(
            f"{GAMES} random dense games each, residual 1e-9 in log-odds. *Default* walks the principal "
            "branch and, where that is lost, solves from zero values; *walked* counts those that arrived "
            "by walking, *folds* those in which the branch turned round on the way. *Newton* is what a "
            "prototype of Newton with continuation in precision, without pseudo-arclength, got on games "
            "drawn alike."
        ),
        header=("players, states, actions", "precision", "default: certified", "of them walked", "folds",
                "direct: certified", "Newton", "target (default)", "processor, median of default"),
        rows=rows,
    )  # fmt: skip
