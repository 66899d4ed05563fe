"""`tightrope what-if` on the template: both sides on the same draws, scenarios, levers, refusals."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from tests.workflow.small import silent, small_case
from tightrope.argument.timeline import CannotDo
from tightrope.cli import app
from tightrope.fit.laplace import Draws, Laplace
from tightrope.fit.posterior import Fit
from tightrope.fit.priors import prior_set, scores
from tightrope.forecast.questions import QuestionError
from tightrope.game import solve
from tightrope.record.filter import Evidence
from tightrope.record.likelihood import value_only
from tightrope.workflow import asking
from tightrope.workflow.levers import lever_data
from tightrope.workflow.material import load_material, model_key
from tightrope.workflow.opening import session_of
from tightrope.workflow.scenario import Asked, ScenarioError
from tightrope.workflow.session import Session
from tightrope.workflow.steps import FIT_CLASS
from tightrope.workflow.text import UnknownName
from tightrope.workflow.what_if import PIECE, what_if_data
from tightrope.workflow.what_if_text import lever_text, what_if_text

SCENARIOS = """scenarios:
  press_later:
    about: The North is going to press from 2006 to 2009.
    announced: yes
    steps:
      - do: north = press in 2006..2009
  seen:
    about: A threat is seen to come up.
    announced: no
    steps:
      - observe: threat reaches high in 2005H2
"""
ASK: dict[str, Any] = {"event": "count(concede) >= 2 in 2005H1..2005H2", "by": "2005-12-31"}
DRAWS = 12


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = small_case(
        tmp_path_factory.mktemp("case") / "small",
        edits={
            "\nledger:": "\nscenarios: scenarios.yaml\nledger:",
            # The record ends at the top rung, where nothing that is done now would matter later.
            "end_rate*(1 + (union == joined))": "0.05*(1 + 2*yields)",
        },
    )
    (folder / "scenarios.yaml").write_text(SCENARIOS, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def session(case: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """One sitting, so that the game is compiled once, and a posterior made by hand."""
    runs = tmp_path_factory.mktemp("runs")
    with session_of(case, out=runs, quick=True, notice=silent) as session:
        session.amount = replace(session.amount, live=DRAWS)
        session.fit = by_hand(session.material.evidence)
        yield session


def by_hand(evidence: Evidence) -> Fit:
    """A normal of a fifth of the priors' sds around the reference."""
    game = evidence.game
    theta, priors = game.theta(), prior_set(game.case, FIT_CLASS)
    positions = tuple(game.parameters.index(name) for name in priors.names)
    around = Laplace(scores(priors, theta[list(positions)]), 0.04 * np.eye(len(priors.names)), 1.0)
    none = Draws(np.zeros((0, 0)), np.zeros(0), np.zeros(0), np.zeros((0, 0)), 0.0, np.inf, 0)
    value = float(value_only(evidence, theta, branch="direct").value)
    return Fit(priors, positions, (), theta, value, around, none, 0, 0)


def test_the_baseline_is_what_ask_says_and_knowing_matters(session: Session) -> None:
    told = what_if_data(session, Asked(name="press_later", **ASK))
    surprised = what_if_data(session, Asked(name="press_later", announced=False, **ASK))
    (row,), (other,) = told["questions"], surprised["questions"]
    spot = asking.gather(session.material, **ASK, file=None)
    assert spot is not None
    plain = asking.answers_to(session, spot.questions).of("asked").mean()
    assert row["baseline"]["probability"] == pytest.approx(plain, abs=1e-12)
    assert other["baseline"] == row["baseline"]
    # Before 2006 nothing is done: who does not know of it changes nothing, who knows may.
    assert other["difference"] == pytest.approx(0.0, abs=1e-12)
    assert abs(row["difference"]) > 1e-4
    assert row["difference"] == pytest.approx(
        row["scenario"]["probability"] - row["baseline"]["probability"], abs=1e-12
    )
    assert row["lower"] <= row["difference"] <= row["upper"]
    assert row["learnt"] == pytest.approx(0.0, abs=1e-12)
    assert told["statuses"] == {"finite horizon": DRAWS}
    assert surprised["statuses"] == {"stationary": DRAWS}
    assert told["certified"] == told["draws"] == DRAWS
    assert "announced: all know of it from now on" in what_if_text(told)
    assert "Nothing moves: what is done comes after the deadlines" in what_if_text(surprised)


