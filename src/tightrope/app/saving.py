"""Levers saved back as case data: an override that the case's language knows, and the case with it inside."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from tightrope.case.errors import CaseError
from tightrope.case.load import case_from_source
from tightrope.case.source import source_from_bytes
from tightrope.workflow.bench import Bench
from tightrope.workflow.pulls import LeverError, Pull

NAME = r"^[A-Za-z_][A-Za-z0-9_]{0,63}$"
_BLOCK = re.compile(r"^hypotheses:[ \t]*(?:#.*)?$", re.MULTILINE)
_KEY = re.compile(r"^hypotheses:", re.MULTILINE)
_INDENTED = re.compile(r"\n(?:[ \t]*(?:#.*)?\n)*([ ]+)[A-Za-z_]")


@dataclass(frozen=True)
class Saved:
    """A set of levers as text.

    file      name for the download
    override  YAML of a hypothesis, to be put into a case file
    case      the whole case file with it inside; empty where it could not be put there
    notes     what the override does not say
    """

    file: str
    override: str
    case: str
    notes: tuple[str, ...]


def saved(bench: Bench, pull: Pull, *, name: str, about: str) -> Saved:
    """A set of levers as a hypothesis of the case. Raises LeverError for a name that cannot be had."""
    case = bench.material.case
    if not re.match(NAME, name) or "\n" in name:
        raise LeverError([f"{name[:64]!r} is no name: letters, digits and underscores, at most 64"])
    if name in case.hypotheses:
        raise LeverError([f"the case has a hypothesis {name!r} already"])
    theta = bench.theta(pull)
    changed = {
        parameter: float(theta[k])
        for k, (parameter, noun) in enumerate(case.parameters.items())
        if theta[k] != noun.value
    }
    notes = []
    if pull.base == "fit":
        notes.append("The values of the fit are in it, since an override changes the case's own values.")
    if pull.moves_states:
        places = [f"{n} put at {x}" for n, x in pull.put.items()]
        places += [f"{n} seen at {x}" for n, x in pull.seen.items()]
        notes.append(f"An override holds no states; left out: {', '.join(places)}.")
    said = about.strip() or "Levers saved from the page."
    lines = [f"{name}:", f"  about: {json.dumps(said)}"]
    lines += (
        ["  set:", *(f"    {p}: {value!r}" for p, value in changed.items())] if changed else ["  set: {}"]
    )
    head = [f"# Levers on the case {case.case}, saved by tightrope.", *(f"# {note}" for note in notes)]
    override = "\n".join([*head, "hypotheses:", *(f"  {line}" for line in lines), ""])
    text = "\n".join(bench.material.source.marks.lines)
    return Saved(f"{name}.yaml", override, with_hypothesis(text, name, lines), tuple(notes))


def with_hypothesis(text: str, name: str, lines: list[str]) -> str:
    """A case file's text with a hypothesis put in; empty where that does not read back as it should.

    lines  the hypothesis, not indented, its name first
    """
    place = _BLOCK.search(text)
    if place is not None:
        first = _INDENTED.match(text, place.end())
        indent = first.group(1) if first else "  "
        made = text[: place.end()] + "".join(f"\n{indent}{line}" for line in lines) + text[place.end() :]
    elif _KEY.search(text) is None:
        made = text.rstrip("\n") + "\n\nhypotheses:\n" + "".join(f"  {line}\n" for line in lines)
    else:
        return ""  # written in one line, or in some other way that is not ours to change
    return made if name in _hypotheses(made) else ""


def _hypotheses(text: str) -> dict[str, object]:
    try:
        return dict(case_from_source(source_from_bytes(text.encode())).hypotheses)
    except CaseError:
        return {}
