"""Bayes factors and what may be said of them; splits that sum to the whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tightrope.argument.comparison import Standing, against, at_least, factor, split, telling
from tightrope.fit.evidence import NO_MASS, Estimate, Method


def estimate(value: float, flaw: str = "") -> Estimate:
    return Estimate("importance sampling", value, (value, value), 0.05, 10, 0, 100.0, 0.1, flaw)


def found_by(method: Method, value: float = -8.0) -> Estimate:
    return Estimate(method, value, (value, value), 0.05, 10, 0, 100.0, float("nan"), "")


def reading(name: str, value: float, *, gap: float = 0.0, certified: float = 1.0, **given: Any) -> Standing:
    rows = given.pop("rows", np.array([-1.0, -2.0, -3.0]))
    flaw = given.pop("flaw", "")
    return Standing(name, "", estimate(value, flaw), estimate(value + gap), certified, rows, 3, **given)


@pytest.mark.parametrize(
    ("one", "other", "verdict"),
    [
        (reading("a", -8.0), reading("b", -12.0), "favoured"),
        (reading("a", -12.0), reading("b", -8.0), "disfavoured"),
        (reading("a", -8.9), reading("b", -8.0), "no finding"),
        (reading("a", -8.0, gap=0.6), reading("b", -20.0), "unresolved"),
        (reading("a", -8.0), reading("b", -20.0, flaw="bad weights"), "unresolved"),
        (reading("a", -8.0, certified=0.9), reading("b", -20.0, certified=0.96), "refused"),
        (reading("a", -8.0, certified=0.9), reading("b", -20.0, certified=0.94), "favoured"),
        (reading("a", -8.0, certified=1.0), reading("b", -20.0, certified=0.95), "favoured"),
        (reading("a", -8.0, certified=0.9, flaw="x"), reading("b", -20.0), "refused"),
    ],
)
def test_verdicts(one: Standing, other: Standing, verdict: str) -> None:
    found = factor(one, other)
    assert found.verdict == verdict
    assert bool(found.why) == (verdict in ("unresolved", "refused"))
    assert found.log_factor == pytest.approx(one.log_evidence - other.log_evidence)


def test_reasons_name_the_reading_that_is_to_blame() -> None:
    found = factor(reading("a", -8.0), reading("b", -20.0, flaw="bad weights"))
    assert found.why == "b: bad weights"
    shares = factor(reading("a", -8.0, certified=0.9), reading("b", -8.0, certified=0.5))
    assert "90 %" in shares.why
    assert "50 %" in shares.why


def test_unbiased_weights_bound_an_evidence_from_below_whatever_their_flaw() -> None:
    """A lead of twelve nats, less three for luck and three spreads of 0.05 √2; no bound from bridges."""
    doubtful = reading("game", -8.0, flaw="its runs differ by 1.2 nats")
    found = factor(reading("rival", -20.0, strategic=False), doubtful)
    assert found.verdict == "unresolved"
    assert found.least == pytest.approx(12.0 - np.log(20.0) - 3 * 0.05 * np.sqrt(2.0))
    assert factor(doubtful, reading("rival", -20.0)).least is None
    partly = reading("game", -8.0, flaw="x", certified=0.9)
    refused = factor(reading("rival", -20.0, strategic=False), partly)
    assert (refused.verdict, refused.least) == ("refused", found.least)  # what is not certified adds to it
    assert factor(reading("a", -20.0, flaw="x"), reading("b", -8.0)).least is None
    assert factor(reading("a", -20.0, certified=0.5), reading("b", -8.0)).least is None
    bridged = Standing("b", "", found_by("bridge sampling"), estimate(-8.0), 1.0, np.zeros(3), 3)
    assert at_least(bridged) is None
    assert at_least(reading("b", -8.0, flaw=f"its runs differ; {NO_MASS} (standard error 2.0 nats)")) is None


def test_the_bound_holds_nineteen_times_in_twenty() -> None:
    """Weights without a variance, of mean one: log-normal with an sd of three, four draws an estimate."""
    generator = np.random.default_rng(4)
    weights = np.exp(generator.normal(-4.5, 3.0, size=(2000, 4))).mean(axis=1)
    wrong = [at_least(reading("a", float(np.log(w)))) > 0.0 for w in weights]  # type: ignore[operator]
    assert 0 < np.mean(wrong) < 0.05


def test_a_split_sums_to_the_factor_exactly() -> None:
    one = reading("a", -8.0, rows=np.array([-1.0, -2.0, -4.0]))
    other = reading("b", -9.5, rows=np.array([-1.5, -1.0, -3.5]))
    found = split(one, other)
    assert found.total == pytest.approx(1.5, abs=1e-12)
    assert found.periods == pytest.approx([0.5, -1.0, -0.5])
    assert found.learning == pytest.approx(found.total - found.periods.sum())
    assert found.learning == pytest.approx(other.learned - one.learned)
    assert telling(found, top=2) == [1, 0]


def test_everything_is_set_against_the_base() -> None:
    found = against([reading("a", -8.0), reading("base", -9.5), reading("c", -9.0, strategic=False)], "base")
    assert [(f.name, f.other, f.verdict) for f in found] == [
        ("a", "base", "favoured"),
        ("c", "base", "no finding"),
    ]
