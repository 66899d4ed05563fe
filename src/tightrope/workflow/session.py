"""One sitting with a case: every result computed once and kept in the run folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tightrope import executor
from tightrope.case.schema import PRIOR_CLASSES, PriorClass
from tightrope.fit.posterior import Effort, Fit
from tightrope.fit.slices import Sampling
from tightrope.fit.store import fit_from
from tightrope.forecast.answers import Answers, from_data
from tightrope.game.equilibrium import Equilibrium, solve
from tightrope.record.filter import Evidence
from tightrope.runs import Run, digest
from tightrope.workflow import steps
from tightrope.workflow.material import Material, model_key, record_key

if TYPE_CHECKING:
    from tightrope.workflow.drawn import Taken

Progress = Callable[[str, int, int | None], None]
Notice = Callable[[str], None]

SHIPPED = "fits"
"""Folder of a case that holds a full run's fits, by hash of all that they depend on."""
ORIGIN_EFFORT = Effort(starts=1, steps=50, draws=16, central=False)
"""No chains: before an origin there are few rows, most parameters roam over their priors, and many
of the solves that a chain then asks for are slow or fail."""


@dataclass(frozen=True)
class Amount:
    """How much a run computes.

    fit      effort of the fit to the whole record
    live     posterior draws behind each live forecast
    past     posterior draws behind each forecast as of an origin
    prior    certified draws per class of priors for the robustness of claims
    origins  whether to fit at origins for which no fit is shipped
    """

    fit: Effort
    live: int
    past: int
    prior: int
    origins: bool


QUICK = Amount(Effort(starts=1, steps=40, draws=32, central=False), live=40, past=16, prior=20, origins=False)
FULL = Amount(
    Effort(starts=2, steps=80, draws=50, central=False, sampling=Sampling(chains=2, warmup=80, draws=200)),
    live=200, past=100, prior=200, origins=True,
)  # fmt: skip


def quiet(label: str, done: int, total: int | None) -> None:
    """Progress that nobody watches."""


