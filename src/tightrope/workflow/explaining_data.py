"""What `tightrope explain` found, as plain data: a choice, its flips, a price, a path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from tightrope.argument.flips import ParameterFlip, Searched, level_flips, parameter_flips
from tightrope.argument.price_gap import PriceGap, price_gap
from tightrope.argument.reasons import Reason
from tightrope.argument.rulers import rulers
from tightrope.game.equilibrium import Equilibrium
from tightrope.game.explain import Explanation
from tightrope.game.passage import Path, first_passage, likeliest_path
from tightrope.workflow import steps
from tightrope.workflow.session import Progress


def choice_data(why: Reason, rival: str) -> dict[str, Any]:
    """One choice taken apart: what each option is worth, and the log-odds of the likeliest."""
    whole = why.worth.sum("part")
    options = [
        {
            "action": str(action),
            "probability": float(why.probability.sel(action=action)),
            "worth": float(whole.sel(action=action).sum()),
            **{str(when): float(whole.sel(action=action, when=when)) for when in whole["when"].values},
            "parts": {
                str(part): {
                    str(when): float(why.worth.sel(action=action, part=part, when=when))
                    for when in whole["when"].values
                }
                for part in why.worth["part"].values
            },
        }
        for action in why.probability["action"].values
    ]
    open_rival = float(why.probability.sel(action=rival)) > 0
    odds = why.log_odds(why.likeliest, rival) if open_rival else None
    return {
        "move": why.move,
        "player": why.player,
        "point": dict(why.point),
        "precision": why.precision,
        "options": sorted(options, key=lambda option: -option["probability"]),
        "likeliest": why.likeliest,
        "against": rival,
        "log_odds": None if odds is None else _ratio(why, rival),
        "split": [] if odds is None else _rows(odds),
    }


def _ratio(why: Reason, rival: str) -> float:
    chances = why.probability
    return float(np.log(chances.sel(action=why.likeliest)) - np.log(chances.sel(action=rival)))


def _rows(odds: xr.DataArray) -> list[dict[str, Any]]:
    """Parts of a log-odds, the weightiest first."""
    rows = []
    for part in odds["part"].values:
        here = {str(when): float(odds.sel(part=part, when=when)) for when in odds["when"].values}
        rows.append({"part": str(part), **here, "both": sum(here.values())})
    return sorted(rows, key=lambda row: -max(abs(row["now"]), abs(row["later"])))


def flips_data(
    found: Equilibrium, why: Reason, *, against: str, sources: Mapping[str, str], progress: Progress
) -> dict[str, Any]:
    """The levels and the parameters that would flip a choice."""
    levels = [
        {"variable": f.variable, "now": f.now, "level": f.level, "steps": f.steps, "to": f.to,
         "probability": f.probability if f.level is not None else None}
        for f in level_flips(found, why, against=against)
    ]  # fmt: skip
    measures = rulers(found.game.case, found.theta, prior_class=steps.FIT_CLASS)
    label = f"parameters that might flip {why.move}"
    searched = parameter_flips(
        found,
        why,
        measures,
        against=against,
        on_progress=lambda done, total: progress(label, done, total),
    )
    return {"levels": levels, **_searched(sources, searched), "prior_class": steps.FIT_CLASS}


def _searched(sources: Mapping[str, str], searched: Searched) -> dict[str, Any]:
    return {
        "parameters": [_flip(sources, flip) for flip in searched.flips],
        "tried": list(searched.tried),
        "untried": len(searched.untried),
        "lost": list(searched.lost),
    }


def _flip(sources: Mapping[str, str], flip: ParameterFlip) -> dict[str, Any]:
    return {
        "parameter": flip.parameter,
        "source": sources.get(flip.parameter, ""),
        "now": flip.now,
        "value": flip.value,
        "distance": flip.distance,
        "to": flip.to,
        "confirmed": flip.confirmed,
        "jump": flip.jump,
        "sides": [
            {"value": s.value, "likeliest": s.likeliest, "probabilities": dict(s.probabilities),
             "certificate": s.certificate.as_dict()}
            for s in flip.sides
        ],
    }  # fmt: skip


def price_data(
    found: Equilibrium, split: Explanation, stands: Mapping[str, str], *, terminal: str, rate: str
) -> dict[str, Any]:
    """The price of a terminal in the state that stands, and its gap over all states."""
    priced = price_gap(found, split, terminal, rate=rate)
    here = {name: stands[name] for name in found.game.states}
    gap = priced.gap
    return {
        "terminal": terminal,
        "patron": priced.patron,
        "client": priced.client,
        "rate": rate,
        "rate_here": float(priced.rate.sel(here)),
        "most": float(priced.most.sel(here)),
        "least": float(priced.least.sel(here)),
        "gap": float(gap.sel(here)),
        "pays": _parts(priced.pays.sel(here)),
        "takes": _parts(priced.takes.sel(here)),
        "states": int(gap.size),
        "positive": int((gap > 0).sum()),
        "at_any_rate": int(priced.at_any_rate.sum()),
        "smallest": _cell(gap, int(np.argmin(gap.values))),
        "largest": _cell(gap, int(np.argmax(gap.values))),
        "breaking": [_cell(gap, int(k)) for k in np.flatnonzero(gap.values <= 0)],
        "by_level": _by_level(priced),
    }


def _parts(column: xr.DataArray) -> dict[str, float]:
    return {str(part): float(column.sel(part=part)) for part in column["part"].values}


def _cell(gap: xr.DataArray, flat: int) -> dict[str, Any]:
    place = np.unravel_index(flat, gap.shape)
    state = {str(n): str(gap[n].values[k]) for n, k in zip(gap.dims, place, strict=True)}
    return {"state": state, "gap": float(gap.values[place])}


def _by_level(priced: PriceGap) -> list[dict[str, Any]]:
    """For each level of each variable: the smallest gap over all else, and how many states have none."""
    rows = []
    for name in priced.gap.dims:
        for level in priced.gap[name].values:
            cut = priced.gap.sel({name: level})
            rows.append(
                {"variable": str(name), "level": str(level), "smallest": float(cut.min()),
                 "largest": float(cut.max()), "states": int(cut.size), "breaking": int((cut <= 0).sum())}
            )  # fmt: skip
    return rows


def path_data(
    found: Equilibrium, stands: Mapping[str, str], outcome: str, target: Mapping[str, Any], within: int
) -> dict[str, Any]:
    """The chance of an outcome, and the likeliest course of events that leads there."""
    aim = {"levels": target["levels"] or None, "terminals": target["terminals"], "periods": within}
    chance = float(first_passage(found, **aim).sel(dict(stands)).sum())
    data: dict[str, Any] = {"outcome": outcome, "within": within, "reached": chance, "periods": []}
    try:
        path = likeliest_path(found, stands, **aim)
    except ValueError as error:
        return {**data, "probability": 0.0, "why": str(error)}
    return {**data, "probability": path.probability, "why": "", "periods": _told(path, found, stands)}


def _told(path: Path, found: Equilibrium, stands: Mapping[str, str]) -> list[list[dict[str, str]]]:
    """By period: moves, changes of level (not the variables that stay) and the end."""
    now = dict(stands)
    told = []
    for events in path.periods:
        lines: list[dict[str, str]] = []
        for name, what in events:
            if name in now:
                if now[name] != what:
                    lines.append({"kind": "change", "name": name, "from": now[name], "to": what})
                now[name] = what
            elif name in found.game.moves:
                lines.append({"kind": "move", "name": name, "to": what})
            elif what != "no":
                lines.append({"kind": "end", "name": name, "to": what})
        told.append(lines)
    return told
