"""Cases that lack something still run, and say in its place why it is not there; shipped fits; hard games."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.command import tightrope
from tests.workflow.small import section, silent, small_case, tables
from tightrope.game.equilibrium import Equilibrium
from tightrope.outcome import FAILED, FINE
from tightrope.runs.files import seal, unseal
from tightrope.workflow import ask_case, claims_case, run_case, score_case, solve_case, steps
from tightrope.workflow.material import NoRecord, load_material
from tightrope.workflow.ship import ship

RECORD_OF_C1 = """    record:
      - {share: yields, of: threat == high, versus: threat == low, expect: higher}
"""
NO_RECORD: dict[str, Any] = {
    "without": ("record",),
    "edits": {RECORD_OF_C1: "", "within: 10, over: end": "within: 10, over: start"},
}


@pytest.fixture(scope="module")
def unrecorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_case(tmp_path_factory.mktemp("unrecorded") / "small", **NO_RECORD)


def test_a_case_without_a_record_runs_and_says_what_that_costs(unrecorded: Path, tmp_path: Path) -> None:
    outcome = run_case(unrecorded, out=tmp_path, quick=True, notice=silent)
    assert outcome.code == FINE
    assert outcome.data["live"] == []
    run = outcome.data["run"]
    for name in ("judgement", "fans", "timeline", "policy", "parameters", "questions", "hindcasts", "watch"):
        assert "no record" in section(run, name) or "Without a record" in section(run, name), name
    found = tables(run)
    assert not {"/posterior", "/log_likelihood", "/forecasts/live"} & set(found)
    statuses = dict(zip(*(found["/claims/claims"][c].values for c in ("id", "reference")), strict=True))
    assert statuses == {"C1": "holds", "C2": "holds"}
    assert set(found["/matrix/cells"]["at"].values) == {"reference"}


def test_its_commands_give_what_there_is_and_refuse_the_rest(unrecorded: Path, tmp_path: Path) -> None:
    keywords: dict[str, Any] = {"out": tmp_path, "quick": True, "notice": silent}
    assert set(solve_case(unrecorded, **keywords).data["strategies"]) == {"north", "south"}
    asked = ask_case(unrecorded, **keywords)
    assert asked.data["live"] == asked.data["past"] == []
    scored = score_case(unrecorded, **keywords)
    assert scored.data["means"] == []
    assert "no past questions" in scored.text
    assert scored.data["ledger"][-1]["n"] == 2
    done = tightrope("fit", str(unrecorded), "--quick", "--out", str(tmp_path), "-q")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("tightrope: the case small has no record to fit")
    with pytest.raises(NoRecord, match="record:"):
        _ = load_material(unrecorded).evidence


def test_a_case_without_questions_claims_and_ledger_runs(tmp_path: Path) -> None:
    bare = small_case(
        tmp_path / "small",
        without=("questions", "live_questions", "ledger", "events", "claims", "ablations", "quantities"),
    )
    outcome = run_case(bare, out=tmp_path / "runs", quick=True, notice=silent)
    assert outcome.code == FINE
    # What a case leaves out is no fault of it: the one warning left is of the few draws of a quick fit.
    assert [text for text in outcome.data["warnings"] if "importance weights" not in text] == []
    run = outcome.data["run"]
    reasons = {
        "judgement": "no live questions",
        "fans": "no live questions",
        "questions": "no past questions",
        "ledger": "no ledger",
        "claims": "makes no claims",
        "matrix": "makes no claims",
    }
    for name, reason in reasons.items():
        assert reason in section(run, name), name
    assert "2004H2" in section(run, "timeline")
    keywords: dict[str, Any] = {"out": tmp_path / "runs", "quick": True, "notice": silent}
    assert ask_case(bare, **keywords).text == "The case has no questions."
    assert "makes no claims" in claims_case(bare, **keywords).text
    assert score_case(bare, **keywords).text.count("The case has no") == 2


def test_without_a_certificate_no_number_is_shown_and_the_run_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = steps.reference

    def cycling(*given: Any, **more: Any) -> Equilibrium:
        found = honest(*given, **more)
        return replace(found, certificate=replace(found.certificate, status="cycling", residual=0.1))

    monkeypatch.setattr(steps, "reference", cycling)
    case = small_case(tmp_path / "small", **NO_RECORD)
    outcome = run_case(case, out=tmp_path / "runs", quick=True, notice=silent)
    assert outcome.code == FAILED
    assert any("not certified" in text for text in outcome.data["warnings"])
    run = outcome.data["run"]
    for name in ("claims", "matrix"):
        assert "not certified" in section(run, name)
    assert not {"/claims/claims", "/matrix/cells"} & set(tables(run))
    solved = solve_case(case, out=tmp_path / "runs", quick=True, notice=silent)
    assert solved.code == FAILED
    assert not {"policy", "strategies"} & set(solved.data)


@pytest.mark.long
def test_shipped_fits_serve_a_quick_run_once_they_are_verified(tmp_path: Path) -> None:
    case = small_case(tmp_path / "small")
    keywords: dict[str, Any] = {"out": tmp_path / "runs", "quick": True}
    before: list[str] = []
    unanswered = ask_case(case, questions=("Q1", "Q2"), notice=before.append, **keywords)
    assert "game" not in {row["forecaster"] for row in unanswered.data["past"]}
    assert any("2001H2" in text for text in before)
    written = ship(case, out=tmp_path / "shipping")
    assert {path.name.rsplit("-", 1)[0] for path in written} == {"fit", "origin-2001H2", "origin-2004H2"}
    assert {path.parent for path in written} == {case / "fits"}
    assert ship(case, out=tmp_path / "shipping") == []  # all there and verified
    after: list[str] = []
    answered = ask_case(case, questions=("Q1", "Q2"), notice=after.append, **keywords)
    assert after == []
    game = {r["id"]: r["probability"] for r in answered.data["past"] if r["forecaster"] == "game"}
    assert set(game) == {"Q1", "Q2"}
    assert all(0.0 < p < 1.0 for p in game.values())
    manifest = next((tmp_path / "runs").glob("small-*/manifest.json"))
    assert unseal(manifest)["timings"]["origin-2001H2"]["origin"] == "shipped"

    # A fit that this code does not find again is refused, however well sealed.
    (false,) = (path for path in written if path.name.startswith("origin-2001H2"))
    content = unseal(false)
    content["value"]["log_likelihood"] += 0.5
    false.write_bytes(seal(content))
    refused: list[str] = []
    again = ask_case(case, questions=("Q1", "Q2"), notice=refused.append, **keywords)
    assert any("origin-2001H2" in text and "not used" in text for text in refused)
    assert {r["id"] for r in again.data["past"] if r["forecaster"] == "game"} == {"Q2"}
    assert json.loads(false.read_text())["value"] == content["value"]  # theirs to repair, not ours to change
