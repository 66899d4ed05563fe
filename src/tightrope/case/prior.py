"""Priors as data: a family and its arguments. Densities live in the fit room."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from tightrope.case.errors import near_or_list

FAMILIES: dict[str, tuple[str, ...]] = {
    "normal": ("mean", "sd"),
    "lognormal": ("median", "sigma"),
    "halfnormal": ("scale",),
    "exponential": ("mean",),
    "uniform": ("low", "high"),
    "beta": ("a", "b"),
}
"""Family -> names of its arguments. `lognormal` is given by its median and the sd of its log."""

_CALL = re.compile(r"^\s*([A-Za-z_]+)\s*\(([^()]*)\)\s*$")


@dataclass(frozen=True, slots=True)
class Prior:
    """A prior distribution: `family` and the arguments in the order of `FAMILIES`."""

    family: str
    arguments: tuple[float, ...]

    @property
    def support(self) -> tuple[float, float]:
        """Lower and upper end of the support, both outside it."""
        match self.family:
            case "normal":
                return float("-inf"), float("inf")
            case "uniform":
                return self.arguments[0], self.arguments[1]
            case "beta":
                return 0.0, 1.0
            case _:
                return 0.0, float("inf")

    def __str__(self) -> str:
        pairs = zip(FAMILIES[self.family], self.arguments, strict=True)
        return f"{self.family}({', '.join(f'{name}={value:g}' for name, value in pairs)})"


def to_prior(value: Any) -> Prior:
    """A `Prior` from text such as `lognormal(median=0.42, sigma=0.6)`. Raises ValueError."""
    if isinstance(value, Prior):
        return value
    match = _CALL.match(value) if isinstance(value, str) and len(value) < 200 else None
    if match is None:
        raise ValueError("a prior is written like lognormal(median=0.4, sigma=0.5)")
    family, inside = match.groups()
    if family not in FAMILIES:
        hint = near_or_list(family, FAMILIES)
        raise ValueError(f"{family!r} is not a family of priors; {hint}")
    names = FAMILIES[family]
    given: dict[str, float] = {}
    for part in filter(None, (piece.strip() for piece in inside.split(","))):
        name, equals, number = (piece.strip() for piece in part.partition("="))
        if not equals or name not in names or name in given:
            raise ValueError(f"{family} takes {', '.join(f'{n}=…' for n in names)}; {part!r} does not fit")
        try:
            given[name] = float(number)
        except ValueError:
            raise ValueError(f"{number!r} is not a number (in {part!r})") from None
    missing = [name for name in names if name not in given]
    if missing:
        raise ValueError(f"{family} lacks {', '.join(missing)}")
    for name in ("sd", "sigma", "scale", "median", "a", "b"):
        if name in given and not 0 < given[name] < float("inf"):
            raise ValueError(f"{name} must be positive")
    if family == "exponential" and not 0 < given["mean"] < float("inf"):
        raise ValueError("mean must be positive")
    if family == "uniform" and not given["low"] < given["high"]:
        raise ValueError("low must be below high")
    if any(not abs(number) < float("inf") for number in given.values()):
        raise ValueError("the arguments of a prior must be finite")
    return Prior(family, tuple(given[name] for name in names))
