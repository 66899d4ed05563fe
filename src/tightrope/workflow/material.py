"""Everything a case folder holds, read and made ready: the game, the record, questions and ledger."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from tightrope.case.calendar import parse_period
from tightrope.case.checks import check_case
from tightrope.case.errors import CaseError
from tightrope.case.load import CaseFolder, load_case
from tightrope.case.schema import Case
from tightrope.forecast.ledger import Prediction, load_predictions
from tightrope.forecast.questions import (
    Names,
    Question,
    QuestionError,
    load_questions,
    names_of,
    parse_event,
)
from tightrope.forecast.reference_class import Rate, load_rates
from tightrope.game.compile import Game, compile_game
from tightrope.record.coding import CodedRecord, truncate
from tightrope.record.filter import Evidence
from tightrope.record.likelihood import prepare_record
from tightrope.workflow.coding import Coding, NoRecord, ReadRecord, read_record


@dataclass(frozen=True, eq=False)
class Material:
    """A case folder, read. Parts that the case does not have are empty or None."""

    source: CaseFolder
    game: Game
    record: ReadRecord | None
    questions: tuple[Question, ...]
    live: tuple[Question, ...]
    predictions: tuple[Prediction, ...]
    events: tuple[Mapping[str, str], ...]
    rates: tuple[Rate, ...]
    coding: Coding

    @property
    def coded(self) -> CodedRecord | None:
        """The record as soft evidence, as this run's coding has it."""
        return None if self.record is None else self.record.coded

    @property
    def case(self) -> Case:
        """The case itself."""
        return self.source.case

    @property
    def folder(self) -> Path:
        """Where the case lies."""
        return self.source.folder

    @cached_property
    def evidence(self) -> Evidence:
        """The whole record, prepared for filtering. Raises NoRecord for a case without one."""
        if self.coded is None:
            raise NoRecord(f"the case {self.case.case} has no record to fit; give it one under `record:`")
        return prepare_record(self.game, self.coded)

    @property
    def moves(self) -> tuple[str, ...]:
        """Names of the moves."""
        return self.game.moves

    @property
    def rising(self) -> tuple[str, ...]:
        """State variables that never fall."""
        return tuple(n for n, v in self.case.states.items() if v.direction == "up")

    def known_at(self, period: str) -> Evidence:
        """The record as known when `period` had ended, prepared once."""
        return _known_at(self, period)


@lru_cache(maxsize=64)
def _known_at(material: Material, period: str) -> Evidence:
    assert material.coded is not None
    return prepare_record(material.game, truncate(material.coded, before=str(parse_period(period) + 1)))


def load_material(path: Path | str, *, coding: Coding | None = None) -> Material:
    """Read a case folder whole. `coding` says how to read its record (default: as the case prints it).

    Raises CaseError with every problem found, and the errors of `read_record` and the file readers.
    """
    source = load_case(path)
    problems = check_case(source)
    if problems:
        raise CaseError(problems)
    case, folder = source.case, source.folder
    names = names_of(case)
    _read_mappings(source, names)
    return Material(
        source=source,
        game=compile_game(case),
        record=read_record(source, coding or Coding()),
        questions=load_questions(folder / case.questions, names=names) if case.questions else (),
        live=load_questions(folder / case.live_questions, names=names) if case.live_questions else (),
        predictions=load_predictions(folder / case.ledger) if case.ledger else (),
        events=_rows(folder / case.events) if case.events else (),
        rates=load_rates(folder / case.reference_class / "rates.csv") if case.reference_class else (),
        coding=coding or Coding(),
    )


def _read_mappings(source: CaseFolder, names: Names) -> None:
    """Raise CaseError for each mapping that names no event of the case."""
    asked = parse_period(source.case.calendar.first).start
    problems = []
    for name, mapping in source.case.mappings.items():
        where = ("mappings", name, "reads")
        try:
            if mapping.reads.strip().startswith("event:"):
                raise QuestionError(["event_expression: a mapping must lead to what is coded"])
            parse_event(mapping.reads, names=names, asked=asked, deadline=asked + timedelta(days=3660))
        except QuestionError as error:
            problems += [source.marks.problem(where, text.split(": ", 1)[1]) for text in error.problems]
    if problems:
        raise CaseError(problems)


def _rows(path: Path) -> tuple[Mapping[str, str], ...]:
    with path.open(newline="", encoding="utf-8") as stream:
        return tuple(csv.DictReader(stream))


def model_key(material: Material) -> dict[str, Any]:
    """The parts of a case that a fit depends on, as plain data: not its texts, claims or questions."""
    parts = ("calendar", "players", "states", "terminals", "tables", "define", "period", "payoffs", "start")
    dumped = material.case.model_dump(include=set(parts), mode="python")
    parameters = {
        name: [p.value, p.fixed, {k: str(v) for k, v in p.prior.items()}]
        for name, p in material.case.parameters.items()
    }
    return {"model": _plain(dumped), "parameters": parameters}


def _plain(value: Any) -> Any:
    """Expressions and tuples as text and lists."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items() if k not in ("label", "about", "why")}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, (str, int, float, bool)) or value is None:
        return value
    return str(value)


def record_key(evidence: Evidence) -> dict[str, Any]:
    """The evidence of a prepared record as plain data."""
    support = evidence.support
    return {
        "periods": list(evidence.periods),
        "levels": {n: v.tolist() for n, v in support.levels.items()},
        "weights": {n: v.tolist() for n, v in support.weights.items()},
    }


__all__ = ["Coding", "Material", "NoRecord", "load_material", "model_key", "record_key", "replace"]
