"""Which claim needs which mechanism: claims by ablations."""

from __future__ import annotations

import pandas as pd

from tightrope.report.blocks import Block, Bullets, Figure, Line, Section, cell
from tightrope.report.blocks import Table as BlockTable
from tightrope.report.charts.claims import LOOK, matrix_chart
from tightrope.report.sections import Matrix
from tightrope.report.text import count

ID, HEADING = "matrix", "What each claim needs"

MEANING = {
    "holds": "holds without the mechanism",
    "breaks": "held, and fails without it",
    "fails": "fails with and without it",
    "changes": "failed, and holds without it",
    "not certified": "no certified solution there",
    "undefined": "its condition has no probability there",
}


def matrix_view(matrix: Matrix) -> Section:
    """The heat map, its legend in words, and what each ablation takes away."""
    title = matrix_title(matrix.cells)
    alt = f"Heat map of claims by ablations. {title} Outlined cells are the ablations that a claim names."
    found = set(matrix.cells["result"])
    signs = tuple((Line(f"{LOOK[n][1] or 'no sign'}  {n}: {MEANING[n]}."),) for n in LOOK if n in found)
    takes = tuple(
        (Line(f"{row['ablation']}:", strong=True), Line(row["about"]))
        for row in matrix.ablations.to_dict("records")
    )
    blocks: list[Block] = [
        Figure(
            id="matrix-chart",
            title=title,
            alt=alt,
            spec=matrix_chart(matrix.cells, matrix.ablations, description=alt),
            data=matrix_table(matrix),
            note="An outline marks the ablation that the claim names as the one that should break it.",
        ),
        Bullets("Signs", signs),
        Bullets("What each ablation takes away", takes),
    ]
    return Section(ID, HEADING, blocks=tuple(blocks))


def matrix_title(cells: pd.DataFrame) -> str:
    """The finding: how many named ablations break their claim, and which ablation breaks most."""
    parts = []
    for place in ("reference", "fit"):
        here = cells[cells["at"] == place]
        named = here[here["named"].astype(bool)]
        if len(named):
            broken = int((named["result"] == "breaks").sum())
            parts.append(f"{broken} of {len(named)} named ablations break their claim at the {place}")
    broken = cells[cells["result"] == "breaks"]
    if len(broken):
        counts = broken.groupby("ablation", sort=False)["claim"].nunique()
        most = str(counts.idxmax())
        parts.append(f"{most} breaks most ({count(int(counts.max()), 'claim')})")
    return "; ".join(parts) + "." if parts else "No ablation was named by a claim."


def matrix_table(matrix: Matrix) -> BlockTable:
    """The matrix as a table: claims down, ablations across; two words where the two places differ."""
    cells = matrix.cells
    places = [at for at in ("reference", "fit") if at in set(cells["at"])]
    order = [name for name in matrix.ablations["ablation"] if name in set(cells["ablation"])]
    result = {
        (c, a, at): r
        for c, a, at, r in zip(*(cells[n] for n in ("claim", "ablation", "at", "result")), strict=True)
    }
    named = {(c, a) for c, a, n in zip(*(cells[n] for n in ("claim", "ablation", "named")), strict=True) if n}
    rows = []
    for claim in dict.fromkeys(cells["claim"]):
        row = [cell(str(claim))]
        for ablation in order:
            words = [result.get((claim, ablation, at), "–") for at in places]
            text = words[0] if len(set(words)) == 1 else " / ".join(words)
            row.append(cell(f"{text} (named)" if (claim, ablation) in named else text))
        rows.append(tuple(row))
    return BlockTable(
        id="matrix-chart-data",
        caption=f"Claims by ablations, {' / '.join('at the ' + p for p in places)}",
        head=("claim", *order),
        rows=tuple(rows),
    )
