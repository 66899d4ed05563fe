"""`tightrope validate`: does the fit find what made a record, and would the fitted game make this one?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from time import monotonic
from typing import Any

import numpy as np

from tightrope.case.schema import PRIOR_CLASSES, PriorClass
from tightrope.fit.calibration import RANKED, Setup, ranks_by_name, simulation, uniformity
from tightrope.fit.conditional import EXACT, ROUTE, simulation_given
from tightrope.fit.posterior import Effort, resample
from tightrope.fit.predictive import checked, played_data, played_from, replicates
from tightrope.fit.priors import prior_set
from tightrope.fit.recovery import recovered
from tightrope.fit.slices import Sampling
from tightrope.runs import digest
from tightrope.workflow import steps
from tightrope.workflow.coding import Coding
from tightrope.workflow.elsewhere import material_of
from tightrope.workflow.material import Material, NoRecord, model_key, record_key
from tightrope.workflow.session import Session
from tightrope.workflow.text import known_names, plain

PARTS = ("calibration", "predictive", "evidence")
PERIODS = (118, 52, 500)
LONG = Effort(starts=1, steps=60, draws=200, central=False, sampling=Sampling(2, 100, 400))
SHORT = Effort(starts=1, steps=60, draws=60, central=False, sampling=Sampling(2, 60, 200))
HELD = (EXACT, ROUTE, "chains", "weighted draws", "Laplace approximation")
"""Routes by trust: the first that was run is the one that must pass."""
LEVEL = 0.05
PIECE = 10


class BadValidation(ValueError):
    """A validation that cannot be made; says what could be."""


@dataclass(frozen=True)
class Wanted:
    """What to check.

    parts        of `PARTS`; empty: all
    simulations  of each length; periods: lengths, the first done first
    prior        class from which truths are drawn
    minutes      begin no simulation later than so many minutes from now; 0: do all
    chains       whether chains are run; without them the Laplace approximation and weighted draws are checked
    draws        of each chain; 0: 400, or 200 in a quick run
    replicates   histories played from the posterior
    free         parameters that are sampled given all others at their true values; empty: all are free
    """

    parts: tuple[str, ...] = ()
    simulations: int = 200
    periods: tuple[int, ...] = PERIODS
    prior: PriorClass = "agnostic"
    minutes: float = 0.0
    chains: bool = True
    draws: int = 0
    replicates: int = 200
    free: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.prior not in PRIOR_CLASSES:
            raise BadValidation(f"--prior {self.prior}: it may be {' or '.join(PRIOR_CLASSES)}")
        if unknown := [part for part in self.parts if part not in PARTS]:
            raise BadValidation(f"no check {unknown[0]}; there are {', '.join(PARTS)}")
        if any(not 2 <= n <= 5000 for n in self.periods):
            raise BadValidation("--periods: a length between 2 and 5000")
        if self.draws and 2 * self.draws < RANKED:
            raise BadValidation(
                f"--draws: at least {-(-RANKED // 2)}, so that a truth can be ranked among them"
            )
        if len(set(self.periods)) != len(self.periods):
            raise BadValidation("--periods: each length once")
        if self.free and not self.chains:
            raise BadValidation("--free parameters are sampled by chains: leave --no-chains out")


@dataclass(frozen=True)
class Job:
    """All that a process needs for one simulation."""

    case: str
    coding: Coding
    setup: Setup


def validate_data(session: Session, wanted: Wanted) -> dict[str, Any]:
    """Every check asked for, as plain data; `passed` says whether all hold."""
    parts = wanted.parts or PARTS
    data: dict[str, Any] = {
        "case": session.material.case.case,
        "prior": wanted.prior,
        "seed": session.seed,
        "calibration": _calibration(session, wanted) if "calibration" in parts else [],
        "predictive": _predictive(session, wanted) if "predictive" in parts else None,
        "evidence": _evidence(session) if "evidence" in parts else [],
    }
    failed = [f"{row['periods']} periods" for row in data["calibration"] if row["verdict"] == "fails"]
    failed += [f"evidence: {row['name']}" for row in data["evidence"] if not row["within"]]
    return data | {"passed": not failed, "failed": failed, "warnings": list(session.warnings)}


def _calibration(session: Session, wanted: Wanted) -> list[dict[str, Any]]:
    quick = session.amount.past < 100
    effort = SHORT if quick else LONG
    sampling = effort.sampling
    if sampling is not None and wanted.draws:
        sampling = replace(sampling, draws=wanted.draws)
    effort = replace(effort, sampling=sampling if wanted.chains else None)
    known = prior_set(session.material.case, wanted.prior).names
    chosen = known_names("free parameter", wanted.free, known) if wanted.free else []
    free = tuple(name for name in known if name in chosen)
    end = monotonic() + 60.0 * wanted.minutes
    stop = (lambda: monotonic() > end) if wanted.minutes else None
    found = []
    for periods in wanted.periods:
        setup = Setup(wanted.prior, periods, effort, free)
        results, errors = simulations(session, setup, count=wanted.simulations, stop=stop)
        found.append(_length(setup, results, errors, asked=wanted.simulations))
    return found


def simulations(
    session: Session, setup: Setup, *, count: int, stop: Callable[[], bool] | None = None
) -> tuple[list[dict[str, Any]], list[str]]:
    """What `calibration.simulation` gives for numbers 0, 1, ..., and why others failed; kept by the run."""
    material = session.material
    inputs = {"model": digest(model_key(material)), "setup": asdict(setup)}
    job = Job(str(material.folder.resolve()), material.coding, setup)
    function = simulate_job if session.apart else partial(_here, material)
    results: dict[int, dict[str, Any]] = {}
    errors: dict[int, str] = {}
    made: Iterator[Any] = session.run.map(
        f"simulation-{setup.periods}",
        function,
        [job] * count,
        inputs=[inputs] * count,
        seed=session.seed,
        workers=session.workers,
        address=session.engine_address,
        on_progress=lambda _, done, total: session.progress(
            f"simulated records of {setup.periods} periods", done, total
        ),
        stop=stop,
    )
    for result in made:
        if result.ok and result.value is not None:
            results[result.index] = result.value | {"seconds": result.seconds}
        else:
            errors[result.index] = result.error.strip().splitlines()[-1]
    return [results[k] for k in sorted(results)], [errors[k] for k in sorted(errors)]


def simulate_job(job: Job, seed: int) -> dict[str, Any]:
    """One simulation in a process of its own."""
    return _simulated(material_of(job.case, job.coding), job.setup, seed)


def _here(material: Material, job: Job, seed: int) -> dict[str, Any]:
    return _simulated(material, job.setup, seed)


def _simulated(material: Material, setup: Setup, seed: int) -> dict[str, Any]:
    one = simulation_given if setup.sampled else simulation
    return one(material.game, setup=setup, seed=seed)


def _length(
    setup: Setup, results: Sequence[Mapping[str, Any]], errors: Sequence[str], *, asked: int
) -> dict[str, Any]:
    """One length of record: every route's ranks and coverage, and a verdict on the one that is held to it."""
    there = [name for name in HELD if results and name in results[0]["routes"]]
    routes = [_route(results, name) for name in there]
    verdict = "fails" if errors and not results else "not checked"
    if routes and routes[0]["uniform"] is not None:
        verdict = "holds" if routes[0]["uniform"] and routes[0]["covers"] else "fails"
    return {
        "periods": setup.periods,
        "asked": asked,
        "simulations": len(results),
        "errors": list(errors),
        "uncertified": sum(r["uncertified"] for r in results),
        "ended": sum(r["ended"] for r in results),
        "failures": sum(r["failures"] for r in results),
        "calls": sum(r["calls"] for r in results),
        "unclimbed": sum(r["mode"] != "converged" for r in results),
        "seconds": float(sum(r["seconds"] for r in results)),
        "route": there[0] if there else None,
        "verdict": verdict,
        "routes": routes,
    }


