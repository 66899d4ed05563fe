"""Dated questions: answered, moved by new rows, and under a scenario."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Unpack

from tightrope.outcome import FAILED, FINE, Outcome
from tightrope.workflow import printing
from tightrope.workflow.material import load_material
from tightrope.workflow.opening import Options, session_of


def ask_case(
    case: Path | str,
    *,
    questions: tuple[str, ...] = (),
    event: str = "",
    by: str = "",
    file: Path | str | None = None,
    **options: Unpack[Options],
) -> Outcome:
    """Answer live and past questions, an event asked on the spot, and those of a JSON file.

    Exit code 1 if a question of the file, or the one asked on the spot, is refused.
    """
    from tightrope.workflow import asking

    with session_of(case, **options) as session:
        spot = asking.gather(session.material, event=event, by=by, file=None if file is None else Path(file))
        data = printing.ask_data(session, questions, spot)
        missed = spot is not None and len(data["spot"]) < len(spot.questions) + len(spot.refused)
        return Outcome(FAILED if missed else FINE, data, printing.ask_text(data))


def update_case(
    case: Path | str, *, rows: Path | str, refit: bool = False, **options: Unpack[Options]
) -> Outcome:
    """Move the live forecasts by new rows; exit code 1 if these ask for a refit that was not made."""
    from tightrope.workflow import update

    with session_of(case, **options) as session:
        data = update.update_data(session, Path(rows), refit=refit)
        missed = data["refit_needed"] and not refit
        return Outcome(FAILED if missed else FINE, data, update.update_text(data))


def what_if_case(
    case: Path | str, *, asked: Mapping[str, Any] | None = None, **options: Unpack[Options]
) -> Outcome:
    """Dated questions with and without a scenario, or the smallest change; or a list of scenarios.

    asked  fields of `scenario.Asked`

    Exit code 1 where no question is answered, or no lever is found that holds.
    """
    from tightrope.workflow import levers, scenario, what_if, what_if_text

    wanted = scenario.Asked(**(asked or {}))
    if wanted == scenario.Asked():
        listed = scenario.listed(load_material(case))
        return Outcome(FINE, listed, what_if_text.list_text(listed))
    with session_of(case, **options) as session:
        if wanted.past is not None or wanted.levers:
            data = levers.lever_data(session, wanted)
            good = any(lever["confirmed"] for lever in data["levers"])
            return Outcome(FINE if good else FAILED, data, what_if_text.lever_text(data))
        data = what_if.what_if_data(session, wanted)
        return Outcome(FINE if data["questions"] else FAILED, data, what_if_text.what_if_text(data))
