"""`tightrope fit` beyond the mode: chains along gradients, information, profiles; resumed, refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.workflow.small import small_case
from tightrope.cli import app
from tightrope.workflow import sampling

pytestmark = pytest.mark.long

NAMES = {
    "support_worth", "threat_worth", "sovereignty", "support_cost", "union_worth", "step_rate",
    "threat_rises", "threat_fades",
}  # fmt: skip
NUTS = ("--engine", "nuts", "--free", "3", "--warmup", "40", "--draws", "60")


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_case(tmp_path_factory.mktemp("fitting") / "small")


def told(case: Path, *words: str, workers: str = "1") -> tuple[int, dict[str, Any]]:
    given = ["fit", str(case), *words, "--quick", "--json", "--out", str(case.parent / "runs")]
    done = CliRunner().invoke(app, [*given, "--workers", workers])
    assert done.stdout, done.output
    return done.exit_code, json.loads(done.stdout)


@pytest.fixture(scope="module")
def data(case: Path) -> dict[str, Any]:
    return told(case, *NUTS)[1]


def test_the_result_is_a_fit_like_any_other(data: dict[str, Any]) -> None:
    assert data["posterior"] == "chains"
    chains = data["chains"]
    assert (chains["chains"], chains["draws"], len(chains["sampled"])) == (2, 60, 3)
    assert set(chains["sampled"]) < NAMES
    assert chains["others"] == "sampled"
    assert chains["gradients"] < chains["evaluations"]
    assert chains["sampled_rhat"] <= chains["largest_rhat"]
    assert chains["failed_solves"] <= chains["divergent"]
    rows = {row["name"]: row for row in data["parameters"]}
    for name in NAMES:
        assert rows[name]["lower"] < rows[name]["upper"]
        assert 0.1 < rows[name]["spread"] < 1.6


def test_what_was_sampled_is_found_again_and_goes_on_where_it_was(
    case: Path, data: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second run makes no draw; with a chunk gone only that one is made again, to the same numbers."""
    assert told(case, *NUTS)[1]["parameters"] == data["parameters"]
    (chunk,) = (case.parent / "runs").glob("*/chunks/fit-nuts-1-4-*.json")
    chunk.unlink()
    (chain,) = (case.parent / "runs").glob("*/chunks/fit-nuts-1-9-*.json")
    before = chain.stat().st_mtime_ns
    again = told(case, *NUTS)[1]
    assert again["parameters"] == data["parameters"]
    assert again["chains"] == data["chains"]
    assert chunk.exists()
    assert chain.stat().st_mtime_ns == before


def test_other_processes_give_the_same_digits(case: Path, data: dict[str, Any]) -> None:
    for chunk in (case.parent / "runs").glob("*/chunks/fit-nuts-*.json"):
        chunk.unlink()
    again = told(case, *NUTS, workers="2")[1]
    assert again["parameters"] == data["parameters"]


def test_named_parameters_and_held_others(case: Path) -> None:
    held = ("--others", "held", "--engine", "nuts", "--warmup", "40", "--draws", "40")
    _, found = told(case, *held, "--free", "sovereignty,step_rate")
    assert found["chains"]["sampled"] == ["sovereignty", "step_rate"]
    rows = {row["name"]: row for row in found["parameters"]}
    assert rows["sovereignty"]["spread"] is not None
    assert rows["threat_worth"]["spread"] is None
    assert rows["threat_worth"]["note"].startswith("held here")


def test_others_drawn_from_their_priors(case: Path) -> None:
    """Two draws of the others, each with chains of its own, count alike and are told apart."""
    drawn = ("--others", "drawn", "--outer", "2", "--engine", "nuts", "--warmup", "40", "--draws", "40")
    _, found = told(case, *drawn, "--free", "sovereignty,step_rate")
    chains = found["chains"]
    assert (chains["outer"], chains["chains"], chains["draws"]) == (2, 2, 40)
    assert set(chains["between"]) == {"sovereignty", "step_rate"}
    assert all(0 < share < 1 for share in chains["between"].values())
    rows = {row["name"]: row for row in found["parameters"]}
    assert rows["sovereignty"]["spread"] is not None
    assert rows["threat_worth"]["note"].startswith("drawn from its prior")


def test_proposals_by_a_surrogate(case: Path) -> None:
    """The same posterior of two parameters given the rest as along gradients; one solve a draw."""
    common = ("--others", "held", "--free", "sovereignty,step_rate", "--draws", "150")
    _, found = told(case, *common, "--warmup", "20", "--engine", "surrogate")
    chains = found["chains"]
    assert (chains["chains"], chains["draws"], chains["gradients"]) == (2, 150, 0)
    assert chains["evaluations"] == 2 * 170
    (taught,) = chains["taught"]
    assert taught["seen"] >= 40
    assert chains["accepted"] > 0.5
    rows = {row["name"]: row for row in found["parameters"]}
    _, other = told(case, *common, "--warmup", "60", "--engine", "nuts")
    for row in other["parameters"]:
        if row["name"] in ("sovereignty", "step_rate"):
            assert rows[row["name"]]["spread"] == pytest.approx(row["spread"], rel=0.4)


def test_information_and_profiles(case: Path) -> None:
    code, found = told(case, "--information", "--profile", "threat_worth")
    assert code == 0
    rows = {row["name"]: row for row in found["information"]["parameters"]}
    assert set(rows) == NAMES
    for row in rows.values():
        assert 0 < row["observed_alone"] <= row["observed_together"] + 1e-9 <= 1 + 1e-6
        assert 0 < row["expected_alone"] <= row["expected_together"] + 1e-9 <= 1 + 1e-6
    for flats in found["information"]["flat"].values():
        assert all(flat["seen"] < 0.2 and len(flat["parts"]) >= 2 for flat in flats)
    (profile,) = found["profiles"]
    assert profile["name"] == "threat_worth"
    assert len(profile["points"]) == 12
    assert min(point["drop"] for point in profile["points"]) == 0.0
    scores = [point["score"] for point in profile["points"]]
    assert scores == sorted(scores)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--engine", "hmc"), "it may be laplace, nuts or surrogate"),
        (("--free", "3"), "belong to --engine nuts"),
        (("--engine", "nuts", "--others", "frozen"), "it may be sampled, drawn or held"),
        (("--engine", "nuts", "--chains", "1"), "at least two"),
        (("--engine", "nuts", "--outer", "2"), "belongs to --others drawn"),
        (("--engine", "surrogate", "--free", "3"), "say --others drawn, or held"),
        (("--engine", "nuts", "--free", "sovereinty"), "did you mean sovereignty?"),
        (("--engine", "nuts", "--information"), "leave --engine nuts out"),
        (("--profile", "precision"), "no free parameter precision"),
    ],
)
def test_what_cannot_be_is_refused(case: Path, words: tuple[str, ...], said: str) -> None:
    given = ["fit", str(case), *words, "--quick", "--out", str(case.parent / "runs"), "--workers", "1"]
    done = CliRunner().invoke(app, given)
    assert done.exit_code == 2
    assert said in done.output


def test_a_chain_that_cannot_be_made_is_told(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "nuts_chain", lambda *a, **b: 1 / 0)
    given = ["fit", str(case), "--engine", "nuts", "--free", "2", "--quick", "--workers", "1"]
    done = CliRunner().invoke(app, [*given, "--out", str(case.parent / "runs")])
    assert done.exit_code == 1
    assert "chain 1: ZeroDivisionError" in done.output
