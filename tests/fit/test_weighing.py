"""Evidence by both estimators against closed forms and quadrature, in fifteen dimensions."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad
from scipy.optimize import minimize
from scipy.special import logsumexp

from tightrope.fit.evidence import unresolved
from tightrope.fit.laplace import Laplace
from tightrope.fit.posterior import compute_now
from tightrope.fit.weighing import Weighed, Weighing, weigh, weighed_data, weighed_from

SIZE = 15
Array = np.ndarray[Any, np.dtype[Any]]


@dataclass
class Toy:
    """A log-likelihood under the standard normal prior; its one row is the whole."""

    function: Callable[[Array], float]

    def value(self, v: Array) -> tuple[float, Array]:
        found = self.function(v)
        return found, np.array([found])


def log_normal(x: Array, centre: Any, sd: Any) -> float:
    return float((-0.5 * ((x - centre) / sd) ** 2 - np.log(sd) - 0.5 * np.log(2 * np.pi)).sum())


def normal(centre: Array, sd: Array) -> tuple[Callable[[Array], float], float]:
    """A normal likelihood, and its exact log evidence under the standard normal prior."""

    def value(v: Array) -> float:
        return log_normal(v, centre, sd)

    return value, float(stats.norm.logpdf(centre, 0.0, np.sqrt(1.0 + sd**2)).sum())


def at_mode(function: Callable[[Array], float], start: Array) -> tuple[Laplace, float]:
    """Laplace approximation by brute force, and the height of the mode."""

    def negative(v: Array) -> float:
        return 0.5 * float(v @ v) - function(v)

    found = minimize(negative, start, method="BFGS", options={"gtol": 1e-7}).x
    step, unit = 1e-3, np.eye(len(start))
    hessian = np.array(
        [
            [
                negative(found + step * (a + b))
                - negative(found + step * (a - b))
                - negative(found - step * (a - b))
                + negative(found - step * (a + b))
                for a in unit
            ]
            for b in unit
        ]
    ) / (4 * step**2)
    return Laplace(found, np.linalg.inv(hessian), 1.0), -negative(found)


WEIGHING = Weighing(repeats=4, draws=1000, chains=4, warmup=200, kept=300, proposals=600)
SD = np.linspace(0.1, 3.0, SIZE)
CENTRE = np.random.default_rng(3).normal(size=SIZE)


def weighed(function: Callable[[Array], float], *starts: Array, weighing: Weighing = WEIGHING) -> Weighed:
    around = [at_mode(function, start) for start in starts]
    return weigh(
        Toy(function),
        [a for a, _ in around],
        [h for _, h in around],
        weighing=weighing,
        seed=1,
        keep=compute_now,
    )


@cache
def gaussian() -> tuple[Weighed, float]:
    function, exact = normal(CENTRE, SD)
    return weighed(function, np.zeros(SIZE)), exact


@cache
def two_modes() -> tuple[Weighed, float]:
    """A mixture likelihood, 0.7 and 0.3, its modes some nine posterior sds apart."""
    apart = np.zeros(SIZE)
    apart[0] = 2.0
    first, z1 = normal(apart, np.append(0.4, SD[1:]))
    second, z2 = normal(-apart, np.append(0.4, SD[1:]))
    exact = float(logsumexp([np.log(0.7) + z1, np.log(0.3) + z2]))

    def function(v: Array) -> float:
        return float(np.logaddexp(np.log(0.7) + first(v), np.log(0.3) + second(v)))

    return weighed(function, apart, -apart), exact


@cache
def banana(bend: float, sd: float = 0.4) -> tuple[Weighed, float]:
    """One direction is seen only through a bent one; the rest is normal. Exact by quadrature."""
    rest, z = normal(CENTRE[2:], SD[2:])

    def function(v: Array) -> float:
        return log_normal(v[1], bend * v[0] ** 2, sd) + rest(v[2:])

    def slice_of(x: float) -> float:
        return float(stats.norm.pdf(x) * stats.norm.pdf(bend * x**2, 0.0, np.hypot(1.0, sd)))

    longer = replace(WEIGHING, pilots=4, warmup=400, kept=900)
    return weighed(function, np.zeros(SIZE), weighing=longer), z + float(np.log(quad(slice_of, -9, 9)[0]))


@cache
def halved() -> tuple[Weighed, float]:
    """The normal target where no point with a first score below the posterior's mean has a certificate."""
    function, exact = normal(CENTRE, SD)
    variance = 1.0 / (1.0 + 1.0 / SD[0] ** 2)
    edge = float(variance * CENTRE[0] / SD[0] ** 2)

    def cut(v: Array) -> float:
        return function(v) if v[0] >= edge else float("nan")

    around, height = at_mode(function, np.zeros(SIZE))
    inside = Laplace(around.mean + 0.02 * np.eye(SIZE)[0], around.covariance, 1.0)
    found = weigh(Toy(cut), [inside], [height], weighing=WEIGHING, seed=2, keep=compute_now)
    return found, exact - float(np.log(2.0))


