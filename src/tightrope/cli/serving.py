"""The command that opens the local page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tightrope.cli.commands import app
from tightrope.cli.completing import complete_case, complete_target
from tightrope.cli.options import RUNS, Out
from tightrope.cli.output import guarded


@app.command()
def serve(
    target: Annotated[
        Path,
        typer.Argument(
            metavar="RUN|CASE", help="A run folder, or the folder of a case.", autocompletion=complete_target
        ),
    ],
    case: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Where the run's case lies, if it has moved.",
            autocompletion=complete_case,
        ),
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, metavar="N", help="Port; 0: any that is free.")] = 0,
    out: Out = RUNS,
) -> None:
    """Open a page on this machine where levers can be pulled.

    Every move of a lever solves the game again and redraws. Prints the address to open; it works on this
    machine alone and until the command is stopped. Needs the extra `app`.
    """
    with guarded():
        from tightrope.app.start import serve as run

        run(target, case=case, port=port, out=out, say=typer.echo)
