"""A case kept at hand for levers: solved at its bases, and again from the nearest solution."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from tightrope.case.schema import Quantity
from tightrope.fit.posterior import Fit
from tightrope.fit.store import fit_from
from tightrope.game.equilibrium import Equilibrium, solve
from tightrope.runs import open_run
from tightrope.workflow import steps
from tightrope.workflow.judgement import outside_views
from tightrope.workflow.material import Material, load_material
from tightrope.workflow.pulls import FIT, REFERENCE, Levers, Pull, levers_of, theta_of
from tightrope.workflow.session import FULL, QUICK, SHIPPED, Progress, Session, quiet

MOST_KEPT = 48
"""Fixed points kept as warm starts: some tens of kilobytes each."""
MOST_SOLVED = 12
"""Solved games kept whole: their strategies take megabytes."""
MOST_REMEMBERED = 24
"""Parts kept for comparison: tables of some kilobytes, and the solutions that they rest on."""


class Unprepared(RuntimeError):
    """A base of the case has no certified equilibrium, so that there is nothing to pull levers from."""


@dataclass(frozen=True, eq=False)
class Solution:
    """A set of levers, solved. `near`: where the solve began, in words."""

    pull: Pull
    found: Equilibrium
    near: str


@dataclass(eq=False)
class Bench:
    """A case, its levers and its bases, and the solutions found so far. Safe to use from several threads.

    anchors   base -> its equilibrium on the principal branch
    states    base -> the record's filtered states by name, as `argument.measure` wants them
    seen      base -> the record seen from it (`steps.history`); empty without a record
    outside   live question -> outside view and what it is
    """

    material: Material
    levers: Levers
    thetas: Mapping[str, np.ndarray]
    anchors: Mapping[str, Equilibrium]
    fit: Fit | None
    states: Mapping[str, Mapping[str, np.ndarray]]
    seen: Mapping[str, dict[str, Any]]
    outside: Mapping[str, tuple[float, str]]
    _kept: OrderedDict[bytes, np.ndarray] = field(default_factory=OrderedDict)
    _solved: OrderedDict[bytes, Equilibrium] = field(default_factory=OrderedDict)
    _busy: dict[bytes, threading.Lock] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _memo: OrderedDict[Any, tuple[Equilibrium, Any]] = field(default_factory=OrderedDict)

    def remembered(self, what: str, pull: Pull, make: Callable[[], Any]) -> Any:
        """What `make` gives, made once a set of levers while its solution stands: it is asked for again as
        what another set is compared with. `what` names all else that it depends on.
        """
        key = (what, json.dumps(pull.as_data()))
        found = self.solve(pull).found
        with self._lock:
            kept = self._memo.get(key)
        if kept is not None and kept[0] is found:
            return kept[1]
        made = make()
        with self._lock:
            self._memo[key] = (found, made)
            while len(self._memo) > MOST_REMEMBERED:
                self._memo.popitem(last=False)
        return made

    def theta(self, pull: Pull) -> np.ndarray:
        """The whole parameter vector of a set of levers, (parameters,)."""
        return theta_of(self.material.case, self.levers, pull, bases=self.thetas)

    def solve(self, pull: Pull) -> Solution:
        """The equilibrium at a set of levers: kept, or found from the nearest one that is.

        Where no neighbour leads to a certificate the direct way is tried. A bad certificate comes back as it
        is: who asks must not draw from it.
        """
        theta = self.theta(pull)
        key = theta.tobytes()
        with self._lock:
            busy = self._busy.setdefault(key, threading.Lock())
        with busy:  # equal sets of levers at once are solved once
            with self._lock:
                found = self._solved.get(key)
            near = "kept"
            if found is None:
                found, near = self._solve(theta)
                self.keep(found)
        with self._lock:
            self._busy.pop(key, None)
        return Solution(pull, found, near)

    def keep(self, found: Equilibrium) -> None:
        """Keep a certified solution, as what its parameters have and as a warm start for its neighbours."""
        key = np.asarray(found.theta).tobytes()
        with self._lock:
            self._solved[key] = found
            while len(self._solved) > MOST_SOLVED:
                self._solved.popitem(last=False)
            if found.certificate.good:
                self._kept[key] = found.z
                while len(self._kept) > MOST_KEPT:
                    self._kept.popitem(last=False)

    def _solve(self, theta: np.ndarray) -> tuple[Equilibrium, str]:
        name, warm = self._nearest(theta)
        found = solve(self.material.game, theta, warm=warm)
        if not found.certificate.good:
            found, name = solve(self.material.game, theta, branch="direct"), "zero values"
        return found, name

    def _nearest(self, theta: np.ndarray) -> tuple[str, np.ndarray]:
        """The closest solution by how far each lever has to go along its track."""
        place = {name: k for k, name in enumerate(self.material.game.parameters)}
        width = np.full(len(theta), np.inf)
        for lever in self.levers.parameters:
            width[place[lever.name]] = max(lever.high - lever.low, 1e-12)
        with self._lock:
            kept = [(np.frombuffer(key), z) for key, z in self._kept.items()]
        found = [(name, there.theta, there.z) for name, there in self.anchors.items()]
        found += [("a neighbour", at, z) for at, z in kept]
        gaps = [float(np.sum(((at - theta) / width) ** 2)) for _, at, _ in found]
        name, _, z = found[int(np.argmin(gaps))]
        return name, z

    def quantities(self) -> dict[str, Quantity]:
        """The quantities that the claims' checks mention."""
        from tightrope.argument.checks import mentioned

        case = self.material.case
        names = [
            n for claim in case.claims.values() if claim.check is not None for n in mentioned(claim.check)
        ]
        return {name: case.quantities[name] for name in dict.fromkeys(names)}


