"""A headline's pooled prior, its section of the report, and an observable as news."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.workflow.allied import allied_case
from tests.workflow.small import silent, small_case
from tightrope.cli.output import strict
from tightrope.forecast.questions import QuestionError
from tightrope.forecast.sighting import CannotSee
from tightrope.forecast.words import mixed_sentences
from tightrope.outcome import FINE
from tightrope.report.sections import Headline, NotComputed
from tightrope.runs import open_run
from tightrope.workflow import ask_case, headline_case, headline_report, sighting_case
from tightrope.workflow.headline import HeadlineError
from tightrope.workflow.headline_pooled import pooled_prior, prior_at_hand
from tightrope.workflow.material import load_material
from tightrope.workflow.session import QUICK, Session
from tightrope.workflow.text import UnknownName

WHOLE = "2005-01-01..2014-12-31"


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return allied_case(tmp_path_factory.mktemp("case") / "small")


@pytest.fixture(scope="module")
def common(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return {"out": tmp_path_factory.mktemp("runs"), "quick": True, "notice": silent}


@pytest.fixture(scope="module")
def session(case: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    with open_run(tmp_path_factory.mktemp("run"), case_name="small", key={}, notice=silent) as run:
        yield Session(load_material(case), run, QUICK, 0, 1, notice=silent)


def test_a_pooled_prior_is_the_pooled_answer_for_the_same_window(case: Path, common: dict[str, Any]) -> None:
    found = headline_case(case, window=WHOLE, prior_from="pooled", **common)
    assert found.code == FINE
    (row,) = ask_case(case, questions=("L1",), **common).data["live"]
    assert found.data["before"] == pytest.approx(row["pooled"], abs=1e-12)
    assert found.data["pool"]["weights"] == {"game": 0.5, "Markov chain": 0.5}
    ratio = found.data["ratio"]
    odds = found.data["before"] / (1 - found.data["before"]) * ratio
    assert found.data["after"] == pytest.approx(odds / (1 + odds), abs=1e-12)
    assert "Prior: pooled (game" in found.text
    assert not mixed_sentences(found.text)


def test_windows_after_each_other_make_up_the_whole(session: Session) -> None:
    """The game's part: P(by 2014) = P(by 2008) + (1 - P(by 2008)) P(2009 to 2014 | not before)."""

    def game(first: str, last: str) -> float:
        span = {"first": date.fromisoformat(first), "last": date.fromisoformat(last)}
        pool = pooled_prior(session, event="merger", **span).pool
        assert pool is not None
        return float(pool["members"]["game"])

    whole, early = game("2005-01-01", "2014-12-31"), game("2005-01-01", "2008-12-31")
    assert whole == pytest.approx(early + (1 - early) * game("2009-01-01", "2014-12-31"), abs=1e-12)


def test_a_part_of_a_period_has_its_share_of_the_hazard(session: Session) -> None:
    span = {"first": date(2005, 1, 1), "last": date(2005, 6, 30)}
    whole = pooled_prior(session, event="merger", **span)
    part = pooled_prior(session, event="merger", first=date(2005, 2, 1), last=date(2005, 2, 28))
    share = 28 / 181
    assert isinstance(whole.chance, float)
    assert isinstance(part.chance, float)
    assert np.log1p(-part.chance) == pytest.approx(share * np.log1p(-whole.chance), rel=1e-12)
    assert any("share of" in note for note in part.notes)
    assert len(whole.notes) == 1


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"window": "2004H2"}, "begin after 2004H2"),
        ({"window": WHOLE, "event": "union"}, "nothing pools a prior for union"),
        ({"window": WHOLE, "prior": 0.1}, "not both"),
    ],
)
def test_what_has_no_pooled_prior_says_why(
    more: dict[str, Any], words: str, case: Path, common: dict[str, Any]
) -> None:
    with pytest.raises(HeadlineError, match=words):
        headline_case(case, prior_from="pooled", **more, **common)


