"""`tightrope ledger add|resolve|import|export|score`: other people's predictions, kept and scored."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tightrope.cli.commands import app
from tightrope.cli.options import CasePath, Json, Seed
from tightrope.cli.output import emit, guarded

ledger = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help=(
        "Keep and score other people's dated predictions.\n\n"
        "The ledger is a plain CSV file that only grows: rows are appended whole, none is changed, and a "
        "resolution is a row of its own."
    ),
)
app.add_typer(ledger, name="ledger")


class WordTable(StrEnum):
    """Tables of words for probabilities."""

    icd203 = "icd203"
    kent = "kent"


class Grouping(StrEnum):
    """What the ledger is scored by."""

    event = "event"
    year = "year"
    forecaster = "forecaster"
    kind = "kind"
    venue = "venue"
    leaning = "leaning"


class Resolution(StrEnum):
    """What came of a statement."""

    yes = "yes"
    no = "no"
    open = "open"


@ledger.command()
def add(
    case: CasePath,
    made_on: Annotated[str, typer.Option(metavar="DATE", help="Day, month (2007-12) or year of it.")],
    forecaster: Annotated[str, typer.Option(metavar="NAME", help="Who said it.")],
    event: Annotated[str, typer.Option(metavar="EVENT", help="What it is about.")],
    statement: Annotated[str, typer.Option(metavar="TEXT", help="What was said, in your own words.")],
    kind: Annotated[str, typer.Option(metavar="KIND", help="Kind of forecaster.")] = "other",
    venue: Annotated[str, typer.Option(metavar="NAME", help="Where it appeared.")] = "",
    probability: Annotated[str, typer.Option(metavar="P", help="Your reading, 0 to 1, of the event.")] = "",
    words: Annotated[str, typer.Option(metavar="WORDS", help="Read these words by a table instead.")] = "",
    words_table: Annotated[WordTable, typer.Option("--table", help="The table of words.")] = WordTable.icd203,
    stated: Annotated[str, typer.Option(metavar="P", help="A number on the page itself.")] = "",
    deadline: Annotated[str, typer.Option(metavar="DATE", help="Its own deadline, if it has one.")] = "",
    url: Annotated[str, typer.Option(metavar="URL", help="The page on which it was seen.")] = "",
    leaning: Annotated[str, typer.Option(metavar="NAME", help="The side the forecaster stands on.")] = "",
    id: Annotated[str, typer.Option(metavar="ID", help="By default the next one.")] = "",
    as_json: Json = False,
) -> None:
    """Add one statement.

    The probability is that of the event, so a denial is a low number.
    """
    with guarded():
        from tightrope.workflow import ledger as work

        fields = {
            "id": id,
            "made_on": made_on,
            "forecaster": forecaster,
            "forecaster_kind": kind,
            "venue": venue,
            "statement": statement,
            "event": event,
            "deadline": deadline,
            "stated_probability": stated,
            "implied_probability": probability,
            "resolution": "open",
            "source_url": url,
            "leaning": leaning,
        }
        emit(work.add(case, fields=fields, words=words, words_table=words_table.value), as_json=as_json)


@ledger.command()
def resolve(
    case: CasePath,
    id: Annotated[str, typer.Argument(metavar="ID", help="The statement's id.")],
    resolution: Annotated[Resolution, typer.Argument(help="What came of it.")],
    on: Annotated[str, typer.Option(metavar="DATE", help="The day on which that was settled.")] = "",
    basis: Annotated[str, typer.Option(metavar="TEXT", help="What it rests on.")] = "",
    as_json: Json = False,
) -> None:
    """Resolve a statement.

    Appends a row ID.r1 (then ID.r2, ...) with the resolution; the statement's own row stays as it is.
    """
    with guarded():
        from tightrope.workflow import ledger as work

        done = work.resolve(case, id=id, resolution=resolution.value, resolved_on=on, basis=basis)
        emit(done, as_json=as_json)


@ledger.command("import")
def import_(
    case: CasePath,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV file with a ledger's columns.")],
    as_json: Json = False,
) -> None:
    """Add the sound rows of a file.

    The others are told with their lines and copied beside the file, which itself is never changed; then
    the exit code is 1. Rows that are there already are left out.
    """
    with guarded():
        from tightrope.workflow import ledger as work

        emit(work.import_rows(case, file=file), as_json=as_json)


@ledger.command()
def export(
    case: CasePath,
    to: Annotated[Path | None, typer.Option(metavar="FILE", help="A new file; by default stdout.")] = None,
    as_json: Json = False,
) -> None:
    """Print the ledger, resolutions folded in.

    As CSV, or as JSON.
    """
    with guarded():
        from tightrope.workflow import ledger as work

        emit(work.export(case, target=to), as_json=as_json)


@ledger.command()
def score(
    case: CasePath,
    by: Annotated[Grouping, typer.Option(help="What to group by.")] = Grouping.event,
    event: Annotated[str, typer.Option(metavar="EVENT", help="Only statements about it.")] = "",
    compare: Annotated[
        tuple[str, str] | None, typer.Option(metavar="A B", help="Two groups on their common questions.")
    ] = None,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Score what has been resolved.

    Brier scores with n and an interval, beside a constant of 2 %; how they change when words are read by
    another table; which limited steps came and how much they were expected. Groups are never ranked,
    because they answered different questions.
    """
    with guarded():
        from tightrope.workflow import ledger_scores as work

        chosen = "forecaster_kind" if by is Grouping.kind else by.value
        emit(work.score(case, by=chosen, event=event, pair=compare or (), seed=seed), as_json=as_json)