def _route(results: Sequence[Mapping[str, Any]], name: str) -> dict[str, Any]:
    tests = uniformity(ranks_by_name(results, name))
    rows = recovered(results, name)
    told = [r["routes"][name] for r in results]
    return {
        "name": name,
        "uniform": all(t.adjusted >= LEVEL for t in tests) if tests else None,
        "covers": all(r.adjusted >= LEVEL for r in rows),
        "ranks": [_plain(asdict(t)) for t in tests],
        "coverage": [_plain(asdict(r)) for r in rows],
        "least_effective": _least(told, "effective", min),
        "largest_rhat": _least(told, "rhat", max),
        "largest_moved": _least(told, "moved", max),
        "untrusted": sum(t.get("trusted") is False for t in told),
    }


def _least(told: Sequence[Mapping[str, Any]], key: str, which: Callable[..., Any]) -> float | None:
    known = [t[key] for t in told if t.get(key) is not None]
    return float(which(known)) if known else None


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {k: list(v) if isinstance(v, tuple) else plain(v) for k, v in row.items()}


def _predictive(session: Session, wanted: Wanted) -> dict[str, Any] | None:
    """The record's counts beside those of histories played from the posterior."""
    material = session.material
    if material.coded is None:
        if wanted.parts:
            raise NoRecord(f"the case {material.case.case} has no record to check the fitted game against")
        return None
    fit = session.fit
    thetas = resample(fit, size=wanted.replicates, seed=session.seed)
    warm = steps.at_mode(material.evidence, fit)
    played: list[Any] = []
    for first in range(0, len(thetas), PIECE):
        piece = thetas[first : first + PIECE]

        def compute(piece: np.ndarray = piece, first: int = first) -> list[Any]:
            assert material.coded is not None
            made = replicates(
                material.game, piece, record=material.coded, seed=session.seed + first, warm=warm,
                on_step=lambda done, _: session.progress("histories played", first + done, len(thetas)),
            )  # fmt: skip
            return played_data(made)

        inputs = {"thetas": piece.tolist(), "record": digest(record_key(material.evidence))}
        played += session.run.chunk(f"played-{first // PIECE}", compute, inputs=inputs)
    good, reasons = played_from(played)
    rows = checked(material.coded, good, moves=material.game.moves)
    return {
        "source": fit.source,
        "histories": len(good),
        "missing": {why: reasons.count(why) for why in dict.fromkeys(reasons)},
        "counts": [_plain(asdict(row)) | {"outside": row.outside} for row in rows],
    }


