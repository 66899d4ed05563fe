"""Past questions answered as of their origins, the scores, and the questions that can't be answered."""

from __future__ import annotations

from typing import Any

import pandas as pd

from tightrope.report.blocks import Block, Bullets, Cell, Figure, Line, Section, Table, cell, prose
from tightrope.report.charts.questions import means_chart, questions_chart
from tightrope.report.data_table import data_table
from tightrope.report.sections import Questions
from tightrope.report.text import DASH, NOT_CERTIFIED, NOTHING, count, day, interval, percent, score

ID, HEADING = "questions", "Past questions and scores"
GAME = "game"


def questions_view(questions: Questions) -> Section:
    """Mean scores first, then every question, then the unanswerable ones with reasons."""
    order = list(dict.fromkeys([*questions.forecasts["forecaster"], *questions.means["forecaster"]]))
    blocks: list[Block] = []
    if questions.note:
        blocks.append(prose(questions.note, role="notice"))
    for number, (group, means) in enumerate(questions.means.groupby("group", sort=False), start=1):
        blocks.append(_means(str(group), means, order, questions, number))
    asked = questions.questions[questions.questions["answerable"].astype(bool)]
    if not asked.empty and not questions.forecasts.empty:
        blocks += _answered(questions, asked)
    out = questions.questions[~questions.questions["answerable"].astype(bool)]
    if not out.empty:
        items = tuple(
            (Line(f"{row['id']}.", strong=True), Line(row["question"]), Line(row["reason"] or "", quiet=True))
            for row in out.to_dict("records")
        )
        blocks.append(Bullets(f"{count(len(out), 'question')} that can't be answered, and why", items))
    return Section(ID, HEADING, intro=_intro(questions), blocks=tuple(blocks))


def means_title(group: str, means: pd.DataFrame) -> str:
    """The finding: who scores best, and where the game stands. Whoever wins is named."""
    n = int(means["n"].max())
    ranked = means.dropna(subset=["brier"]).sort_values("brier", kind="stable")
    if ranked.empty:
        return f"{group}: nothing is scored yet."
    best = ranked.iloc[0]
    title = (
        f"On {count(n, 'question')} ({group}) the best Brier score is that of {best['forecaster']} "
        f"({score(best['brier'])})"
    )
    game = ranked[ranked["forecaster"] == GAME]
    if best["forecaster"] != GAME and len(game):
        place = list(ranked["forecaster"]).index(GAME) + 1
        title += f"; the game is number {place} of {len(ranked)} ({score(game.iloc[0]['brier'])})"
    elif best["forecaster"] == GAME and len(ranked) > 1:
        second = ranked.iloc[1]
        title += f", before {second['forecaster']} ({score(second['brier'])})"
    return title + "."


def _intro(questions: Questions) -> str:
    resolved = int((questions.questions["resolution"] != "open").sum())
    answerable = int(questions.questions["answerable"].astype(bool).sum())
    return (
        f"{count(len(questions.questions), 'question')}: {answerable} answerable, {resolved} resolved. Each "
        "forecast is made from the record as known when the question was asked. Lower scores are better; log "
        f"scores take forecasts moved into [{questions.clip:g}, {1 - questions.clip:g}]."
    )


def _means(group: str, means: pd.DataFrame, order: list[str], questions: Questions, number: int) -> Figure:
    title = means_title(group, means)
    alt = f"Mean scores by forecaster. {title}"
    rows = tuple(
        (
            cell(row["forecaster"]),
            cell(str(row["n"]), numeric=True),
            cell(score(row["brier"]), numeric=True),
            cell(_between(row["brier_lower"], row["brier_upper"]), numeric=True),
            cell(score(row["log_score"]), numeric=True),
            cell(_between(row["log_lower"], row["log_upper"]), numeric=True),
        )
        for row in means.to_dict("records")
    )
    head = ("forecaster", "questions", "Brier score", "its interval", "log score, nats", "its interval")
    table = Table(f"means-{number}-data", f"Mean scores, {group}", head, rows)
    note = f"Bars: {questions.interval_how}." if questions.interval_how else ""
    spec = means_chart(means, order=order, description=alt)
    return Figure(f"means-{number}", title, alt, spec, table, note=note)


def _between(low: float | None, high: float | None) -> str:
    if low is None or high is None or low != low or high != high:
        return NOTHING
    return f"{score(low)}{DASH}{score(high)}"


def _answered(questions: Questions, asked: pd.DataFrame) -> list[Block]:
    forecasters = list(dict.fromkeys(questions.forecasts["forecaster"]))
    made = {(row["id"], row["forecaster"]): row for row in questions.forecasts.to_dict("records")}
    rows = tuple(
        (
            Cell(
                (
                    Line(f"{row['id']}.", strong=True),
                    Line(row["question"]),
                    Line(f"asked {day(row['origin'])}, due {day(row['deadline'])}", quiet=True),
                )
            ),
            Cell((Line(row["resolution"], strong=True),)),
            *(_forecast(made.get((row["id"], name))) for name in forecasters),
        )
        for row in asked.to_dict("records")
    )
    table = Table(
        "questions-table",
        "Forecasts as of each question's origin, with Brier (B) and log (L) scores. "
        "An interval is 90 % over draws.",
        ("Question", "Came", *forecasters),
        rows,
        stack=True,
    )
    title = misses_title(questions, asked)
    alt = f"Dot plot of forecasts by question. {title}"
    data = questions.forecasts.merge(asked[["id", "resolution"]], on="id", how="inner")
    figure = Figure(
        "questions-chart",
        title,
        alt,
        questions_chart(asked, questions.forecasts, description=alt),
        data_table(data, id="questions-chart", caption="Forecasts by question, as given to the page"),
        fluid=60,
    )
    return [figure, table]


def misses_title(questions: Questions, asked: pd.DataFrame) -> str:
    """The finding: on how many resolved questions the game leaned to the wrong side, and its worst."""
    game = questions.forecasts[
        (questions.forecasts["forecaster"] == GAME) & questions.forecasts["certified"].astype(bool)
    ]
    both = game.merge(asked[asked["resolution"] != "open"][["id", "resolution"]], on="id")
    if both.empty:
        return "No resolved question has a certified forecast of the game."
    came = (both["resolution"] == "yes").astype(float)
    miss = (both["probability"].astype(float) - came).abs()
    worst = both.loc[miss.idxmax()]
    return (
        f"The game leans to the wrong side on {int((miss > 0.5).sum())} of {len(both)} resolved questions; "
        f"its worst is {worst['id']} ({percent(float(worst['probability']))}, came: {worst['resolution']})."
    )


def _forecast(row: dict[Any, Any] | None) -> Cell:
    if row is None:
        return cell(NOTHING, numeric=True)
    if not row["certified"]:
        return cell(NOT_CERTIFIED, state="bad")
    lines = [Line(percent(row["probability"]), strong=True, mark=row["mark"])]
    if row["lower"] is not None and row["lower"] == row["lower"]:
        lines.append(Line(f"({interval(row['lower'], row['upper'])})"))
    if row["brier"] is not None and row["brier"] == row["brier"]:
        lines.append(Line(f"B\u00a0{score(row['brier'])} L\u00a0{score(row['log_score'])}", quiet=True))
    return Cell(tuple(lines), numeric=True)
