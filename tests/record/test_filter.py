"""The filter against an enumeration of every path of small games, one path at a time."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial
from typing import Any

import jax
import numpy as np
import pytest

from tests.game.random_games import random_case
from tests.record.small import Solved, coded, enumerate_record, everything
from tightrope.case.schema import Case
from tightrope.game.compile import Game
from tightrope.record.coding import CodedRecord
from tightrope.record.filter import Evidence, Filtered, run_filter, to_grid, trim
from tightrope.record.likelihood import filter_record, prepare_record

LADDER = [[1, 0, 0], [0.3, 0.7, 0], [0, 1, 0], [0, 0.2, 0.8]]
CLIMATE = [[1, 0], [0, 1], [0.6, 0.4], [1, 0]]
PUSH = [[0, 1], [0.9, 0.1], [1, 1], [0, 1]]
REPLY = [[1, 0, 0], [0, 1, 0], [1, 1, 1], [0.1, 0.2, 0.7]]
KIND = [[1, 1], [0.2, 0.9], [1, 1], [1, 1]]


@cache
def compiled(game: Game) -> Any:
    return jax.jit(partial(run_filter, game))


def filtered(solved: Solved, record: CodedRecord) -> tuple[Evidence, Filtered]:
    evidence = prepare_record(solved.game, record)
    return evidence, trim(evidence, compiled(solved.game)(evidence.arrays, solved.numbers, solved.strategies))


def check(solved: Solved, record: CodedRecord, evidence: Evidence, found: Filtered) -> None:
    """Each row's part, their sum and each row's states equal the enumeration."""
    probability, states = enumerate_record(solved, record)
    parts = np.diff(np.log([1.0, *probability]))
    assert found.log_probability == pytest.approx(parts, abs=1e-12)
    assert float(np.sum(found.log_probability)) == pytest.approx(np.log(probability[-1]), abs=1e-12)
    grid = to_grid(evidence, np.asarray(found.states))
    for row, expected in enumerate(states):
        assert grid[row] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("rows", [1, 2, 4])
def test_every_feature_at_once_equals_enumeration(rows: int) -> None:
    """Latent and frozen states, soft codes, missing moves, two changes a period, exits, viewpoints."""
    solved = everything()
    weights = {"ladder": LADDER, "climate": CLIMATE, "push": PUSH, "reply": REPLY, "kind": KIND}
    record = coded(solved.game, {k: w[:rows] for k, w in weights.items()}, rows=rows)
    evidence, found = filtered(solved, record)
    check(solved, record, evidence, found)


def test_a_record_that_says_nothing_is_explained_by_survival_alone() -> None:
    solved = everything()
    record = coded(solved.game, {}, rows=2)
    evidence, found = filtered(solved, record)
    check(solved, record, evidence, found)
    assert float(found.log_probability[0]) < -0.05  # the game could have ended between the moves


def test_last_row_knows_nothing_of_the_state_after_its_moves() -> None:
    """What the climate is when the last row's moves are made is open, whatever it was before."""
    solved = everything()
    base = {"ladder": LADDER[:2], "push": PUSH[:2], "reply": REPLY[:2]}
    sharp = coded(solved.game, base | {"climate": [[1, 0], [1, 0]]}, rows=2)
    evidence, found = filtered(solved, sharp)
    check(solved, sharp, evidence, found)
    storm = coded(solved.game, base | {"climate": [[1, 0], [0, 1]]}, rows=2)
    check(solved, storm, *filtered(solved, storm))


@pytest.mark.parametrize("number", [0, 1, 2, 4, 7])
def test_random_games_equal_enumeration(number: int) -> None:
    solved = Solved(random_case(number), seed=number)
    generator = np.random.default_rng(number)
    weights = {}
    for name in (*solved.game.states, *solved.game.moves):
        table = generator.uniform(0.1, 1.0, size=(2, len(solved.game.levels[name])))
        # drop one level in some rows, but never the state that every game starts in
        for row in range(2):
            if generator.uniform() < 0.5 and not (row == 0 and name in solved.game.states):
                table[row, generator.integers(table.shape[1])] = 0.0
        weights[name] = table
    record = coded(solved.game, weights, rows=2)
    evidence, found = filtered(solved, record)
    check(solved, record, evidence, found)


