"""Faults in a record and in the other files are named by file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tightrope.case.checks import check_case
from tightrope.case.errors import CaseError, Problem
from tightrope.case.load import load_case
from tightrope.case.new import scaffold


@pytest.fixture
def case(tmp_path: Path) -> Path:
    scaffold(tmp_path, name="broken")
    return tmp_path


def edit(case: Path, file: str, old: str, new: str) -> None:
    path = case / file
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
    path.write_text(text.replace(old, new), encoding="utf-8")


def problems(case: Path) -> list[Problem]:
    return check_case(load_case(case))


RECORD_FAULTS = [
    # old, new, line, column, words
    ("2001H2,customs", "2001H2,custms", 5, "union", "did you mean customs?"),
    ("2001H2,customs", "2001Q2,customs", 5, "period", "is not a half-year"),
    ("2001H2,customs", "2002H1,customs", 5, "period", "stands where 2001H2 is due"),
    ("2000H1,apart", "1999H2,apart", 2, "period", "stands where 2000H1 is due"),
    ("patron:hold=0.3", "patron:hold=1.3", 3, "alternatives", "not between 0 and 1"),
    ("patron:hold=0.3", "patron:hodl=0.3", 3, "alternatives", "did you mean hold?"),
    ("patron:hold=0.3", "north:hold=0.3", 3, "alternatives", "not a column of the record section"),
    ("patron:hold=0.3", "patron hold", 3, "alternatives", "write column:code=weight"),
    ("patron:hold=0.3", "patron:hold=0.6;patron:aid=0.6", 3, "alternatives", "more than 1"),
    (",E2,", ",E99,", 3, "events", "is not in events.csv"),
    ("2004H1,joined", "2004H1,apart", 10, "union", "never falls"),
    ("an invented row", "an invented, row", 2, "", "10 fields where the header has 9"),
    ("2004H1,joined,high,hold,stall,high,,,\n", "", 10, "period", "stands where 2004H1 is due"),
]


@pytest.mark.parametrize(("old", "new", "line", "column", "words"), RECORD_FAULTS)
def test_a_fault_in_a_row_is_named_by_its_line(
    case: Path, old: str, new: str, line: int, column: str, words: str
) -> None:
    edit(case, "record.csv", old, new)
    found = [problem for problem in problems(case) if problem.path.endswith("record.csv")]
    hits = [p for p in found if p.line == line and words in f"{p.message} {p.hint}" and p.where == column]
    assert hits, [problem.format() for problem in found]


def test_the_caret_stands_under_the_code(case: Path) -> None:
    edit(case, "record.csv", "2001H2,customs", "2001H2,custms")
    (problem,) = problems(case)
    assert problem.place == f"{case}/record.csv:5:8"
    assert problem.source[7:].startswith("custms")


def test_a_gap_is_named_once_not_in_every_later_row(case: Path) -> None:
    edit(case, "record.csv", "2001H1,apart,high,aid,concede,high,,E3,threat and aid together\n", "")
    assert [problem.line for problem in problems(case)] == [4]


def test_a_second_coding_is_checked_like_the_first(case: Path) -> None:
    text = (case / "record.csv").read_text(encoding="utf-8").replace("2000H2,apart,low", "2000H2,apart,lwo")
    (case / "second.csv").write_text(text, encoding="utf-8")
    edit(case, "case.yaml", "  file: record.csv\n", "  file: record.csv\n  codings: {second: second.csv}\n")
    (problem,) = problems(case)
    assert problem.path.endswith("second.csv")
    assert (problem.line, problem.hint) == (3, "did you mean low?")


def test_codes_may_differ_from_levels(case: Path) -> None:
    for file, old, new in [
        ("record.csv", "2000H1,apart,low,hold,stall", "2000H1,apart,low,hold,nothing"),
        ("case.yaml", "  file: record.csv\n", "  file: record.csv\n  codes: {client: {nothing: stall}}\n"),
    ]:
        edit(case, file, old, new)
    assert problems(case) == []
    edit(case, "case.yaml", "{nothing: stall}", "{nothing: stalll}")
    assert {problem.hint for problem in problems(case)} >= {"did you mean stall?"}


BLOCK = "  blocks: {b: {about: x, readings: {r: {weight: 0.5, set: [{column: %s}]}}}}\n"
SECTION_FAULTS = [
    ("  default_columns: [patrn]\n", "did you mean patron?"),
    ("  soft: {client: {stal: {stall: 1}}}\n", "did you mean stall?"),
    ("  soft: {client: {stall: {stall: 0.9, concede: 0.2}}}\n", "add up to 1.1"),
    (BLOCK % "unoin, first: 2001H1, code: apart", "did you mean union?"),
    (BLOCK % "union, first: 2001H1, code: aprt", "did you mean apart?"),
    (BLOCK % "union, first: 2001Q1, code: apart", "is not a half-year"),
    (BLOCK % "union, first: 2001H2, last: 2001H1, code: apart", "2001H1 is before 2001H2"),
]


@pytest.mark.parametrize(("text", "words"), SECTION_FAULTS)
def test_a_fault_in_the_record_section_is_named_at_its_line(case: Path, text: str, words: str) -> None:
    edit(case, "case.yaml", "  file: record.csv\n", "  file: record.csv\n" + text)
    line = (case / "case.yaml").read_text(encoding="utf-8").splitlines().index(text.rstrip()) + 1
    (problem,) = problems(case)
    assert problem.line == line
    assert words in f"{problem.message} {problem.hint}"


def test_shares_in_the_record_count_what_is_coded(case: Path) -> None:
    edit(
        case,
        "case.yaml",
        "{share: yields, of: threat == high",
        "{share: next_union > union, of: threat == high",
    )
    assert problems(case) == []
    edit(case, "case.yaml", "{share: next_union > union,", "{share: next_union > unoin,")
    (problem,) = problems(case)
    assert problem.hint == "did you mean union?"
    edit(case, "case.yaml", "{share: next_union > unoin,", "{share: union > step_rate,")
    (problem,) = problems(case)
    assert "cannot depend on the parameter step_rate" in problem.message


def test_a_file_that_is_no_table_is_refused(case: Path) -> None:
    path = case / "record.csv"
    for content, words in [
        (b"", "name every column once"),
        (b"a,a\n1,2\n", "name every column once"),
        (b"period,union\n\xff\xfe\n", "not UTF-8"),
        (b'period,union\n"open', "not a csv file"),
        (b"period,union,threat,patron,client\n", "no rows"),
    ]:
        path.write_bytes(content)
        assert any(words in problem.message for problem in problems(case)), words


@pytest.mark.parametrize(
    "name", ["../x.csv", "/etc/passwd", "a/../../x.csv", "C:x.csv", "..\\x.csv", '""', "file:///etc/passwd"]
)
def test_files_outside_the_folder_are_not_touched(case: Path, name: str) -> None:
    edit(case, "case.yaml", "events: events.csv", f"events: {name}")
    with pytest.raises(CaseError) as caught:
        load_case(case)
    (problem,) = caught.value.problems
    assert problem.where == "events"
    assert "root:" not in problem.format()


def test_a_link_out_of_the_folder_is_refused(case: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    secret = tmp_path_factory.mktemp("elsewhere") / "secret.csv"
    secret.write_text("id\nsecret\n", encoding="utf-8")
    (case / "link.csv").symlink_to(secret)
    edit(case, "case.yaml", "events: events.csv", "events: link.csv")
    with pytest.raises(CaseError) as caught:
        load_case(case)
    assert "outside the case's folder" in str(caught.value)


def test_a_path_without_a_case_says_so(tmp_path: Path) -> None:
    with pytest.raises(CaseError) as caught:
        load_case(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path}/case.yaml: there is no such file")
    with pytest.raises(CaseError):
        load_case(tmp_path / "nothing" / "case.yaml")


def test_observables_are_read_from_events_and_statements_that_exist(case: Path) -> None:
    text = "observables:\n  fear: {label: x, autoregressive: threat, noise: 1, ledger_event: mergre}\n"
    edit(case, "case.yaml", "quantities:\n", text + "quantities:\n")
    (problem,) = problems(case)
    assert problem.hint == "did you mean merger?"
    edit(
        case,
        "case.yaml",
        "autoregressive: threat, noise: 1, ledger_event: mergre",
        "bernoulli: 0, event_kinds: [crsis]",
    )
    (problem,) = problems(case)
    assert problem.hint == "did you mean crisis?"
