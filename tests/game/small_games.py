"""Small games with known answers, written as a case file would write them."""

from __future__ import annotations

from functools import cache
from typing import Any

from tightrope.case.schema import Case
from tightrope.game import Game, compile_game


def case(
    name: str,
    *,
    states: dict[str, Any],
    parameters: dict[str, float],
    period: list[dict[str, Any]],
    payoffs: dict[str, dict[str, str]],
    terminals: dict[str, Any] | None = None,
    tables: dict[str, Any] | None = None,
    discount: str | dict[str, str] = "delta",
) -> Case:
    """A case with the given parts; the discount is every player's, or given by player."""
    each = discount if isinstance(discount, dict) else dict.fromkeys(payoffs, discount)
    return Case.model_validate(
        {
            "case": name,
            "title": name,
            "calendar": {"period": "year", "first": "2000"},
            "players": {player: {"label": player, "discount": each[player]} for player in payoffs},
            "states": {k: v if isinstance(v, dict) else {"label": k, "levels": v} for k, v in states.items()},
            "terminals": {k: {"label": k, "payoffs": v} for k, v in (terminals or {}).items()},
            "tables": tables or {},
            "parameters": {k: {"value": v, "fixed": True, "why": "given"} for k, v in parameters.items()},
            "period": period,
            "payoffs": payoffs,
            "start": {k: (v["levels"] if isinstance(v, dict) else v)[0] for k, v in states.items()},
        }
    )


def started(game: Game, start: dict[str, Any]) -> Game:
    """The same game from another start: level names, or weights over them."""
    return compile_game(game.case.model_copy(update={"start": start}))


def _bimatrix(parameters: dict[str, float]) -> dict[str, dict[str, str]]:
    """Payoffs of a two-by-two game: `a` for the row player, `b` for the column player."""

    def text(letter: str) -> str:
        return " + ".join(
            f"{letter}{r}{c}*(row == {rn} and column == {cn})"
            for r, rn in enumerate(("up", "down"))
            for c, cn in enumerate(("left", "right"))
        )

    parameters |= {f"{letter}{r}{c}": 0.0 for letter in "ab" for r in (0, 1) for c in (0, 1)}
    return {"rows": {"stage": text("a")}, "columns": {"stage": text("b")}}


ROW = {"move": "row", "player": "rows", "actions": ["up", "down"], "precision": "lam_row"}
COLUMN = {"move": "column", "player": "columns", "actions": ["left", "right"], "precision": "lam_column"}


@cache
def simultaneous() -> Game:
    """A two-by-two game played at once, again and again; payoffs are parameters."""
    parameters = {"lam_row": 1.0, "lam_column": 1.0, "delta": 0.0}
    payoffs = _bimatrix(parameters)
    return compile_game(
        case(
            "simultaneous",
            states={"dummy": ["one", "two"]},
            parameters=parameters,
            period=[{"together": [ROW, COLUMN]}],
            payoffs=payoffs,
        )
    )


@cache
def sequential() -> Game:
    """The same game with the column player moving second, having seen the first move."""
    parameters = {"lam_row": 1.0, "lam_column": 1.0, "delta": 0.0}
    payoffs = _bimatrix(parameters)
    return compile_game(
        case(
            "sequential",
            states={"dummy": ["one", "two"]},
            parameters=parameters,
            period=[ROW, COLUMN],
            payoffs=payoffs,
        )
    )


@cache
def choices() -> Game:
    """One player, one yes-or-no choice for each of several questions that never change."""
    return compile_game(
        case(
            "choices",
            states={"question": ["unit", "private", "log_utility", "leverage"]},
            parameters={"lam": 1.0, "delta": 0.9, "tau": 0.0, "sigma": 0.5, "size": 5.0, "base": 10.0,
                        "concession": 0.0, "kept": 0.0, "threat": 3.0},
            period=[{"move": "answer", "player": "one", "actions": ["no", "yes"], "precision": "lam"}],
            payoffs={
                "one": {
                    "unit": "(question == unit)*(answer == no)",
                    "private": "(question == private)*(answer == yes)*(tau - sigma*size)",
                    "log_utility": "(question == log_utility)*(answer == yes)*(log(1 + tau/base) - sigma)",
                    "leverage": "(question == leverage)*(threat*(answer == yes)"
                    " - concession*(1 + kept)*(answer == yes))",
                }
            },
        )
    )  # fmt: skip


@cache
def interruption() -> Game:
    """A supply is cut; each period a substitute is found with probability `found`. Nobody moves."""
    return compile_game(
        case(
            "interruption",
            states={"supply": ["cut", "replaced"]},
            parameters={"delta": 0.9, "loss": 2.0, "found": 0.2},
            period=[{"pay": "payoffs"},
                    {"nature": "search", "changes": "supply", "steps": {"up": {"prob": "found"}}}],
            payoffs={"one": {"loss": "loss*(supply == cut)"}},
        )
    )  # fmt: skip


