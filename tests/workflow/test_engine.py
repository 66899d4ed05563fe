"""The commands that look into the engine: the plan, other equilibria, comparative statics."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from tests.workflow.small import small_case
from tightrope.argument.quantities import measure
from tightrope.argument.slopes import quantity_slopes
from tightrope.case.schema import Quantity
from tightrope.cli import app
from tightrope.forecast.answers import answer
from tightrope.game import Branch, solve
from tightrope.game.ordering import sweep_plan
from tightrope.game.plan import Change
from tightrope.workflow import engine
from tightrope.workflow.engine import branches_case, statics_case
from tightrope.workflow.material import load_material


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_case(tmp_path_factory.mktemp("engine") / "small")


def test_the_plan_is_printed_with_axes_and_costs(case: Path) -> None:
    done = CliRunner().invoke(app, ["solve", str(case), "--plan", "--json"])
    assert done.exit_code == 0, done.output
    data = json.loads(done.stdout)
    game = load_material(case).game
    assert data["cost"] == sum(step["cost"] for step in data["steps"])
    taken = [s.name for s in sweep_plan(game).steps if isinstance(s, Change)]
    assert [s["step"] for s in data["steps"] if s["kind"] == "change"] == taken
    for move in game.moves:
        (step,) = [s for s in data["steps"] if move in s["step"].split()]
        assert move in step["axes"]
    told = CliRunner().invoke(app, ["solve", str(case), "--plan"])
    assert all(move in told.stdout for move in game.moves)


def test_other_equilibria_are_listed_with_their_distance(case: Path) -> None:
    outcome = branches_case(case, starts=2, seed=3)
    assert outcome.code == 0
    first, *others = outcome.data["branches"]
    assert first["distance"] == 0.0
    assert first["certificate"]["status"] == "converged"
    assert all(other["distance"] > 1e-5 for other in others)
    assert ("no proof" in outcome.text) == (not others)


def test_each_equilibrium_has_forecasts_of_its_own(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the record and the live questions under its play; a second one stands in a column beside."""
    material = load_material(case)
    game, other = material.game, material.game.theta()
    other[game.parameters.index("step_rate")] *= 2.0
    both = [solve(game, branch="direct"), solve(game, other, branch="direct")]
    branches = [Branch(found, 0.1 * k, "start", 1) for k, found in enumerate(both)]
    monkeypatch.setattr(engine, "find_branches", lambda *_, **__: branches)
    outcome = branches_case(case, starts=2, seed=3)
    told = [one["forecasts"] for one in outcome.data["branches"]]
    for found, one in zip(both, told, strict=True):
        expected = answer(material.evidence, found.theta[None], material.live, warm=found.z)
        assert one == pytest.approx({name: float(expected.of(name)[0]) for name in expected.ids}, abs=1e-7)
    assert told[0] != told[1]
    for name in told[0]:
        (row,) = [line.split() for line in outcome.text.splitlines() if line.startswith(f"{name} ")]
        assert len(row) >= 3


def test_statics_name_every_parameter_and_stand_beside_the_solution(case: Path) -> None:
    game = load_material(case).game
    move = game.moves[-1]
    whole = 0.0
    for action in game.levels[move]:
        outcome = statics_case(case, f"{move}={action}")
        assert outcome.code == 0
        assert {e["parameter"] for e in outcome.data["parameters"]} == set(game.parameters)
        sizes = [abs(e["elasticity"]) for e in outcome.data["parameters"]]
        assert sizes == sorted(sizes, reverse=True)
        whole += outcome.data["value"]
    assert 0.0 < whole <= 1.0 + 1e-9
    player = game.players[0]
    values = solve(game).values.sel(player=player)
    assert (
        float(values.min()) - 1e-6 <= statics_case(case, player).data["value"] <= float(values.max()) + 1e-6
    )


@pytest.mark.long
def test_a_quantity_of_the_case_moves_as_solving_again_says(case: Path) -> None:
    """Every kind of quantity, against central differences in the two parameters that move it most."""
    material = load_material(case)
    game = material.game
    found = solve(game, tolerance=1e-12)
    over = engine._record_states(material, found)
    more = {
        "rising": {"rises": "union", "over": "end"},
        "in_time": {"probability": "yields", "after": 5, "over": "start"},
        "threat": {"expectation": "threat", "given": "yields", "over": "end"},
        "yielding": {"reaches": "union == joined", "within": 6, "do": {"south": "concede"}, "over": "end"},
    }
    asked = dict(game.case.quantities) | {k: Quantity.model_validate(row) for k, row in more.items()}
    plain = measure(found, over=over, quantities=asked).values
    for name, quantity in asked.items():
        slopes = quantity_slopes(found, quantity, over=over)
        assert slopes.value == pytest.approx(plain[name], abs=1e-12)
        for place in np.argsort(-np.abs(slopes.gradient))[:2]:
            step, seen = 1e-5, []
            for sign in (1.0, -1.0):
                theta = found.theta.copy()
                theta[place] += sign * step
                there = solve(game, theta, warm=found.z, tolerance=1e-12)
                seen.append(measure(there, over=over, quantities=asked).values[name])
            assert slopes.gradient[place] == pytest.approx(
                (seen[0] - seen[1]) / (2 * step), rel=1e-5, abs=1e-8
            )
    outcome = statics_case(case, "joined_soon")
    assert outcome.code == 0
    assert outcome.data["value"] == pytest.approx(plain["joined_soon"], abs=1e-7)


def test_an_unknown_quantity_is_bad_input(case: Path) -> None:
    done = CliRunner().invoke(app, ["statics", str(case), "nobody=nothing"])
    assert done.exit_code == 2
    assert "nobody" in done.output