def test_scaling_a_weight_only_shifts_the_likelihood() -> None:
    """Virtual evidence is a likelihood: a constant factor on a row's column adds its log and no more."""
    solved = everything()
    record = coded(solved.game, {"ladder": LADDER, "push": PUSH, "reply": REPLY}, rows=4)
    scaled = np.array(PUSH, dtype=float)
    scaled[1] *= 0.25
    other = replace(record, weights=dict(record.weights) | {"push": scaled})
    _, found = filtered(solved, record)
    _, moved = filtered(solved, other)
    gap = np.asarray(moved.log_probability - found.log_probability)
    assert gap == pytest.approx([0, np.log(0.25), 0, 0], abs=1e-12)
    assert np.asarray(moved.states) == pytest.approx(np.asarray(found.states), abs=1e-12)


def test_an_impossible_row_has_no_probability() -> None:
    solved = everything()
    fallen = coded(solved.game, {"ladder": [[0, 1, 0], [1, 0, 0]]}, rows=2)  # the ladder never falls
    _, found = filtered(solved, fallen)
    assert np.isneginf(np.asarray(found.log_probability)[1])


def test_a_row_without_levels_is_refused() -> None:
    solved = everything()
    with pytest.raises(ValueError, match="2001: no level of ladder is left"):
        prepare_record(solved.game, coded(solved.game, {"ladder": [[1, 0, 0], [0, 0, 0]]}, rows=2))
    with pytest.raises(ValueError, match="over 2 levels, the case has 3"):
        prepare_record(solved.game, coded(solved.game, {"ladder": [[1, 0], [0, 1]]}, rows=2))


def test_filtering_a_solved_game_is_the_same_walk() -> None:
    solved = everything()
    record = coded(solved.game, {"ladder": LADDER, "push": PUSH, "reply": REPLY}, rows=4)
    evidence, found = filtered(solved, record)
    again = filter_record(evidence, solved.theta, solved.z)
    assert np.asarray(again.log_probability) == pytest.approx(np.asarray(found.log_probability), abs=1e-12)


def test_worked_example_of_the_docs() -> None:
    """The numbers of the worked example in docs/estimation.md."""
    case = Case.model_validate(
        {
            "case": "worked", "title": "A worked example",
            "calendar": {"period": "year", "first": "2000"},
            "players": {"one": {"label": "One", "discount": "0"}},
            "states": {"rung": {"label": "r", "levels": ["low", "high"], "direction": "up"}},
            "terminals": {"gone": {"label": "g", "payoffs": {}}},
            "period": [
                {"move": "push", "player": "one", "actions": ["wait", "press"], "precision": "1"},
                {"nature": "leave", "exit": {"prob": "0.05"}, "to": {"gone": "1"}},
                {"nature": "rise", "changes": "rung", "steps": {"up": {"prob": "0.1 + 0.4*push"}}},
            ],
            "payoffs": {"one": {"odds": "push*where(rung == low, log(0.3/0.7), log(0.6/0.4))"}},
            "start": {"rung": "low"},
        }
    )  # fmt: skip
    solved = Solved(case)
    record = coded(solved.game, {"rung": [[1, 0], [0.25, 0.75]], "push": [[0.2, 0.8], [1, 1]]}, rows=2)
    evidence, found = filtered(solved, record)
    check(solved, record, evidence, found)
    assert np.exp(np.asarray(found.log_probability)) == pytest.approx([0.38, 0.405], abs=1e-12)
    assert to_grid(evidence, np.asarray(found.states))[1] == pytest.approx([0.0615 / 0.162, 0.1005 / 0.162])
