"""The judgement box: the feared outcome in a sentence, warnings, and every live question."""

from __future__ import annotations

from typing import Any

from tightrope.forecast.scores import verbal
from tightrope.report.blocks import Block, Bullets, Cell, Figure, Line, Prose, Section, Table, bullets, cell
from tightrope.report.charts.live import live_chart
from tightrope.report.data_table import data_table
from tightrope.report.sections import Judgement
from tightrope.report.text import NOT_CERTIFIED, count, day, interval, percent

ID, HEADING = "judgement", "Judgement"


def judgement_view(judgement: Judgement) -> Section:
    """The section, warnings first."""
    blocks: list[Block] = []
    if judgement.warnings:
        blocks.append(bullets("Read this first", judgement.warnings, kind="warning"))
    blocks.append(Prose((Line(headline(judgement)),), role="headline"))
    if judgement.confidence:
        blocks.append(
            Prose(
                (Line("Confidence in the model.", strong=True), Line(judgement.confidence)), role="confidence"
            )
        )
    blocks += _questions(judgement)
    return Section(ID, HEADING, intro=_intro(judgement), blocks=tuple(blocks))


def headline(judgement: Judgement) -> str:
    """The judgement in a sentence: as given, or from the first live question. Never a number uncertified."""
    if judgement.live.empty:
        return judgement.headline or "No live question was asked."
    first = judgement.live.iloc[0]
    if not first["certified"]:
        return f"{first['question']} The solution behind this is not certified: no probability is printed."
    if judgement.headline:
        return judgement.headline
    return (
        f"{first['question']} {percent(first['probability'])} "
        f"(90\u00a0% interval {interval(first['lower'], first['upper'])}): {verbal(first['probability'])}."
    )


def _intro(judgement: Judgement) -> str:
    parts = []
    if judgement.as_of:
        parts.append(f"Asked on {day(judgement.as_of)}")
    if judgement.known_until:
        parts.append(f"knowing the record to the end of {judgement.known_until}")
    if judgement.draws is not None:
        parts.append(f"intervals over {count(judgement.draws, 'certified parameter draw')}")
    return ", ".join(parts) + "." if parts else ""


def _questions(judgement: Judgement) -> list[Block]:
    live = judgement.live
    if live.empty:
        return []
    certified = live[live["certified"].astype(bool)]
    blocks: list[Block] = [
        Table(
            id="live",
            caption=f"{count(len(live), 'live question')}, the feared outcome first. Words follow "
            "Intelligence Community Directive 203; they stand beside the number, never for it.",
            head=(
                "Question",
                "By",
                "Probability",
                "90 % interval",
                "In words",
                "Model alone",
                "Outside view",
                "Pooled",
                "Mark",
            ),
            rows=tuple(
                _row(row, own_weight=live["epsilon"].nunique() > 1) for row in live.to_dict("records")
            ),
            stack=True,
        )
    ]
    if not certified.empty:
        title = _title(certified)
        alt = (
            f"{title} A dot, a bar for the 90 % interval and a diamond for the outside view of each question."
        )
        blocks.append(
            Figure(
                id="live-chart",
                title=title,
                alt=alt,
                spec=live_chart(certified, description=alt),
                data=data_table(live, id="live-chart", caption="Live questions, as given to the page"),
                fluid=60,
            )
        )
    shares = sorted(set(certified["epsilon"]))
    if shares:
        weights = " or ".join(f"{100 * e:.3g} %" for e in shares)
        blocks.append(
            Bullets(
                "What the numbers are",
                (
                    (
                        Line(
                            "Probability: the model's mean over draws, mixed with the outside view; "
                            f"that has a weight (epsilon) of {weights}, because the model is wrong in ways "
                            "that its parameters do not span."
                        ),
                        Line(judgement.epsilon_why),
                    ),
                    (Line("Model alone: the same before the mixture."),),
                    (
                        Line(
                            "Pooled: a log-linear pool of the model alone, the Markov chain and, for a "
                            "merger, the reference class, then mixed with the outside view as before. Its "
                            "weights come from the hindcasts and are equal where these teach none. It stands "
                            "beside the probability, which is not pooled, and has no interval of its own."
                        ),
                        *_pools(certified),
                    ),
                ),
            )
        )
    return blocks


def _row(row: dict[Any, Any], *, own_weight: bool) -> tuple[Cell, ...]:
    question = Cell(
        (
            Line(f"{row['id']}.", strong=True),
            Line(row["question"]),
            *((Line(row["criteria"], quiet=True),) if row["criteria"] else ()),
        )
    )
    by = cell(day(row["deadline"], short=True))
    weight = f", weight {row['epsilon']:.3g}" if own_weight else ""
    outside = Cell(
        (Line(percent(row["outside"])), Line(f"{row['outside_source']}{weight}", quiet=True)), numeric=True
    )
    if not row["certified"]:
        none = cell(NOT_CERTIFIED, state="bad")
        return (question, by, none, none, none, none, outside, none, cell("", mark=row["mark"]))
    return (
        question,
        by,
        Cell((Line(percent(row["probability"]), strong=True),), numeric=True),
        cell(interval(row["lower"], row["upper"]), numeric=True),
        cell(verbal(min(max(row["probability"], 0.0), 1.0))),
        cell(percent(row["model"]), numeric=True),
        outside,
        cell(percent(row["pooled"]), numeric=True),
        cell("", mark=row["mark"]),
    )


def _pools(live: Any) -> list[Line]:
    """What each pooled number is made of, questions with the same answer together."""
    alike: dict[str, list[str]] = {}
    for name, how in zip(live["id"], live["pooled_how"], strict=True):
        if isinstance(how, str) and how:
            alike.setdefault(str(how), []).append(str(name))
    return [Line(f"{', '.join(names)}: {how}.", quiet=True) for how, names in alike.items()]


def _title(live: Any) -> str:
    """The finding: how many questions are likelier than not, and the surest answer."""
    likely = int((live["probability"] > 0.5).sum())
    wide = live.assign(width=live["upper"] - live["lower"]).sort_values("width", kind="stable").iloc[-1]
    verb = "is" if likely == 1 else "are"
    return (
        f"{likely if likely else 'None'} of {len(live)} live questions {verb} more likely yes than no; "
        f"the widest interval is that of {wide['id']} ({interval(wide['lower'], wide['upper'])})."
    )
