"""Tempered SMC: closed forms, points without a certificate, resuming."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

from tests.fit.test_weighing import Toy, log_normal
from tightrope.fit.analytic import SIZE, WITHIN, Analytic, analytic_cases
from tightrope.fit.laplace import effective_size
from tightrope.fit.posterior import compute_now
from tightrope.fit.smc import FromPrior, NoParticle, Tempering, _step, tempered

LITTLE = Tempering(particles=200, moves=3, repeats=2)
CENTRE, SD = np.array([0.8, -0.4, 0.1]), np.array([0.2, 0.6, 2.0])
EXACT = float(stats.norm.logpdf(CENTRE, 0.0, np.sqrt(1.0 + SD**2)).sum())


def sharp(v: np.ndarray) -> float:
    return log_normal(v, CENTRE, SD)


@pytest.mark.long
@pytest.mark.parametrize("case", list(analytic_cases()), ids=lambda case: case.name)
def test_evidence_is_within_a_fifth_of_a_nat_of_the_truth(case: Analytic) -> None:
    wanted = Tempering(particles=600, moves=5, repeats=3)
    found = tempered(FromPrior(case, SIZE), tempering=wanted, seed=4, keep=compute_now)
    assert abs(found.log_evidence - case.exact) <= WITHIN
    assert found.spread < 2 * WITHIN


def test_a_small_target_and_what_it_cost() -> None:
    calls = [0]

    def counted(v: np.ndarray) -> float:
        calls[0] += 1
        return sharp(v)

    found = tempered(FromPrior(Toy(counted), 3), tempering=LITTLE, seed=1, keep=compute_now)
    assert found.log_evidence == pytest.approx(EXACT, abs=0.3)
    assert found.evaluations == calls[0]
    assert found.failures == 0
    assert found.method == "tempered SMC"
    assert len(found.repeats) == 2
    assert found.effective == pytest.approx(100, abs=1e-3)


def test_points_without_a_certificate_weigh_nothing() -> None:
    """Half of a symmetric target is cut off, which costs the logarithm of two."""

    def cut(v: np.ndarray) -> float:
        return log_normal(v, 0.0, SD) if v[0] > 0 else float("nan")

    whole = float(stats.norm.logpdf(0.0, 0.0, np.sqrt(1.0 + SD**2)).sum())
    found = tempered(FromPrior(Toy(cut), 3), tempering=LITTLE, seed=2, keep=compute_now)
    assert found.log_evidence == pytest.approx(whole - np.log(2.0), abs=0.3)
    assert found.failures > 150


def test_a_target_without_a_density_is_refused() -> None:
    with pytest.raises(NoParticle, match="have a certificate"):
        tempered(FromPrior(Toy(lambda v: float("nan")), 3), tempering=LITTLE, seed=0, keep=compute_now)


def test_steps_leave_the_weights_worth_half_the_particles() -> None:
    likelihood = -0.5 * np.random.default_rng(0).normal(size=400) ** 2 * 40
    step = _step(likelihood, 1.0, 200.0)
    assert 0 < step < 1
    assert effective_size(step * likelihood) == pytest.approx(200.0, abs=1e-6)
    assert _step(np.zeros(400), 0.3, 200.0) == 0.3
    likelihood[::2] = -np.inf
    assert 0 < _step(likelihood, 1.0, 200.0) < 1


def test_kept_pieces_resume_to_the_same_numbers() -> None:
    kept: dict[str, Any] = {}
    made: list[str] = []

    def keep(name: str, compute: Callable[[], Any]) -> Any:
        if name not in kept:
            made.append(name)
            kept[name] = json.loads(json.dumps(compute()))
        return kept[name]

    first = tempered(FromPrior(Toy(sharp), 3), tempering=LITTLE, seed=7, keep=keep)
    for name in made[::3]:
        del kept[name]
    count = len(made)
    again = tempered(FromPrior(Toy(sharp), 3), tempering=LITTLE, seed=7, keep=keep)
    assert again.repeats == first.repeats
    assert len(made) == count + len(range(0, count, 3))
    other = tempered(FromPrior(Toy(sharp), 3), tempering=LITTLE, seed=8, keep=compute_now)
    assert other.repeats != first.repeats


def test_moves_among_few_particles_do_not_draw_them_inwards() -> None:
    """Twenty draws of a flat density in seventy dimensions, resampled, stay as far from the middle as before.

    Moved around the moments of all of them, themselves included, they lose a fifth of that at once.
    """
    generator = np.random.default_rng(6)
    changes = []
    for _ in range(12):
        cloud = generator.normal(size=(20, 70))[np.sort(generator.integers(0, 20, size=40))]
        move = FromPrior(Toy(lambda v: 0.0), 70).mover(cloud, 1.0)
        moved = np.array([move(k, point, 0.0, [k, 8]).point for k, point in enumerate(cloud)])
        changes += ((moved**2).sum(axis=1) - (cloud**2).sum(axis=1)).tolist()
    assert abs(np.mean(changes)) < 4 * np.std(changes) / np.sqrt(len(changes))
    assert np.std(changes) > 2.0
