"""Two pictures that a case asks for: the price of an end over two states, and one choice taken apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from tightrope.argument.price_gap import PriceGap, price_gap
from tightrope.argument.reasons import Reason, reason, starting_levels
from tightrope.case import schema as asked
from tightrope.game.equilibrium import Equilibrium
from tightrope.game.explain import Explanation, explain
from tightrope.report.sections import Choice, NotComputed, Price
from tightrope.workflow.explaining_data import choice_data
from tightrope.workflow.kept import CHOSEN, keep, kept
from tightrope.workflow.material import Material
from tightrope.workflow.pictures import NONE, place, usual_states
from tightrope.workflow.session import Session


def price(session: Session) -> Price | NotComputed:
    """The price gap of the case's terminal over two states, from the values alone."""
    case = session.material.case
    if case.pictures is None or case.pictures.price is None:
        return NotComputed(NONE)
    given = case.pictures.price
    found, at, mark = place(session)
    if not found.certificate.good:
        return NotComputed("The equilibrium at which it would be read is not certified.")
    rate = "1" if given.rate is None else given.rate.text
    priced = price_gap(found, None, given.terminal, rate=rate)
    return Price(
        gaps=gaps(session.material, priced, given, usual_states(session)),
        end=case.terminals[given.terminal].label,
        patron=case.players[priced.patron].label,
        client=case.players[priced.client].label,
        across=case.states[given.across].label,
        down=case.states[given.down].label,
        rate=rate,
        positive=int((priced.gap > 0).sum()),
        states=int(priced.gap.size),
        at_any_rate=int(priced.at_any_rate.sum()),
        evaluated=at,
        mark=mark,
        certified=True,
    )


def gaps(material: Material, priced: PriceGap, given: asked.PriceOver, over: np.ndarray) -> pd.DataFrame:
    """The table `gaps`: means over the other states at their marginal law in `over` (*states), and ends."""
    game, coded = material.game, material.coded
    rest = [name for name in game.states if name not in (given.across, given.down)]
    law = xr.DataArray(over, dims=game.states).sum([given.across, given.down])
    gap = priced.gap.transpose(*game.states)
    mean = (gap * (law / law.sum())).sum(rest)
    rows = []
    for i, down in enumerate(game.levels[given.down]):
        for j, across in enumerate(game.levels[given.across]):
            here = {given.down: down, given.across: across}
            cut = gap.sel(here)
            visited = 0
            if coded is not None and given.down in coded.printed and given.across in coded.printed:
                visited = int(((coded.printed[given.down] == i) & (coded.printed[given.across] == j)).sum())
            rows.append(
                {"down": down, "down_rank": i, "across": across, "across_rank": j,
                 "gap": float(mean.sel(here)), "smallest": float(cut.min()), "largest": float(cut.max()),
                 "states": int(cut.size), "priced": int((cut <= 0).sum()), "visited": visited}
            )  # fmt: skip
    return pd.DataFrame(rows)


def choice(session: Session) -> Choice | NotComputed:
    """The case's choice taken apart; in a quick run only if the run folder holds it already."""
    material = session.material
    if material.case.pictures is None or material.case.pictures.choice is None:
        return NotComputed(NONE)
    found, at, mark = place(session)
    if not found.certificate.good:
        return NotComputed("The equilibrium at which it would be taken is not certified.")
    held = kept(session, CHOSEN)
    if not held and session.amount.origins:
        session.progress("splitting values by term", 0, None)
        keep_choice(session, found, explain(found))
        held = kept(session, CHOSEN)
    if not held:
        return NotComputed(
            "Splitting values by payoff term takes a minute: `tightrope explain CASE --at fit --only "
            "choice`, with the options of this run, leaves it for the next report."
        )
    data = held[0]
    given = material.case.pictures.choice
    player = material.case.players[data["player"]]
    return Choice(
        options=pd.DataFrame(data["options"])[["action", "probability", "worth", "now", "later"]],
        split=pd.DataFrame(data["split"], columns=["part", "now", "later", "both"]),
        mover=player.label,
        move=data["move"],
        where=", ".join(f"{name}={level}" for name, level in data["point"].items()),
        action=data["likeliest"],
        against=data["against"],
        about=" ".join(given.about.split()),
        evaluated=at,
        mark=mark,
    )


def keep_choice(session: Session, found: Equilibrium, split: Explanation) -> None:
    """Leave the case's choice for the report, from values that are split already."""
    pictures = session.material.case.pictures
    if pictures is None or pictures.choice is None or session.material.coded is None:
        return
    given = pictures.choice
    why = reason(found, split, given.move, {**last_levels(session), **given.at})
    keep(session, CHOSEN, choice_data(why, _rival(why, given.against)), asked={"theta": found.theta.tolist()})


def _rival(why: Reason, wanted: str | None) -> str:
    """What the likeliest action is set against: what the case wants, else or if that is it the runner-up."""
    open_ = wanted is not None and float(why.probability.sel(action=wanted)) > 0
    return str(wanted) if open_ and wanted != why.likeliest else why.runner_up


def last_levels(session: Session) -> dict[str, str]:
    """Where each state most likely stood in the record's last row, all together."""
    game = session.material.game
    if session.material.coded is None:
        return starting_levels(game)
    from tightrope.workflow import steps

    end = steps.distributions(session.material, session.history_at_fit)["end"]
    here: Any = np.unravel_index(int(np.argmax(end)), game.shape)
    return {name: game.levels[name][int(k)] for name, k in zip(game.states, here, strict=True)}
