"""Fit a record: modes from several starts, curvature, posterior draws, and what each parameter learned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Literal

import numpy as np

from tightrope.case.schema import Case, PriorClass
from tightrope.fit.chains import USABLE, Chains, mixing
from tightrope.fit.laplace import Draws, Laplace, as_plain, curvature, gather, importance, laplace_from
from tightrope.fit.mode import Mode, climb
from tightrope.fit.pieces import Each, Keep, in_turn
from tightrope.fit.priors import PriorSet, full_theta, prior_set, scores, values
from tightrope.fit.slices import Sampling, gather_chains, sample
from tightrope.fit.target import Target
from tightrope.record.filter import Evidence

Provenance = Literal["assumed", "calibrated", "estimated"]
Source = Literal["chains", "weighted draws", "Laplace approximation"]
INFORMED = 0.8
"""A parameter counts as estimated when its posterior sd is below this share of the prior's."""

BLOCK = 50
Progress = Callable[[str, int, int], None]


def compute_now(name: str, compute: Callable[[], Any]) -> Any:
    """The default way to keep a piece of work: not at all."""
    return compute()


@dataclass(frozen=True)
class Effort:
    """How hard to try.

    starts, steps  climbs, of about so many evaluations each
    draws          weighted draws
    central        curvature from differences on both sides (twice the work of one side)
    sampling       chains by elliptical slice sampling besides; None for the Laplace route alone
    """

    starts: int
    steps: int
    draws: int
    central: bool = True
    sampling: Sampling | None = None


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted record.

    priors          the free parameters and their priors
    positions       where each stands in a whole parameter vector
    modes           one per start, best first
    theta           (parameters of the case,) the best mode as a whole parameter vector
    log_likelihood  at the best mode
    laplace, draws  the approximation around it, in normal scores
    chains          draws by elliptical slice sampling, if it was run
    others          what became of parameters that are free and not among the priors: `held` or `drawn`
    failures        evaluations anywhere in the fit that ended without a certificate
    calls           evaluations in all
    """

    priors: PriorSet
    positions: tuple[int, ...]
    modes: tuple[Mode, ...]
    theta: np.ndarray
    log_likelihood: float
    laplace: Laplace
    draws: Draws
    failures: int
    calls: int
    chains: Chains | None = None
    others: str = "held"

    @property
    def source(self) -> Source:
        """What posterior draws and intervals come from: chains, else weights that can be trusted."""
        if self.chains is not None:
            return "chains"
        return "weighted draws" if trusted(self.draws) else "Laplace approximation"

    def sample(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Posterior draws (draws, parameters) and their weights; None where there is only a normal."""
        if self.chains is not None:
            flat = self.chains.flat
            return flat, np.full(len(flat), 1.0 / len(flat))
        return (self.draws.scores, self.draws.weights) if trusted(self.draws) else None

    @property
    def spread(self) -> np.ndarray:
        """Posterior sd over prior sd of each parameter, in normal scores."""
        found = self.sample()
        if found is None:
            return np.asarray(np.sqrt(np.diag(self.laplace.covariance)))
        drawn, weights = found
        w = weights[:, None]
        mean = (w * drawn).sum(axis=0)
        return np.asarray(np.sqrt((w * (drawn - mean) ** 2).sum(axis=0)))


def trusted(draws: Draws) -> bool:
    """Whether the importance weights may be used: Pareto shape at most 0.7 and 20 effective draws."""
    return bool(draws.shape <= 0.7 and draws.effective >= 20)


