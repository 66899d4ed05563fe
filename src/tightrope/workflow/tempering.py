"""`tightrope compare --smc`: the evidence of the two leading readings once more, from prior draws."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from tightrope import executor
from tightrope.argument.comparison import Standing
from tightrope.fit.evidence import APART, NEGLIGIBLE, TIMES, Estimate, estimate_data
from tightrope.fit.readings import Reading, free_parameters
from tightrope.fit.smc import FromPrior, Tempering, tempered
from tightrope.fit.surrogate_chains import MANY
from tightrope.fit.target import Target
from tightrope.runs import digest
from tightrope.workflow.coding import Coding
from tightrope.workflow.elsewhere import keeper, material_of
from tightrope.workflow.material import Material
from tightrope.workflow.session import Session

LONG = Tempering(particles=500, moves=6, repeats=3)
SHORT = Tempering(particles=60, moves=2, repeats=2)
LEADING = 2


@dataclass(frozen=True)
class Job:
    """All that a process needs for one reading; solves start from the fixed point of its best mode `at`."""

    case: str
    coding: Coding
    name: str
    reading: Reading
    at: tuple[float, ...]
    tempering: Tempering
    seed: int
    chunks: str
    key: str


def leading(standings: Sequence[Standing]) -> list[Standing]:
    """The two strategic readings with the greatest evidence as it stands."""
    known = [s for s in standings if s.strategic and np.isfinite(s.log_evidence)]
    return sorted(known, key=lambda s: -s.log_evidence)[:LEADING]


def tempered_data(
    session: Session,
    wanted: Mapping[str, tuple[Reading, Mapping[str, Any], Mapping[str, Any]]],
    standings: Sequence[Standing],
) -> list[dict[str, Any]]:
    """The SMC estimate of the leading readings beside what they are set against, as plain data.

    wanted  name -> the reading, what `weigh_reading` gave for it, and what its hash depends on
    """
    material, run = session.material, session.run
    tempering = SHORT if session.amount.past < 100 else LONG
    chosen = leading(standings)
    folder, chunks = str(material.folder.resolve()), str((run.folder / "chunks").resolve())
    jobs, keys = [], []
    for s in chosen:
        reading, data, inputs = wanted[s.name]
        key = dict(inputs) | {"tempering": asdict(tempering)}
        keys.append(key)
        jobs.append(
            Job(
                folder, material.coding, s.name, reading,
                tuple(data["modes"][0]["scores"]), tempering, session.seed, chunks,
                digest(key),
            )
        )  # fmt: skip
    found: dict[int, dict[str, Any]] = {}
    missing = []
    for number, (s, key) in enumerate(zip(chosen, keys, strict=True)):
        chunk = run.find(f"smc-{s.name}", inputs=key)
        if chunk is None:
            missing.append(number)
        else:
            found[number] = chunk.value
    for result in _results(session, [jobs[k] for k in missing]):
        number = missing[result.index]
        name = chosen[number].name
        if result.ok and result.value is not None:
            stored = run.store(f"smc-{name}", result.value, inputs=keys[number], seconds=result.seconds)
            found[number] = stored.value
        else:
            why = result.error.strip().splitlines()[-1]
            session.notice(f"tempered SMC of {name} failed: {why}")
            found[number] = {"error": why}
    return [_beside(chosen[k], found[k]) for k in sorted(found)]


def _beside(s: Standing, data: Mapping[str, Any]) -> dict[str, Any]:
    """An SMC estimate beside bridge and importance sampling, and whether it contradicts them."""
    if "error" in data:
        return {"name": s.name, "error": data["error"]}
    value, noise = data["log_evidence"], data["spread"] or 0.0
    gaps = {e.method: value - e.log_evidence for e in (s.first, s.second)}
    alarms = [
        f"{method} by {gap:+.1f} nats"
        for method, gap in gaps.items()
        if abs(gap) > NEGLIGIBLE and (abs(gap) > APART or not abs(gap) <= TIMES * noise)
    ]
    alarm = ", ".join(alarms)
    said = f"differs from {alarm}: unresolved" if alarm else "agrees with both"
    verdict = f"{said}; {data['flaw']}" if data["flaw"] else said
    return {"name": s.name, "estimate": dict(data), "alarm": alarm, "verdict": verdict}


def _results(session: Session, jobs: Sequence[Job]) -> Iterator[executor.Result[dict[str, Any]]]:
    def here(job: Job, _: int) -> dict[str, Any]:
        def about(label: str, done: int, of: int) -> None:
            session.progress(f"{job.name}: {label}", done, of)

        return _smc(session.material, job, about)

    yield from session.spread(here, smc_job, jobs)


def smc_job(job: Job, _: int) -> dict[str, Any]:
    """One reading in a process of its own, with the run's seed."""
    return _smc(material_of(job.case, job.coding), job, None)


def _smc(material: Material, job: Job, on_progress: Callable[[str, int, int], None] | None) -> dict[str, Any]:
    priors = free_parameters(material.case, job.reading)
    target = Target(material.evidence, priors, fixed=dict(job.reading.fixed)).near(np.array(job.at))
    found: Estimate = tempered(
        FromPrior(target, len(priors)), tempering=job.tempering, seed=job.seed,
        keep=keeper(Path(job.chunks), f"evidence-{job.name}", job.key), on_progress=on_progress,
    )  # fmt: skip
    if len(priors) > MANY:
        flaw = f"slices hardly move particles in {len(priors)} parameters: its runs may agree and be too low"
        found = replace(found, flaw=flaw)
    return estimate_data(found)
