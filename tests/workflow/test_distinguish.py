"""`tightrope distinguish`: answers by another route, futures by an identity, the command on the template."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from tests.workflow.small import silent, small_case
from tests.workflow.test_partial_cases import NO_RECORD
from tightrope.argument.distinguish import (
    CannotCompare,
    Side,
    answers,
    candidates,
    first_period,
    observations,
    shared,
    stand,
)
from tightrope.argument.futures import gains
from tightrope.cli import app
from tightrope.forecast.events import All, AnyMove, Some
from tightrope.game import solve
from tightrope.workflow import distinguish_case
from tightrope.workflow.compare import BadComparison, NotWeighed
from tightrope.workflow.material import Material, NoRecord, load_material

HYPOTHESES = """
hypotheses:
  argument: {about: "Threat makes support dear.", set: {}}
  no_threat: {about: "For those who think that threats are talk.", set: {threat_worth: 0}}
"""
FIRST = "2005H1"


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = small_case(tmp_path_factory.mktemp("distinguish") / "small")
    text = (folder / "case.yaml").read_text(encoding="utf-8")
    (folder / "case.yaml").write_text(text + HYPOTHESES, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def material(case: Path) -> Material:
    return load_material(case)


@pytest.fixture(scope="module")
def sides(material: Material) -> tuple[Side, Side]:
    return endless(material, 1.0), endless(material, 0.0)


@cache
def endless(material: Material, threat_worth: float) -> Side:
    """A reading in which nothing ends, so that every future has all its rows."""
    theta = material.game.theta({"threat_worth": threat_worth, "end_rate": 0.0})
    return standing(material, theta, f"worth {threat_worth:g}")


def standing(material: Material, theta: np.ndarray, name: str) -> Side:
    assert material.coded is not None
    return stand(material.evidence, material.coded, name, solve(material.game, theta, branch="direct"))


@pytest.fixture(scope="module")
def data(case: Path) -> dict[str, Any]:
    done = CliRunner().invoke(
        app,
        ["distinguish", str(case), "argument", "no_threat", "--periods", "3", "--futures", "20", "--quick",
         "--json", "--out", str(case.parent / "runs")],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    return dict(json.loads(done.stdout))


def test_answers_agree_with_the_automaton_of_the_same_event(sides: tuple[Side, Side]) -> None:
    days = ["2005H1", "2005H2", "2006H1"]
    found = answers(sides, first=FIRST, periods=3)
    assert len(found) == 6
    events = []
    for o in found:
        late, early = (part.split(".")[1] for part in o.text.split(" in ")[0].split(" under "))
        both = [All((AnyMove("north", early, d, d), AnyMove("south", late, d, d))) for d in days]
        events.append((o.text, Some(tuple(both))))
    by_automaton = observations(sides, events, first=FIRST)
    for one, other in zip(found, by_automaton, strict=True):
        assert one.first == pytest.approx(other.first, abs=1e-12)
        assert one.other == pytest.approx(other.other, abs=1e-12)
        assert 0.0 < one.first < 1.0


def test_an_end_is_no_answer(material: Material) -> None:
    side = standing(material, material.game.theta({"end_rate": 0.4}), "dying")
    event = All((AnyMove("north", "aid", FIRST, FIRST), AnyMove("south", "stall", FIRST, FIRST)))
    (automaton,) = observations((side, side), [("both", event)], first=FIRST)
    named = {o.text: o.first for o in answers((side, side), first=FIRST, periods=1)}
    assert named["south.stall under north.aid in 2005H1..2005H1"] == pytest.approx(automaton.first, abs=1e-12)


def test_one_reading_and_itself_cannot_be_told_apart(sides: tuple[Side, Side]) -> None:
    same = (sides[0], sides[0])
    events = list(candidates(same, first=FIRST, periods=4))
    seen = [*observations(same, events, first=FIRST), *answers(same, first=FIRST, periods=4)]
    assert all(o.information == 0.0 and o.if_seen == 0.0 and o.if_not == 0.0 for o in seen)
    one, other = gains(same, periods=2, futures=3, seed=1)
    assert one.mean == other.mean == one.learned == 0.0


def test_a_false_reading_gives_futures_of_a_true_one_their_probability(
    sides: tuple[Side, Side], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mean of p(y | false)/p(y | true) over futures of the true reading is one."""
    factors: list[np.ndarray] = []
    from tightrope.argument import futures as room

    whole = room._gain
    monkeypatch.setattr(room, "_gain", lambda name, f: (factors.append(f), whole(name, f))[1])
    found = gains(sides, periods=4, futures=300, seed=3)
    for f in factors:
        ratio = np.exp(-f)
        assert ratio.std() > 0.0
        assert abs(ratio.mean() - 1.0) < 4.0 * ratio.std(ddof=1) / np.sqrt(len(ratio))
    for gain in found:
        assert gain.mean > -3.0 * gain.error
        assert gain.learned <= np.log(2.0)
    again = gains(sides, periods=4, futures=5, seed=3)
    assert again[0].mean == gains(sides, periods=4, futures=5, seed=3)[0].mean


@pytest.mark.long
def test_observations_come_by_what_they_teach(data: dict[str, Any]) -> None:
    # To the digits that mean something: what teaches nothing comes by its words.
    told = [round(o["information"], 12) for o in data["observations"]]
    assert told == sorted(told, reverse=True)
    assert told[-1] == 0.0
    assert 0.0 < told[0] < np.log(2.0)
    assert data["mark"] == "calibrated"
    assert data["first"] == FIRST
    names = {o["text"] for o in data["observations"]}
    assert {"union reaches customs in 2005H1..2006H1", "south.concede under north.press in 2005H1..2006H1",
            "count(north.aid) >= 3 in 2005H1..2006H1", "threat == high at 2006H2",
            "terminal absorbed by 2006H2"} <= names  # fmt: skip
    assert [g["futures"] for g in data["futures"]] == [20, 20]
    assert {c["first"] for c in data["claims"]} <= {"holds", "fails", "undefined"}


