"""What news does to a chance: a headline, or an observable of the model."""

from __future__ import annotations

from pathlib import Path
from typing import Unpack

from tightrope.outcome import FAILED, FINE, Outcome
from tightrope.workflow.opening import Options, session_of


def headline_case(
    case: Path,
    *,
    window: str,
    prior: float | None = None,
    prior_from: str = "",
    event: str = "merger",
    hit_rate: float | None = None,
    hit_beta: tuple[float, float] | None = None,
    lead: int = 90,
    at_least: float = 0.25,
    picture: Path | None = None,
    **options: Unpack[Options],
) -> Outcome:
    """What a headline does to a chance. A run is left only where the prior comes from the model.

    prior_from  `pooled` or `reference-class`; not with a prior of one's own. By default pooled where the
                case ships hindcasts and a fit is there, with the draws of a quick run, else the other
    """
    from tightrope.workflow import headline as light
    from tightrope.workflow import headline_prior as priors

    first, last = light.parse_window(window)
    if picture is not None:
        light.check_picture(picture)
    if prior is not None and prior_from:
        raise light.HeadlineError("say a prior or where it comes from, not both")
    if prior_from not in ("", *priors.SOURCES):
        raise light.HeadlineError(f"--prior-from {prior_from}: it may be {' or '.join(priors.SOURCES)}")
    chance: float | light.Prior | None = prior
    wanted = {"event": event, "first": first, "last": last}
    if prior_from == "pooled":
        with session_of(case, **options) as session:
            chance = priors.pooled_prior(session, **wanted)  # type: ignore[arg-type]
    elif prior is None and not prior_from and event == priors.FEARED and priors.ships_hindcasts(case):
        options["quick"] = True
        with session_of(case, **options) as session:
            chance = priors.prior_at_hand(session, **wanted)  # type: ignore[arg-type]
    return light.headline(
        case,
        window=window,
        prior=chance,
        event=event,
        hit_rate=hit_rate,
        hit_beta=hit_beta,
        lead=lead,
        at_least=at_least,
        picture=picture,
    )


def sighting_case(
    case: Path,
    *,
    observable: str,
    period: str = "",
    questions: tuple[str, ...] = (),
    event: str = "",
    by: str = "",
    **options: Unpack[Options],
) -> Outcome:
    """What seeing an observable of the case in a period to come does to each live question."""
    from tightrope.workflow import sighted

    with session_of(case, **options) as session:
        data = sighted.sighting_data(
            session, observable, period=period, questions=questions, event=event, by=by
        )
        return Outcome(FINE if data["questions"] else FAILED, data, sighted.sighting_text(data))
