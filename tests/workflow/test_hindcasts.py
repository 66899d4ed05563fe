"""Origins, blocks, resuming and shipping of hindcasts; no later row reaches a key, a rival or a pool."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.workflow.small import silent, small_case
from tightrope.fit.posterior import Effort
from tightrope.forecast import baselines
from tightrope.forecast.events import Reaches
from tightrope.forecast.hindcast import Ahead
from tightrope.forecast.targets import Key
from tightrope.outcome import FAILED, FINE
from tightrope.report.sections import Hindcasts, NotComputed
from tightrope.runs import open_run
from tightrope.workflow import hindcast, hindcast_case, hindcast_report, scoring
from tightrope.workflow.contest import contest
from tightrope.workflow.hindcast import Hindcasts as Made
from tightrope.workflow.hindcast import Job, hindcasts
from tightrope.workflow.material import Material, load_material, record_key
from tightrope.workflow.origins import Amount, BadOrigins, keys_of, known_record, predecessors, read_origins
from tightrope.workflow.pooled import learned
from tightrope.workflow.session import FULL, QUICK, Session
from tightrope.workflow.standing import standing_table

ROWS = 26
TINY = Amount(Effort(1, 6, 3, central=False), Effort(1, 4, 3, central=False), draws=3, periods=24)


def write_record(folder: Path, *, poison_from: int = ROWS) -> None:
    """A longer record of half-years from 2000; rows from `poison_from` on are all otherwise."""
    with (folder / "record.csv").open(newline="", encoding="utf-8") as stream:
        header = next(csv.reader(stream))
    rows = []
    for k in range(ROWS):
        bad = k >= poison_from
        row = dict.fromkeys(header, "")
        row["period"] = f"{2000 + k // 2}H{k % 2 + 1}"
        row["union"] = "joined" if bad else ["apart", "customs"][k >= 6]
        row["threat"] = ["high", "low"][k % 2] if bad else ["low", "high"][k % 5 == 0]
        row["patron"] = ["press", "aid"][k % 2] if bad else ["hold", "aid", "press", "hold"][k % 4]
        row["client"] = "concede" if bad else ["stall", "concede"][k % 3 == 0]
        row["confidence"] = "low" if bad else "high"
        row["note"] = "poison" if bad else ""
        rows.append(row)
    with (folder / "record.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, header)
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = small_case(tmp_path_factory.mktemp("case") / "small")
    write_record(folder)
    return folder


@pytest.fixture(scope="module")
def material(case: Path) -> Material:
    return load_material(case)


@pytest.fixture
def session(material: Material, tmp_path: Path) -> Iterator[Session]:
    with open_run(tmp_path, case_name="small", key={}, notice=silent) as run:
        yield Session(material, run, FULL, 0, 1, notice=silent)


def test_origins_know_what_had_ended_and_stand_in_blocks(material: Material) -> None:
    everything = read_origins(material)
    assert [o.year for o in everything] == list(range(2004, 2013))
    by = {o.year: o for o in everything}
    assert by[2004].known == "2003H2"
    assert by[2005].before == ()
    assert by[2007].before == ("2004H2", "2005H2")
    assert by[2004].before == ("2000H2", "2001H2", "2002H2")  # the record begins inside this block
    assert [o.year for o in predecessors(by[2004], material)] == [2001, 2002, 2003]
    assert [o.year for o in read_origins(material, "2006..2008")] == [2006, 2007, 2008]
    assert [o.year for o in read_origins(material, "2001")] == [2001]


@pytest.mark.parametrize(
    ("text", "said"),
    [("2oo6", "write years like"), ("2008..2006", "comes before"), ("1990", "it reaches 2001..2013")],
)
def test_origins_that_cannot_be_are_refused(material: Material, text: str, said: str) -> None:
    with pytest.raises(BadOrigins, match=said):
        read_origins(material, text)


# --- leakage ---------------------------------------------------------------------------------


KNOWN = "2007H2"


@pytest.fixture(scope="module")
def poisoned(case: Path, tmp_path_factory: pytest.TempPathFactory) -> Material:
    folder = tmp_path_factory.mktemp("poisoned") / "small"
    shutil.copytree(case, folder)
    write_record(folder, poison_from=16)  # 2007H2 is the sixteenth row
    return load_material(folder)


def test_poison_after_an_origin_reaches_neither_evidence_nor_key(
    material: Material, poisoned: Material
) -> None:
    assert record_key(poisoned.known_at(KNOWN)) == record_key(material.known_at(KNOWN))
    keys = [keys_of(m, read_origins(m), amount=TINY, seed=0) for m in (material, poisoned)]
    assert keys[0][KNOWN] == keys[1][KNOWN]
    assert keys[0]["2008H2"] != keys[1]["2008H2"]


def made_up(material: Material) -> Made:
    """Forecasts that nobody computed, the same whatever the record says."""
    generator = np.random.default_rng(1)
    origins = read_origins(material)
    ahead = {}
    for origin in origins:
        tables = {
            name: generator.dirichlet(np.ones(len(levels)), size=24)
            for name, levels in material.game.levels.items()
        }
        ahead[origin.known] = Ahead(
            known=origin.known,
            states={s: tables[s] for s in material.game.states},
            moves={m: tables[m] for m in material.game.moves},
            ended={"absorbed": np.cumsum(np.full(24, 0.004))},
            draws=3,
            failed=1,
            worst=0.0,
        )
    one = {"origin": "computed", "draws": 3, "failed": 1, "seconds": [1.0, 1.0], "questions": {}}
    about = {known: one | {"status": "stop" if n < 2 else "converged"} for n, known in enumerate(ahead)}
    return Made(origins, ahead, about, {})


def test_poison_reaches_no_rival_no_weight_and_no_pool_to_the_last_bit(
    material: Material, poisoned: Material
) -> None:
    clean, bad = (contest(m, made_up(m), seed=0) for m in (material, poisoned))
    assert set(clean.forecasts) == {
        "game", "game, unfloored", "pooled", "Markov chain", "persistence", "climatology", "logit"
    }  # fmt: skip
    later = 0
    for name, laws in clean.forecasts.items():
        for key, law in laws.items():
            if key.known <= KNOWN:
                assert np.array_equal(law, bad.forecasts[name][key]), (name, key)
            else:
                later += not np.array_equal(law, bad.forecasts[name][key])
    for key, weights in clean.weights.items():
        assert key.known > KNOWN or np.array_equal(weights, bad.weights[key])
    assert later > 100
    assert not np.array_equal(
        clean.truth.shares[Key(KNOWN, 1, "south")], bad.truth.shares[Key(KNOWN, 1, "south")]
    )


@pytest.mark.long
def test_the_section_says_who_wins_and_what_was_left_out(session: Session, material: Material) -> None:
    made = made_up(material)
    shown = hindcast_report.section_of(session, made, contest(material, made, seed=0))
    assert set(shown.skill["group"]) == {"all states", "all moves", "terminal absorbed"}
    assert set(shown.skill_targets["group"]) == {"union", "threat", "north", "south"}
    assert shown.origins == "9 origins, 1 January 2004 to 1 January 2012"
    assert "7 of 9 fits reached a maximum" in " ".join(shown.notes)
    assert "9 of 36 parameter draws had no certificate" in " ".join(shown.notes)
    assert session.warnings  # a game that says anything at all loses to the chain somewhere


def test_live_questions_get_the_weights_that_the_whole_record_teaches(
    session: Session, material: Material, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert learned(session) == {}  # no hindcasts are shipped with the template
    made = made_up(material)
    monkeypatch.setattr(hindcast_report, "available", lambda _: made)
    found = learned(session)
    assert {(cell.kind, cell.members) for cell in found} == {("states", 2), ("moves", 2), ("ends", 2)}
    assert {cell.horizon for cell in found} == {1, 2, 4, 8, 20}
    # Nine origins of two coded states, each resolved two periods ahead; at the last origin eight were.
    assert found["states", 2, 2].resolved == 18  # type: ignore[index]
    before = contest(material, made, seed=0).weights[Key("2011H2", 2, "union")]
    assert not np.allclose(found["states", 2, 2].weights, before)  # type: ignore[index]
    # What forecasts at random is worth less than a chain.
    assert found["states", 1, 2].weights[0] < 0.5  # type: ignore[index]
    monkeypatch.setattr("tightrope.workflow.pooled._learn", lambda *_: pytest.fail("learned twice"))
    assert {cell: w.resolved for cell, w in learned(session).items()} == {
        cell: w.resolved for cell, w in found.items()
    }


def test_a_question_asked_again_is_scored_by_the_days_that_each_forecast_stood(
    session: Session, material: Material, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Q1 is asked on 1 March 2002, once more on 1 January 2003, and came on 1 January 2004."""
    origins = read_origins(material, "2002..2004")
    about = {o.known: {"questions": {"Q1": 0.4, "Q2": 0.1}} for o in origins}
    names = ["game", "game, unfloored", "Markov chain", "persistence", "climatology"]
    first = pd.DataFrame({"id": "Q1", "forecaster": names, "probability": 0.2})
    monkeypatch.setattr(scoring, "forecast_table", lambda session: first)
    table = standing_table(session, Made(origins, {}, about, {})).set_index("forecaster")
    row = table.loc["game, unfloored"]
    assert (row["n"], row["updates"]) == (1, 1)  # on the very day of its resolution nothing stands
    assert row["spot_brier"] == pytest.approx(0.64)
    assert row["standing_brier"] == pytest.approx((306 * 0.64 + 365 * 0.36) / 671)
    assert row["standing_log"] == pytest.approx(-(306 * np.log(0.2) + 365 * np.log(0.4)) / 671)
    chain = baselines.markov_chain(
        known_record(material, "2002H2"), moves=material.moves, rising=material.rising
    )
    left = baselines.probability(chain, Reaches("union", ("joined",), "2003H1", "2004H1"))
    again = (306 * 0.64 + 365 * (1 - left) ** 2) / 671
    assert table.loc["Markov chain", "standing_brier"] == pytest.approx(again)
    floored = 0.9 * 0.4 + 0.1 * left
    again = (306 * 0.64 + 365 * (1 - floored) ** 2) / 671
    assert table.loc["game", "standing_brier"] == pytest.approx(again)


