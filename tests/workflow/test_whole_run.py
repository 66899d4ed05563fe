"""The template case from end to end: one run shared by all tests, then the same run again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tightrope.case.new import scaffold
from tightrope.outcome import FINE, Outcome
from tightrope.runs import read_run
from tightrope.workflow import ask_case, claims_case, run_case, score_case
from tightrope.workflow.printing import UnknownName


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("case") / "small"
    scaffold(folder, name="small")
    return folder


def silent(text: str) -> None:
    """Notices are kept by the session; nobody reads them here."""


@pytest.fixture(scope="module")
def first(case: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcome, Path]:
    out = tmp_path_factory.mktemp("runs")
    return run_case(case, out=out, quick=True, notice=silent), out


def test_a_run_leaves_a_report_its_numbers_and_a_manifest(first: tuple[Outcome, Path]) -> None:
    outcome, _ = first
    assert outcome.code == FINE
    folder = Path(outcome.data["run"])
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "<html" in page
    assert "North" in page
    manifest, tree = read_run(folder)
    assert manifest["status"] == "finished"
    assert manifest["certificates"]["reference"]["status"] == "converged"
    assert manifest["certificates"]["fit"]["status"] == "converged"
    assert {"claims", "matrix", "parameters", "questions", "timeline"} <= set(tree.children)


def test_the_same_run_again_computes_nothing_and_says_the_same(
    case: Path, first: tuple[Outcome, Path]
) -> None:
    outcome, out = first
    _, before = read_run(Path(outcome.data["run"]))
    table = before["parameters/parameters"].to_dataset().load()
    again = run_case(case, out=out, quick=True, notice=silent)
    assert again.data["run"] == outcome.data["run"]
    manifest, after = read_run(Path(again.data["run"]))
    assert {entry["origin"] for entry in manifest["timings"].values()} == {"resumed"}
    assert after["parameters/parameters"].to_dataset().load().equals(table)


def test_two_runs_in_two_places_give_the_same_numbers(
    case: Path, first: tuple[Outcome, Path], tmp_path: Path
) -> None:
    _, tree = read_run(Path(first[0].data["run"]))
    other = run_case(case, out=tmp_path, quick=True, notice=silent)
    _, twin = read_run(Path(other.data["run"]))
    for name in ("parameters/parameters", "matrix/cells", "questions/forecasts"):
        assert twin[name].to_dataset().load().equals(tree[name].to_dataset().load()), name


def test_every_number_of_a_parameter_carries_its_mark(first: tuple[Outcome, Path]) -> None:
    _, tree = read_run(Path(first[0].data["run"]))
    table = tree["parameters/parameters"].to_dataset()
    ratio = np.asarray(table["sd_ratio"].values, dtype=float)
    marks = np.asarray(table["mark"].values)
    assert set(marks) <= {"assumed", "calibrated", "estimated"}
    assert ((ratio < 0.8) == (marks == "estimated")).all()


@pytest.mark.parametrize(
    ("command", "keywords", "near"),
    [(ask_case, {"questions": ("Q11",)}, "Q1"), (claims_case, {"claims": ("C3",)}, "C")],
)
def test_an_unknown_name_is_refused_with_a_near_match(
    command: Callable[..., Outcome],
    keywords: dict[str, Any],
    near: str,
    case: Path,
    first: tuple[Outcome, Path],
) -> None:
    with pytest.raises(UnknownName, match=near):
        command(case, out=first[1], quick=True, notice=silent, **keywords)


def test_scores_stand_beside_baselines(case: Path, first: tuple[Outcome, Path]) -> None:
    outcome = score_case(case, out=first[1], quick=True, notice=silent)
    names = {row["forecaster"] for row in outcome.data["means"]}
    assert {"Markov chain", "persistence", "climatology"} <= names
    assert outcome.data["ledger"][-1]["event"] == "all"
