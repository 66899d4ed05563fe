"""Simulated records: they stop at an end, and happen as often as the solved game says."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest

from tests.record.small import coded, enumerate_record, everything, seen
from tightrope.case.schema import NatureMove
from tightrope.record.coding import CodedRecord
from tightrope.record.simulate import simulate


@cache
def long_record() -> CodedRecord:
    solved = seen()
    return simulate(solved.game, solved.numbers, solved.strategies, periods=4000, seed=5)


def test_a_record_is_whole_and_certain() -> None:
    record = long_record()
    assert len(record) == 4000
    assert record.periods[:5] == ("1990Q1", "1990Q2", "1990Q3", "1990Q4", "1991Q1")
    for name, table in record.weights.items():
        assert (table.sum(axis=1) == 1).all()
        assert (table.argmax(axis=1) == record.printed[name]).all()


def test_moves_are_made_as_often_as_the_strategies_say() -> None:
    """In each situation with a few visits, within four standard errors."""
    solved, record = seen(), long_record()
    checked = 0
    for move in solved.game.moves:
        x = solved.strategies[move]
        others = [a for a in x.axes if a != move]
        keys = np.stack([record.printed[a] for a in others])
        for key in np.unique(keys, axis=1).T:
            here = (keys == key[:, None]).all(axis=0)
            n = int(here.sum())
            odds = solved.choice(move, dict(zip(others, key.tolist(), strict=True)))
            for action, p in enumerate(odds):
                share = float(np.mean(record.printed[move][here] == action))
                assert abs(share - p) < 4 * math.sqrt(p * (1 - p) / n) + 1e-12
                checked += n > 100
    assert checked >= 16


def test_states_follow_their_laws() -> None:
    """Every step that the laws allow comes at its rate, and no other step comes at all."""
    solved, record = seen(), long_record()
    states = np.stack([record.printed[s] for s in solved.game.states])
    moves = np.stack([record.printed[m] for m in solved.game.moves])
    whole = np.concatenate([states, moves])[:, :-1]
    nexts = states[:, 1:]
    names = (*solved.game.states, *solved.game.moves)
    laws = [x for x in solved.slow.case.period if isinstance(x, NatureMove) and x.changes]
    for key in np.unique(whole, axis=1).T:
        here = (whole == key[:, None]).all(axis=0)
        point = dict(zip(names, key.tolist(), strict=True))
        for item in laws:
            variable = str(item.changes)
            row = solved.game.states.index(variable)
            odds = solved.slow.next_level(item, None, point)
            for level, p in enumerate(odds):
                share = float(np.mean(nexts[row][here] == level))
                assert abs(share - p) <= 4 * math.sqrt(p * (1 - p) / here.sum())


def test_a_record_stops_before_the_period_in_which_the_game_ends() -> None:
    solved = seen(exits=True)
    lengths = [
        len(simulate(solved.game, solved.numbers, solved.strategies, periods=30, seed=seed))
        for seed in range(150)
    ]
    assert max(lengths) <= 30
    # exact chances of lasting one and three whole periods, by enumeration
    for rows in (1, 3):
        share = float(np.mean([n >= rows for n in lengths]))
        p = lasting(rows)
        assert abs(share - p) < 4 * math.sqrt(p * (1 - p) / len(lengths))


def lasting(periods: int) -> float:
    solved = seen(exits=True)
    states = [(p, point) for p, point in solved.starts()]
    for _ in range(periods):
        states = [
            (p * q, {s: end[s] for s in solved.game.states})
            for p, point in states
            for q, end in solved.histories(point)
            if not isinstance(end, str)
        ]
        merged: dict[tuple[int, ...], float] = {}
        for p, point in states:
            merged[tuple(point.values())] = merged.get(tuple(point.values()), 0.0) + p
        states = [(p, dict(zip(solved.game.states, key, strict=True))) for key, p in merged.items()]
    return sum(p for p, _ in states)


def test_records_of_a_length_come_as_often_as_their_likelihood_says() -> None:
    """With the last period kept where all its moves were made; dropping it would favour what does not end."""
    solved, n = everything(), 2000
    made = [
        simulate(solved.game, solved.numbers, solved.strategies, periods=1, seed=seed, keep_last=True)
        for seed in range(n)
    ]
    dropped = [simulate(solved.game, solved.numbers, solved.strategies, periods=1, seed=k) for k in range(60)]
    names = tuple(made[0].printed)
    counts: dict[tuple[int, ...], int] = {}
    for record in made:
        if len(record):
            row = tuple(int(record.printed[name][0]) for name in names)
            counts[row] = counts.get(row, 0) + 1
    lasted = 0.0
    for row, count in counts.items():
        tables = {x: np.eye(len(solved.game.levels[x]))[[k]] for x, k in zip(names, row, strict=True)}
        p = enumerate_record(solved, coded(solved.game, tables, rows=1))[0][0]
        lasted += p
        assert abs(count / n - p) < 4.5 * math.sqrt(p * (1 - p) / n) + 1e-12
    assert sum(counts.values()) / n == pytest.approx(lasted, abs=0.04)
    assert 0 < sum(len(r) for r in dropped) < sum(len(r) for r in made[:60]) < 60


def test_latent_states_are_not_written_down() -> None:
    solved = everything()
    record = simulate(solved.game, solved.numbers, solved.strategies, periods=5, seed=1)
    assert set(record.weights) == {"ladder", "climate", "kind", "push", "reply"}


def test_the_same_seed_gives_the_same_record() -> None:
    solved = seen()
    one, two, other = (
        simulate(solved.game, solved.numbers, solved.strategies, periods=40, seed=seed) for seed in (7, 7, 8)
    )
    assert all((one.printed[n] == two.printed[n]).all() for n in one.printed)
    assert any((one.printed[n] != other.printed[n]).any() for n in one.printed)