@dataclass(eq=False)
class Session:
    """A case, a run folder and how much to compute. Attributes are computed when first asked for."""

    material: Material
    run: Run
    amount: Amount
    seed: int
    workers: int
    progress: Progress = quiet
    notice: Notice = print
    engine_address: str = ""
    warnings: list[str] = field(default_factory=list)

    @cached_property
    def reference(self) -> Equilibrium:
        """The equilibrium at the reference values, with restarts."""
        self.progress("solving at the reference values", 0, None)
        return steps.reference(self.material, restarts=2, seed=self.seed)

    @cached_property
    def fit(self) -> Fit:
        """The fit to the whole record: the one that comes with the case if it is verified, else a new one."""
        evidence = self.material.evidence
        found = self._verified("fit", evidence, FULL.fit)
        return found or fit_from(self.fit_data("fit", evidence, self.amount.fit))

    @property
    def has_fit(self) -> bool:
        """Whether a fit to the whole record is there, verified, so that none need be made."""
        evidence = self.material.evidence
        if self._verified("fit", evidence, FULL.fit) is not None:
            return True
        return self.run.find("fit", inputs=self.fit_inputs(evidence, self.amount.fit)) is not None

    @cached_property
    def at_fit(self) -> Equilibrium:
        """The equilibrium at the posterior mode."""
        return solve(self.material.game, self.fit.theta, restarts=1, seed=self.seed)

    @cached_property
    def history_at_reference(self) -> dict[str, Any]:
        """The record seen from the reference."""
        return self._history("reference", self.reference)

    @cached_property
    def history_at_fit(self) -> dict[str, Any]:
        """The record seen from the posterior mode."""
        return self._history("fit", self.at_fit)

    @cached_property
    def live(self) -> Answers | None:
        """Answers to the live questions, if the case has any and a record to start them from."""
        if not self.material.live or self.material.coded is None:
            return None
        data = self.run.chunk(
            "live",
            lambda: steps.forecasts(
                self.material.evidence,
                self.fit,
                self.material.live,
                draws=self.amount.live,
                seed=self.seed,
                workers=self.workers,
                on_progress=self._counter("live questions"),
            ),
            inputs={"draws": self.amount.live, "theta": self.fit.theta.tolist()},
        )
        return from_data(data)

    @cached_property
    def past(self) -> dict[str, Answers]:
        """Answers to past questions by the last period known; origins without a fit are absent."""
        found = {}
        fits = self.origin_fits
        for known, questions in steps.by_origin(self.material).items():
            if known not in fits:
                continue
            data = self.run.chunk(
                f"past-{known}",
                lambda known=known, questions=questions: steps.forecasts(  # type: ignore[misc]
                    self.material.known_at(known),
                    fits[known],
                    questions,
                    draws=self.amount.past,
                    seed=self.seed,
                    workers=self.workers,
                    on_progress=self._counter(f"questions asked after {known}"),
                ),
                inputs={"draws": self.amount.past, "known": known, "theta": fits[known].theta.tolist()},
            )
            found[known] = from_data(data)
        return found

    @cached_property
    def origin_fits(self) -> dict[str, Fit]:
        """Fits to the record as known at each origin of a past question.

        A shipped fit counts only if this code finds the same likelihood at its mode.
        """
        found = {}
        if self.amount.origins and self.apart:
            self._fit_origins_apart()
        for known in steps.by_origin(self.material):
            name, evidence = f"origin-{known}", self.material.known_at(known)
            fit = self._verified(name, evidence, ORIGIN_EFFORT)
            if fit is None and self.amount.origins:
                fit = fit_from(self.fit_data(name, evidence, ORIGIN_EFFORT))
            if fit is not None:
                found[known] = fit
            else:
                self.warn(
                    f"No fit as of {known} is shipped for this case, so the questions asked then stay "
                    "unanswered in a quick run; a full run computes it."
                )
        return found

    def _fit_origins_apart(self) -> None:
        from tightrope.workflow.apart import fit_origins

        missing = [
            known
            for known in steps.by_origin(self.material)
            if self._verified(f"origin-{known}", self.material.known_at(known), ORIGIN_EFFORT) is None
        ]
        if len(missing) > 1:
            fit_origins(self, missing)

    def _verified(self, name: str, evidence: Evidence, effort: Effort) -> Fit | None:
        """A stored fit, if any. A shipped one counts only if this code finds its likelihood again."""
        inputs = self.fit_inputs(evidence, effort)
        chunk = self.run.find(name, inputs=inputs, shipped=self.material.folder / SHIPPED)
        if chunk is None:
            return None
        fit = fit_from(chunk.value)
        if chunk.origin == "shipped":
            self.progress(f"verifying the shipped fit {name}", 0, None)
            if not steps.verified(evidence, fit):
                self.notice(f"the shipped fit {name} is not what this code finds; it is not used")
                return None
        return fit

    @cached_property
    def certified(self) -> dict[PriorClass, Taken]:
        """Draws from each class of priors until `amount.prior` of them are certified."""
        from tightrope.workflow.drawn import prior_taken

        return {name: prior_taken(self, name, self.amount.prior) for name in PRIOR_CLASSES}

    @property
    def apart(self) -> bool:
        """Whether work goes to other processes, of this machine or of a cluster."""
        return self.workers > 1 or bool(self.engine_address)

    def spread(
        self,
        here: Callable[[Any, int], Any],
        there: Callable[[Any, int], Any],
        jobs: Sequence[Any],
        *,
        label: str = "",
    ) -> Iterator[executor.Result[Any]]:
        """Each job's result as it is done: by `there` side by side, or by `here` one after the other.

        there  picklable, and the same but for what it must read anew
        """
        if self.engine_address or (self.workers > 1 and len(jobs) > 1):
            return executor.map(
                there, jobs, workers=min(self.workers, len(jobs)), seed=self.seed, label=label,
                on_progress=self.progress if label else None, address=self.engine_address,
                notice=lambda text: self.notice(f"{label}: {text}" if label else text),
            )  # fmt: skip
        return executor.map(here, jobs, seed=self.seed)

    def warn(self, text: str) -> None:
        """Say something that must be seen, now and in the report."""
        if text not in self.warnings:
            self.warnings.append(text)
            self.notice(text)

    def _history(self, name: str, found: Equilibrium) -> dict[str, Any]:
        found.require()
        return self.run.chunk(  # type: ignore[no-any-return]
            f"history-{name}",
            lambda: steps.history(
                self.material.evidence, found.theta, found.z, periods=steps.periods_named(self.material)
            ),
            inputs={"theta": found.theta.tolist()},
        )

    def fit_inputs(self, evidence: Evidence, effort: Effort) -> dict[str, Any]:
        """What a fit depends on, for the hash of its chunk."""
        return {
            "model": digest(model_key(self.material)),
            "record": digest(record_key(evidence)),
            "effort": list(astuple(effort)),
            "prior": steps.FIT_CLASS,
            "seed": self.seed,
        }

    def fit_data(self, name: str, evidence: Evidence, effort: Effort) -> dict[str, Any]:
        """A fit as plain data, its pieces kept in the run as they are done."""
        inputs = self.fit_inputs(evidence, effort)

        def keep(piece: str, compute: Callable[[], Any]) -> Any:
            return self.run.chunk(f"{name}-{piece}", compute, inputs=inputs)

        return self.run.chunk(  # type: ignore[no-any-return]
            name,
            lambda: steps.fit(
                evidence,
                effort=effort,
                seed=self.seed,
                keep=keep,
                on_progress=lambda label, done, total: self.progress(f"{name}: {label}", done, total),
                workers=self.workers,
            ),
            inputs=inputs,
        )

    def _counter(self, label: str) -> Callable[[int, int], None]:
        return lambda done, total: self.progress(label, done, total)
