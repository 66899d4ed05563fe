"""The smallest change past a mark: closed forms on a game of one choice, every path of a small one."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.argument.test_what_if import DELTA, LAM, solved, stock, thetas
from tests.record.small import compiled_once
from tightrope.argument.crossing import Chance
from tightrope.argument.lever import pull_lever
from tightrope.argument.outlook import TooUnlikely, outlook
from tightrope.argument.rulers import rulers
from tightrope.forecast.events import At, EnteredTerminal, Event, Given
from tightrope.game import solve
from tightrope.game.equilibrium import Equilibrium


def sale(found: Equilibrium) -> float:
    return float(found.strategies["offer"].sel(offer="sell", store="full"))


def test_the_smallest_change_of_a_lever_is_the_closed_form() -> None:
    game = compiled_once(stock())
    (price,) = rulers(game.case, game.theta(), prior_class="agnostic")

    base = solve(game).require()
    mark = sale(base) + 0.05
    lever = pull_lever(base, price, sale, mark=mark)
    # log-odds of a sale are LAM (price - DELTA V), and V = m price + (1 - m) DELTA V at the mark m
    odds = math.log(mark / (1 - mark)) / LAM
    value = odds / (1 - DELTA * mark / (1 - (1 - mark) * DELTA))
    assert lever.value == pytest.approx(value, abs=1e-5)
    assert lever.confirmed
    assert lever.sides[0].probability < mark < lever.sides[1].probability
    never = pull_lever(base, price, sale, mark=0.999)
    assert math.isnan(never.value)
    assert not never.confirmed


def test_nothing_farther_than_the_limit_is_looked_at() -> None:
    game = compiled_once(stock())
    (price,) = rulers(game.case, game.theta(), prior_class="agnostic")
    base = solve(game).require()
    short = pull_lever(base, price, sale, mark=0.999, limit=0.4)
    assert [value for value, _ in short.ends] == pytest.approx([0.6, 1.4])
    nearest = max(p for _, p in short.ends)
    assert short.left == pytest.approx(math.log(0.999 / 0.001) - math.log(nearest / (1 - nearest)))


def seen(event: Event) -> Chance:
    game = solved().game
    start = np.zeros(game.shape)
    start[0, :] = 0.5
    return outlook(game, event, start, first="1990Q2")


def test_an_outlook_follows_every_path_from_its_start() -> None:
    base = solve(solved().game, thetas()[0], branch="direct").require()
    one, ended = solved(), 0.0
    live = np.zeros(one.game.shape)
    live[0, :] = 0.5
    for _ in range(2):
        after = np.zeros_like(live)
        for index in np.ndindex(*live.shape):
            point = dict(zip(one.game.states, map(int, index), strict=True))
            for p, end in one.histories(point) if live[index] else ():
                if isinstance(end, str):
                    ended += p * live[index]
                else:
                    after[tuple(end[s] for s in one.game.states)] += p * live[index]
        live = after
    assert seen(EnteredTerminal(("gone",), "1990Q4"))(base) == pytest.approx(ended, abs=1e-8)


def test_a_condition_that_hardly_happens_is_refused() -> None:
    never = Given(EnteredTerminal(("gone",), "1991Q1"), At("rung", ("high",), "1990Q2"))
    with pytest.raises(TooUnlikely, match="probability of 0"):
        seen(never)(solve(solved().game, thetas()[0], branch="direct"))
