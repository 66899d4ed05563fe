"""What news does to a chance: a headline, or an observable of the model."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from tightrope.outcome import FAILED, FINE, Outcome

if TYPE_CHECKING:
    from tightrope.workflow.headline_prior import Prior
    from tightrope.workflow.opening import Options


def headline_case(
    case: Path | str,
    *,
    window: str,
    prior: float | None = None,
    prior_from: str = "",
    event: str = "merger",
    hit_rate: float | None = None,
    hit_beta: tuple[float, float] | None = None,
    lead: int = 90,
    at_least: float = 0.25,
    picture: Path | str | None = None,
    **options: Unpack[Options],
) -> Outcome:
    """What a headline does to a chance. A run is left only where the prior comes from the model.

    prior_from  `pooled` or `reference-class`; not with a prior of one's own. By default pooled where the
                case ships hindcasts and a fit is there, with the draws of a quick run, else the other
    """
    from tightrope.workflow import headline as light
    from tightrope.workflow import headline_prior as priors

    first, last = light.parse_window(window)
    drawing = None if picture is None else Path(picture)
    if drawing is not None:
        light.check_picture(drawing)
    if prior is not None and prior_from:
        raise light.HeadlineError("say a prior or where it comes from, not both")
    if prior_from not in ("", *priors.SOURCES):
        raise light.HeadlineError(f"--prior-from {prior_from}: it may be {' or '.join(priors.SOURCES)}")
    chance: float | light.Prior | None = prior
    if prior_from == "pooled" or (prior is None and not prior_from and event == priors.FEARED):
        chance = _from_a_fit(case, options, first, last, event=event, must=prior_from == "pooled")
    return light.headline(
        Path(case),
        window=window,
        prior=chance,
        event=event,
        hit_rate=hit_rate,
        hit_beta=hit_beta,
        lead=lead,
        at_least=at_least,
        picture=drawing,
    )


def _from_a_fit(
    case: Path | str, options: Options, first: date, last: date, *, event: str, must: bool
) -> Prior | None:
    """The pooled prior; unless it must be that the one at hand, or None where the case ships no hindcasts."""
    from tightrope.workflow.headline_pooled import pooled_prior, prior_at_hand, ships_hindcasts
    from tightrope.workflow.opening import session_of

    if must:
        with session_of(case, **options) as session:
            return pooled_prior(session, event=event, first=first, last=last)
    if not ships_hindcasts(case):
        return None
    options["quick"] = True
    with session_of(case, **options) as session:
        return prior_at_hand(session, event=event, first=first, last=last)


def sighting_case(
    case: Path | str,
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
    from tightrope.workflow.opening import session_of

    with session_of(case, **options) as session:
        data = sighted.sighting_data(
            session, observable, period=period, questions=questions, event=event, by=by
        )
        return Outcome(FINE if data["questions"] else FAILED, data, sighted.sighting_text(data))
