"""One player whose choices have next to no noise, beside QuantEcon's modified policy iteration."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from benchmarks.page import Section, verdict
from benchmarks.peers import NoPeerError, ask, named
from benchmarks.timing import shown, timed
from tightrope.case.schema import Case
from tightrope.game import Game, compile_game, solve

LADDERS, LEVELS, ACTIONS = 5, 10, 9
DISCOUNT = 0.95
PRECISION = 1e12
CLOSE = 1e-8
"""What both are asked to stay below, in payoff, at every state."""
TARGET = 5.0
RISE, FALL = 0.6, 0.25


def raised(action: int) -> int:
    """The ladder that an action works on."""
    return action % LADDERS


def neglected(action: int) -> int:
    """The ladder that suffers meanwhile."""
    return (action + 1 + action // LADDERS) % LADDERS


def agent_game() -> Game:
    """Nine kinds of work on five ladders of ten levels: one rises, another falls, by chance."""
    names = [f"x{k}" for k in range(LADDERS)]
    actions = [f"work{k}" for k in range(ACTIONS)]

    def among(chosen: list[str]) -> str:
        return "(" + " + ".join(f"(work == {a})" for a in chosen) + ")"

    period: list[dict[str, Any]] = [
        {"move": "work", "player": "one", "actions": actions, "precision": f"{PRECISION:.0f}"},
        {"pay": "payoffs"},
    ]
    for k, name in enumerate(names):
        up = among([a for n, a in enumerate(actions) if raised(n) == k])
        down = among([a for n, a in enumerate(actions) if neglected(n) == k])
        steps = {
            "up": {"prob": f"({RISE} - 0.04*{name})*{up}"},
            "down": {"prob": f"({FALL} + 0.03*{name})*{down}"},
        }
        period.append({"nature": f"n{k}", "changes": name, "steps": steps})
    payoffs = {name: f"{_worth(k)}*{name}/{LEVELS - 1}" for k, name in enumerate(names)}
    payoffs |= {f"both{k}": f"0.1*{a}*{b}/{(LEVELS - 1) ** 2}" for k, (a, b) in enumerate(_pairs(names))}
    payoffs["effort"] = " + ".join(f"{-_effort(n)}*(work == {a})" for n, a in enumerate(actions))
    return compile_game(
        Case.model_validate(
            {
                "case": "agent",
                "title": "One player",
                "calendar": {"period": "year", "first": "2000"},
                "players": {"one": {"label": "one", "discount": str(DISCOUNT)}},
                "states": {
                    name: {"label": name, "levels": [f"l{k}" for k in range(LEVELS)]} for name in names
                },
                "period": period,
                "payoffs": {"one": payoffs},
                "start": dict.fromkeys(names, "l0"),
            }
        )
    )


def _worth(ladder: int) -> float:
    return round(0.1 + 0.05 * ladder, 2)


def _effort(action: int) -> float:
    return round(0.05 + 0.013 * action, 3)


def _pairs(names: list[Any]) -> list[tuple[Any, Any]]:
    return [(names[k], names[(k + 1) % LADDERS]) for k in range(LADDERS)]


def decision_problem() -> dict[str, np.ndarray]:
    """The same problem as rewards and a sparse matrix of transitions by state and action, coded apart."""
    states = LEVELS**LADDERS
    levels = np.stack(np.unravel_index(np.arange(states), (LEVELS,) * LADDERS))
    stride = np.array([LEVELS ** (LADDERS - 1 - k) for k in range(LADDERS)])
    x = levels / (LEVELS - 1)
    flow = sum(_worth(k) * x[k] for k in range(LADDERS)) + sum(0.1 * a * b for a, b in _pairs(list(x)))
    rewards = np.empty((states, ACTIONS))
    to = np.empty((states, ACTIONS, 4), dtype=np.int64)
    chance = np.empty((states, ACTIONS, 4))
    here = np.arange(states)
    for action in range(ACTIONS):
        up, down = raised(action), neglected(action)
        rise = np.where(levels[up] < LEVELS - 1, RISE - 0.04 * levels[up], 0.0)
        fall = np.where(levels[down] > 0, FALL + 0.03 * levels[down], 0.0)
        rewards[:, action] = flow - _effort(action)
        for k, (rises, falls) in enumerate(((0, 0), (1, 0), (0, 1), (1, 1))):
            weight = (rise if rises else 1.0 - rise) * (fall if falls else 1.0 - fall)
            # Where a ladder cannot move the chance is zero, and the place does not matter.
            to[:, action, k] = np.clip(here + rises * stride[up] - falls * stride[down], 0, states - 1)
            chance[:, action, k] = weight
    return {
        "rewards": rewards.ravel(),
        "indices": to.ravel(),
        "data": chance.ravel(),
        "states": np.array(states),
        "actions": np.array(ACTIONS),
        "discount": np.array(DISCOUNT),
        "epsilon": np.array(CLOSE),
    }


def single_agent() -> Section:
    """Values of both, and their times."""
    game = agent_game()
    tolerance = 0.5 * CLOSE * (1.0 - DISCOUNT) / DISCOUNT * PRECISION

    def ours() -> Any:
        return solve(game, branch="direct", tolerance=tolerance)

    found = ours().require()
    time = timed(lambda: ours().z, repeats=3)
    done = found.certificate
    rows = [("Tightrope", shown(time.cpu), f"{done.iterations} ({done.method})", "", "")]
    try:
        peer = ask("quantecon", decision_problem())
    except NoPeerError as error:
        rows.append((named("quantecon"), "-", str(error), "", ""))
    else:
        gap = float(np.max(np.abs(peer["values"] - found.values.values.ravel())))
        ratio = time.cpu / float(peer["seconds"])
        rows[0] = (*rows[0][:3], f"{ratio:.2f} ({TARGET:.0f}, {verdict(ratio, TARGET)})",
                   f"{gap:.0e} ({CLOSE:.0e}, {verdict(gap, CLOSE)})")  # fmt: skip
        rows.append(
            (named("quantecon"), shown(float(peer["seconds"])), f"{int(peer['steps'])} steps", "1", "")
        )
        print(f"single agent: {ratio:.2f} times QuantEcon, gap {gap:.0e}", file=sys.stderr)
    return Section(
        title="One player: QuantEcon's modified policy iteration",
        words=(
            f"{LEVELS**LADDERS:,} states, {ACTIONS} actions, four successors each, discount {DISCOUNT}; "
            "written in the case language for us, as a sparse matrix by state and action for QuantEcon "
            "(built apart; its building is in neither time). The limit of best replies is taken as a "
            f"precision of {PRECISION:.0e} per unit of payoff: a player's loss from noise is then below "
            f"{np.log(ACTIONS) / PRECISION / (1 - DISCOUNT):.0e} everywhere. Both are asked for values "
            f"within {CLOSE:.0e}; warm, one thread, processor time."
        ),
        header=("who", "processor", "iterations", "ratio (target)", "largest gap in values (target)"),
        rows=rows,
    )
