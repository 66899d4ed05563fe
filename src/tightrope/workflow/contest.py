"""The contest from hindcasts: every forecaster's laws, the skill table, reliability."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tightrope.case.calendar import parse_period
from tightrope.forecast.answers import epsilon
from tightrope.forecast.contest import BARE, GAME, POOLED, score_table, skill_table, with_pool
from tightrope.forecast.corp import Reliability, corp
from tightrope.forecast.hindcast import law_ahead
from tightrope.forecast.murphy import murphy_binned
from tightrope.forecast.rivals import MARKOV, rival_laws
from tightrope.forecast.targets import HORIZONS, Key, Target, Truth, resolve, targets_of
from tightrope.workflow.hindcast import Hindcasts
from tightrope.workflow.material import Material
from tightrope.workflow.origins import known_record, record_of, step_of

Laws = dict[str, dict[Key, np.ndarray]]

STATES, MOVES, END = "all states", "all moves", "terminal"
MERGER = "merged"
"""The terminal that the reference class and the constant speak about."""

RELIABILITY_AT = 4
"""Horizon, in periods, at which reliability is looked at."""


@dataclass(frozen=True, eq=False)
class Contest:
    """Everything that hindcasts say.

    forecasts  forecaster -> key -> law; truth what came
    weights    key -> pooling weights of game, Markov chain and, for a merger, reference class
    skill      table of `tightrope.forecast.contest.skill_table`
    groups     name -> targets; the summary groups come first
    step       periods between origins
    """

    targets: tuple[Target, ...]
    forecasts: Laws
    truth: Truth
    weights: Mapping[Key, np.ndarray]
    skill: pd.DataFrame
    groups: Mapping[str, tuple[str, ...]]
    summary: tuple[str, ...]
    step: int


def laws_of_all(
    material: Material, made: Hindcasts, targets: Sequence[Target], *, only: Sequence[str] = ()
) -> Laws:
    """What the unfloored game and its rivals say of each target from each origin, as known there.

    only  rivals wanted; empty: all
    """
    laws: Laws = {name: {} for name in (BARE, *only)}
    for known, ahead in made.ahead.items():
        rivals = rival_laws(
            known_record(material, known),
            targets,
            horizons=HORIZONS,
            moves=material.moves,
            rising=material.rising,
            rates=material.rates,
            merger=MERGER,
            years=1.0 / step_of(material),
            only=only,
        )
        laws[BARE] |= {Key(known, h, t.name): law_ahead(ahead, t, h) for h in HORIZONS for t in targets}
        for name, table in rivals.items():
            of = laws.setdefault(name, {})
            of |= {Key(known, h, target): law for (h, target), law in table.items()}
    return laws


def contest(material: Material, made: Hindcasts, *, seed: int) -> Contest:
    """Set the game and the pool beside every rival, all from the record as known at each origin."""
    coded, step = record_of(material), step_of(material)
    targets = targets_of(coded, moves=material.moves, terminals=material.game.terminals)
    laws = laws_of_all(material, made, targets)
    truth = resolve(targets, coded, origins=tuple(made.ahead))
    full, weights = with_pool(laws, truth, targets, epsilon=epsilon(), step=step)
    order = [GAME, BARE, POOLED, *(name for name in laws if name != BARE)]
    full = {name: full[name] for name in order}
    groups = _groups(targets)
    summary = _summary(groups)
    scores = score_table(full, truth, targets)
    skill = skill_table(scores, groups=groups, step=step, seed=seed)
    return Contest(targets, full, truth, weights, skill, groups, summary, step)


def _groups(targets: Sequence[Target]) -> dict[str, tuple[str, ...]]:
    """All states, all moves, then each terminal and each target by itself."""
    found: dict[str, tuple[str, ...]] = {}
    for group, kind in ((STATES, "states"), (MOVES, "moves")):
        names = tuple(t.name for t in targets if t.kind == kind)
        if names:
            found[group] = names
    ends = {f"{END} {t.name}": (t.name,) for t in targets if t.kind == "ends"}
    return found | ends | {t.name: (t.name,) for t in targets if t.kind != "ends"}


def _summary(groups: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The groups that head the report: states, moves and, of the terminals, the merger where there is one."""
    ends = [name for name, members in groups.items() if name != members[0] and name.startswith(END)]
    merger = [name for name in ends if groups[name][0] == MERGER]
    return (*(name for name in (STATES, MOVES) if name in groups), *(merger or ends))


