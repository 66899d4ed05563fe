"""Check a case by numbers: laws, precisions and payoffs at draws from the priors and at every override."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from scipy.stats import qmc

from tightrope.case.errors import Problem, sorted_problems
from tightrope.case.load import CaseFolder
from tightrope.case.schema import PRIOR_CLASSES, Case, PriorClass
from tightrope.fit.priors import distribution, full_theta, prior_set
from tightrope.game.checks import NumberFault, check_numbers
from tightrope.game.compile import compile_game

DRAWS = 1000
"""Draws of each prior class, as docs/case-language.md promises."""
MAX_NAMED = 5
"""Places that one message names."""

_HINTS = {
    "a probability": "`logit` and `hazard` are legal at any value",
    "a rate": "exp(…) or max(…, 0) keeps it legal",
    "a weight": "exp(…) or max(…, 0) keeps it legal",
    "a precision": "exp(…), or a prior that is never below zero, keeps it legal",
}


def check_draws(folder: CaseFolder, *, draws: int = DRAWS, seed: int = 0) -> list[Problem]:
    """Every law, precision, discount or payoff that is illegal somewhere, in the order of the lines.

    Looks at `draws` draws of each prior class, at the reference values and at each ablation,
    variant and hypothesis. The case must be sound otherwise (`case.checks.check_case`). Nothing is solved.
    """
    game = compile_game(folder.case)
    classes = {f"{name} priors": spread(folder.case, name, size=draws, seed=seed) for name in PRIOR_CLASSES}
    settings = _settings(folder.case)
    groups = classes | settings
    checks = check_numbers(game, np.concatenate(list(groups.values())))
    if not checks.faults:
        return []
    ends = np.cumsum([len(thetas) for thetas in groups.values()])
    found = {
        name: {_key(fault): fault for fault in checks.among(slice(end - len(thetas), end))}
        for (name, thetas), end in zip(groups.items(), ends.tolist(), strict=True)
    }
    problems = []
    for fault in checks.faults:
        hits = {name: at[_key(fault)] for name, at in found.items() if _key(fault) in at}
        where = [
            f"{hit.draws:,} of {draws:,} draws of the {name}" if name in classes else name
            for name, hit in hits.items()
        ]
        problems.append(_problem(folder, fault, where))
    return sorted_problems(problems)


def spread(case: Case, prior_class: PriorClass, *, size: int, seed: int) -> np.ndarray:
    """Whole parameter vectors spread over a prior, shape (size, parameters).

    A Latin hypercube (McKay, Beckman and Conover 1979): each free parameter takes each of `size`
    equally likely stretches of its prior once, so that tails are looked at whatever the seed.
    """
    priors = prior_set(case, prior_class)
    if not len(priors):
        return np.tile(full_theta(case, priors, {}), (size, 1))
    shares = qmc.LatinHypercube(len(priors), rng=np.random.default_rng(seed)).random(size)
    columns = [distribution(prior).ppf(shares[:, k]) for k, prior in enumerate(priors.priors)]
    return np.array([full_theta(case, priors, row) for row in np.stack(columns, axis=1)])


def _settings(case: Case) -> dict[str, np.ndarray]:
    """The reference and every override of it, each a single row."""
    priors = prior_set(case, PRIOR_CLASSES[0])
    chosen: dict[str, Mapping[str, float]] = {"the case's own values": {}}
    for kind, overrides in (
        ("ablation", case.ablations),
        ("variant", case.variants),
        ("hypothesis", case.hypotheses),
    ):
        chosen |= {f"{kind} {name}": override.set for name, override in overrides.items()}
    return {name: full_theta(case, priors, values)[None] for name, values in chosen.items()}


def _key(fault: NumberFault) -> tuple[object, ...]:
    return fault.where, fault.what


def _problem(folder: CaseFolder, fault: NumberFault, where: Sequence[str]) -> Problem:
    worst = f"{fault.worst:.4g}" if math.isfinite(fault.worst) else "no number"
    more = f" and {len(where) - MAX_NAMED} more settings" if len(where) > MAX_NAMED else ""
    message = f"{fault.name}: {fault.what} (at worst {worst}) at {', '.join(where[:MAX_NAMED])}{more}"
    hint = next((text for words, text in _HINTS.items() if fault.what.startswith(words)), "")
    return folder.marks.problem(fault.where, message, hint)
