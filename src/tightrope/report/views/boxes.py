"""Under which conditions an outcome would happen: boxes in parameter space, with their doubt."""

from __future__ import annotations

from typing import Any

from tightrope.report.blocks import Block, Cell, Figure, Line, Section, Table, cell
from tightrope.report.charts.boxes import limits_chart, tradeoff_chart
from tightrope.report.data_table import data_table
from tightrope.report.sections_pictures import Box, Boxes
from tightrope.report.text import NOTHING, SPACE, count, known, number, percent

ID, HEADING = "boxes", "Under which conditions it would happen"


def boxes_view(boxes: Boxes) -> Section:
    """For each outcome its box in words, its limits on the scale of the priors, and the way to it."""
    blocks: list[Block] = []
    for number_, box in enumerate(boxes.boxes, start=1):
        blocks += _box(box, number_)
    intro = (
        "A condition found here is one under which the model would have the outcome, among draws from its "
        "priors; the record has not spoken. A box is found in anything: what holds on draws that it was not "
        "found on is what to expect."
    )
    return Section(ID, HEADING, intro=intro, blocks=tuple(blocks))


def box_title(box: Box) -> str:
    """The finding: how much commoner the outcome is in the box, on draws that it was not found on."""
    if box.limits.empty:
        return f"No condition sets apart the draws with {box.outcome}."
    sure = box.limits[~box.limits["by_chance"].astype(bool)]
    names = ", ".join(sure["parameter"].head(3)) if len(sure) else "no limit that is beyond chance"
    if not known(box.density):
        return f"The box of {box.outcome} rests on {names}; it was not tried on other draws."
    return (
        f"Of draws that it was not found on, {percent(box.density)} in the box show {box.outcome}, against "
        f"{percent(box.share)} without a box; it rests on {names}."
    )


def _box(box: Box, number_: int) -> list[Block]:
    id_ = f"box-{number_}"
    title = box_title(box)
    limits = data_table(box.limits, id=f"{id_}-limits", caption=f"Limits of the box of {box.outcome}")
    tradeoff = data_table(box.tradeoff, id=f"{id_}-way", caption="Every box on the way")
    about = f"{box.about[:1].upper()}{box.about[1:]}"
    note = (
        f"{about} {count(box.draws, 'certified draw')} from the {box.prior} priors ({box.mark}). "
        f"Of new draws with the outcome the box would hold {percent(box.coverage)}."
        if known(box.coverage)
        else f"{about} {count(box.draws, 'certified draw')} from the {box.prior} priors ({box.mark})."
    )
    found: list[Block] = []
    if len(box.limits):
        alt = f"Bars of the stretch of each prior that the box takes. {title}"
        found.append(
            Figure(
                id=f"{id_}-limits-chart",
                title=title,
                alt=alt,
                spec=limits_chart(box.limits, description=alt),
                data=limits,
                note=note,
            )
        )
        found.append(_words(box, id_))
    chosen = box.tradeoff[box.tradeoff["chosen"].astype(bool)]
    way = "Each step of the search trades coverage for density."
    if len(chosen):
        row = chosen.iloc[0]
        with_it = round(row["with_it"] / row["coverage"]) if row["coverage"] > 0 else 0
        way = (
            f"Among the draws that it was found on, the box holds {row['with_it']} of the {with_it} with "
            f"{box.outcome}, which {row['with_it']} of its {row['draws']} draws show."
        )
    alt = f"Density over coverage of every box. {way}"
    found.append(
        Figure(
            id=f"{id_}-way-chart",
            title=way,
            alt=alt,
            spec=tradeoff_chart(box.tradeoff, description=alt),
            data=tradeoff,
        )
    )
    return found


def _words(box: Box, id_: str) -> Table:
    rows = tuple(
        (
            cell(row["parameter"]),
            cell(_stretch(row)),
            Cell(
                (
                    Line(
                        NOTHING
                        if not known(row["quasi_p"])
                        else f"quasi-p{SPACE}{number(row['quasi_p'], digits=2)}"
                    ),
                    *((Line(f"may{SPACE}be{SPACE}chance", quiet=True),) if row["by_chance"] else ()),
                )
            ),
            cell(_again(row["reproduced"]), numeric=True),
            cell(row["why"], mark=row["mark"]),
        )
        for row in box.limits.to_dict("records")
    )
    return Table(
        id=f"{id_}-words",
        caption=f"The box in words: {box.outcome} where all of this holds",
        head=("Parameter", "Where", "Doubt", "In half samples", "What it is"),
        rows=rows,
        stack=True,
    )


def _again(share: float | None) -> str:
    """A share of half samples, which is a count and may be none or all."""
    return f"{100 * share:.0f}{SPACE}%" if share is not None and known(share) else NOTHING


def _stretch(row: dict[str, Any]) -> str:
    low, high = row["low"], row["high"]
    if known(low) and known(high):
        return f"between {number(low)} and {number(high)}"
    return f"above {number(low)}" if known(low) else f"below {number(high)}"
