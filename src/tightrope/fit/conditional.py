"""Calibration of the posterior in a few parameters, the others known.

All parameters are drawn from their priors and make a record; then the few are sampled given the others'
true values. The rank of a truth among such draws is uniform as well, and a simulation costs a part of what
it costs where all are free: on a large game that is the difference between a few and many. One parameter
alone needs no sampler: its posterior is integrated (`quadrature`).

Where a game has several equilibria a density means one of them, and so must the record: both are solved
from the equilibrium at the few parameters' prior medians, the others as they are. Records played on the
principal branch would ask another question, what doubt a posterior lacks about which equilibrium is played.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from tightrope.fit.calibration import RANKED, Setup, placed, rank_of, thinned
from tightrope.fit.chains import mixing
from tightrope.fit.laplace import Laplace
from tightrope.fit.leaps import places
from tightrope.fit.nuts import Trajectories
from tightrope.fit.posterior import compute_now
from tightrope.fit.priors import prior_set
from tightrope.fit.quadrature import posterior_of_one
from tightrope.fit.slices import Sampling, gather_chains
from tightrope.fit.surrogate_chains import surrogate_chain, teach
from tightrope.fit.target import Target
from tightrope.fit.truths import draw_truth
from tightrope.game.compile import Game
from tightrope.record.likelihood import prepare_record

ROUTE = "chains given the others"
EXACT = "quadrature given the others"
"""The route where one parameter is sampled."""


def simulation_given(game: Game, *, setup: Setup, seed: int) -> dict[str, Any]:
    """One simulation, as plain data with the keys of `calibration.simulation`.

    Its one route is `ROUTE`, or `EXACT` where one parameter is sampled.

    setup  `sampled` names the few parameters; the chains are those of its effort

    Raises GamesEndSooner, and RuntimeError where hardly a point is certified.
    """
    priors = prior_set(game.case, setup.prior_class)
    inside, _ = places(priors, setup.sampled)
    beside = partial(_median, inside)
    truth = draw_truth(game, priors, periods=setup.periods, seed=seed, near=beside)
    middle = beside(truth.scores)
    target = Target(prepare_record(game, truth.record), priors).near(middle)
    if len(inside) == 1:
        routes = {EXACT: _integrated(target, truth.scores, int(inside[0]))}
    else:
        routes = {ROUTE: _sampled(target, truth.scores, middle, inside, setup, seed % 2**31)}
    return {
        "names": [priors.names[k] for k in inside],
        "truth": truth.scores[inside].tolist(),
        "uncertified": truth.uncertified,
        "ended": truth.ended,
        "failures": len(target.failures),
        "calls": target.calls,
        "mode": "converged",
        "routes": routes,
    }


def _median(inside: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """The scores with those of the few parameters at their prior medians."""
    v = np.array(scores)
    v[inside] = 0.0
    return v


def _integrated(target: Target, truth: np.ndarray, place: int) -> dict[str, Any]:
    """Where the truth lies in the exact posterior of the one parameter at `place`."""

    def at(score: float) -> float:
        v = np.array(truth)
        v[place] = score
        return target.value(v)[0]

    found = posterior_of_one(at)
    below, (mean, sd) = found.under(float(truth[place])), found.moments()
    here = at(float(truth[place]))
    lower = float(found.masses[found.likelihoods < here].sum())
    return {
        "rank": [_rank(below)],
        "below": [below],
        "mean": [mean],
        "sd": [sd],
        "log_likelihood": _rank(lower) if np.isfinite(here) else None,
        "moved": found.moved,
    }


def _rank(below: float) -> int:
    """The rank among as many exact draws as a truth is ranked among elsewhere, spread evenly."""
    return min(int(below * (RANKED + 1)), RANKED)


def _sampled(
    target: Target, truth: np.ndarray, middle: np.ndarray, inside: np.ndarray, setup: Setup, seed: int
) -> dict[str, Any]:
    """Where the truth lies among draws of chains whose proposals a surrogate makes."""
    around = Laplace(middle, np.eye(len(middle)), 1.0)
    sampling = setup.effort.sampling or Sampling()
    wanted = Trajectories(
        setup.sampled, others="held", chains=sampling.chains, warmup=sampling.warmup, draws=sampling.draws,
        surrogate=True,
    )  # fmt: skip
    taught = teach(target, around, sampled=setup.sampled, seed=seed, keep=compute_now)
    chains = gather_chains(
        [
            surrogate_chain(
                target, around, taught=taught, wanted=wanted, seed=seed, chain=k, keep=compute_now
            )
            for k in range(wanted.chains)
        ]
    )
    at_truth, _ = target.value(truth)
    draws = chains.flat[:, inside]
    mixed = mixing(chains)
    likelihoods = chains.log_likelihood.reshape(-1)
    return placed(draws, truth[inside]) | {
        "log_likelihood": rank_of(likelihoods[thinned(likelihoods)], float(at_truth)),
        "rhat": float(np.max(mixed.rhat[inside])),
        "effective": float(np.min(mixed.bulk[inside])),
    }
