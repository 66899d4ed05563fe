"""Readings of a case weighed: found in the run folder or with the case, or computed, side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from tightrope import executor
from tightrope.case.schema import PriorClass
from tightrope.fit.readings import Effort, Reading, free_parameters, weigh_reading
from tightrope.fit.roaming import FLOCK
from tightrope.fit.smc import Tempering
from tightrope.fit.target import Target
from tightrope.fit.weighing import Weighing
from tightrope.runs import Chunk, digest
from tightrope.workflow.coding import Coding
from tightrope.workflow.elsewhere import keeper, material_of
from tightrope.workflow.material import Material, model_key, record_key
from tightrope.workflow.session import SHIPPED, Session
from tightrope.workflow.steps import SAME

LONG = Effort(
    climbs=3,
    steps=80,
    weighing=Weighing(repeats=4, pilots=2, draws=500, chains=4, warmup=300, kept=600, proposals=400),
    share=200,
)
SHORT = Effort(
    climbs=1,
    steps=60,
    weighing=Weighing(repeats=2, pilots=1, draws=60, chains=2, warmup=30, kept=60, proposals=40),
    share=100,
    stages=Tempering(particles=100, moves=2, repeats=2),
)
"""What a quick run spends: enough to see where a reading stands, not to resolve it in many dimensions."""
BRIDGED = ("kept", "proposals")
"""How many draws of either kind bridge sampling rests on."""
LONGER = 4
"""How many times as many of them stand behind evidence that comes with a case: `make evidence`."""


def effort_of(session: Session, *, longer: int = 1, ship: bool = False) -> Effort:
    """How hard a run tries; `longer` multiplies the draws of each chain, and those it is bridged to.

    ship  what is found shall come with the case
    """
    if not _quick(session):
        return _longer(LONG, longer)
    return shipped_effort() if ship else _longer(SHORT, longer)


def shipped_effort() -> Effort:
    """How hard was tried for what comes with a case, whatever the run: a quick one's, with longer chains."""
    return _longer(SHORT, LONGER)


def _quick(session: Session) -> bool:
    return session.amount.past < 100


def _longer(effort: Effort, times: int) -> Effort:
    more = {name: times * getattr(effort.weighing, name) for name in BRIDGED}
    return replace(effort, weighing=replace(effort.weighing, **more))


@dataclass(frozen=True)
class Asked:
    """One reading to weigh: its name in the case, its class of priors and the factor on their spread."""

    name: str
    prior: PriorClass = "agnostic"
    scale: float = 1.0

    @property
    def label(self) -> str:
        """The name, with the factor where it is not one."""
        return self.name if self.scale == 1.0 else f"{self.name}-spread-{self.scale:g}"


@dataclass(frozen=True)
class Job:
    """All that a process needs to weigh a reading.

    chunks  folder of the run where its pieces are kept; the run that asked holds the lock
    """

    case: str
    coding: Coding
    name: str
    reading: Reading
    starts: tuple[tuple[str, dict[str, float]], ...]
    draws: tuple[dict[str, float], ...]
    effort: Effort
    seed: int
    chunks: str
    key: str


def weighed(
    session: Session, wanted: Sequence[Asked], *, effort: Effort, compute: bool = True
) -> dict[Asked, dict[str, Any]]:
    """What `weigh_reading` gives for each reading, or `error` where it failed; absent if not to be computed.

    A result has `origin` (`shipped`, `resumed` or `computed`), `seconds` and `effort` besides. A quick run
    takes what comes with the case, which rests on more draws than its own would.
    """
    material, run = session.material, session.run
    starts, draws = _starts(session), _draws(session)
    found: dict[Asked, dict[str, Any]] = {}
    missing: list[Asked] = []
    keys = {asked: inputs_of(session, asked, effort=effort) for asked in wanted}
    for asked in wanted:
        given, chunk = _there(session, asked, effort)
        if chunk is None:
            missing.append(asked)
        else:
            told = {"origin": chunk.origin, "seconds": chunk.seconds, "effort": asdict(given)}
            found[asked] = chunk.value | told
    if not compute:
        return found
    folder, chunks = str(material.folder.resolve()), str((run.folder / "chunks").resolve())
    jobs = [
        Job(
            folder, material.coding, asked.label, reading_of(material, asked), starts, draws, effort,
            session.seed, chunks, digest(_of_pieces(keys[asked])),
        )
        for asked in missing
    ]  # fmt: skip
    for number, result in enumerate(_results(session, jobs)):
        asked = missing[result.index]
        if result.ok and result.value is not None:
            chunk = run.store(
                f"evidence-{asked.label}", result.value, inputs=keys[asked], seconds=result.seconds
            )
            told = {"origin": "computed", "seconds": result.seconds, "effort": asdict(effort)}
            found[asked] = chunk.value | told
        else:
            why = result.error.strip().splitlines()[-1]
            session.notice(f"the reading {asked.label} could not be weighed: {why}")
            found[asked] = {"error": why}
        session.progress("readings weighed", number + 1, len(jobs))
    return {asked: found[asked] for asked in wanted if asked in found}


