"""What the commands do: each function takes the case's path and `Options`, and returns an `Outcome`.

They load and check the case, and raise CaseError if it is not sound.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Unpack

from tightrope.case.bundled import refuse_writing
from tightrope.outcome import FAILED, FINE, Outcome
from tightrope.runs.files import write_atomically
from tightrope.workflow import printing
from tightrope.workflow.material import Material, load_material
from tightrope.workflow.opening import Options, session_of
from tightrope.workflow.session import Progress, quiet


def run_case(case: Path, **options: Unpack[Options]) -> Outcome:
    """Everything: solve, fit, test the claims, answer, score, and leave `report.html` and `run.nc`."""
    from tightrope.report.page import render_report
    from tightrope.workflow import assemble, brief

    with session_of(case, **options) as session:
        progress, argv = session.progress, options.get("argv", ())
        made_on = datetime.now(UTC).date().isoformat()
        report = assemble.report(session, argv=argv, made_on=made_on)
        progress("writing the report", 0, None)
        page = session.run.folder / "report.html"
        write_atomically(page, render_report(report).encode())
        brief.leave_brief(session, report)
        certificates = {"reference": session.reference.certificate.as_dict()}
        if session.material.coded is not None:
            certificates["fit"] = session.at_fit.certificate.as_dict()
        session.run.finish(
            assemble.groups(session, report),
            certificates=certificates,
            extra={"warnings": session.warnings, "seed": session.seed},
        )
        data = printing.run_data(session, report, page)
        return Outcome(FINE if session.reference.certificate.good else FAILED, data, printing.run_text(data))


def solve_case(case: Path, **options: Unpack[Options]) -> Outcome:
    """Solve at the reference values."""
    with session_of(case, **options) as session:
        data = printing.solve_data(session)
        good = session.reference.certificate.good
        return Outcome(FINE if good else FAILED, data, printing.solve_text(data))


def fit_case(
    case: Path,
    *,
    engine: str = "laplace",
    sampling: Mapping[str, Any] | None = None,
    information: bool = False,
    profiles: tuple[str, ...] = (),
    **options: Unpack[Options],
) -> Outcome:
    """Fit the record; the prior beside the posterior.

    engine       `laplace`; `nuts` for chains along gradients around that mode; `surrogate` for chains with
                 proposals from a surrogate of the density
    sampling     fields of `sampling.Wanted`, for the latter two
    information  observed and expected information, and what cannot be told apart
    profiles     parameters whose likelihood is profiled

    Exit code 1 if the mode has no certificate, or the chains along gradients have not met.
    """
    from tightrope.workflow import fitted, identify, sampling_text
    from tightrope.workflow import sampling as chains

    if engine not in ("laplace", "nuts", "surrogate"):
        raise chains.BadSampling(f"--engine {engine}: it may be laplace, nuts or surrogate")
    if engine != "laplace" and (information or profiles):
        raise chains.BadSampling(f"--information and --profile look at the mode: leave --engine {engine} out")
    wanted = chains.Wanted(**(sampling or {}))
    if engine == "laplace" and wanted != chains.Wanted():
        raise chains.BadSampling(
            "--free, --others, --outer, --chains, --warmup and --draws belong to --engine nuts or surrogate"
        )
    with session_of(case, **options) as session:
        if engine != "laplace":
            session.fit, told = chains.chains_fit(session, wanted, surrogate=engine == "surrogate")
            data = fitted.fit_data(session) | {"chains": sampling_text.report_data(session.fit, told)}
            good = data["chains"]["usable"] and session.at_fit.certificate.good
            text = fitted.fit_text(data, sampling_text.report_text(data["chains"]))
            return Outcome(FINE if good else FAILED, data, text)
        data = fitted.fit_data(session)
        good = session.at_fit.certificate.good
        parts = [fitted.fit_text(data)]
        if information:
            data["information"] = identify.information_data(session)
            parts.append("\n".join(identify.information_text(data["information"])))
        if profiles:
            data["profiles"] = identify.profile_data(session, profiles)
            parts += ["\n".join(identify.profile_text(made)) for made in data["profiles"]]
        return Outcome(FINE if good else FAILED, data, "\n\n".join(parts))


def ask_case(
    case: Path,
    *,
    questions: tuple[str, ...] = (),
    event: str = "",
    by: str = "",
    file: Path | None = None,
    **options: Unpack[Options],
) -> Outcome:
    """Answer live and past questions, an event asked on the spot, and those of a JSON file.

    Exit code 1 if a question of the file, or the one asked on the spot, is refused.
    """
    from tightrope.workflow import asking

    with session_of(case, **options) as session:
        spot = asking.gather(session.material, event=event, by=by, file=file)
        data = printing.ask_data(session, questions, spot)
        missed = spot is not None and len(data["spot"]) < len(spot.questions) + len(spot.refused)
        return Outcome(FAILED if missed else FINE, data, printing.ask_text(data))


def update_case(case: Path, *, rows: Path, refit: bool = False, **options: Unpack[Options]) -> Outcome:
    """Move the live forecasts by new rows; exit code 1 if these ask for a refit that was not made."""
    from tightrope.workflow import update

    with session_of(case, **options) as session:
        data = update.update_data(session, rows, refit=refit)
        missed = data["refit_needed"] and not refit
        return Outcome(FAILED if missed else FINE, data, update.update_text(data))


def headline_case(
    case: Path,
    *,
    window: str,
    prior: float | None = None,
    prior_from: str = "",
    event: str = "merger",
    hit_rate: float | None = None,
    hit_beta: tuple[float, float] | None = None,
    lead: int = 90,
    at_least: float = 0.25,
    picture: Path | None = None,
    **options: Unpack[Options],
) -> Outcome:
    """What a headline does to a chance. A run is left only where the prior comes from the model.

    prior_from  `pooled` or `reference-class`; not with a prior of one's own. By default pooled where the
                case ships hindcasts and a fit is there, with the draws of a quick run, else the other
    """
    from tightrope.workflow import headline as light
    from tightrope.workflow import headline_prior as priors

    first, last = light.parse_window(window)
    if picture is not None:
        light.check_picture(picture)
    if prior is not None and prior_from:
        raise light.HeadlineError("say a prior or where it comes from, not both")
    if prior_from not in ("", *priors.SOURCES):
        raise light.HeadlineError(f"--prior-from {prior_from}: it may be {' or '.join(priors.SOURCES)}")
    chance: float | light.Prior | None = prior
    wanted = {"event": event, "first": first, "last": last}
    if prior_from == "pooled":
        with session_of(case, **options) as session:
            chance = priors.pooled_prior(session, **wanted)  # type: ignore[arg-type]
    elif prior is None and not prior_from and event == priors.FEARED and priors.ships_hindcasts(case):
        options["quick"] = True
        with session_of(case, **options) as session:
            chance = priors.prior_at_hand(session, **wanted)  # type: ignore[arg-type]
    return light.headline(
        case,
        window=window,
        prior=chance,
        event=event,
        hit_rate=hit_rate,
        hit_beta=hit_beta,
        lead=lead,
        at_least=at_least,
        picture=picture,
    )


def sighting_case(
    case: Path,
    *,
    observable: str,
    period: str = "",
    questions: tuple[str, ...] = (),
    event: str = "",
    by: str = "",
    **options: Unpack[Options],
) -> Outcome:
    """What seeing an observable of the case in a period to come does to each live question."""
    from tightrope.workflow import sighted

    with session_of(case, **options) as session:
        data = sighted.sighting_data(
            session, observable, period=period, questions=questions, event=event, by=by
        )
        return Outcome(FINE if data["questions"] else FAILED, data, sighted.sighting_text(data))


def explain_case(
    case: Path, *, at: str = "reference", asked: Mapping[str, Any] | None = None, **options: Unpack[Options]
) -> Outcome:
    """Why each action is taken, what would flip it, a merger's price and the likeliest way there.

    at     `reference`, which leaves no run, or `fit`
    asked  fields of `explaining.Asked`

    Exit code 1 where no equilibrium is certified.
    """
    from tightrope.workflow import explaining, explaining_text, priced

    wanted = explaining.Asked(**(asked or {}))

    def told(
        material: Material,
        request: explaining.Request,
        place: explaining.Place,
        progress: Progress,
        on_split: explaining.Split | None = None,
    ) -> Outcome:
        certificate = place.found.certificate
        if not certificate.good:
            return Outcome(FAILED, {"certificate": certificate.as_dict()}, f"no numbers: {certificate}")
        data = explaining.explained(material, place, request, progress=progress, on_split=on_split)
        return Outcome(FINE, data, explaining_text.text_of(data))

    if at == "fit":
        with session_of(case, **options) as session:
            request = explaining.read_request(session.material, wanted)
            place = explaining.fit_place(session)
            return told(
                session.material, request, place, session.progress, partial(priced.keep_choice, session)
            )
    progress = options.get("progress", quiet)
    progress("reading the case", 0, None)
    material = load_material(Path(case))
    request = explaining.read_request(material, wanted)
    progress("solving at the reference values", 0, None)
    return told(material, request, explaining.reference_place(material), progress)


def score_case(case: Path, **options: Unpack[Options]) -> Outcome:
    """Score past forecasts beside the baselines, and the ledger."""
    with session_of(case, **options) as session:
        data = printing.score_data(session)
        return Outcome(FINE, data, printing.score_text(data))


def hindcast_case(
    case: Path, *, origins: str = "", ship: bool = False, **options: Unpack[Options]
) -> Outcome:
    """Forecast from past origins beside every rival; exit code 1 if an origin is missing.

    origins  years as `2000..2024`; empty: all that the record allows
    ship     put the forecasts into the case's folder, where quick runs find them
    """
    from tightrope.workflow import hindcast, hindcast_text
    from tightrope.workflow.contest import contest
    from tightrope.workflow.origins import read_origins

    if ship:
        refuse_writing(case)
    with session_of(case, **options) as session:
        wanted = read_origins(session.material, origins)
        made = hindcast.hindcasts(session, wanted, compute=session.amount.origins)
        if ship:
            hindcast.ship(session, made)
        if not made.ahead:
            why = "; ".join(f"{known}: {text}" for known, text in made.failed.items())
            return Outcome(
                FAILED, {"origins": [], "failed": dict(made.failed)}, f"No hindcast is there. {why}"
            )
        found = contest(session.material, made, seed=session.seed)
        data = hindcast_text.data_of(session, made, found)
        return Outcome(FAILED if made.failed else FINE, data, hindcast_text.text_of(data))


def claims_case(
    case: Path,
    *,
    claims: tuple[str, ...] = (),
    draws: int = 0,
    sets: int = 1,
    ablation_draws: int = 0,
    against: str = "",
    **options: Unpack[Options],
) -> Outcome:
    """Test the claims; exit code 1 if one that should hold at the reference does not.

    claims   ids; empty: all
    against  a run folder, or the name of one: tell what changed since then
    The rest as in `workflow.argue.Effort`.
    """
    from tightrope.workflow import claims as told
    from tightrope.workflow import claims_text
    from tightrope.workflow.argue import Effort

    with session_of(case, **options) as session:
        data = told.claims_data(session, claims, Effort(draws, sets, ablation_draws), against=against)
        broken = any(row["reference"] == "fails" for row in data["claims"])
        text = claims_text.claims_text(data, drawn=draws > 0)
        return Outcome(FAILED if broken else FINE, data, text)


def compare_case(
    case: Path,
    *,
    readings: tuple[str, ...] = (),
    prior: Any = "agnostic",
    scales: tuple[float, ...] = (),
    top: int = 8,
    variants: bool = False,
    ship: bool = False,
    smc: bool = False,
    **options: Unpack[Options],
) -> Outcome:
    """Weigh the readings of a case by the record. Arguments as in `workflow.compare.Wanted`.

    Exit code 1 if a reading could not be weighed.
    """
    from tightrope.workflow import compare, compare_text, kept

    if ship:
        refuse_writing(case)
    wanted = compare.Wanted(tuple(readings), prior, tuple(scales), top, variants, ship, smc)
    with session_of(case, **options) as session:
        data = compare.compare_data(session, wanted)
        kept.keep(session, kept.COMPARED, data, asked=asdict(wanted))
        return Outcome(FAILED if data["failed"] else FINE, data, compare_text.compare_text(data))


def distinguish_case(
    case: Path,
    *,
    readings: tuple[str, str],
    at: str = "reference",
    periods: int = 8,
    futures: int = 200,
    top: int = 12,
    **options: Unpack[Options],
) -> Outcome:
    """Two readings side by side and what would tell them apart. Arguments as in `distinguish.Wanted`."""
    from tightrope.workflow import distinguish, distinguish_text

    wanted = distinguish.Wanted(readings, at, periods, futures, top)
    with session_of(case, **options) as session:
        data = distinguish.distinguish_data(session, wanted)
        return Outcome(FINE, data, distinguish_text.distinguish_text(data))


def discover_case(
    case: Path,
    *,
    quantity: str = "",
    claim: str = "",
    reaches: str = "",
    within: int = 0,
    start: str = "",
    above: float | None = None,
    below: float | None = None,
    share: float = 0.2,
    prior: Any = "agnostic",
    draws: int = 0,
    box: int = -1,
    **options: Unpack[Options],
) -> Outcome:
    """Under which conditions an outcome would happen; exit code 1 if too few draws show it.

    Arguments as in `workflow.discover.Asked`; draws: 0 for 1000, or 200 in a quick run.
    """
    from tightrope.workflow import discover, discover_text, kept

    asked = discover.Asked(
        quantity, claim, reaches, within, start, above, below, share, prior,
        draws or (200 if options.get("quick") else 1000), box,
    )  # fmt: skip
    with session_of(case, **options) as session:
        data = discover.discover_data(session, asked)
        kept.keep(session, kept.DISCOVERED, data, asked=asdict(asked))
        return Outcome(FAILED if "why" in data else FINE, data, discover_text.discover_text(data))


def sensitivity_case(
    case: Path,
    *,
    quantity: str,
    parameters: tuple[str, ...] = (),
    top: int = 6,
    base: int = 0,
    second: bool = False,
    draws: int = 0,
    prior: Any = "agnostic",
    parts: tuple[str, ...] = ("tornado", "sobol", "given"),
    **options: Unpack[Options],
) -> Outcome:
    """Which parameters a quantity answers to. Arguments as in `workflow.sensitivity.Wanted`.

    base: 0 for 128, or 32 in a quick run; draws: 0 for 400, or 100.
    """
    from tightrope.workflow import sensitivity, sensitivity_text

    quick = options.get("quick")
    wanted = sensitivity.Wanted(
        quantity, parameters, top, base or (32 if quick else 128), second, draws or (100 if quick else 400),
        prior, parts,
    )  # fmt: skip
    with session_of(case, **options) as session:
        data = sensitivity.sensitivity_data(session, wanted)
        return Outcome(FINE, data, sensitivity_text.sensitivity_text(data))


def validate_case(
    case: Path,
    *,
    parts: tuple[str, ...] = (),
    simulations: int = 0,
    periods: tuple[int, ...] = (),
    prior: Any = "agnostic",
    chains: bool = True,
    draws: int = 0,
    minutes: float = 0.0,
    picture: Path | None = None,
    free: str = "",
    **options: Unpack[Options],
) -> Outcome:
    """Whether the fit finds what made a record. Arguments as in `workflow.validate.Wanted`.

    simulations: 0 for 200, or 20 in a quick run. Leaves `validate.json` and, where ranks were tested,
    `ranks.svg` in the run folder. Exit code 1 if a check fails.
    """
    from tightrope.workflow import validate, validate_text

    if picture is not None:
        validate_text.check_picture(picture)
    quick = options.get("quick")
    wanted = validate.Wanted(
        tuple(parts), simulations or (20 if quick else 200), tuple(periods) or validate.PERIODS, prior,
        minutes, chains, draws, 40 if quick else 200,
        tuple(name.strip() for name in free.split(",") if name.strip()),
    )  # fmt: skip
    with session_of(case, **options) as session:
        data = validate.validate_data(session, wanted)
        text = validate_text.validate_text(data)
        folder = session.run.folder
        drawn = validate_text.draw_ranks(data, folder / "ranks.svg")
        if picture is not None and drawn:
            validate_text.draw_ranks(data, picture)
        write_atomically(folder / "validate.json", json.dumps(data, indent=1).encode())
        left = [folder / "validate.json", *([picture or folder / "ranks.svg"] if drawn else [])]
        text += "\n\nAll numbers are in " + ", the ranks in ".join(str(file) for file in left) + "."
        return Outcome(FINE if data["passed"] else FAILED, data, text)


def what_if_case(
    case: Path, *, asked: Mapping[str, Any] | None = None, **options: Unpack[Options]
) -> Outcome:
    """Dated questions with and without a scenario, or the smallest change; or a list of scenarios.

    asked  fields of `scenario.Asked`

    Exit code 1 where no question is answered, or no lever is found that holds.
    """
    from tightrope.workflow import levers, scenario, what_if, what_if_text

    wanted = scenario.Asked(**(asked or {}))
    if wanted == scenario.Asked():
        listed = scenario.listed(load_material(Path(case)))
        return Outcome(FINE, listed, what_if_text.list_text(listed))
    with session_of(case, **options) as session:
        if wanted.past is not None or wanted.levers:
            data = levers.lever_data(session, wanted)
            good = any(lever["confirmed"] for lever in data["levers"])
            return Outcome(FINE if good else FAILED, data, what_if_text.lever_text(data))
        data = what_if.what_if_data(session, wanted)
        return Outcome(FINE if data["questions"] else FAILED, data, what_if_text.what_if_text(data))


__all__ = [
    "Options",
    "ask_case",
    "claims_case",
    "compare_case",
    "discover_case",
    "distinguish_case",
    "explain_case",
    "fit_case",
    "headline_case",
    "hindcast_case",
    "run_case",
    "score_case",
    "sensitivity_case",
    "sighting_case",
    "solve_case",
    "update_case",
    "validate_case",
    "what_if_case",
]
