"""The comparison under other codings of the record: blocks one by one, averaged, and independent codings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from tightrope.argument.comparison import Factor, Standing, against
from tightrope.fit.readings import free_parameters
from tightrope.fit.recoding import Shift, recoded, shift
from tightrope.fit.target import Target
from tightrope.fit.weighing import Weighing, weighed_from
from tightrope.forecast.chain_evidence import Amount
from tightrope.record.coding import CodedRecord
from tightrope.record.filter import Evidence
from tightrope.record.likelihood import prepare_record
from tightrope.runs import digest
from tightrope.workflow.block_average import AVERAGE, average_rivals, average_shift, mixture
from tightrope.workflow.coding import Coding, UnknownCoding, read_record
from tightrope.workflow.material import Material, record_key
from tightrope.workflow.not_strategic import both, rival_data, rival_standings
from tightrope.workflow.readings import Asked, reading_of
from tightrope.workflow.session import Session
from tightrope.workflow.text import plain

AMOUNT = Amount(draws=1000, repeats=2)
WEIGHING = Weighing(repeats=2, pilots=1, draws=500, chains=2, warmup=100, kept=200, proposals=200)
"""For rivals under each other coding, whose own doubt is small beside what a coding moves."""


def variants_of(
    session: Session,
    found: Mapping[Asked, Mapping[str, Any]],
    standings: Sequence[Standing],
    base: str,
) -> list[dict[str, Any]]:
    """Each factor under each other coding, `flips` where it says something else than under this one.

    The game's evidence is moved by reweighing its posterior draws, and where these cannot tell the verdict is
    `unresolved`; rivals that are not strategic are weighed anew.
    """
    material = session.material
    codings, refused = other_codings(material)
    prepared = {name: prepare_record(material.game, coded) for name, coded in codings.items()}
    shifts = {asked.label: _shifts(session, asked, data, prepared) for asked, data in found.items()}
    before = {f.name: f for f in against(standings, base)}
    rows: list[dict[str, Any]] = []
    for name, coded in codings.items():
        moved = [_moved(s, shifts[s.name][name]) for s in standings if s.strategic]
        moved += _rivals(session, name, coded, prepared[name])
        rows += [_row(name, f, before[f.name]) for f in against(moved, base)]
    rows += _averaged(session, found, standings, base, before)
    return rows + [{"coding": name, "refused": why} for name, why in refused.items()]


def other_codings(material: Material) -> tuple[dict[str, CodedRecord], dict[str, str]]:
    """Other codings of the case's record by name, and those that no game can explain with the reason."""
    record = material.case.record
    assert record is not None
    now = material.coding
    wanted = {
        f"{block}={reading}": replace(now, blocks=(*now.blocks, f"{block}={reading}"))
        for block, noun in record.blocks.items()
        for reading in noun.readings
        if not any(chosen.startswith(f"{block}=") for chosen in now.blocks)
    }
    wanted |= {name: Coding(coding=name) for name in record.codings if name != now.coding}
    found, refused = {}, {}
    for name, coding in wanted.items():
        try:
            read = read_record(material.source, coding)
        except UnknownCoding as error:
            refused[name] = str(error)
            continue
        if read is not None:
            found[name] = read.coded
    return found, refused


def _shifts(
    session: Session, asked: Asked, data: Mapping[str, Any], prepared: Mapping[str, Evidence]
) -> dict[str, Shift]:
    """By how much each other coding moves a reading's evidence."""
    material = session.material
    reading = reading_of(material, asked)
    sample = weighed_from(dict(data)).sample
    inputs = {
        "sample": digest({"scores": sample.tolist()}),
        "codings": {name: digest(record_key(evidence)) for name, evidence in prepared.items()},
    }

    def compute() -> dict[str, Any]:
        target = Target(material.evidence, free_parameters(material.case, reading), fixed=dict(reading.fixed))
        local = target.near(np.array(data["modes"][0]["scores"]))
        return recoded(
            local, prepared, sample,
            on_step=lambda done, of: session.progress(f"{asked.label}: other codings", done, of),
        )  # fmt: skip

    ratios = session.run.chunk(f"recoded-{asked.label}", compute, inputs=inputs)
    return {name: shift(values) for name, values in ratios.items()}


def _averaged(
    session: Session,
    found: Mapping[Asked, Mapping[str, Any]],
    standings: Sequence[Standing],
    base: str,
    before: Mapping[str, Factor],
) -> list[dict[str, Any]]:
    """Each factor averaged over every combination of the blocks' readings, by the coder's weights."""
    mixed = mixture(session.material)
    if mixed is None:
        return []
    shifts = {asked.label: average_shift(session, asked, data, mixed) for asked, data in found.items()}
    moved = [_moved(s, shifts[s.name]) for s in standings if s.strategic]
    moved += average_rivals(session, standings, mixed, amount=AMOUNT)
    told = {"combinations": len(mixed.records), "covered": mixed.covered}
    return [_row(AVERAGE, f, before[f.name]) | told for f in against(moved, base)]


def _moved(s: Standing, by: Shift) -> Standing:
    """A reading with both estimates moved alike; their doubt stays, and that of the move is added."""
    first, second = (
        replace(e, log_evidence=e.log_evidence + by.nats, flaw="; ".join(filter(None, (e.flaw, by.flaw))))
        for e in (s.first, s.second)
    )
    return replace(s, first=first, second=second)


def _rivals(session: Session, name: str, coded: CodedRecord, evidence: Evidence) -> list[Standing]:
    def compute() -> dict[str, Any]:
        session.progress(f"rivals under {name}", 0, None)
        made = both(session.material, coded, amount=AMOUNT, weighing=WEIGHING, seed=session.seed)
        return {rival: rival_data(value) for rival, value in made.items()}

    inputs = {"record": digest(record_key(evidence)), "seed": session.seed}
    return rival_standings(session.run.chunk(f"evidence-rivals-{name}", compute, inputs=inputs))


def _row(coding: str, now: Factor, before: Factor) -> dict[str, Any]:
    said = ("favoured", "disfavoured", "no finding")
    settled = now.verdict in said and before.verdict in said
    other_sign = (now.log_factor > 0) != (before.log_factor > 0)
    return {
        "coding": coding, "name": now.name, "log_factor": plain(now.log_factor), "verdict": now.verdict,
        "why": now.why, "printed": plain(before.log_factor),
        "flips": now.verdict != before.verdict if settled else bool(other_sign),
    }  # fmt: skip
