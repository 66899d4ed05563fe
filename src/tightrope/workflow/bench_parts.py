"""What comes of a set of levers: feared outcome, live questions, claims, policies, spread of draws.

Each function takes the bench and a set of levers and gives labelled data; a set that is not certified gives a
`NotCertified`. The numbers are those of `forecast.answer`, `argument.measure` and `steps.policy`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import jax.numpy as jnp
import numpy as np
import pandas as pd

from tightrope.argument.checks import judge
from tightrope.argument.periods import start_distribution
from tightrope.argument.quantities import measure
from tightrope.case.calendar import parse_period
from tightrope.fit.posterior import resample
from tightrope.forecast.answers import answer, floor
from tightrope.forecast.over_draws import Solved
from tightrope.forecast.tracks import laws_of, propagate
from tightrope.game.certificate import Certificate
from tightrope.game.equilibrium import Equilibrium, named_strategies, primitives_function, solve
from tightrope.report.sections import Fan
from tightrope.workflow import steps
from tightrope.workflow.bench import Bench, Solution
from tightrope.workflow.judgement import fan_of
from tightrope.workflow.past import policy_rows
from tightrope.workflow.pulls import Pull, start_changed

HORIZON = 40
"""Periods that are looked at where no live question says how far."""
DRAWS = 16
SAME = 1e-6
"""Two solutions are one where no choice probability differs by more."""


@dataclass(frozen=True, eq=False)
class Answered:
    """The feared outcome and the live questions at a set of levers.

    fan    the feared outcome by date; None where no event of the case is of that kind
    live   one row a live question: id, question, deadline, probability (printed), model, lower, upper,
           outside, outside_source
    draws  parameter vectors behind the numbers: one, or those of the spread
    """

    solution: Solution
    fan: Fan | None
    live: pd.DataFrame
    draws: int
    failed: int


def answered(bench: Bench, pull: Pull) -> Answered:
    """The feared outcome and the live questions at one parameter vector.

    Raises NotCertified, and LeverError where what is seen to stand at the start cannot.
    """
    solution = bench.solve(pull)
    found = solution.found.require()
    if bench.material.coded is None or not bench.material.live:
        return Answered(solution, _unrecorded_fan(bench, pull, found), _live_table([]), 1, 0)
    numbers = primitives_function(bench.material.game)(jnp.asarray(found.theta))
    solved = Solved(numbers, named_strategies(found), found.z, found.certificate.residual)
    return _answered(bench, solution, found.theta[None], found.z, solved=solved)


def spread(bench: Bench, pull: Pull, *, draws: int = DRAWS, seed: int = 0) -> Answered | None:
    """The same over posterior draws in which the pulled parameters are fixed; None without a fit as base.

    Draws without a certificate are counted and left out. Raises NotCertified where the
    levers alone have none.
    """
    if bench.fit is None or pull.base != "fit" or bench.material.coded is None or not bench.material.live:
        return None
    solution = bench.solve(pull)
    found = solution.found.require()
    moved = found.theta != bench.thetas[pull.base]
    thetas = resample(bench.fit, size=draws, seed=seed)
    thetas[:, moved] = found.theta[moved]
    return _answered(bench, solution, thetas, found.z)


def _answered(
    bench: Bench, solution: Solution, thetas: np.ndarray, warm: np.ndarray, *, solved: Solved | None = None
) -> Answered:
    material, pull = bench.material, solution.pull
    game = material.game
    names = {name: game.levels[name] for name in game.states}
    questions = [q for q in material.live if q.answerable]
    answers = answer(
        material.evidence,
        thetas,
        questions,
        warm=warm,
        solved=solved,
        change=(lambda live: start_changed(names, pull, live)) if pull.moves_states else None,
    )
    fan = next((f for q in questions if (f := fan_of(material, answers, q, bench.outside.get(q.id)))), None)
    rows = []
    for q in questions:
        if q.id not in answers.ids:
            continue
        given, source = bench.outside[q.id]
        printed = floor(answers.of(q.id), given, shares=answers.conditions.get(q.id))
        rows.append(
            {
                "id": q.id,
                "question": q.question,
                "deadline": q.scheduled_resolution_time.isoformat(),
                "probability": printed.probability,
                "model": printed.model,
                "lower": printed.lower,
                "upper": printed.upper,
                "outside": printed.outside,
                "outside_source": source,
            }
        )
    return Answered(solution, fan, _live_table(rows), len(answers.probabilities), answers.failed)


def _live_table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    columns = ["id", "question", "deadline", "probability", "model", "lower", "upper", "outside"]
    return pd.DataFrame(rows, columns=[*columns, "outside_source"])


def _unrecorded_fan(bench: Bench, pull: Pull, found: Equilibrium) -> Fan | None:
    """The first terminal by date from the case's own start: the model alone, nothing to mix it with."""
    game, case = bench.material.game, bench.material.case
    if not game.terminals:
        return None
    names = {name: game.levels[name] for name in game.states}
    live = start_changed(names, pull, start_distribution(game))
    laws = laws_of(primitives_function(game)(jnp.asarray(found.theta)), named_strategies(found))
    paths = propagate(game, laws, live, [], first=case.calendar.first, periods=HORIZON)
    first = parse_period(case.calendar.first)
    rows = []
    for k, p in enumerate(paths.ended[game.terminals[0]]):
        value = float(p)
        bands = {f"{side}{band}": value for side in ("lower", "upper") for band in (95, 80, 50)}
        rows.append({"date": (first + k).start, "probability": value, "model": value, "median": value,
                     "outside": value, **bands})  # fmt: skip
    return Fan(
        event=case.terminals[game.terminals[0]].label,
        paths=pd.DataFrame(rows),
        epsilon=0.0,
        mark="calibrated",
        certified=True,
        note="From the case's own start; without live questions there is no outside view to mix in.",
    )


