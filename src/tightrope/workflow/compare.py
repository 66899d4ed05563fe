"""`tightrope compare`: the readings of a case by their evidence, and where each Bayes factor comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from tightrope.argument.comparison import FINDING, Factor, Standing, against, split, telling
from tightrope.case.schema import PRIOR_CLASSES, PriorClass
from tightrope.fit.evidence import Estimate
from tightrope.fit.weighing import weighed_from
from tightrope.workflow.material import Material, NoRecord
from tightrope.workflow.not_strategic import BESIDE, rival_inputs, rival_standings, rivals
from tightrope.workflow.readings import Asked, effort_of, inputs_of, reading_of, ship, shipped_effort, weighed
from tightrope.workflow.session import SHIPPED, Session
from tightrope.workflow.text import known_names, plain

TOP = 8


class BadComparison(ValueError):
    """A comparison that cannot be made; says what could be."""


class NotWeighed(RuntimeError):
    """The reading that all others are set against could not be weighed."""


@dataclass(frozen=True)
class Wanted:
    """What to compare.

    readings  names of the case's hypotheses; empty: all. The first of the case stands as the base
    prior     class of priors; agnostic, because what was tuned to one reading is not free
    scales    factors on the spread of every prior, besides one
    top       how many periods to show of each split
    variants  each block read otherwise, and each other coding of the record
    ship      put the evidence into the case's folder
    smc       tempered SMC from the prior of the two leading readings besides
    longer    how many times as many draws bridge sampling rests on, of chains and of its proposal
    """

    readings: tuple[str, ...] = ()
    prior: PriorClass = "agnostic"
    scales: tuple[float, ...] = ()
    top: int = TOP
    variants: bool = False
    ship: bool = False
    smc: bool = False
    longer: int = 1

    def __post_init__(self) -> None:
        if self.prior not in PRIOR_CLASSES:
            raise BadComparison(f"--prior {self.prior}: it may be {' or '.join(PRIOR_CLASSES)}")
        if any(not 0.1 <= scale <= 10.0 for scale in self.scales):
            raise BadComparison("--spread: a factor between 0.1 and 10, such as 0.5 or 2")
        if self.longer < 1:
            raise BadComparison("--longer: how many times as long chains shall be, at least 1")
        if self.ship and self.longer > 1:
            raise BadComparison("--ship: later runs look for one length of chains; leave --longer out")


def compare_data(session: Session, wanted: Wanted) -> dict[str, Any]:
    """Readings, factors against the first, splits over periods, and sensitivity to the spread of priors."""
    material = session.material
    if material.coded is None:
        raise NoRecord(f"the case {material.case.case} has no record, so there is no evidence to compare")
    hypotheses = material.case.hypotheses
    if not hypotheses:
        raise BadComparison(f"the case {material.case.case} has no hypotheses; name some under `hypotheses:`")
    chosen = known_names("hypothesis", wanted.readings, hypotheses)
    base = next(iter(hypotheses))
    names = [n for n in hypotheses if n in chosen or n == base]
    effort = effort_of(session, longer=wanted.longer, ship=wanted.ship)
    asked = [Asked(n, wanted.prior, s) for s in (1.0, *wanted.scales) for n in names]
    found = weighed(session, asked, effort=effort)
    failed = {a.label: found[a]["error"] for a in asked if "error" in found[a]}
    if base in failed:
        raise NotWeighed(f"the reading {base} could not be weighed: {failed[base]}")
    beside = rivals(session)
    if wanted.ship:
        ship(session, asked, effort=effort)
        session.run.ship(BESIDE, inputs=rival_inputs(session), folder=material.folder / SHIPPED)
    data = _compared(session, wanted, asked, found, beside)
    if wanted.smc:
        from tightrope.workflow.tempering import tempered_data

        there = [a for a in asked if a.scale == 1.0 and "error" not in found[a]]
        plainly = effort_of(session)
        known = {
            a.label: (reading_of(material, a), found[a], inputs_of(session, a, effort=plainly)) for a in there
        }
        data["smc"] = tempered_data(session, known, [*_standings(material, asked, found), *beside])
    if wanted.variants:
        from tightrope.workflow.compare_variants import variants_of

        weights = {a: found[a] for a in asked if a.scale == 1.0 and "error" not in found[a]}
        standings = [*_standings(material, asked, found), *beside]
        data["variants"] = variants_of(session, weights, standings, base)
    return data


def shipped(session: Session) -> dict[str, Any] | None:
    """The comparison of all readings that comes with the case, if this code finds each of them again."""
    hypotheses = session.material.case.hypotheses
    if session.material.coded is None or not hypotheses:
        return None
    asked = [Asked(name) for name in hypotheses]
    found = weighed(session, asked, effort=shipped_effort(), compute=False)
    given = session.run.find(BESIDE, inputs=rival_inputs(session), shipped=session.material.folder / SHIPPED)
    if given is None or len(found) < len(asked):
        return None
    return _compared(session, Wanted(), asked, found, rival_standings(given.value))


def _standings(material: Material, asked: Sequence[Asked], found: Mapping[Asked, Any]) -> list[Standing]:
    return [standing(material, a, found[a]) for a in asked if a.scale == 1.0 and "error" not in found[a]]


def _compared(
    session: Session,
    wanted: Wanted,
    asked: Sequence[Asked],
    found: Mapping[Asked, Any],
    beside: Sequence[Standing],
) -> dict[str, Any]:
    """Readings that were weighed, beside rivals that are not strategic."""
    material = session.material
    base = asked[0].name
    standings = [*_standings(material, asked, found), *beside]
    factors = against(standings, base)
    return {
        "case": material.case.case,
        "base": base,
        "prior": wanted.prior,
        "effort": min(
            (found[a]["effort"] for a in asked if "error" not in found[a]),
            key=lambda e: e["weighing"]["kept"],
        ),
        "readings": [
            _reading(s, next((found[a] for a in asked if a.label == s.name), {})) for s in standings
        ],
        "factors": [asdict(f) for f in factors],
        "splits": _splits(material, standings, base, top=wanted.top),
        "spreads": _spreads(material, wanted, [a.name for a in asked if a.scale == 1.0], base, found, beside),
        "switches": _switches(found, asked, base),
        "smc": [],
        "variants": [],
        "failed": {a.label: found[a]["error"] for a in asked if "error" in found[a]},
        "warnings": list(session.warnings),
    }


def standing(material: Material, asked: Asked, data: Mapping[str, Any]) -> Standing:
    """A weighed reading as it stands in a comparison."""
    found = weighed_from(dict(data))
    return Standing(
        asked.label,
        material.case.hypotheses[asked.name].about,
        found.importance,
        found.bridge,
        data["certified"] / data["prior_draws"] if data["prior_draws"] else 1.0,
        found.rows,
        len(data["names"]),
    )


def _reading(s: Standing, data: Mapping[str, Any]) -> dict[str, Any]:
    def estimate(e: Estimate) -> dict[str, Any]:
        shown = ("method", "log_evidence", "spread", "evaluations", "failures", "effective", "shape", "flaw")
        return {k: plain(getattr(e, k)) for k in shown} | {"repeats": list(e.repeats)}

    return {
        "name": s.name, "about": s.about, "strategic": s.strategic, "parameters": s.parameters,
        "first": estimate(s.first), "second": estimate(s.second), "log_evidence": plain(s.log_evidence),
        "unresolved": s.unresolved, "certified": s.certified, "learned": plain(s.learned),
        "prior_draws": data.get("prior_draws"), "modes": [
            {k: m[k] for k in ("start", "log_posterior", "status")} for m in data.get("modes", [])
        ],
        "fixed": dict(data.get("fixed", {})), "seconds": data.get("seconds"), "origin": data.get("origin"),
    }  # fmt: skip


def _splits(
    material: Material, standings: Sequence[Standing], base: str, *, top: int
) -> list[dict[str, Any]]:
    """Each factor over periods: all of them as numbers, the most telling ones with their events."""
    coded = material.coded
    assert coded is not None
    events = {row.get("id", ""): row for row in material.events}
    first = next(s for s in standings if s.name == base)
    found = []
    for s in standings:
        if s is first:
            continue
        part = split(s, first)
        rows = [
            {
                "period": coded.periods[k],
                "nats": float(part.periods[k]),
                "note": coded.notes[k],
                "events": [
                    {key: events[e].get(key, "") for key in ("id", "date", "summary", "source_url")}
                    for e in coded.events[k]
                    if e in events
                ],
            }
            for k in telling(part, top=top)
        ]
        found.append(
            {
                "name": s.name, "other": base, "total": plain(part.total), "learning": plain(part.learning),
                "periods": dict(zip(coded.periods, part.periods.tolist(), strict=True)), "telling": rows,
            }
        )  # fmt: skip
    return found


def _switches(found: Mapping[Asked, Any], asked: Sequence[Asked], base: str) -> list[dict[str, Any]]:
    """What the base's own draws say of each of its mechanisms being off: a third view, one at a time."""
    own = next(a for a in asked if a.label == base)
    rows = []
    for row in found[own].get("switches", []):
        factor = row["log_factor"]
        verdict = "refused" if factor is None else "no finding"
        if factor is not None and abs(factor) >= FINDING:
            verdict = "off is favoured" if factor > 0 else "off is disfavoured"
        rows.append(dict(row) | {"verdict": verdict})
    return rows


def _spreads(
    material: Material,
    wanted: Wanted,
    names: Sequence[str],
    base: str,
    found: Mapping[Asked, Any],
    beside: Sequence[Standing],
) -> list[dict[str, Any]]:
    """Each reading's factor against the base under other spreads of the priors; rivals keep their own."""
    rows = []
    for scale in wanted.scales:
        standings = [
            replace(standing(material, a, found[a]), name=a.name)
            for a in (Asked(n, wanted.prior, scale) for n in names)
            if "error" not in found[a]
        ]
        if base in [s.name for s in standings]:
            rows += [_spread_row(scale, f) for f in against([*standings, *beside], base)]
    return rows


def _spread_row(scale: float, f: Factor) -> dict[str, Any]:
    told = {k: plain(v) for k, v in asdict(f).items() if k not in ("other", "why")}
    return {"spread": scale} | told
