r"""The evidence of Markov chains on a coded record: one chain a state or move, with a prior fixed beforehand.

$Z = \sum_h \Pi_t w_t(h_t) \int p(h \mid T)\,\mathrm{Dir}(T)\,dT$ over hidden paths h, in the same sense as
the game's: the record's codes are soft, and what they leave open is summed out. Where they leave nothing
open the integral is the Dirichlet-multinomial closed form. Two estimates:

over paths       paths drawn from smoothed laws under some transition matrices, weighed by the closed form
over parameters  transition matrices drawn from a Dirichlet near the posterior, weighed by their filter

The priors are proper and chosen before looking, unlike those of the forecasting baseline (`baselines`), whose
centres are read off the record: a state takes each step with the rate that the case's laws of nature are
given on average, a move's rows have Jeffreys' half an event an action.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, gammaln, logsumexp

from tightrope.fit.evidence import Estimate, from_weights
from tightrope.fit.laplace import effective_size
from tightrope.record.coding import CodedRecord

Array = NDArray[Any]

STEP_A_QUARTER = 0.05
"""Prior mean of the chance of a step up or down in a quarter, one in five years."""
WEIGHT = 10.0
"""Pseudo-quarters behind it: half an event for each step. A jump over a level has a tenth of that."""
LAWS = 50
"""Transition matrices that paths are drawn under, in one repeat."""
PATHS = 500
"""Paths whose Dirichlet posteriors the proposal for transition matrices mixes."""
QUARTERS = {"quarter": 1, "half-year": 2, "year": 4}


@dataclass(frozen=True, eq=False)
class Rival:
    """What came of a rival: two estimates of its evidence and the posterior mean log-likelihood by row.

    parameters  how many numbers it has to learn
    """

    first: Estimate
    second: Estimate
    rows: Array
    parameters: int


@dataclass(frozen=True)
class Amount:
    """Draws a repeat, and repeats."""

    draws: int = 4000
    repeats: int = 4


def state_prior(size: int, *, rising: bool, length: str = "quarter") -> Array:
    """Dirichlet weights of a state's rows, (levels, levels); zero for a fall of a state that never falls."""
    rate = 1.0 - (1.0 - STEP_A_QUARTER) ** QUARTERS[length]
    apart = np.abs(np.subtract.outer(np.arange(size), np.arange(size)))
    alpha = np.where(apart == 1, rate * WEIGHT, 0.1 * rate * WEIGHT)
    if rising:
        alpha = np.triu(alpha)
    np.fill_diagonal(alpha, 0.0)
    np.fill_diagonal(alpha, np.maximum(WEIGHT - alpha.sum(axis=1), rate * WEIGHT))
    return alpha


def move_prior(size: int) -> Array:
    """Jeffreys' Dirichlet weights for a move's rows, (actions, actions)."""
    return np.full((size, size), 0.5)


def chains_evidence(
    coded: CodedRecord,
    *,
    names: Collection[str],
    moves: Collection[str],
    rising: Collection[str],
    start: Mapping[str, Array],
    length: str,
    amount: Amount,
    seed: int,
) -> Rival:
    """The evidence of independent chains for some states and moves of a record.

    start  state -> distribution in the first row; moves start from an even one
    """
    parts = []
    for number, name in enumerate(coded.levels):
        if name not in names:
            continue
        size = len(coded.levels[name])
        alpha = move_prior(size) if name in moves else state_prior(size, rising=name in rising, length=length)
        first = np.asarray(start.get(name, np.full(size, 1.0 / size)))
        own = [seed, number]
        parts.append(chain_evidence(coded.weights[name], alpha=alpha, start=first, amount=amount, seed=own))
    return together(parts)


def chain_evidence(weights: Array, *, alpha: Array, start: Array, amount: Amount, seed: list[int]) -> Rival:
    """The evidence of one chain. weights (rows, levels), alpha (levels, levels), start (levels,).

    Raises ValueError where the record is impossible under every chain of the prior.
    """
    centre = _posterior_mean(weights, alpha, start)
    over_paths, over_parameters, rows = [], [], []
    seen = _expected_counts(weights, centre, start, told_only=True)
    near = alpha + seen
    for repeat in range(amount.repeats):
        generator = np.random.default_rng([*seed, repeat])
        laws = _dirichlet(np.tile(near, (LAWS, 1, 1)), generator)
        over_paths.append(_path_weights(weights, alpha, start, laws, amount.draws, generator))
        drawn, proposal = _near_posterior(weights, alpha, start, laws, amount.draws, generator)
        by_row = row_probabilities(weights, drawn, start)
        log_weights = by_row.sum(axis=1) + _log_dirichlet(drawn, alpha[None])[:, 0] - proposal
        over_parameters.append(log_weights)
        share = np.exp(log_weights - logsumexp(log_weights))
        rows.append(share @ by_row)
    free = int(((alpha > 0).sum(axis=1) - 1).sum())
    return Rival(from_weights(over_parameters), _over_paths(over_paths), np.mean(rows, axis=0), free)


