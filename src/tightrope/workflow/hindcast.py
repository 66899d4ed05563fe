"""Hindcasts computed or found: a fit and a forecast from each origin, side by side, kept by hash."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from tightrope import executor
from tightrope.fit.posterior import Effort, compute_now, resample
from tightrope.fit.store import fit_from
from tightrope.forecast.answers import answer
from tightrope.forecast.hindcast import Ahead, ahead_data, ahead_from, look_ahead
from tightrope.forecast.questions import Question
from tightrope.record.filter import Evidence
from tightrope.workflow import steps
from tightrope.workflow.coding import Coding
from tightrope.workflow.material import Material, load_material
from tightrope.workflow.origins import Amount, Origin, keys_of, predecessors, questions_open
from tightrope.workflow.session import SHIPPED, Session

RANDOM_STARTS = 3
"""Prior draws to start from where neither the predecessor's mode nor the prior medians certify."""


@dataclass(frozen=True)
class Job:
    """A forecast from one origin: all that a process needs to make it.

    start  the predecessor's name and mode in normal scores, if there is one
    fit    the fit as plain data, if it is there already
    """

    case: str
    coding: Coding
    known: str
    effort: Effort
    draws: int
    periods: int
    seed: int
    start: tuple[str, tuple[float, ...]] | None
    fit: dict[str, Any] | None


def forecast_origin(job: Job, _: int) -> dict[str, Any]:
    """Fit and forecast as plain data. The seed is the run's, so that it does not matter where it is made."""
    material = _material(job.case, job.coding)
    return forecast_from(material.known_at(job.known), job, questions_open(material, job.known))


@lru_cache(maxsize=2)
def _material(case: str, coding: Coding) -> Material:
    """One reading a process: compiled programs are kept by game, and each reading makes a new game."""
    return load_material(Path(case), coding=coding)


def forecast_from(evidence: Evidence, job: Job, questions: Sequence[Question] = ()) -> dict[str, Any]:
    """The fit (`fit`) and what the game forecasts from the end of the evidence (`forecast`).

    `forecast` holds the data of `Ahead`, the mean probability of each open question, the mode in normal
    scores (where the next origin's fit starts), its log-likelihood and status, the start that it was climbed
    from, and the seconds that fit and draws took.
    """
    began = perf_counter()
    data = job.fit if job.fit is not None else _fit(evidence, job)
    fitted = fit_from(data)
    between = perf_counter()
    thetas = resample(fitted, size=job.draws, seed=job.seed)
    warm = steps.at_mode(evidence, fitted)
    ahead = look_ahead(evidence, thetas, periods=job.periods, warm=warm)
    asked: dict[str, float] = {}
    if questions:
        answers = answer(evidence, thetas, questions, warm=warm)
        asked = dict(zip(answers.ids, answers.probabilities.mean(axis=0).tolist(), strict=True))
    mode = fitted.modes[0]
    about = {
        "questions": asked,
        "mode": mode.scores.tolist(),
        "status": mode.status,
        "start": mode.start,
        "log_likelihood": fitted.log_likelihood,
        "posterior": fitted.source,
        "seconds": [round(between - began, 1), round(perf_counter() - between, 1)],
    }
    return {"fit": data, "forecast": ahead_data(ahead) | about}


def _fit(evidence: Evidence, job: Job) -> dict[str, Any]:
    """A fit from the first start that certifies: the predecessor's mode, the prior medians, prior draws."""
    from tightrope.fit.priors import prior_set

    size = len(prior_set(evidence.game.case, steps.FIT_CLASS))
    generator = np.random.default_rng(job.seed)
    starts = [(job.start[0], np.array(job.start[1]))] if job.start is not None else []
    starts.append(("prior medians", np.zeros(size)))
    starts += [
        (f"prior draw {k + 1}", np.clip(generator.normal(size=size), -2.0, 2.0)) for k in range(RANDOM_STARTS)
    ]
    for number, start in enumerate(starts):
        try:
            return steps.fit(evidence, effort=job.effort, seed=job.seed, keep=compute_now, begin=[start])
        except RuntimeError:
            # Raised where no point of the climb certifies.
            if number + 1 == len(starts):
                raise
    raise AssertionError("there is always a start")


@dataclass(frozen=True, eq=False)
class Hindcasts:
    """Forecasts by last known period, in order of origin.

    ahead    known -> the game's forecast
    about    known -> start, status, posterior, seconds, origin of the result (`shipped`, ...)
    failed   known -> why there is none
    """

    origins: tuple[Origin, ...]
    ahead: Mapping[str, Ahead]
    about: Mapping[str, Mapping[str, Any]]
    failed: Mapping[str, str]


