"""Levers: what may be pulled, and that what comes of it is what the library says."""

from __future__ import annotations

from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

from tests.workflow.small import small_case
from tightrope.argument.ablations import ablate
from tightrope.argument.periods import hitting_probability, start_distribution
from tightrope.case.calendar import parse_period
from tightrope.forecast.answers import answer
from tightrope.forecast.events import EnteredTerminal
from tightrope.forecast.origin import next_opening
from tightrope.game.equilibrium import primitives_function, solve, strategies_function
from tightrope.record.likelihood import filter_record
from tightrope.workflow import bench_parts as parts
from tightrope.workflow.bench import Bench, prepare
from tightrope.workflow.pulls import LeverError, Pull, read_pull, start_changed, theta_of


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return prepare(small_case(tmp_path_factory.mktemp("bench") / "case"))


def pulled(bench: Bench, **values: float) -> Pull:
    return read_pull(bench.levers, {"parameters": values})


def test_tracks_hold_every_base_and_nine_tenths_of_each_prior(bench: Bench) -> None:
    case = bench.material.case
    assert [lever.name for lever in bench.levers.parameters] == [
        name for name, p in case.parameters.items() if not p.fixed
    ]
    for lever in bench.levers.parameters:
        assert lever.least <= lever.low < lever.high <= lever.most
        assert lever.low <= case.parameters[lever.name].value <= lever.high
    worth = next(lever for lever in bench.levers.parameters if lever.name == "support_worth")
    agnostic = case.parameters["support_worth"].prior["agnostic"]
    assert agnostic.family == "lognormal"
    median, sigma = agnostic.arguments
    # the 95 % quantile of a normal is 1.6449 sds out
    assert worth.high == pytest.approx(median * np.exp(1.6448536269514722 * sigma))


def test_every_fault_of_a_set_is_named_at_once_with_a_near_match(bench: Bench) -> None:
    wrong = {
        "base": "refrence",
        "override": "ablations.no_threat",
        "parameters": {"support_wort": 1.0, "step_rate": float("nan"), "sovereignty": 1e9, "delta": True},
        "put": {"threat": "hig", "weather": "wet", "union": "apart"},
        "seen": {"union": "apart"},
    }
    with pytest.raises(LeverError) as caught:
        read_pull(bench.levers, wrong)
    text = str(caught.value)
    assert len(caught.value.problems) == 9
    assert "did you mean reference?" in text
    assert "did you mean ablations.no_threat_worth?" in text
    assert "did you mean support_worth?" in text
    assert "step_rate: 'nan' is not a number" in text
    assert "sovereignty may lie between" in text
    assert "did you mean high?" in text
    assert "'weather' is no state variable" in text
    assert "union: it is put somewhere or seen somewhere, not both" in text


def test_an_override_gives_way_to_a_parameter_of_its_own(bench: Bench) -> None:
    case = bench.material.case
    alone = read_pull(bench.levers, {"override": "ablations.no_threat_worth"})
    both = read_pull(
        bench.levers, {"override": "ablations.no_threat_worth", "parameters": {"threat_worth": 0.7}}
    )
    k = list(case.parameters).index("threat_worth")
    assert theta_of(case, bench.levers, alone, bases=bench.thetas)[k] == 0.0
    assert theta_of(case, bench.levers, both, bases=bench.thetas)[k] == 0.7


def test_answers_are_those_of_the_forecast_room(bench: Bench) -> None:
    pull = pulled(bench, support_worth=1.3, step_rate=0.4)
    found = parts.answered(bench, pull)
    theta = bench.material.game.theta({"support_worth": 1.3, "step_rate": 0.4})
    questions = [q for q in bench.material.live if q.answerable]
    alone = answer(bench.material.evidence, theta[None], questions)
    assert list(found.live["id"]) == list(alone.ids)
    np.testing.assert_allclose(found.live["model"], alone.probabilities[0], rtol=0, atol=1e-8)
    base = parts.answered(bench, Pull())
    assert np.abs(base.live["model"] - found.live["model"]).max() > 1e-3


def test_a_state_put_somewhere_is_where_the_forecast_starts(bench: Bench) -> None:
    """Pushed forward from the changed start, against hitting probabilities pulled back to it."""
    material, game = bench.material, bench.material.game
    question = next(q for q in material.live if isinstance(q.event, EnteredTerminal))
    event = question.event
    assert isinstance(event, EnteredTerminal)
    found = solve(game)
    numbers = primitives_function(game)(jnp.asarray(found.theta))
    strategies, _ = strategies_function(game, "agent")(jnp.asarray(found.z), numbers)
    filtered = filter_record(material.evidence, found.theta, found.z)
    live = next_opening(material.evidence, filtered, numbers, strategies)
    within = parse_period(event.by) - (parse_period(material.evidence.periods[-1]) + 1)
    hit = hitting_probability(game)(
        numbers,
        strategies,
        jnp.zeros(game.shape, dtype=bool),
        {name: jnp.asarray(float(name in event.terminals)) for name in game.terminals},
        jnp.asarray(within),
    )
    axis = game.states.index("threat")
    for level, name in enumerate(game.levels["threat"]):
        put = np.zeros_like(live)
        index = [slice(None)] * live.ndim
        index[axis] = slice(level, level + 1)
        put[tuple(index)] = live.sum(axis=axis, keepdims=True)
        kept = np.where(np.arange(live.shape[axis]) == level, np.moveaxis(live, axis, -1), 0.0)
        kept = np.moveaxis(kept, -1, axis) / kept.sum()
        for start, kind in ((put, "put"), (kept, "seen")):
            at = parts.answered(bench, read_pull(bench.levers, {kind: {"threat": name}}))
            row = at.live[at.live["id"] == question.id].iloc[0]
            assert row["model"] == pytest.approx(float(np.sum(start * np.asarray(hit))), abs=1e-8), (
                name,
                kind,
            )


