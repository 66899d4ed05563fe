"""`tightrope discover` and `tightrope sensitivity` on the template case, from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from tests.workflow.small import silent, small_case
from tightrope.argument.quantities import measure
from tightrope.case.schema import Quantity
from tightrope.cli import app
from tightrope.game import solve
from tightrope.report.sections import Boxes
from tightrope.workflow import discover_case, drawn, shown
from tightrope.workflow.discover import Asked
from tightrope.workflow.feared import FEARED, OutcomeError, quantities_of
from tightrope.workflow.material import load_material
from tightrope.workflow.opening import session_of
from tightrope.workflow.steps import prior_draws

pytestmark = pytest.mark.long

QUANTITY = "yields_in_quiet"


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_case(tmp_path_factory.mktemp("discover") / "small")


def told(case: Path, *words: str) -> tuple[int, dict[str, Any]]:
    out = str(case.parent / "runs")
    done = CliRunner().invoke(
        app, [words[0], str(case), *words[1:], "--json", "--out", out, "--workers", "1"]
    )
    assert done.stdout, done.output
    return done.exit_code, json.loads(done.stdout)


@pytest.fixture(scope="module")
def data(case: Path) -> dict[str, Any]:
    code, found = told(case, "discover", "yields_in_quiet", "--draws", "90")
    assert code == 0
    return found


def test_the_feared_outcome_is_that_of_the_first_live_question(case: Path) -> None:
    quantity = quantities_of(load_material(case))[FEARED]
    # asked by the end of 2014; the template's record ends with 2004H1
    assert (str(quantity.reaches), quantity.within, quantity.over) == ("absorbed", 21, "end")
    other = quantities_of(load_material(case), reaches="union == joined", within=4, start="start")[FEARED]
    assert (str(other.reaches), other.within, other.over) == ("union == joined", 4, "start")


def test_draws_are_solved_one_by_one_as_by_hand(case: Path, data: dict[str, Any]) -> None:
    assert data["draws"]["certified"] + data["draws"]["not certified"] == 90
    material = load_material(case)
    thetas = prior_draws(material, "agnostic", size=90, seed=0)
    with session_of(case, out=case.parent / "runs", notice=silent) as session:
        over = drawn.start_states(session)
    asked = {QUANTITY: material.case.quantities[QUANTITY]}
    values = []
    for theta in thetas:
        found = solve(material.game, theta, branch="direct")
        good = found.certificate.good
        values.append(measure(found, over=over, quantities=asked).values[QUANTITY] if good else np.nan)
    threshold = np.nanquantile(values, 0.8)
    assert data["with_it"] == int((np.array(values) > threshold).sum())
    assert data["with_it"] == pytest.approx(0.2 * 90, abs=1)
    assert data["tradeoff"][0]["n"] == data["draws"]["certified"]


def test_the_box_comes_with_reasons_units_and_doubt(data: dict[str, Any], case: Path) -> None:
    assert data["rule"].startswith(f"{QUANTITY} > 0.")
    parameters = load_material(case).case.parameters
    for row in data["limits"]:
        assert row["why"] == parameters[row["parameter"]].why
        assert row["prior"] == str(parameters[row["parameter"]].prior["agnostic"])
        ends = [row[key] for key in ("low_quantile", "high_quantile") if row[key] is not None]
        assert ends
        assert all(0 <= end <= 1 for end in ends)
        assert 0 <= row["reproduced"] <= 100
    assert sum(leaf["k"] for leaf in data["tree"]["leaves"]) == data["with_it"]


def test_more_draws_begin_with_the_ones_already_solved(
    case: Path, data: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, solved = drawn.measure_draws, []

    def counted(game: Any, thetas: np.ndarray, **rest: Any) -> Any:
        solved.append(len(thetas))
        return whole(game, thetas, **rest)

    monkeypatch.setattr(drawn, "measure_draws", counted)
    again = discover_case(case, quantity=QUANTITY, draws=90, out=case.parent / "runs", notice=silent)
    assert solved == []
    assert again.data["tradeoff"] == data["tradeoff"]
    longer = discover_case(
        case, quantity=QUANTITY, above=1.5, draws=98, out=case.parent / "runs", notice=silent
    )
    assert solved == [drawn.PIECE, 3]
    assert longer.code == 1
    assert "at least 5" in longer.text
    claim = discover_case(case, claim="C1", draws=20, out=case.parent / "runs", notice=silent)
    assert solved == [drawn.PIECE, 3]
    assert claim.data["outcome"] == "C1 fails"


def test_the_next_report_draws_the_box(data: dict[str, Any], case: Path) -> None:
    with session_of(case, out=case.parent / "runs", notice=silent) as session:
        section = shown.boxes(session)
    assert isinstance(section, Boxes)
    box = next(
        b for b in section.boxes if b.outcome == data["rule"] and b.draws == data["draws"]["certified"]
    )
    assert list(box.limits["parameter"]) == [row["parameter"] for row in data["limits"]]
    assert box.share == pytest.approx(data["share"])
    assert box.tradeoff.loc[box.tradeoff["chosen"].astype(bool), "box"].tolist() == [data["chosen"]]
    shown_box = next(row for row in data["tradeoff"] if row["box"] == data["chosen"])
    row = box.tradeoff[box.tradeoff["chosen"].astype(bool)].iloc[0]
    assert (row["with_it"], row["draws"]) == (shown_box["k"], shown_box["n"])
    assert box.density == pytest.approx(data["held_out"]["density"])


def test_the_text_says_what_the_data_say(case: Path, data: dict[str, Any]) -> None:
    text = discover_case(case, quantity=QUANTITY, draws=90, out=case.parent / "runs", notice=silent).text
    assert f"in {data['with_it']} of {data['draws']['certified']} certified draws" in text
    for row in data["limits"]:
        assert row["why"] in text
    assert "tried on the other half" in text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("discover", "joined_son"), "did you mean joined_soon"),
        (("discover", "--claim", "C9"), "no claim C9"),
        (("discover", "--claim", "C1", "--above", "1"), "fails or holds"),
        (("discover", "--reaches", "absorbd", "--within", "4"), "did you mean absorbed"),
        (("discover", "--reaches", "south == concede", "--within", "4"), "south is a move"),
        (("discover", "--reaches", "absorbed", "--from", "ends"), "did you mean end"),
        (("discover", "--prior", "agnostc"), "argument or agnostic"),
        (("discover", "--above", "1", "--below", "2"), "not both"),
        (("sensitivity", "joined_son"), "did you mean joined_soon"),
        (("sensitivity", "feared", "--parameters", "step_rat"), "did you mean step_rate"),
        (("sensitivity", "feared", "--base", "30"), "power of two"),
        (("sensitivity", "feared", "--only", "sobl"), "did you mean sobol"),
    ],
)
def test_bad_words_are_refused(case: Path, words: tuple[str, ...], said: str) -> None:
    out = str(case.parent / "runs")
    done = CliRunner().invoke(app, [words[0], str(case), *words[1:], "--out", out, "--workers", "1"])
    assert done.exit_code == 2, done.output
    assert said in done.output


def test_without_live_questions_the_outcome_must_be_named(tmp_path: Path) -> None:
    case = small_case(tmp_path / "silent", without=("live_questions",))
    material = load_material(case)
    assert FEARED not in quantities_of(material)
    with pytest.raises(OutcomeError, match="--reaches"):
        quantities_of(material, within=4)
    with pytest.raises(OutcomeError, match="--within"):
        quantities_of(material, reaches="absorbed")
    done = CliRunner().invoke(app, ["discover", str(case), "--out", str(tmp_path / "runs")])
    assert done.exit_code == 2
    assert "name a quantity" in done.output


def test_an_outcome_that_no_parameter_moves_is_not_classed(case: Path) -> None:
    # at the template's end of record the South has joined, and the rate of absorption is fixed
    code, found = told(case, "discover", "--draws", "20")
    assert code == 1
    assert "none is higher" in found["why"]
    assert "tradeoff" not in found


def test_a_case_may_say_itself_what_it_fears(case: Path) -> None:
    material = load_material(case)
    own = Quantity.model_validate({"reaches": "threat == high", "within": 3, "over": "start"})
    changed = material.case.model_copy(update={"quantities": {**material.case.quantities, FEARED: own}})
    source = type(material.source)(**{**vars(material.source), "case": changed})
    said = quantities_of(type(material)(**{**vars(material), "source": source}))
    assert said[FEARED] is own


def test_sensitivity_has_its_parts_and_says_why_one_is_missing(case: Path) -> None:
    words = ("sensitivity", QUANTITY, "--top", "2", "--base", "8", "--prior", "argument")
    code, found = told(case, *words)
    assert code == 0
    swings = [abs(row["swing"]) for row in found["tornado"]["rows"]]
    assert swings == sorted(swings, reverse=True)
    assert all(row["why"] for row in found["tornado"]["rows"])
    top = {row["parameter"] for row in found["tornado"]["rows"][:2]}
    assert set(found["sobol"]["parameters"]) == top
    assert found["sobol"]["blocks"] + found["sobol"]["dropped"] == 8
    assert {row["parameter"] for row in found["sobol"]["rows"]} == top
    assert "fit" in found["given"]["why"]
    assert Asked().prior == "agnostic"
