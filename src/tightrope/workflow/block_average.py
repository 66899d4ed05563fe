"""The evidence averaged over how a record's blocks may be read, each combination with the coder's weight.

The record is then a mixture: with weight w_c it is what combination c of readings makes of it. So the
likelihood is L = Σ_c w_c L_c at any parameters, and the evidence moves by the posterior mean of L/L_0. Blocks
are taken as independent of each other, as their weights say no more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from tightrope.argument.comparison import Standing
from tightrope.case.schema import Record
from tightrope.fit.readings import free_parameters
from tightrope.fit.recoding import Shift, averaged, shift
from tightrope.fit.target import Target
from tightrope.fit.weighing import weighed_from
from tightrope.forecast.chain_evidence import Amount, Rival, chains_evidence
from tightrope.forecast.logit_evidence import move_logit, quick_evidence
from tightrope.record.coding import CodedRecord
from tightrope.record.filter import Evidence
from tightrope.record.likelihood import prepare_record
from tightrope.runs import digest
from tightrope.workflow.coding import Coding, UnknownCoding, read_record
from tightrope.workflow.material import Material, record_key
from tightrope.workflow.not_strategic import starts
from tightrope.workflow.readings import Asked, reading_of
from tightrope.workflow.session import Session

Array = NDArray[Any]

AVERAGE = "all blocks, by their weights"
"""How the average is called among other codings."""
MOST = 512
"""Combinations that are looked at, the heaviest first."""
PIECE = 128
DOUBTFUL = 0.05
"""Weight of combinations with a flawed evidence above which the average is flawed, too."""


@dataclass(frozen=True, eq=False)
class Mixture:
    """Records under combinations of readings, with weights that sum to one.

    covered  weight of these combinations among all; the rest were too many, or no game can explain them
    """

    weights: Array
    records: tuple[CodedRecord, ...]
    covered: float


def combinations(record: Record, coding: Coding) -> list[tuple[float, tuple[str, ...]]]:
    """The ways to read all blocks, heaviest first and at most `MOST`.

    Each is a weight and readings (BLOCK=READING). A block whose reading was asked for keeps it, and the
    printed codes have what weight the readings leave.
    """
    asked = {text.partition("=")[0] for text in coding.blocks}
    found = [(1.0, coding.blocks)]
    for name, block in record.blocks.items():
        if name in asked:
            continue
        printed = 1.0 - sum(reading.weight for reading in block.readings.values())
        ways = [
            (printed, ()),
            *((reading.weight, (f"{name}={key}",)) for key, reading in block.readings.items()),
        ]
        longer = [
            (have * weight, (*told, *more)) for have, told in found for weight, more in ways if weight > 0
        ]
        # What is not among the heaviest by now cannot be in the end: the rest multiplies all alike.
        found = sorted(longer, key=lambda c: (-c[0], c[1]))[:MOST]
    return found


def mixture(material: Material) -> Mixture | None:
    """The case's record under every combination of its blocks; None where there is one way to read it."""
    record = material.case.record
    assert record is not None
    ways = combinations(record, material.coding)
    if len(ways) < 2:
        return None
    weights, records = [], []
    for weight, blocks in ways:
        try:
            read = read_record(material.source, replace(material.coding, blocks=blocks))
        except UnknownCoding:
            continue
        if read is not None:
            weights.append(weight)
            records.append(read.coded)
    total = float(np.sum(weights))
    return Mixture(np.array(weights) / total, tuple(records), total) if records else None


def average_shift(session: Session, asked: Asked, data: Mapping[str, Any], mixed: Mixture) -> Shift:
    """By how much averaging over blocks moves the evidence of a reading of the game."""
    material = session.material
    reading = reading_of(material, asked)
    sample = weighed_from(dict(data)).sample
    target = Target(material.evidence, free_parameters(material.case, reading), fixed=dict(reading.fixed))
    mode = np.array(data["modes"][0]["scores"])
    total = np.full(len(sample), -np.inf)
    certified = np.full(len(sample), True)
    for first in range(0, len(mixed.records), PIECE):
        part = slice(first, first + PIECE)

        def others(part: slice = part) -> Iterator[tuple[float, Evidence]]:
            for weight, coded in zip(mixed.weights[part], mixed.records[part], strict=True):
                yield float(weight), prepare_record(material.game, coded)

        def compute(part: slice = part, first: int = first) -> list[float | None]:
            return averaged(
                target.near(mode), others(part), sample,
                on_step=lambda done: session.progress(
                    f"{asked.label}: combinations of blocks", first + done, len(mixed.records)
                ),
            )  # fmt: skip

        inputs = {
            "sample": digest({"scores": sample.tolist()}),
            "record": digest(record_key(material.evidence)),
            "weights": mixed.weights[part].tolist(),
            "records": [_codes(coded) for coded in mixed.records[part]],
        }
        ratios = session.run.chunk(f"averaged-{asked.label}-{first // PIECE}", compute, inputs=inputs)
        certified &= np.array([r is not None for r in ratios])
        total = np.logaddexp(total, [-np.inf if r is None else r for r in ratios])
    return shift([float(t) if good else None for t, good in zip(total, certified, strict=True)])


