"""The fit to the record, and whether a fit finds what made simulated ones."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Unpack

from tightrope.outcome import FAILED, FINE, Outcome
from tightrope.runs.files import write_atomically
from tightrope.workflow.opening import Options, session_of


def fit_case(
    case: Path | str,
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


def validate_case(
    case: Path | str,
    *,
    parts: tuple[str, ...] = (),
    simulations: int = 0,
    periods: tuple[int, ...] = (),
    prior: Any = "agnostic",
    chains: bool = True,
    draws: int = 0,
    minutes: float = 0.0,
    picture: Path | str | None = None,
    free: str = "",
    **options: Unpack[Options],
) -> Outcome:
    """Whether the fit finds what made a record. Arguments as in `workflow.validate.Wanted`.

    simulations: 0 for 200, or 20 in a quick run. Leaves `validate.json` and, where ranks were tested,
    `ranks.svg` in the run folder. Exit code 1 if a check fails.
    """
    from tightrope.workflow import validate, validate_text

    drawing = None if picture is None else Path(picture)
    if drawing is not None:
        validate_text.check_picture(drawing)
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
        if drawing is not None and drawn:
            validate_text.draw_ranks(data, drawing)
        write_atomically(folder / "validate.json", json.dumps(data, indent=1).encode())
        left = [folder / "validate.json", *([drawing or folder / "ranks.svg"] if drawn else [])]
        text += "\n\nAll numbers are in " + ", the ranks in ".join(str(file) for file in left) + "."
        return Outcome(FINE if data["passed"] else FAILED, data, text)
