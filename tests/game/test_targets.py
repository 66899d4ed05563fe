"""Closed forms of bargaining, power shifts, persuasion and silence; and an account of every target.

The games of tests/game/test_closed_forms.py cover the rest.
"""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import brentq, root

from tests.game import bargaining_games, small_games
from tests.game.test_closed_forms import log_odds, target, targets
from tightrope.case.schema import Record
from tightrope.game import Equilibrium, Game, solve_finite
from tightrope.game.equilibrium import primitives_function
from tightrope.game.forward import pull, push
from tightrope.game.named import Named
from tightrope.record.coding import code_record
from tightrope.record.filter import to_grid
from tightrope.record.likelihood import filter_record, prepare_record

ROOT = Path(__file__).parents[2]
ALTERNATING = bargaining_games.offers(drawn=False)
DRAWN = bargaining_games.offers(drawn=True)
OTHER = {"one": "two", "two": "one"}


# --- offers ----------------------------------------------------------------------------------------


def answered(game: Game, **values: float) -> Equilibrium:
    """One period in which an offer may be refused, and one in which it is taken: all that is needed."""
    return solve_finite(game, game.theta(values), periods=2).require()


def margin(found: Equilibrium, proposer: str, alternative: str = "no") -> float:
    """How much more the responder has from `yes` than from an alternative (precision is one)."""
    asked = {"proposer": proposer, "mode": "test", f"{proposer}_says": "no"}
    return log_odds(found, f"{OTHER[proposer]}_says", "yes", alternative, **asked)


def agreed(game: Game, **values: float) -> dict[str, float]:
    """What each proposer keeps when both responders are just willing to take what is left."""

    def margins(kept: np.ndarray) -> list[float]:
        found = answered(game, **values, x_one=kept[0], x_two=kept[1])
        return [margin(found, "one"), margin(found, "two")]

    half = 0.5 * values.get("pie", 1.0)
    found = root(margins, [half, half], method="hybr", options={"xtol": 1e-15})
    assert max(map(abs, margins(found.x))) < 1e-14
    return {"one": float(found.x[0]), "two": float(found.x[1])}


def induced(game: Game, rounds: int, *, leave: bool = False, **values: float) -> dict[str, float]:
    """What each proposer keeps this many rounds before the end; in the last one it keeps everything.

    A responder who may wait for what the next proposer keeps (or leave) asks for the better of them.
    """
    kept = {"one": 1.0, "two": 1.0}
    for _ in range(rounds):
        found = answered(game, **values, x_one=kept["one"], x_two=kept["two"])
        alternatives = ["no", "leave"] if leave else ["no"]
        kept = {
            p: kept[p] + min(margin(found, p, alternative) for alternative in alternatives) for p in OTHER
        }
    return kept


def test_alternating_offers() -> None:
    params, answer, tol = target("rubinstein")
    values = {"d_one": params["d1"], "d_two": params["d2"]}
    for kept in (agreed(ALTERNATING, **values), induced(ALTERNATING, 150, **values)):
        assert kept["one"] == pytest.approx(answer["x1"], abs=tol)
        assert 1 - kept["one"] == pytest.approx(answer["y2"], abs=tol)
        assert 1 - kept["two"] == pytest.approx(answer["x1_if_2_proposes"], abs=tol)


def test_an_offer_below_the_agreed_one_is_refused() -> None:
    params, answer, _ = target("rubinstein")
    values = {"d_one": params["d1"], "d_two": params["d2"], "x_two": 1 - answer["x1_if_2_proposes"]}
    for step in (-1e-6, 1e-6):
        sharp = answered(ALTERNATING, **values, x_one=answer["x1"] + step, lam=1e8)
        assert margin(sharp, "one") == pytest.approx(-1e8 * step, rel=1e-6)


