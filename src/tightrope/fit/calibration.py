"""Simulation-based calibration (Talts, Betancourt, Simpson, Vehtari & Gelman 2018).

Parameters are drawn from their priors, a record is simulated, and the record is fitted. If the fit draws from
the posterior, the rank of the truth among its draws is uniform, whatever the game. The log-likelihood is
ranked beside the parameters: it feels what no parameter alone does (Modrák et al. 2023).

Every route to the posterior of a fit is looked at: chains, weighted draws, the Laplace approximation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

from tightrope.case.schema import PriorClass
from tightrope.fit.chains import mixing
from tightrope.fit.posterior import Effort, Fit, fit_record, trusted
from tightrope.fit.priors import prior_set
from tightrope.fit.target import Target
from tightrope.fit.truths import draw_truth
from tightrope.game.compile import Game
from tightrope.record.likelihood import prepare_record

RANKED = 49
"""Draws among which the truth is ranked: ranks go from 0 to this."""
FEWEST = 10
"""Simulations expected in each bin of a test."""
LEVEL = 0.05
LIKELIHOOD = "log-likelihood"


@dataclass(frozen=True)
class Setup:
    """What one simulation does: a prior class, a length of record in periods, an effort of the fit.

    sampled  parameters that are sampled given all others at their true values (`conditional`); empty: all are
    """

    prior_class: PriorClass
    periods: int
    effort: Effort
    sampled: tuple[str, ...] = ()


def simulation(game: Game, *, setup: Setup, seed: int) -> dict[str, Any]:
    """One simulation and its fit, as plain data.

    Keys: names; truth (normal scores); uncertified, ended (draws passed over); failures, calls (of the fit);
    mode (status of the best climb); routes: name -> rank, below (share of draws under the truth), mean and
    sd by parameter, `log_likelihood` (its rank, or None), and what the route says of itself.

    Raises GamesEndSooner, and RuntimeError where the fit finds no certified start.
    """
    priors = prior_set(game.case, setup.prior_class)
    truth = draw_truth(game, priors, periods=setup.periods, seed=seed)
    evidence = prepare_record(game, truth.record)
    # Weighted draws take a seed of 32 bits, to which the fit adds a few.
    fit = fit_record(evidence, prior_class=setup.prior_class, effort=setup.effort, seed=seed % 2**31)
    at_truth, _ = Target(evidence, priors).near(fit.modes[0].scores).value(truth.scores)
    return {
        "names": list(priors.names),
        "truth": truth.scores.tolist(),
        "uncertified": truth.uncertified,
        "ended": truth.ended,
        "failures": fit.failures,
        "calls": fit.calls,
        "mode": fit.modes[0].status,
        "routes": routes_of(fit, truth.scores, float(at_truth), seed=seed),
    }


def routes_of(fit: Fit, truth: np.ndarray, log_likelihood: float, *, seed: int) -> dict[str, Any]:
    """Where the truth lies in the posterior by each route of a fit, as plain data."""
    generator = np.random.default_rng([seed, 1])
    root = np.linalg.cholesky(fit.laplace.covariance)
    normal = fit.laplace.mean + generator.normal(size=(20 * RANKED, len(truth))) @ root.T
    found = {"Laplace approximation": placed(normal, truth) | {"log_likelihood": None}}
    weights = fit.draws.weights
    edges = np.cumsum(weights)
    picks = np.searchsorted(edges, (np.arange(RANKED) + generator.uniform()) / RANKED)
    picks = np.minimum(generator.permutation(picks), len(edges) - 1)
    weighted = placed(fit.draws.scores, truth, weights=weights, picks=picks)
    found["weighted draws"] = weighted | {
        "log_likelihood": rank_of(fit.draws.log_likelihood[picks], log_likelihood),
        "trusted": trusted(fit.draws),
        "effective": fit.draws.effective,
        "shape": float(fit.draws.shape) if np.isfinite(fit.draws.shape) else None,
    }
    if fit.chains is not None:
        mixed = mixing(fit.chains)
        thin = thinned(fit.chains.log_likelihood.reshape(-1))
        found["chains"] = placed(fit.chains.flat, truth) | {
            "log_likelihood": rank_of(fit.chains.log_likelihood.reshape(-1)[thin], log_likelihood),
            "rhat": float(np.max(mixed.rhat)),
            "effective": float(np.min(mixed.bulk)),
        }
    return found


def placed(
    draws: np.ndarray,
    truth: np.ndarray,
    *,
    weights: np.ndarray | None = None,
    picks: np.ndarray | None = None,
) -> dict[str, Any]:
    """Where the truth lies among draws (draws, parameters), as plain data.

    picks  numbers of the draws among which it is ranked; by default evenly spaced ones
    """
    w = np.full(len(draws), 1.0 / len(draws)) if weights is None else weights
    mean = w @ draws
    sd = np.sqrt(np.maximum(w @ (draws - mean) ** 2, 0.0))
    some = draws[thinned(draws) if picks is None else picks]
    return {
        "rank": (some < truth).sum(axis=0).tolist(),
        "below": (w @ (draws < truth)).tolist(),
        "mean": mean.tolist(),
        "sd": sd.tolist(),
    }


def thinned(draws: np.ndarray) -> np.ndarray:
    """Numbers of `RANKED` evenly spaced draws, among which a truth is ranked."""
    if len(draws) < RANKED:
        raise ValueError(f"ranks need at least {RANKED} draws, there are {len(draws)}")
    return np.linspace(0, len(draws) - 1, RANKED).astype(int)


def rank_of(draws: np.ndarray, truth: float) -> int | None:
    """How many draws lie below the truth; None where it has no certificate."""
    return int((draws < truth).sum()) if np.isfinite(truth) else None


@dataclass(frozen=True)
class Uniformity:
    """Whether the ranks of one quantity are uniform.

    counts    simulations by bin of ranks
    p         of Pearson's chi-squared test
    adjusted  the same, corrected for the number of quantities (Holm 1979)
    """

    name: str
    counts: tuple[int, ...]
    p: float
    adjusted: float


def bins_for(simulations: int) -> int:
    """The most bins of equal size with ten simulations expected in each; fewer than two: none."""
    fitting = [b for b in range(2, RANKED + 2) if (RANKED + 1) % b == 0 and b * FEWEST <= simulations]
    return max(fitting, default=1)


def ranks_by_name(results: Sequence[Mapping[str, Any]], route: str) -> dict[str, np.ndarray]:
    """Ranks (simulations,) of each parameter, and of the log-likelihood where the route has it."""
    known = [r for r in results if route in r["routes"]]
    found = {
        name: np.array([r["routes"][route]["rank"][k] for r in known])
        for k, name in enumerate(known[0]["names"] if known else ())
    }
    likelihood = [r["routes"][route]["log_likelihood"] for r in known]
    if likelihood and all(rank is not None for rank in likelihood):
        found[LIKELIHOOD] = np.array(likelihood)
    return found


def uniformity(ranks: Mapping[str, np.ndarray]) -> tuple[Uniformity, ...]:
    """A chi-squared test of each quantity's ranks, corrected over quantities; none with too few ranks."""
    if not ranks or (bins := bins_for(min(len(r) for r in ranks.values()))) < 2:
        return ()
    width = (RANKED + 1) // bins
    counts = {name: np.bincount(r // width, minlength=bins) for name, r in ranks.items()}
    p = [float(stats.chisquare(c).pvalue) for c in counts.values()]
    return tuple(
        Uniformity(name, tuple(int(c) for c in row), raw, adjusted)
        for (name, row), raw, adjusted in zip(counts.items(), p, holm(p), strict=True)
    )


def holm(p: Sequence[float]) -> list[float]:
    """P-values corrected so that one at or below a level is found by chance no more often than that level.

    Holm (1979): the smallest is multiplied by their number, the next by one less, and so on; none falls below
    the one before it.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p, kind="stable")
    found = [0.0] * len(p)
    highest = 0.0
    for place, k in enumerate(order):
        highest = max(highest, min(1.0, (len(p) - place) * p[k]))
        found[k] = highest
    return found
