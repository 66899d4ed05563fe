"""Rows of a ledger: each refused with its line or kept, whatever is wrong with the others."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

from tightrope.forecast import ledger_rows
from tightrope.forecast.ledger import LedgerError, load_predictions
from tightrope.forecast.ledger_rows import (
    ledger_text,
    next_id,
    parse_ledger,
    read_events,
    read_ledger,
    resolution_row,
)

FILE = Path(__file__).parents[2] / "cases" / "russia-belarus" / "predictions.csv"
TEXT = FILE.read_text()
HEADER = TEXT.splitlines()[0]
GOOD = 'A{n},2019-03-05,x,analyst,v,"s, with a comma",merger,,,0.4,no,2024-03-05,b,u'
EVENTS = ("merger", "leader-exit")


def parse(*rows, **more):
    return parse_ledger("\n".join([HEADER, *rows]) + "\n", file="p.csv", events=EVENTS, **more)


def test_doctests():
    assert doctest.testmod(ledger_rows).failed == 0


def test_the_cases_ledger_is_sound_and_writes_back_as_it_stands():
    found = read_ledger(FILE)
    assert (len(found.predictions), found.refused) == (191, ())
    assert ledger_text(found.written) == TEXT


def test_the_cases_events_are_listed():
    events = read_events(FILE)
    assert {p.event for p in load_predictions(FILE)} == {e.event for e in events}
    limited = {e.event for e in events if e.scope == "limited"}
    assert {"nuclear-hosting", "constitution", "road-maps"} < limited
    assert [e.event for e in events if e.scope == "whole"] == ["merger"]


FAULTS = [
    ("made_on", "2019-03-05,x", "2019-02-30,x", "made_on: 2019-02-30 is no date"),
    ("month", "2019-03-05,x", "2019-13,x", "made_on: 2019-13 is no date"),
    ("form", "2019-03-05,x", "March 2019,x", "made_on: "),
    ("deadline", "merger,,", "merger,2019-03-04,", "deadline: 2019-03-04 is before the statement"),
    ("broken deadline", "merger,,", "merger,2019-3-4x,", "deadline: "),
    ("resolved", "2024-03-05,b", "2018-01-01,b", "resolved_on: 2018-01-01 is before"),
    ("no date", "2024-03-05,b", ",b", "resolved_on: resolved no without a date"),
    ("open", "no,2024-03-05", "open,2024-03-05", "resolved_on: an open statement has none"),
    ("probability", "0.4,no", "1.4,no", "implied_probability: "),
    ("not a number", "0.4,no", "likely,no", "implied_probability: "),
    ("nan", "0.4,no", "nan,no", "implied_probability: "),
    ("stated", "merger,,,", "merger,,-0.1,", "stated_probability: "),
    ("resolution", "0.4,no", "0.4,maybe", "resolution: "),
    ("event", ",merger,", ",mergre,", "event: no event 'mergre'; did you mean merger?"),
    ("far event", ",merger,", ",eclipse,", "event: no event 'eclipse'; known are merger, leader-exit"),
    ("twice", "A7", "A1", "id: id `A1` is used twice"),
    ("no id", "A7", "", "id: '' needs letters"),
    ("bad id", "A7", "A 7", "id: 'A 7' needs letters"),
    ("resolves nothing", "A7", "B1.r1", "id: B1.r1 resolves B1, which no row above it has"),
    ("out of turn", "A7", "A1.r2", "id: the next resolution row of A1 is A1.r1, not A1.r2"),
    ("too short", ",b,u", ",b", "13 fields where the header has 14"),
    ("too long", ",b,u", ",b,u,w", "15 fields where the header has 14"),
    ("open quote", ',"s, with a comma"', ',"s, with a comma', "fields where the header has 14"),
]


@pytest.mark.parametrize(("old", "new", "words"), [fault[1:] for fault in FAULTS], ids=[f[0] for f in FAULTS])
def test_a_faulty_row_is_refused_with_its_line_and_the_rest_kept(old, new, words):
    row = GOOD.format(n=7)
    assert old in row
    found = parse(GOOD.format(n=1), GOOD.format(n=2), row.replace(old, new), "", GOOD.format(n=3))
    assert [p.id for p in found.predictions] == ["A1", "A2", "A3"]
    (refused,) = found.refused
    assert refused.line == 4
    assert refused.text.rstrip("\n") == row.replace(old, new)
    assert any(p.startswith("p.csv:4: ") and words in p for p in refused.problems), refused.problems


def test_every_fault_at_once_loses_no_line():
    rows = [GOOD.format(n=1), GOOD.format(n=2)]
    rows += [
        GOOD.format(n=100 + k).replace(f"A{100 + k}", "A7").replace(a, b)
        for k, (_, a, b, _) in enumerate(FAULTS)
    ]
    found = parse(*rows)
    kept = len(found.written) + len(found.refused)
    assert kept == len(rows)
    lines = [r.line for r in found.refused]
    assert lines == sorted(set(lines))
    assert all(f"p.csv:{r.line}: " in p for r in found.refused for p in r.problems)


def test_a_quoted_field_may_hold_lines():
    row = GOOD.format(n=1).replace("with a comma", "one\nand two")
    found = parse(row, GOOD.format(n=2).replace("0.4", "4"))
    assert found.predictions[0].statement == "s, one\nand two"
    assert found.refused[0].line == 4
    again = parse_ledger(ledger_text(found.written), file="p.csv")
    assert again.written == found.written


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (HEADER.replace("made_on", "made"), "p.csv:1: no column made_on"),
        (HEADER.replace("venue", "venu"), "did you mean venue"),
        (HEADER + ",event", "named twice"),
    ],
)
def test_a_faulty_header_is_named(header, words):
    with pytest.raises(LedgerError, match=words):
        parse_ledger(header + "\n", file="p.csv")


def test_a_resolution_is_a_row_of_its_own_and_the_last_one_counts():
    opened = GOOD.format(n=1).replace("no,2024-03-05,b", "open,,")
    rows = list(parse(opened, GOOD.format(n=2)).written)
    first = resolution_row(rows, "A1", resolution="no", resolved_on="2024-03-05", basis="five years")
    second = resolution_row(
        [*rows, first], "A1", resolution="yes", resolved_on="2024-02-01", basis="seen later"
    )
    assert (first.id, second.id) == ("A1.r1", "A1.r2")
    text = ledger_text([*rows, first, second])
    assert text.startswith(ledger_text(rows))
    found = parse_ledger(text, file="p.csv", events=EVENTS)
    assert [p.id for p in found.predictions] == ["A1", "A2"]
    folded = found.predictions[0]
    assert (folded.resolution, str(folded.resolved_on), folded.resolution_basis) == (
        "yes",
        "2024-02-01",
        "seen later",
    )
    assert found.written[0] == rows[0]


def test_a_resolution_row_changes_nothing_else():
    changed = GOOD.format(n=1).replace("A1", "A1.r1").replace("0.4", "0.9").replace("analyst", "poll")
    found = parse(GOOD.format(n=1), changed)
    assert len(found.refused[0].problems) == 2
    assert "implied_probability: a resolution row changes it" in found.refused[0].problems[1]
    with pytest.raises(LedgerError, match="no statement A11; did you mean A1"):
        resolution_row(found.written, "A11", resolution="no", resolved_on="2024-03-05", basis="")
    with pytest.raises(LedgerError, match="is before the statement"):
        resolution_row(found.written, "A1", resolution="yes", resolved_on="2001-03-05", basis="")


def test_ids_go_on_after_the_last():
    assert next_id(load_predictions(FILE)) == "P192"
    assert next_id(parse(GOOD.format(n=9), GOOD.format(n=10)).written) == "A11"


def test_a_row_that_is_there_already_is_left_out_and_one_that_clashes_is_not():
    there = parse(GOOD.format(n=1)).written
    again = parse(GOOD.format(n=1), GOOD.format(n=2), GOOD.format(n=1).replace("0.4", "0.5"), before=there)
    assert (again.repeated, [p.id for p in again.written]) == (1, ["A2"])
    assert again.refused[0].problems == ("p.csv:4: id: id `A1` is used twice",)
    assert [p.id for p in again.predictions] == ["A1", "A2"]


def test_a_list_of_events_must_say_their_scope(tmp_path):
    (tmp_path / "x-events.csv").write_text("event,scope,meaning\nmerger,all,m\n")
    with pytest.raises(LedgerError, match=r"x-events\.csv:2: needs an event and a scope"):
        read_events(tmp_path / "x.csv")
    assert read_events(tmp_path / "y.csv") is None
