"""Past questions as of their origins beside the baselines, and the ledger of public predictions."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pandas as pd

from tightrope.case.calendar import parse_period
from tightrope.forecast import baselines
from tightrope.forecast.answers import floor
from tightrope.forecast.events import EnteredTerminal, NoTerminal, Unanswerable
from tightrope.forecast.ledger import count_by_year, score_ledger
from tightrope.forecast.questions import Question
from tightrope.forecast.scores import CLIP, brier, log_score
from tightrope.report.sections import Ledger, NotComputed, Questions
from tightrope.workflow import seen, steps
from tightrope.workflow.session import Session

FORECASTERS = {
    "markov_chain": "Markov chain",
    "persistence": "persistence",
    "climatology": "climatology",
    "reference_class": "reference class",
    "always": "always 2 %",
}
HALF = "always one half"


def forecast_table(session: Session) -> pd.DataFrame:
    """One row a question and forecaster, as of the question's origin: the report's table `forecasts`."""
    material = session.material
    if material.coded is None:
        return pd.DataFrame()
    others = baselines.answer(
        material.questions, material.coded, moves=material.moves, rising=material.rising, rates=material.rates
    )
    rows: list[dict[str, Any]] = []
    for known, questions in steps.by_origin(material).items():
        answers = session.past.get(known)
        for question in questions:
            outside = float(others.loc[question.id, "outside_view"])
            if answers is not None and question.id in answers.ids:
                printed = floor(answers.of(question.id), outside, shares=answers.conditions.get(question.id))
                rows.append(
                    _row(question, "game", printed.probability, "estimated", printed.lower, printed.upper)
                )
                rows.append(_row(question, "game, unfloored", printed.model, "estimated", None, None))
            for column, name in FORECASTERS.items():
                value = others.loc[question.id, column]
                if value is not None and np.isfinite(value):
                    mark = "assumed" if column == "always" else "estimated"
                    rows.append(_row(question, name, float(value), mark, None, None))
            rows.append(_row(question, HALF, 0.5, "assumed", None, None))
    return pd.DataFrame(rows)


def _row(
    question: Question, name: str, p: float, mark: str, lower: float | None, upper: float | None
) -> dict[str, Any]:
    resolved = question.resolution != "open"
    outcome = float(question.resolution == "yes")
    return {
        "id": question.id,
        "forecaster": name,
        "probability": p,
        "lower": lower,
        "upper": upper,
        "brier": float(brier(outcome, p)) if resolved else float("nan"),
        "log_score": float(log_score(outcome, p)) if resolved else float("nan"),
        "mark": mark,
        "certified": True,
    }


def mean_table(session: Session, forecasts: pd.DataFrame) -> pd.DataFrame:
    """Mean scores on common questions only, with a bootstrap over origins: the report's table `means`.

    Questions of one origin share one history, so origins are drawn, not questions.
    """
    material = session.material
    merger = {q.id for q in material.questions if about_merger(q)}
    origin = {q.id: known for known, qs in steps.by_origin(material).items() for q in qs}
    rows = []
    for group, keep in (
        ("all but merger", lambda i: i not in merger),
        ("merger only", lambda i: i in merger),
    ):
        part = forecasts[forecasts["id"].map(keep) & forecasts["brier"].notna()]
        if part.empty:
            continue
        wide = part.pivot(index="id", columns="forecaster", values="brier")
        wide = wide.dropna(axis=1, how="all")
        common = wide.dropna(axis=0).index
        logs = part.pivot(index="id", columns="forecaster", values="log_score").loc[common, wide.columns]
        wide = wide.loc[common]
        clusters = np.array([origin[i] for i in common])
        for name in wide.columns:
            low, high = _bootstrap(wide[name].to_numpy(float), clusters, session.seed)
            log_low, log_high = _bootstrap(logs[name].to_numpy(float), clusters, session.seed)
            rows.append(
                {
                    "group": group,
                    "forecaster": name,
                    "n": len(common),
                    "brier": float(wide[name].mean()),
                    "brier_lower": low,
                    "brier_upper": high,
                    "log_score": float(logs[name].mean()),
                    "log_lower": log_low,
                    "log_upper": log_high,
                }
            )
    return pd.DataFrame(rows)


def about_merger(question: Question) -> bool:
    """Whether a question is about a merger alone."""
    event = question.event
    return isinstance(event, EnteredTerminal | NoTerminal) and event.terminals == ("merged",)


def _bootstrap(
    values: np.ndarray, clusters: np.ndarray, seed: int, draws: int = 2000
) -> tuple[float | None, float | None]:
    """95 % interval of the mean, drawing clusters with replacement; None with fewer than three clusters."""
    names = np.unique(clusters)
    if len(names) < 3:
        return None, None
    generator = np.random.default_rng(seed)
    sums = np.array([values[clusters == name].sum() for name in names])
    counts = np.array([(clusters == name).sum() for name in names])
    picks = generator.integers(0, len(names), size=(draws, len(names)))
    means = sums[picks].sum(axis=1) / counts[picks].sum(axis=1)
    return float(np.quantile(means, 0.025)), float(np.quantile(means, 0.975))


def questions(session: Session) -> Questions | NotComputed:
    """The past questions and the scores; warns when a baseline does better than the game."""
    material = session.material
    if not material.questions:
        return NotComputed("The case has no past questions.")
    if material.coded is None:
        return NotComputed("The case has no record, which every forecast of a past question starts from.")
    forecasts = forecast_table(session)
    means = mean_table(session, forecasts)
    _warn_if_beaten(session, means)
    rows = [
        {
            "id": q.id,
            "question": q.question,
            "event": q.event_expression,
            "origin": q.open_time,
            "deadline": q.scheduled_resolution_time,
            "resolution": q.resolution,
            "answerable": q.answerable,
            "reason": q.event.reason if isinstance(q.event, Unanswerable) else None,
        }
        for q in material.questions
    ]
    return Questions(
        questions=pd.DataFrame(rows),
        forecasts=forecasts,
        means=means,
        clip=CLIP,
        interval_how="95 % bootstrap over the dates on which questions were asked",
        note=(
            "The past questions were written with hindsight, around turning points, so a forecaster who "
            "keeps to base rates loses to one half on them; a good score here would prove little skill."
        ),
    )


def _warn_if_beaten(session: Session, means: pd.DataFrame) -> None:
    if means.empty:
        return
    part = means[means["group"] == "all but merger"].set_index("forecaster")
    if "game" not in part.index:
        session.warn("No hindcast of the game was scored in this run.")
        return
    game = part.loc["game"]
    for name in ("Markov chain", "persistence", "climatology"):
        if name in part.index and part.loc[name, "brier"] < game["brier"]:
            session.warn(
                f"On {int(game['n'])} past questions {name} beats the game "
                f"(Brier {part.loc[name, 'brier']:.3f} against {game['brier']:.3f})."
            )
    if HALF in part.index and part.loc[HALF, "brier"] < game["brier"]:
        session.warn(
            "On the past questions even `always one half` beats the game: they were chosen with hindsight."
        )


def ledger(session: Session) -> Ledger | NotComputed:
    """Fears by year above what came, and scores by event."""
    material = session.material
    if not material.predictions:
        return NotComputed("The case has no ledger of predictions.")
    fears = count_by_year(material.predictions)
    scores = score_ledger(material.predictions).reset_index()
    return Ledger(
        event="a merger",
        fears=_columns(fears.reset_index(), "fears"),
        outcomes=_outcomes(session),
        scores=_columns(scores, "scores"),
        note=(
            "Not a random sample: the search aimed at speculation, so high numbers are over-represented. "
            "A constant has no merger here to be punished by. " + seen.sentences(session)
        ).strip(),
    )


def _columns(frame: pd.DataFrame, table: str) -> pd.DataFrame:
    """The columns that the report's table takes."""
    from tightrope.report.sections import TABLES

    wanted = [column.name for column in TABLES[table]]
    return frame[[name for name in wanted if name in frame.columns]]


def _outcomes(session: Session) -> pd.DataFrame:
    """Rises of variables that never fall, by year: the nearest things to the feared event that did happen."""
    coded = session.material.coded
    rows: list[dict[str, Any]] = []
    if coded is not None:
        for name in session.material.rising:
            printed = coded.printed[name]
            levels = session.material.game.levels[name]
            years = Counter(
                (parse_period(coded.periods[k]).year, levels[printed[k]])
                for k in range(1, len(printed))
                if printed[k] > printed[k - 1]
            )
            rows += [
                {"year": year, "outcome": f"{name} rose to {level}", "count": count, "feared": False}
                for (year, level), count in sorted(years.items())
            ]
    return pd.DataFrame(rows, columns=["year", "outcome", "count", "feared"])
