"""Hide and seek: a small game of simultaneous moves, easy or very hard by its precision."""

from __future__ import annotations

from functools import cache

from tightrope.case.schema import Case
from tightrope.game import Game, compile_game

VALUES = {"lam": 4.0, "lam2": 3.0, "delta": 0.9, "bias": 0.2, "view": 3.0, "wants": 1.0}


def chase_case() -> Case:
    """One hides, two seeks; where they stand and aim depends on what they did.

    view   how strongly, in One's eyes, the aim follows the search (the world: 3)
    wants  1: Two wants to find; -1: Two wants to be elsewhere too, so play must be coordinated
    """
    return Case.model_validate(
        {
            "case": "chase", "title": "Hide and seek",
            "calendar": {"period": "year", "first": "2000"},
            "players": {
                "one": {"label": "One", "discount": "delta"}, "two": {"label": "Two", "discount": "delta"},
            },
            "states": {"spot": {"label": "s", "levels": ["here", "there"]},
                       "aim": {"label": "a", "levels": ["here", "there"]}},
            "parameters": {
                name: {"value": value, "fixed": True, "why": "a test"} for name, value in VALUES.items()
            },
            "period": [
                {"together": [
                    {"move": "hide", "player": "one", "actions": ["left", "right"], "precision": "lam"},
                    {"move": "seek", "player": "two", "actions": ["left", "right"], "precision": "lam2"}]},
                {"nature": "goes", "changes": "spot",
                 "weights": {"here": "1 + 3*(hide == left)", "there": "1 + 3*(hide == right)"}},
                {"nature": "looks", "changes": "aim",
                 "weights": {"here": "1 + 3*(seek == left)", "there": "1 + 3*(seek == right)"},
                 "viewpoints": {"one": {"weights": {"here": "1 + view*(seek == left)",
                                                    "there": "1 + view*(seek == right)"}}}},
            ],
            "payoffs": {
                "one": {"safe": "(1 + bias*(hide == left))*(hide != seek) + (spot != aim)"},
                "two": {"found": "wants*((hide == seek) + (spot == aim))"},
            },
            "start": {"spot": "here", "aim": "here"},
        }
    )  # fmt: skip


@cache
def chase() -> Game:
    """The game, compiled once."""
    return compile_game(chase_case())
