"""The command that weighs rival readings by the record."""

from __future__ import annotations

from typing import Annotated

import typer

from tightrope.cli.commands import app, work
from tightrope.cli.options import CasePath, RunOptions, takes_run_options


@app.command()
@takes_run_options
def compare(
    case: CasePath,
    readings: Annotated[
        list[str] | None,
        typer.Argument(metavar="READING", help="Names of the case's hypotheses; all if none is named."),
    ] = None,
    prior: Annotated[
        str, typer.Option(metavar="CLASS", help="Class of priors: agnostic or argument.")
    ] = "agnostic",
    spread: Annotated[
        list[float] | None,
        typer.Option(metavar="F", help="Weigh again with every prior's spread times F. May be repeated."),
    ] = None,
    top: Annotated[int, typer.Option(min=0, metavar="N", help="Quarters to show of each Bayes factor.")] = 8,
    variants: Annotated[
        bool,
        typer.Option(
            "--variants", help="Also each block read otherwise, and each other coding of the record."
        ),
    ] = False,
    ship: Annotated[
        bool,
        typer.Option("--ship", help="Put the evidence into the case's folder, where later runs find it."),
    ] = False,
    smc: Annotated[
        bool,
        typer.Option("--smc", help="Also tempered SMC from the prior, of the two leading readings (long)."),
    ] = False,
    *,
    options: RunOptions,
) -> None:
    """Say which reading of a case the record favours, and where it is silent.

    Every hypothesis of the case and two rivals that are not strategic, by two independent estimates of their
    evidence. A log Bayes factor below one nat is no finding, and one whose estimates disagree is unresolved.
    Each is split over the quarters, with their events. Hours of work for a large case, less and coarser with
    --quick; the same command again goes on where an interrupted one stopped.
    """
    work(
        "compare_case", case, options, readings=tuple(readings or ()), prior=prior,
        scales=tuple(spread or ()), top=top, variants=variants, ship=ship, smc=smc,
    )  # fmt: skip