def fit_record(
    evidence: Evidence,
    *,
    prior_class: PriorClass,
    effort: Effort,
    seed: int,
    keep: Keep = compute_now,
    on_progress: Progress | None = None,
    begin: Sequence[tuple[str, np.ndarray]] = (),
    each: Each = in_turn,
) -> Fit:
    """Fit one record under one prior class.

    The first climb starts at the reference values, the second at the prior medians,
    the others at prior draws.

    begin  names and normal scores of other starts to use instead
    keep   called as keep(name, compute) for each piece of the work (a climb, the
           curvature, a block of draws); a run folder stores pieces and gives them back
    each   how to go through climbs, directions of the curvature, draws and chains; each alone gives the same
           numbers, so they may go side by side
    """
    case = evidence.game.case
    priors = prior_set(case, prior_class)
    target = Target(evidence, priors)
    reference = scores(priors, [case.parameters[name].value for name in priors.names])
    generator = np.random.default_rng(seed)
    starts: list[tuple[str, np.ndarray]] = list(begin) or [
        ("reference", np.clip(reference, -2.5, 2.5)),
        ("prior medians", np.zeros(len(priors))),
    ]
    starts += [
        (f"prior draw {k + 1}", np.clip(generator.normal(size=len(priors)), -2.0, 2.0))
        for k in range(max(0, effort.starts - len(starts)))
    ]

    def climbed(number: int) -> Mode:
        name, point = starts[number]
        return _mode(keep(f"climb-{number}", partial(_climb, target, name, point, effort, on_progress)))

    modes = each(climbed, range(min(effort.starts, len(starts))))
    modes.sort(key=lambda mode: -np.nan_to_num(mode.log_posterior, nan=-np.inf))
    best = modes[0]
    if not np.isfinite(best.log_posterior):
        raise RuntimeError(
            "no start of the fit reached a certified equilibrium in which the record is possible"
        )
    # The mode's own branch is followed around it: quicker, and a step never lands on another.
    local = target.near(best.scores)
    value, _ = local.value(best.scores)
    around = laplace_from(
        keep(
            "curvature",
            lambda: as_plain(
                curvature(
                    local,
                    best.scores,
                    central=effort.central,
                    on_step=_counter(on_progress, "curvature"),
                    each=each,
                )
            ),
        )
    )
    blocks = []
    for number, size in enumerate(_blocks(effort.draws)):
        block = partial(
            importance,
            local,
            around,
            size=size,
            seed=seed + number,
            first_at_mode=number == 0,
            on_step=_counter(on_progress, f"posterior draws, block {number + 1}"),
            each=each,
        )
        blocks.append(keep(f"draws-{number}", block))
    draws = gather(around, blocks)
    chains, sampling, z = None, effort.sampling, local.z
    if sampling is not None and z is not None:

        def chain(number: int) -> dict[str, Any]:
            return sample(
                evidence, priors, around=around, z=z, sampling=sampling, seed=seed, keep=keep,
                chain=number, on_step=_counter(on_progress, f"chain {number + 1}"),
            )  # fmt: skip

        chains = gather_chains(each(chain, range(sampling.chains)))
    theta = full_theta(case, priors, values(priors, best.scores))
    positions = tuple(evidence.game.parameters.index(name) for name in priors.names)
    failures = sum(m.failures for m in modes) + around.failures + draws.failures
    calls = sum(m.calls for m in modes) + 2 * len(priors) + len(draws.log_weights)
    return Fit(priors, positions, tuple(modes), theta, value, around, draws, failures, calls, chains)


def _climb(
    target: Target, name: str, point: np.ndarray, effort: Effort, progress: Progress | None
) -> dict[str, Any]:
    steps = _stepper(progress, f"climbing from {name}", effort)
    found = climb(target, point, name=name, steps=effort.steps, on_step=steps)
    return asdict(found) | {"scores": found.scores.tolist()}


def _mode(data: dict[str, Any]) -> Mode:
    return Mode(**(data | {"scores": np.array(data["scores"])}))


def _blocks(draws: int) -> list[int]:
    """Draws in blocks of at most BLOCK, so that an interrupted run loses little."""
    return [min(BLOCK, draws - done) for done in range(0, draws, BLOCK)]


