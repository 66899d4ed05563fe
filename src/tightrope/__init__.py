"""Tightrope: arguments about unequal alliances as games, fitted to the record and scored.

The names below are the public ones. They are looked up on first use, so that
`import tightrope` stays cheap and a command pays only for the rooms it enters.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_PUBLIC = {
    "CaseError": "tightrope.case.errors",
    "load_case": "tightrope.case.load",
    "check_case": "tightrope.case.checks",
    "scaffold": "tightrope.case.new",
    "open_run": "tightrope.runs",
}

__all__ = [*sorted(_PUBLIC), "__version__"]


def __getattr__(name: str) -> Any:
    """Fetch a public name from its room (PEP 562)."""
    if name not in _PUBLIC:
        import difflib

        near = difflib.get_close_matches(name, _PUBLIC, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise AttributeError(f"tightrope has no public name {name!r}{hint}")
    value = getattr(importlib.import_module(_PUBLIC[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names, fetched or not."""
    return sorted(set(globals()) | set(_PUBLIC))
