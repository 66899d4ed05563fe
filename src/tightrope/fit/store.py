"""A fit as plain data and back, for run folders and for fits shipped with a case."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from tightrope.case.prior import FAMILIES, Prior, to_prior
from tightrope.fit.chains import chains_data, chains_from
from tightrope.fit.laplace import Draws, as_plain, laplace_from
from tightrope.fit.mode import Mode
from tightrope.fit.posterior import Fit
from tightrope.fit.priors import PriorSet


def fit_data(fit: Fit) -> dict[str, Any]:
    """Plain data: lists, numbers and text only."""
    return {
        "prior_class": fit.priors.prior_class,
        "names": list(fit.priors.names),
        "priors": [_exact(p) for p in fit.priors.priors],
        "positions": list(fit.positions),
        "modes": [asdict(m) | {"scores": m.scores.tolist()} for m in fit.modes],
        "theta": fit.theta.tolist(),
        "log_likelihood": fit.log_likelihood,
        "laplace": as_plain(fit.laplace),
        "draws": {
            "scores": fit.draws.scores.tolist(),
            "log_weights": _finite(fit.draws.log_weights),
            "log_likelihood": _finite(fit.draws.log_likelihood),
            "rows": [_finite(row) for row in fit.draws.rows],
            "effective": fit.draws.effective,
            "shape": fit.draws.shape,
            "failures": fit.draws.failures,
        },
        "failures": fit.failures,
        "calls": fit.calls,
        "chains": None if fit.chains is None else chains_data(fit.chains),
    }


def fit_from(data: dict[str, Any]) -> Fit:
    """Inverse of `fit_data`."""
    draws = data["draws"]
    return Fit(
        priors=PriorSet(
            data["prior_class"], tuple(data["names"]), tuple(to_prior(text) for text in data["priors"])
        ),
        positions=tuple(data["positions"]),
        modes=tuple(Mode(**(m | {"scores": np.array(m["scores"])})) for m in data["modes"]),
        theta=np.array(data["theta"]),
        log_likelihood=data["log_likelihood"],
        laplace=laplace_from(data["laplace"]),
        draws=Draws(
            scores=np.array(draws["scores"]),
            log_weights=_floats(draws["log_weights"], -np.inf),
            log_likelihood=_floats(draws["log_likelihood"], -np.inf),
            rows=np.array([_floats(row, np.nan) for row in draws["rows"]]),
            effective=draws["effective"],
            shape=draws["shape"],
            failures=draws["failures"],
        ),
        failures=data["failures"],
        calls=data["calls"],
        chains=None if data.get("chains") is None else chains_from(data["chains"]),
    )


def _exact(prior: Prior) -> str:
    """A prior as a case file would write it, with every digit of its arguments."""
    pairs = zip(FAMILIES[prior.family], prior.arguments, strict=True)
    return f"{prior.family}({', '.join(f'{name}={value!r}' for name, value in pairs)})"


def _finite(x: np.ndarray) -> list[float | None]:
    """Numbers for JSON, with None where one is not finite."""
    return [float(v) if np.isfinite(v) else None for v in x]


def _floats(x: list[float | None], empty: float) -> np.ndarray:
    return np.array([empty if v is None else v for v in x], dtype=float)