def prepare(path: Path, *, run: Path | None = None, progress: Progress = quiet) -> Bench:
    """Read a case and solve it at its bases.

    run  a run folder whose fit may be the base besides the fits that come with the case

    Raises CaseError for a case that is not sound, and Unprepared without a certificate at the reference.
    """
    progress("reading the case", 0, None)
    material = load_material(path)
    progress("solving at the reference values", 0, None)
    reference = solve(material.game)
    if not reference.certificate.good:
        raise Unprepared(f"no certified equilibrium at the case's own values: {reference.certificate}")
    thetas, anchors = {REFERENCE: reference.theta}, {REFERENCE: reference}
    fit = fit_at_hand(material, run=run, progress=progress)
    if fit is not None:
        progress("solving at the fit", 0, None)
        there = solve(material.game, fit.theta)
        if there.certificate.good and run is not None:
            # A run is opened for its forecasts, which come from the fit; a case for its argument.
            thetas, anchors = {FIT: there.theta, **thetas}, {FIT: there, **anchors}
        elif there.certificate.good:
            thetas, anchors = {**thetas, FIT: there.theta}, {**anchors, FIT: there}
    seen, states = {}, {}
    if material.coded is not None:
        for name, found in anchors.items():
            progress(f"the record seen from the {name}", 0, None)
            periods = steps.periods_named(material)
            seen[name] = steps.history(material.evidence, found.theta, found.z, periods=periods)
            states[name] = steps.distributions(material, seen[name])
    outside = {}
    if material.coded is not None and material.live:
        progress("outside views of the live questions", 0, None)
        outside = outside_views(material, material.live)
    return Bench(
        material=material,
        levers=levers_of(material.case, bases=thetas),
        thetas=thetas,
        anchors=anchors,
        fit=fit,
        states=states,
        seen=seen,
        outside=outside,
    )


def fit_at_hand(material: Material, *, run: Path | None, progress: Progress) -> Fit | None:
    """A fit to the whole record that came with the case or that a run left, found again by this code."""
    if material.coded is None:
        return None
    places = [material.folder / SHIPPED, *([run / "chunks"] if run is not None else [])]
    with (
        TemporaryDirectory() as folder,
        open_run(folder, case_name=material.case.case, key={}, notice=lambda text: None) as empty,
    ):
        session = Session(material, empty, QUICK, 0, 1)
        for place in places:
            for amount in (FULL, QUICK):
                inputs = session.fit_inputs(material.evidence, amount.fit)
                chunk = empty.find("fit", inputs=inputs, shipped=place)
                if chunk is None:
                    continue
                progress("verifying the fit", 0, None)
                fit = fit_from(chunk.value)
                if steps.verified(material.evidence, fit):
                    return fit
    return None
