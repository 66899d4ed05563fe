"""Murphy's and CORP's decompositions: identities, hand calculations, brute force."""

from __future__ import annotations

import doctest

import numpy as np
import pytest

from tightrope.forecast import murphy as murphy_module
from tightrope.forecast import scores
from tightrope.forecast.corp import FEWEST, corp
from tightrope.forecast.murphy import murphy_binned


def cases(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    f = generator.beta(0.6, 0.9, size=n)
    return (generator.random(n) < f**1.5).astype(float), f


def test_doctests() -> None:
    result = doctest.testmod(murphy_module)
    assert result.attempted >= 1
    assert result.failed == 0


@pytest.mark.parametrize("seed", range(5))
def test_murphy_adds_up_to_the_brier_score_exactly(seed: int) -> None:
    y, f = cases(137, seed)
    d = murphy_binned(y, f)
    assert d.score == pytest.approx(float(np.mean((f - y) ** 2)), abs=1e-15)
    assert d.reliability - d.resolution + d.uncertainty == pytest.approx(d.score, abs=1e-14)
    assert d.bins <= 10


def test_murphy_with_forecasts_equal_in_each_bin_is_the_plain_one() -> None:
    y, f = cases(200, 9)
    f = np.round(f, 1)
    plain = scores.murphy(y, f)
    d = murphy_binned(y, f, edges=[(k + 0.5) / 10 for k in range(10)])
    assert d.reliability == pytest.approx(plain.reliability, abs=1e-14)
    assert d.resolution == pytest.approx(plain.resolution, abs=1e-14)
    assert d.bins == plain.bins


def test_murphy_by_hand() -> None:
    """One bin: f = 0.2 and 0.4, only the second came. Inside it forecasts tell the two apart."""
    d = murphy_binned([0, 1], [0.2, 0.4], edges=[])
    assert d.reliability == pytest.approx((0.3 - 0.5) ** 2)
    assert d.uncertainty == pytest.approx(0.25)
    assert d.resolution == pytest.approx(0.0 - 0.01 + 2 * 0.05)
    assert d.score == pytest.approx((0.04 + 0.36) / 2)


@pytest.mark.parametrize("seed", range(5))
def test_corp_adds_up_and_its_parts_are_not_negative(seed: int) -> None:
    y, f = cases(90, seed)
    found = corp(y, f, seed=1)
    parts = found.miscalibration - found.discrimination + found.uncertainty
    assert parts == pytest.approx(found.score, abs=1e-14)
    assert found.score == pytest.approx(float(np.mean((f - y) ** 2)), abs=1e-15)
    assert found.miscalibration >= -1e-15
    assert found.discrimination >= -1e-15
    assert np.all(np.diff(found.recalibrated) >= -1e-15)


def test_the_recalibrated_probabilities_are_the_max_min_of_interval_means() -> None:
    """The closed form of isotonic regression: max over starts of min over ends of the mean between."""
    y, f = cases(40, 3)
    found = corp(y, f)
    order = np.argsort(f)
    y = y[order]
    slow = [
        max(min(y[a : b + 1].mean() for b in range(k, len(y))) for a in range(k + 1)) for k in range(len(y))
    ]
    assert found.recalibrated == pytest.approx(slow, abs=1e-12)


def test_equal_forecasts_get_one_probability() -> None:
    found = corp([1, 0, 0, 1], [0.3, 0.3, 0.3, 0.9])
    assert found.recalibrated == pytest.approx([1 / 3, 1 / 3, 1 / 3, 1.0])


def test_a_recalibrated_forecast_has_no_miscalibration() -> None:
    y, f = cases(150, 4)
    order = np.argsort(f, kind="stable")
    again = corp(y[order], corp(y, f).recalibrated)
    assert again.miscalibration == pytest.approx(0.0, abs=1e-14)


def test_the_band_is_hidden_below_twenty_cases() -> None:
    y, f = cases(3 * FEWEST, 6)
    assert corp(y, f, cases=FEWEST - 1).lower is None
    assert corp(y, f, cases=FEWEST).lower is not None
    short = corp(y[: FEWEST - 1], f[: FEWEST - 1])
    assert short.lower is None
    assert short.upper is None


def test_the_band_holds_calibrated_forecasts_about_as_often_as_it_says() -> None:
    generator = np.random.default_rng(7)
    inside = []
    for _ in range(40):
        f = generator.random(120)
        y = (generator.random(120) < f).astype(float)
        found = corp(y, f, level=0.9, draws=200, seed=2)
        assert found.lower is not None
        assert found.upper is not None
        inside.append(np.mean((found.recalibrated >= found.lower) & (found.recalibrated <= found.upper)))
    assert 0.85 < np.mean(inside) < 0.95


def test_the_band_depends_on_the_seed_alone() -> None:
    y, f = cases(60, 8)
    assert np.array_equal(corp(y, f, seed=3).lower, corp(y, f, seed=3).lower)  # type: ignore[arg-type]
    assert not np.array_equal(corp(y, f, seed=3).lower, corp(y, f, seed=4).lower)  # type: ignore[arg-type]
