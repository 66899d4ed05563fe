"""The command that fits a record."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from tightrope.cli.commands import app, work
from tightrope.cli.options import CasePath, RunOptions, takes_run_options


@app.command()
@takes_run_options
def fit(
    case: CasePath,
    engine: Annotated[
        str,
        typer.Option(
            metavar="ENGINE",
            help="laplace; nuts for chains along gradients; surrogate for chains whose proposals a surrogate "
            "of the likelihood makes.",
        ),
    ] = "laplace",
    free: Annotated[
        str,
        typer.Option(
            metavar="N|all|A,B,...",
            help="nuts, surrogate: parameters to sample so, by name or how many; by default ten.",
        ),
    ] = "",
    others: Annotated[
        str,
        typer.Option(
            metavar="HOW",
            help="nuts, surrogate: the others are sampled by slices (nuts only), drawn from their priors, "
            "or held at the mode.",
        ),
    ] = "sampled",
    outer: Annotated[
        int,
        typer.Option(min=0, metavar="N", help="nuts, surrogate, others drawn: how many draws of them; 0: 1."),
    ] = 0,
    chains: Annotated[
        int, typer.Option(min=0, metavar="N", help="nuts, surrogate: chains; 0: 4, with --quick 2.")
    ] = 0,
    warmup: Annotated[
        int,
        typer.Option(
            min=0, metavar="N", help="nuts, surrogate: dropped draws a chain; 0: 300, with --quick 60."
        ),
    ] = 0,
    draws: Annotated[
        int,
        typer.Option(
            min=0, metavar="N", help="nuts, surrogate: kept draws a chain; 0: 500, with --quick 60."
        ),
    ] = 0,
    information: Annotated[
        bool,
        typer.Option("--information", help="Also what the record can tell of each parameter, and what not."),
    ] = False,
    profile: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Also the profile likelihood of a parameter. May be repeated."),
    ] = None,
    *,
    options: RunOptions,
) -> None:
    """Fit the parameters to the record.

    Gives each parameter's prior beside its posterior, and says what the record says nothing about.
    --engine nuts draws from the posterior by chains that follow gradients, with R-hat, effective sizes,
    divergences and failed solves; it begins at the same mode, and goes on where it was stopped. --engine
    surrogate learns a stand-in for the likelihood, lets it propose and the exact density decide: in a few
    parameters given the others, or in every one with --free all.
    """
    sampling = {"free": free, "chains": chains, "warmup": warmup, "draws": draws, "outer": outer}
    sampling |= {"others": others} if others != "sampled" else {}
    given = {name: value for name, value in sampling.items() if value}
    more: dict[str, Any] = {"sampling": given} if given else {}
    more |= {"information": True} if information else {}
    more |= {"profiles": tuple(profile)} if profile else {}
    work("fit_case", case, options, engine=engine, **more)