@dataclass(frozen=True, eq=False)
class Judged:
    """Claims at a set of levers: id, text, check, status, margin, reason; one row a claim with a check."""

    solution: Solution
    claims: pd.DataFrame


def judged(bench: Bench, pull: Pull) -> Judged:
    """Every claim at a set of levers. States that are put or seen do not count: claims name their own.

    Averages are over the record's states as the base has them, as in the report's shares of draws.
    Raises NotCertified.
    """
    solution = bench.solve(pull)
    found = solution.found.require()
    case = bench.material.case
    measured = measure(found, over=bench.states.get(pull.base, {}), quantities=bench.quantities())
    rows = []
    for name, claim in case.claims.items():
        if claim.check is None:
            continue
        verdict = judge(claim.check, measured)
        rows.append(
            {
                "id": name,
                "text": claim.text,
                "check": claim.check.text,
                "status": verdict.status,
                "margin": verdict.margin,
                "reason": verdict.reason,
            }
        )
    columns = ["id", "text", "check", "status", "margin", "reason"]
    return Judged(solution, pd.DataFrame(rows, columns=columns))


def policy(bench: Bench, pull: Pull) -> pd.DataFrame | None:
    """The report's table `policy` at a set of levers; None without a record. Raises NotCertified."""
    if bench.material.coded is None:
        return None
    found = bench.solve(pull).found.require()
    return policy_rows(bench.material, steps.policy(found, bench.seen[pull.base], bench.material))


@dataclass(frozen=True)
class Confirmed:
    """Whether the principal branch leads to the same solution.

    gap  largest difference in any choice probability; nan where one of the two has no certificate
    """

    certificate: Certificate
    principal: Certificate
    gap: float

    @property
    def same(self) -> bool:
        """Whether the two are one."""
        return self.gap <= SAME


def confirmed(bench: Bench, pull: Pull) -> Confirmed:
    """Follow the principal branch to a set of levers; where it leads elsewhere, it counts from then on."""
    solution = bench.solve(pull)
    principal = solve(bench.material.game, solution.found.theta)
    gap = float("nan")
    if solution.found.certificate.good and principal.certificate.good:
        gap = max(
            float(np.max(np.abs(solution.found.strategies[m].values - principal.strategies[m].values)))
            for m in principal.strategies
        )
    kept = Confirmed(solution.found.certificate, principal.certificate, gap)
    if principal.certificate.good and principal.certificate.branch == "principal" and not kept.same:
        bench.keep(principal)
    return kept


def start_shares(bench: Bench, base: str) -> dict[str, dict[str, float]]:
    """How probable each level of each state is at the start, as a base has it: state -> level -> share."""
    material, found = bench.material, bench.anchors[base]
    game = material.game
    live = start_distribution(game)
    if material.coded is not None:
        from tightrope.forecast.origin import next_opening
        from tightrope.record.likelihood import filter_record

        filtered = filter_record(material.evidence, found.theta, found.z)
        numbers = primitives_function(game)(jnp.asarray(found.theta))
        live = next_opening(material.evidence, filtered, numbers, named_strategies(found))
    shares = {}
    for axis, name in enumerate(game.states):
        along = live.sum(axis=tuple(k for k in range(live.ndim) if k != axis))
        shares[name] = {level: float(p) for level, p in zip(game.levels[name], along, strict=True)}
    return shares


def start_day(bench: Bench) -> date:
    """The first day of the period from which forecasts start."""
    if bench.material.coded is None:
        return parse_period(bench.material.case.calendar.first).start
    return (parse_period(bench.material.coded.periods[-1]) + 1).start
