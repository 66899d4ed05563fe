"""Questions: each form of the grammar, its dates and near matches, and what the record says about them."""

from __future__ import annotations

import doctest
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from tightrope.forecast import events, grammar, questions
from tightrope.forecast.events import All, Given, Not, Some
from tightrope.forecast.questions import (
    AnyMove,
    At,
    CountMove,
    EnteredTerminal,
    NoTerminal,
    QuestionError,
    Reaches,
    Unanswerable,
)
from tightrope.forecast.resolutions import disagreements, resolve_from_record
from tightrope.record.coding import CodedRecord, truncate
from tightrope.record.reading import read_rows

CASE = Path(__file__).parents[2] / "cases" / "russia-belarus"
NAMES = questions.Names(
    length="quarter",
    states={
        "union": ("loose", "treaty", "market", "currency"),
        "defence": ("allied", "integrated", "based"),
        "regime": ("crisis", "shaky", "secure"),
        "west": ("open", "frozen", "sanctions"),
        "confrontation": ("low", "mid", "high"),
    },
    rising=frozenset({"union", "defence"}),
    moves={
        "framing": ("no", "yes"),
        "russia": ("hold", "aid", "ask_peripheral", "ask_core", "squeeze", "annex"),
        "belarus": ("stall", "concede_peripheral", "concede_core", "hedge"),
        "echo": ("no", "stall"),
    },
    terminals=("merged", "successor_patron", "successor_west"),
    groups={"regime fall": ("successor_patron", "successor_west")},
)


SQUEEZE = AnyMove("russia", "squeeze", "2021Q3", "2024Q2")
OPEN = At("west", ("open",), "2023Q1")
MERGED = EnteredTerminal(("merged",), "2023Q1")


def HEDGES(n):  # noqa: N802 - reads as a noun in the tables below
    return CountMove("belarus", "hedge", n, "2021Q3", "2025Q2")


def parse(text, asked=date(2021, 5, 12), deadline=date(2022, 12, 31)):
    return questions.parse_event(text, names=NAMES, asked=asked, deadline=deadline)


@pytest.mark.parametrize("module", [events, grammar, questions])
def test_doctests(module):
    result = doctest.testmod(module)
    assert result.attempted >= 1
    assert result.failed == 0


@pytest.mark.parametrize(
    ("text", "event"),
    [
        ("west reaches open", Reaches("west", ("open",), "2021Q3", "2023Q1")),
        ("union reaches market", Reaches("union", ("market", "currency"), "2021Q3", "2023Q1")),
        ("regime reaches shaky", Reaches("regime", ("shaky",), "2021Q3", "2023Q1")),
        ("west == open at deadline", At("west", ("open",), "2023Q1")),
        ("west < sanctions at deadline", At("west", ("open", "frozen"), "2023Q1")),
        ("west != frozen at deadline", At("west", ("open", "sanctions"), "2023Q1")),
        ("confrontation >= mid at deadline", At("confrontation", ("mid", "high"), "2023Q1")),
        ("any squeeze in 2021Q3..2024Q2", AnyMove("russia", "squeeze", "2021Q3", "2024Q2")),
        ("any squeeze in 2020Q1", AnyMove("russia", "squeeze", "2020Q1", "2020Q1")),
        ("any framing.no in 2020Q1", AnyMove("framing", "no", "2020Q1", "2020Q1")),
        ("count(hedge) >= 2 in 2021Q3..2025Q2", CountMove("belarus", "hedge", 2, "2021Q3", "2025Q2")),
        ("terminal merged", EnteredTerminal(("merged",), "2023Q1")),
        ("terminal regime fall", EnteredTerminal(("successor_patron", "successor_west"), "2023Q1")),
        ("no terminal regime fall", NoTerminal(("successor_patron", "successor_west"), "2023Q1")),
        ("terminal merged by 2022-03-31", EnteredTerminal(("merged",), "2022Q2")),
        (
            "union reaches market in 2022Q1..2022Q3",
            Reaches("union", ("market", "currency"), "2022Q1", "2022Q3"),
        ),
        ("west reaches open by 2022-01-01", Reaches("west", ("open",), "2021Q3", "2022Q1")),
        ("west == open at 2022Q2", At("west", ("open",), "2022Q2")),
        ("west == open at 2022-04-02", At("west", ("open",), "2022Q3")),
        ("no squeeze in 2021Q3..2024Q2", Not(SQUEEZE)),
        ("not any squeeze in 2021Q3..2024Q2", Not(SQUEEZE)),
        ("not not any squeeze in 2021Q3..2024Q2", SQUEEZE),
        ("not terminal merged", NoTerminal(("merged",), "2023Q1")),
        ("count(hedge) > 1 in 2021Q3..2025Q2", HEDGES(2)),
        ("count(hedge) < 2 in 2021Q3..2025Q2", Not(HEDGES(2))),
        ("count(hedge) <= 2 in 2021Q3..2025Q2", Not(HEDGES(3))),
        ("count(hedge) == 2 in 2021Q3..2025Q2", All((HEDGES(2), Not(HEDGES(3))))),
        ("count(hedge) != 2 in 2021Q3..2025Q2", Not(All((HEDGES(2), Not(HEDGES(3)))))),
    ],
)
def test_forms(text, event):
    assert parse(text) == event