def test_a_scenario_may_be_asked_with_other_people_knowing(session: Session) -> None:
    mover = what_if_data(session, Asked(name="press_later", announced=True, known_to=("north",), **ASK))
    later = what_if_data(session, Asked(name="press_later", announced=True, known_from="2006H1", **ASK))
    assert mover["scenario"]["known_to"] == ["north"]
    assert "north knows of it from now on; the others are surprised" in what_if_text(mover)
    # Whoever learns of it when it begins did nothing else before.
    assert later["questions"][0]["difference"] == pytest.approx(0.0, abs=1e-12)


def test_what_is_seen_moves_states_and_draws(session: Session) -> None:
    seen = what_if_data(session, Asked(name="seen", **ASK))
    done = what_if_data(session, Asked(do=("threat = high at 2005H2",), announced=False, **ASK))
    (row,), (other,) = seen["questions"], done["questions"]
    assert 1.0 < row["effective_draws"] < DRAWS
    assert other["effective_draws"] == pytest.approx(DRAWS)
    assert row["difference"] == pytest.approx(row["within"] + row["learnt"], abs=1e-12)
    assert abs(row["learnt"]) > 1e-6
    assert other["learnt"] == pytest.approx(0.0, abs=1e-12)
    assert "points = learnt" in what_if_text(seen)
    assert "learnt" not in what_if_text(done)


def test_draws_are_kept_in_pieces(session: Session) -> None:
    told: list[tuple[str, int]] = []
    asked = Asked(do=("threat = low in 2005..2006",), announced=False, **ASK)
    first = what_if_data(session, asked)
    pieces = sorted(session.run.folder.glob("chunks/what-if-*.json"))
    assert {path.name.rsplit("-", 1)[0] for path in pieces} == {"what-if-0", f"what-if-{PIECE}"}
    progress = session.progress
    session.progress = lambda label, done, total: told.append((label, done))
    assert what_if_data(session, asked) == first
    session.progress = progress
    # Found, not followed: one word a piece.
    assert [done for label, done in told if label.startswith("draws")] == [PIECE, DRAWS]


def test_the_smallest_change_is_found_and_confirmed(session: Session) -> None:
    asking_of = {"event": "any concede in 2005H1..2005H1", "by": "2005-12-31"}
    far = lever_data(session, Asked(past=0.999, levers=("threat_worth",), **asking_of))
    assert far["levers"][0]["value"] is None
    assert "not met" in lever_text(far)
    mark = far["before"] - 0.01
    one = lever_data(session, Asked(past=mark, levers=("threat_worth",), **asking_of))["levers"][0]
    assert one["confirmed"]
    near, beyond = (side["probability"] for side in one["sides"])
    assert beyond < mark < near
    assert near == pytest.approx(beyond, abs=1e-3)
    # Solved by hand at the value found.
    game = session.material.game
    theta = session.fit.theta.copy()
    theta[game.parameters.index("threat_worth")] = one["value"]
    assert solve(game, theta).certificate.good
    best = lever_data(session, Asked(past=mark, **asking_of))
    distances = [abs(lever["distance"]) for lever in best["levers"] if lever["confirmed"]]
    assert distances == sorted(distances)
    assert distances[0] <= abs(one["distance"]) + 1e-6
    assert best["moved"] == [name for name, p in game.case.parameters.items() if not p.fixed]
    assert "no nearer change was met" in lever_text(best)


