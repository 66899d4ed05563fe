"""Product games: several ladders, each climbed and descended under a patron's and a client's actions."""

from __future__ import annotations

import random
from typing import Any

from tightrope.case.schema import Case
from tightrope.game import Game, compile_game

SIZES = {
    "10^4": (5, 5, 5, 5, 4, 4),
    "10^5": (5, 5, 5, 5, 5, 4, 4, 2),
    "10^6": (5, 5, 5, 5, 5, 5, 4, 4, 4),
}
PATRON, CLIENT = ("hold", "aid", "press"), ("stall", "concede", "hedge")


def product_game(levels: tuple[int, ...], *, precision: float = 2.0, seed: int = 0) -> Game:
    """A game whose states are the product of ladders of these lengths, six to nine of them as a rule.

    The patron moves, then the client; payoffs of both lie in [0, 1] a period, the discount is 0.95. Each
    ladder's rates up and down depend on one action of either and on where its neighbour stands.
    """
    draw = random.Random(seed)
    names = [f"s{k}" for k in range(len(levels))]
    steps = [levels_of(size) for size in levels]
    period: list[dict[str, Any]] = [
        {"move": "patron", "player": "patron", "actions": list(PATRON), "precision": "precision"},
        {"move": "client", "player": "client", "actions": list(CLIENT), "precision": "precision"},
        {"pay": "payoffs"},
    ]
    payoffs: dict[str, dict[str, str]] = {"patron": {}, "client": {}}
    for k, (name, size) in enumerate(zip(names, levels, strict=True)):
        near = f"{names[k - 1]}/{levels[k - 1] - 1}"
        helped, forced = draw.choice(CLIENT), draw.choice(PATRON)
        calm = [f"{draw.uniform(0.02, 0.2):.3f}" for _ in range(2)]
        moved = [f"{draw.uniform(0.1, 0.5):.3f}" for _ in range(2)]
        up = f"{calm[0]} + {moved[0]}*(client == {helped})"
        down = f"{calm[1]}*(1 + {near}) + {moved[1]}*(patron == {forced})"
        period.append(
            {"nature": f"n{k}", "changes": name, "steps": {"up": {"hazard": up}, "down": {"hazard": down}}}
        )
        for player in payoffs:
            payoffs[player][name] = f"{draw.uniform(-0.5, 0.5) / len(levels):.4f}*{name}/{size - 1}"
    payoffs["patron"]["aid"] = "-0.1*(patron == aid) - 0.15*(patron == press)"
    payoffs["client"]["aid"] = "0.2*(patron == aid) - 0.1*(patron == press)*(client != concede)"
    payoffs["client"]["cost"] = "-0.15*(client == concede) - 0.05*(client == hedge)"
    return compile_game(
        Case.model_validate(
            {
                "case": "product",
                "title": "A product of ladders",
                "calendar": {"period": "year", "first": "2000"},
                "players": {p: {"label": p, "discount": "0.95"} for p in payoffs},
                "states": {n: {"label": n, "levels": list(s)} for n, s in zip(names, steps, strict=True)},
                "parameters": {"precision": {"value": precision, "fixed": True, "why": "a benchmark"}},
                "period": period,
                "payoffs": payoffs,
                "start": {n: s[0] for n, s in zip(names, steps, strict=True)},
            }
        )
    )


def levels_of(size: int) -> tuple[str, ...]:
    """Names of the levels of a ladder."""
    return tuple(f"l{k}" for k in range(size))
