from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tightrope.report import text
from tightrope.report.blocks import safe_link


@given(st.floats(0.0, 1.0))
def test_no_probability_prints_as_never_or_always(p: float) -> None:
    words = text.percent(p).replace(text.SPACE, " ")
    assert words not in ("0 %", "0.0 %", "100 %", "100.0 %")
    value = float(re.sub("[<>%]", "", words)) / 100
    assert abs(value - p) <= 0.005 + 1e-12
    if words.startswith("<"):
        assert p < 0.001
    if words.startswith(">"):
        assert p > 0.999


@given(st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_larger_probability_never_prints_smaller(a: float, b: float) -> None:
    def value(p: float) -> float:
        words = text.percent(p).replace(f"{text.SPACE}%", "")
        return float(words.strip("<>")) + {"<": -0.05, ">": 0.05}.get(words[0], 0.0)

    low, high = sorted((a, b))
    assert value(low) <= value(high)


@pytest.mark.parametrize("p", [-0.01, 1.01])
def test_no_probability_outside_nought_and_one(p: float) -> None:
    with pytest.raises(ValueError, match="lies in"):
        text.percent(p)


def test_unknown_numbers_print_as_a_dash() -> None:
    nan = float("nan")
    printed = [
        text.percent(nan),
        text.percent(None),
        text.number(nan),
        text.score(None),
        text.interval(nan, 0.2),
    ]
    assert printed == [text.NOTHING] * 5


@given(st.floats(-1e9, 1e9))
def test_number_keeps_three_digits(x: float) -> None:
    back = float(text.number(x).replace(text.MINUS, "-"))
    assert back == pytest.approx(x, rel=0.06 if abs(x) >= 1e6 or abs(x) < 1e-4 else 0.006, abs=1e-300) or (
        (abs(x) < 1e-4 or abs(x) >= 1e6) and back == pytest.approx(x, rel=0.6)
    )


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "data:text/html,x", "//example.org", "http://", "", "https:example", "http://[x"],
)
def test_only_web_addresses_become_links(url: str) -> None:
    assert safe_link(url) == ""