def hindcasts(
    session: Session, origins: Sequence[Origin], *, compute: bool, amount: Amount | None = None
) -> Hindcasts:
    """Forecasts that are in the run folder or shipped with the case, the rest computed if asked for."""
    given = amount or Amount()
    everything = {o.known: o for o in origins}
    for origin in origins:
        everything |= {p.known: p for p in predecessors(origin, session.material)}
    keys = keys_of(session.material, list(everything.values()), amount=given, seed=session.seed)
    found: dict[str, dict[str, Any]] = {}
    failed: dict[str, str] = {}
    for known in everything:
        chunk = session.run.find(
            f"hindcast-{known}", inputs=keys[known]["forecast"], shipped=session.material.folder / SHIPPED
        )
        if chunk is not None:
            found[known] = chunk.value | {"origin": chunk.origin}
    if compute:
        wanted = _still_needed(origins, everything, found)
        if wanted:
            _compute(session, wanted, keys, given, found, failed)
    here = [o.known for o in origins]
    return Hindcasts(
        origins=tuple(origins),
        ahead={known: ahead_from(found[known]) for known in here if known in found},
        about={known: found[known] for known in here if known in found},
        failed={known: failed.get(known, "not computed") for known in here if known not in found},
    )


def _still_needed(
    origins: Sequence[Origin], everything: Mapping[str, Origin], found: Mapping[str, Any]
) -> list[Origin]:
    """Origins to compute: the missing ones, and back along each block to the nearest that is there."""
    needed: dict[str, Origin] = {}
    for origin in origins:
        for known in (origin.known, *reversed(origin.before)):
            if known in found:
                break
            needed[known] = everything[known]
    return [needed[known] for known in sorted(needed)]


def _compute(
    session: Session,
    wanted: Sequence[Origin],
    keys: Mapping[str, Any],
    amount: Amount,
    found: dict[str, dict[str, Any]],
    failed: dict[str, str],
) -> None:
    """Compute origins, blocks side by side and each in order; every result is kept as soon as it is there."""
    chains: dict[tuple[str, ...], list[Origin]] = {}
    for origin in wanted:
        chains.setdefault((*origin.before, origin.known)[:1], []).append(origin)
    label, done = "hindcast origins", 0
    session.progress(label, 0, len(wanted))
    while any(chains.values()):
        busy: set[tuple[str, ...]] = set()
        sent: list[tuple[tuple[str, ...], Origin]] = []

        def ready(
            busy: set[tuple[str, ...]] = busy, sent: list[tuple[tuple[str, ...], Origin]] = sent
        ) -> Iterator[Job]:
            """Jobs whose predecessor is there, the longest block first; ends when all others must wait."""
            while free := [name for name, chain in chains.items() if chain and name not in busy]:
                name = max(free, key=lambda name: len(chains[name]))
                origin = chains[name].pop(0)
                busy.add(name)
                sent.append((name, origin))
                yield _job(session, origin, keys, amount, found)

        for result in executor.map(
            forecast_origin, ready(), workers=session.workers, seed=session.seed,
            address=session.engine_address, notice=session.notice,
        ):  # fmt: skip
            name, origin = sent[result.index]
            busy.discard(name)
            done += 1
            if result.ok and result.value is not None:
                key, value = keys[origin.known], result.value
                seconds = value["forecast"]["seconds"]
                session.run.store(
                    f"hindcast-fit-{origin.known}", value["fit"], inputs=key["fit"], seconds=seconds[0]
                )
                chunk = session.run.store(
                    f"hindcast-{origin.known}",
                    value["forecast"],
                    inputs=key["forecast"],
                    seconds=sum(seconds),
                )
                found[origin.known] = chunk.value | {"origin": "computed"}
            else:
                failed[origin.known] = result.error.strip().splitlines()[-1]
                session.notice(f"no hindcast as of {origin.known}: {failed[origin.known]}")
            session.progress(label, done, len(wanted))


def _job(
    session: Session,
    origin: Origin,
    keys: Mapping[str, Any],
    amount: Amount,
    found: Mapping[str, Mapping[str, Any]],
) -> Job:
    material = session.material
    start = None
    for before in reversed(origin.before):
        if before in found:
            start = (f"mode as of {before}", tuple(found[before]["mode"]))
            break
    stored = session.run.find(f"hindcast-fit-{origin.known}", inputs=keys[origin.known]["fit"])
    return Job(
        case=str(material.folder.resolve()),
        coding=material.coding,
        known=origin.known,
        effort=origin.effort(amount),
        draws=amount.draws,
        periods=amount.periods,
        seed=session.seed,
        start=start,
        fit=None if stored is None else stored.value,
    )


def ship(session: Session, made: Hindcasts, *, amount: Amount | None = None) -> list[Path]:
    """Copy forecasts that this run computed into the case's folder; returns the files written."""
    origins = [
        o for o in made.origins if made.about.get(o.known, {}).get("origin") in ("computed", "resumed")
    ]
    keys = keys_of(session.material, origins, amount=amount or Amount(), seed=session.seed)
    folder = session.material.folder / SHIPPED
    return [
        session.run.ship(f"hindcast-{o.known}", inputs=keys[o.known]["forecast"], folder=folder)
        for o in origins
    ]
