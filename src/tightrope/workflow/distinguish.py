"""`tightrope distinguish`: two readings side by side, and the future observations that tell them apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tightrope.argument.checks import judge
from tightrope.argument.distinguish import (
    Observation,
    Side,
    answers,
    candidates,
    first_period,
    observations,
    stand,
)
from tightrope.argument.futures import Gain, gains
from tightrope.argument.quantities import measure
from tightrope.fit.readings import free_parameters
from tightrope.fit.target import Target
from tightrope.game.equilibrium import solve
from tightrope.runs import digest
from tightrope.workflow import steps
from tightrope.workflow.compare import BadComparison, NotWeighed
from tightrope.workflow.material import Material, NoRecord, load_material, model_key, record_key
from tightrope.workflow.readings import LONG, Asked, effort_of, reading_of, weighed
from tightrope.workflow.session import Session
from tightrope.workflow.text import known_names, plain

PLACES = ("reference", "mode")


@dataclass(frozen=True)
class Wanted:
    """Which two readings, and how far to look.

    readings  each a name of one of the case's hypotheses, or the folder of another case, with a `:` and a
              name of one of its hypotheses behind it or as that case stands
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


@dataclass(frozen=True)
class _Named:
    """A reading as it was named: its case, its hypothesis ("" for the case as it stands), and its values."""

    label: str
    material: Material
    hypothesis: str
    theta: np.ndarray

    @property
    def about(self) -> str:
        """Whom it stands for, or the other case's title."""
        if self.hypothesis:
            return self.material.case.hypotheses[self.hypothesis].about
        return self.material.case.title

    @property
    def fixed(self) -> dict[str, float]:
        """What it fixes."""
        return dict(self.material.case.hypotheses[self.hypothesis].set) if self.hypothesis else {}


def distinguish_data(session: Session, wanted: Wanted) -> dict[str, Any]:
    """Claims under both readings, observations by what they teach, and what the whole record would.

    Raises BadComparison, UnknownName, CaseError, CannotCompare, NoRecord and NotWeighed.
    """
    material = session.material
    other = [text for text in wanted.readings if _elsewhere(material, text)]
    if other and wanted.at != "reference":
        raise BadComparison(f"readings of another case ({other[0]}) were not weighed here: --at reference")
    readings = [_named(session, text, wanted.at) for text in wanted.readings]
    sides = [_stand(reading) for reading in readings]
    first = first_period(sides)
    inputs = {
        "readings": [
            {"theta": r.theta.tolist(), "model": digest(model_key(r.material)),
             "record": digest(record_key(r.material.evidence))}
            for r in readings
        ],
        "periods": wanted.periods,
    }  # fmt: skip
    seen = session.run.chunk(
        "distinguish-observations",
        lambda: [asdict(o) for o in _looked(session, sides, first, wanted.periods)],
        inputs=inputs,
    )
    told = sorted((Observation(**o) for o in seen), key=lambda o: (-round(o.information, 12), o.text))
    return {
        "case": material.case.case,
        "readings": [
            {
                "name": reading.label,
                "about": reading.about,
                "fixed": reading.fixed,
                "certificate": side.found.certificate.as_dict(),
            }
            for reading, side in zip(readings, sides, strict=True)
        ],
        "at": wanted.at,
        "mark": "calibrated" if wanted.at == "reference" else "estimated",
        "first": first,
        "periods": wanted.periods,
        "claims": _claims(session, readings, sides),
        "observations": [_row(o) for o in told],
        "top": wanted.top,
        "futures": [_gain(g) for g in _futures(session, sides, wanted, inputs)],
        "seed": session.seed,
        "warnings": list(session.warnings),
    }


def _elsewhere(here: Material, text: str) -> bool:
    """Whether a reading is named by the folder of another case."""
    return text not in here.case.hypotheses and Path(_split(text)[0]).is_dir()


