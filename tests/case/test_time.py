"""Cases as large as the limits allow, and as wrong as can be, are still judged within seconds."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from tests.case.strategies import rendered
from tightrope.case.checks import check_case
from tightrope.case.errors import CaseError
from tightrope.case.load import load_case

SECONDS = 30.0


def base() -> dict[str, Any]:
    return {
        "case": "large", "title": "t", "calendar": {"period": "year", "first": "2000"},
        "players": {"p": {"label": "p", "discount": "0.9"}},
        "states": {"s0": {"label": "s", "levels": ["low", "high"]}},
        "parameters": {"alpha": {"value": "1", "fixed": "true", "why": "x"}}, "define": {},
        "period": [{"move": "m", "player": "p", "actions": ["go", "wait"], "precision": "1"}],
        "payoffs": {"p": {"t": "1"}}, "start": {"s0": "low"},
    }  # fmt: skip


def undefined_names(data: dict[str, Any]) -> None:
    for number in range(900):
        data["parameters"][f"parameter_{number}"] = {"value": "1", "fixed": "true", "why": "x"}
        data["define"][f"d{number}"] = " + ".join(f"paremeter_{number}{n}" for n in range(60))


def a_dense_circle(data: dict[str, Any]) -> None:
    for number in range(990):
        data["define"][f"d{number}"] = "+".join(f"d{(number + n) % 990}" for n in range(1, 99))


def long_conditions(data: dict[str, Any]) -> None:
    actions = [f"a{n}" for n in range(12)]
    for number in range(3):
        data["states"][f"x{number}"] = {"label": "x", "levels": actions, "latent": "true"}
        data["start"][f"x{number}"] = "a0"
    test = " or ".join(f"x{n % 3} == a{n % 12}" for n in range(95))
    data["define"]["test"] = f"({test}) and x0 + x1 + x2 > 99"
    data["period"] = [
        {"move": f"m{n}", "player": "p", "actions": actions, "precision": "1",
         "available": dict.fromkeys(actions[:2], "test")}
        for n in range(30)
    ]  # fmt: skip


def unknown_keys(data: dict[str, Any]) -> None:
    for number in range(990):
        data["parameters"][f"p{number}"] = dict.fromkeys((f"valeu{n}" for n in range(20)), "1")


def big_tables(data: dict[str, Any]) -> None:
    levels = [f"l{n}" for n in range(12)]
    for number in range(4):
        data["states"][f"x{number}"] = {"label": "x", "levels": levels, "latent": "true"}
        data["start"][f"x{number}"] = "l0"
    for number in range(490):
        data["tables"] = data.get("tables", {})
        data["tables"][f"t{number}"] = {"by": ["x0", "x1", "x2", "x3"], "values": {"l0": {}}}


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(undefined_names, marks=pytest.mark.long),
        a_dense_circle,
        long_conditions,
        unknown_keys,
        big_tables,
    ],
)
def test_a_large_case_is_judged_within_seconds(make: Any, tmp_path: Path) -> None:
    data = base()
    make(data)
    (tmp_path / "case.yaml").write_text(rendered(data)[0], encoding="utf-8")
    began = time.process_time()
    try:
        problems = check_case(load_case(tmp_path))
    except CaseError as error:
        problems = list(error.problems)
    assert time.process_time() - began < SECONDS
    assert 0 < len(problems) <= 1_201


def test_a_long_record_full_of_faults_is_judged_within_seconds(tmp_path: Path) -> None:
    data = base()
    data["record"] = {"file": "record.csv", "period_column": "period", "columns": {"s0": "s0"}}
    (tmp_path / "case.yaml").write_text(rendered(data)[0], encoding="utf-8")
    (tmp_path / "record.csv").write_text("period,s0\n" + "2000,lwo\n" * 90_000, encoding="utf-8")
    began = time.process_time()
    problems = check_case(load_case(tmp_path))
    assert time.process_time() - began < SECONDS
    assert 100 < len(problems) <= 200
