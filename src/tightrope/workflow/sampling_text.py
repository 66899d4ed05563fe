"""How chains of posterior draws went, as plain data and for a reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tightrope.fit.chains import mixing
from tightrope.fit.posterior import Fit
from tightrope.fit.trajectories import Report


def report_data(fit: Fit, told: Report) -> dict[str, Any]:
    """How the chains went, as plain data."""
    assert fit.chains is not None
    found = mixing(fit.chains)
    by_name = dict(zip(fit.priors.names, range(len(fit.priors)), strict=True))
    inside = [by_name[name] for name in told.sampled]
    chains, draws, _ = fit.chains.scores.shape
    # Chains given one draw of the others must meet; those given another need not meet them.
    sets = told.sets or (found,)
    return {
        "sampled": list(told.sampled),
        "others": told.others,
        "outer": len(sets),
        "chains": chains,
        "draws": draws // len(sets),
        "largest_rhat": float(np.max([one.rhat for one in sets])),
        "least_bulk": float(np.min([one.bulk for one in sets])),
        "least_tail": float(np.min([one.tail for one in sets])),
        "sampled_rhat": float(np.max([one.rhat[inside] for one in sets])),
        "sampled_bulk": float(np.min([one.bulk[inside] for one in sets])),
        "mixed": all(one.good for one in sets),
        "usable": all(one.usable for one in sets),
        "between": None
        if told.between is None
        else dict(zip(told.sampled, told.between.tolist(), strict=True)),
        "divergent": told.divergent,
        "deepest": told.deepest,
        "failed_solves": len(told.failed),
        "failed_where": [str(x) for x in told.where],
        "gradients": told.gradients,
        "evaluations": told.evaluations,
        "step_sizes": list(told.step_sizes),
        "taught": [{"seen": t.seen, "failed": t.failed, "errors": list(t.errors)} for t in told.taught],
        "accepted": told.accepted,
    }


def report_text(told: dict[str, Any]) -> list[str]:
    """The same for a reader."""
    others = {
        "sampled": "the others sampled by slices",
        "drawn": f"the others drawn from their priors, {told['outer']} times",
        "held": "the others held at the mode",
        "none": "there are no others",
    }[told["others"]]
    names = ", ".join(told["sampled"])
    verdict = "mixed" if told["mixed"] else "not mixed, 1.01 and 400 are asked for"
    where = ": " + "; ".join(told["failed_where"]) if told["failed_where"] else ""
    return [
        f"{told['chains']} chains of {told['draws']} draws along gradients in {len(told['sampled'])} "
        f"parameters ({names}); {others}",
        f"largest R-hat {told['largest_rhat']:.3f}, smallest effective sizes {told['least_bulk']:.0f} (bulk) "
        f"and {told['least_tail']:.0f} (tails); of those along gradients {told['sampled_rhat']:.3f} and "
        f"{told['sampled_bulk']:.0f} (bulk): {verdict}",
        f"{told['divergent']} divergent draws, {told['deepest']} trajectories cut at their greatest length, "
        f"{told['failed_solves']} solves without a certificate{where}",
        f"{told['gradients']} gradients in {told['evaluations']} evaluations; acceptance "
        f"{told['accepted']:.2f}, step sizes {', '.join(f'{x:.2g}' for x in told['step_sizes'])}",
        *_taught(told["taught"]),
        *_between(told["between"]),
    ]


def _taught(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """What surrogates cost, and how far they were off."""
    return [
        f"proposals by a surrogate of {row['seen']} exact values and gradients ({row['failed']} points "
        f"without a certificate), off by {row['errors'][-1]:.2f} nats where it was last tried"
        for row in rows
    ]


def _between(shares: Mapping[str, float] | None) -> list[str]:
    """How much of each variance is due to what the others were drawn to be."""
    if shares is None:
        return []
    rows = (f"{name} {100 * share:.0f} %" for name, share in sorted(shares.items(), key=lambda x: -x[1]))
    return ["of each variance, between draws of the other parameters: " + ", ".join(rows)]
