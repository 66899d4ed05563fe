"""Whether the claims hold, and why each action is taken."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, Unpack

from tightrope.outcome import FAILED, FINE, Outcome
from tightrope.workflow.material import Material, load_material
from tightrope.workflow.opening import Options, session_of
from tightrope.workflow.session import Progress, quiet


def claims_case(
    case: Path | str,
    *,
    claims: tuple[str, ...] = (),
    draws: int = 0,
    sets: int = 1,
    ablation_draws: int = 0,
    against: str = "",
    **options: Unpack[Options],
) -> Outcome:
    """Test the claims; exit code 1 if one that should hold at the reference does not.

    claims   ids; empty: all
    against  a run folder, or the name of one: tell what changed since then
    The rest as in `workflow.argue.Effort`.
    """
    from tightrope.workflow import claims as told
    from tightrope.workflow import claims_text
    from tightrope.workflow.argue import Effort

    with session_of(case, **options) as session:
        data = told.claims_data(session, claims, Effort(draws, sets, ablation_draws), against=against)
        broken = any(row["reference"] == "fails" for row in data["claims"])
        text = claims_text.claims_text(data, drawn=draws > 0)
        return Outcome(FAILED if broken else FINE, data, text)


def explain_case(
    case: Path | str,
    *,
    at: str = "reference",
    asked: Mapping[str, Any] | None = None,
    **options: Unpack[Options],
) -> Outcome:
    """Why each action is taken, what would flip it, a merger's price and the likeliest way there.

    at     `reference`, which leaves no run, or `fit`
    asked  fields of `explaining.Asked`

    Exit code 1 where no equilibrium is certified.
    """
    from tightrope.workflow import explaining, explaining_text, priced

    wanted = explaining.Asked(**(asked or {}))

    def told(
        material: Material,
        request: explaining.Request,
        place: explaining.Place,
        progress: Progress,
        on_split: explaining.Split | None = None,
    ) -> Outcome:
        certificate = place.found.certificate
        if not certificate.good:
            return Outcome(FAILED, {"certificate": certificate.as_dict()}, f"no numbers: {certificate}")
        data = explaining.explained(material, place, request, progress=progress, on_split=on_split)
        return Outcome(FINE, data, explaining_text.text_of(data))

    if at == "fit":
        with session_of(case, **options) as session:
            request = explaining.read_request(session.material, wanted)
            place = explaining.fit_place(session)
            return told(
                session.material, request, place, session.progress, partial(priced.keep_choice, session)
            )
    progress = options.get("progress", quiet)
    progress("reading the case", 0, None)
    material = load_material(case)
    request = explaining.read_request(material, wanted)
    progress("solving at the reference values", 0, None)
    return told(material, request, explaining.reference_place(material), progress)
