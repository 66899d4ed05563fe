"""What the server says of a set of levers: each part as blocks to draw, and as numbers.

Nothing is drawn and no number is given where the certificate is not good; then the part says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from tightrope.app.links import link_of
from tightrope.app.plain import Json, block_data
from tightrope.game.certificate import Certificate, NotCertified
from tightrope.report.blocks import Figure, Table
from tightrope.report.sections import Fan
from tightrope.report.views import levers as views
from tightrope.workflow import bench_parts as parts
from tightrope.workflow.bench import Bench
from tightrope.workflow.pulls import Pull
from tightrope.workflow.scenario import scenarios_of

BASES = {"reference": "at the reference values", "fit": "at the fit"}


def certificate_data(certificate: Certificate, near: str = "") -> dict[str, Any]:
    """A certificate as plain data, with the verdict and a sentence."""
    found = asdict(certificate)
    return {**found, "good": certificate.good, "near": near, "words": str(certificate)}


def beside_of(pull: Pull, beside: Pull | None) -> tuple[Pull | None, str]:
    """The set of levers to compare with, and its name: by default the base. None where it is the same set."""
    there = beside or Pull(base=pull.base)
    name = BASES[pull.base] if beside is None else "at the held levers"
    return (None if there.as_data() == pull.as_data() else there), name


def guarded(bench: Bench, pull: Pull, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """A part, or the certificate and nothing else where it is not good."""
    try:
        made = make()
    except NotCertified as error:
        return {
            "link": link_of(pull),
            "certificate": certificate_data(error.certificate),
            "blocks": [],
            "values": None,
            "why": "No certified equilibrium was found at these levers, so nothing is drawn.",
        }
    solution = bench.solve(pull)
    return {
        "link": link_of(pull),
        "certificate": certificate_data(solution.found.certificate, solution.near),
        "why": "",
        **made,
    }


def _made(bench: Bench, part: Callable[[Bench, Pull], Any], pull: Pull) -> Any:
    """A part at a set of levers, remembered."""
    return bench.remembered(part.__name__, pull, lambda: part(bench, pull))


def _other(there: Pull | None, found: Callable[[Pull], Any]) -> Any:
    """What is found of the set beside; None without one, or where it has no certificate."""
    try:
        return found(there) if there is not None else None
    except NotCertified:
        return None


def answer_json(bench: Bench, pull: Pull, beside: Pull | None) -> Json:
    """`answer_part` as an answer, made once while both solutions stand: many may ask for the same at once."""
    there, _ = beside_of(pull, beside)
    other = "" if there is None else f"{link_of(there)} {id(bench.solve(there).found)}"
    what = f"json {beside is None} {other}"
    body = bench.remembered(what, pull, lambda: bytes(Json(answer_part(bench, pull, beside)).body))
    return Json.ready(body)


def answer_part(bench: Bench, pull: Pull, beside: Pull | None) -> dict[str, Any]:
    """The feared outcome and the live questions at one parameter vector."""
    there, name = beside_of(pull, beside)

    def make() -> dict[str, Any]:
        here = _made(bench, parts.answered, pull)
        return _answered(here, _other(there, lambda other: _made(bench, parts.answered, other)), name)

    return guarded(bench, pull, make)


def spread_part(bench: Bench, pull: Pull, beside: Pull | None) -> dict[str, Any]:
    """The same over posterior draws."""
    there, name = beside_of(pull, beside)

    def make() -> dict[str, Any]:
        here = _made(bench, parts.spread, pull)
        if here is None:
            return {"blocks": [], "values": None, "why": "Only the fit has draws to spread over."}
        made = _answered(here, _other(there, lambda other: _made(bench, parts.spread, other)), name)
        if len(here.live):
            made["blocks"].append(block_data(views.live_figure(here.live, draws=here.draws)))
        return made

    return guarded(bench, pull, make)


def _answered(here: parts.Answered, other: parts.Answered | None, name: str) -> dict[str, Any]:
    blocks: list[Figure | Table] = []
    if here.fan is not None:
        beside = other.fan if other is not None else None
        blocks.append(views.feared_figure(here.fan, beside=beside, name=name, draws=here.draws))
    if len(here.live):
        beside_live = other.live if other is not None else None
        blocks.append(views.questions_table(here.live, beside=beside_live, name=name, draws=here.draws))
    return {
        "blocks": [block_data(block) for block in blocks],
        "values": {
            "draws": here.draws,
            "failed": here.failed,
            "feared": None if here.fan is None else _last(here.fan),
            "live": here.live.to_dict("records"),
        },
    }


def _last(fan: Fan) -> dict[str, Any]:
    row = fan.paths.iloc[-1]
    return {
        "event": fan.event,
        "date": str(row["date"]),
        **{k: float(row[k]) for k in ("probability", "model")},
    }


def claims_part(bench: Bench, pull: Pull, beside: Pull | None) -> dict[str, Any]:
    """Every claim with a check."""
    there, name = beside_of(pull, beside)

    def make() -> dict[str, Any]:
        here = _made(bench, parts.judged, pull).claims
        if here.empty:
            return {"blocks": [], "values": {"claims": []}, "why": "No claim of the case has a check."}
        other = _other(there, lambda set_: _made(bench, parts.judged, set_).claims)
        table = views.claims_table(here, beside=other, name=name)
        rows = here[["id", "status", "margin"]].to_dict("records")
        return {"blocks": [block_data(table)], "values": {"claims": rows}}

    return guarded(bench, pull, make)


def policy_part(bench: Bench, pull: Pull, beside: Pull | None, slice_: str) -> dict[str, Any]:
    """One slice of what the players do, and beside it the same slice of the other set."""
    there, name = beside_of(pull, beside)

    def make() -> dict[str, Any]:
        rows = _made(bench, parts.policy, pull)
        if rows is None:
            why = "Without a record there are no states to average over."
            return {"blocks": [], "values": None, "slices": [], "why": why}
        slices = list(dict.fromkeys(rows["slice"]))
        chosen = slice_ if slice_ in slices else slices[0]
        blocks = [views.policy_figure(rows, slice_=chosen)]
        other = _other(there, lambda set_: _made(bench, parts.policy, set_))
        if other is not None:
            figure = views.policy_figure(other, slice_=chosen, id="policy-beside")
            blocks.append(views.named(figure, name))
        part = rows[rows["slice"] == chosen][["state", "action", "probability"]]
        return {
            "blocks": [block_data(block) for block in blocks],
            "values": {"policy": part.to_dict("records")},
            "slices": slices,
            "slice": chosen,
        }

    return guarded(bench, pull, make)


def confirm_part(bench: Bench, pull: Pull) -> dict[str, Any]:
    """Whether the principal branch leads to the same solution."""
    found = parts.confirmed(bench, pull)
    principal = found.principal
    if found.same:
        words = "The principal branch leads to the same equilibrium."
    elif not principal.good or principal.branch != "principal":
        words = "The principal branch could not be followed here, so this solution is not confirmed by it."
    elif not found.certificate.good:
        words = "The principal branch leads to a certified equilibrium here; it is shown from now on."
    else:
        words = (
            f"The principal branch leads to another equilibrium (choice probabilities differ by up to "
            f"{found.gap:.2g}); it is shown from now on."
        )
    moved = principal.good and principal.branch == "principal" and not found.same
    return {
        "link": link_of(pull),
        "same": found.same,
        "moved": moved,
        "gap": found.gap,
        "words": words,
        "certificate": certificate_data(principal if moved else found.certificate),
    }


def scenarios_data(bench: Bench) -> list[dict[str, str]]:
    """The case's scenarios (`tightrope what-if`), name and what each says."""
    return [{"name": name, "about": s.about} for name, s in scenarios_of(bench.material.source).items()]


