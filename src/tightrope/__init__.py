"""Tightrope: arguments about unequal alliances as games, fitted to the record and scored.

The names below are the public ones. They are looked up on first use, so that
`import tightrope` stays cheap and a command pays only for the rooms it enters.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

# Room by room, in the order in which data flows.
_ROOMS = {
    "tightrope.case.errors": ("CaseError",),
    "tightrope.case.bundled": ("bundled_cases",),
    "tightrope.case.load": ("CaseFolder", "load_case"),
    "tightrope.case.checks": ("check_case",),
    "tightrope.case.json_schema": ("json_schema",),
    "tightrope.case.new": ("scaffold",),
    "tightrope.case.scenarios": ("Scenario", "read_do", "read_scenarios"),
    "tightrope.game": (
        "Certificate",
        "Equilibrium",
        "Game",
        "NotCertified",
        "compile_game",
        "explain",
        "first_passage",
        "likeliest_path",
        "solve",
        "solve_finite",
    ),
    "tightrope.game.checks": ("check_numbers",),
    "tightrope.record.reading": ("read_rows",),
    "tightrope.record.coding": ("CodedRecord", "code_record", "truncate"),
    "tightrope.record.likelihood": (
        "filter_record",
        "log_likelihood",
        "prepare_record",
        "value_and_gradient",
    ),
    "tightrope.record.simulate": ("simulate",),
    "tightrope.fit.priors": ("draw", "full_theta", "prior_set"),
    "tightrope.fit.posterior": ("Effort", "Fit", "fit_record", "parameter_table", "resample"),
    "tightrope.forecast.questions": ("Question", "load_questions"),
    "tightrope.forecast.answers": ("Answers", "answer", "floor"),
    "tightrope.forecast.scores": ("brier", "log_score"),
    "tightrope.forecast.ledger": ("load_predictions", "score_ledger"),
    "tightrope.argument.quantities": ("measure",),
    "tightrope.argument.claims": ("judge_claims",),
    "tightrope.argument.ablations": ("ablate",),
    "tightrope.argument.fared": ("broken_over_draws", "fare"),
    "tightrope.argument.needs": ("smallest_sets",),
    "tightrope.argument.reasons": ("reason",),
    "tightrope.argument.rulers": ("rulers",),
    "tightrope.argument.flips": ("level_flips", "parameter_flips"),
    "tightrope.argument.price_gap": ("price_gap",),
    "tightrope.argument.sample": (
        "Design",
        "Sample",
        "given_draws",
        "one_at_a_time",
        "prior_draws",
        "saltelli",
    ),
    "tightrope.argument.drawn": ("measure_draws",),
    "tightrope.argument.interest": ("Interest", "above", "below", "highest"),
    "tightrope.argument.discover": ("discover",),
    "tightrope.argument.tree": ("classify",),
    "tightrope.argument.sensitivity": ("given_data", "sobol", "tornado"),
    "tightrope.argument.timeline": ("lay_out",),
    "tightrope.argument.what_if": ("what_if",),
    "tightrope.argument.lever": ("pull_lever",),
    "tightrope.argument.outlook": ("outlook",),
    "tightrope.runs": ("Run", "open_run", "read_run"),
    "tightrope.workflow.checking": ("check_draws",),
    "tightrope.workflow.coding": ("Coding",),
    "tightrope.workflow.material": ("Material", "load_material"),
    "tightrope.workflow": (
        "Options",
        "run_case",
        "solve_case",
        "fit_case",
        "ask_case",
        "score_case",
        "claims_case",
        "explain_case",
        "discover_case",
        "sensitivity_case",
        "what_if_case",
    ),
}
_PUBLIC = {name: room for room, names in _ROOMS.items() for name in names}

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
