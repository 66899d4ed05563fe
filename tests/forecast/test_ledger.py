"""The ledger: its scores are those of the notes, its rows follow the rules of resolution."""

from __future__ import annotations

import doctest
from datetime import date
from pathlib import Path

import pytest

from tightrope.forecast import ledger
from tightrope.forecast.ledger import Prediction

CASE = Path(__file__).parents[2] / "cases" / "russia-belarus"
LEDGER = ledger.load_predictions(CASE / "predictions.csv")


def notes_table():
    """The table of PREDICTIONS.md as rows of text."""
    lines = [line for line in (CASE / "PREDICTIONS.md").read_text().splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def prediction(**changes):
    fields = {
        "id": "P1",
        "made_on": "2019-03-05",
        "forecaster": "x",
        "forecaster_kind": "analyst",
        "venue": "v",
        "statement": "s",
        "event": "merger",
        "implied_probability": "0.4",
        "resolution": "no",
        "resolved_on": "2024-03-05",
    }
    return Prediction.model_validate({**fields, **changes})


def test_doctests():
    result = doctest.testmod(ledger)
    assert result.attempted >= 2
    assert result.failed == 0


def test_the_table_of_the_notes_is_reproduced_exactly():
    events = ledger.score_ledger(LEDGER)
    subsets = ledger.score_subsets(LEDGER)
    names = {
        "all events": events.loc["all"],
        "merger, statements with p >= 0.25": subsets.loc["p >= 0.25"],
        "merger, statements with p < 0.25": subsets.loc["p < 0.25"],
        "merger, explicit deadline": subsets.loc["explicit deadline"],
    }
    rows = notes_table()
    assert len(rows) == 13
    for event, n, yes, mean, score, constant in rows:
        found = names[event] if event in names else events.loc[event]
        assert (int(found.n), int(found.yes)) == (int(n), int(yes)), event
        assert f"{found.brier:.4f}" == score, event
        assert f"{found.baseline_brier:.4f}" == constant, event
        assert mean in ("", f"{found.mean_p:.3f}"), event


def test_the_other_numbers_of_the_notes():
    assert len(LEDGER) == 191
    assert f"{ledger.score_subsets(LEDGER).loc['open counted as no'].brier:.4f}" == "0.1895"
    years = ledger.count_by_year(LEDGER, at_least=0.0)
    assert years.statements.sum() == 111
    # The notes print 0.42 for 2018-20, which is 0.415 from the rows.
    spans = [
        (1996, 2001, "0.39", 13),
        (2002, 2008, "0.31", 25),
        (2018, 2020, "0.41", 38),
        (2021, 2025, "0.31", 25),
    ]
    for first, last, mean, n in spans:
        part = years.loc[first:last]
        level = (part.mean_p * part.statements).sum() / part.statements.sum()
        assert part.statements.sum() == n
        assert f"{level:.2f}" == mean


def test_scores_by_kind_and_year_are_parts_of_the_whole():
    whole = ledger.score_ledger(LEDGER).loc["all"]
    for by in ("forecaster_kind", "year"):
        parts = ledger.score_ledger(LEDGER, by=by).drop("all")
        assert parts.n.sum() == whole.n
        assert (parts.n * parts.brier).sum() / whole.n == pytest.approx(whole.brier, abs=1e-12)


def test_every_row_follows_the_rules_of_resolution():
    assert ledger.resolution_problems(LEDGER, as_of=date(2025, 12, 31)) == ()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"resolution": "open", "made_on": "2024-03-05"}, "open, yet resolved"),
        ({"resolution": "open", "resolved_on": ""}, "open, yet due on 2024-03-05"),
        ({"resolved_on": ""}, "without a date"),
        ({"resolved_on": "2026-02-01"}, "after 2024-03-05"),
        ({"resolved_on": "2019-06-01"}, "before its window closed"),
        ({"deadline": "2020-12-31"}, "after 2020-12-31"),
    ],
)
def test_broken_resolutions_are_named(changes, message):
    (problem,) = ledger.resolution_problems([prediction(**changes)], as_of=date(2025, 12, 31))
    assert message in problem


def test_open_predictions_are_not_scored():
    rows = [prediction(), prediction(id="P2", resolution="open", resolved_on="", made_on="2024")]
    assert ledger.score_ledger(rows).loc["all"].n == 1
    assert ledger.count_by_year(rows).loc[2020].fears == 0
    assert ledger.count_by_year(rows).loc[2024].fears == 1


def test_fears_by_year_count_only_statements_at_or_above_the_threshold():
    rows = [
        prediction(),
        prediction(id="P2", implied_probability="0.25"),
        prediction(id="P3", implied_probability="0.2"),
    ]
    assert ledger.count_by_year(rows).loc[2019].tolist()[:2] == [3, 2]


def test_faulty_rows_come_all_at_once_with_their_line(tmp_path):
    header = (CASE / "predictions.csv").read_text().splitlines()[0]
    path = tmp_path / "p.csv"
    row = "P1,2019,x,analyst,v,s,merger,,,{p},{r},2024-01-01,b,u"
    path.write_text("\n".join([header, row.format(p="1.4", r="no"), row.format(p="0.4", r="maybe")]) + "\n")
    with pytest.raises(ledger.LedgerError) as caught:
        ledger.load_predictions(path)
    assert [p.split(": ")[0] for p in caught.value.problems] == ["p.csv:2", "p.csv:3"]
    path.write_text("\n".join([header, row.format(p="0.4", r="no"), row.format(p="0.4", r="no")]) + "\n")
    with pytest.raises(ledger.LedgerError, match="`P1` is used twice"):
        ledger.load_predictions(path)
