"""The commands that search the priors: where an outcome would happen, and what a quantity answers to."""

from __future__ import annotations

from typing import Annotated

import typer

from tightrope.cli.commands import app, work
from tightrope.cli.options import CasePath, RunOptions, takes_run_options

Prior = Annotated[str, typer.Option(metavar="CLASS", help="Class of priors: argument or agnostic.")]


@app.command()
@takes_run_options
def discover(
    case: CasePath,
    quantity: Annotated[
        str | None,
        typer.Argument(
            metavar="QUANTITY",
            help="A quantity of the case; by default what the first live question asks about.",
        ),
    ] = None,
    claim: Annotated[str, typer.Option(metavar="CLAIM", help="The outcome is that this claim fails.")] = "",
    reaches: Annotated[
        str,
        typer.Option(metavar="CONDITION", help="The outcome is that states or terminals come to this."),
    ] = "",
    within: Annotated[
        int,
        typer.Option(min=0, metavar="N", help="Periods until the horizon; 0: the live question's deadline."),
    ] = 0,
    start: Annotated[
        str,
        typer.Option("--from", metavar="WHERE", help="States to begin at: end, record, start or a period."),
    ] = "",
    above: Annotated[
        float | None, typer.Option(metavar="X", help="Draws whose value is above X show the outcome.")
    ] = None,
    below: Annotated[
        float | None, typer.Option(metavar="X", help="Draws whose value is below X show it.")
    ] = None,
    share: Annotated[
        float,
        typer.Option(metavar="S", help="Without a threshold: the share of draws with the highest values."),
    ] = 0.2,
    prior: Prior = "agnostic",
    draws: Annotated[
        int, typer.Option(min=0, metavar="N", help="Draws from the priors; 0: 1000, with --quick 200.")
    ] = 0,
    box: Annotated[
        int, typer.Option(min=-1, metavar="N", help="Show this box of the trade-off; -1: the best one.")
    ] = -1,
    *,
    options: RunOptions,
) -> None:
    """Say under which conditions an outcome would happen.

    Draws parameters from the priors, solves each, and looks for the box in which the outcome is common: PRIM,
    with coverage against density, quasi-p values and resampling; a classification tree beside it. Draws
    without a certified equilibrium are counted apart. Needs the extra `discover`. The same command again goes
    on where an interrupted one stopped. Exit code 1 if too few draws show the outcome.
    """
    given = {
        "quantity": quantity or "", "claim": claim, "reaches": reaches, "within": within, "start": start,
        "above": above, "below": below, "share": share, "prior": prior, "box": box,
    }  # fmt: skip
    work("discover_case", case, options, draws=draws, **given)


@app.command()
@takes_run_options
def sensitivity(
    case: CasePath,
    quantity: Annotated[str, typer.Argument(metavar="QUANTITY", help="A quantity of the case, or `feared`.")],
    parameters: Annotated[
        str,
        typer.Option(
            metavar="A,B,...", help="Parameters for Sobol indices; by default the top of the tornado."
        ),
    ] = "",
    top: Annotated[int, typer.Option(min=2, metavar="N", help="How many of the tornado's.")] = 6,
    base: Annotated[
        int, typer.Option(min=0, metavar="N", help="Rows of the Sobol sequence; 0: 128, with --quick 32.")
    ] = 0,
    second: Annotated[
        bool, typer.Option("--interactions", help="Interactions of two as well, for twice the solves.")
    ] = False,
    draws: Annotated[
        int, typer.Option(min=0, metavar="N", help="Posterior draws; 0: 400, with --quick 100.")
    ] = 0,
    prior: Prior = "agnostic",
    only: Annotated[str, typer.Option(metavar="PART", help="Only this part: tornado, sobol or given.")] = "",
    *,
    options: RunOptions,
) -> None:
    """Say which parameters a quantity answers to.

    A tornado (each parameter alone, the swing printed), Sobol indices under independent priors, and delta and
    PAWN indices over posterior draws where a fit is at hand. Saltelli blocks with an uncertified point are
    dropped whole and their share is printed. Needs the extra `discover`.
    """
    names = tuple(name.strip() for name in parameters.split(",") if name.strip())
    parts = {"parts": (only,)} if only else {}
    work(
        "sensitivity_case", case, options, quantity=quantity, parameters=names, top=top, base=base,
        second=second, draws=draws, prior=prior, **parts,
    )  # fmt: skip
