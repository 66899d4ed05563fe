"""Nouns of the game: players, states, parameters, laws, and the moves of a period in their order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from tightrope.case.noun import ExpressionField, Identifier, Noun, PriorClass, PriorField


class Calendar(Noun):
    """How long a period is and which one the record starts with (`1996Q1`, `1996H1`, `1996`)."""

    period: Literal["quarter", "half-year", "year"]
    first: str


class Player(Noun):
    """A strategic player. `discount` is per period and must lie in [0, 1)."""

    label: str
    role: Literal["patron", "client", "other"] = "other"
    discount: ExpressionField


class StateVariable(Noun):
    """A named variable with ordered levels; in expressions its value is the level's index."""

    label: str
    levels: tuple[Identifier, ...] = Field(min_length=2, max_length=12)
    latent: bool = False
    direction: Literal["up"] | None = None


class Terminal(Noun):
    """An absorbing end. `payoffs` are lifetime values at the period in which it begins."""

    label: str
    payoffs: dict[Identifier, ExpressionField]
    counts_as: dict[Identifier, Identifier] = Field(default={})


class Table(Noun):
    """Numbers indexed by any number of variables and moves.

    `values` nests mappings from level names, outermost variable first; the
    innermost may be a list in level order. Levels left out take `default`.
    """

    by: tuple[Identifier, ...] = Field(min_length=1, max_length=6)
    values: Any
    default: float | None = None


class Parameter(Noun):
    """A number with its reason. Either `fixed`, or a prior in each prior class."""

    value: float
    fixed: bool = False
    prior: dict[PriorClass, PriorField] = Field(default={})
    source: Literal["assumed", "calibrated"] = "assumed"
    why: str = Field(min_length=1)


class Link(Noun):
    """A probability, written so that any parameter value is legal.

    Exactly one of: `logit` (any real), `hazard` (a rate >= 0; the probability is
    1 - exp(-rate)) or `prob` (raw; checked at load on 1,000 prior draws).
    """

    logit: ExpressionField | None = None
    hazard: ExpressionField | None = None
    prob: ExpressionField | None = None


class Steps(Noun):
    """One level down or up, or stay. Both links must be of the same kind."""

    down: Link | None = None
    up: Link | None = None


class Setting(Noun):
    """A deterministic jump to level `to` where `when` holds (first match wins)."""

    when: ExpressionField
    to: Identifier


class Law(Noun):
    """How nature draws: the part of a nature move that a viewpoint may replace."""

    steps: Steps | None = None
    weights: dict[Identifier, ExpressionField] | None = None
    set: tuple[Setting, ...] | None = None
    exit: Link | None = None
    to: dict[Identifier, ExpressionField] | None = None


class NatureMove(Law):
    """Nature changes one state variable, or draws an exit to a terminal.

    `changes` with one of `steps`, `weights` (over levels, or over `down`, `stay`
    and `up`; non-negative, normalised) or `set`; or `exit` (its probability) with
    `to` (non-negative weights over terminals, normalised). `viewpoints` gives the
    law in a player's eyes where that differs from the world's.
    """

    nature: Identifier
    changes: Identifier | None = None
    viewpoints: dict[Identifier, Law] = Field(default={})


class PlayerMove(Noun):
    """A player's move: logit choice among `actions` with the given precision (1/payoff)."""

    move: Identifier
    player: Identifier
    actions: tuple[Identifier, ...] = Field(min_length=2, max_length=12)
    precision: ExpressionField
    available: dict[Identifier, ExpressionField] = Field(default={})


class Together(Noun):
    """Simultaneous moves: none of them sees the others."""

    together: tuple[PlayerMove, ...] = Field(min_length=2, max_length=4)


class Pay(Noun):
    """Where in the period payoffs are collected (default: after the last player move)."""

    pay: Literal["payoffs"] = "payoffs"


def _kind_of_item(value: Any) -> str | None:
    """Tell which kind of period item a mapping is, by the key that only it has."""
    for key in ("nature", "move", "together", "pay"):
        if (isinstance(value, Mapping) and key in value) or hasattr(value, key):
            return key
    return None


PeriodItem = Annotated[
    Annotated[NatureMove, Tag("nature")]
    | Annotated[PlayerMove, Tag("move")]
    | Annotated[Together, Tag("together")]
    | Annotated[Pay, Tag("pay")],
    Discriminator(_kind_of_item),
]


class Override(Noun):
    """A named change of parameter values: an ablation, a hypothesis or a kernel variant."""

    about: str
    set: dict[Identifier, float] = Field(default={})
