"""The report's section on hindcasts."""

from __future__ import annotations

import pandas as pd

from tightrope.forecast.contest import POOLED
from tightrope.forecast.pooling import STRENGTH
from tightrope.forecast.scores import CLIP
from tightrope.report.sections import Hindcasts, NotComputed
from tightrope.workflow.beside_ledger import beside_ledger
from tightrope.workflow.contest import (
    RELIABILITY_AT,
    Contest,
    contest,
    last_known,
    reliability,
    years_of,
)
from tightrope.workflow.hindcast import Hindcasts as Made
from tightrope.workflow.hindcast import hindcasts
from tightrope.workflow.origins import BadOrigins, read_origins
from tightrope.workflow.session import Session
from tightrope.workflow.standing import standing_table

HINDSIGHT = (
    "Hindsight remains in the coding scheme, in the codes themselves, in the model's design and in its fixed "
    "parameters; early origins have too few rows to be much more than their priors."
)


def available(session: Session) -> Made | None:
    """Hindcasts that are in the run folder or came with the case; None where the record allows no origin."""
    if session.material.coded is None:
        return None
    try:
        origins = read_origins(session.material)
    except BadOrigins:
        return None
    return hindcasts(session, origins, compute=False)


def section(session: Session) -> Hindcasts | NotComputed:
    """The report's section, from forecasts that are there: none is computed here."""
    material = session.material
    if material.coded is None:
        return NotComputed("The case has no record, which every hindcast starts from.")
    made = available(session)
    if made is None:
        return NotComputed("The record is too short for an origin with four years before it and one after.")
    if not made.ahead:
        return NotComputed(
            "No hindcast forecasts are shipped for this case and this reading of its record; "
            "`tightrope hindcast` computes them."
        )
    return section_of(session, made, contest(material, made, seed=session.seed))


def section_of(session: Session, made: Made, found: Contest, *, standing: bool = True) -> Hindcasts:
    """The section from a contest.

    standing  score past questions over time too, for which they must be answered as of their own origins
    """
    curves, parts = reliability(found, seed=session.seed)
    beside, left_out = beside_ledger(session.material, made, found)
    in_summary = found.skill["group"].isin(list(found.summary))
    _warn(session, found)
    return Hindcasts(
        skill=found.skill[in_summary],
        skill_targets=found.skill[~in_summary],
        curves=curves,
        decompositions=parts if len(parts) else pd.DataFrame(columns=_names("decompositions")),
        standing=standing_table(session, made) if standing else pd.DataFrame(columns=_names("standing")),
        beside=beside,
        beside_event="a merger",
        origins=years_of(made),
        known=last_known(made),
        unit=str(session.material.case.calendar.period),
        source=_source(made),
        clip=CLIP,
        reliability_at=RELIABILITY_AT,
        notes=tuple(_notes(made, found, left_out)),
    )


def _names(table: str) -> list[str]:
    from tightrope.report.sections import TABLES

    return [column.name for column in TABLES[table]]


def _source(made: Made) -> str:
    kinds = {str(about["origin"]) for about in made.about.values()}
    if kinds == {"shipped"}:
        return "The model's forecasts came with the case, found by the hash of all that they depend on."
    return "The model's forecasts were computed by this code and are kept in the run folder."


def _notes(made: Made, found: Contest, left_out: int) -> list[str]:
    cut = sum(about["draws"] + about["failed"] for about in made.about.values())
    failed = sum(about["failed"] for about in made.about.values())
    reached = sum(about["status"] == "converged" for about in made.about.values())
    resolved, silent, open_ = (len(x) for x in (found.truth.shares, found.truth.silent, found.truth.open))
    lines = [
        HINDSIGHT,
        f"Of {resolved + silent + open_} forecasts the record resolves {resolved}; {open_} lie beyond its "
        f"end and {silent} fall on moves that it holds by default, which resolve nothing.",
        f"{reached} of {len(made.about)} fits reached a maximum; the others stand where they stopped: at the "
        "limit of their evaluations, where the branch that they follow ends, or where no step led on.",
        f"{failed} of {cut} parameter draws had no certificate and were left out.",
        f"`{POOLED}` is a log-linear pool of the unfloored game, the Markov chain and, for a merger, the "
        "reference class. Its weights are learned only from forecasts resolved at each origin, and pulled to "
        f"equal ones as if by {STRENGTH:g} forecasts. A floor of one tenth outside view lies under `game` "
        f"and `{POOLED}`.",
    ]
    if left_out:
        lines.append(
            f"{left_out} resolved statements of the ledger are beside no origin's forecast and left out."
        )
    if made.failed:
        lines.append(
            f"{len(made.failed)} origins are missing: "
            + "; ".join(f"{known} ({why})" for known, why in made.failed.items())
        )
    return lines


def _warn(session: Session, found: Contest) -> None:
    """Say where a rival without theory does better, before anything else is read."""
    for group in found.summary:
        part = found.skill[found.skill["group"] == group]
        game = part[part["forecaster"] == "game"]
        worse = [int(h) for h, s in zip(game["horizon"], game["log_skill"], strict=True) if s < 0]
        if worse:
            listed = ", ".join(str(h) for h in worse)
            session.warn(
                f"On hindcasts of {group} the {part['rival'].iloc[0]} has the better mean log score than the "
                f"game ({session.material.case.calendar.period}s ahead: {listed})."
            )