def average_rivals(
    session: Session, standings: Sequence[Standing], mixed: Mixture, *, amount: Amount
) -> list[Standing]:
    """The rivals that are not strategic, averaged in the same way.

    A chain's evidence is a product over columns, and each column is weighed once for each way it is coded.
    The logit's moves are weighed under each combination, around their mode alone.
    """
    coded = session.material.coded
    assert coded is not None
    inputs = {
        "weights": mixed.weights.tolist(),
        "records": [_codes(record) for record in (coded, *mixed.records)],
        "amount": [amount.draws, amount.repeats],
        "seed": session.seed,
    }

    def compute() -> dict[str, Any]:
        return _rival_shifts(session, coded, mixed, amount=amount)

    moved = session.run.chunk("averaged-rivals", compute, inputs=inputs)
    found = []
    for s in standings:
        if not s.strategic:
            first, second = (
                replace(e, log_evidence=e.log_evidence + by, flaw="; ".join(filter(None, (e.flaw, flaw))))
                for e, by, flaw in zip((s.first, s.second), *moved[s.name], strict=True)
            )
            found.append(replace(s, first=first, second=second))
    return found


def _rival_shifts(session: Session, coded: CodedRecord, mixed: Mixture, *, amount: Amount) -> dict[str, Any]:
    """Shifts of both estimates of each rival, and what flaws they have."""
    material = session.material
    moves = tuple(m for m in material.moves if m in coded.levels)
    states = tuple(n for n in coded.levels if n not in moves)
    known: dict[tuple[str, bytes], Rival] = {}

    def column(record: CodedRecord, name: str) -> Rival:
        key = (name, record.weights[name].tobytes())
        if key not in known:
            session.progress("rivals: columns as blocks have them", len(known) + 1, None)
            known[key] = chains_evidence(
                record, names=[name], moves=moves, rising=material.rising, start=starts(material),
                length=material.case.calendar.period, amount=amount, seed=session.seed,
            )  # fmt: skip
        return known[key]

    def columns(names: Sequence[str]) -> Array:
        """Log evidence less that of the record as printed, (2 estimates, combinations)."""
        rows = [[column(record, n) for n in names] for record in (coded, *mixed.records)]
        first = np.array([sum(r.first.log_evidence for r in row) for row in rows])
        second = np.array([sum(r.second.log_evidence for r in row) for row in rows])
        return np.stack([first[1:] - first[0], second[1:] - second[0]])

    weights = np.log(mixed.weights)
    of_states = columns(states)
    chain = logsumexp(weights + of_states + columns(moves), axis=1)
    found = {"markov_chain": [chain.tolist(), ["", ""]]}
    of_moves, flaw = _logits(session, coded, mixed, moves=moves, states=states)
    logit = logsumexp(weights + of_states + of_moves, axis=1)
    return found | {"logit": [logit.tolist(), [flaw, flaw]]}


def _logits(
    session: Session, coded: CodedRecord, mixed: Mixture, *, moves: Sequence[str], states: Sequence[str]
) -> tuple[Array, str]:
    """Log evidence of the moves' logits less that of the printed record, (combinations,), and a flaw."""
    table = np.zeros((len(mixed.records) + 1, len(moves)))
    flawed = np.zeros(len(mixed.records) + 1, dtype=bool)
    for row, record in enumerate((coded, *mixed.records)):
        for place, move in enumerate(moves):
            density = move_logit(record, move, states=states)
            found = quick_evidence(density, seed=session.seed + place)
            table[row, place] = found.log_evidence
            flawed[row] |= bool(found.flaw)
        session.progress("rivals: logits as blocks have them", row, len(mixed.records))
    share = max(float(flawed[0]), float(mixed.weights[flawed[1:]].sum()))
    flaw = f"evidences around the mode alone are doubtful for {100 * share:.0f} % of the blocks' weight"
    total = table.sum(axis=1)
    return total[1:] - total[0], flaw if share > DOUBTFUL else ""


def _codes(coded: CodedRecord) -> str:
    return digest({name: table.tolist() for name, table in coded.weights.items()})


__all__ = ["AVERAGE", "Mixture", "average_rivals", "average_shift", "combinations", "mixture"]