def levers_data(bench: Bench) -> dict[str, Any]:
    """Everything that can be pulled, with its place at each base."""
    case, levers = bench.material.case, bench.levers
    place = {name: k for k, name in enumerate(case.parameters)}
    marks: dict[str, dict[str, str]] = {"reference": {n: p.source for n, p in case.parameters.items()}}
    if bench.fit is not None and "fit" in levers.bases:
        from tightrope.fit.posterior import parameter_table

        table = parameter_table(case, bench.fit)
        marks["fit"] = {row["name"]: row["provenance"] for row in table}
    return {
        "bases": [{"name": base, "words": BASES[base]} for base in levers.bases],
        "parameters": [
            {
                **asdict(lever),
                "values": {base: float(theta[place[lever.name]]) for base, theta in bench.thetas.items()},
                "marks": {base: marks[base][lever.name] for base in levers.bases},
            }
            for lever in levers.parameters
        ],
        "states": [
            {**asdict(state), "shares": {b: parts.start_shares(bench, b)[state.name] for b in levers.bases}}
            for state in levers.states
        ],
        "overrides": [
            {
                "name": name,
                "about": o.about,
                "set": {k: float(v) for k, v in o.set.items()},
            }
            for name, o in levers.overrides.items()
        ],
        "scenarios": scenarios_data(bench),
        "start": parts.start_day(bench),
        "recorded": bench.material.coded is not None,
        "players": {name: player.label for name, player in case.players.items()},
    }
