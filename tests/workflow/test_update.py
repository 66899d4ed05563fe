"""`tightrope update` on the template case: splits that sum, refusals with their lines, a refit."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.workflow.small import silent, small_case
from tightrope.case.errors import CaseError
from tightrope.fit.posterior import resample
from tightrope.forecast.answers import answer, epsilon
from tightrope.forecast.over_draws import solve_draw
from tightrope.outcome import FAILED, FINE, Outcome
from tightrope.record.likelihood import filter_record, prepare_record
from tightrope.workflow import ask_case, update, update_case
from tightrope.workflow.material import load_material
from tightrope.workflow.opening import session_of

HEADER = "period,union,threat,patron,client,confidence,alternatives,events,note"
ROWS = ["2005H1,joined,low,press,concede,high,,,", "2005H2,joined,low,hold,stall,medium,patron:aid=0.3,,"]


def write(folder: Path, rows: list[str], header: str = HEADER) -> Path:
    path = folder / "rows.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_case(tmp_path_factory.mktemp("case") / "small")


@pytest.fixture(scope="module")
def common(case: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return {"out": tmp_path_factory.mktemp("runs"), "quick": True, "notice": silent}


@pytest.fixture(scope="module")
def updated(case: Path, common: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    return update_case(case, rows=write(tmp_path_factory.mktemp("rows"), ROWS), **common)


def test_the_parts_sum_to_the_change_and_the_change_is_what_is_printed(
    case: Path, common: dict[str, Any], updated: Outcome
) -> None:
    assert updated.code == FINE
    live = {row["id"]: row for row in ask_case(case, **common).data["live"]}
    for question in updated.data["questions"]:
        assert question["before"] == pytest.approx(live[question["id"]]["probability"], abs=1e-9)
        assert sum(part["change"] for part in question["parts"]) == pytest.approx(
            question["change"], abs=1e-14
        )
        assert question["after"] == pytest.approx(question["before"] + question["change"], abs=1e-15)
        assert question["lower"] <= question["after"] <= question["upper"]
    assert max(abs(q["change"]) for q in updated.data["questions"]) > 0.005
    seen = [(o["period"], o["name"], o["seen"]) for o in updated.data["observations"]]
    assert seen[:5] == [
        ("2005H1", "goes on", ""), ("2005H1", "union", "joined"), ("2005H1", "threat", "low"),
        ("2005H1", "north", "press"), ("2005H1", "south", "concede"),
    ]  # fmt: skip
    assert updated.data["effective"] == updated.data["observations"][-1]["effective"]
    assert "effective after them" in updated.text
    assert "another order would give other parts" in updated.text


@pytest.mark.long
def test_the_forecast_is_that_of_the_draws_weighed_by_the_longer_record(
    case: Path, common: dict[str, Any], updated: Outcome, tmp_path: Path
) -> None:
    """Made again from the record's own filter and the command that answers questions, draw by draw."""
    with session_of(case, **common) as session:
        material, fitted = session.material, session.fit
        draws = session.amount.live
    rows = update.new_rows(material, write(tmp_path, ROWS))
    assert material.coded is not None
    longer = prepare_record(material.game, update.joined_record(material.coded, rows))
    # L1 asks about a terminal, so answers from the longer record's end are answers to it
    question = next(q for q in material.live if q.id == "L1")
    weights, values = [], []
    for theta in resample(fitted, size=draws, seed=0):
        found = solve_draw(material.game, theta)
        assert found is not None
        weights.append(np.exp(np.asarray(filter_record(longer, theta, found.z).log_probability)[-2:].sum()))
        values.append(answer(longer, theta[None], [question]).probabilities[0, 0])
    w = np.array(weights) / np.sum(weights)
    (row,) = (q for q in updated.data["questions"] if q["id"] == "L1")
    expected = (1 - epsilon()) * float(w @ np.array(values)) + epsilon() * row["outside"]
    assert row["after"] == pytest.approx(expected, abs=1e-8)
    assert updated.data["effective"] == pytest.approx(1 / (w**2).sum(), rel=1e-6)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (["2005H2,joined,low,hold,stall,high,,,"], "rows.csv:2:.*where 2005H1 is due.*ends in 2004H2"),
        ([ROWS[0], "2006H1,joined,low,hold,stall,high,,,"], "rows.csv:3:.*2006H1 stands where 2005H2 is due"),
        (["2005H1,joined,low,hodl,stall,high,,,"], "rows.csv:2:.*'hodl' is no code.*did you mean hold"),
        (["2005H1,customs,low,hold,stall,high,,,"], "rows.csv:2:.*union falls from joined to customs"),
        (["2005H1,joined,low,hold,stall,high,patron:aid=1.3,,"], "rows.csv:2:.*not between 0 and 1"),
        (["2005H1,joined,low"], "rows.csv:2:.*3 fields where the header has 9"),
        ([], "rows.csv:1:.*no rows"),
    ],
)  # fmt: skip
def test_bad_rows_are_refused_with_their_line(
    rows: list[str], words: str, case: Path, tmp_path: Path
) -> None:
    with pytest.raises(CaseError) as caught:
        update.new_rows(load_material(case), write(tmp_path, rows))
    assert re.search(words, str(caught.value), re.DOTALL), str(caught.value)


def test_a_column_that_is_missing_is_named(case: Path, tmp_path: Path) -> None:
    file = write(tmp_path, ["2005H1,joined"], header="period,union")
    with pytest.raises(CaseError, match="no column 'threat'"):
        update.new_rows(load_material(case), file)


@pytest.mark.long
def test_draws_that_degenerate_ask_for_a_refit_which_makes_the_rest_of_the_change(
    case: Path, common: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tightrope.forecast.updated.LEAST_SHARE", 0.999)
    file = write(tmp_path, ROWS)
    found = update_case(case, rows=str(file), **common)
    assert found.code == FAILED
    assert found.data["refit_needed"]
    assert "ask for a refit" in found.text
    again = update_case(case, rows=file, refit=True, **common)
    assert again.code == FINE
    assert not any("ask for a refit" in text for text in again.data["warnings"])
    assert "fitted anew" in again.text
    for question, weighed in zip(again.data["questions"], found.data["questions"], strict=True):
        names = [part["name"] for part in question["parts"]]
        assert update.REFITTED in names
        assert sum(p["change"] for p in question["parts"]) == pytest.approx(question["change"], abs=1e-14)
        assert question["before"] == weighed["before"]
    # the refitted posterior and the weighed one tell of the same rows
    by = {q["id"]: q["after"] for q in found.data["questions"]}
    assert all(abs(q["after"] - by[q["id"]]) < 0.1 for q in again.data["questions"])


def test_the_case_is_left_as_it_was(case: Path, updated: Outcome) -> None:
    assert "2005H1" not in (case / "record.csv").read_text(encoding="utf-8")
    assert load_material(case).evidence.periods[-1] == "2004H2"
