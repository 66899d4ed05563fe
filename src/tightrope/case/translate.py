"""Pydantic's errors in the words and places of the case file."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping, Sequence
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from tightrope.case.errors import Problem, did_you_mean, near_or_list
from tightrope.case.marks import Source, Where
from tightrope.case.parse import ExpressionError
from tightrope.case.schema import Case, NatureMove, Pay, PlayerMove, Together

_ITEMS: dict[str, type[BaseModel]] = {
    "nature": NatureMove, "move": PlayerMove, "together": Together, "pay": Pay,
}  # fmt: skip

_MOST_ERRORS = 1_000


def problems_from(error: ValidationError, source: Source, *, root: type[BaseModel] = Case) -> list[Problem]:
    """Every error of a validation as a problem with file, line and column. `root` is what the file holds."""
    details = error.errors(include_url=False)[:_MOST_ERRORS]
    places = [_place(detail["loc"], source.data) for detail in details]
    found: list[Problem] = []
    for detail, (where, missing, key) in zip(details, places, strict=True):
        kind, value = detail["type"], source.at(where)
        if _is_wrong_branch(detail, value):
            continue
        if kind == "too_short" and any(len(other) > len(where) and other[: len(where)] == where
                                       for other, _, _ in places):  # fmt: skip
            continue  # pydantic counts only the valid members; their own errors say it better
        message, hint, character = _words(detail, where, missing, value, root)
        by_key = key or kind == "extra_forbidden"
        found.append(source.problem(where, message, hint, key=by_key, character=character))
    return found


def _place(location: Sequence[str | int], data: Any) -> tuple[Where, str, bool]:
    """Path in the file, name of a missing key (or empty), and whether the key itself is at fault.

    Pydantic's locations also name the member of a union that was tried; those parts
    are not in the file and are dropped.
    """
    parts = list(location)
    key = bool(parts) and parts[-1] == "[key]"
    if key:
        parts.pop()
    if len(parts) > 2 and parts[0] == "period" and parts[2] in _ITEMS:
        del parts[2]
    where: list[str | int] = []
    here = data
    for number, part in enumerate(parts):
        inside = (isinstance(here, Mapping) and part in here) or (
            isinstance(here, list) and isinstance(part, int) and part < len(here)
        )
        if inside:
            here = here[part]
            where.append(part)
        elif number == len(parts) - 1 and isinstance(here, Mapping):
            return tuple(where), str(part), key
    return tuple(where), "", key


def _is_wrong_branch(detail: Mapping[str, Any], value: Any) -> bool:
    """Whether the error belongs to the member of `level or mapping of levels` that was not meant."""
    parts = [part for part in detail["loc"] if isinstance(part, str)]
    is_mapping = isinstance(value, Mapping) or any(part.startswith("dict[") for part in parts[:-1])
    if detail["type"] == "string_type" and parts[-1:] == ["constrained-str"]:
        return is_mapping
    if detail["type"] == "dict_type" and any(part.startswith("dict[") for part in parts):
        return not is_mapping
    return False


def _words(
    detail: Mapping[str, Any], where: Where, missing: str, value: Any, root: type[BaseModel]
) -> tuple[str, str, int | None]:
    """Message, hint, and the character of the text at fault if there is one."""
    kind: str = detail["type"]
    context: Mapping[str, Any] = detail.get("ctx", {})
    written = repr(value[:60]) if isinstance(value, str) else "this"
    if kind == "missing":
        return f"{missing!r} is missing", "", None
    if kind == "extra_forbidden":
        known = [name for name in _fields_at(where[:-1], root) if name != where[-1]]
        return f"{where[-1]!r} is not a key here", near_or_list(str(where[-1]), known), None
    if kind == "value_error":
        cause = context.get("error")
        if isinstance(cause, ExpressionError):
            return cause.message, cause.hint, cause.column
        message, _, hint = str(cause).partition("; ")
        return message, hint, None
    if kind == "union_tag_not_found":
        if isinstance(value, Mapping):
            hints = (did_you_mean(str(name), _ITEMS) for name in value)
            hint = next(filter(None, hints), "")
        else:
            hint = ""
        return "an item of the period has one of the keys nature, move, together, pay", hint, None
    if kind == "string_pattern_mismatch":
        name = str(where[-1]) if detail["loc"][-1] == "[key]" and where else str(value)
        if where == ("case",):
            return (
                f"{name[:60]!r} is no name for a case",
                "small letters, digits and hyphens, at most 64",
                None,
            )
        rule = "letters, digits and underscores, no digit first, at most 64"
        return f"{name[:60]!r} is not a name", rule, None
    if kind == "literal_error":
        name = str(where[-1]) if detail["loc"][-1] == "[key]" and where else str(value)
        known = [option.strip(" '") for option in str(context["expected"]).replace(" or ", ",").split(",")]
        return f"{name[:60]!r} has no place here", near_or_list(name, known), None
    return _plain_words(kind, context, written)


def _plain_words(kind: str, context: Mapping[str, Any], written: str) -> tuple[str, str, int | None]:
    if kind in ("float_parsing", "float_type", "int_parsing", "int_type", "int_from_float"):
        what = "whole number" if kind.startswith("int") else "number"
        return f"{written} is not a {what}", "", None
    if kind == "finite_number":
        return f"{written} is not a finite number", "", None
    if kind in ("bool_parsing", "bool_type"):
        return f"{written} is neither true nor false", "", None
    if kind == "string_type":
        return "expected a text here", "", None
    if kind in ("dict_type", "model_type", "model_attributes_type"):
        return "expected a mapping here (name: value, one a line)", "", None
    if kind in ("tuple_type", "list_type"):
        return "expected a list here ([one, two], or one a line after a dash)", "", None
    if kind == "too_short":
        return f"at least {context['min_length']} are needed here", "", None
    if kind == "too_long":
        return f"at most {context['max_length']} are allowed here", "", None
    if kind == "string_too_short":
        return "the text is empty", "", None
    if kind in ("greater_than", "greater_than_equal", "less_than", "less_than_equal"):
        bound = next(iter(context.values()))
        words = kind.replace("_than_equal", " than or equal to").replace("_than", " than")
        return f"{written} must be {words} {bound:g}", "", None
    return f"{written} does not fit here ({kind.replace('_', ' ')})", "", None


def _fields_at(where: Where, root: type[BaseModel] = Case) -> list[str]:
    """Names of the fields that a mapping at this path may have; empty where keys are the case's own."""
    annotation: Any = root
    for number, part in enumerate(where):
        annotation = _member(annotation, part)
        if number == 1 and where[0] == "period":
            return _fields_of_items(where[2:])
        if annotation is None:
            return []
    model = _model_in(annotation)
    return list(model.model_fields) if model else []