def test_equally_patient_sides() -> None:
    params, answer, tol = target("rubinstein_equal")
    values = {"d_one": params["d"], "d_two": params["d"]}
    for kept in (agreed(ALTERNATING, **values), induced(ALTERNATING, 560, **values)):
        assert kept["one"] == pytest.approx(answer["x1"], abs=tol)
        assert kept["two"] == pytest.approx(answer["x1"], abs=tol)


def test_frequent_offers() -> None:
    """The shorter the time between offers the nearer is the split to its limit."""
    params, answer, tol = target("rubinstein_limit")

    def kept(time: float) -> float:
        values = {f"d_{p}": math.exp(-params[r] * time) for p, r in (("one", "r1"), ("two", "r2"))}
        return agreed(ALTERNATING, **values)["one"]

    assert kept(1e-4) == pytest.approx(answer["x1"], abs=tol)
    assert kept(1e-4) == pytest.approx(answer["x1_dt_1e4"], abs=1e-9)
    assert abs(kept(1e-2) - answer["x1"]) > abs(kept(1e-3) - answer["x1"]) > abs(kept(1e-4) - answer["x1"])


def test_outside_option_binds_or_does_nothing() -> None:
    params, answer, tol = target("outside_option")
    d = params["d"]
    assert answer["threshold"] == pytest.approx(d / (1 + d), abs=tol)
    for outside, share in zip(params["w"], answer["x1"], strict=True):
        rounds = 225 if outside < answer["threshold"] else 20  # above it the option fixes every offer at once
        kept = induced(ALTERNATING, rounds, leave=True, d_one=d, d_two=d, outside=outside)
        assert kept["one"] == pytest.approx(share, abs=tol)
        found = answered(ALTERNATING, d_one=d, d_two=d, outside=outside, x_one=share, x_two=share)
        leaves = margin(found, "one", "leave") < margin(found, "one", "no")
        assert leaves is (outside > answer["threshold"])
    even = answered(ALTERNATING, d_one=d, d_two=d, outside=answer["threshold"], x_one=1 / (1 + d),
                    x_two=1 / (1 + d))  # fmt: skip
    assert margin(even, "one", "leave") - margin(even, "one", "no") == pytest.approx(0.0, abs=tol)


def test_proposers_drawn_at_random() -> None:
    params, answer, tol = target("random_proposer")
    values = {"d_one": params["d"], "d_two": params["d"], "q_one": params["q"][0], "q_two": params["q"][1]}
    kept = agreed(DRAWN, **values)
    assert kept["one"] == pytest.approx(answer["proposer1"], abs=tol)
    assert kept["two"] == pytest.approx(answer["proposer2"], abs=tol)
    found = answered(DRAWN, **values, x_one=kept["one"], x_two=kept["two"])
    for player, value in zip(OTHER, answer["v"], strict=True):
        here = found.values.sel(player=player, mode="path").values
        assert here == pytest.approx(value, abs=tol)


@pytest.mark.parametrize("d", [0.3, 0.9])
def test_random_proposers_share_as_nash_does(d: float) -> None:
    """With proposal chances as bargaining weights the expected split is Nash's, at any patience."""
    params, answer, tol = target("nash_bargaining")
    values = {
        "d_one": d, "d_two": d, "q_one": params["alpha"], "q_two": 1 - params["alpha"],
        "pie": params["pie"], "idle_one": params["dP"], "idle_two": params["dC"],
    }  # fmt: skip
    kept = agreed(DRAWN, **values)
    found = answered(DRAWN, **values, x_one=kept["one"], x_two=kept["two"])
    for player, share in (("one", "xP"), ("two", "xC")):
        assert found.values.sel(player=player, mode="path").values == pytest.approx(answer[share], abs=tol)