def _evidence(session: Session) -> list[dict[str, Any]]:
    """The estimators of evidence on densities whose evidence is known."""
    from tightrope.fit.analytic import SIZE, WEIGHING, WITHIN, analytic_cases, weigh_analytic
    from tightrope.fit.evidence import unresolved
    from tightrope.fit.posterior import compute_now
    from tightrope.fit.weighing import weighed_data, weighed_from

    found = []
    for case in analytic_cases():

        def compute(case: Any = case) -> dict[str, Any]:
            return weighed_data(
                weigh_analytic(
                    case, seed=session.seed, keep=compute_now,
                    on_progress=lambda label, done, of: session.progress(f"{case.name}: {label}", done, of),
                )
            )  # fmt: skip

        inputs = {"weighing": asdict(WEIGHING), "exact": case.exact, "seed": session.seed, "size": SIZE}
        weighed = weighed_from(session.run.chunk(f"analytic-{case.name}", compute, inputs=inputs))
        both = (weighed.importance, weighed.bridge)
        off = [e.log_evidence - case.exact for e in both]
        found.append(
            {
                "name": case.name,
                "exact": case.exact,
                "importance": plain(both[0].log_evidence),
                "bridge": plain(both[1].log_evidence),
                "spreads": [plain(e.spread) for e in both],
                "within": all(abs(x) <= WITHIN for x in off),
                "unresolved": unresolved(*both),
            }
        )
    return found
