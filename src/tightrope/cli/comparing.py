"""The commands that set rival readings against each other: by the record, and by what is still to come."""

from __future__ import annotations

from typing import Annotated

import typer

from tightrope.cli.commands import app, work
from tightrope.cli.options import CasePath, RunOptions, takes_run_options

_READING = "A hypothesis of the case, or the folder of another case, with :NAME for one of its hypotheses."


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
            "--variants", help="Also each block read otherwise, all by their weights, and each other coding."
        ),
    ] = False,
    ship: Annotated[
        bool,
        typer.Option(
            "--ship",
            help="Put the evidence into the case's folder, where later runs find it; with --quick from "
            "longer chains.",
        ),
    ] = False,
    smc: Annotated[
        bool,
        typer.Option("--smc", help="Also tempered SMC from the prior, of the two leading readings (long)."),
    ] = False,
    longer: Annotated[
        int,
        typer.Option(
            min=1,
            metavar="N",
            help="Chains, and draws to bridge them to, N times as many; chains go on from those there.",
        ),
    ] = 1,
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
        scales=tuple(spread or ()), top=top, variants=variants, ship=ship, smc=smc, longer=longer,
    )  # fmt: skip


@app.command()
@takes_run_options
def distinguish(
    case: CasePath,
    reading: Annotated[str, typer.Argument(metavar="READING", help=_READING)],
    other: Annotated[str, typer.Argument(metavar="OTHER", help="Another one.")],
    at: Annotated[
        str,
        typer.Option(
            "--at",
            metavar="PLACE",
            help="reference: the case's own values with what a reading fixes; mode: what `compare` found.",
        ),
    ] = "reference",
    periods: Annotated[int, typer.Option(min=1, max=40, metavar="N", help="How many periods ahead.")] = 8,
    futures: Annotated[
        int,
        typer.Option(min=0, max=10000, metavar="N", help="Simulated records under each reading; 0: none."),
    ] = 200,
    top: Annotated[int, typer.Option(min=1, metavar="N", help="How many observations to print.")] = 12,
    *,
    options: RunOptions,
) -> None:
    """Say what would tell two readings apart: the most telling thing to look at next.

    Every state, move and answer that the next periods can show, by the information it is expected to give on
    which reading is right, with the nats that either gains if it is seen and if not (all exact); what the
    whole record of these periods would say (simulated); and the claims on which the two readings part.
    """
    work(
        "distinguish_case", case, options, readings=(reading, other), at=at, periods=periods,
        futures=futures, top=top,
    )  # fmt: skip