def winners(made: Contest) -> list[dict[str, Any]]:
    """Who has the lowest mean log score in each summary group and horizon, and its skill.

    `clear`: the 95 % interval of its skill against the group's rival lies above zero.
    """
    rows = []
    for group in made.summary:
        part = made.skill[made.skill["group"] == group]
        for horizon, here in part.groupby("horizon", sort=True):
            best = here[here["best"].astype(bool)].iloc[0]
            rows.append(
                {
                    "group": group,
                    "horizon": int(horizon),
                    "winner": str(best["forecaster"]),
                    "rival": str(best["rival"]),
                    "log_score": float(best["log_score"]),
                    "skill": float(best["log_skill"]),
                    "lower": float(best["log_lower"]),
                    "upper": float(best["log_upper"]),
                    "clear": bool(best["log_lower"] > 0),
                }
            )
    return rows


def events_of(made: Contest, forecaster: str, kind: str, horizon: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Binary events behind reliability: for each resolved case and level, whether it came, and the forecast.

    What came is the outcome of greatest weight. Returns (came, forecast, cases): a case is a target from an
    origin, and the events of one case hang together.
    """
    of_kind = {t.name for t in made.targets if t.kind == kind}
    came: list[np.ndarray] = []
    given: list[np.ndarray] = []
    for key, share in made.truth.shares.items():
        if key.target in of_kind and key.horizon == horizon and key in made.forecasts[forecaster]:
            came.append(np.eye(len(share))[int(np.argmax(share))])
            given.append(made.forecasts[forecaster][key])
    empty = np.zeros(0)
    return np.concatenate([empty, *came]), np.concatenate([empty, *given]), len(came)


def reliability(
    made: Contest, *, seed: int, horizon: int = RELIABILITY_AT
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """CORP curves and the decompositions of the Brier score of level events, for game, pool and Markov chain.

    First table: group, forecaster, forecast, recalibrated, lower, upper (the 90 % consistency band). Second:
    group, forecaster, cases, brier, miscalibration, discrimination, uncertainty (CORP) and reliability,
    resolution (Murphy, by bins of ten per cent).
    """
    curves, parts = [], []
    for group, kind in ((STATES, "states"), (MOVES, "moves")):
        for name in (GAME, POOLED, MARKOV):
            came, given, cases = events_of(made, name, kind, horizon)
            if not cases:
                continue
            found = corp(came, given, cases=cases, seed=seed)
            binned = murphy_binned(came, given)
            curves.append(_curve(found).assign(group=group, forecaster=name))
            parts.append(
                {
                    "group": group,
                    "forecaster": name,
                    "cases": cases,
                    "brier": found.score,
                    "miscalibration": found.miscalibration,
                    "discrimination": found.discrimination,
                    "uncertainty": found.uncertainty,
                    "reliability": binned.reliability,
                    "resolution": binned.resolution,
                }
            )
    columns = ["group", "forecaster", "forecast", "recalibrated", "lower", "upper"]
    table = pd.concat(curves)[columns] if curves else pd.DataFrame(columns=columns)
    return table.reset_index(drop=True), pd.DataFrame(parts)


def _curve(found: Reliability) -> pd.DataFrame:
    """The curve at the ends of its steps, which is all that a drawing needs."""
    n = found.n
    last = np.append(found.recalibrated[1:] != found.recalibrated[:-1], True)
    keep = last | np.append(True, last[:-1])
    nothing = np.full(n, np.nan)
    frame = pd.DataFrame(
        {
            "forecast": found.forecast,
            "recalibrated": found.recalibrated,
            "lower": nothing if found.lower is None else found.lower,
            "upper": nothing if found.upper is None else found.upper,
        }
    )
    return frame[keep].drop_duplicates()


def years_of(made: Hindcasts) -> str:
    """The origins in words: `25 origins, 1 January 2000 to 1 January 2024`."""
    years = [o.year for o in made.origins if o.known in made.ahead]
    if not years:
        return "no origins"
    if len(years) == 1:
        return f"1 origin, 1 January {years[0]}"
    return f"{len(years)} origins, 1 January {years[0]} to 1 January {years[-1]}"


def last_known(made: Hindcasts) -> str:
    """The first and the last period known."""
    known = sorted(made.ahead, key=parse_period)
    return f"{known[0]} to {known[-1]}" if known else "none"
