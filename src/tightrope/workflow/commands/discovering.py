"""What the priors hold: under which conditions an outcome comes, which parameters a quantity answers to."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any, Unpack

from tightrope.outcome import FAILED, FINE, Outcome
from tightrope.workflow.opening import Options, session_of


def discover_case(
    case: Path | str,
    *,
    quantity: str = "",
    claim: str = "",
    reaches: str = "",
    within: int = 0,
    start: str = "",
    above: float | None = None,
    below: float | None = None,
    share: float = 0.2,
    prior: Any = "agnostic",
    draws: int = 0,
    box: int = -1,
    **options: Unpack[Options],
) -> Outcome:
    """Under which conditions an outcome would happen; exit code 1 if too few draws show it.

    Arguments as in `workflow.discover.Asked`; draws: 0 for 1000, or 200 in a quick run.
    """
    from tightrope.workflow import discover, discover_text, kept

    asked = discover.Asked(
        quantity, claim, reaches, within, start, above, below, share, prior,
        draws or (200 if options.get("quick") else 1000), box,
    )  # fmt: skip
    with session_of(case, **options) as session:
        data = discover.discover_data(session, asked)
        kept.keep(session, kept.DISCOVERED, data, asked=asdict(asked))
        return Outcome(FAILED if "why" in data else FINE, data, discover_text.discover_text(data))


def sensitivity_case(
    case: Path | str,
    *,
    quantity: str,
    parameters: tuple[str, ...] = (),
    top: int = 6,
    base: int = 0,
    second: bool = False,
    draws: int = 0,
    prior: Any = "agnostic",
    parts: tuple[str, ...] = ("tornado", "sobol", "given"),
    **options: Unpack[Options],
) -> Outcome:
    """Which parameters a quantity answers to. Arguments as in `workflow.sensitivity.Wanted`.

    base: 0 for 128, or 32 in a quick run; draws: 0 for 400, or 100.
    """
    from tightrope.workflow import sensitivity, sensitivity_text

    quick = options.get("quick")
    wanted = sensitivity.Wanted(
        quantity, parameters, top, base or (32 if quick else 128), second, draws or (100 if quick else 400),
        prior, parts,
    )  # fmt: skip
    with session_of(case, **options) as session:
        data = sensitivity.sensitivity_data(session, wanted)
        return Outcome(FINE, data, sensitivity_text.sensitivity_text(data))