def _there(session: Session, asked: Asked, effort: Effort) -> tuple[Effort, Chunk | None]:
    """What comes with the case, of this effort or in its stead, or what the run holds of this effort.

    The former if this code finds its best mode again.
    """
    material, name = session.material, f"evidence-{asked.label}"
    instead = [shipped_effort()] if _quick(session) and effort != shipped_effort() else []
    for given in (effort, *instead):
        if given.weighing.kept < effort.weighing.kept:
            continue
        inputs = inputs_of(session, asked, effort=given)
        chunk = session.run.find(name, inputs=inputs, shipped=material.folder / SHIPPED)
        if chunk is None or chunk.origin != "shipped":
            continue
        session.progress(f"verifying the shipped evidence of {asked.label}", 0, None)
        if verified(material, asked, chunk.value):
            return given, chunk
        session.notice(f"the shipped evidence of {asked.label} is not what this code finds")
    return effort, session.run.find(name, inputs=inputs_of(session, asked, effort=effort))


def _results(session: Session, jobs: Sequence[Job]) -> Iterator[executor.Result[dict[str, Any]]]:
    """Each job's result as it is done: here with progress, or side by side."""

    def here(job: Job, _: int) -> dict[str, Any]:
        return _weigh(
            session.material,
            job,
            lambda label, done, of: session.progress(f"{job.name}: {label}", done, of),
        )

    yield from session.spread(here, weigh_job, jobs)


def weigh_job(job: Job, _: int) -> dict[str, Any]:
    """A reading weighed in a process of its own, with the run's seed, so that it does not matter where."""
    return _weigh(material_of(job.case, job.coding), job, None)


def _weigh(
    material: Material, job: Job, on_progress: Callable[[str, int, int], None] | None
) -> dict[str, Any]:
    return weigh_reading(
        material.evidence,
        job.reading,
        starts=job.starts,
        draws=job.draws,
        effort=job.effort,
        seed=job.seed,
        keep=keeper(Path(job.chunks), f"evidence-{job.name}", job.key),
        on_progress=on_progress,
    )


def verified(material: Material, asked: Asked, data: Mapping[str, Any]) -> bool:
    """Whether this code finds the log-likelihoods of a stored reading's first, middle and last draw again.

    Not that of its best mode, where the solves of them all begin: it may be an edge where one equilibrium
    ends, and there a likelihood hangs on the order of sums by a thousandth of a nat.
    """
    reading = reading_of(material, asked)
    priors = free_parameters(material.case, reading)
    if list(priors.names) != data["names"]:
        return False
    target = Target(material.evidence, priors, fixed=dict(reading.fixed)).near(
        np.array(data["modes"][0]["scores"])
    )
    told = list(zip(data["sample"], data["log_likelihood"], strict=True))
    some = (told[0], told[len(told) // 2], told[-1])
    return all(abs(target.value(np.array(at))[0] - value) < SAME for at, value in some)


def reading_of(material: Material, asked: Asked) -> Reading:
    """What a reading of the case fixes."""
    return Reading(dict(material.case.hypotheses[asked.name].set), asked.prior, asked.scale)


def inputs_of(session: Session, asked: Asked, *, effort: Effort) -> dict[str, Any]:
    """What a reading's evidence depends on, for the hash of its chunk: not its words, nor the code."""
    material = session.material
    return {
        "model": digest(model_key(material)),
        "record": digest(record_key(material.evidence)),
        "reading": asdict(reading_of(material, asked)),
        "starts": digest({"starts": _starts(session), "draws": _draws(session)}),
        "effort": asdict(effort),
        "seed": session.seed,
    }


def _of_pieces(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """What a reading's pieces depend on: all but the length of chains, so that longer ones go on.

    Pieces that hang on how many draws there are have that in their names.
    """
    effort = dict(inputs["effort"])
    weighing = {name: value for name, value in effort["weighing"].items() if name not in BRIDGED}
    return {**inputs, "effort": effort | {"weighing": weighing}}


def _starts(session: Session) -> tuple[tuple[str, dict[str, float]], ...]:
    """Where climbs begin besides prior medians and draws: the mode of the fit, if one is there already."""
    if not session.has_fit:
        return ()
    fit = session.fit
    scores = dict(zip(fit.priors.names, fit.modes[0].scores.tolist(), strict=True))
    return (("the mode of the fit", scores),)


def _draws(session: Session) -> tuple[dict[str, float], ...]:
    """Draws of the fit's chains, if there are any: where surrogates begin to learn."""
    if not session.has_fit or session.fit.chains is None:
        return ()
    flat = session.fit.chains.flat
    some = flat[np.linspace(0, len(flat) - 1, FLOCK).astype(int)]
    return tuple(dict(zip(session.fit.priors.names, row.tolist(), strict=True)) for row in some)


def ship(session: Session, wanted: Sequence[Asked], *, effort: Effort) -> list[Path]:
    """Copy what this run holds of the readings into the case's folder; returns the files written."""
    folder = session.material.folder / SHIPPED
    written = []
    for asked in wanted:
        name, inputs = f"evidence-{asked.label}", inputs_of(session, asked, effort=effort)
        chunk = session.run.find(name, inputs=inputs)
        if chunk is not None:
            written.append(session.run.ship(name, inputs=inputs, folder=folder))
    return written