def test_without_hindcasts_or_a_fit_the_default_needs_none(
    case: Path, common: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(HeadlineError, match="say --prior"):  # no reference class here, and no fit is begun
        headline_case(case, window=WHOLE, **common)
    folder = Path(shutil.copytree(case, tmp_path / "shipped"))
    (folder / "fits").mkdir()
    (folder / "fits" / "hindcast-2000.json").write_text("{}", encoding="utf-8")
    span = {"first": date(2005, 1, 1), "last": date(2005, 6, 30)}
    with open_run(tmp_path / "run", case_name="small", key={}, notice=silent) as run:
        at_hand = Session(load_material(folder), run, QUICK, 0, 1, notice=silent)
        assert not at_hand.has_fit
        with pytest.raises(HeadlineError, match="say --prior"):
            prior_at_hand(at_hand, event="merger", **span)


def test_with_a_fit_at_hand_the_default_is_pooled(session: Session) -> None:
    assert session.fit is not None
    assert session.has_fit
    span = {"first": date(2005, 1, 1), "last": date(2014, 12, 31)}
    assert prior_at_hand(session, event="merger", **span) == pooled_prior(session, event="merger", **span)


def test_the_report_shows_the_first_live_question_about_a_merger(session: Session, tmp_path: Path) -> None:
    found = headline_report.section(session)
    assert isinstance(found, Headline)
    assert found.window.replace("\u00a0", " ") == "between 1 January 2005 and 31 December 2014"
    span = {"first": date(2005, 1, 1), "last": date(2014, 12, 31)}
    assert found.before == pooled_prior(session, event="merger", **span).chance
    at = dict(zip(found.hit_curve["hit_rate"], found.hit_curve["after"], strict=True))
    assert at[0.0] == 0.0
    assert found.hit_lower < found.hit < found.hit_upper
    plain = small_case(tmp_path / "plain")
    with open_run(tmp_path / "run", case_name="small", key={}, notice=silent) as run:
        none = headline_report.section(Session(load_material(plain), run, QUICK, 0, 1, notice=silent))
    assert isinstance(none, NotComputed)
    assert "No live question is about a merger" in none.why


# --- an observable as news -------------------------------------------------------------------


def test_a_summit_moves_the_live_questions_from_what_ask_says(case: Path, common: dict[str, Any]) -> None:
    found = sighting_case(case, observable="summit", **common)
    assert found.code == FINE
    live = {row["id"]: row for row in ask_case(case, questions=("L1", "L2"), **common).data["live"]}
    for row in found.data["questions"]:
        assert row["before"] == pytest.approx(live[row["id"]]["probability"], abs=1e-9)
    moved = {row["id"]: row["change"] for row in found.data["questions"]}
    assert moved["L2"] > 0.01  # it speaks for a threat, which the question asks about
    assert found.data["period"] == "2005H1"
    assert 1.0 < found.data["effective"] <= found.data["draws"]
    seen = found.data["calibration"]
    assert (seen["seen"], seen["periods"]) == (2, 10)
    # Of the ten printed rows three are quiet, three hold a press without a threat and four a threat alone.
    odds = np.array([-1.0] * 3 + [0.5] * 3 + [0.0] * 4)
    assert seen["reference"]["expected"] == pytest.approx(float((1 / (1 + np.exp(-odds))).sum()), abs=1e-9)
    assert "2 of 10 coded periods" in found.text
    assert "It moves L2 most, from" in found.text
    assert not mixed_sentences(found.text)
    assert strict(found.data)


def test_a_later_sighting_and_an_event_on_the_spot(case: Path, common: dict[str, Any]) -> None:
    event = {"event": "threat == high at 2006-01-01", "by": "2006-12-31"}
    found = sighting_case(case, observable="summit", period="2005H2", **event, **common)
    (row,) = found.data["questions"]
    assert row["change"] > 0.0
    both = sighting_case(case, observable="summit", questions=("L1",), **event, **common)
    assert [q["id"] for q in both.data["questions"]] == ["L1", "asked"]


@pytest.mark.parametrize(
    ("more", "error", "words"),
    [
        ({"observable": "sumit"}, UnknownName, "did you mean summit"),
        ({"observable": "talk"}, CannotSee, "not an event"),
        ({"observable": "summit", "period": "2004H2"}, CannotSee, "in the record"),
        ({"observable": "summit", "period": "2005Q1"}, CannotSee, "is not a half-year"),
        ({"observable": "summit", "questions": ("L9",)}, UnknownName, "no question L9"),
        ({"observable": "summit", "event": "threat reaches high"}, QuestionError, "go together"),
    ],
)
def test_what_cannot_be_seen_is_bad_input(
    more: dict[str, Any], error: type[Exception], words: str, case: Path, common: dict[str, Any]
) -> None:
    with pytest.raises(error, match=words):
        sighting_case(case, **more, **common)
