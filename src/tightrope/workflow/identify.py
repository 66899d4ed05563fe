"""`tightrope fit --information` and `--profile`: what the record can tell of each parameter."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from tightrope.fit.information import each, expected, flat_directions, observed
from tightrope.fit.posterior import Fit
from tightrope.fit.profile import Profile, profile
from tightrope.fit.target import Target
from tightrope.workflow.session import Session
from tightrope.workflow.text import known_names, plain, table

RECORDS, FEW = 400, 80
PIECE = 40
STEPS = 40


def information_data(session: Session) -> dict[str, Any]:
    """Information at the mode, observed and expected: each parameter alone and beside others, flat parts."""
    fit, evidence = session.fit, session.material.evidence
    names = fit.priors.names
    at = fit.modes[0].scores
    records = FEW if session.amount.past < 100 else RECORDS
    local = Target(evidence, fit.priors).near(at)
    total, without = np.zeros((len(names), len(names))), 0
    for first in range(0, records, PIECE):
        size = min(PIECE, records - first)

        def compute(first: int = first, size: int = size) -> dict[str, Any]:
            found = expected(
                local, at, periods=len(evidence.periods), records=size, seed=session.seed + first,
                on_step=lambda done, _: session.progress("records simulated", first + done, records),
            )  # fmt: skip
            return {"matrix": (found.matrix * (size - found.without)).tolist(), "without": found.without}

        inputs = _inputs(session) | {"records": size, "periods": len(evidence.periods)}
        data = session.run.chunk(f"information-{first // PIECE}", compute, inputs=inputs)
        total, without = total + np.array(data["matrix"]), without + data["without"]
    fisher = total / max(1, records - without)
    seen = observed(fit.laplace)
    rows = [
        {
            "name": name,
            "contraction": float(fit.spread[k]),
            "observed_alone": o.alone, "observed_together": o.together,
            "expected_alone": e.alone, "expected_together": e.together,
        }
        for k, (name, o, e) in enumerate(
            zip(names, each(seen, names), each(fisher, names), strict=True)
        )
    ]  # fmt: skip
    return {
        "records": records,
        "without": without,
        "parameters": rows,
        "flat": {
            kind: [
                {"words": str(f), "seen": f.seen, "parts": [list(p) for p in f.parts]}
                for f in flat_directions(matrix, names)
            ]
            for kind, matrix in (("observed", seen), ("expected", fisher))
        },
        "smallest": fit.laplace.smallest,
    }


def profile_data(session: Session, wanted: Sequence[str]) -> list[dict[str, Any]]:
    """The profile likelihood of each parameter named. Raises UnknownName for one that is not free."""
    fit, evidence = session.fit, session.material.evidence
    known_names("free parameter", wanted, fit.priors.names)
    local = Target(evidence, fit.priors).near(fit.modes[0].scores)
    found = []
    for name in dict.fromkeys(wanted):
        inputs = _inputs(session) | {"name": name, "steps": STEPS}

        def keep(piece: str, compute: Callable[[], Any], inputs: dict[str, Any] = inputs) -> Any:
            return session.run.chunk(piece, compute, inputs=inputs)

        made = profile(
            local, fit, name, steps=STEPS, keep=keep,
            on_step=lambda done, of, name=name: session.progress(f"profile of {name}", done, of),  # type: ignore[misc]
        )  # fmt: skip
        found.append(_plain(made, fit))
    return found


def _inputs(session: Session) -> dict[str, Any]:
    fit = session.fit
    return session.fit_inputs(session.material.evidence, session.amount.fit) | {
        "at": fit.modes[0].scores.tolist()
    }


def _plain(made: Profile, fit: Fit) -> dict[str, Any]:
    points = [
        {k: plain(v) for k, v in asdict(p).items()} | {"drop": plain(drop)}
        for p, drop in zip(made.points, made.drops, strict=True)
    ]
    mode = float(fit.modes[0].scores[fit.priors.names.index(made.name)])
    return {"name": made.name, "low": made.low, "high": made.high, "mode_score": mode, "points": points}


def information_text(data: Mapping[str, Any]) -> list[str]:
    """Posterior sds alone and together, and what cannot be told apart."""
    rows = [
        {
            "parameter": row["name"],
            "observed": f"{row['observed_alone']:.2f} / {row['observed_together']:.2f}",
            "expected": f"{row['expected_alone']:.2f} / {row['expected_together']:.2f}",
            "posterior": f"{row['contraction']:.2f}",
        }
        for row in sorted(data["parameters"], key=lambda row: row["expected_alone"])
    ]
    lines = [
        "Posterior sd over prior sd, were all other parameters known / with all of them free: observed, by "
        f"this record's curvature; expected, over {data['records'] - data['without']} simulated ones",
        table(rows, ["parameter", "observed", "expected", "posterior"]),
    ]
    if data["smallest"] < 0.5:
        lines.append(
            f"The mode is no smooth top (smallest curvature {data['smallest']:.0f}): read what is expected."
        )
    for kind, flats in data["flat"].items():
        lines.append(
            f"Hardly told apart, by {kind} information: "
            + ("; ".join(f"{f['words']} (seen to {100 * f['seen']:.0f} %)" for f in flats) or "nothing")
        )
    return lines


def profile_text(made: Mapping[str, Any]) -> list[str]:
    """One profile as a table and a verdict."""
    rows = [
        {
            "prior score": f"{p['score']:+.2f}",
            made["name"]: f"{p['value']:.4g}",
            "nats below the top": "-" if p["drop"] is None else f"{p['drop']:.2f}",
            "climb of the others": p["status"],
        }
        for p in made["points"]
    ]
    low = "no lower end within the prior" if made["low"] is None else f"from {made['low']:.4g}"
    high = "no upper end within the prior" if made["high"] is None else f"to {made['high']:.4g}"
    return [
        f"Profile likelihood of {made['name']}, the other parameters fitted under their priors; 95 % "
        f"likelihood interval: {low}, {high}",
        table(rows, ["prior score", made["name"], "nats below the top", "climb of the others"]),
    ]
