"""`tightrope distinguish`: two readings side by side, and the future observations that tell them apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from tightrope.argument.checks import judge
from tightrope.argument.distinguish import (
    Observation,
    Side,
    answers,
    candidates,
    observations,
    stand,
)
from tightrope.argument.futures import Gain, gains
from tightrope.argument.quantities import measure
from tightrope.case.calendar import parse_period
from tightrope.fit.readings import free_parameters
from tightrope.fit.target import Target
from tightrope.game.equilibrium import Equilibrium, solve
from tightrope.workflow import steps
from tightrope.workflow.compare import BadComparison, NotWeighed
from tightrope.workflow.material import Material, NoRecord
from tightrope.workflow.readings import LONG, SHORT, Asked, reading_of, weighed
from tightrope.workflow.session import Session
from tightrope.workflow.text import known_names, plain

PLACES = ("reference", "mode")


@dataclass(frozen=True)
class Wanted:
    """Which two readings, and how far to look.

    readings  two names of the case's hypotheses
    at        `reference`: the case's own values with what the reading fixes; `mode`: the best mode that
              `compare` found for the reading in this run
    periods   how many periods ahead
    futures   simulated records under each reading; 0 for none
    top       how many observations to print
    """

    readings: tuple[str, str]
    at: str = "reference"
    periods: int = 8
    futures: int = 200
    top: int = 12

    def __post_init__(self) -> None:
        if self.at not in PLACES:
            raise BadComparison(f"--at {self.at}: it may be {' or '.join(PLACES)}")
        if self.readings[0] == self.readings[1]:
            raise BadComparison(f"{self.readings[0]} and itself cannot be told apart; name two readings")


def distinguish_data(session: Session, wanted: Wanted) -> dict[str, Any]:
    """Claims under both readings, observations by what they teach, and what the whole record would."""
    material = session.material
    if material.coded is None:
        raise NoRecord(f"the case {material.case.case} has no record, so neither reading stands anywhere")
    known_names("hypothesis", wanted.readings, material.case.hypotheses)
    thetas = [_theta(session, name, wanted.at) for name in wanted.readings]
    found = [solve(material.game, theta) for theta in thetas]
    for name, one in zip(wanted.readings, found, strict=True):
        if not one.certificate.good:
            raise NotWeighed(f"the reading {name} has no certified equilibrium there: {one.certificate}")
    sides = [stand(material.evidence, n, f) for n, f in zip(wanted.readings, found, strict=True)]
    first = str(parse_period(material.evidence.periods[-1]) + 1)
    inputs = {"thetas": [t.tolist() for t in thetas], "periods": wanted.periods}
    seen = session.run.chunk(
        "distinguish-observations",
        lambda: [asdict(o) for o in _looked(session, sides, first, wanted.periods)],
        inputs=inputs,
    )
    told = sorted((Observation(**o) for o in seen), key=lambda o: -o.information)
    return {
        "case": material.case.case,
        "readings": [
            {
                "name": name,
                "about": material.case.hypotheses[name].about,
                "fixed": dict(material.case.hypotheses[name].set),
                "certificate": one.certificate.as_dict(),
            }
            for name, one in zip(wanted.readings, found, strict=True)
        ],
        "at": wanted.at,
        "mark": "calibrated" if wanted.at == "reference" else "estimated",
        "first": first,
        "periods": wanted.periods,
        "claims": _claims(session, found),
        "observations": [_row(o) for o in told],
        "top": wanted.top,
        "futures": [_gain(g) for g in _futures(session, sides, wanted, inputs)],
        "seed": session.seed,
        "warnings": list(session.warnings),
    }


def _theta(session: Session, name: str, at: str) -> np.ndarray:
    """A reading's parameter vector."""
    material = session.material
    if at == "reference":
        return material.game.theta(dict(material.case.hypotheses[name].set))
    asked = Asked(name)
    effort = SHORT if session.amount.past < 100 else LONG
    data = weighed(session, [asked], effort=effort, compute=False).get(asked)
    if data is None or "error" in data:
        quick = " --quick" if effort is SHORT else ""
        raise NotWeighed(
            f"the reading {name} has not been weighed in this run; first: "
            f"tightrope compare {material.folder} {name}{quick}"
        )
    reading = reading_of(material, asked)
    target = Target(material.evidence, free_parameters(material.case, reading), fixed=dict(reading.fixed))
    return target.theta(np.array(data["modes"][0]["scores"]))


def _looked(session: Session, sides: Sequence[Side], first: str, periods: int) -> list[Observation]:
    session.progress("what could be seen", 0, None)
    game = session.material.game
    events = list(candidates(game, first=first, periods=periods))
    return [
        *observations(sides, events, first=first),
        *answers(sides, first=first, periods=periods),
    ]


def _row(o: Observation) -> dict[str, Any]:
    return asdict(o) | {"if_seen": o.if_seen, "if_not": o.if_not, "information": o.information}


def _futures(
    session: Session, sides: Sequence[Side], wanted: Wanted, inputs: Mapping[str, Any]
) -> list[Gain]:
    material = session.material
    if not wanted.futures:
        return []
    assert material.coded is not None
    coded = material.coded
    both = 2 * wanted.futures

    def compute() -> list[dict[str, Any]]:
        found = gains(
            material.evidence,
            coded,
            sides,
            periods=wanted.periods,
            futures=wanted.futures,
            seed=session.seed,
            on_done=lambda done: session.progress("simulated futures", done, both),
        )
        return [_gain(g) for g in found]

    data = session.run.chunk(
        "distinguish-futures", compute, inputs={**inputs, "futures": wanted.futures, "seed": session.seed}
    )
    return [gain_from(g) for g in data]


def gain_from(data: Mapping[str, Any]) -> Gain:
    """Inverse of plain data: a mean that is no number is infinite."""
    numbers: dict[str, Any] = {n: float("nan") if value is None else value for n, value in data.items()}
    if data["mean"] is None:
        numbers["mean"] = float("inf")
    return Gain(**numbers)


def _gain(gain: Gain) -> dict[str, Any]:
    return {name: plain(value) for name, value in asdict(gain).items()}


def _claims(session: Session, found: Sequence[Equilibrium]) -> list[dict[str, Any]]:
    """Each claim with a check under both readings, over the record's states as the reference sees them."""
    material = session.material
    checked = {name: claim for name, claim in material.case.claims.items() if claim.check is not None}
    if not checked:
        return []
    over = _states(session, material)
    measured = [measure(one, over=over) for one in found]
    rows = []
    for name, claim in checked.items():
        assert claim.check is not None
        verdicts = [judge(claim.check, m) for m in measured]
        rows.append(
            {
                "claim": name,
                "text": claim.text,
                "first": verdicts[0].status,
                "other": verdicts[1].status,
                "margins": [plain(v.margin) for v in verdicts],
            }
        )
    return rows


def _states(session: Session, material: Material) -> dict[str, np.ndarray]:
    return steps.distributions(material, session.history_at_reference)
