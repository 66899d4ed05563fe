"""Densities whose evidence is known exactly, to hold the estimators to.

Each is a log-likelihood under a standard normal prior in `SIZE` dimensions, as a record's is: a normal one,
two modes far apart, and one in which a direction is seen only through a bent one (a banana).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from numpy.typing import NDArray
from scipy import stats
from scipy.integrate import quad
from scipy.optimize import minimize
from scipy.special import logsumexp

from tightrope.fit.laplace import Laplace
from tightrope.fit.pieces import Keep
from tightrope.fit.weighing import Progress, Weighed, Weighing, weigh

SIZE = 15
WITHIN = 0.2
"""Nats by which an estimate may miss the truth."""
SD = np.linspace(0.1, 3.0, SIZE)
CENTRE = np.random.default_rng(3).normal(size=SIZE)
APART, BEND = 2.0, 0.35


@dataclass(frozen=True, eq=False)
class Analytic:
    """A density with a known log evidence.

    log_likelihood  traceable, of a vector (SIZE,)
    exact           log evidence under the standard normal prior, in nats
    starts          points from which each of its modes is reached
    """

    name: str
    log_likelihood: Callable[[Array], Array]
    exact: float
    starts: tuple[NDArray[Any], ...]

    def value(self, v: NDArray[Any]) -> tuple[float, NDArray[Any]]:
        """The log-likelihood, and the same as the only row of a record."""
        found = float(self._compiled(jnp.asarray(v)))
        return found, np.array([found])

    @cached_property
    def _compiled(self) -> Any:
        return jax.jit(self.log_likelihood)

    def modes(self) -> tuple[list[Laplace], list[float]]:
        """Laplace approximations at the modes, and the log posterior there."""
        negative = jax.jit(lambda v: 0.5 * jnp.vdot(v, v) - self.log_likelihood(v))
        slope, curvature = jax.jit(jax.grad(negative)), jax.jit(jax.hessian(negative))
        modes, heights = [], []
        for start in self.starts:
            found = minimize(
                lambda v: (float(negative(v)), np.asarray(slope(v))), start, jac=True, method="BFGS"
            )
            precision = np.asarray(curvature(found.x))
            smallest = float(np.linalg.eigvalsh(precision).min())
            modes.append(Laplace(found.x, np.linalg.inv(precision), smallest))
            heights.append(-float(found.fun))
        return modes, heights


def _log_normal(x: Array, centre: Any, sd: Any) -> Array:
    return jnp.sum(-0.5 * ((x - centre) / sd) ** 2 - jnp.log(sd) - 0.5 * jnp.log(2 * jnp.pi))


def _seen(centre: NDArray[Any], sd: NDArray[Any]) -> float:
    """Exact log evidence of a normal likelihood: the prior's convolution with it, at its centre."""
    return float(stats.norm.logpdf(centre, 0.0, np.sqrt(1.0 + sd**2)).sum())


def normal() -> Analytic:
    """A normal likelihood: some directions seen thirty times as sharply as others."""
    return Analytic("normal", lambda v: _log_normal(v, CENTRE, SD), _seen(CENTRE, SD), (np.zeros(SIZE),))


def two_modes() -> Analytic:
    """Seven tenths of one normal and three of another, some nine posterior sds apart."""
    away = np.zeros(SIZE)
    away[0] = APART
    sd = np.append(0.4, SD[1:])
    shares = np.log([0.7, 0.3])

    def log_likelihood(v: Array) -> Array:
        first, second = _log_normal(v, away, sd), _log_normal(v, -away, sd)
        return jnp.logaddexp(shares[0] + first, shares[1] + second)

    exact = float(logsumexp([shares[0] + _seen(away, sd), shares[1] + _seen(-away, sd)]))
    return Analytic("two modes", log_likelihood, exact, (away, -away))


def banana(*, bend: float = BEND, sd: float = 0.4) -> Analytic:
    """One direction is seen only through the square of another; the rest is normal. Exact by quadrature."""

    def log_likelihood(v: Array) -> Array:
        return _log_normal(v[1], bend * v[0] ** 2, sd) + _log_normal(v[2:], CENTRE[2:], SD[2:])

    def slice_of(x: float) -> float:
        return float(stats.norm.pdf(x) * stats.norm.pdf(bend * x**2, 0.0, np.hypot(1.0, sd)))

    exact = _seen(CENTRE[2:], SD[2:]) + float(np.log(quad(slice_of, -9, 9)[0]))
    return Analytic("banana", log_likelihood, exact, (np.zeros(SIZE),))


def analytic_cases() -> Iterator[Analytic]:
    """All three."""
    yield normal()
    yield two_modes()
    yield banana()


WEIGHING = Weighing(repeats=4, pilots=3, draws=1000, chains=4, warmup=300, kept=600, proposals=600)


def weigh_analytic(
    case: Analytic,
    *,
    seed: int,
    keep: Keep,
    weighing: Weighing = WEIGHING,
    on_progress: Progress | None = None,
) -> Weighed:
    """Both estimates of an analytic case's evidence, as for a reading of a case."""
    modes, heights = case.modes()
    return weigh(case, modes, heights, weighing=weighing, seed=seed, keep=keep, on_progress=on_progress)
