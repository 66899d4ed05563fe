"""Hindcasts: who forecast best from past origins, by horizon, and how reliably."""

from __future__ import annotations

import pandas as pd

from tightrope.report.blocks import Block, Figure, Section, Table, bullets, cell, prose
from tightrope.report.charts.skill import reliability_chart, skill_chart
from tightrope.report.data_table import data_table
from tightrope.report.sections import Hindcasts
from tightrope.report.text import DASH, NOTHING, count, known, number, percent, score

ID, HEADING = "hindcasts", "Hindcasts: forecasts from past origins"
GAME = "game"
TERMINAL = "terminal "


def hindcasts_view(given: Hindcasts) -> Section:
    """A figure and a table a group, reliability, then the ledger's forecasters on common questions."""
    blocks: list[Block] = [prose(note, role="notice") for note in given.notes[:1]]
    for index, (group, part) in enumerate(given.skill.groupby("group", sort=False), start=1):
        blocks += _group(str(group), part, given, index)
    for index, (group, part) in enumerate(given.curves.groupby("group", sort=False), start=1):
        blocks.append(_reliability(str(group), part, given, index))
    if len(given.skill_targets):
        blocks.append(_targets(given))
    if len(given.standing):
        blocks.append(_standing(given))
    if len(given.beside):
        blocks.append(_beside(given))
    if given.notes[1:]:
        blocks.append(bullets("How it was scored", given.notes[1:]))
    return Section(ID, HEADING, intro=_intro(given), blocks=tuple(blocks))


def skill_title(group: str, skill: pd.DataFrame, unit: str) -> str:
    """The finding: who has the lowest mean log score at which horizon, and where the game beats its rival."""
    best = skill[skill["best"].astype(bool)].drop_duplicates("horizon").sort_values("horizon")
    won: dict[str, list[str]] = {}
    for row in best.to_dict("records"):
        won.setdefault(row["forecaster"], []).append(str(row["horizon"]))
    parts = [f"{name} at {_listed(horizons)}" for name, horizons in won.items()]
    ahead = f"{unit}s ahead" if list(best["horizon"]) != [1] else f"{unit} ahead"
    title = f"On {group}, the lowest log score is that of {'; '.join(parts)} {ahead}"
    clear = beaten(skill, GAME)
    if not (skill["forecaster"] == GAME).any():
        return title + "."
    verdict = "at no horizon" if not clear else f"at {_listed([str(h) for h in clear])}"
    rival = skill["rival"].iloc[0]
    return title + f"; the game beats the {rival} beyond doubt {verdict}."


def beaten(skill: pd.DataFrame, name: str) -> list[int]:
    """Horizons at which the 95 % interval of a forecaster's skill lies above nought."""
    mine = skill[(skill["forecaster"] == name) & (skill["log_lower"].astype(float) > 0)]
    return sorted(int(h) for h in mine["horizon"])