@pytest.mark.parametrize(
    ("text", "event"),
    [
        ("O and S or M", Some((All((OPEN, SQUEEZE)), MERGED))),
        ("O or S and M", Some((OPEN, All((SQUEEZE, MERGED))))),
        ("(O or S) and M", All((Some((OPEN, SQUEEZE)), MERGED))),
        ("not O and S", All((Not(OPEN), SQUEEZE))),
        ("not (O and S)", Not(All((OPEN, SQUEEZE)))),
        ("((O))", OPEN),
        ("O and S and M", All((OPEN, SQUEEZE, MERGED))),
        ("O or S given M and not O", Given(Some((OPEN, SQUEEZE)), All((MERGED, Not(OPEN))))),
    ],
)
def test_what_binds_first(text, event):
    singles = {"O": "west == open at deadline", "S": "any squeeze in 2021Q3..2024Q2", "M": "terminal merged"}
    assert parse("".join(singles.get(letter, letter) for letter in text)) == event


def test_a_mapping_says_what_is_not_coded_is_read_as():
    names = replace(NAMES, mappings={"base treaty signed": "defence reaches based"})
    dates = {"asked": date(2021, 5, 12), "deadline": date(2022, 12, 31)}
    found = questions.parse_event("event: Base  treaty signed", names=names, **dates)
    assert found == Reaches("defence", ("based",), "2021Q3", "2023Q1")
    row = {
        "id": "Q",
        "question": "?",
        "asked_on": "2021-05-12",
        "deadline": "2022-12-31",
        "resolution": "open",
    }
    question = questions.read_question({**row, "event_expression": "event: base treaty signed"}, names=names)
    assert (question.answerable, question.read_as) == (True, "defence reaches based")
    assert (
        questions.read_question({**row, "event_expression": "west reaches open"}, names=names).read_as == ""
    )
    other = questions.parse_event("event: base treaty sinned", names=names, **dates)
    assert "did you mean `base treaty signed`" in other.reason


@pytest.mark.parametrize(
    "text",
    [
        "event: base treaty signed",
        "event: warheads announced in place; implies defence == based",
        "any concede_peripheral (recognition) in 2021Q3..2022Q4",
        "any ask_core in 2000Q1..2000Q4 with signed accord",
        "west reaches open and (any concede_peripheral (recognition) in 2021Q3 or terminal merged)",
    ],
)
def test_what_is_not_coded_is_unanswerable_with_a_reason(text):
    event = parse(text)
    assert isinstance(event, Unanswerable)
    assert "not coded" in event.reason


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("unoin reaches market", "unknown variable `unoin`; did you mean `union`"),
        ("union reaches markt", "no level `markt`; did you mean `market`"),
        ("west < open at deadline", "no level of `west` is < open"),
        ("any squeez in 2020Q1", "unknown action `squeez`; did you mean `squeeze`"),
        ("any stall in 2020Q1", "belarus and echo have `stall`; write `belarus.stall`"),
        ("any belarrus.stall in 2020Q1", "unknown move `belarrus`; did you mean `belarus`"),
        ("any belarus.hegde in 2020Q1", "no action `hegde`; did you mean `hedge`"),
        ("any squeeze in 2020Q5", "'2020Q5' is not a quarter"),
        ("any squeeze in 2020", "'2020' is not a quarter"),
        ("any squeeze in 2021Q1..2020Q1", "runs backwards"),
        ("terminal mergd", "unknown terminal `mergd`; did you mean `merged`"),
        ("union becomes market", "cannot read `union becomes market`"),
        ("union reaches market soon", "cannot read"),
        ("", "cannot read"),
        ("union reachs market", "did you mean `reaches`? (character 7)"),
        ("west == open", "a comparison needs a day"),
        ("west == open at dedline", "'dedline' is not a quarter"),
        ("west == open at 2022-13-01", "month must be in 1..12 (character 17)"),
        ("any squeeze", "a move needs a span"),
        (
            "union reaches market adn terminal merged",
            "did not expect `adn`; did you mean `and`? (character 22)",
        ),
        ("west reaches open and unoin reaches market", "`union`? (character 23)"),
        ("(union reaches market", "expected `)` (at the end)"),
        ("terminal merged)", "did not expect `)`"),
        ("terminal merged given terminal merged given terminal merged", "`given` may stand once"),
        ("(terminal merged given west reaches open)", "`given` stands outside parentheses"),
        ("terminal merged and event: base treaty", "`event:` stands alone"),
        ("count(hedge) >= many in 2021Q3..2025Q2", "expected a whole number"),
        ("terminal merged or", "expected an event (at the end)"),
        ("(" * 30 + "terminal merged" + ")" * 30, "more than 24 parentheses"),
        ("terminal merged or " * 200 + "terminal merged", "at most 2,000 are read"),
        ("__import__('os')", "cannot read"),
    ],
)
def test_errors_teach(text, message):
    with pytest.raises(QuestionError) as caught:
        parse(text)
    assert message in str(caught.value)


