from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.report import synthetic
from tightrope.report import sections
from tightrope.report.columns import ReportDataError

DOCS = Path(__file__).parents[2] / "docs" / "reading-the-report.md"


def test_every_table_is_a_field_and_every_field_a_table() -> None:
    nouns = [v for v in vars(sections).values() if dataclasses.is_dataclass(v)]
    named = {f.name for noun in nouns for f in dataclasses.fields(noun) if "DataFrame" in str(f.type)}
    assert named == set(sections.TABLES)


def test_docs_list_every_column_with_its_kind() -> None:
    text = DOCS.read_text(encoding="utf-8")
    for table, columns in sections.TABLES.items():
        start = text.index(f"Table `{table}`")
        part = text[start : text.find("\n\n", text.index("|---", start))]
        for column in columns:
            kind = f"{column.kind} (optional)" if column.optional else column.kind
            assert f"| `{column.name}` | {kind} | {column.meaning}" in part, (table, column.name)
        assert part.count("\n| `") == len(columns), table


def test_all_faults_of_a_table_are_told_at_once_with_near_matches() -> None:
    live = synthetic.judgement().live.drop(columns="outside")
    live["probabilty"] = 0.5
    live["mark"] = "estimate"
    live["epsilon"] = "a tenth"
    live["deadline"] = "next year"
    with pytest.raises(ReportDataError) as error:
        sections.Judgement(live=live)
    text = str(error.value)
    for part in (
        "did you mean `probability`",
        "`outside` is missing",
        "did you mean `estimated`",
        "a tenth",
        "row 0",
    ):
        assert part in text
    assert "deadline" in text


def test_plain_values_come_out_of_numpy_and_pandas_ones() -> None:
    frame = pd.DataFrame(
        {
            "year": np.array([2000, 2001], dtype=np.int32),
            "statements": pd.array([3, 4], dtype="Int64"),
            "fears": [1.0, 2.0],
        }
    )
    made = sections.Ledger(
        fears=frame, outcomes=synthetic.ledger().outcomes, scores=synthetic.ledger().scores
    )
    assert [type(x) for x in made.fears.iloc[0]] == [int, int, int]


def test_missing_number_is_not_taken_for_text_or_truth() -> None:
    periods = synthetic.periods(4).drop(columns="parts")
    periods.loc[1, "surprise"] = None
    made = sections.Timeline(periods=periods, coded=synthetic.coded(synthetic.periods(4)))
    assert made.periods["surprise"].isna().tolist() == [False, True, False, False]
    assert made.periods["parts"].tolist() == [None] * 4


def test_unknown_mark_of_a_section_is_refused() -> None:
    with pytest.raises(ReportDataError, match="mark"):
        sections.Policy(policy=synthetic.policy().policy, mark="guessed")


def test_contract_needs_no_heavy_library() -> None:
    code = (
        "import sys, tightrope.report.sections; "
        "print([m for m in ('altair', 'pandas', 'jax', 'vl_convert', 'jinja2', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
