"""What requests may hold: their form and size. What names and numbers mean is left to `workflow.pulls`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(max_length=80)]


class Shape(BaseModel):
    """Base of all bodies: unknown keys are errors and every number is finite."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class LeverSet(Shape):
    """A set of levers; everything left out stands as the base has it."""

    base: Literal["", "reference", "fit"] = ""
    override: Name = ""
    parameters: Annotated[dict[Name, float], Field(max_length=1_000)] = {}
    put: Annotated[dict[Name, Name], Field(max_length=16)] = {}
    seen: Annotated[dict[Name, Name], Field(max_length=16)] = {}


class Pulled(Shape):
    """A set of levers, and one to compare with (by default its base)."""

    levers: LeverSet = LeverSet()
    beside: LeverSet | None = None


class PolicyPulled(Pulled):
    """The same, with the slice of the policy that is wanted; empty: the first."""

    slice: Annotated[str, Field(max_length=300)] = ""


class Link(Shape):
    """A permalink's text."""

    link: Annotated[str, Field(max_length=20_000)]


class Save(Shape):
    """A set of levers to be saved as an override."""

    levers: LeverSet
    name: Annotated[str, Field(max_length=64)]
    about: Annotated[str, Field(max_length=500)] = ""


class CaseText(Shape):
    """A case file as text, and tables beside it by name; without tables those of the served case stand in."""

    text: Annotated[str, Field(max_length=2_000_000)]
    files: Annotated[dict[Annotated[str, Field(max_length=130)], str], Field(max_length=40)] = {}


class JobAsked(Shape):
    """A job: on the served case, or on the text of another. `scenario` goes with a what-if."""

    kind: Literal["run", "fit", "claims", "what-if"]
    scenario: Name = ""
    quick: bool = True
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    case: CaseText | None = None
