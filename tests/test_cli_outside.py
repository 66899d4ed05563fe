"""`tightrope base-rate`, `headline` and `silence` as commands: numbers, words, refusals."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tightrope.cli import app
from tightrope.forecast.words import mixed_sentences

CASE = Path(__file__).parent.parent / "cases" / "russia-belarus"
RAW = os.environ.get("TIGHTROPE_RAW", "")
WINDOW = ("--window", "2026-01-01..2030-12-31")
FIVE_YEARS = (*WINDOW, "--prior-from", "reference-class")


def run(*arguments: object, code: int = 0) -> Any:
    done = CliRunner().invoke(app, [str(a) for a in arguments])
    assert done.exit_code == code, done.output
    return done


def data(*arguments: object) -> Any:
    return json.loads(run(*arguments, "--json").stdout)


def test_base_rate_prints_numbers_filters_and_words() -> None:
    asked = ("base-rate", CASE, "--since", 1946, "--contiguous", "--pact", "--ratio", 10)
    said = run(*asked).stdout
    assert "0 in 708 dyad-years, 1946-2016" in said
    assert "defence pact: a defence pact with it in the year or the year before" in said
    assert "(less than 1 %)" in said
    assert mixed_sentences(said) == ()
    published = data(*asked, "--as-published")
    assert (published["events"], published["exposure"]) == (0, 784)
    assert round(100 * published["rows"]["jeffreys_mean"], 3) == 0.064
    assert [round(100 * row["probability"], 2) for row in published["within"]] == [0.06, 0.32, 0.63]
    everywhere = data("base-rate", CASE)
    assert (everywhere["events"], everywhere["episodes"], everywhere["exposure"]) == (28, 11, 15951)
    carried = run("base-rate", CASE, "--since", 1946, "--until", 2025).stdout
    assert "its membership is carried on" in carried
    assert (
        "30 in 19,864 state-years, with microstates, 1816-2020"
        in run("base-rate", CASE, "--microstates").stdout
    )


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--contiguous", "--sea"], "say one border only"),
        (["--pact", "--any-pact"], "say one pact only"),
        (["--ratio", "7"], "with --data and the raw lists"),
        (["--patron", "Rusia"], "did you mean Russia"),
        (["--data", "nowhere"], "no list cow_system2016.csv"),
    ],
)
def test_base_rate_refuses_with_a_reason(more: list[str], words: str) -> None:
    assert words in run("base-rate", CASE, *more, code=2).stderr


@pytest.mark.skipif(not RAW, reason="raw lists are not bundled; TIGHTROPE_RAW names a folder")
def test_base_rate_with_raw_lists() -> None:
    found = data("base-rate", CASE, "--since", 1947, "--ratio", 7, "--data", RAW)
    assert found["source"] == "raw lists"
    assert found["exposure"] > data("base-rate", CASE, "--since", 1951, "--ratio", 10)["exposure"]


def test_a_headline_moves_the_chance_and_says_what_it_rests_on() -> None:
    said = run("headline", CASE, *FIVE_YEARS).stdout
    assert "from 0.32 % (less than 1 %) to 0.64 % (less than 1 %)" in said
    assert "6 of 14 summits" in said
    assert "the hit rate is an assumption" in said
    assert mixed_sentences(said) == ()
    found = data("headline", CASE, *FIVE_YEARS)
    assert found["prior_from"] == "reference class"
    assert found["low"] < found["before"] < found["after"] < found["high"]
    assert [row["days"] for row in found["leads"]] == [30, 60, 90, 180, 365]
    # The choice of days alone can turn the headline from a sign for into a sign against.
    ratios = [row["ratio"] for row in found["leads"]]
    assert min(ratios) < 1 < max(ratios)
    at = {row["hit_rate"]: row["after"] for row in found["curve"]}
    lever = data("headline", CASE, *FIVE_YEARS, "--hit-rate", 0.5)
    assert lever["after"] == pytest.approx(at[0.5], abs=1e-12)
    assert lever["hit"]["from"] == "given"


def test_the_curve_is_drawn_with_its_finding_and_never_over_a_file(tmp_path: Path) -> None:
    for kind in ("svg", "png", "html"):
        file = tmp_path / f"curve.{kind}"
        assert "The curve is in" in run("headline", CASE, *FIVE_YEARS, "--picture", file).stdout
    finding = "A headline raises the chance of a merger from 0.32 % to 0.64 %"
    drawing = (tmp_path / "curve.svg").read_text(encoding="utf-8")
    assert finding in drawing
    assert "says nothing" in drawing
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")
    page = (tmp_path / "curve.html").read_text(encoding="utf-8")
    assert finding in page
    assert page.count("<section ") == 1
    assert "default-src &#39;none&#39;" in page
    before = (tmp_path / "curve.svg").read_bytes()
    done = run("headline", CASE, *FIVE_YEARS, "--picture", tmp_path / "curve.svg", code=2)
    assert "exists already" in done.stderr
    assert (tmp_path / "curve.svg").read_bytes() == before


def test_a_prior_can_be_given() -> None:
    found = data("headline", CASE, "--window", "2026Q3", "--prior", 0.003, "--hit-beta", 8, 2)
    assert (found["prior_from"], found["before"]) == ("given", 0.003)
    assert found["window"] == ["2026-07-01", "2026-09-30"]
    odds = 0.003 / 0.997 * 0.8 / (6.5 / 15)
    assert found["after"] == pytest.approx(odds / (1 + odds), abs=1e-12)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--window", "soon"], "'soon' is no window"),
        ([], "say --window, such as 2026Q3, or --seen"),
        (["--seen", "summit", *WINDOW], "--window and --seen do not go together"),
        ([*WINDOW, "--in", "2026Q3"], "--in and --seen go together"),
        (["--window", "2026-12-31..2026-01-01"], "ends before it begins"),
        (["--window", "2026-02-30..2026-03-31"], "is no window"),
        ([*FIVE_YEARS, "--event", "leader-exi"], "did you mean leader-exit"),
        ([*FIVE_YEARS, "--event", "leader-exit"], "say --prior"),
        ([*WINDOW, "--prior", "1.5"], "a prior is a probability"),
        ([*FIVE_YEARS, "--prior", "0.5"], "say a prior or where it comes from"),
        ([*FIVE_YEARS, "--picture", "curve.jpg"], "must end in .svg, .png, .html"),
        ([*FIVE_YEARS, "--picture", "nowhere/curve.svg"], "there is no folder nowhere"),
        ([*FIVE_YEARS, "--hit-rate", "1.5"], "a rate lies in"),
        ([*FIVE_YEARS, "--hit-rate", "0.5", "--hit-beta", "1", "1"], "not both"),
    ],
)
def test_headline_refuses_with_a_reason(more: list[str], words: str) -> None:
    done = run("headline", CASE, *more, code=2)
    assert words in done.stderr
    assert done.stdout == ""


def test_a_case_without_limited_steps_needs_a_hit_rate(tmp_path: Path) -> None:
    case = Path(shutil.copytree(CASE, tmp_path / "case", ignore=shutil.ignore_patterns("fits")))
    (case / "predictions-events.csv").unlink()
    assert "say --hit-rate" in run("headline", case, *FIVE_YEARS, code=2).stderr
    run("headline", case, *FIVE_YEARS, "--hit-rate", 0.7)


def test_silence_is_a_table_by_leak_rate() -> None:
    said = run("silence", "--quarters", 20, "--leak", 0.15).stdout
    assert "With a leak rate of 15 %: 0.43 % (less than 1 %)." in said
    assert "The leak rate is an assumption" in said
    assert mixed_sentences(said) == ()
    found = data("silence", "--quarters", 8, "--prior", 0.2)
    assert list(found["rows"][0]["after"]) == ["1", "4", "8"]
    last = [row["after"]["8"] for row in found["rows"]]
    assert last[0] == pytest.approx(0.2)
    assert last == sorted(last, reverse=True)
    assert "a chance between 0 and 1" in run("silence", "--prior", 1.2, code=2).stderr
    assert "new ones struck at 1.0 %" in run("silence", "--struck", 0.01).stdout


@pytest.mark.parametrize("command", ["base-rate", "headline", "silence"])
def test_every_command_explains_itself(command: str) -> None:
    assert "--json" in run(command, "--help").output
