"""The contest: no hindsight in the pool, tables by hand, whoever wins."""

from __future__ import annotations

import numpy as np
import pytest

from tests.forecast.soft import record
from tightrope.forecast import baselines
from tightrope.forecast.contest import BARE, GAME, POOLED, score_table, skill_table, weights_at_end, with_pool
from tightrope.forecast.reference_class import BEST_MATCH, Rate, outside_view
from tightrope.forecast.rivals import MARKOV, REFERENCE, rival_laws
from tightrope.forecast.targets import Key, Target, Truth, resolve, targets_of
from tightrope.record.coding import truncate

ORIGINS = tuple(f"{year}Q4" for year in range(2002, 2012))
RATES = (Rate(*BEST_MATCH, 0, 784.0),)


def coded():  # type: ignore[no-untyped-def]
    generator = np.random.default_rng(2)
    heat = np.clip(np.cumsum(generator.choice([-1, 0, 1], size=60)), 0, 2)
    act = (generator.random(60) < 0.2 + 0.3 * heat).astype(int)
    return record({"heat": np.eye(3)[heat], "act": np.eye(2)[act]})


HORIZONS = (1, 4, 8)


def forecasts(targets: tuple[Target, ...]) -> dict[str, dict[Key, np.ndarray]]:
    """A made-up game beside the real rivals."""
    generator = np.random.default_rng(5)
    found: dict[str, dict[Key, np.ndarray]] = {BARE: {}}
    for known in ORIGINS:
        rivals = rival_laws(
            truncate(coded(), before=f"{int(known[:4]) + 1}Q1"), targets, horizons=HORIZONS, moves=["act"],
            rising=(), rates=RATES,
        )  # fmt: skip
        for name, laws in rivals.items():
            found.setdefault(name, {}).update({Key(known, h, t): law for (h, t), law in laws.items()})
        for h in HORIZONS:
            for t in targets:
                found[BARE][Key(known, h, t.name)] = generator.dirichlet(np.ones(len(t.levels)))
    return found


@pytest.fixture(scope="module")
def targets() -> tuple[Target, ...]:
    return targets_of(coded(), moves=["act"], terminals=["merged"])


@pytest.fixture(scope="module")
def truth(targets: tuple[Target, ...]) -> Truth:
    return resolve(targets, coded(), origins=ORIGINS, horizons=HORIZONS)


@pytest.fixture(scope="module")
def pooled(targets: tuple[Target, ...], truth: Truth):  # type: ignore[no-untyped-def]
    return with_pool(forecasts(targets), truth, targets, epsilon=0.1, step=4)


def test_rivals_are_the_baselines_of_the_record_then_known(targets: tuple[Target, ...]) -> None:
    part = truncate(coded(), before="2006Q1")
    found = rival_laws(part, targets, horizons=(4,), moves=["act"], rising=(), rates=RATES)
    chain = baselines.markov_chain(part, moves=["act"])
    now = chain.chains["heat"].now @ np.linalg.matrix_power(chain.chains["heat"].transition, 4)
    assert found[MARKOV][4, "heat"] == pytest.approx(now)
    assert found["climatology"][4, "act"] == pytest.approx(
        baselines.climatology(part, moves=["act"]).frequency["act"]
    )
    assert found[MARKOV][4, "merged"][1] == pytest.approx(1 - (1 - 0.5 / 25) ** 4)
    assert found[REFERENCE][4, "merged"][1] == pytest.approx(outside_view(RATES, years=1.0).probability)
    assert found["always 2 %"] == {(4, "merged"): pytest.approx([0.98, 0.02])}
    assert set(found["logit"]) == {(4, "act")}


def test_weights_are_equal_until_something_is_resolved(pooled) -> None:  # type: ignore[no-untyped-def]
    _, weights = pooled
    first, second = ORIGINS[0], ORIGINS[1]
    for target, size in (("heat", 2), ("act", 2), ("merged", 3)):
        assert weights[Key(first, 1, target)] == pytest.approx(np.full(size, 1 / size), abs=0)
    assert weights[Key(second, 8, "heat")] == pytest.approx([0.5, 0.5], abs=0)
    assert weights[Key(second, 4, "heat")] != pytest.approx([0.5, 0.5], abs=1e-6)
    # A game that says anything at all loses weight to the chain.
    assert weights[Key(ORIGINS[-1], 1, "heat")][0] < 0.4