def test_what_cannot_be_seen_is_refused() -> None:
    states = {"a": ("low", "high"), "b": ("x", "y")}
    live = np.array([[0.5, 0.5], [0.0, 0.0]])
    with pytest.raises(LeverError, match="probability nought"):
        start_changed(states, Pull(seen={"a": "high"}), live)
    np.testing.assert_allclose(
        start_changed(states, Pull(seen={"b": "y"}, put={"a": "high"}), live), [[0, 0], [0, 1.0]]
    )


def test_claims_are_those_of_the_ablation_that_sets_the_same(bench: Bench) -> None:
    """The override through the levers, against `ablate`, which solves and judges by itself."""
    matrix = ablate(bench.material.game, bench.thetas["reference"], over=bench.states["reference"])
    cell = matrix.cells["no_threat_worth"]
    found = parts.judged(bench, read_pull(bench.levers, {"override": "ablations.no_threat_worth"})).claims
    assert set(found["id"]) == set(cell.verdicts)
    for row in found.to_dict("records"):
        assert row["status"] == cell.verdicts[row["id"]].status
        assert row["margin"] == pytest.approx(cell.verdicts[row["id"]].margin, abs=1e-7)
    assert set(parts.judged(bench, Pull()).claims["status"]) != set(found["status"])


def test_warm_starts_come_from_the_nearest_and_agree_with_the_principal_branch(bench: Bench) -> None:
    first = bench.solve(pulled(bench, sovereignty=1.2))
    assert first.found.certificate.good
    second = bench.solve(pulled(bench, sovereignty=1.21))
    assert second.near == "a neighbour"
    assert bench.solve(pulled(bench, sovereignty=1.21)).found is second.found
    checked = parts.confirmed(bench, pulled(bench, sovereignty=1.21))
    assert checked.same
    assert checked.principal.branch == "principal"


def test_what_is_kept_stays_bounded(bench: Bench) -> None:
    from tightrope.workflow.bench import MOST_KEPT, MOST_SOLVED

    for k in range(MOST_KEPT + 5):
        bench.solve(pulled(bench, sovereignty=0.5 + k / 500))
    assert len(bench._kept) == MOST_KEPT
    assert len(bench._solved) == MOST_SOLVED
    assert not bench._busy


def test_a_case_without_a_record_shows_its_end_from_its_own_start(tmp_path: Path) -> None:
    without = ("record", "events", "questions", "live_questions", "ledger", "claims", "quantities")
    bare = prepare(small_case(tmp_path / "bare", without=without))
    found = parts.answered(bare, Pull())
    assert found.live.empty
    assert found.fan is not None
    game = bare.material.game
    solution = solve(game)
    numbers = primitives_function(game)(jnp.asarray(solution.theta))
    strategies, _ = strategies_function(game, "agent")(jnp.asarray(solution.z), numbers)
    hit = hitting_probability(game)(
        numbers,
        strategies,
        jnp.zeros(game.shape, dtype=bool),
        {name: jnp.asarray(float(k == 0)) for k, name in enumerate(game.terminals)},
        jnp.asarray(parts.HORIZON),
    )
    expected = float(np.sum(start_distribution(game) * np.asarray(hit)))
    assert found.fan.paths.iloc[-1]["probability"] == pytest.approx(expected, abs=1e-8)
    assert parts.policy(bare, Pull()) is None
    assert parts.spread(bare, Pull()) is None


def test_the_chart_made_again_is_the_chart(bench: Bench) -> None:
    """Only data and words are exchanged, so a chart from before gives what a new one would."""
    from tightrope.report.charts.fan import fan_chart, fan_chart_again

    fans = [parts.answered(bench, pulled(bench, threat_rises=x)).fan for x in (0.1, 0.3, 0.5)]
    first, second, third = (fan.paths for fan in fans if fan is not None)
    for paths, beside in (
        (first, None),
        (second, {"other": first}),
        (third, {"other": second}),
        (second, None),
    ):
        again = fan_chart_again(paths, description="d", beside=beside)
        new = fan_chart(paths, description="d", beside=beside)
        assert sorted(map(str, again.pop("datasets").values())) == sorted(
            map(str, new.pop("datasets").values())
        )
        for chart in (again, new):
            for layer in chart["layer"]:
                layer.pop("data", None)
            chart.pop("data", None)
        assert again == new