def no_end(rows: int, *, length: str) -> Rival:
    """The evidence that a record of so many rows did not end: a Beta prior for the rate of ends, exactly.

    An end counts as one more step: its prior is a state's, and there is a chance of it after every row but
    the last.
    """
    rate = 1.0 - (1.0 - STEP_A_QUARTER) ** QUARTERS[length]
    a, b, n = rate * WEIGHT, (1.0 - rate) * WEIGHT, rows - 1
    value = float(gammaln(b + n) - gammaln(b) - gammaln(a + b + n) + gammaln(a + b))
    each = float(digamma(b + n) - digamma(a + b + n))
    exact = Estimate("closed form", value, (), 0.0, 0, 0, np.inf, 0.0, "")
    return Rival(exact, exact, np.append(0.0, np.full(n, each)), 1)


def together(parts: Sequence[Rival]) -> Rival:
    """Independent parts of one rival: log evidences add up, repeat by repeat."""
    return Rival(
        _summed([p.first for p in parts]),
        _summed([p.second for p in parts]),
        np.sum([p.rows for p in parts], axis=0),
        sum(p.parameters for p in parts),
    )


def _summed(parts: Sequence[Estimate]) -> Estimate:
    count = min((len(p.repeats) for p in parts if p.repeats), default=0)
    each = [p.repeats[:count] if p.repeats else (p.log_evidence,) * count for p in parts]
    repeats = tuple(float(sum(column)) for column in zip(*each, strict=True))
    noise = float(np.sqrt(sum(p.spread**2 for p in parts)))
    flaws = list(dict.fromkeys(p.flaw for p in parts if p.flaw))
    shapes = [p.shape for p in parts if np.isfinite(p.shape)]
    return Estimate(
        next((p.method for p in parts if p.repeats), parts[0].method),
        float(sum(p.log_evidence for p in parts)), repeats, noise,
        sum(p.evaluations for p in parts), sum(p.failures for p in parts),
        min(p.effective for p in parts), max(shapes, default=float("nan")), "; ".join(flaws),
    )  # fmt: skip


def _over_paths(blocks: Sequence[Array]) -> Estimate:
    """As `from_weights`; the weights of a few paths have no tail to fit, so most draws must count instead."""
    found = from_weights(blocks)
    whole = np.concatenate(blocks)
    even = effective_size(whole) > 0.5 * len(whole)
    return Estimate(
        "closed form", found.log_evidence, found.repeats, found.spread, found.evaluations, 0, found.effective,
        0.0 if even else found.shape, "" if even else found.flaw,
    )  # fmt: skip


def row_probabilities(weights: Array, transitions: Array, start: Array) -> Array:
    """Log probability of each row's codes given all rows before, (draws, rows), by a forward filter.

    transitions  (draws, levels, levels)
    """
    ahead = np.tile(start, (len(transitions), 1))
    found = np.zeros((len(transitions), len(weights)))
    for row, seen in enumerate(weights):
        now = ahead * seen
        total = now.sum(axis=1)
        with np.errstate(divide="ignore"):
            found[:, row] = np.log(total)
        ahead = np.einsum("ni,nij->nj", now / np.where(total > 0, total, 1.0)[:, None], transitions)
    return found


def _smoothed(weights: Array, transition: Array, start: Array) -> tuple[Array, Array, float]:
    """Filtered laws (rows, levels), backward factors (rows, levels), and the log probability."""
    forward, total, ahead = [], 0.0, start
    for row, seen in enumerate(weights, start=1):
        now = ahead * seen
        if not now.sum() > 0:
            raise ValueError(f"row {row} is impossible under every chain")
        total += float(np.log(now.sum()))
        forward.append(now / now.sum())
        ahead = forward[-1] @ transition
    backward = [np.ones(len(start))]
    for seen in weights[:0:-1]:
        back = transition @ (seen * backward[0])
        backward.insert(0, back / back.sum())
    return np.array(forward), np.array(backward), total


def _expected_counts(weights: Array, transition: Array, start: Array, *, told_only: bool = False) -> Array:
    """Expected steps, all of them or those between rows that both say something."""
    told = weights.max(axis=1) > weights.min(axis=1)
    forward, backward, _ = _smoothed(weights, transition, start)
    counts = np.zeros_like(transition)
    for row in range(len(weights) - 1):
        if told_only and not (told[row] and told[row + 1]):
            continue
        pair = forward[row][:, None] * transition * (weights[row + 1] * backward[row + 1])[None, :]
        counts += pair / pair.sum()
    return counts