CASES = {"normal": gaussian, "two modes": two_modes, "banana": lambda: banana(0.35), "half certified": halved}


@pytest.mark.parametrize("name", CASES)
def test_both_estimates_are_within_a_fifth_of_a_nat_of_the_truth_and_say_so(name: str) -> None:
    found, exact = CASES[name]()
    assert found.importance.log_evidence == pytest.approx(exact, abs=0.2)
    assert found.bridge.log_evidence == pytest.approx(exact, abs=0.2)
    assert unresolved(found.importance, found.bridge) == ""
    assert len(found.importance.repeats) == len(found.bridge.repeats) == WEIGHING.repeats


def test_points_without_a_certificate_are_counted_and_weigh_nothing() -> None:
    found, _ = halved()
    assert 0.2 < found.importance.failures / found.importance.evaluations < 0.6
    assert found.bridge.failures > 0
    assert gaussian()[0].importance.failures == 0


def test_posterior_means_come_with_the_evidence() -> None:
    """What fitting costs is the divergence of posterior from prior, known for normals."""
    found, exact = gaussian()
    variance = 1.0 / (1.0 + 1.0 / SD**2)
    mean = variance * CENTRE / SD**2
    divergence = 0.5 * float((variance + mean**2 - 1.0 - np.log(variance)).sum())
    assert float(found.rows.sum()) == pytest.approx(exact + divergence, abs=0.3)
    assert found.sample.mean(axis=0) == pytest.approx(mean, abs=0.4)


def test_a_target_beyond_the_estimators_is_refused() -> None:
    """A hair-thin bend in few draws: nobody knows how far off the estimates are, and the verdict says so."""
    few = Weighing(repeats=2, pilots=1, draws=60, chains=2, warmup=20, kept=40, proposals=60)

    def function(v: Array) -> float:
        return log_normal(v[1:], v[0] ** 2, 0.02)

    around = Laplace(np.zeros(SIZE), np.diag(np.append(1.0, np.full(SIZE - 1, 4e-4))), 1.0)
    found = weigh(Toy(function), [around], [function(around.mean)], weighing=few, seed=1, keep=compute_now)
    assert unresolved(found.importance, found.bridge) != ""


def test_kept_pieces_resume_to_the_same_numbers() -> None:
    few = Weighing(repeats=2, pilots=1, draws=50, chains=2, warmup=20, kept=40, proposals=30)
    function, _ = normal(CENTRE, SD)
    around, height = at_mode(function, np.zeros(SIZE))
    kept: dict[str, Any] = {}
    calls = [0]

    def counted(v: Array) -> float:
        calls[0] += 1
        return function(v)

    def keep(name: str, compute: Callable[[], Any]) -> Any:
        if name not in kept:
            kept[name] = json.loads(json.dumps(compute()))
        return kept[name]

    def once() -> dict[str, Any]:
        return weighed_data(weigh(Toy(counted), [around], [height], weighing=few, seed=7, keep=keep))

    whole = once()
    done = calls[0]
    assert json.dumps(once()) == json.dumps(whole)
    assert calls[0] == done
    for name in list(kept)[::2]:
        del kept[name]
    again = once()
    assert again["importance"] == whole["importance"]
    assert again["bridge"]["repeats"] == whole["bridge"]["repeats"]
    assert calls[0] > done
    assert json.dumps(weighed_data(weighed_from(json.loads(json.dumps(whole))))) == json.dumps(whole)