def _split(text: str) -> tuple[str, str]:
    """Folder and hypothesis of `FOLDER:NAME` or `FOLDER`."""
    folder, colon, name = text.rpartition(":")
    return (folder, name) if colon else (text, "")


def _named(session: Session, text: str, at: str) -> _Named:
    """Find a reading by what was typed."""
    here = session.material
    if not _elsewhere(here, text):
        known_names("hypothesis", [text], here.case.hypotheses)
        return _Named(text, here, text, _theta(session, text, at))
    folder, name = _split(text)
    there = load_material(Path(folder), coding=here.coding)
    if name:
        known_names("hypothesis", [name], there.case.hypotheses)
    fixed = dict(there.case.hypotheses[name].set) if name else {}
    return _Named(text, there, name, there.game.theta(fixed))


def _stand(reading: _Named) -> Side:
    material = reading.material
    if material.coded is None:
        raise NoRecord(f"the case {material.case.case} has no record, so {reading.label} stands nowhere")
    found = solve(material.game, reading.theta)
    if not found.certificate.good:
        raise NotWeighed(f"{reading.label} has no certified equilibrium there: {found.certificate}")
    return stand(material.evidence, material.coded, reading.label, found)


def _theta(session: Session, name: str, at: str) -> np.ndarray:
    """A reading's parameter vector."""
    material = session.material
    if at == "reference":
        return material.game.theta(dict(material.case.hypotheses[name].set))
    asked = Asked(name)
    effort = effort_of(session)
    data = weighed(session, [asked], effort=effort, compute=False).get(asked)
    if data is None or "error" in data:
        quick = " --quick" if effort.share < LONG.share else ""
        raise NotWeighed(
            f"the reading {name} has not been weighed in this run; first: "
            f"tightrope compare {material.folder} {name}{quick}"
        )
    reading = reading_of(material, asked)
    target = Target(material.evidence, free_parameters(material.case, reading), fixed=dict(reading.fixed))
    return target.theta(np.array(data["modes"][0]["scores"]))


def _looked(session: Session, sides: Sequence[Side], first: str, periods: int) -> list[Observation]:
    session.progress("what could be seen", 0, None)
    events = list(candidates(sides, first=first, periods=periods))
    return [
        *observations(sides, events, first=first),
        *answers(sides, first=first, periods=periods),
    ]


def _row(o: Observation) -> dict[str, Any]:
    return asdict(o) | {"if_seen": o.if_seen, "if_not": o.if_not, "information": o.information}


def _futures(
    session: Session, sides: Sequence[Side], wanted: Wanted, inputs: Mapping[str, Any]
) -> list[Gain]:
    if not wanted.futures:
        return []
    both = 2 * wanted.futures

    def compute() -> list[dict[str, Any]]:
        found = gains(
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


def _claims(session: Session, readings: Sequence[_Named], sides: Sequence[Side]) -> list[dict[str, Any]]:
    """Each claim with a check that both cases make, over the record's states as the reference sees them."""
    checks = [{n: c for n, c in r.material.case.claims.items() if c.check is not None} for r in readings]
    common = [name for name in checks[0] if name in checks[1]]
    if not common:
        return []
    measured = [
        measure(side.found, over=_states(session, reading))
        for reading, side in zip(readings, sides, strict=True)
    ]
    rows = []
    for name in common:
        verdicts = []
        for side, seen in zip(checks, measured, strict=True):
            check = side[name].check
            assert check is not None
            verdicts.append(judge(check, seen))
        rows.append(
            {
                "claim": name,
                "text": checks[0][name].text,
                "first": verdicts[0].status,
                "other": verdicts[1].status,
                "margins": [plain(v.margin) for v in verdicts],
            }
        )
    return rows


def _states(session: Session, reading: _Named) -> dict[str, np.ndarray]:
    material = reading.material
    if material is session.material:
        return steps.distributions(material, session.history_at_reference)
    there = solve(material.game).require()
    periods = steps.periods_named(material)
    return steps.distributions(
        material, steps.history(material.evidence, there.theta, there.z, periods=periods)
    )