@pytest.mark.parametrize(
    ("asked", "error", "said"),
    [
        (Asked(name="pres_later"), UnknownName, "did you mean press_later"),
        (Asked(name="seen", do=("threat = low",)), ScenarioError, "one of the two"),
        (Asked(do=("threat = low",)), ScenarioError, "say --announced or --unannounced"),
        (Asked(do=("theat = low",), announced=True), ScenarioError, "did you mean threat?"),
        (Asked(do=("theat = low",)), ScenarioError, "did you mean threat?"),
        (Asked(do=("threat = low in 2004H1",), announced=True), CannotDo, "2005H1 is the first period"),
        (Asked(do=("union = apart in 2006",), announced=False), CannotDo, "never falls"),
        (
            Asked(do=("threat_rises = 1 in 2006", "threat_rises *= 2 in 2006H2"), announced=True),
            ScenarioError,
            "an earlier step",
        ),
        (Asked(do=("step_rate = -1",), announced=False), CannotDo, "make the case illegal"),
        (Asked(do=("threat = low",), announced=True, known_to=("nort",)), ScenarioError, "mean north?"),
        (Asked(do=("threat = low",), announced=True, known_to=("north",)), CannotDo, "some players only"),
        (Asked(do=("threat = low",), announced=False, known_from="2006H1"), ScenarioError, "go with"),
        (Asked(name="press_later", known_to=("north",)), ScenarioError, "go with --announced"),
        (Asked(do=("threat = low",), announced=True, known_from="2006Q1"), ScenarioError, "half-year"),
        (Asked(observe=("threat reachs high",)), QuestionError, "expected `reaches`"),
        (Asked(observe=("event: rain",)), ScenarioError, "not coded"),
        (Asked(name="seen", questions=("L9",)), UnknownName, "no question L9"),
    ],
)
def test_bad_scenarios_are_refused(session: Session, asked: Asked, error: type, said: str) -> None:
    with pytest.raises(error) as caught:
        what_if_data(session, asked)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("asked", "error", "said"),
    [
        (Asked(levers=("sovereignty",)), ScenarioError, "--past is a probability between 0 and 1"),
        (Asked(past=1.5), ScenarioError, "--past is a probability between 0 and 1"),
        (Asked(past=0.5, name="seen"), ScenarioError, "nothing else is done"),
        (Asked(past=0.5, levers=("soverignty",)), UnknownName, "did you mean sovereignty?"),
        (Asked(past=0.5, levers=("discount",)), ScenarioError, "discount is fixed"),
        (Asked(past=0.5, event="event: rain", by="2006-01-01"), ScenarioError, "not coded"),
    ],
)
def test_bad_levers_are_refused(session: Session, asked: Asked, error: type, said: str) -> None:
    with pytest.raises(error) as caught:
        lever_data(session, asked)
    assert said in str(caught.value)


def run(case: Path, *words: str) -> Any:
    return CliRunner().invoke(app, ["what-if", str(case), "-q", "--quick", *words])


def test_without_a_name_the_scenarios_are_listed(case: Path) -> None:
    done = run(case, "--json")
    assert done.exit_code == 0
    assert [one["name"] for one in json.loads(done.stdout)["scenarios"]] == ["press_later", "seen"]
    assert "announced: all know of it from now on" in run(case).stdout


def test_the_command_line_says_bad_input(case: Path, tmp_path: Path) -> None:
    done = run(case, "pres_later", "--out", str(tmp_path))
    assert done.exit_code == 2, (done.stdout, done.stderr)
    assert "did you mean press_later" in done.stderr


def test_scenarios_leave_fits_where_they_are(tmp_path: Path) -> None:
    plain = small_case(tmp_path / "plain")
    named = small_case(tmp_path / "named", edits={"\nledger:": "\nscenarios: scenarios.yaml\nledger:"})
    (named / "scenarios.yaml").write_text(SCENARIOS, encoding="utf-8")
    assert model_key(load_material(named)) == model_key(load_material(plain))


def test_check_names_an_observed_event_that_is_none(tmp_path: Path) -> None:
    folder = small_case(tmp_path / "odd", edits={"\nledger:": "\nscenarios: scenarios.yaml\nledger:"})
    text = SCENARIOS.replace("threat reaches high", "threat reaches hihg")
    (folder / "scenarios.yaml").write_text(text, encoding="utf-8")
    done = CliRunner().invoke(app, ["check", str(folder), "-q", "--draws", "0"])
    assert done.exit_code == 1
    assert "scenarios.yaml:11:18: scenarios.seen.steps[0].observe" in done.stdout
    assert "did you mean `high`?" in done.stdout
