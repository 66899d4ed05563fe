"""`tightrope compare` on the template case with two readings, from the command line and resumed."""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner

from tests.workflow.small import silent, small_case
from tests.workflow.test_partial_cases import NO_RECORD
from tightrope.cli import app
from tightrope.fit import readings as weighing_room
from tightrope.fit import surrogate_chains, weighing, weighing_broad
from tightrope.fit.evidence import NOT_MIXED
from tightrope.fit.readings import Effort
from tightrope.fit.smc import Tempering
from tightrope.fit.weighing import Weighing
from tightrope.forecast.chain_evidence import Amount
from tightrope.report.sections import Evidence
from tightrope.workflow import compare as comparing
from tightrope.workflow import compare_case, compare_variants, not_strategic, readings, shown, tempering
from tightrope.workflow.compare_text import compare_text
from tightrope.workflow.material import NoRecord, load_material, model_key
from tightrope.workflow.opening import session_of

pytestmark = pytest.mark.long

SHORT = readings.SHORT  # as it is: the tests below replace it by a smaller one
FEW = Weighing(repeats=2, pilots=1, draws=40, chains=2, warmup=20, kept=40, proposals=20)
HYPOTHESES = """
hypotheses:
  argument: {about: "Threat makes support dear.", set: {}}
  no_threat: {about: "For those who think that threats are talk.", set: {threat_worth: 0}}
"""


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = small_case(tmp_path_factory.mktemp("compare") / "small")
    text = (folder / "case.yaml").read_text(encoding="utf-8")
    (folder / "case.yaml").write_text(text + HYPOTHESES, encoding="utf-8")
    return folder


@pytest.fixture(scope="module", autouse=True)
def little() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(readings, "SHORT", Effort(climbs=1, steps=15, weighing=FEW, share=5))
        patch.setattr(not_strategic, "WEIGHING", FEW)
        patch.setattr(not_strategic, "Amount", lambda: Amount(200, 2))
        patch.setattr(compare_variants, "AMOUNT", Amount(200, 2))
        patch.setattr(compare_variants, "WEIGHING", FEW)
        yield


def told(case: Path, *words: str) -> tuple[int, dict[str, Any]]:
    out = str(case.parent / "runs")
    done = CliRunner().invoke(
        app, ["compare", str(case), *words, "--quick", "--json", "--out", out, "--workers", "1"]
    )
    assert done.stdout, done.output
    return done.exit_code, json.loads(done.stdout)


@pytest.fixture(scope="module")
def data(case: Path) -> dict[str, Any]:
    code, found = told(case)
    assert code == 0
    return found


def test_every_reading_and_both_rivals_stand_in_the_table(data: dict[str, Any]) -> None:
    rows = {r["name"]: r for r in data["readings"]}
    assert list(rows) == ["argument", "no_threat", "markov_chain", "logit"]
    assert [r["strategic"] for r in data["readings"]] == [True, True, False, False]
    assert rows["no_threat"]["parameters"] == rows["argument"]["parameters"] - 1
    assert rows["no_threat"]["fixed"] == {"threat_worth": 0.0}
    assert rows["argument"]["certified"] == 1.0
    for row in data["readings"]:
        mean = (row["first"]["log_evidence"] + row["second"]["log_evidence"]) / 2
        assert row["log_evidence"] == pytest.approx(mean)


def test_each_factor_is_split_over_dated_events_and_sums_exactly(case: Path, data: dict[str, Any]) -> None:
    sources = {row["id"]: row["source_url"] for row in load_material(case).events}
    factors = {f["name"]: f for f in data["factors"]}
    assert set(factors) == {"no_threat", "markov_chain", "logit"}
    for part in data["splits"]:
        assert part["other"] == "argument"
        whole = sum(part["periods"].values()) + part["learning"]
        assert whole == pytest.approx(factors[part["name"]]["log_factor"], abs=1e-9)
        sizes = [abs(row["nats"]) for row in part["telling"]]
        assert sizes == sorted(sizes, reverse=True)
        for row in part["telling"]:
            assert row["nats"] == part["periods"][row["period"]]
            for event in row["events"]:
                assert event["source_url"] == sources[event["id"]]
    assert any(row["events"] for part in data["splits"] for row in part["telling"])


