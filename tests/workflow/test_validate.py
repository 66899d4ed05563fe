"""`tightrope validate` on the template case: resumed, added to, stopped by the clock."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.workflow.small import silent, small_case
from tests.workflow.test_partial_cases import NO_RECORD
from tightrope.cli import app
from tightrope.workflow import validate, validate_case, validate_text
from tightrope.workflow.material import NoRecord

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_case(tmp_path_factory.mktemp("validate") / "small")


def told(case: Path, *words: str) -> tuple[int, dict[str, Any]]:
    given = ["validate", str(case), *words, "--quick", "--json", "--out", str(case.parent / "runs")]
    done = CliRunner().invoke(app, [*given, "--workers", "1"])
    assert done.stdout, done.output
    return done.exit_code, json.loads(done.stdout)


FEW = ("--calibration", "--periods", "30", "--draws", "30")


@pytest.fixture(scope="module")
def data(case: Path) -> dict[str, Any]:
    _, found = told(case, *FEW, "--simulations", "3")
    return found


def test_every_route_is_ranked_and_covered(data: dict[str, Any]) -> None:
    (row,) = data["calibration"]
    assert (row["periods"], row["simulations"], row["asked"], row["errors"]) == (30, 3, 3, [])
    assert [r["name"] for r in row["routes"]] == ["chains", "weighted draws", "Laplace approximation"]
    assert row["route"] == "chains"
    assert row["verdict"] == "not checked"  # three simulations test no ranks
    for route in row["routes"]:
        assert len(route["coverage"]) == 8
        assert all(r["n"] == 3 for r in route["coverage"])


def test_the_same_again_computes_nothing_and_more_add_to_it(
    case: Path, data: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    whole = validate.simulation

    def counted(*given: Any, **more: Any) -> Any:
        made.append(more["seed"])
        return whole(*given, **more)

    monkeypatch.setattr(validate, "simulation", counted)
    _, again = told(case, *FEW, "--simulations", "3")
    assert again["calibration"] == data["calibration"]
    assert made == []
    _, more = told(case, *FEW, "--simulations", "5")
    assert len(made) == 2
    assert more["calibration"][0]["simulations"] == 5


def test_no_simulation_begins_after_the_minutes_given(case: Path) -> None:
    _, found = told(case, "--calibration", "--periods", "31", "--simulations", "50", "--minutes", "0.0001")
    assert found["calibration"][0]["simulations"] <= 1
    assert found["calibration"][0]["asked"] == 50


def test_another_process_would_give_the_same(case: Path, data: dict[str, Any]) -> None:
    out = case.parent / "other"
    found = validate_case(
        case, parts=("calibration",), periods=(30,), simulations=3, draws=30, quick=True, out=out, workers=2,
        notice=silent,
    ).data  # fmt: skip
    seconds = [{k: v for k, v in row.items() if k != "seconds"} for row in found["calibration"]]
    assert seconds == [{k: v for k, v in row.items() if k != "seconds"} for row in data["calibration"]]


def test_the_run_keeps_numbers_and_ranks(case: Path) -> None:
    out = case.parent / "pictures"
    drawn = case.parent / "ranks.svg"
    given: dict[str, Any] = {"parts": ("calibration",), "periods": (20,), "simulations": 20, "quick": True}
    found = validate_case(case, chains=False, picture=str(drawn), out=out, notice=silent, workers=1, **given)
    (kept,) = out.glob("*/validate.json")
    assert json.loads(kept.read_text(encoding="utf-8"))["calibration"] == json.loads(
        json.dumps(found.data["calibration"])
    )
    row = found.data["calibration"][0]
    assert row["route"] == "weighted draws"
    table = validate_text.ranks_table(row)
    assert set(table["name"]) == {t["name"] for t in row["routes"][0]["ranks"]}
    assert table.groupby("name")["count"].sum().unique().tolist() == [20]
    assert "<svg" in drawn.read_text(encoding="utf-8")
    assert (kept.parent / "ranks.svg").exists()
    assert str(drawn) in found.text
    assert found.code == (0 if row["verdict"] == "holds" else 1)


def test_histories_from_the_posterior_are_counted_as_the_record_is(case: Path) -> None:
    code, found = told(case, "--predictive")
    assert code == 0
    predictive = found["predictive"]
    assert predictive["histories"] == 40
    names = {row["name"] for row in predictive["counts"]}
    assert {"north = press", "south as before", "union steps up", "threat steps down"} <= names
    for row in predictive["counts"]:
        assert row["low"] <= row["high"]
        assert 0.0 <= row["p"] <= 1.0
    text = validate_case(
        case, parts=("predictive",), quick=True, out=case.parent / "runs", notice=silent, workers=1
    ).text
    outside = sum(row["outside"] for row in predictive["counts"])
    assert f"{outside} of {len(predictive['counts'])} counts" in text


def test_evidence_is_held_to_closed_forms(case: Path) -> None:
    code, found = told(case, "--evidence")
    assert code == 0
    assert [row["name"] for row in found["evidence"]] == ["normal", "two modes", "banana"]
    assert all(row["within"] for row in found["evidence"])
    assert found["calibration"] == []


def test_what_cannot_be_is_refused(case: Path, tmp_path: Path) -> None:
    for words, said in (
        (("--periods", "1"), "between 2 and 5000"),
        (("--prior", "wide"), "it may be argument or agnostic"),
        (("--periods", "30", "--periods", "30"), "each length once"),
        (("--draws", "5"), "at least 25"),
        (("--picture", "ranks.pdf"), "must end in .svg or .png"),
    ):
        done = CliRunner().invoke(app, ["validate", str(case), *words, "--out", str(tmp_path)])
        assert done.exit_code == 2, words
        assert said in done.output
    bare = small_case(tmp_path / "bare", **NO_RECORD)
    with pytest.raises(NoRecord, match="no record to check"):
        validate_case(bare, parts=("predictive",), quick=True, out=tmp_path, notice=silent)