def _listed(items: list[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def _intro(given: Hindcasts) -> str:
    return (
        f"{given.origins}; last known {given.unit}s {given.known}. At each the model is fitted anew to the "
        "record as then known, under the agnostic priors, and so is every rival. Log scores take forecasts "
        f"raised to at least {given.clip:g}. {given.source}"
    )


def _group(group: str, skill: pd.DataFrame, given: Hindcasts, index: int) -> list[Block]:
    order = list(dict.fromkeys(given.skill["forecaster"]))
    order = [name for name in order if name in set(skill["forecaster"]) and name != skill["rival"].iloc[0]]
    title = skill_title(group, skill, given.unit)
    table = _table(group, skill, given, index)
    if group.startswith(TERMINAL):
        # Against the reference class of an event that never came every skill lies at the chart's edge.
        return [prose(title), table]
    alt = f"Skill against the {skill['rival'].iloc[0]} by horizon. {title}"
    caption = f"Hindcasts of {group}: scores and skill, as given to the page"
    figure = Figure(
        f"skill-{index}",
        title,
        alt,
        skill_chart(skill, order=order, unit=given.unit, description=alt),
        data_table(skill, id=f"skill-{index}", caption=caption),
        note=(
            "Bars: 95 % by a moving-block bootstrap over origins, none with fewer than three blocks. Skill "
            "below -100 % is drawn at the edge."
        ),
    )
    return [figure, table]


def _table(group: str, skill: pd.DataFrame, given: Hindcasts, index: int) -> Table:
    horizons = sorted({int(h) for h in skill["horizon"]})
    made = {(row["forecaster"], int(row["horizon"])): row for row in skill.to_dict("records")}
    first = {h: skill[skill["horizon"] == h].iloc[0] for h in horizons}
    head = [
        f"{h} ahead ({first[h]['n']} origins, {number(first[h]['effective'], digits=2)} in blocks)"
        for h in horizons
    ]
    rows = []
    for name in dict.fromkeys(skill["forecaster"]):
        cells = [cell(str(name))]
        for h in horizons:
            row = made.get((name, h))
            if row is None:
                cells.append(cell(NOTHING, numeric=True))
                continue
            text = score(row["log_score"])
            if name != row["rival"]:
                text += f" ({_skill(row['log_skill'], row['log_lower'], row['log_upper'])})"
            cells.append(cell(text, numeric=True, state="good" if row["best"] else ""))
        rows.append(tuple(cells))
    return Table(
        f"skill-{index}-table",
        f"Mean log score of {group} by {given.unit}s ahead, lower is better; in brackets the skill against "
        f"the {skill['rival'].iloc[0]} with its 95 % interval. Green: the lowest.",
        ("forecaster", *head),
        tuple(rows),
        stack=True,
    )


def _targets(given: Hindcasts) -> Table:
    horizons = sorted({int(h) for h in given.skill_targets["horizon"]})
    rows = []
    for target, part in given.skill_targets.groupby("group", sort=False):
        cells = [cell(str(target))]
        for h in horizons:
            here = part[part["horizon"] == h]
            best = here[here["best"].astype(bool)]
            game = here[here["forecaster"] == GAME]
            text = (
                f"{best.iloc[0]['forecaster']} ({score(best.iloc[0]['log_score'])})" if len(best) else NOTHING
            )
            if len(game):
                row = game.iloc[0]
                text += f"; game {_skill(row['log_skill'], row['log_lower'], row['log_upper'])}"
            cells.append(cell(text, numeric=True))
        rows.append(tuple(cells))
    return Table(
        "skill-targets",
        f"By single target and {given.unit}s ahead: who has the lowest mean log score, and the game's skill "
        "against its rival with its 95 % interval",
        ("target", *(f"{h} ahead" for h in horizons)),
        tuple(rows),
        stack=True,
    )


def _skill(value: float, low: float | None, high: float | None) -> str:
    text = f"{number(100 * value, digits=2)} %"
    if known(low) and known(high):
        assert low is not None
        assert high is not None
        text += f", {number(100 * low, digits=2)} to {number(100 * high, digits=2)}"
    return text


def reliability_title(group: str, parts: pd.DataFrame, *, horizon: int, unit: str) -> str:
    """The finding: whose level forecasts are the least miscalibrated, and by how much the game's are."""
    ranked = parts.sort_values("miscalibration", kind="stable")
    best = ranked.iloc[0]
    title = (
        f"On {group} {horizon} {unit}s ahead ({count(int(best['cases']), 'case')}) the least miscalibrated "
        f"is {best['forecaster']} ({score(float(best['miscalibration']))})"
    )
    game = parts[parts["forecaster"] == GAME]
    if best["forecaster"] != GAME and len(game):
        title += f"; the game's miscalibration is {score(float(game.iloc[0]['miscalibration']))}"
    return title + "."


def _reliability(group: str, curves: pd.DataFrame, given: Hindcasts, index: int) -> Figure:
    parts = given.decompositions[given.decompositions["group"] == group]
    title = reliability_title(group, parts, horizon=given.reliability_at, unit=given.unit)
    alt = f"Reliability curves. {title}"
    rows = tuple(
        (
            cell(row["forecaster"]),
            cell(str(row["cases"]), numeric=True),
            *(cell(score(row[name]), numeric=True) for name in DECOMPOSED),
        )
        for row in parts.to_dict("records")
    )
    head = ("forecaster", "cases", "Brier", "miscalibration", "discrimination", "uncertainty", "REL", "RES")
    note = (
        "Isotonic regression of what came on what was forecast (CORP); grey: where nine in ten curves lie "
        f"when forecasts are right and events independent. Score = miscalibration {DASH} discrimination + "
        f"uncertainty = REL {DASH} RES + uncertainty (Murphy)."
    )
    return Figure(
        f"reliability-{index}",
        title,
        alt,
        reliability_chart(curves, description=alt),
        Table(f"reliability-{index}-data", f"Brier scores of the levels of {group}, split", head, rows),
        note=note,
    )


DECOMPOSED = ("brier", "miscalibration", "discrimination", "uncertainty", "reliability", "resolution")


def _standing(given: Hindcasts) -> Table:
    first = given.standing.iloc[0]
    rows = tuple(
        (
            cell(row["forecaster"]),
            *(cell(score(row[f"{kind}_{of}"]), numeric=True) for of in ("brier", "log") for kind in WHEN),
        )
        for row in given.standing.to_dict("records")
    )
    return Table(
        "standing",
        f"{count(int(first['n']), 'past question')} other than of a merger: score when asked, and over the "
        f"days on which it was open, forecast anew at each origin ({count(int(first['updates']), 'update')})",
        ("forecaster", "Brier when asked", "over time", "log when asked, nats", "over time"),
        rows,
    )


WHEN = ("spot", "standing")


def _beside(given: Hindcasts) -> Table:
    rows = tuple(
        (
            cell(row["forecaster"]),
            cell(str(row["n"]), numeric=True),
            cell(percent(row["mean_p"]), numeric=True),
            cell(score(row["brier"]), numeric=True),
            cell(score(row["log_score"]), numeric=True),
        )
        for row in given.beside.to_dict("records")
    )
    return Table(
        "beside-ledger",
        f"On common questions: resolved public statements of {given.beside_event}, and what was forecast for "
        "the same day from the origin before each. Lower is better.",
        ("forecaster", "statements", "mean probability", "Brier", "log, nats"),
        rows,
    )
