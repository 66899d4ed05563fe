"""Weigh a density in many parameters: a surrogate gives the proposal its shape and makes the chains.

Around a mode in seventy dimensions a Laplace approximation is a poor proposal, worst where the mode is an
edge, and chains by slices hardly move. A surrogate is learned along the posterior instead (`roaming`).
Importance sampling begins from the normal part of it, in stages where one is not enough, bridge sampling from
draws of exact chains whose proposals it makes; both estimates are otherwise those of `weighing`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from tightrope.fit.broad import normal_part
from tightrope.fit.laplace import Laplace
from tightrope.fit.nuts import Trajectories
from tightrope.fit.pieces import Keep
from tightrope.fit.smc import Tempering
from tightrope.fit.staged import staged
from tightrope.fit.surrogate_chains import surrogate_chain, teach
from tightrope.fit.target import Target
from tightrope.fit.weighing import Progress, Weighed, Weighing, weigh

CHEAPER = 4
"""A draw of such a chain costs one solve; one by slices about so many. As many more are made."""


def weigh_broadly(
    target: Target,
    mode: np.ndarray,
    *,
    draws: Sequence[Mapping[str, float]],
    weighing: Weighing,
    stages: Tempering,
    seed: int,
    keep: Keep,
    on_progress: Progress | None = None,
) -> Weighed:
    """Both estimates of the evidence, as `weigh` gives them.

    target  the exact density near one fixed point
    mode    (parameters,) its normal scores
    draws   normal scores by parameter of an approximate posterior, where the surrogate's flock begins; none:
            at the mode. Parameters that they lack stand at the mode.
    stages  how importance sampling goes on where the weights of draws from one proposal are not to be trusted

    Raises RuntimeError where hardly a point around the mode is certified.
    """
    about = on_progress or (lambda label, done, of: None)
    names = target.priors.names
    around = Laplace(mode, np.eye(len(mode)), 1.0)
    starts = np.array([[row.get(n, m) for n, m in zip(names, mode, strict=True)] for row in draws])
    taught = teach(
        target, around, sampled=names, seed=seed, keep=keep, starts=starts if len(starts) else None,
        on_step=partial(about, "learning a surrogate"),
    )  # fmt: skip
    wanted = Trajectories(
        names, others="held", chains=weighing.chains, warmup=CHEAPER * weighing.warmup,
        draws=CHEAPER * weighing.kept, surrogate=True,
    )  # fmt: skip
    chains = []
    for chain in range(wanted.chains):
        made = surrogate_chain(
            target, around, taught=taught, wanted=wanted, seed=seed, chain=chain, keep=keep, rows=True,
            on_step=partial(about, f"chain {chain + 1}"),
        )  # fmt: skip
        chains.append(
            {name: made[name] for name in ("scores", "log_likelihood", "evaluations")}
            | {"rows": np.mean(made["rows"], axis=0), "failures": len(made["failed"])}
        )
    normal = normal_part(taught.surrogate)
    weighed = weigh(
        target, [normal], [0.0], weighing=weighing, seed=seed, keep=keep, chains=chains,
        on_progress=on_progress,
    )  # fmt: skip
    if not weighed.importance.flaw:
        return weighed
    found = staged(target, normal, tempering=stages, seed=seed, keep=keep, on_progress=on_progress)
    return replace(weighed, importance=found)