def test_the_risk_averse_side_gets_less() -> None:
    """The two offers close in on Nash's split from both sides, so their mean errs by (1 - d)² only."""
    _, answer, tol = target("nash_curved")

    def share_of_two(d: float) -> float:
        kept = agreed(ALTERNATING, d_one=d, d_two=d, averse=1.0)
        return 0.5 * (1 - kept["one"] + kept["two"])

    assert share_of_two(1 - 1e-5) == pytest.approx(answer["xC"], abs=tol)
    assert 1 - share_of_two(1 - 1e-5) == pytest.approx(answer["xP"], abs=tol)
    assert abs(share_of_two(0.9) - answer["xC"]) > 100 * abs(share_of_two(0.99) - answer["xC"]) / 2


# --- power -----------------------------------------------------------------------------------------


def test_concessions_shrink_and_stop() -> None:
    params, answer, tol = target("fearon_salami_path")
    game = bargaining_games.salami()
    values = {"a": params["a"], "b": params["b"], "cost": params["cR"], "delta": params["d"]}

    def gain(held: float, offer: float) -> float:
        found = solve_finite(game, game.theta(values | {"held": held, "offer": offer}), periods=1)
        return log_odds(found.require(), "rival", "take", "fight")

    def least(held: float) -> float:
        """The offer that the rival just takes: its gain is linear in the offer."""
        at_zero, at_one = gain(held, 0.0), gain(held, 1.0)
        return -at_zero / (at_one - at_zero)

    held = params["x0"]
    for expected in answer["path"]:
        held = least(held)
        assert held == pytest.approx(expected, abs=tol)
    assert least(answer["limit"]) == pytest.approx(answer["limit"], abs=tol)
    assert least(answer["limit"] - 0.1) > answer["limit"] - 0.1
    assert least(answer["limit"] + 0.1) < answer["limit"] + 0.1


# --- persuasion and silence ------------------------------------------------------------------------


def verdicts(prior: float, threshold: float, false_alarm: float, lam: float) -> tuple[float, float]:
    """Log-odds of conviction after an accusation over lam, and the chance of conviction before it."""
    game = bargaining_games.judge()
    values = {"prior": prior, "threshold": threshold, "false_alarm": false_alarm, "lam": lam}
    found = solve_finite(game, game.theta(values), periods=1).require()
    numbers = primitives_function(game)(jnp.asarray(found.theta))
    strategies = {
        m: Named(jnp.asarray(s.values), tuple(map(str, s.dims))) for m, s in found.strategies.items()
    }
    convicts = {"verdict": Named(jnp.array([0.0, 1.0]), ("verdict",))}
    chances = pull(game, numbers, strategies, jnp.ones(game.shape), {}, weights=convicts)
    assert np.ptp(np.asarray(chances)) < 1e-14
    return log_odds(found, "verdict", "convict", "acquit", signal="accuse") / lam, float(chances[0, 0])


def just_persuaded(prior: float, threshold: float) -> float:
    """The share of innocents accused at which an accusation leaves the judge at the threshold."""
    return float(brentq(lambda q: verdicts(prior, threshold, q, 1.0)[0], 0.0, 0.999, xtol=1e-15, rtol=1e-14))


def accused(prior: float, false_alarm: float) -> tuple[float, float]:
    """P(accusation) by the forward operator, and P(guilty | accusation) by the record's filter."""
    game = bargaining_games.witness()
    theta = game.theta({"false_alarm": false_alarm})
    numbers = primitives_function(game)(jnp.asarray(theta))
    live = jnp.asarray([[1 - prior, 0.0], [prior, 0.0]])
    after, _ = push(game, numbers, {}, live, {})
    start = {"truth": {"innocent": 1 - prior, "guilty": prior}, "signal": "clear"}
    believed = filtered_last(game, theta, start, "signal", ["clear", "accuse"])
    return float(after[:, 1].sum()), believed[1, 1]


