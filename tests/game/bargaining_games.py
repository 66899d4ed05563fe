"""Bargains, shifts of power and persuasion as small games: offers are parameters, answers are moves.

Offers are continuous and a move is not, so a stationary agreement is coded by its conditions (the
one-deviation principle): from the next period on every offer is taken (`mode == path`), and in this one
(`mode == test`) the responder may also wait or leave. An offer is the right one where the responder's
log-odds between taking it and its best alternative are zero.
"""

from __future__ import annotations

from functools import cache

from tests.game.small_games import case
from tightrope.game import Game, compile_game

DEAL = "(one_says == yes or two_says == yes)"


def _answer(player: str, other: str) -> dict[str, object]:
    """The responder's move: it says `no` where it is not asked, and `yes` where all offers are taken."""
    return {
        "move": f"{player}_says", "player": player, "actions": ["no", "yes", "leave"], "precision": "lam",
        "available": {
            "no": f"proposer == {player} or mode == test",
            "yes": f"proposer == {other}",
            "leave": f"proposer == {other} and mode == test",
        },
    }  # fmt: skip


@cache
def offers(*, drawn: bool) -> Game:
    """Two sides share a pie; the proposer keeps `x_one` or `x_two`.

    They take turns, or the proposer is `drawn` each period with weights q_one and q_two. Without a deal
    each has the flow of its `idle` value; who leaves gets `outside`. If two is `averse` to
    risk its utility is the root of its share.
    """
    turns = {
        "nature": "turn", "changes": "proposer",
        "set": [{"when": "proposer == one", "to": "two"}, {"when": "1", "to": "one"}],
    }  # fmt: skip
    draw = {"nature": "draw", "changes": "proposer", "weights": {"one": "q_one", "two": "q_two"}}
    period = [
        _answer("one", "two"),
        _answer("two", "one"),
        {"pay": "payoffs"},
        {"nature": "end", "exit": {"prob": f"{DEAL} or one_says == leave or two_says == leave"},
         "to": {"over": 1}},
        {"nature": "settle", "changes": "mode", "set": [{"when": "1", "to": "path"}]},
    ]  # fmt: skip
    share_of_two = "where(proposer == two, x_two, pie - x_one)"
    payoffs = {
        "one": {
            "share": f"{DEAL}*where(proposer == one, x_one, pie - x_two)",
            "idle": "(one_says == no and two_says == no)*(1 - d_one)*idle_one",
            "outside": "outside*(one_says == leave)",
        },
        "two": {
            "share": f"{DEAL}*where(averse > 0, sqrt({share_of_two}), {share_of_two})",
            "idle": "(one_says == no and two_says == no)*(1 - d_two)*idle_two",
            "outside": "outside*(two_says == leave)",
        },
    }
    return compile_game(
        case(
            "drawn-offers" if drawn else "alternating-offers",
            states={"proposer": ["one", "two"], "mode": ["path", "test"]},
            parameters={
                "lam": 1.0, "d_one": 0.9, "d_two": 0.9, "q_one": 0.5, "q_two": 0.5, "pie": 1.0,
                "x_one": 0.5, "x_two": 0.5, "outside": 0.0, "idle_one": 0.0, "idle_two": 0.0, "averse": 0.0,
            },
            period=[draw, *period] if drawn else [*period, turns],
            payoffs=payoffs,
            terminals={"over": {"one": "0", "two": "0"}},
            discount={"one": "d_one", "two": "d_two"},
        )
    )  # fmt: skip


@cache
def salami() -> Game:
    """A rival with `held` of the object takes `offer` of it, which makes it stronger, or fights as it is."""
    war = "(a*{} + b - cost)/(1 - delta)"
    return compile_game(
        case(
            "salami",
            states={"dummy": ["one", "two"]},
            parameters={"lam": 1.0, "delta": 0.9, "a": 0.5, "b": 0.3, "cost": 0.1, "held": 0.0, "offer": 0.0},
            period=[
                {"move": "rival", "player": "rival", "actions": ["fight", "take"], "precision": "lam"},
                {"nature": "battle", "exit": {"prob": "rival == fight"}, "to": {"war": 1}},
                {"pay": "payoffs"},
                {"nature": "later", "exit": {"prob": "1"}, "to": {"stronger": 1}},
            ],
            payoffs={"rival": {"share": "offer"}},
            terminals={"war": {"rival": war.format("held")}, "stronger": {"rival": war.format("offer")}},
        )
    )


@cache
def judge() -> Game:
    """A signal, a judge who sees it alone, and then the truth.

    The signal accuses all the guilty and a share `false_alarm` of the innocent. Drawing the signal first
    and the truth from its posterior is the same lottery as the other way round; here weights over the
    truth are joint probabilities, which nature's move normalises (Bayes' rule).
    """
    return compile_game(
        case(
            "judge",
            states={"signal": ["clear", "accuse"], "truth": ["innocent", "guilty"]},
            parameters={"lam": 1.0, "delta": 0.0, "prior": 0.3, "threshold": 0.5, "false_alarm": 0.0},
            period=[
                {"nature": "say", "changes": "signal", "weights": {
                    "accuse": "prior + false_alarm*(1 - prior)", "clear": "(1 - false_alarm)*(1 - prior)"}},
                {"move": "verdict", "player": "judge", "actions": ["acquit", "convict"], "precision": "lam"},
                {"nature": "reveal", "changes": "truth", "weights": {
                    "guilty": "where(signal == accuse, prior, 0)",
                    "innocent": "where(signal == accuse, false_alarm, 1 - false_alarm)*(1 - prior)"}},
                {"pay": "payoffs"},
            ],
            payoffs={"judge": {"verdict": "(verdict == convict)*((truth == guilty) - threshold)"}},
        )
    )  # fmt: skip


@cache
def witness() -> Game:
    """The same signal the other way round: a hidden truth, and what is said about it each period."""
    return compile_game(
        case(
            "witness",
            states={
                "truth": {"label": "truth", "levels": ["innocent", "guilty"], "latent": True},
                "signal": ["clear", "accuse"],
            },
            parameters={"delta": 0.0, "false_alarm": 0.0, "hit": 1.0},
            period=[
                {"nature": "say", "changes": "signal", "weights": {
                    "accuse": "where(truth == guilty, hit, false_alarm)",
                    "clear": "1 - where(truth == guilty, hit, false_alarm)"}},
                {"pay": "payoffs"},
            ],
            payoffs={"one": {"nothing": "0"}},
        )
    )  # fmt: skip
