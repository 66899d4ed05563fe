"""The commands: arguments and help. Each of the long ones calls one function of `tightrope.workflow`.

What they hand over is `tightrope.workflow.Options`; `ask_case` also takes `questions` and
`claims_case` `claims`, tuples of ids, of which an empty one means all.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from tightrope import __version__
from tightrope.case.bundled import case_hint, find_case
from tightrope.cli.completing import complete_case
from tightrope.cli.light import check_files, write_new
from tightrope.cli.options import CasePath, Json, Quiet, RunOptions, takes_run_options
from tightrope.cli.output import BadInput, Reporter, emit, guarded
from tightrope.outcome import FINE, Outcome

app = typer.Typer(
    name="tightrope",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode=None,
    help=(
        "An argument about an unequal alliance as data: solved as a game, fitted to a dated record, "
        "asked dated questions, scored against what happened.\n\n"
        "CASE is a folder with a case.yaml, or the name of a case that comes with Tightrope, "
        "such as russia-belarus. "
        "Start with `tightrope run CASE --quick`.\n\n"
        "Data goes to stdout, progress to stderr. Exit codes: 0 fine, 1 a check failed, 2 bad input."
    ),
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"tightrope {__version__}")
        raise typer.Exit(FINE)


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    pass


@app.command()
@takes_run_options
def run(case: CasePath, *, options: RunOptions) -> None:
    """Do all of the below and leave a report.

    Checks, solves, fits, asks, scores and tests the claims. Leaves
    OUT/<case>-<hash>/ with run.nc (all numbers), manifest.json and report.html. The same
    command again goes on where an interrupted run stopped.
    """
    work("run_case", case, options)


@app.command()
def check(
    case: CasePath,
    draws: Annotated[
        int, typer.Option(min=0, metavar="N", help="Draws of each prior class to look at; 0: only the files.")
    ] = 1000,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """List everything wrong with a case.

    Each problem with file:line:column, the line itself and a near match. Nothing is solved, but once
    the files are sound all laws and payoffs are valued at draws from the priors and at each ablation,
    variant and hypothesis.
    Exit code 2 if the case cannot be read, 1 if it reads but does not make sense, 0 if it is sound.
    """
    with guarded():
        emit(check_files(case, draws=draws, as_json=as_json, quiet=quiet), as_json=as_json)


@app.command()
@takes_run_options
def solve(
    case: CasePath,
    plan: Annotated[
        bool, typer.Option("--plan", help="Print what a sweep carries and costs at each step; solve nothing.")
    ] = False,
    branches: Annotated[
        int, typer.Option(min=0, metavar="N", help="Look for other equilibria from N random starts.")
    ] = 0,
    *,
    options: RunOptions,
) -> None:
    """Solve the game at the case's own values.

    Gives the certificate, and each mover's strategy by level of each state, averaged over the record.
    Exit code 1 if the solver cannot certify an equilibrium; then no numbers are given.
    """
    if plan or branches:
        with guarded():
            from tightrope.workflow.engine import branches_case, plan_case

            seed = int(options.for_workflow["seed"])
            outcome = plan_case(case) if plan else branches_case(case, starts=branches, seed=seed)
            emit(outcome, as_json=options.as_json)
    work("solve_case", case, options)


@app.command()
def statics(
    case: CasePath,
    quantity: Annotated[
        str,
        typer.Argument(
            metavar="QUANTITY", help="MOVE=ACTION, a player for its payoff, or a quantity of the case."
        ),
    ],
    as_json: Json = False,
) -> None:
    """How a quantity moves with each parameter.

    The chance that an action is taken in the first period, or a player's expected payoff, from the
    case's start; or a quantity that the case defines, from the states that it names. At the case's own
    values: derivative and elasticity, the players' answers included.
    """
    with guarded():
        from tightrope.workflow.engine import statics_case

        emit(statics_case(case, quantity), as_json=as_json)


@app.command()
@takes_run_options
def ask(
    case: CasePath,
    question: Annotated[
        list[str] | None, typer.Argument(metavar="QUESTION", help="Question ids; all if none is named.")
    ] = None,
    event: Annotated[
        str, typer.Option(metavar="EVENT", help="Ask this instead, in the words of docs/questions.md.")
    ] = "",
    by: Annotated[str, typer.Option(metavar="DAY", help="Deadline of --event, such as 2031-06-30.")] = "",
    questions: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Ask those of a JSON file under Metaculus's names.")
    ] = None,
    *,
    options: RunOptions,
) -> None:
    """Answer dated questions with probabilities.

    Each comes with its interval, and rests on what was known when the question was asked. --event asks
    something that no file holds, from the end of the record.
    """
    given = {"event": event, "by": by, "file": questions}
    work("ask_case", case, options, questions=tuple(question or ()), **{k: v for k, v in given.items() if v})


@app.command()
@takes_run_options
def score(case: CasePath, *, options: RunOptions) -> None:
    """Score forecasts and other people's predictions.

    Resolved questions stand beside the baselines, whoever wins; the ledger is scored by event.
    """
    work("score_case", case, options)


@app.command()
@takes_run_options
def claims(
    case: CasePath,
    claim: Annotated[
        list[str] | None, typer.Argument(metavar="CLAIM", help="Claim ids; all if none is named.")
    ] = None,
    draws: Annotated[
        int,
        typer.Option(
            min=0, metavar="N", help="Shares over N certified draws of each class of priors, and N posterior."
        ),
    ] = 0,
    sets: Annotated[
        int, typer.Option(min=1, metavar="N", help="Look for sets of up to N ablations that break a claim.")
    ] = 1,
    ablation_draws: Annotated[
        int, typer.Option(min=0, metavar="N", help="Each mechanism off in N posterior draws too (long).")
    ] = 0,
    against: Annotated[
        str, typer.Option(metavar="RUN", help="Tell what changed since another run: its folder, or its name.")
    ] = "",
    *,
    options: RunOptions,
) -> None:
    """Test the claims of the argument.

    In the record, at the reference and at the fit, and against each ablation. With --draws, how often each
    holds over the priors and the posterior; with --sets, the smallest sets of mechanisms that it needs.
    Each solve has its own certificate, and draws without one are counted apart. The same command again
    goes on where an interrupted one stopped, and more draws begin with those already solved. With --against,
    what changed since another run of the case, and which inputs differ. Exit code 1 if a claim fails at the
    reference values.
    """
    more = {"draws": draws, "ablation_draws": ablation_draws, "against": against}
    more |= {"sets": sets} if sets > 1 else {}
    work("claims_case", case, options, claims=tuple(claim or ()), **{k: v for k, v in more.items() if v})


@app.command()
def new(
    target: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder to write the new case into.")],
    name: Annotated[
        str, typer.Option(metavar="NAME", help="Name of the case; by default the folder's own.")
    ] = "",
    from_: Annotated[
        Path | None,
        typer.Option(
            "--from",
            metavar="CASE",
            help="Copy this case, such as russia-belarus, instead of the template.",
            autocompletion=complete_case,
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Start a new case from a template, or from a copy of a case.

    The template is small, commented and sound: change it line by line. Nothing is overwritten.
    """
    with guarded():
        emit(write_new(target, name=name, source=from_), as_json=as_json)


