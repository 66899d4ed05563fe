"""The command that puts a finished run on one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tightrope.case.bundled import case_hint, find_case
from tightrope.cli.commands import app
from tightrope.cli.completing import complete_target
from tightrope.cli.options import RunOptions, takes_run_options
from tightrope.cli.output import BadInput, emit, guarded


@app.command()
@takes_run_options
def brief(
    target: Annotated[
        Path,
        typer.Argument(
            metavar="RUN|CASE",
            help="A run folder, or a case that was run with these options.",
            autocompletion=complete_target,
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="The PDF; brief.pdf in the run folder if left out."
        ),
    ] = None,
    *,
    options: RunOptions,
) -> None:
    """Put a finished run on one page of A4, as PDF.

    The judgement, the live questions, the fan, the main findings, what limits them, and where it all comes
    from; every number with its mark. Nothing is computed: run the case first.
    """
    with guarded():
        if not find_case(target).exists():
            hint = case_hint(target)
            raise BadInput(f"{target}: there is no such file or folder" + (f"\n    {hint}" if hint else ""))
        from tightrope.workflow.brief import brief_case

        emit(brief_case(target, output=output, **options.for_workflow), as_json=options.as_json)
