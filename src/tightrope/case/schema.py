"""The nouns of a case: what a case file may say, as frozen pydantic models.

Every scalar arrives as a string (the reader keeps YAML scalars as text, so that
a country called `NO` and a number written `1.10` survive) and is coerced here.
Unknown keys are errors. Nothing in this module reads a file or builds an array.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, WithJsonSchema

from tightrope.case.parse import Expression, to_expression
from tightrope.case.prior import Prior, to_prior

ExpressionField = Annotated[
    Expression,
    BeforeValidator(to_expression),
    WithJsonSchema({"type": ["string", "number"], "description": "An expression."}),
]
PriorField = Annotated[
    Prior,
    BeforeValidator(to_prior),
    WithJsonSchema({"type": "string", "examples": ["lognormal(median=0.5, sigma=0.4)"]}),
]
Identifier = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")]
PriorClass = Literal["argument", "agnostic"]
PRIOR_CLASSES: tuple[PriorClass, ...] = ("argument", "agnostic")


class Noun(BaseModel):
    """Base of all nouns: frozen, strict about unknown keys, and every number finite."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, allow_inf_nan=False)


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
    counts_as: dict[Identifier, Identifier] = {}


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
    prior: dict[PriorClass, PriorField] = {}
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
    viewpoints: dict[Identifier, Law] = {}


class PlayerMove(Noun):
    """A player's move: logit choice among `actions` with the given precision (1/payoff)."""

    move: Identifier
    player: Identifier
    actions: tuple[Identifier, ...] = Field(min_length=2, max_length=12)
    precision: ExpressionField
    available: dict[Identifier, ExpressionField] = {}


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


class Observable(Noun):
    """Something seen that feeds nothing back: exactly one of `bernoulli` and `autoregressive`.

    `bernoulli` is the log-odds per period. `autoregressive` is the expected input
    of a first-order autoregression with the given `persistence` and `noise` sd.
    What was seen is read from dated events of the kinds in `event_kinds`, or from
    the ledger: statements on `ledger_event` with a probability of `at_least`.
    """

    label: str
    bernoulli: ExpressionField | None = None
    autoregressive: ExpressionField | None = None
    persistence: float = 0.0
    noise: float = 0.0
    event_kinds: tuple[str, ...] = ()
    ledger_event: str | None = None
    at_least: float = 0.0


class Override(Noun):
    """A named change of parameter values: an ablation, a hypothesis or a kernel variant."""

    about: str
    set: dict[Identifier, float] = {}


class Recode(Noun):
    """A column takes `code` in every period from `first` to `last` (`last` empty: that period only)."""

    column: str
    first: str
    last: str = ""
    code: Identifier


class Reading(Noun):
    """One other reading of a block, with the coder's weight on it."""

    weight: float = Field(gt=0.0, lt=1.0)
    set: tuple[Recode, ...] = Field(min_length=1)


class Block(Noun):
    """Rows that are read one way or another as a whole, never row by row.

    In the rows and columns that any of its readings touches, the record's own
    alternatives are dropped: the printed codes stand, or one reading's codes do.
    """

    about: str
    readings: dict[Identifier, Reading] = Field(min_length=1)


class Record(Noun):
    """Where the coded history is and how its columns map to variables and moves.

    columns          record column -> state variable or move
    codes            record column -> {code in the file -> level}, where they differ
    codings          name -> file of an independent second coding, same layout
    default_notes    a row whose note starts with one of these holds moves by default;
    default_columns  in such rows these columns are missing, not observed
    soft             column -> printed code -> weights over codes (virtual evidence)
    blocks           readings of several rows that switch as a whole
    """

    file: str
    period_column: str = "quarter"
    columns: dict[str, Identifier]
    codes: dict[str, dict[str, Identifier]] = {}
    codings: dict[str, str] = {}
    default_notes: tuple[str, ...] = ()
    default_columns: tuple[str, ...] = ()
    soft: dict[str, dict[str, dict[str, float]]] = {}
    blocks: dict[Identifier, Block] = {}


