"""The arguments and options that several commands share, with their help."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from inspect import Signature, signature
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from tightrope.cli.completing import complete_case

CasePath = Annotated[
    Path,
    typer.Argument(
        metavar="CASE",
        help="Folder of the case, or a case that comes along: russia-belarus.",
        autocompletion=complete_case,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print the data as JSON instead of text.")]
Seed = Annotated[
    int, typer.Option(min=0, metavar="N", help="Whole number; the same seed gives the same numbers.")
]
Out = Annotated[Path, typer.Option(metavar="FOLDER", help="Where run folders are kept.")]
Quick = Annotated[
    bool,
    typer.Option("--quick", help="Fits shipped with the case and fewer draws; still the whole record."),
]
Workers = Annotated[int, typer.Option(min=0, metavar="N", help="Processes for parallel work; 0: one a core.")]
Coding = Annotated[
    str,
    typer.Option(metavar="NAME|FILE", help="Another coding of the record: its name in the case, or a file."),
]
Block = Annotated[
    list[str] | None,
    typer.Option(metavar="BLOCK=READING", help="Take this reading of a block of rows. May be repeated."),
]
Errors = Annotated[
    str,
    typer.Option(metavar="FILE", help="Reliability file: codes may be wrong as often as two coders differ."),
]
Address = Annotated[
    str,
    typer.Option(
        metavar="ADDRESS",
        help="Do long work on the Dask cluster there, such as tcp://127.0.0.1:8786 (extra `cluster`).",
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")]

RUNS = Path("runs")


@dataclass(frozen=True)
class RunOptions:
    """What the options of a command that leaves a run behind come to.

    for_workflow  keywords of `tightrope.workflow.Options`, save those that only a screen can give
    """

    as_json: bool
    quiet: bool
    workers: int
    for_workflow: dict[str, Any]


def run_options(
    quick: Quick = False,
    as_json: Json = False,
    seed: Seed = 0,
    out: Out = RUNS,
    workers: Workers = 0,
    coding: Coding = "",
    block: Block = None,
    measurement_error: Errors = "",
    engine_address: Address = "",
    quiet: Quiet = False,
) -> RunOptions:
    """The options themselves, in the order in which help lists them."""
    for_workflow = {
        "quick": quick,
        "seed": seed,
        "out": out,
        "coding": coding,
        "blocks": tuple(block or ()),
        "measurement_error": measurement_error,
        "engine_address": engine_address,
    }
    return RunOptions(as_json, quiet, workers, for_workflow)


def takes_run_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command all options of `run_options`; it gets them as its one argument `options`."""
    shared = signature(run_options).parameters

    @wraps(command)
    def called(**given: Any) -> None:
        options = run_options(**{name: given.pop(name) for name in shared})
        command(**given, options=options)

    hints = get_type_hints(command, include_extras=True) | get_type_hints(run_options, include_extras=True)
    own = [parameter for parameter in signature(command).parameters.values() if parameter.name != "options"]
    whole = [p.replace(annotation=hints[p.name]) for p in (*own, *shared.values())]
    # What typer reads: the command's own arguments, then the shared options.
    called.__signature__ = Signature(whole)  # type: ignore[attr-defined]
    called.__annotations__ = {p.name: p.annotation for p in whole}
    return called