def test_a_question_knows_only_periods_that_had_ended_before_it_was_asked():
    assert questions.known_until(date(2025, 7, 1), length="quarter") == "2025Q2"
    assert questions.known_until(date(2025, 6, 30), length="quarter") == "2025Q1"
    assert questions.known_until(date(2020, 1, 1), length="year") == "2019"


def coded(west, russia):
    """A record of two columns from 2000Q1; -1 in `russia` is a default row."""
    n = len(west)
    return CodedRecord(
        periods=tuple(f"{2000 + k // 4}Q{k % 4 + 1}" for k in range(n)),
        levels={"west": NAMES.states["west"], "russia": NAMES.moves["russia"]},
        weights={},
        printed={"west": np.array(west), "russia": np.array(russia)},
        events=((),) * n,
        notes=("",) * n,
        confidence=("",) * n,
    )


def ask(expression, asked, deadline, resolution="open"):
    row = {
        "id": "Q",
        "question": "?",
        "event_expression": expression,
        "asked_on": asked,
        "deadline": deadline,
        "resolution": resolution,
        "resolved_on": "",
        "basis_event_ids": "E1 E2",
    }
    return questions.read_question(row, names=NAMES)


RECORD = coded(west=[0, 1, 1, 2, 2], russia=[0, 4, 4, -1, 0])


@pytest.mark.parametrize(
    ("expression", "asked", "deadline", "answer"),
    [
        ("west == sanctions at deadline", "2000-02-01", "2000-09-30", "yes"),
        ("west == sanctions at deadline", "2000-02-01", "2000-07-01", "no"),
        ("west reaches sanctions", "2000-02-01", "2000-09-30", "yes"),
        ("west reaches open", "2000-02-01", "2000-12-31", "no"),
        ("west reaches open", "2000-02-01", "2001-12-31", None),
        ("any squeeze in 2000Q2..2000Q4", "2000-02-01", "2000-12-31", "yes"),
        ("any aid in 2000Q1..2000Q3", "2000-01-01", "2000-09-30", "no"),
        ("any aid in 2000Q1..2000Q4", "2000-01-01", "2000-12-31", None),
        ("count(squeeze) >= 2 in 2000Q1..2000Q4", "2000-01-01", "2000-12-31", "yes"),
        ("count(squeeze) >= 3 in 2000Q1..2000Q4", "2000-01-01", "2000-12-31", None),
        ("count(squeeze) >= 4 in 2000Q1..2000Q4", "2000-01-01", "2000-12-31", "no"),
        ("count(squeeze) >= 3 in 2000Q1..2001Q4", "2000-01-01", "2001-12-31", None),
        ("terminal merged", "2000-01-01", "2000-12-31", "no"),
        ("no terminal merged", "2000-01-01", "2000-12-31", "yes"),
        ("no terminal merged", "2000-01-01", "2001-03-31", None),
        ("event: x", "2000-01-01", "2000-12-31", None),
        ("not any squeeze in 2000Q2..2000Q4", "2000-02-01", "2000-12-31", "no"),
        ("not any aid in 2000Q1..2000Q4", "2000-01-01", "2000-12-31", None),
        ("any squeeze in 2000Q2 and west == sanctions at 2000Q4", "2000-02-01", "2000-12-31", "yes"),
        ("any aid in 2000Q1 and any aid in 2000Q1..2000Q4", "2000-01-01", "2000-12-31", "no"),
        ("any squeeze in 2000Q2 and any aid in 2000Q1..2000Q4", "2000-01-01", "2000-12-31", None),
        ("any squeeze in 2000Q2 or any aid in 2000Q1..2000Q4", "2000-01-01", "2000-12-31", "yes"),
        ("any aid in 2000Q1 or terminal merged", "2000-01-01", "2000-12-31", "no"),
        ("count(squeeze) == 2 in 2000Q1..2000Q3", "2000-01-01", "2000-12-31", "yes"),
        ("any squeeze in 2000Q2 given west == sanctions at 2000Q4", "2000-01-01", "2000-12-31", "yes"),
        ("any squeeze in 2000Q2 given west == open at 2000Q4", "2000-01-01", "2000-12-31", None),
    ],
)
def test_the_record_answers_what_it_can(expression, asked, deadline, answer):
    assert resolve_from_record(ask(expression, asked, deadline), RECORD).answer == answer