class Quantity(Noun):
    """A number the solved game implies.

    Exactly one of the first group says what is measured; the second group says
    where. Expressions in `probability`, `expectation` and `given` are read at the
    point of the period where payoffs are collected, so they may mention states
    (as they then stand) and every earlier move.

    probability   P(expression) in one period
    expectation   E[expression] in one period
    rises         P(variable stands higher at the end of the period than at its start)
    reaches       P(condition on states holds at the start of some period, or a
                  terminal of that name has been entered) within `within` periods
    value         a player's lifetime value
    minus_terminal  subtract the player's value of that terminal (with `value`)
    price_gap     the least price gap of entering a terminal now, over the states in which `given` holds
                  (all of them without one): what the client would take at least, less what the patron
                  would pay at most, in the patron's payoff; above 0 no price suits both in any of them
    rate          what a unit of the client's payoff costs the patron, in parameters and states (default 1)
    patron, client  players, where the case does not have one of each role

    given         condition on this (observe): P(. | given)
    set           put state variables at a level first (do)
    do            force moves to an action (do)
    after         let this many periods pass first
    over          the distribution of start states: `record` (default: the record's
                  filtered states), `end` (the record's last), `start`, or a period name
    """

    about: str = ""
    probability: ExpressionField | None = None
    expectation: ExpressionField | None = None
    rises: Identifier | None = None
    reaches: ExpressionField | None = None
    value: Identifier | None = None
    minus_terminal: Identifier | None = None
    price_gap: Identifier | None = None
    rate: ExpressionField | None = None
    patron: Identifier | None = None
    client: Identifier | None = None
    given: ExpressionField | None = None
    set: dict[Identifier, Identifier] = {}
    do: dict[Identifier, Identifier] = {}
    after: int = Field(default=0, ge=0, le=400)
    within: int = Field(default=0, ge=0, le=400)
    over: str = "record"


class RecordShare(Noun):
    """A frequency in the coded record: share of rows with `share` among those with `of`.

    Names are the case's variables; `next_NAME` is a state variable one row later.
    `versus` is a second condition whose share is compared with the first.
    """

    share: ExpressionField
    of: ExpressionField | None = None
    versus: ExpressionField | None = None
    expect: Literal["higher", "lower", "zero", "majority", "minority", "none"] = "none"
    since: str | None = None
    until: str | None = None


class EventMapping(Noun):
    """How a case reads an event that its record does not code: as an event expression, for a reason."""

    reads: str
    why: str


class Claim(Noun):
    """A sentence of the argument: a check on quantities, and what the record shows."""

    text: str
    kind: str = "inference"
    check: ExpressionField | None = None
    breaks: tuple[Identifier, ...] = ()
    threshold: str | None = None
    record: tuple[RecordShare, ...] = ()
    untestable: str | None = None
    later: str = ""


class Axis(Noun):
    """An axis of a plane: an expression in state variables that are seen, and what its two ends mean."""

    label: str = Field(min_length=1)
    of: ExpressionField
    low: str = ""
    high: str = ""


class Plane(Noun):
    """Two axes on which the record's path and the law of motion are drawn."""

    about: str = ""
    across: Axis
    up: Axis


class PriceOver(Noun):
    """The price gap of a terminal over two state variables; `rate` as `tightrope explain` has it, or 1."""

    terminal: Identifier
    across: Identifier
    down: Identifier
    rate: ExpressionField | None = None


class ChoiceAt(Noun):
    """A choice to be taken apart: a move, where the mover stands, and the action that it is set against.

    `at` gives levels of states and of earlier moves; what is left out stands as in the record's last row
    (without a record: as at the start). Without `against` it is the runner-up.
    """

    about: str = ""
    move: Identifier
    at: dict[Identifier, Identifier] = {}
    against: Identifier | None = None


class Pictures(Noun):
    """What the report is to draw of this case alone, where it is given; no number depends on it."""

    plane: Plane | None = None
    price: PriceOver | None = None
    choice: ChoiceAt | None = None


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
    observables: dict[Identifier, Observable] = {}
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
    ablations: dict[Identifier, Override] = {}
    variants: dict[Identifier, Override] = {}
    hypotheses: dict[Identifier, Override] = {}
    pictures: Pictures | None = None
