"""The command that says why: one choice taken apart, what would flip it, a merger's price, the way there."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from tightrope.cli.commands import app, work
from tightrope.cli.options import CasePath, RunOptions, takes_run_options


class At(StrEnum):
    """At which parameter values."""

    reference = "reference"
    fit = "fit"


class Part(StrEnum):
    """What to print."""

    choice = "choice"
    flips = "flips"
    price = "price"
    path = "path"


@app.command()
@takes_run_options
def explain(
    case: CasePath,
    state: Annotated[
        str,
        typer.Option(metavar="STATE", help="NAME=LEVEL,...; moves of the period too. Else as at the start."),
    ] = "",
    now: Annotated[
        bool, typer.Option("--now", help="Start from the record's last row instead of the case's start.")
    ] = False,
    player: Annotated[str, typer.Option(metavar="NAME", help="The moves of this player only.")] = "",
    move: Annotated[str, typer.Option(metavar="NAME", help="This move only.")] = "",
    against: Annotated[
        str, typer.Option(metavar="ACTION", help="Why not this; by default the second likeliest action.")
    ] = "",
    at: Annotated[
        At, typer.Option(help="The case's own values, or the mode of the fit to the record.")
    ] = At.reference,
    terminal: Annotated[
        str, typer.Option(metavar="NAME", help="The end that is priced; by default the case's first.")
    ] = "",
    rate: Annotated[
        str,
        typer.Option(metavar="EXPR", help="Cost to the patron of a unit of the client's payoff; else 1."),
    ] = "",
    outcome: Annotated[
        str, typer.Option(metavar="EVENT", help="Where the path leads: terminals, NAME=LEVEL, with commas.")
    ] = "",
    within: Annotated[int, typer.Option(min=1, metavar="N", help="Periods that the path may take.")] = 40,
    only: Annotated[
        list[Part] | None, typer.Option(help="Print this part only. May be repeated; flips take longest.")
    ] = None,
    *,
    options: RunOptions,
) -> None:
    """Say why an action is taken in a state, and what would change it.

    What each option is worth and the log-odds between two, split by payoff term, each into this period and
    what comes after; the smallest change of one parameter, and of one state variable, at which another
    action is the likelier; what the patron would pay for a terminal at most against what the client would
    take at least; the likeliest way to the feared outcome, move by move. At the reference no run is left.
    """
    asked = {
        "state": state,
        "now": now,
        "player": player,
        "move": move,
        "against": against,
        "terminal": terminal,
        "rate": rate,
        "outcome": outcome,
        "within": within,
        "only": tuple(part.value for part in only or ()),
    }
    work("explain_case", case, options, at=at.value, asked=asked)
