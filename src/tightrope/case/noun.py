"""What all nouns of a case share: their base, and the kinds of scalar that they hold.

Every scalar arrives as a string (the reader keeps YAML scalars as text, so that
a country called `NO` and a number written `1.10` survive) and is coerced here.
Unknown keys are errors.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

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
