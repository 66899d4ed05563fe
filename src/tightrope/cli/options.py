"""The arguments and options that several commands share, with their help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

CasePath = Annotated[Path, typer.Argument(metavar="CASE", help="Folder of the case, or its case.yaml.")]
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
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")]

RUNS = Path("runs")


def record_options(coding: str, block: list[str] | None, measurement_error: str) -> dict[str, Any]:
    """The options on the record under the names that the workflow gives them."""
    return {"coding": coding, "blocks": tuple(block or ()), "measurement_error": measurement_error}
