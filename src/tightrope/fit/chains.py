"""Chains of posterior draws and what says whether they have mixed (BlackJAX's diagnostics)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

MIXED, ENOUGH = 1.01, 400.0
LEAST = 4
USABLE = 1.1
"""Above this R̂ (Gelman & Rubin 1992) chains still say where they started."""


@dataclass(frozen=True, eq=False)
class Mixing:
    """Split rank-normalised R̂, bulk and tail effective sample size (Vehtari et al. 2021), by parameter."""

    rhat: np.ndarray
    bulk: np.ndarray
    tail: np.ndarray

    @property
    def good(self) -> bool:
        """Whether every R̂ is below 1.01 and every bulk size above 400."""
        return bool(np.max(self.rhat) < MIXED and np.min(self.bulk) > ENOUGH)

    @property
    def usable(self) -> bool:
        """Whether no R̂ exceeds 1.1: rough, but the chains agree on where the posterior lies."""
        return bool(np.max(self.rhat) < USABLE)

    def __str__(self) -> str:
        return (
            f"largest R-hat {np.max(self.rhat):.3f}, smallest effective sizes "
            f"{np.min(self.bulk):.0f} (bulk) and {np.min(self.tail):.0f} (tails)"
        )


@dataclass(frozen=True, eq=False)
class Chains:
    """Posterior draws in normal scores.

    scores          (chains, draws, parameters)
    log_likelihood  (chains, draws)
    evaluations     evaluations of the density in all, warm-up included
    """

    scores: np.ndarray
    log_likelihood: np.ndarray
    evaluations: int

    @property
    def flat(self) -> np.ndarray:
        """All draws, shape (chains · draws, parameters)."""
        return np.asarray(self.scores.reshape(-1, self.scores.shape[-1]))


_known: WeakKeyDictionary[Chains, Mixing] = WeakKeyDictionary()
"""What is known of each set of chains: found once, or kept with the draws. A changed copy is another set."""


def mixing(chains: Chains) -> Mixing:
    """Convergence of the chains. Raises ValueError below four draws a chain."""
    if chains in _known:
        return _known[chains]
    import jax
    from blackjax.diagnostics import ess_bulk, ess_tail, rhat

    if chains.scores.shape[1] < LEAST:
        raise ValueError("convergence needs at least four draws a chain")
    x = chains.scores
    # Each compiled as a whole: one by one, their many small operations take twice as long to compile.
    # With one parameter the library drops its axis.
    _known[chains] = Mixing(*(np.atleast_1d(jax.jit(measure)(x)) for measure in (rhat, ess_bulk, ess_tail)))
    return _known[chains]


def chains_data(chains: Chains) -> dict[str, Any]:
    """Chains as plain data, with what `mixing` says of them: that takes longer to compile than to keep."""
    found = mixing(chains) if chains.scores.shape[1] >= LEAST else None
    return {
        "scores": chains.scores.tolist(),
        "log_likelihood": chains.log_likelihood.tolist(),
        "evaluations": chains.evaluations,
        "mixing": None
        if found is None
        else {name: _plain(getattr(found, name)) for name in ("rhat", "bulk", "tail")},
    }


def chains_from(data: dict[str, Any]) -> Chains:
    """Inverse of `chains_data`."""
    chains = Chains(np.array(data["scores"]), np.array(data["log_likelihood"]), int(data["evaluations"]))
    if (told := data.get("mixing")) is not None:
        _known[chains] = Mixing(*(np.array(told[name], dtype=float) for name in ("rhat", "bulk", "tail")))
    return chains


def _plain(x: np.ndarray) -> list[float | None]:
    return [float(v) if np.isfinite(v) else None for v in x]
