"""The record's coding: each rule on a small table, then the two codings of the reference case."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tightrope.case.load import load_case
from tightrope.case.schema import Record
from tightrope.record.coding import CodingError, code_record, truncate
from tightrope.record.kernels import kernels_from, soften
from tightrope.record.reading import RecordFileError, read_reliability, read_rows

CASE = Path(__file__).parents[2] / "cases" / "russia-belarus"

LEVELS = {
    "union": ("loose", "treaty", "market"),
    "framing": ("no", "yes"),
    "russia": ("hold", "aid", "squeeze"),
}
RECORD = Record.model_validate(
    {
        "file": "r.csv",
        "period_column": "quarter",
        "columns": {"union": "union", "framing": "framing", "patron": "russia"},
        "codes": {"patron": {"help": "aid"}},
        "default_notes": ["default", "moves by default"],
        "default_columns": ["patron"],
        "soft": {"framing": {"no": {"no": 0.9, "yes": 0.1}}},
        "blocks": {
            "date": {
                "about": "when the treaty bound",
                "readings": {
                    "late": {
                        "weight": 0.3,
                        "set": [
                            {"column": "union", "first": "2000Q3", "last": "2000Q4", "code": "loose"},
                            {"column": "patron", "first": "2000Q3", "code": "squeeze"},
                        ],
                    }
                },
            }
        },
    }
)


def row(quarter, union, framing, patron, alternatives="", note="", confidence="medium"):
    return {
        "quarter": quarter,
        "union": union,
        "framing": framing,
        "patron": patron,
        "alternatives": alternatives,
        "events": "E1 E2",
        "note": note,
        "confidence": confidence,
    }


ROWS = [
    row("2000Q1", "loose", "no", "hold", "patron:aid=0.2;patron:squeeze=0.15", confidence="low"),
    row("2000Q2", "loose", "no", "hold", "framing:yes=0.35;patron:aid=0.15", note="default: nothing found"),
    row("2000Q3", "treaty", "yes", "hold", "union:loose=0.4;patron:aid=0.4"),
    row("2000Q4", "treaty", "yes", "help"),
]


def coded(rows=ROWS, **kwargs):
    return code_record(rows, record=RECORD, levels=LEVELS, **kwargs)


def test_alternatives_keep_their_weights_and_the_printed_code_the_rest():
    weights = coded().weights["russia"]
    np.testing.assert_allclose(weights[0], [0.65, 0.2, 0.15])


def test_confidence_changes_no_weight():
    high = [dict(ROWS[0], confidence="high"), *ROWS[1:]]
    np.testing.assert_array_equal(coded(high).weights["russia"], coded().weights["russia"])


def test_default_moves_are_missing_and_other_columns_of_the_row_are_not():
    record = coded()
    np.testing.assert_array_equal(record.weights["russia"][1], np.ones(3))
    assert record.printed["russia"][1] == -1
    np.testing.assert_allclose(record.weights["framing"][1], [0.65, 0.35])


def test_soft_codes_apply_only_where_the_row_names_no_alternative():
    framing = coded().weights["framing"]
    np.testing.assert_allclose(framing[0], [0.9, 0.1])
    np.testing.assert_allclose(framing[2], [0.0, 1.0])


def test_codes_are_translated_to_the_case_levels():
    assert LEVELS["russia"][coded().printed["russia"][3]] == "aid"


def test_block_cells_lose_their_alternatives_and_switch_as_a_whole():
    printed = coded()
    np.testing.assert_array_equal(printed.weights["union"][2], [0, 1, 0])
    np.testing.assert_array_equal(printed.weights["russia"][2], [1, 0, 0])
    late = coded(readings={"date": "late"})
    np.testing.assert_array_equal(late.weights["union"][2:], [[1, 0, 0], [1, 0, 0]])
    np.testing.assert_array_equal(late.weights["russia"][2], [0, 0, 1])
    np.testing.assert_array_equal(late.weights["russia"][3], printed.weights["russia"][3])


def test_truncation_equals_coding_the_shorter_table():
    cut, short = truncate(coded(), before="2000Q3"), coded(ROWS[:2])
    assert cut.periods == short.periods == ("2000Q1", "2000Q2")
    for variable in LEVELS:
        np.testing.assert_array_equal(cut.weights[variable], short.weights[variable])
        np.testing.assert_array_equal(cut.printed[variable], short.printed[variable])
    assert len(truncate(coded(), before="2031Q1")) == 4
    with pytest.raises(CodingError, match="no row before 2000Q1"):
        truncate(coded(), before="2000Q1")


def test_kernels_follow_names_and_spread_the_likelihood():
    reliability = {
        "columns": {"patron": {"levels": ["squeeze", "hold"], "kernel_symmetrised": [[0.8, 0.2], [0.1, 0.9]]}}
    }
    kernels = kernels_from(reliability, record=RECORD, levels=LEVELS)
    assert set(kernels) == {"russia"}
    np.testing.assert_allclose(kernels["russia"], [[0.9, 0, 0.1], [0, 1, 0], [0.2, 0, 0.8]])
    soft = soften(coded(), kernels).weights["russia"]
    np.testing.assert_allclose(soft[0], [0.9 * 0.65 + 0.1 * 0.15, 0.2, 0.2 * 0.65 + 0.8 * 0.15])
    np.testing.assert_allclose(soft[1], np.ones(3))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([dict(ROWS[0], union="treeaty")], "unknown code `treeaty`; did you mean treaty"),
        ([dict(ROWS[0], alternatives="patrn:aid=0.2")], "unknown column `patrn`; did you mean patron"),
        ([dict(ROWS[0], alternatives="patron:aid=0.7")], "less than one of them has"),
        ([dict(ROWS[0], alternatives="patron:hold=0.2")], "its own alternative"),
        ([dict(ROWS[0], alternatives="patron:aid=x")], "not a number"),
        ([dict(ROWS[0], alternatives="patron aid")], "expected `column:code=weight`"),
        ([ROWS[1], ROWS[0]], "`2000Q1` does not come after `2000Q2`"),
    ],
)
def test_problems_are_named_with_their_row(rows, message):
    with pytest.raises(CodingError, match=message):
        coded(rows)


def test_all_problems_come_at_once():
    with pytest.raises(CodingError) as caught:
        coded([dict(ROWS[0], union="x"), dict(ROWS[1], framing="y")])
    assert [p.split(":")[0] for p in caught.value.problems] == ["row 1", "row 2"]


def test_unknown_readings_are_named():
    with pytest.raises(CodingError, match="unknown block `dat`; did you mean date"):
        coded(readings={"dat": "late"})
    with pytest.raises(CodingError, match="no reading `lat`; did you mean late"):
        coded(readings={"date": "lat"})


def test_files_name_the_line(tmp_path):
    path = tmp_path / "r.csv"
    path.write_text('quarter,note\n2000Q1,"two\nlines"\n2000Q2,a,b\n')
    with pytest.raises(RecordFileError, match=r"r\.csv:4: 3 fields where the header has 2"):
        read_rows(path)
    path.write_text('quarter,note\n2000Q1,"two\nlines"\n\n2000Q2,a\n')
    assert [read_rows(path).where(i) for i in (0, 1)] == ["r.csv:2", "r.csv:5"]
    path.write_text("a,a\n1,2\n")
    with pytest.raises(RecordFileError, match="column `a` is named twice"):
        read_rows(path)
    with pytest.raises(RecordFileError, match="no such file"):
        read_rows(tmp_path / "none.csv")


CASE_LEVELS = {
    "union": ("loose", "treaty", "market", "currency"),
    "defence": ("allied", "integrated", "based"),
    "exports": ("diversified", "dependent"),
    "regime": ("crisis", "shaky", "secure"),
    "west": ("open", "frozen", "sanctions"),
    "confrontation": ("low", "mid", "high"),
    "framing": ("no", "yes"),
    "russia": ("hold", "aid", "ask_peripheral", "ask_core", "squeeze", "annex"),
    "belarus": ("stall", "concede_peripheral", "concede_core", "hedge"),
}
PLAIN = Record.model_validate(
    {
        "file": "record.csv",
        "columns": {
            **{c: c for c in CASE_LEVELS if c not in ("russia", "belarus")},
            "patron": "russia",
            "client": "belarus",
        },
    }
)


def test_the_case_record_has_the_codebooks_counts():
    rows = read_rows(CASE / "record.csv")
    coded = code_record(rows, record=PLAIN, levels=CASE_LEVELS)
    assert len(coded) == 118
    assert (coded.periods[0], coded.periods[-1]) == ("1996Q1", "2025Q2")

    def counts(variable):
        return np.bincount(coded.printed[variable], minlength=len(CASE_LEVELS[variable])).tolist()

    # CODEBOOK.md, section 4
    assert counts("russia") == [51, 24, 14, 15, 14, 0]
    assert counts("belarus") == [73, 26, 2, 17]
    assert counts("regime") == [1, 13, 104]
    assert counts("confrontation") == [40, 31, 47]
    for variable in ("union", "defence", "exports"):
        assert np.all(np.diff(coded.printed[variable]) >= 0)
    # RELIABILITY.md: mean weight on the printed code
    at = coded.printed["russia"]
    assert np.mean(coded.weights["russia"][np.arange(118), at]) == pytest.approx(0.76, abs=0.005)


def test_the_two_codings_agree_as_the_reliability_file_says():
    first = code_record(read_rows(CASE / "record.csv"), record=PLAIN, levels=CASE_LEVELS)
    second = code_record(read_rows(CASE / "record-coder2.csv"), record=PLAIN, levels=CASE_LEVELS)
    reliability = read_reliability(CASE / "reliability.json")
    for column, variable in PLAIN.columns.items():
        agree = int(np.sum(first.printed[variable] == second.printed[variable]))
        assert agree == reliability["columns"][column]["agree"]
    for kernel in kernels_from(reliability, record=PLAIN, levels=CASE_LEVELS).values():
        np.testing.assert_allclose(kernel.sum(axis=1), 1.0, atol=1e-12)


def test_every_reading_of_the_case_recodes_its_own_cells_and_lets_nothing_fall():
    case = load_case(CASE).case
    assert case.record is not None
    rows = read_rows(CASE / "record.csv")

    def code(readings=None):
        return code_record(rows, record=case.record, levels=CASE_LEVELS, readings=readings)

    plain = code()
    rising = [name for name, variable in case.states.items() if variable.direction == "up"]
    assert rising == ["union", "defence", "exports"]
    for block, about in case.record.blocks.items():
        for name, reading in about.readings.items():
            coded = code({block: name})
            cells = {
                (case.record.columns[change.column], i)
                for change in reading.set
                for i, period in enumerate(coded.periods)
                if change.first <= period <= (change.last or change.first)
            }
            assert cells
            for variable in CASE_LEVELS:
                here = [i for v, i in cells if v == variable]
                assert all(coded.weights[variable][i].max() == 1.0 for i in here)
                away = np.setdiff1d(np.arange(118), here)
                np.testing.assert_array_equal(coded.weights[variable][away], plain.weights[variable][away])
            assert any(coded.printed[v][i] != plain.printed[v][i] for v, i in cells)
            for variable in rising:
                assert np.all(np.diff(coded.printed[variable]) >= 0), (block, name)


def test_the_case_softens_framing_and_drops_the_moves_of_its_default_rows():
    case = load_case(CASE).case
    assert case.record is not None
    rows = read_rows(CASE / "record.csv")
    coded = code_record(rows, record=case.record, levels=CASE_LEVELS)
    # CODEBOOK.md, rule 1: 13 full defaults and 8 rows with moves by default
    for move in ("russia", "belarus"):
        missing = coded.printed[move] == -1
        assert missing.sum() == 21
        assert np.all(coded.weights[move][missing] == 1.0)
    quiet = [
        i for i, row in enumerate(rows) if row["framing"] == "no" and "framing:" not in row["alternatives"]
    ]
    np.testing.assert_allclose(coded.weights["framing"][quiet], np.tile([0.9, 0.1], (len(quiet), 1)))