def _posterior_mean(weights: Array, alpha: Array, start: Array) -> Array:
    """A transition matrix near the posterior's middle, by twenty steps of expectation and averaging."""
    found = alpha / alpha.sum(axis=1, keepdims=True)
    for _ in range(20):
        counts = alpha + _expected_counts(weights, found, start)
        found = counts / counts.sum(axis=1, keepdims=True)
    return np.asarray(found)


def _path_weights(
    weights: Array, alpha: Array, start: Array, laws: Array, size: int, generator: np.random.Generator
) -> Array:
    """Log weights of paths drawn backward from smoothed laws: closed form over probability drawn with.

    laws  (laws, levels, levels) transition matrices, each used for an equal share of the paths
    """
    totals, counts = [], []
    for transition in laws:
        forward, _, total = _smoothed(weights, transition, start)
        totals.append(total)
        counts.append(_path_counts(forward, transition, max(1, size // len(laws)), generator))
    steps = np.concatenate(counts)
    open_to = alpha > 0
    safe = np.where(open_to, alpha, 1.0)
    closed = np.where(open_to, gammaln(safe + steps) - gammaln(safe), 0.0).sum(axis=2)
    mass = alpha.sum(axis=1)
    closed += gammaln(mass) - gammaln(mass + steps.sum(axis=2))
    # The codes and the start stand above and below alike, so a path's steps are all that is left.
    logs = np.log(np.where(open_to, np.maximum(laws, 1e-300), 1.0))
    under = np.einsum("nij,mij->nm", steps, logs) - np.array(totals)
    return np.asarray(closed.sum(axis=1) - logsumexp(under, axis=1) + np.log(len(laws)))


def _path_counts(forward: Array, transition: Array, size: int, generator: np.random.Generator) -> Array:
    """Steps of paths drawn backward under one transition matrix, (size, levels, levels)."""
    levels = len(transition)
    after = _pick(np.tile(forward[-1], (size, 1)), generator)
    counts = np.zeros((size, levels, levels))
    each = np.arange(size)
    for row in range(len(forward) - 2, -1, -1):
        here = _pick(forward[row][None, :] * transition[:, after].T, generator)
        counts[each, here, after] += 1.0
        after = here
    return counts


def _pick(law: Array, generator: np.random.Generator) -> Array:
    """One level a row, by weights (rows, levels)."""
    edges = np.cumsum(law, axis=1)
    return np.asarray((generator.uniform(size=(len(law), 1)) * edges[:, -1:] > edges).sum(axis=1))


def _near_posterior(
    weights: Array, alpha: Array, start: Array, laws: Array, size: int, generator: np.random.Generator
) -> tuple[Array, Array]:
    """Transition matrices (size, levels, levels) and the log density that they are drawn from, (size,).

    Given a path the posterior is Dirichlet; the proposal mixes those of some paths, and one in ten draws
    comes from one that has seen half as much, whose tails are heavier.
    """
    paths = [
        _path_counts(_smoothed(weights, law, start)[0], law, PATHS // len(laws), generator) for law in laws
    ]
    components = alpha + np.concatenate(paths)
    wide = alpha + 0.5 * (components.mean(axis=0) - alpha)
    components = np.concatenate([components, wide[None]])
    share = np.append(np.full(len(components) - 1, 0.9 / (len(components) - 1)), 0.1)
    which = generator.choice(len(components), size=size, p=share)
    drawn = _dirichlet(components[which], generator)
    return drawn, np.asarray(logsumexp(_log_dirichlet(drawn, components) + np.log(share), axis=1))


def _dirichlet(counts: Array, generator: np.random.Generator) -> Array:
    """One transition matrix for each table of counts (n, levels, levels); zeros stay zero."""
    drawn = generator.gamma(np.where(counts > 0, counts, 1.0))
    # A tiny count can underflow to zero, whose logarithm the density wants.
    drawn = np.where(counts > 0, np.maximum(drawn, 1e-300), 0.0)
    return np.asarray(drawn / drawn.sum(axis=2, keepdims=True))


def _log_dirichlet(drawn: Array, counts: Array) -> Array:
    """Log density of matrices (n, levels, levels) under tables of counts (m, levels, levels), (n, m)."""
    open_to = counts[0] > 0
    safe = np.where(open_to, counts, 1.0)
    constant = gammaln(counts.sum(axis=2)).sum(axis=1) - np.where(open_to, gammaln(safe), 0.0).sum(
        axis=(1, 2)
    )
    logs = np.log(np.where(open_to, np.maximum(drawn, 1e-300), 1.0))
    return np.asarray(constant + np.einsum("nij,mij->nm", logs, safe - 1.0))