# --- computing -------------------------------------------------------------------------------


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    """Every job that is asked for; 2006H2 fails."""
    jobs: list[Job] = []

    def forecast(job: Job, _: int) -> dict[str, Any]:
        jobs.append(job)
        if job.known == "2006H2":
            raise RuntimeError("no start")
        levels = {"union": 3, "threat": 2}
        return {
            "fit": {"known": job.known},
            "forecast": {
                "known": job.known,
                "states": {s: np.full((24, n), 1 / n).tolist() for s, n in levels.items()},
                "moves": {m: np.full((24, n), 1 / n).tolist() for m, n in {"north": 3, "south": 2}.items()},
                "ended": {"absorbed": [0.0] * 24},
                "draws": 1,
                "failed": 0,
                "worst": 0.0,
                "questions": {},
                "mode": [float(int(job.known[:4]))],
                "status": "converged",
                "start": "none" if job.start is None else job.start[0],
                "log_likelihood": 0.0,
                "posterior": "Laplace approximation",
                "seconds": [0.0, 0.0],
            },
        }

    monkeypatch.setattr(hindcast, "forecast_origin", forecast)
    return jobs


def test_each_origin_starts_where_the_one_before_it_ended(session: Session, fake: list[Job]) -> None:
    origins = read_origins(session.material, "2004..2011")
    made = hindcasts(session, origins, compute=True, amount=TINY)
    starts = {job.known: job.start for job in fake}
    assert len(fake) == len(starts) == 11  # three predecessors of 2004 besides
    assert starts["2000H2"] is starts["2004H2"] is starts["2009H2"] is None
    assert starts["2003H2"] == ("mode as of 2002H2", (2002.0,))
    assert starts["2007H2"] == ("mode as of 2005H2", (2005.0,))  # 2006H2 failed
    assert {job.known: job.effort.steps for job in fake}["2004H2"] == 6
    assert {job.known: job.effort.steps for job in fake}["2005H2"] == 4
    assert list(made.failed) == ["2006H2"]
    assert "no start" in made.failed["2006H2"]
    assert list(made.ahead) == [o.known for o in origins if o.known != "2006H2"]


