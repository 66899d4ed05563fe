"""Checks, frequencies, the matrix and flags, on hand-made numbers and on the tiny game."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tiny import solved, tiny

from tightrope.argument.ablations import ALL_OFF, NONE_OFF, ablate, settings
from tightrope.argument.checks import NOT_CERTIFIED, Verdict, judge
from tightrope.argument.claims import flags_of, judge_claims, prior_only
from tightrope.argument.drawn import measure_draws
from tightrope.argument.quantities import Measured, measure
from tightrope.argument.shares import chance_higher, count, jeffreys
from tightrope.case.parse import ExpressionError, to_expression
from tightrope.case.schema import Claim, RecordShare
from tightrope.game import compile_game
from tightrope.record.coding import MISSING, CodedRecord

VALUES = Measured(
    {"a": 0.3, "b": 0.1, "c": math.nan, "same": 0.1 + 1e-12}, {"c": "the condition never holds"}
)


@pytest.mark.parametrize(
    ("text", "status", "margin"),
    [
        ("a > b", "holds", 0.2),
        ("a < b", "fails", -0.2),
        ("a > 3*b + 0.1", "fails", -0.1),
        ("b < same", "fails", 1e-12),
        ("b >= same", "holds", -1e-12),
        ("a > b and b > 0", "holds", 0.1),
        ("a > b and b > a", "fails", -0.2),
        ("a > b or b > a", "holds", 0.2),
        ("b > a or b > 0.25", "fails", -0.15),
        ("not a > b", "fails", -0.2),
        ("a > b and c > 0", "undefined", math.nan),
        ("b > a and c > 0", "fails", -0.2),
        ("a > b or c > 0", "holds", 0.2),
        ("b > a or c > 0", "undefined", math.nan),
        ("a / (b - b) > 1", "undefined", math.nan),
    ],
)
def test_checks(text: str, status: str, margin: float) -> None:
    verdict = judge(to_expression(text), VALUES)
    assert verdict.status == status
    assert verdict.margin == pytest.approx(margin, abs=1e-15, nan_ok=True)


def test_an_undefined_verdict_says_why_and_unknown_names_are_errors() -> None:
    assert "never holds" in judge(to_expression("c > 0"), VALUES).reason
    with pytest.raises(ExpressionError, match="'d'"):
        judge(to_expression("a > d"), VALUES)


# --- flags ---------------------------------------------------------------------------------------

YES, NO, UNKNOWN = Verdict("holds", 0.1), Verdict("fails", -0.1), Verdict("undefined", math.nan)


def flags(row: str, *, breaks: tuple[str, ...] = ("first",), **shares: Any) -> tuple[str, ...]:
    """Flags of a row written as one letter a setting: none, first, second, all off."""
    letters = {"+": YES, "-": NO, "u": UNKNOWN, "?": NOT_CERTIFIED}
    names = (NONE_OFF, "first", "second", ALL_OFF)
    claim = Claim.model_validate({"text": "t", "check": "a > b", "breaks": breaks})
    return flags_of(claim, dict(zip(names, [letters[x] for x in row], strict=True)), **shares)


def test_flags() -> None:
    assert flags("+-+-") == ("works",)
    assert flags("+++-") == ("overdetermined",)
    assert flags("++++") == ("vacuous",)
    assert flags("+-++") == ("vacuous", "works")
    assert flags("++--") == ()
    assert flags("+u+-") == ("works",)
    assert flags("----") == ()
    assert flags("+---", breaks=("first", "second")) == ("works",)
    assert flags("+-+-", breaks=("first", "second")) == ()


def test_a_cell_without_certificate_proves_nothing() -> None:
    assert flags("+?+-") == ()
    assert flags("+++?") == ()
    assert flags("?---") == ()


def test_flags_from_draws() -> None:
    assert flags("+-+-", agnostic_share=0.95) == ("vacuous", "works")
    assert flags("+-+-", agnostic_share=0.94) == ("works",)
    assert flags("+-+-", argument_share=0.59) == ("works", "fragile")
    assert flags("+-+-", argument_share=0.60) == ("works",)
    assert flags("--+-", argument_share=0.1) == ()  # it does not hold in the first place
    assert flags("+-+-", from_prior_only=True) == ("works", "prior only")
    assert flags("+-+-", contradicted=True) == ("works", "contradicted")
    untested = Claim.model_validate({"text": "t", "untestable": "the motive is not seen"})
    assert flags_of(untested, {}) == ("untestable",)
    assert flags_of(untested, {}, contradicted=True) == ("untestable", "contradicted")


def test_prior_only_looks_at_the_parameters_that_matter() -> None:
    responses = pd.DataFrame({"x": [1.0, 0.0], "y": [0.05, 0.2], "z": [-0.5, math.nan]}, index=["a", "b"])
    still = {"x": 0.95, "y": 0.5, "z": 0.9}
    assert prior_only(("a",), ratios=still, responses=responses)
    assert not prior_only(("b",), ratios=still, responses=responses)
    assert not prior_only(("a", "b"), ratios=still, responses=responses)
    assert not prior_only(("a",), ratios=still | {"z": 0.79}, responses=responses)
    assert not prior_only(("a",), ratios=still, responses=None)
    assert not prior_only(("unknown",), ratios=still, responses=responses)


# --- the record ----------------------------------------------------------------------------------


def coded() -> CodedRecord:
    printed = {
        "rung": np.array([0, 0, 1, 1, 2]),
        "mood": np.array([0, 1, 1, 0, 1]),
        "ask": np.array([1, MISSING, 1, 0, 1]),
        "reply": np.array([0, 1, 1, 0, MISSING]),
    }
    levels = {"rung": ("low", "mid", "top"), "mood": ("bad", "good"), "ask": ("no", "yes")}
    return CodedRecord(
        periods=("2000", "2001", "2002", "2003", "2004"),
        levels=levels | {"reply": ("refuse", "give")},
        weights={},
        printed=printed,
        events=((),) * 5,
        notes=("",) * 5,
        confidence=("",) * 5,
    )


@pytest.mark.parametrize(
    ("fields", "k", "n", "met"),
    [
        ({"share": "reply == give", "of": "ask == yes", "expect": "minority"}, 1, 2, False),
        ({"share": "agrees"}, 2, 4, None),
        ({"share": "harsh", "expect": "minority"}, 1, 4, True),
        ({"share": "next_rung > rung"}, 2, 4, None),
        ({"share": "next_rung > rung", "since": "2002", "until": "2003", "expect": "zero"}, 1, 2, False),
        (
            {"share": "reply == give", "of": "mood == good", "versus": "mood == bad", "expect": "higher"},
            2,
            2,
            True,
        ),
        ({"share": "reply == give", "of": "rung == top", "expect": "majority"}, 0, 0, None),
    ],
)
def test_frequencies_skip_what_is_not_coded(fields: dict[str, Any], k: int, n: int, met: bool | None) -> None:
    found = count(RecordShare.model_validate(fields), case=tiny(), coded=coded())
    assert (found.frequency.k, found.frequency.n, found.met) == (k, n, met)


ROWS = 40


def long_record(first: int, second: int) -> CodedRecord:
    """`first` of 20 replies to asking are `give`, and `second` of 20 replies to not asking."""
    reply = [1] * first + [0] * (20 - first) + [1] * second + [0] * (20 - second)
    printed = {"ask": np.repeat([1, 0], 20), "reply": np.array(reply)}
    return CodedRecord(
        periods=tuple(str(1950 + k) for k in range(ROWS)),
        levels={"ask": ("no", "yes"), "reply": ("refuse", "give")},
        weights={},
        printed=printed,
        events=((),) * ROWS,
        notes=("",) * ROWS,
        confidence=("",) * ROWS,
    )


@pytest.mark.parametrize(
    ("expect", "first", "second", "contrary"),
    [
        ("higher", 12, 8, ""),
        ("higher", 8, 12, "by the counts"),
        ("higher", 2, 12, "beyond chance"),
        ("lower", 12, 8, "by the counts"),
        ("lower", 18, 8, "beyond chance"),
        ("higher", 7, 7, ""),
        ("majority", 9, 0, "by the counts"),
        ("majority", 3, 0, "beyond chance"),
        ("majority", 10, 0, ""),
        ("minority", 17, 0, "beyond chance"),
        ("zero", 1, 0, "beyond chance"),
        ("zero", 0, 0, ""),
        ("none", 1, 0, ""),
    ],
)
def test_the_record_goes_against_a_claim_by_counts_or_beyond_chance(
    expect: str, first: int, second: int, contrary: str
) -> None:
    fields = {"share": "reply == give", "of": "ask == yes", "versus": "ask == no", "expect": expect}
    found = count(RecordShare.model_validate(fields), case=tiny(), coded=long_record(first, second))
    assert found.contrary == contrary
    assert math.isnan(found.chance) == (expect == "none")


def test_the_chance_of_a_direction_against_simulation_and_symmetry() -> None:
    assert chance_higher(7, 20, 7, 20) == pytest.approx(0.5, abs=1e-12)
    assert chance_higher(3, 11, 40, 90) == pytest.approx(1 - chance_higher(40, 90, 3, 11), abs=1e-6)
    generator = np.random.default_rng(1)
    for k, n, j, m in ((0, 3, 2, 80), (1, 29, 20, 89), (5, 8, 4, 9)):
        drawn = generator.beta(k + 0.5, n - k + 0.5, 400_000) > generator.beta(j + 0.5, m - j + 0.5, 400_000)
        assert chance_higher(k, n, j, m) == pytest.approx(drawn.mean(), abs=4e-3)


def test_jeffreys_interval() -> None:
    # Brown, Cai and DasGupta (2001): at k = n/2 the interval is symmetric; at k = 0 it starts at 0 and
    # the upper bound is a quantile of beta(1/2, n + 1/2).
    half = jeffreys(5, 10)
    assert half.low + half.high == pytest.approx(1.0)
    none = jeffreys(0, 10, coverage=0.95)
    assert none.low == 0.0
    # P(beta(1/2, 21/2) <= high) is 0.975, checked by adding up the density
    x = (np.arange(2_000_000) + 0.5) / 2_000_000
    density = x**-0.5 * (1 - x) ** 9.5
    assert density[x <= none.high].sum() / density.sum() == pytest.approx(0.975, abs=2e-3)
    assert math.isnan(jeffreys(0, 0).share)
    with pytest.raises(ValueError, match="frequency"):
        jeffreys(3, 2)


# --- the matrix ------------------------------------------------------------------------------------

SECTIONS: dict[str, Any] = {
    "quantities": {
        "asked": {"probability": "ask == yes", "over": "start"},
        "given": {"probability": "agrees", "given": "ask == yes", "over": "start"},
        "given_unasked": {"probability": "agrees", "given": "ask == no", "over": "start"},
        "never": {"probability": "agrees", "given": "rung == top", "over": "start"},
    },
    "claims": {
        "A": {"text": "asking works", "check": "given > given_unasked", "breaks": ["no_push"]},
        "B": {"text": "it is asked at times", "check": "asked > 0"},
        "C": {"text": "on the top rung too", "check": "never > 0"},
        "D": {"text": "why", "untestable": "motives are not seen"},
    },
    "ablations": {
        "no_push": {"about": "p", "set": {"push": "0"}},
        "no_gain": {"about": "g", "set": {"gain": "0"}},
    },
}


def test_matrix_on_the_tiny_game() -> None:
    case = tiny(**SECTIONS)
    game = compile_game(case)
    steps: list[str] = []
    matrix = ablate(game, over={}, progress=lambda done, of, what: steps.append(f"{done}/{of} {what}"))
    assert list(matrix.cells) == ["none", "no_push", "no_gain", "all_off"]
    assert settings(case)["all_off"] == {"push": 0.0, "gain": 0.0}
    assert steps[0] == "0/4 none"
    assert steps[-1] == "4/4 "
    table = matrix.statuses()
    assert table.loc["A", "none"] == "holds"
    assert table.loc["B"].eq("holds").all()
    assert table.loc["C"].eq("undefined").all()
    assert "D" not in table.index
    # each cell is what the game with those values gives, solved on its own
    changed = dict(case.parameters) | {"gain": case.parameters["gain"].model_copy(update={"value": 0.0})}
    alone = measure(solved(case.model_copy(update={"parameters": changed})))
    assert matrix.values().loc["given", "no_gain"] == pytest.approx(alone.values["given"], abs=1e-8)
    assert matrix.margins().loc["B", "no_gain"] == pytest.approx(alone.values["asked"], abs=1e-8)
    results = judge_claims(case, coded=coded(), matrix=matrix, fit=matrix.cells["no_gain"])
    assert results["D"].flags == ("untestable",)
    assert results["D"].reference is None
    assert "vacuous" in results["B"].flags
    assert results["B"].fit is not None
    assert results["B"].contrary == ""
    assert results["C"].reference is not None
    assert "has probability" in results["C"].reference.reason


def test_draws_agree_with_single_settings() -> None:
    game = compile_game(tiny(**SECTIONS))
    draws = np.stack([game.theta(), game.theta({"push": 0.0})])
    verdicts = measure_draws(game, draws, over={}).verdicts(game.case)
    matrix = ablate(game, over={}).statuses()
    assert [verdicts[claim][0].status for claim in matrix.index] == list(matrix["none"])
    assert [verdicts[claim][1].status for claim in matrix.index] == list(matrix["no_push"])
    assert "D" not in verdicts
