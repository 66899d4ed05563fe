"""`tightrope what-if`: scenarios of a case or of the command line, and the smallest change past a mark."""

from __future__ import annotations

from typing import Annotated

import typer

from tightrope.cli.commands import app, work
from tightrope.cli.options import CasePath, RunOptions, takes_run_options


@app.command("what-if")
@takes_run_options
def what_if(
    case: CasePath,
    scenario: Annotated[
        str, typer.Argument(metavar="SCENARIO", help="A scenario of the case; alone, CASE lists them.")
    ] = "",
    do: Annotated[
        list[str] | None, typer.Option(metavar="STEP", help="Do this (see above). May be repeated.")
    ] = None,
    observe: Annotated[
        list[str] | None,
        typer.Option(
            metavar="EVENT", help="See this happen, in the words of docs/questions.md. May be repeated."
        ),
    ] = None,
    announced: Annotated[
        bool | None,
        typer.Option(
            "--announced/--unannounced",
            help="Whether the players know what will be done. To be said with --do; with SCENARIO it asks "
            "it the other way round.",
        ),
    ] = None,
    known_to: Annotated[
        list[str] | None,
        typer.Option(metavar="PLAYER", help="Announced to this player only. May be repeated."),
    ] = None,
    known_from: Annotated[
        str, typer.Option(metavar="PERIOD", help="Announced in this period; by default now.")
    ] = "",
    question: Annotated[
        list[str] | None,
        typer.Option(metavar="ID", help="Compare this live question; by default all. May be repeated."),
    ] = None,
    ask: Annotated[str, typer.Option(metavar="EVENT", help="Compare this event instead.")] = "",
    by: Annotated[str, typer.Option(metavar="DAY", help="Deadline of --ask, such as 2031-06-30.")] = "",
    past: Annotated[
        float | None,
        typer.Option(
            metavar="P", help="Find the smallest change of a parameter that takes the first question past P."
        ),
    ] = None,
    lever: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PARAMETER", help="With --past: change this one; by default any. May be repeated."
        ),
    ] = None,
    *,
    options: RunOptions,
) -> None:
    r"""Ask dated questions with and without a scenario.

    \b
    tightrope what-if CASE                     the scenarios of the case
    tightrope what-if CASE sanctions_lifted
    tightrope what-if CASE sanctions_lifted --unannounced
    tightrope what-if CASE --announced --do "russia != aid from 2026 to 2028"
    tightrope what-if CASE --observe "regime == crisis at 2026Q1"
    tightrope what-if CASE --past 0.2          what takes the first question there

    Both sides rest on the same posterior draws, so that the difference has an interval of its own. What is
    done cuts what would have led to it; what is observed is inferred from. Announced: the players know what
    is coming and choose against it. Unannounced: they play on as if nothing were done.

    A STEP holds a state, plays or closes a move, sets a parameter or ends the game:

    \b
    west = open from 2026 for 2 years         held there; at 2026Q1: put there once
    russia = aid in 2026 if regime == crisis  a policy; != closes the action
    west_opens *= 2 from 2026                 without an end: for ever
    terminal successor_west in 2026Q4

    Exit code 1 if no question is answered, or no change that takes it past P is confirmed. More in
    docs/what-if.md.
    """
    asked = {
        "name": scenario,
        "do": tuple(do or ()),
        "observe": tuple(observe or ()),
        "announced": announced,
        "known_to": tuple(known_to or ()),
        "known_from": known_from,
        "questions": tuple(question or ()),
        "event": ask,
        "by": by,
        "past": past,
        "levers": tuple(lever or ()),
    }
    work("what_if_case", case, options, asked=asked)
