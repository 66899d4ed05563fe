"""Permalinks: a set of levers as the text of an address's fragment, and back."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode

from tightrope.workflow.pulls import LeverError, Levers, Pull, read_pull

LONGEST = 20_000
_KINDS = {"p": "parameters", "put": "put", "seen": "seen"}


def link_of(pull: Pull) -> str:
    """A set of levers as text: the same for equal sets, and every digit of every number in it."""
    data = pull.as_data()
    pairs = [("base", data["base"])] + ([("override", data["override"])] if data["override"] else [])
    for short, kind in _KINDS.items():
        pairs += [(f"{short}.{name}", _text(value)) for name, value in data[kind].items()]
    return urlencode(pairs)


def _text(value: Any) -> str:
    return repr(value) if isinstance(value, float) else str(value)


def pull_of(levers: Levers, link: str) -> Pull:
    """Inverse of `link_of`. Raises LeverError for text that is no link or names what is not there."""
    if len(link) > LONGEST:
        raise LeverError([f"a link has at most {LONGEST:,} characters"])
    try:
        pairs = parse_qsl(link, keep_blank_values=True, strict_parsing=bool(link), max_num_fields=5_000)
    except ValueError as error:
        raise LeverError([f"this is no link to a set of levers: {error}"]) from None
    data: dict[str, Any] = {"parameters": {}, "put": {}, "seen": {}}
    problems = []
    for key, value in pairs:
        kind, dot, name = key.partition(".")
        if (key in data and not dot) or (dot and name in data.get(_KINDS.get(kind, ""), {})):
            problems.append(f"{key[:80]!r} stands twice")
        elif key in ("base", "override"):
            data[key] = value
        elif not dot or kind not in _KINDS:
            problems.append(f"{key[:80]!r} is no part of a link")
        elif kind == "p":
            try:
                data["parameters"][name] = float(value)
            except ValueError:
                problems.append(f"{name[:64]}: {value[:32]!r} is not a number")
        else:
            data[_KINDS[kind]][name] = value
    if problems:
        raise LeverError(problems)
    return read_pull(levers, data)
