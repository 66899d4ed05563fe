"""The command that tries the fit on records with a known truth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tightrope.cli.commands import app, work
from tightrope.cli.options import CasePath, RunOptions, takes_run_options


@app.command()
@takes_run_options
def validate(
    case: CasePath,
    calibration: Annotated[
        bool, typer.Option("--calibration", help="Only simulated records, and other checks named like this.")
    ] = False,
    predictive: Annotated[
        bool, typer.Option("--predictive", help="Only histories played from the posterior.")
    ] = False,
    evidence: Annotated[
        bool, typer.Option("--evidence", help="Only densities whose evidence is known exactly.")
    ] = False,
    simulations: Annotated[
        int, typer.Option(min=0, metavar="N", help="Records of each length; 0: 200, with --quick 20.")
    ] = 0,
    periods: Annotated[
        list[int] | None,
        typer.Option(metavar="N", help="Length of record. May be repeated; by default 118, 52 and 500."),
    ] = None,
    prior: Annotated[
        str, typer.Option(metavar="CLASS", help="Priors that truths are drawn from: agnostic or argument.")
    ] = "agnostic",
    no_chains: Annotated[
        bool, typer.Option("--no-chains", help="Check weighted draws and the Laplace approximation alone.")
    ] = False,
    draws: Annotated[
        int, typer.Option(min=0, metavar="N", help="Draws of each chain; 0: 400, with --quick 200.")
    ] = 0,
    minutes: Annotated[
        float, typer.Option(min=0, metavar="M", help="Begin no simulation later than this; 0: do all.")
    ] = 0.0,
    free: Annotated[
        str,
        typer.Option(
            metavar="A,B,...",
            help="Sample these parameters given the true values of all others; far cheaper on a large case.",
        ),
    ] = "",
    picture: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw the ranks into this file: .svg or .png.")
    ] = None,
    *,
    options: RunOptions,
) -> None:
    """Check that the fit finds what made a record.

    Draws parameters from the priors, simulates records, fits them, and asks whether truths rank uniformly
    among posterior draws and whether intervals cover them as often as they say. Plays histories from the
    posterior of the case's own record and counts them as the record is counted. Holds the estimators of
    evidence to closed forms. The same command again goes on where an interrupted one stopped, and more
    simulations add to those done. Exit code 1 if a check fails.
    """
    parts = {"calibration": calibration, "predictive": predictive, "evidence": evidence}
    work(
        "validate_case", case, options, parts=tuple(name for name, asked in parts.items() if asked),
        simulations=simulations, periods=tuple(periods or ()), prior=prior, chains=not no_chains,
        draws=draws, minutes=minutes, picture=picture, free=free,
    )  # fmt: skip
