"""Scenarios as written: every form, and what is wrong with a line, where, and what may have been meant."""

from __future__ import annotations

from pathlib import Path

import pytest

from tightrope.case.checks import check_case
from tightrope.case.doing import EndGame, HoldState, PlayMove, SetParameter, Span, clash, overlaps
from tightrope.case.doing_parse import StepError, parse_do
from tightrope.case.load import load_case
from tightrope.case.new import scaffold
from tightrope.case.scenarios import read_do
from tightrope.case.schema import Case


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("case") / "small"
    scaffold(path, name="small")
    text = (path / "case.yaml").read_text(encoding="utf-8")
    (path / "case.yaml").write_text(
        text.replace("\nledger:", "\nscenarios: scenarios.yaml\nledger:"), encoding="utf-8"
    )
    return path


@pytest.fixture(scope="module")
def case(folder: Path) -> Case:
    return load_case(folder).case


def test_every_form_of_a_step(case: Case) -> None:
    assert parse_do("threat = low in 2006H1..2007H2", case) == HoldState(
        "threat", "low", False, Span("2006H1", "2007H2")
    )
    assert parse_do("threat == low at 2006", case) == HoldState(
        "threat", "low", True, Span("2006H1", "2006H1")
    )
    assert parse_do("threat=low in 2006..2007", case).span == Span("2006H1", "2007H2")
    assert parse_do("threat = low", case).span == Span(None, None)
    assert parse_do("north != aid from 2006H2", case) == PlayMove(
        "north", "aid", True, None, Span("2006H2", None)
    )
    assert parse_do("north = aid from 2006H2 for 3", case).span == Span("2006H2", "2007H2")
    assert parse_do("north = aid from 2006 for 2 years", case).span == Span("2006H1", "2007H2")
    assert parse_do("north = aid from 2006H1 for 1 half-year", case).span == Span("2006H1", "2006H1")
    assert parse_do("north = aid from 2006 to 2008", case).span == Span("2006H1", "2008H2")
    policy = parse_do("north = aid in 2006H1 if threat == high", case)
    assert isinstance(policy, PlayMove)
    assert str(policy.condition) == "threat == high"
    assert parse_do("end_rate *= 2.5e-1 in 2006", case) == SetParameter(
        "end_rate", 0.25, True, Span("2006H1", "2006H2")
    )
    assert parse_do("threat_rises = -0.5 at 2006H2", case) == SetParameter(
        "threat_rises", -0.5, False, Span("2006H2", "2006H2")
    )
    assert parse_do("terminal absorbed in 2006H2", case) == EndGame("absorbed", Span("2006H2", "2006H2"))


@pytest.mark.parametrize(
    ("text", "message", "hint", "character"),
    [
        ("theat = low in 2006H1", "'theat' is no state", "did you mean threat?", 0),
        ("threat = lowe in 2006H1", "threat has no level 'lowe'", "did you mean low?", 9),
        ("north = presss in 2006H1", "north has no action 'presss'", "did you mean press?", 8),
        ("sovereinty = 1", "'sovereinty' is no state", "did you mean sovereignty?", 0),
        ("terminal absorbd in 2006H1", "there is no terminal 'absorbd'", "absorbed", 9),
        ("terminal absorbed in 2006H1..2006H2", "ends in one period", "", 18),
        ("threat = low in 2006H3", "'2006H3' is not a half-year", "", 16),
        ("threat = low in 2006Q1", "'2006Q1' is not a half-year", "", 16),
        ("threat = low in 2007..2006", "runs backwards", "", 13),
        ("threat = low in 2007..2990", "longer than 400", "", 13),
        ("threat = low from 2006 for no years", "'no' is not a whole number", "", 27),
        ("threat = low from 2006 for 2 quarters", "'quarters' is no unit", "half-years", 29),
        ("threat = low om 2006", "did not expect 'om'", "", 13),
        ("threat != low in 2006", "expected =, found '!='", "", 7),
        ("sovereignty = much", "'much' is not a number", "", 14),
        ("sovereignty = nan", "'nan' is not a number", "", 14),
        ("sovereignty = 1 if threat == low", "`if` goes with a move only", "", 16),
        ("north = aid if threat === low", "", "", 24),
        ("north = aid if thread == low", "thread", "threat", 15),
        ("north = aid if south == stall", "south is not made before north", "", 15),
        ("", "nothing is done", "", 0),
    ],
)  # fmt: skip
def test_a_faulty_step_is_refused_with_its_place(
    case: Case, text: str, message: str, hint: str, character: int
) -> None:
    with pytest.raises(StepError) as caught:
        read_do(text, case)
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.character == character


