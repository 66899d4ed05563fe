"""The template case from end to end: one run shared by all tests, then the same and other runs beside it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.command import tightrope
from tests.workflow.small import page_of, section, silent, small_case, tables
from tightrope.outcome import FINE, Outcome
from tightrope.report.sections import Choice
from tightrope.report.text import percent
from tightrope.runs import read_run
from tightrope.workflow import (
    ask_case,
    claims_case,
    explain_case,
    fit_case,
    priced,
    run_case,
    score_case,
    solve_case,
)
from tightrope.workflow.brief import NoRun, brief_case, held
from tightrope.workflow.opening import session_of
from tightrope.workflow.text import UnknownName

COMMAND = [sys.executable, "-m", "tightrope"]


@pytest.fixture(scope="session")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_case(tmp_path_factory.mktemp("case") / "small")


@pytest.fixture(scope="session")
def first(case: Path, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    out = tmp_path_factory.mktemp("runs")
    return run_case(case, out=out, quick=True, notice=silent, argv=("run", "small", "--quick"))


@pytest.fixture(scope="session")
def folder(first: Outcome) -> Path:
    return Path(first.data["run"])


@pytest.fixture(scope="session")
def numbers(folder: Path) -> dict[str, Any]:
    return tables(folder)


def same(found: dict[str, Any], expected: dict[str, Any]) -> None:
    """Bit for bit the same tables, attributes included."""
    assert set(found) == set(expected)
    for name in expected:
        assert found[name].identical(expected[name]), name


def test_a_run_leaves_a_report_its_numbers_and_a_manifest(first: Outcome, folder: Path) -> None:
    assert first.code == FINE
    assert str(folder) in first.text
    assert Path(first.data["report"]) == folder / "report.html"
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "North and South, an invented alliance" in page
    manifest, _ = read_run(folder)
    assert manifest["status"] == "finished"
    assert manifest["argv"] == ["run", "small", "--quick"]
    assert manifest["seed"] == 0
    assert manifest["warnings"] == first.data["warnings"] != []
    assert set(manifest["certificates"]) == {"reference", "fit"}
    for certificate in manifest["certificates"].values():
        assert certificate["status"] == "converged"
        assert certificate["residual"] <= certificate["tolerance"] <= 1e-9
    assert {"fit", "live", "matrix-fit"} <= set(manifest["timings"])
    assert any(name.startswith("drawn-") for name in manifest["timings"])
    assert all(entry["seconds"] > 0 for entry in manifest["timings"].values())
    assert {entry["origin"] for entry in manifest["timings"].values()} == {"computed"}


def test_the_tree_has_arviz_names_and_every_table(folder: Path, numbers: dict[str, Any]) -> None:
    expected = {
        "prior", "prior_argument", "posterior", "log_likelihood", "forecasts/live", "claims/claims",
        "claims/shares", "claims/quantities", "matrix/cells", "questions/forecasts", "questions/means",
        "ledger/scores", "parameters/parameters", "timeline/coded", "policy/policy", "judgement/live",
        "diagnostics/checks", "watch/watch", "plane/stays", "plane/drifts", "price/gaps",
    }  # fmt: skip
    assert {f"/{name}" for name in expected} <= set(numbers)
    manifest, _ = read_run(folder)
    assert set(manifest["results"]["groups"]) >= expected
    posterior = numbers["/posterior"]
    assert posterior["support_worth"].dims == ("chain", "draw")
    assert posterior.attrs["prior_class"] == "agnostic"
    assert np.ptp(posterior["support_worth"].values) > 0 == np.ptp(posterior["discount"].values)
    assert numbers["/log_likelihood"]["record"].sizes == {"at": 2, "period": 10}


def test_long_results_are_not_computed_and_the_page_says_how(folder: Path) -> None:
    assert "tightrope explain CASE --at fit --only choice" in section(folder, "choice")
    assert "tightrope discover CASE" in section(folder, "boxes")
    assert "no rival readings" in section(folder, "evidence")


def test_a_brief_is_made_of_the_run_or_of_its_case(
    case: Path, first: Outcome, folder: Path, tmp_path: Path
) -> None:
    given: dict[str, Any] = {
        "quick": True, "seed": 0, "out": folder.parent, "coding": "", "blocks": (), "measurement_error": "",
    }  # fmt: skip
    of_run = brief_case(folder, output=tmp_path / "run" / "page.pdf", **given)
    of_case = brief_case(case, output=tmp_path / "case.pdf", **given)
    assert of_run.data["run"] == of_case.data["run"] == str(folder)
    pages = [(tmp_path / name).read_bytes() for name in ("run/page.pdf", "case.pdf")]
    # The renderer numbers a drawing's parts as they come to hand: bytes differ where nothing to see does.
    assert len(pages[0]) == len(pages[1])
    assert len(re.findall(rb"/Type\s*/Page\b", pages[0])) == 1
    assert of_run.data["bytes"] == len(pages[0])
    kept = held(folder)
    assert [row.question for row in kept.rows] == [row["question"] for row in first.data["live"]]
    assert [row.probability for row in kept.rows] == [
        percent(row["probability"]) for row in first.data["live"]
    ]
    assert kept.limits == tuple(first.data["warnings"][:4])
    with pytest.raises(NoRun, match=r"tightrope run .* makes it"):
        brief_case(case, **given | {"quick": False})
    with pytest.raises(NoRun, match="no case"):
        brief_case(tmp_path, **given)
    (tmp_path / "other").mkdir()
    shutil.copy(folder / "manifest.json", tmp_path / "other" / "manifest.json")
    with pytest.raises(NoRun, match="holds nothing to make a brief of"):
        brief_case(tmp_path / "other", **given)


@pytest.mark.long
def test_a_choice_that_explain_took_apart_is_in_the_next_report(
    case: Path, folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "runs"
    shutil.copytree(folder.parent, out)
    given: dict[str, Any] = {"quick": True, "out": out, "notice": silent}
    explain_case(case, at="fit", asked={"only": ("choice",)}, **given)
    with session_of(case, **given) as session:
        found = priced.choice(session)
        chance = session.at_fit.strategies["south"]
    assert isinstance(found, Choice)
    where = dict(part.split("=") for part in found.where.split(", "))
    assert where["threat"] == "high"
    odds = chance.sel({str(n): where[str(n)] for n in chance.dims if n != "south"})
    ratio = np.log(float(odds.sel(south=found.action)) / float(odds.sel(south=found.against)))
    assert found.split["both"].sum() == pytest.approx(ratio, abs=1e-8)
    assert {found.action, found.against} == {"stall", "concede"}
    assert found.mover == "the South"


def test_what_is_printed_is_what_the_tree_holds(first: Outcome, numbers: dict[str, Any]) -> None:
    likelihood = numbers["/log_likelihood"]["record"].sum("period")
    at = {str(c): float(v) for c, v in zip(likelihood["at"].values, likelihood.values, strict=True)}
    assert at["mode"] > at["reference"]
    draws = numbers["/forecasts/live"]["probability"]
    live = numbers["/judgement/live"]
    for k, row in enumerate(first.data["live"]):
        model = float(draws.sel(question=row["id"]).mean())
        assert row["model"] == pytest.approx(model, abs=1e-12)
        assert row["probability"] == pytest.approx(0.9 * model + 0.1 * row["outside"], abs=1e-12)
        assert row["lower"] <= row["probability"] <= row["upper"]
        assert float(live["probability"][k]) == row["probability"]
        assert row["question"] in first.text


def test_every_number_of_a_parameter_carries_its_mark(numbers: dict[str, Any]) -> None:
    table = numbers["/parameters/parameters"]
    ratio = np.asarray(table["sd_ratio"].values, dtype=float)
    marks = np.asarray(table["mark"].values)
    assert set(marks) <= {"assumed", "calibrated", "estimated"}
    assert ((ratio < 0.8) == (marks == "estimated")).all()


def test_the_confidence_names_what_carries_the_forecasts(folder: Path) -> None:
    assert "10 half-years" in section(folder, "judgement")
    assert "union=customs in only 4 of them" not in section(folder, "judgement")
    assert "union=joined in only 2 of them" in section(folder, "judgement")


def test_the_same_run_again_computes_nothing_and_says_the_same(
    case: Path, first: Outcome, folder: Path, numbers: dict[str, Any]
) -> None:
    page = page_of(folder)
    again = run_case(case, out=folder.parent, quick=True, notice=silent, argv=("run", "small", "--quick"))
    assert again == first
    manifest, _ = read_run(folder)
    assert {entry["origin"] for entry in manifest["timings"].values()} == {"resumed"}
    same(tables(folder), numbers)
    assert page_of(folder) == page


@pytest.mark.long
def test_two_runs_in_two_places_give_the_same_numbers(
    case: Path, first: Outcome, folder: Path, numbers: dict[str, Any], tmp_path: Path
) -> None:
    """The twin reads a copy of the case elsewhere: neither place may leave a trace in the numbers."""
    copy = shutil.copytree(case, tmp_path / "elsewhere" / "small")
    twin = run_case(copy, out=tmp_path, quick=True, notice=silent)
    assert Path(twin.data["run"]).name == folder.name
    assert twin.data["live"] == first.data["live"]
    same(tables(twin.data["run"]), numbers)
    assert page_of(twin.data["run"]) == page_of(folder)


@pytest.mark.long
def test_a_seed_moves_what_is_drawn_and_nothing_else(
    case: Path, folder: Path, numbers: dict[str, Any], tmp_path: Path
) -> None:
    other = run_case(case, out=tmp_path, quick=True, seed=1, notice=silent)
    assert Path(other.data["run"]).name != folder.name
    found = tables(other.data["run"])
    for name in ("/prior", "/prior_argument", "/posterior", "/forecasts/live"):
        assert not found[name].equals(numbers[name]), name
    for name in ("/timeline/coded", "/claims/shares", "/matrix/ablations", "/ledger/scores"):
        assert found[name].equals(numbers[name]), name
    at = numbers["/matrix/cells"]["at"].values == "reference"
    for column in ("claim", "ablation", "result"):
        here, there = (t["/matrix/cells"][column].values[at] for t in (found, numbers))
        assert (here == there).all()
    best = [float(t["/diagnostics/starts"]["log_posterior"].max()) for t in (found, numbers)]
    assert best[0] == pytest.approx(best[1], abs=1e-4)  # the same mode, reached from another start


def test_a_damaged_chunk_of_a_real_run_is_named_set_aside_and_made_anew(
    case: Path, folder: Path, numbers: dict[str, Any], tmp_path: Path
) -> None:
    copy = shutil.copytree(folder, tmp_path / folder.name)
    harmed = {}
    for name in ("fit", "live"):
        (path,) = (
            p for p in (copy / "chunks").glob(f"{name}-*.json") if json.loads(p.read_text())["name"] == name
        )
        text = path.read_bytes()
        place = text.index(b'"value"') + 60
        path.write_bytes(
            text[:place] + b"7" + text[place + 1 :] if name == "live" else text[: len(text) // 2]
        )
        harmed[name] = path
    said: list[str] = []
    run_case(case, out=tmp_path, quick=True, notice=said.append)
    for path in harmed.values():
        assert any(str(path) in line and "not trusted" in line for line in said)
        assert (copy / "set-aside" / path.name).exists()
        assert path.exists()
    manifest, _ = read_run(copy)
    anew = {name for name, entry in manifest["timings"].items() if entry["origin"] == "computed"}
    assert anew == set(harmed)  # the pieces of the fit are whole, and serve again
    same(tables(copy), numbers)


@pytest.mark.long
@pytest.mark.skipif(os.name == "nt", reason="kill -9 is POSIX")
def test_killed_in_the_middle_the_command_goes_on_and_ends_with_the_same_numbers(
    case: Path, first: Outcome, folder: Path, numbers: dict[str, Any], tmp_path: Path
) -> None:
    command = [*COMMAND, "run", str(case), "--quick", "--json", "--out", str(tmp_path)]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    chunks = tmp_path / folder.name / "chunks"
    deadline = time.monotonic() + 240
    while not list(chunks.glob("fit-climb-*.json")):
        assert running.poll() is None, running.communicate()[1].decode()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    running.send_signal(signal.SIGKILL)
    running.communicate()
    assert running.returncode == -signal.SIGKILL
    survived = {json.loads(path.read_text())["name"] for path in chunks.glob("*.json")}
    assert not (tmp_path / folder.name / "run.nc").exists()
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == FINE, done.stderr
    data = json.loads(done.stdout, parse_constant=pytest.fail)
    assert data["live"] == json.loads(json.dumps(first.data["live"]))
    assert data["warnings"] == first.data["warnings"]
    assert "fit" in done.stderr
    manifest, _ = read_run(data["run"])
    resumed = {name for name, entry in manifest["timings"].items() if entry["origin"] == "resumed"}
    assert resumed == survived  # whatever was written counts; only what was in flight is done again
    assert {"numbers", "fit-climb-0"} <= survived
    assert "fit" not in survived
    same(tables(data["run"]), numbers)
    assert page_of(data["run"]) == page_of(folder)


@pytest.mark.parametrize(
    ("command", "keywords", "words"),
    [
        (
            ask_case,
            {"questions": ("Q11", "nonsense")},
            "no question Q11; did you mean Q1?\nno question nonsense",
        ),
        (ask_case, {"questions": ("l1",)}, "did you mean L1?"),
        (claims_case, {"claims": ("c2",)}, "no claim c2; did you mean C2?\nthe case has C1, C2"),
    ],
)
def test_an_unknown_name_is_refused_with_a_near_match(
    command: Callable[..., Outcome], keywords: dict[str, Any], words: str, case: Path, folder: Path
) -> None:
    with pytest.raises(UnknownName) as caught:
        command(case, out=folder.parent, quick=True, notice=silent, **keywords)
    assert words in str(caught.value)


def test_an_unknown_name_is_bad_input_on_the_command_line(case: Path, folder: Path) -> None:
    done = tightrope("claims", str(case), "c2", "--quick", "--out", str(folder.parent), "-q")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no claim c2; did you mean C2?" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_commands_print_parts_of_the_same_run(
    case: Path, first: Outcome, folder: Path, numbers: dict[str, Any]
) -> None:
    keywords: dict[str, Any] = {"out": folder.parent, "quick": True, "notice": silent}
    solved = solve_case(case, **keywords)
    assert solved.code == FINE
    assert {row["move"] for row in solved.data["policy"]} == {"north", "south"}
    for move, variable in (("north", "union"), ("south", "threat")):
        rows = [r for r in solved.data["policy"] if (r["move"], r["variable"]) == (move, variable)]
        for level in {r["level"] for r in rows}:
            assert sum(r["probability"] for r in rows if r["level"] == level) == pytest.approx(1, abs=1e-9)
    fitted = fit_case(case, **keywords)
    assert fitted.data["parameters"][0]["name"] == "discount"
    modes = {row["name"]: row["mode"] for row in fitted.data["parameters"]}
    table = numbers["/parameters/parameters"]
    assert dict(zip(table["name"].values, table["mode"].values, strict=True)) == modes
    asked = ask_case(case, questions=("L2", "Q1"), **keywords)
    assert [row["id"] for row in asked.data["live"]] == ["L2"]
    assert asked.data["live"][0] in first.data["live"]
    assert {row["id"] for row in asked.data["past"]} == {"Q1"}
    scored = score_case(case, **keywords)
    assert {"Markov chain", "persistence", "climatology"} <= {r["forecaster"] for r in scored.data["means"]}
    assert scored.data["ledger"][-1]["event"] == "all"
    tested = claims_case(case, claims=("C1",), **keywords)
    assert [row["id"] for row in tested.data["claims"]] == ["C1"]
    assert {row["ablation"] for row in tested.data["cells"] if row["named"]} == {"no_threat_worth"}