@cache
def rung() -> Game:
    """A client is offered, once, a transfer for a step that raises the risk of being absorbed."""
    return compile_game(
        case(
            "rung",
            states={"step": ["low", "high"], "offer": ["open", "closed"]},
            parameters={"delta": 0.93, "lam": 1.0, "share": 0.3, "h0": 0.01, "h1": 0.05, "tau": 0.0},
            period=[
                {"move": "reply", "player": "client", "actions": ["refuse", "accept"], "precision": "lam",
                 "available": {"accept": "offer == open"}},
                {"nature": "climb", "changes": "step", "set": [{"when": "reply == accept", "to": "high"}]},
                {"nature": "close", "changes": "offer", "set": [{"when": "1", "to": "closed"}]},
                {"pay": "payoffs"},
                {"nature": "absorbed", "exit": {"prob": "where(step == high, h1, h0)"}, "to": {"merged": 1}},
            ],
            payoffs={"client": {"flow": "1", "transfer": "tau*(reply == accept)"}},
            terminals={"merged": {"client": "share/(1 - delta)"}},
        )
    )  # fmt: skip


@cache
def trust() -> Game:
    """Support is paid while trust lasts; then the client aligns, at a cost, or trust is gone for good."""
    return compile_game(
        case(
            "trust",
            states={"trust": ["broken", "whole"]},
            parameters={"delta": 0.6, "lam": 3.0, "support": 0.5, "cost": 0.3},
            period=[
                {"move": "client", "player": "client", "actions": ["renege", "align"], "precision": "lam",
                 "available": {"align": "trust == whole"}},
                {"pay": "payoffs"},
                {"nature": "memory", "changes": "trust",
                 "set": [{"when": "client == renege", "to": "broken"}]},
            ],
            payoffs={"client": {"support": "support*(trust == whole)", "cost": "-cost*(client == align)"}},
        )
    )  # fmt: skip


@cache
def cake() -> Game:
    """Two sides that share whatever they agree on wait for a large cake, or take a small one."""
    return compile_game(
        case(
            "cake",
            states={"cake": ["small", "large"]},
            parameters={"delta": 0.9, "lam": 200.0, "small_cake": 1.0, "large_cake": 2.0},
            period=[
                {"move": "both", "player": "sides", "actions": ["wait", "deal"], "precision": "lam"},
                {"nature": "end", "exit": {"prob": "both == deal"}, "to": {"agreed": 1}},
                {"nature": "draw", "changes": "cake", "weights": {"small": 1, "large": 1}},
            ],
            payoffs={"sides": {"cake": "(both == deal)*where(cake == small, small_cake, large_cake)"}},
            terminals={"agreed": {"sides": "0"}},
        )
    )  # fmt: skip


@cache
def shift() -> Game:
    """A declining side fights now, or takes today's share and faces a stronger rival from tomorrow on."""
    return compile_game(
        case(
            "shift",
            states={"dummy": ["one", "two"]},
            parameters={"delta": 0.9, "lam": 1.0, "p_now": 0.3, "p_later": 0.8, "cost": 0.05,
                        "rival_cost": 0.05, "today": 1.0},
            period=[
                {"move": "side", "player": "side", "actions": ["wait", "fight"], "precision": "lam"},
                {"nature": "battle", "exit": {"prob": "side == fight"}, "to": {"war": 1}},
                {"pay": "payoffs"},
                {"nature": "later", "exit": {"prob": "1"}, "to": {"shifted": 1}},
            ],
            payoffs={"side": {"share": "today"}},
            terminals={
                "war": {"side": "(1 - p_now - cost)/(1 - delta)"},
                "shifted": {"side": "(1 - (p_later - rival_cost))/(1 - delta)"},
            },
        )
    )  # fmt: skip


@cache
def chain() -> Game:
    """Two live states and an end; nobody moves. Probabilities are parameters."""
    return compile_game(
        case(
            "chain",
            states={"rung": ["low", "high"]},
            parameters={"delta": 0.9, "up": 0.05, "down": 0.02, "end_low": 0.0, "end_high": 0.05},
            period=[
                {"nature": "merger", "exit": {"prob": "where(rung == high, end_high, end_low)"},
                 "to": {"merged": 1}},
                {"nature": "step", "changes": "rung", "steps": {
                    "up": {"prob": "up/(1 - end_low)"}, "down": {"prob": "down/(1 - end_high)"}}},
                {"pay": "payoffs"},
            ],
            payoffs={"one": {"nothing": "0"}},
            terminals={"merged": {"one": "0"}},
        )
    )  # fmt: skip


@cache
def weakness() -> Game:
    """Time runs on, and each moment has its own hazard of a deal; nobody moves."""
    return compile_game(
        case(
            "weakness",
            states={"moment": ["first", "second", "third", "after"]},
            parameters={"delta": 0.9, "h1": 0.08, "h2": 0.03, "h3": 0.01},
            period=[
                {"nature": "deal", "to": {"dealt": 1}, "exit": {
                    "prob": "h1*(moment == first) + h2*(moment == second) + h3*(moment == third)"}},
                {"nature": "time", "changes": "moment", "steps": {"up": {"prob": "1"}}},
                {"pay": "payoffs"},
            ],
            payoffs={"one": {"nothing": "0"}},
            terminals={"dealt": {"one": "0"}},
        )
    )  # fmt: skip
