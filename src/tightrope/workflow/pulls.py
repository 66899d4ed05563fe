"""Levers: what may be pulled on a case, and a set of pulled levers read and checked.

A set of levers is plain data: a base (the case's reference values or the mode of a fit), a named override of
the case, parameter values, states that are put somewhere at the start (`put`, a do) and states that are seen
to stand somewhere (`seen`, an observation).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tightrope.case.errors import near_or_list
from tightrope.case.schema import Case, Override
from tightrope.fit.priors import distribution

SHOWN, ALLOWED = 0.05, 0.001
"""A lever's track spans the priors' quantiles at SHOWN and 1 - SHOWN; a value beyond ALLOWED is refused."""
REFERENCE, FIT = "reference", "fit"
GROUPS = ("hypotheses", "variants", "ablations")
"""Where a case keeps named changes of its parameters."""
MOST_NAMES = 2_000


class LeverError(ValueError):
    """A set of levers that cannot be pulled; `problems` lists everything wrong."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True)
class ParameterLever:
    """A free parameter that can be moved.

    low, high      ends of its track
    least, most    ends of what is allowed
    """

    name: str
    about: str
    low: float
    high: float
    least: float
    most: float


@dataclass(frozen=True)
class StateLever:
    """A state variable whose place at the start can be chosen."""

    name: str
    label: str
    levels: tuple[str, ...]
    latent: bool


@dataclass(frozen=True)
class Levers:
    """Everything that may be pulled. `overrides`: qualified name (`ablations.no_memory`) -> override."""

    parameters: tuple[ParameterLever, ...]
    states: tuple[StateLever, ...]
    overrides: Mapping[str, Override]
    bases: tuple[str, ...]


@dataclass(frozen=True)
class Pull:
    """A set of pulled levers; everything left out stands as the base has it.

    base        `reference` or `fit`
    override    qualified name of an override of the case; its values give way to `parameters`
    parameters  name -> value
    put         state variable -> level at the start, whatever led there
    seen        state variable -> level in which it is seen at the start; the other states follow
    """

    base: str = REFERENCE
    override: str = ""
    parameters: Mapping[str, float] = field(default_factory=dict)
    put: Mapping[str, str] = field(default_factory=dict)
    seen: Mapping[str, str] = field(default_factory=dict)

    @property
    def moves_states(self) -> bool:
        """Whether the start is not the one that the record leaves."""
        return bool(self.put or self.seen)

    def as_data(self) -> dict[str, Any]:
        """Plain data, names in alphabetical order: equal sets of levers give equal data."""
        return {
            "base": self.base,
            "override": self.override,
            "parameters": {name: float(self.parameters[name]) for name in sorted(self.parameters)},
            "put": {name: self.put[name] for name in sorted(self.put)},
            "seen": {name: self.seen[name] for name in sorted(self.seen)},
        }


def levers_of(case: Case, *, bases: Mapping[str, np.ndarray]) -> Levers:
    """The levers of a case.

    bases  name -> whole parameter vector, (parameters,); each lever reaches at least to its value there
    """
    place = {name: k for k, name in enumerate(case.parameters)}
    found = []
    for name, parameter in case.parameters.items():
        if parameter.fixed or not parameter.prior:
            continue
        here = [float(vector[place[name]]) for vector in bases.values()]
        laws = [distribution(prior) for prior in parameter.prior.values()]
        found.append(
            ParameterLever(
                name,
                parameter.why,
                _end(min, [float(law.ppf(SHOWN)) for law in laws] + here),
                _end(max, [float(law.ppf(1 - SHOWN)) for law in laws] + here),
                _end(min, [float(law.ppf(ALLOWED)) for law in laws] + here),
                _end(max, [float(law.ppf(1 - ALLOWED)) for law in laws] + here),
            )
        )
    states = tuple(
        StateLever(name, state.label, tuple(state.levels), state.latent)
        for name, state in case.states.items()
    )
    overrides = {f"{group}.{name}": o for group in GROUPS for name, o in getattr(case, group).items()}
    return Levers(tuple(found), states, overrides, tuple(bases))


def _end(which: Any, values: list[float]) -> float:
    return float(which(value for value in values if math.isfinite(value)))