def _stepper(progress: Progress | None, label: str, effort: Effort) -> Callable[[int, float], None] | None:
    if progress is None:
        return None
    return lambda count, value: progress(f"{label} ({value:.1f})", count, effort.steps)


def _counter(progress: Progress | None, label: str) -> Callable[[int, int], None] | None:
    if progress is None:
        return None
    return lambda done, of: progress(label, done, of)


def resample(fit: Fit, *, size: int, seed: int) -> np.ndarray:
    """Equally weighted posterior draws as whole parameter vectors, shape (size, parameters of the case).

    Systematic resampling of chains or of weighted draws where there are some to be
    trusted; else fresh draws from the Laplace approximation.
    """
    generator = np.random.default_rng(seed)
    found = fit.sample()
    if found is not None:
        drawn, weights = found
        edges = np.cumsum(weights)
        picks = np.searchsorted(edges, (np.arange(size) + generator.uniform()) / size)
        chosen = drawn[np.minimum(picks, len(edges) - 1)]
    else:
        chosen = generator.multivariate_normal(fit.laplace.mean, fit.laplace.covariance, size=size)
    result = np.tile(fit.theta, (size, 1))
    result[:, list(fit.positions)] = np.stack([values(fit.priors, row) for row in chosen])
    return result


def parameter_table(case: Case, fit: Fit) -> list[dict[str, Any]]:
    """What each parameter was, and what the record made of it.

    One row a parameter: name, reference value, prior, mode, lower and upper 90 % in
    its own units, spread (posterior sd / prior sd), provenance, and a note.
    """
    spread = dict(zip(fit.priors.names, fit.spread, strict=True))
    apart = _apart(fit)
    lower, upper = _quantiles(fit, 0.05), _quantiles(fit, 0.95)
    mode = dict(zip(fit.priors.names, values(fit.priors, fit.modes[0].scores), strict=True))
    rows = []
    for name, parameter in case.parameters.items():
        if name not in spread:
            held = "fixed" if parameter.fixed else fit.others
            value = float(fit.theta[list(case.parameters).index(name)])
            rows.append(
                {"name": name, "reference": parameter.value, "prior": held, "mode": value,
                 "lower": None, "upper": None, "spread": None, "provenance": parameter.source,
                 "note": "drawn from its prior: the record has no say in it here" if held == "drawn"
                 else held if parameter.fixed else "held here: all else is given this value",
                 "why": parameter.why}
            )  # fmt: skip
            continue
        k = fit.priors.names.index(name)
        informed = spread[name] < INFORMED and name not in apart
        rows.append(
            {"name": name, "reference": parameter.value, "prior": str(fit.priors.priors[k]),
             "mode": float(mode[name]), "lower": float(lower[k]), "upper": float(upper[k]),
             "spread": float(spread[name]), "provenance": "estimated" if informed else parameter.source,
             "note": f"chains disagree (R-hat {apart[name]:.1f})" if name in apart
             else "" if informed else "the record says nothing about this" if spread[name] > 0.95
             else "the record says little about this", "why": parameter.why}
        )  # fmt: skip
    return rows


def _apart(fit: Fit) -> dict[str, float]:
    """Parameters on whose place the chains do not agree, with their R̂."""
    if fit.chains is None:
        return {}
    rhat = mixing(fit.chains).rhat
    return {n: float(r) for n, r in zip(fit.priors.names, rhat, strict=True) if not r < USABLE}


def _quantiles(fit: Fit, level: float) -> np.ndarray:
    found = fit.sample()
    if found is not None:
        drawn, weights = found
        picked = []
        for column in drawn.T:
            order = np.argsort(column)
            edges = np.cumsum(weights[order])
            picked.append(column[order][min(int(np.searchsorted(edges, level)), len(column) - 1)])
        point = np.array(picked)
    else:
        from scipy.stats import norm

        point = fit.laplace.mean + norm.ppf(level) * np.sqrt(np.diag(fit.laplace.covariance))
    return values(fit.priors, point)
