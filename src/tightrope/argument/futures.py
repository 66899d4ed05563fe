"""How much the whole record of the next periods would say about which of two readings is right.

Futures are simulated under each reading from its own view of the record's end, written down as a perfect
coder would, and weighed under both by the exact filter of the record. With even odds beforehand the mutual
information between the reading and the future record is E[ln p(y | reading) - ln p(y)], p(y) being the mean
of both (Lindley 1956); the expected log Bayes factor is what a true reading gains on the false one (Kullback
& Leibler 1951). A future in which the game ends is read up to its last whole row.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tightrope.argument.distinguish import CannotCompare, Side, first_period, played, shared
from tightrope.record.coding import MISSING, CodedRecord
from tightrope.record.filter import Evidence, prepare
from tightrope.record.likelihood import BUCKET, filter_record
from tightrope.record.simulate import simulate


@dataclass(frozen=True)
class Gain:
    """What futures drawn under one reading say.

    reading  the one that is true in them
    futures  how many were drawn; `impossible` of them the other reading rules out
    mean, error   log Bayes factor for the true reading in nats over the possible ones, and its standard error
    share    part of all futures in which the record comes to favour the true reading
    learned, learned_error   mean of ln p(y | true) - ln p(y), bounded by ln 2, with its standard error
    """

    reading: str
    futures: int
    impossible: int
    mean: float
    error: float
    share: float
    learned: float
    learned_error: float


def gains(
    sides: Sequence[Side],
    *,
    periods: int,
    futures: int,
    seed: int,
    on_done: Callable[[int], None] | None = None,
) -> tuple[Gain, Gain]:
    """Simulate `futures` records of the next periods under each of two readings and weigh them under both.

    Only columns that both records have count. Raises CannotCompare without any.
    """
    first = first_period(sides)
    columns = tuple(n for n in shared(sides) if all(n in side.coded.levels for side in sides))
    if not columns:
        raise CannotCompare("the two records have no column in common")
    solved = [played(side.found) for side in sides]
    base = [_log(side.evidence, side) for side in sides]
    children = np.random.SeedSequence(seed).generate_state(2 * futures)
    found = []
    for number, side in enumerate(sides):
        factors = np.zeros(futures)
        for k in range(futures):
            child = int(children[number * futures + k])
            more = simulate(
                side.game,
                *solved[number],
                periods=periods,
                seed=child,
                first=first,
                start=side.start,
                keep_last=True,
            )
            logs = []
            for s, numbers, before in zip(sides, solved, base, strict=True):
                whole = lengthened(s.coded, more, columns=columns)
                logs.append(_log(prepare(s.game, whole, *numbers, bucket=BUCKET), s) - before)
            factors[k] = logs[number] - logs[1 - number]
            if on_done is not None:
                on_done(number * futures + k + 1)
        found.append(_gain(side.name, factors))
    return found[0], found[1]


def _log(evidence: Evidence, side: Side) -> float:
    return float(np.sum(filter_record(evidence, side.found.theta, side.found.z).log_probability))


def _gain(name: str, factors: np.ndarray) -> Gain:
    """factors: log Bayes factors for the true reading, infinite where the other rules a future out."""
    possible = factors[np.isfinite(factors)]
    learned = np.log(2.0) - np.logaddexp(0.0, -factors)
    n = len(factors)

    def error(x: np.ndarray) -> float:
        return float(x.std(ddof=1) / np.sqrt(len(x))) if len(x) > 1 else float("nan")

    return Gain(
        reading=name,
        futures=n,
        impossible=n - len(possible),
        mean=float(possible.mean()) if len(possible) else float("inf"),
        error=error(possible),
        share=float(np.mean(factors > 0.0)),
        learned=float(learned.mean()),
        learned_error=error(learned),
    )


def lengthened(coded: CodedRecord, more: CodedRecord, *, columns: Collection[str]) -> CodedRecord:
    """A record with a fully coded one behind it, of which only these columns are read."""
    rows = len(more)

    def weights(name: str) -> np.ndarray:
        return more.weights[name] if name in columns else np.ones((rows, len(coded.levels[name])))

    def printed(name: str) -> np.ndarray:
        return more.printed[name] if name in columns else np.full(rows, MISSING)

    return replace(
        coded,
        periods=(*coded.periods, *more.periods),
        weights={n: np.concatenate([coded.weights[n], weights(n)]) for n in coded.weights},
        printed={n: np.concatenate([coded.printed[n], printed(n)]) for n in coded.printed},
        events=(*coded.events, *more.events),
        notes=(*coded.notes, *more.notes),
        confidence=(*coded.confidence, *more.confidence),
    )