def test_a_later_mover_may_be_told_to_answer_an_earlier_one(case: Case) -> None:
    found = read_do("south = concede from 2006 if north == press and threat == high", case)
    assert isinstance(found, PlayMove)


def test_steps_that_undo_each_other(case: Case) -> None:
    def both(one: str, other: str) -> bool:
        return overlaps(parse_do(one, case), parse_do(other, case))

    assert both("threat = low in 2006", "threat = high in 2006H2")
    assert both("threat = low", "threat = high in 2050H2")
    assert not both("threat = low in 2006", "threat = high in 2007")
    assert not both("north != aid", "north != press")
    assert both("north = aid", "north != press in 2006")
    assert not both("north = aid if threat == low", "north = press if threat == high")
    assert both("terminal absorbed in 2006H2", "terminal absorbed in 2007H1")
    assert not both("threat = low", "north = aid")


def test_a_clash_is_told(case: Case) -> None:
    low, again = parse_do("threat = low in 2006", case), parse_do("threat = high in 2006H2", case)
    end, later = parse_do("terminal absorbed in 2006H2", case), parse_do("terminal absorbed in 2007H1", case)
    assert clash(again, [end, low]) == "an earlier step says something else of threat at that time"
    assert clash(later, [low, end]) == "an earlier step ends the game already"
    assert clash(end, [low]) == ""


GOOD = """scenarios:
  peace:
    about: The neighbours make peace.
    announced: yes
    steps:
      - do: threat = low in 2006..2008
"""


def problems(folder: Path, text: str) -> list[str]:
    (folder / "scenarios.yaml").write_text(text, encoding="utf-8")
    found = check_case(load_case(folder))
    return [f"{Path(p.path).name}:{p.line}:{p.column}: {p.message} ({p.hint})" for p in found]


def test_a_sound_file_has_no_problems_and_counts_in_the_hash(folder: Path) -> None:
    assert problems(folder, GOOD) == []
    before = load_case(folder).hash
    assert problems(folder, GOOD.replace("2008", "2009")) == []
    assert load_case(folder).hash != before


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("threat = low", "threat = lowe", "6:22: threat has no level 'lowe' (did you mean low?)"),
        ("    announced: yes\n", "", "2:3: 'announced' is missing ()"),
        ("announced: yes", "announced: maybe", "4:16: 'maybe' has no place here"),
        ("about:", "abuot:", "3:5: 'abuot' is not a key here (did you mean about?)"),
        ("- do:", "- doo:", "6:9: 'doo' is not a key here (did you mean do?)"),
        ("    steps", "    known_to: [nort]\n    steps",
         "5:16: 'nort' is not a player (did you mean north?)"),
        ("    steps", "    known_from: 2006Q1\n    steps", "5:17: '2006Q1' is not a half-year"),
        ("announced: yes", "announced: no\n    known_to: [north]", "4:16: nobody knows"),
        ("2008\n", "2008\n      - do: threat = high in 2007\n",
         "7:13: an earlier step says something else of threat"),
        ("- do: threat = low in 2006..2008", "- {}", "6:9: a step has one of `do` and `observe`"),
        ("scenarios:", "scenario:", "1:1: 'scenario' is not a key here (did you mean scenarios?)"),
    ],
)  # fmt: skip
def test_a_faulty_file_is_told_by_line_and_column(folder: Path, old: str, new: str, expected: str) -> None:
    assert GOOD.count(old) == 1
    found = problems(folder, GOOD.replace(old, new))
    assert any(line.startswith(f"scenarios.yaml:{expected}") for line in found), found


def test_a_missing_file_is_told_where_it_is_named(folder: Path) -> None:
    (folder / "scenarios.yaml").unlink(missing_ok=True)
    (problem,) = check_case(load_case(folder))
    assert "there is no file 'scenarios.yaml'" in problem.message
