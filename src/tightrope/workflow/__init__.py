"""What the commands do: each function takes the case's path and `Options`, and returns an `Outcome`.

They load and check the case, and raise CaseError if it is not sound. Names are looked up on first use, so
that a command pays only for what it does.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tightrope.workflow.commands.arguing import claims_case, explain_case
    from tightrope.workflow.commands.asking import ask_case, update_case, what_if_case
    from tightrope.workflow.commands.comparing import compare_case, distinguish_case
    from tightrope.workflow.commands.discovering import discover_case, sensitivity_case
    from tightrope.workflow.commands.fitting import fit_case, validate_case
    from tightrope.workflow.commands.outside import headline_case, sighting_case
    from tightrope.workflow.commands.running import hindcast_case, run_case, score_case, solve_case
    from tightrope.workflow.opening import Options

_HOMES = {
    "commands.arguing": ("claims_case", "explain_case"),
    "commands.asking": ("ask_case", "update_case", "what_if_case"),
    "commands.comparing": ("compare_case", "distinguish_case"),
    "commands.discovering": ("discover_case", "sensitivity_case"),
    "commands.fitting": ("fit_case", "validate_case"),
    "commands.outside": ("headline_case", "sighting_case"),
    "commands.running": ("hindcast_case", "run_case", "score_case", "solve_case"),
    "opening": ("Options",),
}
_PUBLIC = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Options",
    "ask_case",
    "claims_case",
    "compare_case",
    "discover_case",
    "distinguish_case",
    "explain_case",
    "fit_case",
    "headline_case",
    "hindcast_case",
    "run_case",
    "score_case",
    "sensitivity_case",
    "sighting_case",
    "solve_case",
    "update_case",
    "validate_case",
    "what_if_case",
]


def __getattr__(name: str) -> Any:
    """Fetch a public name from its module (PEP 562)."""
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_PUBLIC[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names, fetched or not, and the modules in use."""
    return sorted(set(globals()) | set(_PUBLIC))
