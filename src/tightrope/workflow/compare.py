"""`tightrope compare`: the readings of a case by their evidence, and where each Bayes factor comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from tightrope.argument.comparison import FINDING, Factor, Standing, against, split, telling
from tightrope.case.schema import PRIOR_CLASSES, PriorClass
from tightrope.fit.evidence import Estimate, estimate_data, estimate_from
from tightrope.fit.weighing import Weighing, weighed_from
from tightrope.forecast.chain_evidence import Amount, Rival, chains_evidence, no_end, together
from tightrope.forecast.logit_evidence import WEIGHING, logit_evidence
from tightrope.record.coding import CodedRecord
from tightrope.runs import digest
from tightrope.workflow.material import Material, NoRecord
from tightrope.workflow.readings import Asked, effort_of, inputs_of, reading_of, ship, weighed
from tightrope.workflow.session import Session
from tightrope.workflow.text import known_names, plain

RIVALS = {
    "markov_chain": "Not strategic: each state and each move goes its own way, by what it was a period ago.",
    "logit": "Not strategic: each move is drawn by where the states stand, and these go their own way.",
}
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
    effort = effort_of(session, longer=wanted.longer)
    asked = [Asked(n, wanted.prior, s) for s in (1.0, *wanted.scales) for n in names]
    found = weighed(session, asked, effort=effort)
    if wanted.ship:
        ship(session, asked, effort=effort)
    failed = {a.label: found[a]["error"] for a in asked if "error" in found[a]}
    standings = [standing(material, a, found[a]) for a in asked if a.scale == 1.0 and "error" not in found[a]]
    if base not in [s.name for s in standings]:
        raise NotWeighed(f"the reading {base} could not be weighed: {failed[base]}")
    standings += rivals(session)
    factors = against(standings, base)
    data: dict[str, Any] = {
        "case": material.case.case,
        "base": base,
        "prior": wanted.prior,
        "effort": asdict(effort),
        "readings": [
            _reading(s, next((found[a] for a in asked if a.label == s.name), {})) for s in standings
        ],
        "factors": [asdict(f) for f in factors],
        "splits": _splits(material, standings, base, top=wanted.top),
        "spreads": _spreads(material, wanted, names, base, found),
        "switches": _switches(found, asked, base),
        "smc": [],
        "variants": [],
        "failed": failed,
        "warnings": list(session.warnings),
    }
    if wanted.smc:
        from tightrope.workflow.tempering import tempered_data

        there = [a for a in asked if a.scale == 1.0 and "error" not in found[a]]
        plainly = effort_of(session)
        known = {
            a.label: (reading_of(material, a), found[a], inputs_of(session, a, effort=plainly)) for a in there
        }
        data["smc"] = tempered_data(session, known, standings)
    if wanted.variants:
        from tightrope.workflow.compare_variants import variants_of

        weights = {a: found[a] for a in asked if a.scale == 1.0 and "error" not in found[a]}
        data["variants"] = variants_of(session, weights, standings, base)
    return data


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


def rivals(session: Session) -> list[Standing]:
    """The two rivals that are not strategic, on the same record with the same soft evidence."""
    material = session.material
    assert material.coded is not None
    weights = {name: table.tolist() for name, table in material.coded.weights.items()}
    inputs = {
        "weights": digest(weights),
        "start": {name: law.tolist() for name, law in starts(material).items()},
        "rising": list(material.rising),
        "amount": [asdict(Amount()), asdict(WEIGHING)],
        "seed": session.seed,
    }

    def compute() -> dict[str, Any]:
        session.progress("weighing rivals that are not strategic", 0, None)
        found = both(material, material.coded, amount=Amount(), weighing=WEIGHING, seed=session.seed)
        return {name: rival_data(rival) for name, rival in found.items()}

    return rival_standings(session.run.chunk("evidence-rivals", compute, inputs=inputs))


def rival_standings(data: Mapping[str, Any]) -> list[Standing]:
    """Rivals from plain data as they stand in a comparison."""
    return [
        Standing(
            name, RIVALS[name], estimate_from(data[name]["first"]), estimate_from(data[name]["second"]), 1.0,
            np.array(data[name]["rows"]), data[name]["parameters"], strategic=False,
        )
        for name in RIVALS
    ]  # fmt: skip


def both(
    material: Material, coded: CodedRecord | None, *, amount: Amount, weighing: Weighing, seed: int
) -> dict[str, Rival]:
    """The Markov chain of states and moves, and the logit of moves over a Markov chain of states."""
    assert coded is not None
    moves = tuple(m for m in material.moves if m in coded.levels)
    states = [n for n in coded.levels if n not in moves]

    def chains(names: Sequence[str]) -> Rival:
        return chains_evidence(
            coded, names=names, moves=moves, rising=material.rising, start=starts(material),
            length=material.case.calendar.period, amount=amount, seed=seed,
        )  # fmt: skip

    alive = no_end(len(coded), length=material.case.calendar.period)
    common = [alive, *([chains(states)] if states else [])]
    moved = [chains(moves)] if moves else []
    drawn = [logit_evidence(coded, moves=moves, weighing=weighing, seed=seed)] if moves else []
    return {"markov_chain": together([*common, *moved]), "logit": together([*common, *drawn])}


def starts(material: Material) -> dict[str, np.ndarray]:
    """The case's distribution of each state in the first period."""
    found = {}
    for name in material.game.states:
        given, levels = material.case.start[name], material.game.levels[name]
        law = np.array([float(given == v) if isinstance(given, str) else given.get(v, 0.0) for v in levels])
        found[name] = law / law.sum()
    return found


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
    material: Material, wanted: Wanted, names: Sequence[str], base: str, found: Mapping[Asked, Any]
) -> list[dict[str, Any]]:
    """Each reading's factor against the base under other spreads of the priors."""
    rows = []
    for scale in wanted.scales:
        standings = [
            replace(standing(material, a, found[a]), name=a.name)
            for a in (Asked(n, wanted.prior, scale) for n in names)
            if "error" not in found[a]
        ]
        if base in [s.name for s in standings]:
            rows += [_spread_row(scale, f) for f in against(standings, base)]
    return rows


def _spread_row(scale: float, f: Factor) -> dict[str, Any]:
    return {"spread": scale, "name": f.name, "log_factor": plain(f.log_factor), "verdict": f.verdict}


def rival_data(rival: Rival) -> dict[str, Any]:
    """A rival as plain data."""
    return {
        "first": estimate_data(rival.first),
        "second": estimate_data(rival.second),
        "rows": rival.rows.tolist(),
        "parameters": rival.parameters,
    }