@pytest.mark.long
def test_plain_observations_are_questions_that_ask_takes(case: Path, data: dict[str, Any]) -> None:
    texts = [o["text"] for o in data["observations"] if " under " not in o["text"]]
    from datetime import date

    from tightrope.forecast.events import names_of
    from tightrope.forecast.grammar import parse_event

    names = names_of(load_material(case).case)
    for text in texts:
        parse_event(text, names=names, asked=date(2004, 12, 31), deadline=date(2006, 12, 31))


@pytest.mark.long
def test_the_command_says_in_words_what_to_look_at(case: Path, data: dict[str, Any]) -> None:
    done = CliRunner().invoke(
        app,
        ["distinguish", str(case), "argument", "no_threat", "--periods", "3", "--futures", "20", "--quick",
         "--out", str(case.parent / "runs"), "--top", "2"],
    )  # fmt: skip
    assert done.exit_code == 0
    best = data["observations"][0]
    assert f"Most telling: {best['text']} (" in done.stdout
    assert "If argument is right the whole record of these periods gains it" in done.stdout
    assert done.stdout.count(" in 2005H1..2006H1  ") + done.stdout.count("2006H2  ") == 2


@pytest.mark.long
def test_a_reading_may_be_another_case(case: Path, data: dict[str, Any], tmp_path: Path) -> None:
    """The case in another folder, with the reading's value written into it, says what the reading does."""
    shutil.copytree(case, tmp_path / "other")
    text = (tmp_path / "other" / "case.yaml").read_text(encoding="utf-8")
    assert text.count("  threat_worth:\n    value: 1.0") == 1
    text = text.replace("  threat_worth:\n    value: 1.0", "  threat_worth:\n    value: 0.000000001")
    (tmp_path / "other" / "case.yaml").write_text(text, encoding="utf-8")
    other = str(tmp_path / "other")
    asked = {"periods": 3, "futures": 4, "quick": True, "out": tmp_path / "runs", "notice": silent}
    found = distinguish_case(case, readings=("argument", other), **asked).data
    assert found["readings"][1]["about"] == "North and South, an invented alliance"
    assert [o["text"] for o in found["observations"]] == [o["text"] for o in data["observations"]]
    for one, before in zip(found["observations"], data["observations"], strict=True):
        assert one["other"] == pytest.approx(before["other"], abs=1e-7)
    named = distinguish_case(case, readings=("argument", f"{other}:no_threat"), **asked).data
    assert [g["reading"] for g in named["futures"]] == ["argument", f"{other}:no_threat"]
    assert [g["mean"] for g in named["futures"]] == pytest.approx(
        [g["mean"] for g in found["futures"]], abs=1e-6
    )
    with pytest.raises(BadComparison, match="another case"):
        distinguish_case(case, readings=("argument", other), at="mode", **asked)


@pytest.mark.long
def test_what_two_cases_do_not_share_is_not_compared(
    case: Path, sides: tuple[Side, Side], tmp_path: Path
) -> None:
    folder = small_case(tmp_path / "wider", edits={"levels: [low, high]": "levels: [low, mid, high]"})
    with pytest.raises(CannotCompare, match="probability of zero"):  # threat steps over the new level
        standing(leaping := load_material(folder), leaping.game.theta(), "wider")
    rows = (folder / "record.csv").read_text(encoding="utf-8")
    (folder / "record.csv").write_text(
        re.sub(r"^([^,]*,[^,]*),high", r"\1,mid", rows, flags=re.M), encoding="utf-8"
    )
    wide = load_material(folder)
    other = standing(wide, wide.game.theta(), "wider")
    assert shared((sides[0], other)) == ("union", "north", "south", "absorbed")
    texts = {text for text, _ in candidates((sides[0], other), first=FIRST, periods=2)}
    assert not any(text.startswith("threat") for text in texts)
    gone, _ = gains((sides[0], other), periods=2, futures=3, seed=0)
    assert np.isfinite(gone.mean)
    short = replace(other, evidence=replace(other.evidence, periods=other.evidence.periods[:-1]))
    with pytest.raises(CannotCompare, match="2004H1 and 2004H2"):
        first_period((sides[0], short))


def test_what_cannot_be_told_apart_is_refused(case: Path, tmp_path: Path) -> None:
    out = str(tmp_path)
    wrong = CliRunner().invoke(
        app, ["distinguish", str(case), "argument", "no_treat", "--quick", "--out", out]
    )
    assert wrong.exit_code == 2
    assert "did you mean no_threat?" in wrong.output
    with pytest.raises(BadComparison, match="cannot be told apart"):
        distinguish_case(case, readings=("argument", "argument"), quick=True, out=tmp_path, notice=silent)
    with pytest.raises(BadComparison, match="reference or mode"):
        distinguish_case(case, readings=("argument", "no_threat"), at="here", out=tmp_path, notice=silent)
    with pytest.raises(NotWeighed, match="tightrope compare"):
        distinguish_case(
            case, readings=("argument", "no_threat"), at="mode", quick=True, out=tmp_path, notice=silent
        )
    bare = small_case(tmp_path / "bare", **NO_RECORD)
    with pytest.raises(NoRecord, match="has no record"):
        distinguish_case(case, readings=("argument", str(bare)), quick=True, out=tmp_path, notice=silent)