def test_truth_that_comes_later_moves_no_pool(targets: tuple[Target, ...], truth: Truth, pooled) -> None:  # type: ignore[no-untyped-def]
    made, _ = pooled
    now = "2006Q4"
    late = {
        key: share[::-1].copy() if int(key.known[:4]) * 4 + 3 + key.horizon > 2006 * 4 + 3 else share
        for key, share in truth.shares.items()
    }
    other, _ = with_pool(
        forecasts(targets), Truth(late, truth.silent, truth.open), targets, epsilon=0.1, step=4
    )
    changed = 0
    for key, law in made[POOLED].items():
        if key.known <= now:
            assert np.array_equal(law, other[POOLED][key])
        else:
            changed += not np.array_equal(law, other[POOLED][key])
    assert changed > 0


def test_the_floor_lies_under_game_and_pool(targets: tuple[Target, ...], pooled) -> None:  # type: ignore[no-untyped-def]
    made, _ = pooled
    for key, law in made[GAME].items():
        outside = made[REFERENCE][key] if key.target == "merged" else made[MARKOV][key]
        assert law == pytest.approx(0.9 * made[BARE][key] + 0.1 * outside)
        assert np.all(made[POOLED][key] >= 0.1 * outside - 1e-15)


def test_the_skill_table_by_hand(targets: tuple[Target, ...], truth: Truth, pooled) -> None:  # type: ignore[no-untyped-def]
    made, _ = pooled
    scores = score_table(made, truth, targets)
    groups = {"both": ("heat", "act"), "heat": ("heat",), "merged": ("merged",)}
    table = skill_table(scores, groups=groups, step=4, seed=1).set_index(["group", "horizon", "forecaster"])

    def missed(key: Key) -> float:
        law = np.maximum(made[BARE][key], 0.001)
        return float(-np.log(law / law.sum()) @ truth.shares[key])

    mine = [np.mean([missed(Key(k, 4, t)) for t in ("heat", "act")]) for k in ORIGINS]
    row = table.loc[("both", 4, BARE)]
    assert row["log_score"] == pytest.approx(np.mean(mine))
    assert row["log_skill"] == pytest.approx(1 - np.mean(mine) / table.loc[("both", 4, MARKOV), "log_score"])
    assert (row["n"], row["cases"], row["block"]) == (10, 20, 3)
    assert row["log_lower"] <= row["log_skill"] <= row["log_upper"]
    assert table.loc[("both", 4, MARKOV), "log_skill"] == 0.0
    assert np.isnan(table.loc[("both", 4, BARE), "ranked_score"])  # moves have no order
    assert np.isfinite(table.loc[("heat", 4, BARE), "ranked_score"])
    # One that speaks of a part of the group is no contestant in it.
    assert ("both", 4, "logit") not in table.index
    assert ("merged", 4, "always 2 %") in table.index
    for _, here in table.groupby(["group", "horizon"]):
        assert here.loc[here["best"], "log_score"].min() == here["log_score"].min()


def test_weights_for_a_new_forecast_are_those_that_the_contest_gives_at_that_origin(
    targets: tuple[Target, ...], truth: Truth, pooled: tuple[dict[str, object], dict[Key, np.ndarray]]
) -> None:
    laws = {name: table for name, table in forecasts(targets).items() if name in (BARE, MARKOV, REFERENCE)}
    kind = {t.name: t.kind for t in targets}
    for known in (ORIGINS[0], ORIGINS[-1]):
        found = weights_at_end(laws, truth, targets, known=known, step=4)
        for key, used in pooled[1].items():
            if key.known == known:
                assert found[kind[key.target], key.horizon, len(used)].weights == pytest.approx(used)  # type: ignore[index]
    assert found["states", 1, 2].resolved == 9  # type: ignore[index]


def test_rivals_wanted_alone_are_the_same_as_among_all(targets: tuple[Target, ...]) -> None:
    given = {"horizons": HORIZONS, "moves": ["act"], "rising": (), "rates": RATES}
    everyone = rival_laws(coded(), targets, **given)  # type: ignore[arg-type]
    alone = rival_laws(coded(), targets, **given, only=(MARKOV, REFERENCE))  # type: ignore[arg-type]
    assert list(alone) == [MARKOV, REFERENCE]
    for name, laws in alone.items():
        for key, law in laws.items():
            assert np.array_equal(law, everyone[name][key])
