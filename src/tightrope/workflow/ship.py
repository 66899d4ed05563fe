"""Compute the fits that a quick run uses and put them into the case's folder.

    python -m tightrope.workflow.ship cases/russia-belarus [NAME ...]

They are the fit to the whole record and those at the origins of past questions. A quick run
verifies each before it uses it. Interrupted work is resumed. Names (`fit`, `origin-2010Q1`) pick
some of them; each may run in a process of its own.
"""

from __future__ import annotations

import sys
from collections.abc import Collection
from pathlib import Path

from tightrope.fit.store import fit_from
from tightrope.runs import open_run
from tightrope.workflow import steps
from tightrope.workflow.material import load_material
from tightrope.workflow.session import FULL, ORIGIN_EFFORT, SHIPPED, Session


def ship(case: Path, *, only: Collection[str] = (), out: Path = Path("runs"), seed: int = 0) -> list[Path]:
    """Fit wherever the shipped fit is missing or no longer verified; returns the files written.

    only  names of the fits to look at; empty for all
    """
    material = load_material(case)
    folder = material.folder / SHIPPED
    written = []
    with open_run(
        out, case_name=f"{material.case.case}-origins", key={"seed": seed, "only": sorted(only)}
    ) as run:

        def say(label: str, done: int, total: int | None) -> None:
            if total is None or done in (1, total) or done % 25 == 0:
                sys.stderr.write(f"{label}: {done} of {total}\n" if total else f"{label}\n")

        session = Session(material, run, FULL, seed, 1, progress=say)
        wanted = [("fit", material.evidence, FULL.fit)]
        wanted += [(f"origin-{k}", material.known_at(k), ORIGIN_EFFORT) for k in steps.by_origin(material)]
        for name, evidence, effort in wanted:
            if only and name not in only:
                continue
            inputs = session.fit_inputs(evidence, effort)
            chunk = run.find(name, inputs=inputs, shipped=folder)
            shipped = chunk is not None and chunk.origin == "shipped"
            if chunk is not None and shipped and steps.verified(evidence, fit_from(chunk.value)):
                continue
            session.fit_data(name, evidence, effort)
            written.append(run.ship(name, inputs=inputs, folder=folder))
    return written


if __name__ == "__main__":
    for path in ship(Path(sys.argv[1]), only=sys.argv[2:]):
        sys.stdout.write(f"{path}\n")
