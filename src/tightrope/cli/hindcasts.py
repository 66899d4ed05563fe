"""The command that forecasts from past origins and says who did best."""

from __future__ import annotations

from typing import Annotated

import typer

from tightrope.cli.commands import app, work
from tightrope.cli.options import CasePath, RunOptions, takes_run_options


@app.command()
@takes_run_options
def hindcast(
    case: CasePath,
    origins: Annotated[
        str,
        typer.Option(
            metavar="YEARS", help="2000..2024 or 2005; by default all with four years before and one after."
        ),
    ] = "",
    ship: Annotated[
        bool, typer.Option("--ship", help="Put the forecasts into the case's folder, for quick runs.")
    ] = False,
    *,
    options: RunOptions,
) -> None:
    """Forecast from past origins and score it.

    At the start of each year the model and every rival are fitted to the record as then known, and forecast
    each state and move 1, 2, 4, 8 and 20 periods ahead. Prints who has the best log score where, with
    intervals. Forecasts in the run folder or shipped with the case are used, missing ones computed side by
    side; with --quick none is. The same command again goes on where an interrupted one stopped.
    """
    work("hindcast_case", case, options, origins=origins, ship=ship)