@app.command()
def doctor(as_json: Json = False) -> None:
    """Say what is wrong with this installation.

    Python, each library's version and whether it starts, the extras, double precision, where compiled
    programs are kept, the cases that come along, cores and disk. Exit code 1 if something must be put right.
    """
    with guarded():
        from tightrope.doctor import doctor as look

        emit(look(), as_json=as_json)


@app.command()
def schema() -> None:
    """Print the JSON Schema of the case language.

    For editors that complete and check while one types, such as with a first line of
    `# yaml-language-server: $schema=case.schema.json` in case.yaml. It knows the form of a case;
    what a case must make sense of is for `tightrope check`.
    """
    with guarded():
        from tightrope.case.json_schema import json_schema

        emit(Outcome(FINE, json_schema(), ""), as_json=True)


def work(function: str, case: Path, options: RunOptions, **names: Any) -> None:
    """Call a function of the workflow and print what it comes to."""
    with guarded():
        if not find_case(case).exists():
            hint = case_hint(case)
            raise BadInput(f"{case}: there is no such file or folder" + (f"\n    {hint}" if hint else ""))
        import tightrope.workflow as workflow
        from tightrope.executor import available_workers

        with Reporter(quiet=options.quiet) as reporter:
            outcome = getattr(workflow, function)(
                case,
                **options.for_workflow,
                **names,
                workers=options.workers or available_workers(),
                argv=tuple(sys.argv[1:]),
                progress=reporter,
                notice=reporter.notice,
            )
        emit(outcome, as_json=options.as_json)