def test_disagreements_are_named_and_silence_is_none():
    wrong = ask("west reaches sanctions", "2000-02-01", "2000-09-30", "no")
    late = ask("west reaches sanctions", "2000-02-01", "2000-09-30", "open")
    silent = ask("event: x", "2000-02-01", "2000-09-30", "no")
    found = disagreements([wrong, late, silent], RECORD)
    assert ["says no, the record yes" in found[0], "file says open" in found[1], len(found)] == [
        True,
        True,
        2,
    ]


def test_dates_must_be_dates_in_order():
    with pytest.raises(QuestionError, match="must be dates like"):
        ask("terminal merged", "2000", "2001-01-01")
    with pytest.raises(QuestionError, match="is not after asked_on"):
        ask("terminal merged", "2001-01-01", "2001-01-01")


def test_the_case_has_25_answerable_past_questions_and_twelve_live_ones():
    past = questions.load_questions(CASE / "questions.csv", names=NAMES)
    live = questions.load_questions(CASE / "live-questions.csv", names=NAMES)
    assert (len(past), sum(q.answerable for q in past)) == (35, 25)
    assert (len(live), sum(q.answerable for q in live)) == (12, 12)
    assert {q.resolution for q in live} == {"open"}
    assert all(2027 <= q.scheduled_resolution_time.year <= 2031 for q in live)
    assert {questions.known_until(q.open_time, length="quarter") for q in live} == {"2025Q2"}
    assert isinstance(live[0].event, EnteredTerminal)
    known = {row["id"] for row in read_rows(CASE / "events.csv")}
    assert all(set(q.basis_event_ids) <= known for q in (*past, *live))


def test_the_file_and_the_record_agree_wherever_the_record_speaks():
    rows = read_rows(CASE / "record.csv")
    columns = {"russia": "patron", "belarus": "client", "framing": "framing"}
    levels = {**NAMES.states, **NAMES.moves}
    del levels["echo"]
    record = CodedRecord(
        periods=tuple(row["quarter"] for row in rows),
        levels=levels,
        weights={},
        printed={
            v: np.array([order.index(row[columns.get(v, v)]) for row in rows]) for v, order in levels.items()
        },
        events=((),) * len(rows),
        notes=("",) * len(rows),
        confidence=("",) * len(rows),
    )
    past = questions.load_questions(CASE / "questions.csv", names=NAMES)
    assert disagreements(past, record) == ()
    assert sum(resolve_from_record(q, record).answer is not None for q in past) >= 18
    early = truncate(record, before="1999Q4")
    assert all(resolve_from_record(q, early).answer is None for q in past)


def test_files_name_the_line(tmp_path):
    lines = (CASE / "questions.csv").read_text().splitlines()
    path = tmp_path / "q.csv"
    path.write_text(
        "\n".join([lines[0], lines[1].replace("union reaches", "unoin reaches"), lines[2]]) + "\n"
    )
    with pytest.raises(QuestionError, match=r"q\.csv:2: .*did you mean `union`"):
        questions.load_questions(path, names=NAMES)
    path.write_text("\n".join([lines[0], lines[1], lines[1]]) + "\n")
    with pytest.raises(QuestionError, match="`Q01` is used twice"):
        questions.load_questions(path, names=NAMES)
