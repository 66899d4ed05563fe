"""`tightrope claims` with its options on the template case, from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from tests.workflow.small import silent, small_case
from tightrope.argument.needs import overrides
from tightrope.argument.quantities import measure
from tightrope.cli import app
from tightrope.game import solve
from tightrope.workflow import claims_case, drawn
from tightrope.workflow.opening import session_of
from tightrope.workflow.steps import prior_draws

pytestmark = pytest.mark.long

EDITS = {
    "  no_threat_worth:": (
        "  no_union_worth: {about: Union is worth nothing to the North., set: {union_worth: 0}}\n"
        "  no_threat_worth:"
    )
}


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_case(tmp_path_factory.mktemp("claims") / "small", edits=EDITS)


def told(case: Path, *words: str) -> tuple[int, dict[str, Any]]:
    out = str(case.parent / "runs")
    words = ("claims", str(case), *words, "--quick", "--json", "--out", out, "--workers", "2")
    done = CliRunner().invoke(app, words)
    assert done.stdout, done.output
    return done.exit_code, json.loads(done.stdout)


@pytest.fixture(scope="module")
def data(case: Path) -> dict[str, Any]:
    code, found = told(case, "--draws", "45", "--sets", "3", "--ablation-draws", "8")
    assert code == 0
    return found


def by(rows: list[dict[str, Any]], **where: Any) -> dict[str, Any]:
    (found,) = (row for row in rows if all(row[key] == value for key, value in where.items()))
    return found


def test_shares_are_those_of_solving_each_draw_by_hand(case: Path, data: dict[str, Any]) -> None:
    with session_of(case, out=case.parent / "runs", quick=True, notice=silent) as session:
        over = drawn.start_states(session)
        material = session.material
    held, margins, certified, taken = 0, [], 0, 0
    for theta in prior_draws(material, "agnostic", size=60, seed=0):
        if certified == 45:
            break
        taken += 1
        found = solve(material.game, theta, branch="direct")
        if not found.certificate.good:
            continue
        certified += 1
        values = measure(found, over=over).values
        margin = values["yields_under_threat"] - values["yields_in_quiet"]
        held += margin > 1e-9
        margins.append(margin)
    row = by(data["draws"], kind="agnostic")
    assert (row["certified"], row["taken"]) == (45, taken)
    row = by(data["fared"], claim="C1", draws="agnostic")
    assert row["holds"] == held
    assert row["share"] == pytest.approx(held / 45)
    assert row["not_certified"] == taken - 45
    ends = [row["low"], row["middle"], row["high"]]
    assert ends == pytest.approx(np.quantile(margins, (0.05, 0.5, 0.95)).tolist(), abs=1e-9)
    assert by(data["claims"], id="C1")["share_agnostic"] == row["share"]


def test_margins_stand_beside_pass_and_fail(data: dict[str, Any]) -> None:
    for row in data["claims"]:
        for at in ("reference", "fit"):
            assert (row[f"margin_{at}"] > 0) == (row[at] == "holds")
    first = by(data["quantities"], claim="C1", name="yields_under_threat")
    other = by(data["quantities"], claim="C1", name="yields_in_quiet")
    claim = by(data["claims"], id="C1")
    assert claim["margin_reference"] == pytest.approx(first["reference"] - other["reference"])
    assert first["lower"] < first["fit"] < first["upper"]


def test_needs_are_sets_that_break_when_solved(case: Path, data: dict[str, Any]) -> None:
    assert by(data["needs"], claim="C1", at="reference")["sets"] == [["no_threat_worth"]]
    free = by(data["needs"], claim="C2", at="reference")
    assert (free["sets"], free["tried"]) == ([], 2)  # the case has two ablations
    assert data["solved"]["reference"] == 1
    with session_of(case, out=case.parent / "runs", quick=True, notice=silent) as session:
        game, over = session.material.game, drawn.start_states(session)
    both = game.theta(overrides(game.case, ("no_union_worth", "no_threat_worth")))
    found = solve(game, both, branch="direct")
    assert measure(found, over=over).values["worth_of_alliance"] > 0


def test_ablations_over_draws_are_paired_with_the_whole_game(data: dict[str, Any]) -> None:
    names = {row["ablation"] for row in data["broken"]}
    assert names == {"no_union_worth", "no_threat_worth", "all_off"}
    for row in data["broken"]:
        assert 0 <= row["broken"] <= row["held"] <= 8
    # without it the two probabilities are the same
    row = by(data["broken"], claim="C1", ablation="no_threat_worth")
    assert row["broken"] == row["held"] > 0


def test_the_same_again_solves_nothing_and_more_draws_begin_with_these(
    case: Path, data: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, solved = drawn.measure_draws, []

    def counted(game: Any, thetas: np.ndarray, **rest: Any) -> Any:
        solved.append(len(thetas))
        return whole(game, thetas, **rest)

    monkeypatch.setattr(drawn, "measure_draws", counted)
    options: dict[str, Any] = {"out": case.parent / "runs", "quick": True, "notice": silent}
    again = claims_case(case, draws=45, sets=3, ablation_draws=8, **options)
    assert solved == []
    assert json.loads(json.dumps(again.data)) == data
    for kind in ("argument-centred", "agnostic", "posterior"):
        assert f"{kind}: 45 certified of" in again.text
    assert "C1     no_threat_worth" in again.text
    longer = claims_case(case, draws=60, claims=("C1",), **options)
    # 45 are whole pieces, so that 15 more are solved in each class of priors; then come posterior draws
    assert solved[:6] == [drawn.PIECE] * 6
    assert drawn.PIECE * 3 == 60 - 45
    assert [row["id"] for row in longer.data["claims"]] == ["C1"]
    assert "check: yields_under_threat > yields_in_quiet" in longer.text


def test_posterior_draws_that_come_up_again_are_solved_once(
    case: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with session_of(case, out=case.parent / "runs", quick=True, notice=silent) as session:
        few = drawn.resample(session.fit, size=6, seed=0)
        monkeypatch.setattr(drawn, "resample", lambda fit, size, seed: few[[3, 0, 0, 5, 3, 3, 1]])
        thetas, times = drawn.posterior_draws(session, 7)
    assert np.array_equal(thetas, few[[3, 0, 5, 1]])
    assert times.tolist() == [3, 2, 1, 1]


def test_what_a_changed_prior_changed_is_told(case: Path, data: dict[str, Any], tmp_path: Path) -> None:
    old = 'agnostic: "halfnormal(scale=1.0)"'
    changed = small_case(
        tmp_path / "small",
        edits={**EDITS, old: old.replace("1.0", "0.2"), "value: 1.0\n    source": "value: 0.3\n    source"},
    )
    out = case.parent / "runs"
    (before,) = (path.name for path in out.iterdir())
    done = claims_case(changed, draws=45, against=before, quick=True, out=out, notice=silent)
    inputs = {row["where"] for row in done.data["against"]["inputs"]["case"]}
    assert inputs == {"parameters.threat_worth.value", "parameters.threat_worth.prior.agnostic"}
    rows = {(row["claim"], row["what"]): row for row in done.data["against"]["claims"]}
    row = rows["C1", "margin_reference"]
    assert row["before"] == by(data["claims"], id="C1")["margin_reference"]
    assert row["now"] == by(done.data["claims"], id="C1")["margin_reference"] < row["before"]
    assert f"Against {out / before}" in done.text
    assert "parameters.threat_worth.value: 1.0 -> 0.3" in done.text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("c1",), "did you mean C1"),
        (("--draws", "-1"), "--draws"),
        (("--sets", "0"), "--sets"),
        (("--draws", "many"), "--draws"),
        (("--against", "nowhere"), "there is no such run"),
    ],
)
def test_bad_words_are_refused(case: Path, words: tuple[str, ...], said: str) -> None:
    out = str(case.parent / "runs")
    done = CliRunner().invoke(app, ["claims", str(case), *words, "--quick", "--out", out])
    assert done.exit_code == 2, done.output
    assert said in done.output