def filtered_last(
    game: Game, theta: np.ndarray, start: dict[str, object], column: str, codes: list[str]
) -> np.ndarray:
    """The filter's belief over states at the last row of a record with one column."""
    placed = small_games.started(game, start)
    record = Record.model_validate({"file": "record.csv", "columns": {column: column}})
    rows = [{"quarter": f"{2000 + n}", column: code} for n, code in enumerate(codes)]
    evidence = prepare_record(placed, code_record(rows, record=record, levels=placed.levels))
    states = filter_record(evidence, theta, np.zeros(int(np.prod(placed.shape)))).states
    return np.asarray(to_grid(evidence, np.asarray(states))[-1])


def test_persuading_a_judge() -> None:
    params, answer, tol = target("kg_judge")
    prior, threshold = params["mu0"], params["threshold"]
    q = just_persuaded(prior, threshold)
    assert q == pytest.approx(answer["p_signal_guilty_given_innocent"], abs=tol)
    said, believed = accused(prior, q)
    assert said == pytest.approx(answer["p_convict"], abs=tol)
    assert believed == pytest.approx(threshold, abs=tol)
    assert verdicts(prior, threshold, 0.0, 200.0)[1] == pytest.approx(answer["value_full_info"], abs=tol)
    chances = [verdicts(prior, threshold, q + step, 1e7)[1] for step in (-1e-4, 0.0, 1e-4)]
    assert chances[0] == pytest.approx(answer["p_convict"] - 1e-4 * (1 - prior), abs=1e-12)
    assert chances[1] == pytest.approx(answer["p_convict"] / 2, abs=1e-6)  # at the threshold it is a toss-up
    assert chances[2] == pytest.approx(0.0, abs=1e-12)


def test_persuasion_with_another_threshold() -> None:
    params, answer, tol = target("kg_general")
    q = just_persuaded(params["mu0"], params["bstar"])
    assert q == pytest.approx(answer["false_alarm"], abs=tol)
    said, believed = accused(params["mu0"], q)
    assert said == pytest.approx(answer["p_act"], abs=tol)
    assert believed == pytest.approx(params["bstar"], abs=tol)


def test_silence_seen_by_the_filter() -> None:
    """What has not leaked in n periods, this time as a record of n quiet rows."""
    params, answer, tol = target("silence")
    game = bargaining_games.witness()
    start = {"truth": {"innocent": 1 - params["h"], "guilty": params["h"]}, "signal": "clear"}
    believed = filtered_last(
        game, game.theta({"hit": params["v"]}), start, "signal", ["clear"] * (params["n"] + 1)
    )
    assert believed[1, 0] == pytest.approx(answer["posterior"], abs=tol)


# --- the account of all targets --------------------------------------------------------------------


def account() -> dict[str, str]:
    """The table of targets in docs/model.md: id -> where it is tested, or why not."""
    text = (ROOT / "docs/model.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \|[^|]*\|([^|]*)\|$", text.split("## Targets", 1)[1], flags=re.MULTILINE)
    names = [name for name, _ in rows]
    assert len(names) == len(set(names))
    return {name: where.strip() for name, where in rows}


def test_every_target_is_tested_or_has_a_reason() -> None:
    others = json.loads((Path(__file__).parent / "targets.json").read_text())["others"]
    listed = account()
    assert set(listed) == set(targets()) | set(others)
    assert len(listed) == 32
    for name, where in listed.items():
        if where.startswith("not a finite game:"):
            assert name in others
            assert len(where.split()) > 8
            continue
        places = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", where)
        assert places, f"{name}: neither a test nor a reason"
        for file, function in places:
            source = (ROOT / file).read_text(encoding="utf-8")
            body = re.search(
                rf"^def {function}\(.*?(?=^(?:def|@|# ---)|\Z)", source, re.DOTALL | re.MULTILINE
            )
            assert body, f"{name}: no {function} in {file}"
            if name not in others:
                assert f'target("{name}")' in body[0], f"{function} does not look at {name}"


def test_every_answer_has_a_tolerance_and_a_source() -> None:
    for row in targets().values():
        assert 0 < row["tol"] <= 1e-4
        assert row["source"]
