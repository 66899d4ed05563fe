"""Looking into the engine: the plan of a sweep, other equilibria, comparative statics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np

from tightrope.argument.parts import Undefined
from tightrope.argument.slopes import quantity_slopes
from tightrope.case.errors import near_or_list
from tightrope.forecast.answers import answer
from tightrope.forecast.over_draws import Solved
from tightrope.game import Equilibrium, find_branches, solve, statics
from tightrope.game.costs import period_costs
from tightrope.game.equilibrium import named_strategies, primitives_function
from tightrope.outcome import BAD_INPUT, FAILED, FINE, Outcome
from tightrope.workflow import steps
from tightrope.workflow.material import Material, load_material
from tightrope.workflow.text import percent, table


def plan_case(case: Path) -> Outcome:
    """Each step of a period with the axes that a sweep carries there and what it costs. Solves nothing."""
    game = load_material(case).game
    steps = period_costs(game)
    whole = sum(step.cost for step in steps)
    rows = [
        {
            "step": step.name or "-",
            "kind": step.kind,
            "numbers": f"{step.size:,}",
            "cost": f"{step.cost:,}",
            "share": f"{100 * step.cost / whole:.1f} %",
            "axes": " ".join(step.axes),
        }
        for step in steps
    ]
    states = int(np.prod(game.shape))
    data = {
        "states": states,
        "cost": whole,
        "steps": [
            {"step": s.name, "kind": s.kind, "axes": list(s.axes), "numbers": s.size, "cost": s.cost}
            for s in steps
        ],
    }
    text = (
        f"{states:,} live states; a sweep takes {whole:,} multiplications and exponentials, "
        f"{whole / states:,.0f} a state. The period in the order in which a sweep takes it, from its start "
        "(`move/2`: two places for that move's actions, as the laws to come treat some of them alike):\n\n"
        + table(rows, ["step", "kind", "numbers", "cost", "share", "axes"])
    )
    return Outcome(FINE, data, text)


def branches_case(case: Path, *, starts: int, seed: int) -> Outcome:
    """Distinct equilibria at the case's own values, the selected one first, with what each forecasts."""
    material = load_material(case)
    game = material.game
    found = find_branches(game, starts=starts, seed=seed)
    if not found:
        text = "no equilibrium was certified from any start"
        return Outcome(FAILED, {"branches": [], "starts": starts}, text)
    data = [
        {
            "found_by": b.found_by,
            "times": b.times,
            "distance": b.distance,
            "certificate": b.equilibrium.certificate.as_dict(),
            "forecasts": _forecasts(material, b.equilibrium),
        }
        for b in found
    ]
    rows = [
        {
            "equilibrium": str(number),
            "found by": b.found_by,
            "ways": str(b.times),
            "distance": f"{b.distance:.3g}",
            "residual": f"{b.equilibrium.certificate.residual:.0e}",
        }
        for number, b in enumerate(found, start=1)
    ]
    alone = (
        "No start led elsewhere; that is evidence of one equilibrium, and no proof."
        if len(found) == 1
        else "Distance is the largest gap in any choice probability from the first, which forecasts use."
    )
    parts = [table(rows, ["equilibrium", "found by", "ways", "distance", "residual"]), alone]
    if data[0]["forecasts"]:
        parts += [
            _by_branch(data),
            "The game's own probabilities at the case's values: no doubt about parameters, no floor.",
        ]
    text = "\n\n".join(parts)
    return Outcome(FINE, {"branches": data, "starts": starts, "seed": seed}, text)


def _forecasts(material: Material, found: Equilibrium) -> dict[str, float]:
    """The live questions' probabilities from the end of the record if play is this equilibrium's."""
    if material.coded is None or not material.live:
        return {}
    numbers = primitives_function(material.game)(jnp.asarray(found.theta))
    solved = Solved(numbers, named_strategies(found), found.z, found.certificate.residual)
    questions = [question for question in material.live if question.answerable]
    answers = answer(material.evidence, found.theta[None], questions, solved=solved)
    return {name: float(answers.of(name)[0]) for name in answers.ids}


def _record_states(material: Material, found: Equilibrium) -> dict[str, np.ndarray]:
    """The record's filtered states under this equilibrium, by the names that quantities start from."""
    if material.coded is None:
        return {}
    periods = steps.periods_named(material)
    seen = steps.history(material.evidence, found.theta, found.z, periods=periods)
    return steps.distributions(material, seen)


def _by_branch(data: Sequence[Mapping[str, Any]]) -> str:
    """Each live question by equilibrium, as a table."""
    names = [str(number) for number in range(1, len(data) + 1)]
    rows = [
        {"question": asked}
        | {n: percent(one["forecasts"][asked]) for n, one in zip(names, data, strict=True)}
        for asked in data[0]["forecasts"]
    ]
    return table(rows, ["question", *names])


def statics_case(case: Path, quantity: str, *, most: int = 20) -> Outcome:
    """How a quantity moves with each parameter at the case's own values; the strongest first."""
    material = load_material(case)
    game = material.game
    found = solve(game)
    if not found.certificate.good:
        certificate = found.certificate.as_dict()
        return Outcome(FAILED, {"certificate": certificate}, f"no numbers: {found.certificate}")
    named = game.case.quantities.get(quantity) if quantity not in game.players else None
    try:
        if named is None:
            result = statics(found, quantity)
            value, derivative = float(result.attrs["value"]), result["derivative"].values
        else:
            slopes = quantity_slopes(found, named, over=_record_states(material, found))
            value, derivative = slopes.value, slopes.gradient
    except KeyError as error:
        text = str(error.args[0])
        if game.case.quantities:
            text += f"; or a quantity of the case ({near_or_list(quantity, game.case.quantities)})"
        return Outcome(BAD_INPUT, {"error": text}, text)
    except Undefined as error:
        text = f"{quantity} has no value at the case's own values: {error}"
        return Outcome(FAILED, {"error": text}, text)
    if not np.isfinite(derivative).all():
        text = f"no slopes of {quantity}: the adjoint system is not solved here, as at a fold of the branch"
        return Outcome(FAILED, {"error": text, "certificate": found.certificate.as_dict()}, text)
    names = list(game.parameters)
    elasticity = derivative * found.theta / value if value else np.full_like(derivative, np.nan)
    order = np.argsort(-np.abs(np.nan_to_num(elasticity)), kind="stable")
    entries = [
        {
            "parameter": names[k],
            "value": float(found.theta[k]),
            "derivative": float(derivative[k]),
            "elasticity": float(elasticity[k]),
        }
        for k in order
    ]
    rows = [
        {
            "parameter": str(e["parameter"]),
            "value": f"{e['value']:.4g}",
            "derivative": f"{e['derivative']:+.4g}",
            "elasticity": f"{e['elasticity']:+.3f}",
        }
        for e in entries[:most]
    ]
    where = "from the case's start" if named is None else f"({named.about.rstrip('.')})"
    text = f"{quantity} {where}: {value:.6g}. Elasticity: per cent for one per cent more.\n\n" + table(
        rows, ["parameter", "value", "derivative", "elasticity"]
    )
    if len(entries) > most:
        text += f"\n\nThe other {len(entries) - most} parameters are weaker; --json has them all."
    data = {"quantity": quantity, "value": value, "parameters": entries}
    return Outcome(FINE, {**data, "certificate": found.certificate.as_dict()}, text)