def _fields_of_items(rest: Where) -> list[str]:
    """Fields below an item of the period: those of every kind that the rest of the path fits."""
    found: dict[str, None] = {}
    for model in _ITEMS.values():
        annotation: Any = model
        for part in rest:
            annotation = _member(annotation, part) if annotation is not None else None
        inner = _model_in(annotation)
        found |= dict.fromkeys(inner.model_fields if inner else ())
    return list(found)


def _member(annotation: Any, part: str | int) -> Any:
    """The annotation of a field, of a mapping's values or of a list's members; None if there is none."""
    for option in _options(annotation):
        if isinstance(option, type) and issubclass(option, BaseModel) and part in option.model_fields:
            return option.model_fields[str(part)].annotation
        arguments = get_args(option)
        if get_origin(option) is dict and isinstance(part, str):
            return arguments[1]
        if get_origin(option) is tuple and isinstance(part, int):
            return arguments[0]
    return None


def _options(annotation: Any) -> list[Any]:
    """The members of a union, `Annotated` and `None` stripped."""
    if get_origin(annotation) is typing.Annotated:
        return _options(get_args(annotation)[0])
    if get_origin(annotation) in (typing.Union, types.UnionType):
        return [option for member in get_args(annotation) for option in _options(member)]
    return [annotation]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    for option in _options(annotation):
        if isinstance(option, type) and issubclass(option, BaseModel):
            return option
    return None
