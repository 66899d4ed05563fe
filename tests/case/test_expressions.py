"""Expressions: text and tree agree, Python agrees on precedence, and nothing can hurt."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tightrope.case import syntax as s
from tightrope.case.evaluate import Point, value_of
from tightrope.case.parse import MAX_DEPTH, MAX_HEIGHT, ExpressionError, parse, to_expression
from tightrope.case.resolve import Scope, names_in, resolve, resolve_all

NAMES = st.sampled_from(["alpha", "b2", "_c", "notable", "android", "orbit", "minimum", "e5"])
NUMBERS = st.one_of(
    st.integers(0, 10**9).map(float),
    st.floats(0, 1e300, allow_nan=False, allow_infinity=False),
    st.sampled_from([0.0, 1e-300, 0.1, 5e-324]),
)
LEAVES = st.one_of(NUMBERS.map(s.Number), NAMES.map(s.Name))


def _trees(inner: st.SearchStrategy[s.Node]) -> st.SearchStrategy[s.Node]:
    binary = st.sampled_from(["+", "-", "*", "/"])
    compare = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
    exponents = st.integers(-16, 16).map(lambda n: s.Number(float(n)))
    calls = [
        st.tuples(*[inner] * count).map(lambda arguments, name=name: s.Call(name, arguments))
        for name, (fewest, most) in s.FUNCTIONS.items()
        for count in {fewest, most}
    ]
    return st.one_of(
        inner.map(s.Negate),
        inner.map(s.Not),
        st.builds(s.Binary, binary, inner, inner),
        st.builds(s.Binary, st.just("**"), inner, exponents),
        st.builds(s.Compare, compare, inner, inner),
        st.builds(s.Logic, st.sampled_from(["and", "or"]), st.tuples(inner, inner, inner)),
        *calls,
    )


def written(node: s.Node) -> str:
    """An expression as text, with parentheses around every part."""
    match node:
        case s.Number(value):
            return repr(value)
        case s.Name(name):
            return name
        case s.Negate(operand):
            return f"(-{written(operand)})"
        case s.Not(operand):
            return f"(not {written(operand)})"
        case s.Binary("**", left, s.Number(power)):
            return f"({written(left)}**{power:g})"
        case s.Binary(operator, left, right) | s.Compare(operator, left, right):
            return f"({written(left)} {operator} {written(right)})"
        case s.Logic(operator, operands):
            return f"({f' {operator} '.join(written(operand) for operand in operands)})"
        case s.Call(function, arguments):
            return f"{function}({', '.join(written(argument) for argument in arguments)})"
    raise AssertionError(node)


def flattened(node: s.Node) -> s.Node:
    """The tree with columns dropped, and logic inside like logic on its left joined, as parsing does."""
    match node:
        case s.Name(name):
            return s.Name(name)
        case s.Negate(operand):
            return s.Negate(flattened(operand))
        case s.Not(operand):
            return s.Not(flattened(operand))
        case s.Binary(operator, left, right):
            return s.Binary(operator, flattened(left), flattened(right))
        case s.Compare(operator, left, right):
            return s.Compare(operator, flattened(left), flattened(right))
        case s.Logic(operator, operands):
            first, *rest = (flattened(operand) for operand in operands)
            same = isinstance(first, s.Logic) and first.operator == operator
            return s.Logic(operator, (*(first.operands if same else (first,)), *rest))  # type: ignore[union-attr]
        case s.Call(function, arguments):
            return s.Call(function, tuple(flattened(argument) for argument in arguments))
        case _:
            return node


@settings(max_examples=300, deadline=None)
@given(node=st.recursive(LEAVES, _trees, max_leaves=12))
def test_a_tree_written_and_parsed_is_the_same_tree(node: s.Node) -> None:
    assert flattened(parse(written(node))) == flattened(node)


VALUES = {"a": 0.75, "b": -1.5, "c": 2.0}


@st.composite
def loose_text(draw: st.DrawFn, depth: int = 3) -> str:
    """Arithmetic as people write it, with few parentheses."""
    if depth == 0:
        return draw(st.sampled_from(["a", "b", "c", "2", "0.5", "3"]))
    x, y = draw(loose_text(depth - 1)), draw(loose_text(depth - 1))
    atom = draw(st.sampled_from(["a", "b", "c", "2"]))
    return draw(
        st.sampled_from(
            [
                f"{x} + {y}", f"{x} - {y}", f"{x}*{y}", f"{x} / {atom}", f"-{x}", f"-{atom}**2",
                f"{atom}**2 - {y}",
                f"2*-{atom}", f"({x})*({y})", f"min({x}, {y})", f"max({x}, {y}, {atom})", f"+{x}",
                f"{atom}**-2*{y}",
            ]
        )
    )  # fmt: skip


@st.composite
def loose_conditions(draw: st.DrawFn, depth: int = 2) -> str:
    if depth == 0:
        operator = draw(st.sampled_from(["==", "!=", "<", "<=", ">", ">="]))
        return f"{draw(loose_text(1))} {operator} {draw(loose_text(1))}"
    x, y = draw(loose_conditions(depth - 1)), draw(loose_conditions(depth - 1))
    return draw(
        st.sampled_from(
            [
                f"{x} and {y}",
                f"{x} or {y}",
                f"not {x} or {y}",
                f"not not {x}",
                f"not ({x})",
                f"({x} or {y}) and {x}",
            ]
        )
    )


def python_value(text: str) -> float:
    names = {"min": min, "max": max, "__builtins__": {}, **VALUES}
    return float(eval(text, names))


def own_value(text: str) -> float:
    node = resolve(parse(text), Scope(variables={}, parameters=frozenset(VALUES)))
    return value_of(node, Point({}, VALUES))


@settings(max_examples=120, deadline=None)
@given(text=st.one_of(loose_text(), loose_conditions()))
def test_python_reads_arithmetic_and_conditions_the_same_way(text: str) -> None:
    assert own_value(text) == pytest.approx(python_value(text), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("where(a > 0, 1, 1/0)", 1.0), ("where(a < 0, 1/0, 2)", 2.0), ("clip(5, 0, a)", 0.75),
        ("exp(0)", 1.0), (".5", 0.5),
        ("log(exp(2))", 2.0), ("sqrt(9)", 3.0), ("logistic(0)", 0.5), ("logistic(-1000)", 0.0),
        ("1 - 2 - 3", -4.0), ("8/4/2", 1.0), ("2**3*2", 16.0), ("not a == b", 1.0), ("1.5e2", 150.0),
    ],
)  # fmt: skip
def test_values_of_the_functions(text: str, value: float) -> None:
    assert own_value(text) == pytest.approx(value, rel=1e-14)


@pytest.mark.parametrize(
    "text", ["1/0", "log(0)", "log(-1)", "sqrt(-1)", "exp(1000)", "0**-1", "1e300*1e300"]
)
def test_a_value_that_is_not_finite_raises(text: str) -> None:
    with pytest.raises((ArithmeticError, ValueError)):
        own_value(text)


@contextmanager
def shallow_stack(frames: int) -> Iterator[None]:
    """Leave only so many frames of recursion."""
    depth, frame = 0, sys._getframe()
    while frame is not None:
        depth, frame = depth + 1, frame.f_back  # type: ignore[assignment]
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(depth + frames)
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("(" * 250 + "1" + ")" * 250, f"nested deeper than {MAX_DEPTH}"),
        ("-" * 500 + "1", f"nested deeper than {MAX_DEPTH}"),
        ("not (" * 150 + "1" + ")" * 150, f"nested deeper than {MAX_DEPTH}"),
        ("exp(" * 150 + "1" + ")" * 150, f"nested deeper than {MAX_DEPTH}"),
        ("+".join(["a"] * 250), f"more than {MAX_HEIGHT} operations"),
        ("a+" * 400, "more than 600 parts"),
        ("a" * 5000, "longer than 4,000 characters"),
        ("2**17", "may not exceed 16"),
        ("2**-17", "may not exceed 16"),
        ("2**9**9", "cannot be chained"),
        ("2**(9)", "must be a written number"),
        ("2**a", "must be a written number"),
        ("1e999", "too large a number"),
        ("a < b < c", "cannot be chained"),
        ("a.b", "there are no attributes"),
        ("'a'", "there are no strings"),
        ("t[0]", "without an index"),
        ("a = b", "compare with =="),
        ("open(1)", "is not a function"),
        ("__import__(1)", "is not a function"),
        ("lambda x", "was not expected"),
        ("exp()", "takes 1 arguments, not 0"),
        ("mix(a, b)", "did you mean min?"),
        ("2a", "runs into a name"),
        ("1 +", "ends too early"),
        ("", "ends too early"),
        ("(1", "expected ')'"),
        ("1)", "was not expected"),
        ("é + 1", "has no place"),
        ("٣", "has no place"),
    ],
)
def test_what_an_expression_may_not_do_is_refused_by_name(text: str, words: str) -> None:
    began = time.process_time()
    with shallow_stack(4 * MAX_DEPTH + 40), pytest.raises(ExpressionError) as caught:
        parse(text)
    assert words in str(caught.value)
    assert 0 <= caught.value.column <= len(text)
    assert time.process_time() - began < 10.0


def test_the_tallest_tree_can_be_walked_on_a_small_stack() -> None:
    node = parse("+".join(["a"] * MAX_HEIGHT))
    assert s.height(node) == MAX_HEIGHT
    with shallow_stack(3 * MAX_HEIGHT + 60):
        resolved, faults = resolve_all(node, Scope(variables={}, parameters=frozenset("a")))
        assert not faults
        assert value_of(resolved, Point({}, {"a": 0.5})) == MAX_HEIGHT / 2
        assert resolve(node, Scope(variables={}, parameters=frozenset("a"))) == resolved


@settings(max_examples=300, deadline=None)
@given(text=st.text(alphabet="ab01.+-*/()<>=!, \t\nnotadr'[é", max_size=60))
def test_any_text_parses_or_is_refused(text: str) -> None:
    try:
        node = to_expression(text).node
    except ValueError:
        return
    assert s.height(node) <= MAX_HEIGHT
    assert all(math.isfinite(part.value) for part in s.walk(node) if isinstance(part, s.Number))


SCOPE = Scope(
    variables={"regime": ("crisis", "shaky", "secure"), "west": ("open", "frozen")},
    parameters=frozenset({"pain", "crisis"}),
    tables=frozenset({"support"}),
    defines=frozenset({"in_crisis"}),
)


def test_in_a_comparison_a_level_comes_before_anything_else() -> None:
    assert resolve(parse("regime == crisis"), SCOPE) == s.Compare("==", s.Variable("regime"), s.Number(0.0))
    assert resolve(parse("secure > regime"), SCOPE) == s.Compare(">", s.Number(2.0), s.Variable("regime"))
    assert resolve(parse("regime == pain"), SCOPE) == s.Compare(
        "==", s.Variable("regime"), s.Parameter("pain")
    )
    assert resolve(parse("crisis"), SCOPE) == s.Parameter("crisis")
    assert resolve(parse("support*in_crisis"), SCOPE) == s.Binary(
        "*", s.TableValue("support"), s.Defined("in_crisis")
    )


@pytest.mark.parametrize(
    ("text", "hints"),
    [
        ("pian + suport", ["did you mean pain?", "did you mean support?"]),
        ("regime == criss", ["did you mean crisis?"]),
        ("regime == zzz", ["it has crisis, shaky, secure"]),
        ("shaky + 1", ["it is a level of regime: write regime == shaky"]),
        ("west == crisis and regime == opn", [""]),
    ],
)
def test_every_faulty_name_is_reported_with_a_near_match(text: str, hints: list[str]) -> None:
    _, faults = resolve_all(parse(text), SCOPE)
    if hints != [""]:
        assert [fault.hint for fault in faults] == hints
    assert all(text[fault.column].isalpha() for fault in faults)
    with pytest.raises(ExpressionError) as caught:
        resolve(parse(text), SCOPE)
    assert (caught.value.message, caught.value.column) == (faults[0].message, faults[0].column)


def test_names_come_in_the_order_of_the_text() -> None:
    assert names_in(parse("b + a*b - min(c, a)")) == ("b", "a", "c")


def test_columns_point_at_the_name() -> None:
    text = "1 + 2*alpha - where(beta > 0, gamma, 3)"
    for part in s.walk(parse(text)):
        if isinstance(part, s.Name):
            assert text[part.column :].startswith(part.id)


def test_definitions_that_double_cost_no_time() -> None:
    from tests.case.strategies import rendered
    from tightrope.case.load import case_from_source
    from tightrope.case.mentions import mentions_of
    from tightrope.case.source import source_from_bytes

    define = {"d0": "alpha"} | {f"d{n}": f"d{n - 1} + d{n - 1}" for n in range(1, 70)}
    data = {
        "case": "x", "title": "x", "calendar": {"period": "year", "first": "2000"},
        "players": {"p": {"label": "p", "discount": "0.9"}},
        "states": {"s0": {"label": "s", "levels": ["low", "high"]}},
        "parameters": {"alpha": {"value": "1", "fixed": "true", "why": "x"}}, "define": define,
        "period": [{"move": "m", "player": "p", "actions": ["go", "wait"], "precision": "1"}],
        "payoffs": {"p": {"t": "d69"}}, "start": {"s0": "low"},
    }  # fmt: skip
    case = case_from_source(source_from_bytes(rendered(data)[0].encode()))
    began = time.process_time()
    mentions = mentions_of(case, Scope.of(case))
    assert mentions.known["d69"].parameters == {"alpha"}
    point = Point({}, {"alpha": 1.0}, {}, mentions.defines)
    assert value_of(s.Defined("d69"), point) == 2.0**69
    assert time.process_time() - began < 10.0
