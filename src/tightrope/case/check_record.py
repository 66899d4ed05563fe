"""Checks of a case's files and of its record section; the rows themselves are `check_rows`."""

from __future__ import annotations

from tightrope.case.calendar import Period, parse_period
from tightrope.case.check_rows import check_rows, level_of
from tightrope.case.checker import Checker
from tightrope.case.errors import near_or_list
from tightrope.case.folder import named_files
from tightrope.case.marks import Where
from tightrope.case.schema import Record
from tightrope.case.sheet import MAX_PROBLEMS, read_sheet

TOLERANCE = 1e-6


def check_files(checker: Checker) -> None:
    """Every file that the case names is there."""
    for where, name in named_files(checker.case).items():
        path = checker.folder.folder / name
        if not path.exists():
            there = [other.name for other in sorted(checker.folder.folder.iterdir())][:200]
            checker.say(where, f"there is no file {name!r}", near_or_list(name, there))
        elif path.is_dir() and where != ("reference_class",):
            checker.say(where, f"{name!r} is a folder", "name a file")


def check_record(checker: Checker) -> None:
    """Columns map to variables, codes are levels, periods follow each other, ladders declared `up` rise."""
    record = checker.case.record
    if record is None:
        return
    _check_columns(checker, record)
    _check_defaults(checker, record)
    _check_blocks(checker, record)
    events = _event_ids(checker)
    for where, name in [(("record", "file"), record.file), *(
        (("record", "codings", key), file) for key, file in record.codings.items()
    )]:  # fmt: skip
        path = checker.folder.folder / name
        if path.is_file():
            problems = check_rows(checker, where, path, record, events)
            checker.problems += problems[:MAX_PROBLEMS]


def _check_columns(checker: Checker, record: Record) -> None:
    seen: dict[str, str] = {}
    for column, variable in record.columns.items():
        where: Where = ("record", "columns", column)
        if not checker.known(where, variable, checker.levels, "a state or a move"):
            continue
        if variable in seen:
            checker.say(where, f"{variable} is already read from column {seen[variable]!r}")
        seen.setdefault(variable, column)
        state = checker.case.states.get(variable)
        if state is not None and state.latent:
            checker.say(where, f"{variable} is latent, so the record cannot hold it")
    for name, state in checker.case.states.items():
        if not state.latent and name not in seen:
            hint = "map a column to it, or declare it `latent: true`"
            checker.say(("record", "columns"), f"no column holds the state {name!r}", hint, key=True)
    for column, codes in record.codes.items():
        if checker.known(("record", "codes", column), column, record.columns, "a column", key=True):
            variable = record.columns[column]
            for code, level in codes.items():
                if variable in checker.levels:
                    checker.level(("record", "codes", column, code), variable, level)


def _check_defaults(checker: Checker, record: Record) -> None:
    for place, column in enumerate(record.default_columns):
        checker.known(("record", "default_columns", place), column, record.columns, "a column")
    for column, by_code in record.soft.items():
        if not checker.known(("record", "soft", column), column, record.columns, "a column", key=True):
            continue
        for code, weights in by_code.items():
            where: Where = ("record", "soft", column, code)
            _check_code(checker, where, record, column, code, key=True)
            for other, weight in weights.items():
                _check_code(checker, (*where, other), record, column, other, key=True)
                if weight < 0:
                    checker.say((*where, other), "a weight must not be negative")
            if abs(sum(weights.values()) - 1) > TOLERANCE:
                checker.say(where, f"the weights add up to {sum(weights.values()):g}, not to 1")


def _check_code(
    checker: Checker, where: Where, record: Record, column: str, code: str, *, key: bool = False
) -> None:
    variable = record.columns[column]
    if variable in checker.levels and level_of(record, column, code) not in checker.levels[variable]:
        codes = [*record.codes.get(column, ()), *checker.levels[variable]]
        checker.say(where, f"{code!r} is no code of column {column!r}", near_or_list(code, codes), key=key)


def _check_blocks(checker: Checker, record: Record) -> None:
    length = checker.case.calendar.period
    for name, block in record.blocks.items():
        where: Where = ("record", "blocks", name, "readings")
        total = sum(reading.weight for reading in block.readings.values())
        if total >= 1:
            checker.say(where, f"the readings' weights add up to {total:g}; the printed codes keep nothing")
        for key, reading in block.readings.items():
            for place, recode in enumerate(reading.set):
                path = (*where, key, "set", place)
                if checker.known((*path, "column"), recode.column, record.columns, "a column"):
                    _check_code(checker, (*path, "code"), record, recode.column, recode.code)
                ends: list[Period] = []
                for part, text in (("first", recode.first), ("last", recode.last)):
                    if part == "last" and not text:
                        continue  # that period only
                    try:
                        ends.append(parse_period(text, length))
                    except ValueError as error:
                        checker.say((*path, part), str(error))
                if len(ends) == 2 and ends[1] < ends[0]:
                    checker.say((*path, "last"), f"{recode.last} is before {recode.first}")


def _event_ids(checker: Checker) -> set[str] | None:
    """Ids of the events file; None if there is none to compare with."""
    name = checker.case.events
    path = checker.folder.folder / name if name else None
    if path is None or not path.is_file():
        return None
    sheet, problems = read_sheet(path)
    checker.problems += problems[:MAX_PROBLEMS]
    if sheet is None:
        return None
    if "id" not in sheet.header:
        checker.problems.append(sheet.problem(1, "id", "the events have no column 'id'"))
        return None
    ids: set[str] = set()
    kinds = {row.get("kind", "") for _, row in sheet.rows}
    for line, row in sheet.rows:
        if row["id"] in ids:
            checker.problems.append(
                sheet.problem(line, "id", f"event {row['id']!r} stands twice", text=row["id"])
            )
        ids.add(row["id"])
    for observable, seen in checker.case.observables.items():
        for place, kind in enumerate(seen.event_kinds):
            checker.known(("observables", observable, "event_kinds", place), kind, kinds, "a kind of event")
    return ids


def check_ledger(checker: Checker) -> None:
    """Observables that are read from the ledger name an event that it holds."""
    name = checker.case.ledger
    wanted = {
        observable: seen.ledger_event
        for observable, seen in checker.case.observables.items()
        if seen.ledger_event is not None
    }
    path = checker.folder.folder / name if name else None
    if not wanted or (path is not None and not path.is_file()):
        return  # a missing file is named already
    events: set[str] = set()
    if path is not None:
        sheet, problems = read_sheet(path)
        checker.problems += problems[:MAX_PROBLEMS]
        events = {row.get("event", "") for _, row in sheet.rows} if sheet is not None else set()
    for observable, event in wanted.items():
        checker.known(
            ("observables", observable, "ledger_event"), event, sorted(events), "an event of the ledger"
        )