def test_the_same_again_computes_nothing_and_one_reading_is_found_among_all(
    case: Path, data: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*given: Any, **more: Any) -> Any:
        raise AssertionError("it was there already")

    monkeypatch.setattr(readings, "weigh_reading", never)
    monkeypatch.setattr(not_strategic, "both", never)
    _, again = told(case)
    assert [r["log_evidence"] for r in again["readings"]] == [r["log_evidence"] for r in data["readings"]]
    _, one = told(case, "no_threat")
    assert [r["name"] for r in one["readings"]] == ["argument", "no_threat", "markov_chain", "logit"]


def test_an_interrupted_reading_goes_on_from_its_pieces(
    case: Path, data: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped after its chains; the second time no climb is made, and the numbers are those of one go."""
    whole, calls = weighing_room._share, []

    def stop(*given: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(weighing_room, "_share", stop)
    given: dict[str, Any] = {"readings": ("argument",), "quick": True, "out": tmp_path, "notice": silent}
    with pytest.raises(KeyboardInterrupt):
        compare_case(case, **given)
    monkeypatch.setattr(weighing_room, "_share", whole)
    climb = weighing_room._climb
    monkeypatch.setattr(weighing_room, "_climb", lambda *a: calls.append(1) or climb(*a))
    again = compare_case(case, **given).data
    assert not calls
    assert again["readings"][0]["log_evidence"] == data["readings"][0]["log_evidence"]


@pytest.mark.parametrize("effort", [SHORT, readings.LONG])
def test_no_piece_of_a_chain_ends_where_it_does_for_its_length_alone(effort: Effort) -> None:
    """Pieces are not keyed by how long a chain shall be, so that its end must be the end of a piece."""
    amount = effort.weighing
    assert amount.kept % weighing.PIECE == 0
    assert weighing_broad.CHEAPER * (amount.warmup + amount.kept) % surrogate_chains.CHUNK == 0


def test_longer_chains_go_on_from_those_that_are_there(
    case: Path, data: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No climb, pilot or importance draw is made again; each of two chains makes what it lacks."""
    made: list[int] = []
    advance = weighing.advance
    monkeypatch.setattr(weighing, "advance", lambda *a, **b: made.append(b["draws"]) or advance(*a, **b))
    monkeypatch.setattr(weighing_room, "_climb", lambda *a: 1 / 0)
    code, longer = told(case, "argument", "--longer", "2")
    assert code == 0
    kept = data["effort"]["weighing"]["kept"]
    assert sum(made) == 2 * kept
    assert longer["effort"]["weighing"]["kept"] == 2 * kept
    now, before = longer["readings"][0], data["readings"][0]
    assert now["first"] == before["first"]
    assert now["second"]["log_evidence"] != before["second"]["log_evidence"]


def test_another_process_would_give_the_same(case: Path, data: dict[str, Any], tmp_path: Path) -> None:
    """The job survives pickling, reads the case for itself, and comes to the digits of the run."""
    with session_of(case, quick=True, out=case.parent / "runs", notice=silent) as session:
        asked = readings.Asked("no_threat")
        inputs = readings.inputs_of(session, asked, effort=readings.SHORT)
        stored = session.run.find("evidence-no_threat", inputs=inputs)
        assert stored is not None
        job = readings.Job(
            str(case), session.material.coding, "no_threat", readings.reading_of(session.material, asked), (),
            (), readings.SHORT, session.seed, str(tmp_path), "key",
        )  # fmt: skip
    made = readings.weigh_job(pickle.loads(pickle.dumps(job)), 99)
    assert json.loads(json.dumps(made)) == stored.value
    assert list(tmp_path.glob("evidence-no_threat-chain-0-*.json"))


def test_shipped_evidence_is_used_where_this_code_finds_its_draws_again(
    case: Path, data: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, Any] = {"quick": True, "notice": silent}
    left = compare_case(case, ship=True, out=tmp_path / "shipping", **given).data
    kept = data["effort"]["weighing"]["kept"]
    assert left["effort"]["weighing"]["kept"] == readings.LONGER * kept
    shipped = sorted((case / "fits").glob("evidence-*.json"))
    names = ["evidence-argument", "evidence-no_threat", "evidence-rivals"]
    assert [path.name.rsplit("-", 1)[0] for path in shipped] == names
    found = compare_case(case, readings=("argument",), out=tmp_path / "runs", **given).data
    assert found["readings"][0]["origin"] == "shipped"
    assert found["readings"][0]["log_evidence"] == left["readings"][0]["log_evidence"]
    assert found["effort"] == left["effort"]
    first, *others = found["readings"]
    for origin, hint in (("shipped", "--longer 32"), ("computed", "--longer 8")):
        unmixed = first | {"origin": origin, "unresolved": f"{NOT_MIXED} (largest R-hat 2.00)"}
        assert hint in compare_text(found | {"readings": [unmixed, *others]})
    with session_of(case, quick=True, out=tmp_path / "report", notice=silent) as session:
        section = shown.evidence(session)
    assert isinstance(section, Evidence)
    assert list(section.readings["log_evidence"]) == [r["log_evidence"] for r in left["readings"]]
    assert "came with the case" in section.effort
    monkeypatch.setattr(readings, "SAME", -1.0)
    with session_of(case, quick=True, out=tmp_path / "doubtful", notice=silent) as session:
        assert not isinstance(shown.evidence(session), Evidence)
    said: list[str] = []
    made: list[Any] = []
    monkeypatch.setattr(readings, "weigh_reading", lambda *a, **b: made.append(1) or 1 / 0)
    with pytest.raises(comparing.NotWeighed, match="could not be weighed"):
        compare_case(case, readings=("argument",), quick=True, out=tmp_path / "other", notice=said.append)
    assert made
    assert any("not what this code finds" in text for text in said)
    shutil.rmtree(case / "fits")


def test_shipped_chains_have_one_length(case: Path) -> None:
    with pytest.raises(comparing.BadComparison, match="leave --longer out"):
        comparing.Wanted(ship=True, longer=8)


def test_each_mechanism_off_is_weighed_by_the_draws_of_the_base(case: Path, data: dict[str, Any]) -> None:
    """The template's one mechanism that may be absent; the reading without it fixes just that."""
    (row,) = data["switches"]
    assert (row["name"], row["off"]) == ("threat_worth", 0.0)
    assert row["verdict"] in ("off is favoured", "off is disfavoured", "no finding", "refused")
    assert (row["log_factor"] is None) == (row["verdict"] == "refused") == bool(row["flaw"])
    text = compare_case(case, quick=True, out=case.parent / "runs", notice=silent).text
    assert "threat_worth" in text.split("One mechanism off at a time", 1)[1]


def test_tempered_smc_stands_beside_the_leading_readings(
    case: Path, data: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert data["smc"] == []
    monkeypatch.setattr(tempering, "SHORT", Tempering(particles=40, moves=2, repeats=2))
    code, found = told(case, "--smc")
    assert code == 0
    names = sorted(
        (r["name"] for r in found["readings"] if r["strategic"]),
        key=lambda n: -next(r["log_evidence"] for r in found["readings"] if r["name"] == n),
    )
    assert [row["name"] for row in found["smc"]] == names
    for row in found["smc"]:
        estimate = row["estimate"]
        reading = next(r for r in found["readings"] if r["name"] == row["name"])
        assert estimate["method"] == "tempered SMC"
        assert estimate["log_evidence"] == pytest.approx(reading["log_evidence"], abs=1.5)
        gaps = [abs(estimate["log_evidence"] - reading[k]["log_evidence"]) for k in ("first", "second")]
        assert bool(row["alarm"]) == any(
            gap > 0.1 and (gap > 0.5 or gap > 3 * estimate["spread"]) for gap in gaps
        )
        assert estimate["flaw"] == ""
        assert row["verdict"].startswith("differs from" if row["alarm"] else "agrees with both")
    monkeypatch.setattr(tempering, "MANY", 1)
    monkeypatch.setattr(tempering, "SHORT", Tempering(particles=40, moves=1, repeats=2))
    _, many = told(case, "--smc")
    assert all(row["verdict"].endswith("its runs may agree and be too low") for row in many["smc"])
    monkeypatch.setattr(tempering, "SHORT", Tempering(particles=40, moves=2, repeats=2))
    monkeypatch.setattr(tempering, "tempered", lambda *a, **b: 1 / 0)
    _, again = told(case, "--smc")
    assert again["smc"] == found["smc"]


def test_other_spreads_are_weighed_beside(case: Path) -> None:
    code, found = told(case, "--spread", "0.5")
    assert code == 0
    rivals = [f["name"] for f in found["factors"] if f["name"] != "no_threat"]
    assert len(rivals) == 2
    assert [(r["spread"], r["name"]) for r in found["spreads"]] == [
        (0.5, name) for name in ("no_threat", *rivals)
    ]
    base = {
        r["name"]: r["first"] - f["first"]
        for r, f in zip(found["spreads"][1:], found["factors"][1:], strict=True)
    }
    assert base[rivals[0]] == pytest.approx(base[rivals[1]], abs=1e-9)  # rivals' own priors stay as they are
    assert found["spreads"][0]["log_factor"] != found["factors"][0]["log_factor"]


def test_other_codings_move_the_factors_and_flips_are_marked(case: Path, data: dict[str, Any]) -> None:
    """A second coding in which the South concedes whenever it is pressed."""
    other = case.parent / "second"
    shutil.copytree(case, other)
    text = (other / "case.yaml").read_text(encoding="utf-8")
    assert text.count("  file: record.csv\n") == 1
    text = text.replace("  file: record.csv\n", "  file: record.csv\n  codings: {again: record-again.csv}\n")
    (other / "case.yaml").write_text(text, encoding="utf-8")
    rows = (other / "record.csv").read_text(encoding="utf-8")
    (other / "record-again.csv").write_text(rows.replace("aid,stall", "press,stall"), encoding="utf-8")
    code, found = told(other, "--variants")
    assert code == 0
    assert {r["coding"] for r in found["variants"]} == {"again"}
    assert [r["name"] for r in found["variants"]] == ["no_threat", "markov_chain", "logit"]
    printed = {f["name"]: f["log_factor"] for f in found["factors"]}
    for row in found["variants"]:
        assert row["printed"] == pytest.approx(printed[row["name"]])
        assert row["log_factor"] != pytest.approx(row["printed"])
        if row["verdict"] in ("unresolved", "refused"):
            assert row["flips"] == ((row["log_factor"] > 0) != (row["printed"] > 0))


def test_the_next_report_has_what_was_found(case: Path, data: dict[str, Any]) -> None:
    with session_of(case, quick=True, out=case.parent / "runs", notice=silent) as session:
        section = shown.evidence(session)
        assert isinstance(section, Evidence)
        shown.warn_of_rivals(session, section)
        warned = list(session.warnings)
    assert list(section.readings["name"]) == [r["name"] for r in data["readings"]]
    assert list(section.readings["unresolved"]) == [r["unresolved"] or None for r in data["readings"]]
    for row in section.factors.to_dict("records"):
        rows = section.quarters[section.quarters["name"] == row["name"]]
        assert list(rows["period"]) == [*data["splits"][0]["periods"]]
        assert rows["nats"].sum() + row["learning"] == pytest.approx(row["log_factor"], abs=1e-9)
        said = [text for text in warned if row["name"] in text]
        strategic = row["name"] == "no_threat"
        behind = row["verdict"] == "disfavoured" or not pd.isna(row["least"])
        assert len(said) == (not strategic and not behind)
    assert section.switches is not None
    assert list(section.switches["name"]) == [row["name"] for row in data["switches"]]
    assert section.events is not None
    assert set(section.events["id"]) <= {f"E{k}" for k in range(1, 10)}
    assert all(url.startswith("https://") for url in section.events["source_url"])


def test_the_text_says_what_the_data_say(case: Path, data: dict[str, Any]) -> None:
    text = compare_case(case, quick=True, out=case.parent / "runs", notice=silent).text
    assert text.startswith("The game (argument) against markov_chain")
    for row in data["readings"]:
        assert f"{row['first']['log_evidence']:.1f}" in text
        assert row["about"] in text
    for f in data["factors"]:
        assert f["verdict"] in text
    not_mixed = ["have not mixed" in row["unresolved"] for row in data["readings"] if row["strategic"]]
    assert ("--longer" in text) == any(not_mixed)


def test_bad_names_and_cases_without_what_it_takes_are_refused(case: Path, tmp_path: Path) -> None:
    out = str(tmp_path)
    wrong = CliRunner().invoke(app, ["compare", str(case), "no_treat", "--quick", "--out", out])
    assert wrong.exit_code == 2
    assert "did you mean no_threat?" in wrong.output
    spread = CliRunner().invoke(app, ["compare", str(case), "--spread", "0", "--quick", "--out", out])
    assert spread.exit_code == 2
    assert "between 0.1 and 10" in spread.output
    plain = small_case(tmp_path / "plain")
    with pytest.raises(comparing.BadComparison, match="no hypotheses"):
        compare_case(plain, quick=True, out=tmp_path, notice=silent)
    bare = small_case(tmp_path / "bare", **NO_RECORD)
    with pytest.raises(NoRecord, match="no evidence to compare"):
        compare_case(bare, quick=True, out=tmp_path, notice=silent)


def test_the_words_of_hypotheses_are_no_part_of_what_a_fit_depends_on(case: Path) -> None:
    plain = small_case(case.parent / "plain")
    assert model_key(load_material(plain)) == model_key(load_material(case))
