"""What-ifs on small games: doing and observing enumerated by hand, announced and surprised in closed form."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq

from tests.record.small import Solved, coded, compiled_once, free, seen_case
from tightrope.argument.effects import out_of_reach
from tightrope.argument.paired import Paired
from tightrope.argument.timeline import CannotDo, Timeline, lay_out
from tightrope.argument.what_if import Draw, NoneCertified, NothingToFollow, inquire, pair, what_if
from tightrope.case.doing import Do
from tightrope.case.scenarios import read_do
from tightrope.case.schema import Case, PlayerMove
from tightrope.forecast.events import AnyMove, At, EnteredTerminal, Event, Reaches, Unanswerable
from tightrope.forecast.origin import next_opening
from tightrope.forecast.questions import Question
from tightrope.game import solve
from tightrope.record.filter import prepare
from tightrope.record.likelihood import filter_record

FIRST = "1990Q2"
EVENTS: dict[str, Event] = {
    "storm": At("climate", ("storm",), "1990Q4"),
    "press": AnyMove("push", "press", "1990Q3", "1990Q4"),
    "gone": EnteredTerminal(("gone",), "1991Q1"),
    "high": Reaches("rung", ("high",), "1990Q3", "1991Q1"),
}
Path = list[dict[str, int]]


@cache
def solved() -> Solved:
    return Solved(seen_case(), quit=0.25)


def question(name: str, event: Event) -> Question:
    return Question(
        id=name, question="?", event_expression="-", event=event, open_time=date(1990, 4, 1),
        scheduled_resolution_time=date(1990, 12, 31), resolution="open",
    )  # fmt: skip


@cache
def evidence() -> Any:
    game = solved().game
    record = coded(
        game, {"rung": [[0.4, 0.6, 0]], "climate": [[0.3, 0.7]], "push": [[1, 1]], "reply": [[1, 1]]}, rows=1
    )
    return prepare(game, record, solved().numbers, solved().strategies)


def thetas() -> np.ndarray:
    return solved().theta[None]


def timeline(*texts: str, aware: tuple[str, ...] = (), **known: str) -> Timeline:
    game = solved().game
    return lay_out(game, [read_do(t, game.case) for t in texts], first=FIRST, aware=aware, **known)


def asked(found: Timeline, observed: Event | None = None) -> Paired:
    questions = [question(name, event) for name, event in EVENTS.items()]
    return what_if(evidence(), thetas(), questions, found, observed=observed)


def paths(
    *,
    put: dict[int, dict[str, int]] | None = None,
    forced: dict[int, dict[str, int]] | None = None,
    held: dict[int, set[str]] | None = None,
) -> Iterator[tuple[float, list[dict[str, int]], str]]:
    """Every path of three periods and its last opening: probability, points (openings with their moves) and
    the terminal, if any. What is done is done by hand; strategies stay those of the baseline.
    """
    one, game = solved(), solved().game
    base = solve(game, thetas()[0], branch="direct").require()
    filtered = filter_record(evidence(), thetas()[0], base.z)
    start = next_opening(evidence(), filtered, one.numbers, one.strategies)

    def walk(period: int, item: int, p: float, point: dict[str, int], past: Path) -> Any:
        if item == 0:
            point = {s: point[s] for s in game.states} | (put or {}).get(period, {})
            opening = dict(point)
            past = [*past, opening]
            if period == 3:
                yield p, past, ""
                return
        if item == len(one.slow.steps):
            yield from walk(period + 1, 0, p, point, past)
            return
        step: Any = one.slow.steps[item]
        name = step.move if isinstance(step, PlayerMove) else step.changes
        force = (forced or {}).get(period, {})
        if isinstance(step, PlayerMove) and name in force:
            branches: Any = [(1.0, {**point, name: force[name]})]
        elif name in (held or {}).get(period, set()):
            branches = [(1.0, dict(point))]
        else:
            branches = one.branches(step, point)
        for q, then in branches:
            if isinstance(then, str):
                yield p * q, past, then
                continue
            seen = past
            if isinstance(step, PlayerMove):
                seen = [*past[:-1], {**past[-1], name: then[name]}]
            yield from walk(period, item + 1, p * q, then, seen)

    for index in np.ndindex(*game.shape):
        if start[index]:
            point = dict(zip(game.states, map(int, index), strict=True))
            yield from walk(0, 0, float(start[index]), point, [])


def happened(name: str, past: Path, end: str) -> bool:
    """The events, coded again: period 0 is 1990Q2."""
    match name:
        case "storm":
            return len(past) > 2 and past[2]["climate"] == 1
        case "press":
            return any(point.get("push") == 1 for point in past[1:3])
        case "gone":
            return end == "gone"
        case _:
            return any(point["rung"] == 2 for point in past[1:])


def chances(observed: Any = None, **done: Any) -> dict[str, float]:
    every = list(paths(**done))
    assert sum(p for p, *_ in every) == pytest.approx(1.0, abs=1e-9)
    kept = [one for one in every if observed is None or observed(one[1], one[2])]
    whole = sum(p for p, *_ in kept)
    return {n: sum(p for p, past, end in kept if happened(n, past, end)) / whole for n in EVENTS}


def same(found: Paired, expected: dict[str, float], baseline: dict[str, float]) -> None:
    for k, name in enumerate(found.ids):
        assert found.after[0, k] == pytest.approx(expected[name], abs=1e-8), name
        assert found.before[0, k] == pytest.approx(baseline[name], abs=1e-8), name
    assert found.ids == tuple(EVENTS)


def test_doing_and_observing_are_what_every_path_says_and_differ() -> None:
    plain = chances()
    done = asked(timeline("climate = storm at 1990Q3"))
    same(done, chances(put={1: {"climate": 1}}), plain)
    observed = asked(timeline(), At("climate", ("storm",), "1990Q3"))
    same(observed, chances(lambda past, end: len(past) > 1 and past[1]["climate"] == 1), plain)
    # Storms follow upon not pushing, and who sees one knows that the game has not ended.
    gap = np.abs(done.after - observed.after).max()
    assert gap > 0.01


def test_a_forced_move_and_an_observed_one_differ_by_what_led_to_it() -> None:
    plain = chances()
    done = asked(timeline("push = press in 1990Q2"))
    same(done, chances(forced={0: {"push": 1}}), plain)
    observed = asked(timeline(), AnyMove("push", "press", "1990Q2", "1990Q2"))
    same(observed, chances(lambda past, end: past[0].get("push") == 1), plain)
    assert np.abs(done.after - observed.after).max() > 1e-3


def test_a_state_is_held_through_its_span_and_let_go() -> None:
    done = asked(timeline("climate = calm in 1990Q2..1990Q3", "reply = yield in 1990Q4"))
    expected = chances(
        put={0: {"climate": 0}, 1: {"climate": 0}},
        held={0: {"climate"}, 1: {"climate"}},
        forced={2: {"reply": 0}},
    )
    same(done, expected, chances())


def test_what_is_observed_is_observed_in_the_world_in_which_the_rest_is_done() -> None:
    found = asked(timeline("push = press in 1990Q2"), Reaches("rung", ("mid", "high"), "1990Q3", "1990Q3"))
    expected = chances(lambda past, end: len(past) > 1 and past[1]["rung"] >= 1, forced={0: {"push": 1}})
    same(found, expected, chances())


def test_the_game_is_made_to_end_once() -> None:
    found = asked(timeline("terminal gone in 1990Q3"))
    after = dict(zip(found.ids, found.after[0], strict=True))
    assert after["gone"] == pytest.approx(1.0, abs=1e-12)
    assert after["storm"] == pytest.approx(0.0, abs=1e-12)
    pressed = sum(p for p, past, _ in paths() if any(x.get("push") == 1 for x in past[1:2]))
    assert after["press"] == pytest.approx(pressed, abs=1e-8)


def test_nothing_done_changes_nothing() -> None:
    found = asked(timeline())
    assert np.array_equal(found.before, found.after)
    one = found.compared("storm")
    assert one.difference == one.lower == one.upper == 0.0
    assert one.effective == pytest.approx(1.0)


def test_a_run_keeps_draws_whether_certified_or_not() -> None:
    good = Draw("stationary", 1e-12, np.array([0.1, 0.2]), np.array([0.3, 0.4]))
    again = Draw.from_data(json.loads(json.dumps(good.as_data())))
    assert np.array_equal(again.before, good.before)
    assert np.array_equal(again.after, good.after)
    assert (again.status, again.residual) == ("stationary", 1e-12)
    failed = Draw.from_data(Draw("failed with", math.inf, np.zeros(0), np.zeros(0)).as_data())
    assert (failed.status, failed.good) == ("failed with", False)
    inquiry = inquire(evidence(), [question(name, event) for name, event in EVENTS.items()])
    with pytest.raises(NoneCertified, match="2 failed with"):
        pair(inquiry, [failed, failed])


def test_a_change_is_what_a_draw_says_and_what_is_learnt_about_draws() -> None:
    # Two draws, of which the second expects three times as often what is observed.
    before, after = np.array([[0.2], [0.6]]), np.array([[0.1], [0.8]])
    shares = np.array([[0.1], [0.3]])
    found = Paired(("q",), before, after, np.ones((2, 1)), shares, {}, {"stationary": 2}, 0.0).compared("q")
    assert found.before[0] == pytest.approx(0.4)
    assert found.after[0] == pytest.approx(0.625)
    assert found.within == pytest.approx(0.25 * -0.1 + 0.75 * 0.2)
    assert found.learnt == pytest.approx(0.5 - 0.4)
    assert found.difference == pytest.approx(0.625 - 0.4)
    assert (found.lower, found.upper) == pytest.approx((-0.1, 0.2))
    assert found.raised == pytest.approx(0.75)
    assert found.effective == pytest.approx(1.6)


def test_a_change_for_ever_known_to_all_is_the_changed_game() -> None:
    found = asked(timeline("b = 3", aware=("big", "small")))
    there = Solved(seen_case(), quit=0.25, b=3.0)
    base = solve(solved().game, thetas()[0], branch="direct").require()
    filtered = filter_record(evidence(), thetas()[0], base.z)
    live = next_opening(evidence(), filtered, solved().numbers, solved().strategies)
    ended = 0.0
    for _ in range(3):
        after = np.zeros_like(live)
        for index in np.ndindex(*live.shape):
            point = dict(zip(there.game.states, map(int, index), strict=True))
            for p, end in there.histories(point):
                if isinstance(end, str):
                    ended += p * live[index]
                else:
                    after[tuple(end[s] for s in there.game.states)] += p * live[index]
        live = after
    assert found.after[0, found.ids.index("gone")] == pytest.approx(ended, abs=1e-7)
    assert found.statuses == {"converged": 1}


# --- announced and surprised, in closed form ----------------------------------------------------------

LAM, DELTA, HIGH = 1.7, 0.9, 2.5


@cache
def stock() -> Case:
    """One thing to sell, once, at a price; what is sold stays sold."""
    return Case.model_validate(
        {
            "case": "stock", "title": "One thing to sell", "calendar": {"period": "year", "first": "2000"},
            "players": {"owner": {"label": "o", "discount": str(DELTA)}},
            "states": {"store": {"label": "s", "levels": ["sold", "full"]}},
            "parameters": {
                "price": free(1.0, "normal(mean=1, sd=1)", "normal(mean=1, sd=1)"),
                "lam": {"value": LAM, "fixed": True, "why": "a test"},
            },
            "period": [
                {"move": "offer", "player": "owner", "actions": ["keep", "sell"], "precision": "lam",
                 "available": {"sell": "store == full"}},
                {"nature": "gone", "changes": "store", "set": [{"when": "offer == sell", "to": "sold"}]},
            ],
            "payoffs": {"owner": {"sale": "price*(offer == sell)"}},
            "start": {"store": "full"},
        }
    )  # fmt: skip


@cache
def stocked() -> Any:
    one = Solved(stock())
    record = coded(one.game, {"store": [[0, 1]], "offer": [[1, 0]]}, rows=1)
    return prepare(one.game, record, one.numbers, one.strategies)


def worth(price: float, later: float) -> tuple[float, float]:
    chance = 1.0 / (1.0 + math.exp(-LAM * (price - DELTA * later)))
    return chance, chance * price + (1 - chance) * DELTA * later


def sells(*steps: Do | str, aware: tuple[str, ...], known_from: str = "") -> list[float]:
    """Chances of a sale in 2001, and of one by the end of 2002."""
    game = compiled_once(stock())
    dos = [read_do(step, game.case) if isinstance(step, str) else step for step in steps]
    found = lay_out(game, dos, first="2001", aware=aware, known_from=known_from)
    events = {f"in{n}": AnyMove("offer", "sell", "2001", str(2001 + n)) for n in (0, 1)}
    questions = [question(name, event) for name, event in events.items()]
    paired = what_if(stocked(), game.theta()[None], questions, found)
    return [float(p) for p in paired.after[0]]


def test_an_announced_rise_is_waited_for_and_a_surprise_is_not() -> None:
    stays = float(brentq(lambda v: worth(1.0, v)[1] - v, 0.0, 20.0, xtol=1e-14))
    usual = worth(1.0, stays)[0]
    then, value = worth(HIGH, stays)
    waits = worth(1.0, value)[0]
    told = sells(f"price = {HIGH} in 2002", aware=("owner",))
    assert told == pytest.approx([waits, 1 - (1 - waits) * (1 - then)], abs=1e-8)
    # Who does not know plays on as if the price had stayed, in 2002 too.
    surprised = sells(f"price = {HIGH} in 2002", aware=())
    assert surprised == pytest.approx([usual, 1 - (1 - usual) ** 2], abs=1e-8)
    # And who learns of it when it comes does not wait, but uses it.
    late = sells(f"price = {HIGH} in 2002", aware=("owner",), known_from="2002")
    assert late == pytest.approx([usual, 1 - (1 - usual) * (1 - then)], abs=1e-8)
    assert told[0] < surprised[0] - 0.1


def test_a_foreseen_fire_sale_is_no_reason_to_wait() -> None:
    told = sells("store = sold at 2002", aware=("owner",))
    assert told[0] == pytest.approx(1.0 / (1.0 + math.exp(-LAM)), abs=1e-9)
    assert told[1] == pytest.approx(told[0], abs=1e-9)


def test_a_closed_action_leaves_the_others_and_one_out_of_reach_is_refused() -> None:
    game = compiled_once(stock())
    assert sells("offer != sell in 2001..2002", aware=("owner",)) == pytest.approx([0.0, 0.0], abs=1e-12)
    forced = read_do("offer = sell in 2001", game.case)
    with pytest.raises(CannotDo, match="out of reach where store is sold"):
        out_of_reach(game, game.theta(), [forced])
    out_of_reach(game, game.theta(), [read_do("offer = sell in 2001 if store == full", game.case)])
    assert sells("offer = sell in 2001 if store == full", aware=()) == pytest.approx([1.0, 1.0], abs=1e-12)
    out_of_reach(game, game.theta(), [forced], lowest={"store": 1})  # where it cannot be sold already


@pytest.mark.parametrize("aware", [(), ("owner",)])
def test_an_action_may_be_out_of_reach_where_play_never_comes(aware: tuple[str, ...]) -> None:
    game = compiled_once(stock())
    for span in ("", " in 2001..2002"):
        steps = [read_do(f"{text}{span}", game.case) for text in ("store = full", "offer = sell")]
        out_of_reach(game, game.theta(), steps)
        assert sells(*steps, aware=aware) == pytest.approx([1.0, 1.0], abs=1e-12)


@pytest.mark.parametrize(
    ("text", "known", "why"),
    [
        ("b = 2 in 1990Q1", {}, "1990Q2 is the first period to come"),
        ("b = 2 from 2150Q1", {}, "more than 400 periods"),
        ("b = 2 in 1990Q3", {"known_from": "1990Q4"}, "not announced"),
        ("b = 2 from 1990Q3", {"aware": ("big",)}, "known to some players only"),
    ],
)
def test_what_cannot_be_done_is_refused(text: str, known: dict[str, Any], why: str) -> None:
    with pytest.raises(CannotDo, match=why):
        timeline(text, **({"aware": ("big", "small")} | known))


def test_a_state_that_never_falls_is_not_put_lower_than_before() -> None:
    plain = solved().game
    states = {**plain.case.states, "rung": plain.case.states["rung"].model_copy(update={"direction": "up"})}
    game = replace(plain, case=plain.case.model_copy(update={"states": states}))

    def put(*texts: str) -> Timeline:
        return lay_out(game, [read_do(t, game.case) for t in texts], first=FIRST, aware=())

    with pytest.raises(CannotDo, match="rung never falls: it cannot be mid after it was high"):
        put("rung = mid in 1991Q1", "rung = high at 1990Q3")
    assert put("rung = mid in 1990Q3", "rung = high at 1991Q1").since == 0


def test_what_cannot_be_followed_is_told() -> None:
    with pytest.raises(NothingToFollow, match="not coded"):
        inquire(evidence(), [question("rain", Unanswerable("an event that is not coded: rain"))])
