"""A broken case gives a problem at the right line, whatever the case; never another exception."""

from __future__ import annotations

import contextlib
import copy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.case.mutations import MUTATIONS
from tests.case.strategies import Data, cases, record_rows, rendered, write_case
from tightrope.case.checks import check_case
from tightrope.case.errors import CaseError, Problem
from tightrope.case.load import case_from_source, load_case
from tightrope.case.source import source_from_bytes

CALM = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large]


def problems_of(folder: Path) -> list[Problem]:
    try:
        return check_case(load_case(folder))
    except CaseError as error:
        return list(error.problems)


@pytest.mark.parametrize("name", MUTATIONS)
@settings(max_examples=3, deadline=None, suppress_health_check=CALM)
@given(data=cases())
def test_each_fault_is_named_at_its_line(name: str, data: Data, tmp_path: Path) -> None:
    rows = record_rows(data)
    broken = copy.deepcopy(data)
    where, words = MUTATIONS[name](broken)
    places = write_case(broken, tmp_path, rows=rows)
    problems = problems_of(tmp_path)
    at_line = [problem for problem in problems if problem.line == places[where]]
    assert any(words in f"{problem.message} {problem.hint}" for problem in at_line), [
        problem.format() for problem in problems
    ]
    assert all(problem.path.endswith(("case.yaml", "record.csv")) for problem in problems)


@settings(max_examples=40, deadline=None, suppress_health_check=CALM)
@given(data=cases(), names=st.lists(st.sampled_from(sorted(MUTATIONS)), min_size=2, max_size=5, unique=True))
def test_many_faults_at_once_never_raise(data: Data, names: list[str], tmp_path: Path) -> None:
    rows = record_rows(data)
    for name in names:
        try:
            MUTATIONS[name](data)
        except (KeyError, TypeError, AttributeError, StopIteration):
            continue  # an earlier mutation took away what this one breaks
    write_case(data, tmp_path, rows=rows)
    assert problems_of(tmp_path)


def _paths(value: Any, where: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [where, *(path for key, inner in items for path in _paths(inner, (*where, key)))]


JUNK = st.one_of(
    st.sampled_from(
        ["", "~", "true", "0", "-1", "nan", "1e999", "x", "s0 == none", "((((", "a.b", "none", "down"]
    ),
    st.text(max_size=8),
    st.just([]),
    st.just({}),
    st.lists(st.sampled_from(["x", "none", "1"]), max_size=3),
    st.dictionaries(st.sampled_from(["x", "none", "logit", "up", "when", "move"]), st.just("1"), max_size=3),
)


@settings(max_examples=120, deadline=None, suppress_health_check=CALM)
@given(data=cases(), draw=st.data())
def test_junk_anywhere_never_raises(data: Data, draw: st.DataObject, tmp_path: Path) -> None:
    rows = record_rows(data)
    for _ in range(draw.draw(st.integers(1, 3))):
        *parents, key = draw.draw(st.sampled_from(_paths(data)[1:]))
        holder = data
        for parent in parents:
            holder = holder[parent]
        if draw.draw(st.booleans()):
            holder[key] = draw.draw(JUNK)
        elif isinstance(holder, dict):
            holder[draw.draw(st.sampled_from(["zzz", "levels", "min", "s0", "gone"]))] = holder.pop(key)
        else:
            del holder[key]
    write_case(data, tmp_path, rows=rows)
    for problem in problems_of(tmp_path):
        assert problem.message
        assert problem.format().startswith(problem.place)


@settings(max_examples=200, deadline=None)
@given(text=st.text(alphabet=st.sampled_from(list("ab:-[]{}#&*!|>'\"%@`,? \n\t\\0~\x00\x1b\ufeff\u2028é"))))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(CaseError):  # anything else fails the test
        case_from_source(source_from_bytes(text.encode()))


@settings(max_examples=100, deadline=None)
@given(raw=st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    with contextlib.suppress(CaseError):
        source_from_bytes(raw)


@settings(max_examples=5, deadline=None, suppress_health_check=CALM)
@given(drawn=cases())
def test_all_faults_come_at_once_sorted_by_line(drawn: Data, tmp_path: Path) -> None:
    data = copy.deepcopy(drawn)
    chosen = ["name_that_is_not_defined", "parameter_without_priors", "table_with_a_gap", "start_at_no_level",
              "breaks_by_nothing", "discount_of_one"]  # fmt: skip
    expected = [MUTATIONS[name](data) for name in chosen]
    places = write_case(data, tmp_path)
    problems = problems_of(tmp_path)
    assert sorted(problem.line for problem in problems) == [problem.line for problem in problems]
    assert {places[where] for where, _ in expected} == {problem.line for problem in problems}


def test_a_problem_shows_the_line_a_caret_and_a_near_match() -> None:
    text = "case: x\ntitle: t\ncalendar: {period: quarter, frist: 1996Q1}\n"
    with pytest.raises(CaseError) as caught:
        case_from_source(source_from_bytes(text.encode(), path="my/case.yaml"))
    formatted = caught.value.problems[-1].format()
    assert formatted.splitlines() == [
        "my/case.yaml:3:29: calendar.frist: 'frist' is not a key here",
        "    calendar: {period: quarter, frist: 1996Q1}",
        "                                ^",
        "    did you mean first?",
    ]


def test_the_caret_stands_under_the_faulty_name_in_a_folded_expression(tmp_path: Path) -> None:
    from tightrope.case.new import scaffold

    scaffold(tmp_path, name="folded")
    path = tmp_path / "case.yaml"
    text = path.read_text(encoding="utf-8").replace(
        "    support: -support_cost*support\n",
        "    support: >-\n      -support_cost*support\n      + 2*suport\n",
    )
    path.write_text(text, encoding="utf-8")
    (problem,) = problems_of(tmp_path)
    assert problem.source[problem.column - 1 :] == "suport"
    assert problem.hint == "did you mean support?"


def test_control_characters_never_reach_the_screen() -> None:
    text, _ = rendered({"case": "x", "tit\x1b[31mle": "t"})
    with pytest.raises(CaseError) as caught:
        case_from_source(source_from_bytes(text.encode()))
    assert "\x1b" not in str(caught.value)