def test_what_is_there_is_not_computed_again(session: Session, fake: list[Job]) -> None:
    hindcasts(session, read_origins(session.material, "2004..2006"), compute=True, amount=TINY)
    fake.clear()
    made = hindcasts(session, read_origins(session.material, "2004..2008"), compute=True, amount=TINY)
    assert [job.known for job in fake] == ["2006H2", "2007H2"]
    assert made.about["2003H2"]["origin"] == "resumed"
    fake.clear()
    assert "2006H2" in hindcasts(session, read_origins(session.material), compute=False, amount=TINY).failed
    assert fake == []


def test_a_case_without_forecasts_says_how_to_get_them(session: Session) -> None:
    found = hindcast_report.section(session)
    assert isinstance(found, NotComputed)
    assert "`tightrope hindcast` computes them" in found.why


@pytest.mark.long
def test_the_command_computes_resumes_ships_and_then_runs_quickly(case: Path, tmp_path: Path) -> None:
    """Real fits of the small game, one origin; a quick session then finds them in the case's folder."""
    folder = tmp_path / "small"
    shutil.copytree(case, folder)
    options: dict[str, Any] = {"notice": silent, "origins": "2005"}
    nothing = hindcast_case(folder, out=tmp_path / "a", quick=True, **options)
    assert nothing.code == FAILED
    first = hindcast_case(folder, out=tmp_path / "a", **options)
    assert first.code == FINE
    assert first.data["origins"][0]["start"] == "prior medians"
    assert "| game |" in first.text
    again = hindcast_case(folder, out=tmp_path / "a", ship=True, **options)
    assert again.data["origins"][0]["origin"] == "resumed"
    assert again.data["skill"] == first.data["skill"]
    assert [p.name.split("-")[1] for p in (folder / "fits").iterdir()] == ["2004H2"]
    quick = hindcast_case(folder, out=tmp_path / "b", quick=True, **options)
    assert quick.code == FINE
    assert quick.data["origins"][0]["origin"] == "shipped"
    assert quick.data["skill"] == first.data["skill"]
    with open_run(tmp_path / "c", case_name="small", key={}, notice=silent) as run:
        section = hindcast_report.section(Session(load_material(folder), run, QUICK, 0, 1, notice=silent))
    assert isinstance(section, Hindcasts)
    assert "came with the case" in section.source
