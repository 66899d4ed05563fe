"""Questions asked on the spot, through a mapping and from a JSON file, on the template case."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.workflow.small import silent, small_case
from tightrope.case.errors import CaseError
from tightrope.cli import app
from tightrope.forecast.answers import epsilon
from tightrope.forecast.questions import QuestionError
from tightrope.forecast.words import mixed_sentences
from tightrope.outcome import FAILED, FINE
from tightrope.workflow import ask_case
from tightrope.workflow.material import load_material

MAPPINGS = """mappings:
  a joint army: {reads: union reaches joined, why: "An army of the two needs organs of both."}

quantities:"""
BOTH = "threat reaches high in 2005H2..2007H2 and not any press in 2005H1..2006H2"


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_case(tmp_path_factory.mktemp("case") / "small", edits={"quantities:": MAPPINGS})


@pytest.fixture(scope="module")
def common(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return {"out": tmp_path_factory.mktemp("runs"), "quick": True, "notice": silent}


def test_an_event_is_asked_on_the_spot(case: Path, common: dict[str, Any]) -> None:
    found = ask_case(case, event=BOTH, by="2008-12-31", **common)
    assert found.code == FINE
    (row,) = found.data["spot"]
    assert 0.0 < row["lower"] <= row["probability"] <= row["upper"] < 1.0
    assert row["probability"] == pytest.approx(
        (1 - epsilon()) * row["model"] + epsilon() * row["outside"], abs=1e-12
    )
    assert row["outside"] == row["baselines"]["Markov chain"]
    # It joins a state and a move, so no weights were learned for it.
    assert row["pool"]["weights"] == {"game": 0.5, "Markov chain": 0.5}
    odds = [p / (1 - p) for p in row["pool"]["members"].values()]
    assert row["pool"]["members"]["game"] == row["model"]
    mixed = (odds[0] * odds[1]) ** 0.5
    assert row["pooled"] == pytest.approx(
        (1 - epsilon()) * mixed / (1 + mixed) + epsilon() * row["outside"], abs=1e-12
    )
    assert "pooled" in found.text
    assert "equal, none were learned for it" in found.text
    assert row["certified"] == row["draws"] == 40
    assert re.search(rf"probability +\d.*\({row['word']}\)", found.text)
    assert "40 of 40 draws certified" in found.text
    assert found.data["live"] == found.data["past"] == []  # the case's own only where they are named
    assert not mixed_sentences(found.text)


def test_parts_and_conditions_add_up(case: Path, common: dict[str, Any]) -> None:
    high = "threat reaches high in 2005H2..2007H2"
    model = {}
    for event in (high, BOTH, high + " and any press in 2005H1..2006H2",
                  high + " given no press in 2005H1..2006H2", "no press in 2005H1..2006H2"):  # fmt: skip
        (row,) = ask_case(case, event=event, by="2008-12-31", **common).data["spot"]
        model[event] = row["model"]
    whole, both, other, given, condition = model.values()
    assert both + other == pytest.approx(whole, abs=1e-12)
    assert given * condition == pytest.approx(both, abs=1e-12)


def test_a_mapped_event_is_answered_and_says_how_it_is_read(case: Path, common: dict[str, Any]) -> None:
    asked = {"by": "2008-12-31", **common}
    mapped = ask_case(case, event="event: A joint army", **asked)
    plain = ask_case(case, event="union reaches joined", **asked)
    assert mapped.data["spot"][0]["model"] == plain.data["spot"][0]["model"]
    assert "read through the case's mappings as: union reaches joined" in mapped.text
    unmapped = ask_case(case, event="event: a joint navy", **asked)
    assert unmapped.code == FAILED
    assert "not coded: a joint navy; did you mean `a joint army`?" in unmapped.text


def test_without_a_baseline_the_answer_says_so(case: Path, common: dict[str, Any]) -> None:
    event = "terminal absorbed or count(press) <= 1 in 2005H1..2006H2"
    found = ask_case(case, event=event, by="2008-12-31", **common)
    (row,) = found.data["spot"]
    assert (row["outside"], row["baselines"]) == (None, {})
    assert row["probability"] == row["model"]
    assert "no answer: it joins a terminal with other events" in found.text
    assert "there is no outside view" in found.text
    assert row["pooled"] is None
    assert re.search(r"pooled +none: it joins a terminal with other events", found.text)


def test_what_is_refused_fails_with_its_reason(case: Path, common: dict[str, Any]) -> None:
    past = ask_case(case, event="not any press in 2004H1..2006H2", by="2008-12-31", **common)
    assert past.code == FAILED
    assert "begins before 2005H1: the record answers that" in past.text
    never = "union reaches joined given (threat == low at 2006H1 and threat == high at 2006H1)"
    found = ask_case(case, event=never, by="2008-12-31", **common)
    assert found.code == FAILED
    assert "its condition has a probability of 0" in found.text


@pytest.mark.parametrize(
    ("event", "by", "words"),
    [
        ("union reaches joind", "2008-12-31", "did you mean `joined`"),
        ("union reaches joined", "", "--event and --by go together"),
        ("union reaches joined", "2008", "--by 2008: write the deadline as a day"),
        ("union reaches joined", "2004-12-31", "is not after"),
    ],
)
def test_what_cannot_be_read_is_bad_input(
    event: str, by: str, words: str, case: Path, common: dict[str, Any]
) -> None:
    with pytest.raises(QuestionError, match=words):
        ask_case(case, event=event, by=by, **common)


def test_a_mapping_that_leads_nowhere_is_named_with_its_place(tmp_path: Path) -> None:
    wrong = MAPPINGS.replace("joined", "joind")
    case = small_case(tmp_path / "small", edits={"quantities:": wrong})
    with pytest.raises(CaseError) as caught:
        load_material(case)
    assert re.search(
        r"case.yaml:\d+:\d+: mappings.a joint army.reads: .*did you mean `joined`", str(caught.value)
    )


def test_questions_travel_as_json(case: Path, common: dict[str, Any], tmp_path: Path) -> None:
    """Out of the case, into `ask --questions`, and back into rows of a question file."""
    file = tmp_path / "out.json"
    runner = CliRunner()
    done = runner.invoke(app, ["questions", "export", str(case), "--to", str(file)])
    assert done.exit_code == FINE
    assert {q["id"] for q in json.loads(file.read_text(encoding="utf-8"))} == {"L1", "L2", "Q1", "Q2"}
    assert runner.invoke(app, ["questions", "export", str(case), "--to", str(file)]).exit_code == 2
    asked = ask_case(case, file=file, **common)
    assert asked.code == FAILED  # Q1 was asked when less was known
    assert [row["id"] for row in asked.data["spot"]] == ["L1", "L2", "Q2"]
    (refused,) = asked.data["refused"]
    assert "Q1: opened on 2002-03-01, when 2001H2 was the last known period" in refused
    live = {row["id"]: row for row in ask_case(case, **common).data["live"]}
    for row in asked.data["spot"][:2]:
        assert row["probability"] == live[row["id"]]["probability"]
    back = tmp_path / "back.csv"
    done = runner.invoke(app, ["questions", "import", str(case), str(file), "--to", str(back)])
    assert done.exit_code == FINE
    header, *rows = back.read_text(encoding="utf-8").splitlines()
    assert header.startswith("id,question,event_expression,asked_on,deadline")
    assert len(rows) == 4


def test_past_answers_carry_their_words(case: Path, common: dict[str, Any]) -> None:
    text = ask_case(case, questions=("Q1",), **common).text
    assert re.search(r"Q1 .*\d %? ?\(.*(likely|chance|even|certain|1 %|99 %)\)", text)
