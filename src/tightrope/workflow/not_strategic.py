"""The two rivals that are not strategic, weighed on the same record as a case's readings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from tightrope.argument.comparison import Standing
from tightrope.fit.evidence import estimate_data, estimate_from
from tightrope.fit.weighing import Weighing
from tightrope.forecast.chain_evidence import Amount, Rival, chains_evidence, no_end, together
from tightrope.forecast.logit_evidence import WEIGHING, logit_evidence
from tightrope.record.coding import CodedRecord
from tightrope.runs import digest
from tightrope.workflow.material import Material
from tightrope.workflow.session import SHIPPED, Session

RIVALS = {
    "markov_chain": "Not strategic: each state and each move goes its own way, by what it was a period ago.",
    "logit": "Not strategic: each move is drawn by where the states stand, and these go their own way.",
}
BESIDE = "evidence-rivals"
"""The chunk that holds them, in a run and with a case."""


def rivals(session: Session) -> list[Standing]:
    """The two rivals that are not strategic, on the same record with the same soft evidence."""
    material = session.material

    def compute() -> dict[str, Any]:
        session.progress("weighing rivals that are not strategic", 0, None)
        found = both(material, material.coded, amount=Amount(), weighing=WEIGHING, seed=session.seed)
        return {name: rival_data(rival) for name, rival in found.items()}

    inputs, folder = rival_inputs(session), material.folder / SHIPPED
    return rival_standings(session.run.chunk(BESIDE, compute, inputs=inputs, shipped=folder))


def rival_inputs(session: Session) -> dict[str, Any]:
    """What the rivals' evidence depends on."""
    material = session.material
    assert material.coded is not None
    weights = {name: table.tolist() for name, table in material.coded.weights.items()}
    return {
        "weights": digest(weights),
        "start": {name: law.tolist() for name, law in starts(material).items()},
        "rising": list(material.rising),
        "amount": [asdict(Amount()), asdict(WEIGHING)],
        "seed": session.seed,
    }


def rival_standings(data: Mapping[str, Any]) -> list[Standing]:
    """Rivals from plain data as they stand in a comparison."""
    return [
        Standing(
            name, RIVALS[name], estimate_from(data[name]["first"]), estimate_from(data[name]["second"]), 1.0,
            np.array(data[name]["rows"]), data[name]["parameters"], strategic=False,
        )
        for name in RIVALS
    ]  # fmt: skip


def both(
    material: Material, coded: CodedRecord | None, *, amount: Amount, weighing: Weighing, seed: int
) -> dict[str, Rival]:
    """The Markov chain of states and moves, and the logit of moves over a Markov chain of states."""
    assert coded is not None
    moves = tuple(m for m in material.moves if m in coded.levels)
    states = [n for n in coded.levels if n not in moves]

    def chains(names: Sequence[str]) -> Rival:
        return chains_evidence(
            coded, names=names, moves=moves, rising=material.rising, start=starts(material),
            length=material.case.calendar.period, amount=amount, seed=seed,
        )  # fmt: skip

    alive = no_end(len(coded), length=material.case.calendar.period)
    common = [alive, *([chains(states)] if states else [])]
    moved = [chains(moves)] if moves else []
    drawn = [logit_evidence(coded, moves=moves, weighing=weighing, seed=seed)] if moves else []
    return {"markov_chain": together([*common, *moved]), "logit": together([*common, *drawn])}


def starts(material: Material) -> dict[str, np.ndarray]:
    """The case's distribution of each state in the first period."""
    found = {}
    for name in material.game.states:
        given, levels = material.case.start[name], material.game.levels[name]
        law = np.array([float(given == v) if isinstance(given, str) else given.get(v, 0.0) for v in levels])
        found[name] = law / law.sum()
    return found


def rival_data(rival: Rival) -> dict[str, Any]:
    """A rival as plain data."""
    return {
        "first": estimate_data(rival.first),
        "second": estimate_data(rival.second),
        "rows": rival.rows.tolist(),
        "parameters": rival.parameters,
    }
