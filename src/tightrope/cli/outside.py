"""The commands of the outside view: base rates, a headline as evidence, what silence is worth."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tightrope.cli.commands import app, work
from tightrope.cli.options import CasePath, Json, RunOptions, takes_run_options
from tightrope.cli.output import BadInput, emit, guarded


class Counted(StrEnum):
    """What counts as an event."""

    merger = "merger"
    voluntary = "voluntary"
    peaceful = "peaceful"
    occupation = "occupation"


@app.command("base-rate")
def base_rate(
    case: CasePath,
    since: Annotated[int, typer.Option(metavar="YEAR", help="First year.")] = 1816,
    until: Annotated[
        int | None, typer.Option(metavar="YEAR", help="Last year; by default the lists' own.")
    ] = None,
    kind: Annotated[Counted, typer.Option(help="What counts, for state-years.")] = Counted.merger,
    contiguous: Annotated[
        bool, typer.Option("--contiguous", help="A land border with the great power.")
    ] = False,
    sea: Annotated[bool, typer.Option("--sea", help="A land border or at most 24 miles of sea.")] = False,
    pact: Annotated[bool, typer.Option("--pact", help="A defence pact, this year or last.")] = False,
    strict_pact: Annotated[
        bool, typer.Option("--strict-pact", help="A defence pact in the very year.")
    ] = False,
    any_pact: Annotated[
        bool, typer.Option("--any-pact", help="A pact of any kind, this year or last.")
    ] = False,
    ratio: Annotated[
        float | None, typer.Option(metavar="N", help="Great power at least so many times stronger.")
    ] = None,
    patron: Annotated[str, typer.Option(metavar="NAME", help="This great power only.")] = "",
    microstates: Annotated[
        bool, typer.Option("--microstates", help="The Gleditsch-Ward list of states.")
    ] = False,
    as_published: Annotated[
        bool, typer.Option("--as-published", help="Borders as the case's notes count them, fault included.")
    ] = False,
    data: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder with the raw lists: any year, any ratio.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Count how often states merged or were annexed.

    In state-years; with a border, pact, ratio or patron in years of a state beside a great power.
    Exact Poisson limits and the Jeffreys mean, by rows and by episodes. What each filter means is
    printed with the result. Years and ratios that cut through the case's table need the raw lists.
    """
    with guarded():
        from tightrope.workflow import base_rate as counting

        found = counting.chosen_filters(
            since=since,
            until=until,
            kind=kind.value,
            borders={"land": contiguous, "sea": sea},
            pacts={"defence": pact, "defence this year": strict_pact, "any": any_pact},
            ratio=ratio,
            patron=patron,
            microstates=microstates,
            as_published=as_published,
        )
        emit(counting.base_rate(case, filters=found, data=data), as_json=as_json)


class PriorFrom(StrEnum):
    """What gives the chance before a headline."""

    reference_class = "reference-class"
    pooled = "pooled"


@app.command()
@takes_run_options
def headline(
    case: CasePath,
    window: Annotated[
        str, typer.Option(metavar="SPAN", help="2026-07-01..2031-06-30, or a period such as 2026Q3.")
    ] = "",
    prior: Annotated[
        float | None,
        typer.Option(metavar="P", help="Chance in the window; by default the reference class's."),
    ] = None,
    prior_from: Annotated[
        PriorFrom | None,
        typer.Option(help="Take it from the reference class, or from the pool of game, chain and class."),
    ] = None,
    event: Annotated[str, typer.Option(metavar="EVENT", help="An event of the ledger.")] = "merger",
    hit_rate: Annotated[
        float | None, typer.Option(metavar="P", help="Assumed chance of such a headline before the event.")
    ] = None,
    hit_beta: Annotated[
        tuple[float, float] | None, typer.Option(metavar="A B", help="The same as a Beta law.")
    ] = None,
    lead: Annotated[
        int, typer.Option(min=1, metavar="DAYS", help="Days before a summit in which headlines count.")
    ] = 90,
    at_least: Annotated[
        float,
        typer.Option(min=0, max=1, metavar="P", help="Statements from this probability on are headlines."),
    ] = 0.25,
    picture: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw the curve: .svg, .png or a page, .html.")
    ] = None,
    seen: Annotated[
        str, typer.Option(metavar="NAME", help="Take this observable of the case as seen instead.")
    ] = "",
    in_: Annotated[
        str, typer.Option("--in", metavar="PERIOD", help="When it is seen; by default the next period.")
    ] = "",
    question: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="With --seen: these live questions only.")
    ] = None,
    ask: Annotated[str, typer.Option(metavar="EVENT", help="With --seen: ask this too.")] = "",
    by: Annotated[str, typer.Option(metavar="DAY", help="Deadline of --ask.")] = "",
    *,
    options: RunOptions,
) -> None:
    """Take tonight's headline as evidence.

    How often headlines of the event came before summits that brought nothing is counted in the ledger.
    How often one would come before the event itself is an assumption, by default from limited steps that
    did come; a curve shows what it does. Only a pooled prior needs a fit and leaves a run.

    --seen takes a named event of the model instead, such as a summit: posterior draws, states and moves are
    weighed by how likely each made it, and every live question moves from one number to another.
    """
    with guarded():
        of_seen = {"--in": in_, "--question": question, "--ask": ask, "--by": by}
        of_news = {
            "--window": window,
            "--prior": prior is not None,
            "--prior-from": prior_from,
            "--hit-rate": hit_rate is not None,
            "--hit-beta": hit_beta,
            "--picture": picture,
        }
        stray = [name for name, given in (of_news if seen else of_seen).items() if given]
        if stray:
            raise BadInput(f"{', '.join(stray)} and --seen {'do not go' if seen else 'go'} together")
        if not seen and not window:
            raise BadInput("say --window, such as 2026Q3, or --seen and an observable of the case")
    if seen:
        asked = {"questions": tuple(question or ()), "event": ask, "by": by}
        work("sighting_case", case, options, observable=seen, period=in_, **asked)
    work(
        "headline_case",
        case,
        options,
        window=window,
        prior=prior,
        prior_from=prior_from.value if prior_from else "",
        event=event,
        hit_rate=hit_rate,
        hit_beta=hit_beta,
        lead=lead,
        at_least=at_least,
        picture=picture,
    )


@app.command()
def silence(
    quarters: Annotated[int, typer.Option(min=0, metavar="N", help="Quiet quarters.")] = 20,
    prior: Annotated[float, typer.Option(metavar="P", help="Chance of a secret deal before them.")] = 0.1,
    leak: Annotated[float | None, typer.Option(metavar="P", help="A leak rate to add to the table.")] = None,
    struck: Annotated[
        float, typer.Option(metavar="P", help="Chance a quarter that a new deal is struck.")
    ] = 0.0,
    as_json: Json = False,
) -> None:
    """Say what quiet quarters tell of a secret deal.

    As a function of the chance that a deal leaks in a quarter, which is an assumption and is shown as one.
    """
    with guarded():
        from tightrope.workflow.silence import silence as quiet

        emit(quiet(quarters=quarters, prior=prior, leak=leak, struck=struck), as_json=as_json)
