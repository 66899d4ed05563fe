"""The nouns of a case: what a case file may say, as frozen pydantic models, and the case that holds them all.

Nothing in these modules reads a file or builds an array.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tightrope.case.noun import (
    PRIOR_CLASSES,
    ExpressionField,
    Identifier,
    Noun,
    PriorClass,
    PriorField,
)
from tightrope.case.schema_claims import (
    Claim,
    Quantity,
    RecordShare,
)
from tightrope.case.schema_game import (
    Calendar,
    Law,
    Link,
    NatureMove,
    Override,
    Parameter,
    Pay,
    PeriodItem,
    Player,
    PlayerMove,
    Setting,
    StateVariable,
    Steps,
    Table,
    Terminal,
    Together,
)
from tightrope.case.schema_pictures import (
    Axis,
    ChoiceAt,
    Pictures,
    Plane,
    PriceOver,
)
from tightrope.case.schema_record import (
    Block,
    EventMapping,
    Observable,
    Reading,
    Recode,
    Record,
)


class Case(Noun):
    """A whole case: an argument about an unequal alliance, as data."""

    case: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    title: str
    about: str = ""
    calendar: Calendar
    players: dict[Identifier, Player] = Field(min_length=1, max_length=6)
    environment: tuple[str, ...] = ()
    states: dict[Identifier, StateVariable] = Field(min_length=1, max_length=16)
    terminals: dict[Identifier, Terminal] = Field(default={}, max_length=32)
    tables: dict[Identifier, Table] = Field(default={}, max_length=500)
    parameters: dict[Identifier, Parameter] = Field(default={}, max_length=1_000)
    define: dict[Identifier, ExpressionField] = Field(default={}, max_length=1_000)
    period: tuple[PeriodItem, ...] = Field(min_length=1, max_length=64)
    payoffs: dict[Identifier, dict[Identifier, ExpressionField]]
    observables: dict[Identifier, Observable] = Field(default={})
    start: dict[Identifier, Identifier | dict[Identifier, float]]
    record: Record | None = None
    events: str | None = None
    series: str | None = None
    questions: str | None = None
    live_questions: str | None = None
    mappings: dict[str, EventMapping] = Field(default={}, max_length=1_000)
    ledger: str | None = None
    scenarios: str | None = None
    reference_class: str | None = None
    quantities: dict[Identifier, Quantity] = Field(default={}, max_length=1_000)
    claims: dict[str, Claim] = Field(default={}, max_length=1_000)
    ablations: dict[Identifier, Override] = Field(default={})
    variants: dict[Identifier, Override] = Field(default={})
    hypotheses: dict[Identifier, Override] = Field(default={})
    pictures: Pictures | None = None


__all__ = [
    "PRIOR_CLASSES",
    "Axis",
    "Block",
    "Calendar",
    "Case",
    "ChoiceAt",
    "Claim",
    "EventMapping",
    "ExpressionField",
    "Identifier",
    "Law",
    "Link",
    "NatureMove",
    "Noun",
    "Observable",
    "Override",
    "Parameter",
    "Pay",
    "PeriodItem",
    "Pictures",
    "Plane",
    "Player",
    "PlayerMove",
    "PriceOver",
    "PriorClass",
    "PriorField",
    "Quantity",
    "Reading",
    "Recode",
    "Record",
    "RecordShare",
    "Setting",
    "StateVariable",
    "Steps",
    "Table",
    "Terminal",
    "Together",
]