def read_pull(levers: Levers, data: Mapping[str, Any]) -> Pull:
    """A set of levers from plain data, every name and value checked. Raises LeverError with every fault."""
    problems: list[str] = []
    base = data.get("base") or levers.bases[0]
    if base not in levers.bases:
        problems.append(f"base {str(base)[:64]!r}: {near_or_list(str(base), levers.bases)}")
    override = data.get("override") or ""
    if override and override not in levers.overrides:
        problems.append(f"override {str(override)[:64]!r}: {near_or_list(str(override), levers.overrides)}")
    parameters: dict[str, float] = {}
    free = {lever.name: lever for lever in levers.parameters}
    for name, value in _mapping(data, "parameters", problems).items():
        lever = free.get(name)
        if lever is None:
            problems.append(f"{name[:64]!r} is no free parameter; {near_or_list(name, free)}")
        elif isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            problems.append(f"{name}: {str(value)[:32]!r} is not a number")
        elif not lever.least <= value <= lever.most:
            problems.append(f"{name} may lie between {lever.least:.4g} and {lever.most:.4g}, not {value:.6g}")
        else:
            parameters[name] = float(value)
    places = {kind: _places(levers, data, kind, problems) for kind in ("put", "seen")}
    problems += [
        f"{n}: it is put somewhere or seen somewhere, not both" for n in places["put"] if n in places["seen"]
    ]
    if problems:
        raise LeverError(problems)
    return Pull(str(base), str(override), parameters, places["put"], places["seen"])


def _mapping(data: Mapping[str, Any], key: str, problems: list[str]) -> dict[str, Any]:
    given = data.get(key) or {}
    if not isinstance(given, Mapping) or len(given) > MOST_NAMES:
        problems.append(f"{key} must map names to values")
        return {}
    return {str(name): value for name, value in given.items()}


def _places(levers: Levers, data: Mapping[str, Any], kind: str, problems: list[str]) -> dict[str, str]:
    known = {state.name: state for state in levers.states}
    found = {}
    for name, level in _mapping(data, kind, problems).items():
        if name not in known:
            problems.append(f"{kind}: {name[:64]!r} is no state variable; {near_or_list(name, known)}")
        elif level not in known[name].levels:
            hint = near_or_list(str(level)[:64], known[name].levels)
            problems.append(f"{kind}: {name} has no level {str(level)[:64]!r}; {hint}")
        else:
            found[name] = str(level)
    return found


def theta_of(case: Case, levers: Levers, pull: Pull, *, bases: Mapping[str, np.ndarray]) -> np.ndarray:
    """The whole parameter vector, (parameters,), of a set of levers."""
    place = {name: k for k, name in enumerate(case.parameters)}
    theta = np.array(bases[pull.base], dtype=float)
    changes = dict(levers.overrides[pull.override].set) if pull.override else {}
    for name, value in (changes | dict(pull.parameters)).items():
        theta[place[name]] = value
    return theta


def start_changed(states: Mapping[str, tuple[str, ...]], pull: Pull, live: np.ndarray) -> np.ndarray:
    """A start distribution, (*states), as a set of levers has it.

    states  name -> levels, in the order of the axes

    First what is seen is conditioned on, then what is put is put. Raises LeverError where what is seen has
    no probability.
    """
    names = list(states)
    result = np.asarray(live, dtype=float)
    for name, level in pull.seen.items():
        index = [slice(None)] * result.ndim
        at = states[name].index(level)
        index[names.index(name)] = slice(at, at + 1)
        kept = np.zeros_like(result)
        kept[tuple(index)] = result[tuple(index)]
        if kept.sum() <= 1e-12:
            raise LeverError(
                [f"seen: {name} stands at {level} with probability nought; suppose it there instead (`put`)"]
            )
        result = kept / kept.sum() * live.sum()
    for name, level in pull.put.items():
        axis, at = names.index(name), states[name].index(level)
        index = [slice(None)] * result.ndim
        index[axis] = slice(at, at + 1)
        moved = np.zeros_like(result)
        moved[tuple(index)] = result.sum(axis=axis, keepdims=True)
        result = moved
    return result
