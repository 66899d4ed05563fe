"""`tightrope update` and `tightrope questions`: new rows for the forecasts, questions in and out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tightrope.cli.commands import app, work
from tightrope.cli.options import CasePath, Json, RunOptions, takes_run_options
from tightrope.cli.output import emit, guarded

questions = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Carry questions between a case and the forecasting platforms, as JSON under Metaculus's names.",
)
app.add_typer(questions, name="questions")


@app.command()
@takes_run_options
def update(
    case: CasePath,
    rows: Annotated[Path, typer.Option(metavar="FILE", help="New rows, in the record's own columns.")],
    refit: Annotated[bool, typer.Option("--refit", help="Fit the longer record too: slow.")] = False,
    *,
    options: RunOptions,
) -> None:
    """Move the live forecasts by new rows of the record.

    The rows must follow the record's last. Posterior draws are weighted by how likely each made them, and
    each forecast's change is split over the observations. Nothing is written to the case. Exit code 1 if
    too few draws carry the weight, so that only a refit would tell.
    """
    work("update_case", case, options, rows=rows, refit=refit)


@questions.command("export")
def export_(
    case: CasePath,
    to: Annotated[Path | None, typer.Option(metavar="FILE", help="Write there instead of stdout.")] = None,
    as_json: Json = False,
) -> None:
    """Write the case's questions as JSON.

    Live ones first, then those of the past, each with its resolution and event expression.
    """
    with guarded():
        from tightrope.workflow.exchange import export_questions

        emit(export_questions(case, to=to), as_json=as_json)


@questions.command("import")
def import_(
    case: CasePath,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A JSON list of questions.")],
    to: Annotated[Path | None, typer.Option(metavar="FILE", help="Write there instead of stdout.")] = None,
    as_json: Json = False,
) -> None:
    """Turn a JSON file of questions into rows of a question file.

    Each is checked by itself against the case's names; what is refused is listed with its reason, and the
    exit code is 1. The case is not changed.
    """
    with guarded():
        from tightrope.workflow.exchange import import_questions

        emit(import_questions(case, file, to=to), as_json=as_json)
