"""Faults in numbers, planted in the template case and found again where they stand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.command import tightrope
from tests.workflow.small import silent, small_case
from tightrope.case.checks import check_case
from tightrope.case.errors import CaseError, Problem
from tightrope.case.load import load_case
from tightrope.case.schema import PRIOR_CLASSES
from tightrope.fit.priors import distribution
from tightrope.workflow import solve_case
from tightrope.workflow.checking import check_draws, spread

FADES, STEP = "down: {hazard: threat_fades}", "{up: {hazard: 0.01 + step_rate*yields}}"
PRECISION = 'precision: {value: 2.0, fixed: true, why: "How closely choices follow payoffs; sets the scale."}'

FOUR = "".join(f"  {name}: {{about: nothing, set: {{}}}}\n" for name in "abcd")


def found(folder: Path, edits: dict[str, str]) -> tuple[list[Problem], list[str]]:
    """What the draws show of the edited template, and the lines of its file. Its static checks must pass."""
    case = load_case(small_case(folder, edits=edits))
    assert check_case(case) == []
    return check_draws(case), (folder / "case.yaml").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(
    ("edits", "where", "text", "words"),
    [
        (
            {STEP: "{up: {prob: step_rate*yields}}"},
            "period[3].steps.up.prob",
            "step_rate*yields",
            ["a probability leaves [0, 1]", "of 1,000 draws of the agnostic priors", "`logit` and `hazard`"],
        ),
        (
            {FADES: "down: {hazard: 0.3 - threat_fades}"},
            "period[0].steps.down.hazard",
            "0.3 - threat_fades",
            ["a rate is below zero", "argument priors", "agnostic priors", "max(…, 0)"],
        ),
        (
            {"-0.5*yields": "log(threat_worth - 1)*yields"},
            "payoffs.south.step",
            "log(threat_worth - 1)",
            ["not a finite number", "at worst no number", "the case's own values"],
        ),
        (
            {PRECISION: PRECISION.replace("2.0", "-1"), "\nablations:\n": "\nablations:\n" + FOUR},
            "period[1].precision",
            "precision: precision",
            [
                "a precision is not above zero (at worst -1)",
                "1,000 of 1,000",
                "ablation b and 3 more settings",
            ],
        ),
        (
            {
                "set: {threat_worth: 0}": "set: {step_rate: 0}",
                "0.01 + step_rate*yields": "step_rate - 1e-300",
            },
            "period[3].steps.up.hazard",
            "1e-300",
            ["a rate is below zero (at worst -1e-300) at ablation no_threat_worth"],
        ),
    ],
)
def test_a_fault_in_numbers_is_named_where_it_stands(
    edits: dict[str, str], where: str, text: str, words: list[str], tmp_path: Path
) -> None:
    problems, lines = found(tmp_path / "small", edits)
    at = [problem for problem in problems if problem.where == where]
    assert len(at) == 1, problems
    (problem,) = at
    assert text in problem.source == lines[problem.line - 1]
    assert problem.column > 1
    for word in words:
        assert word in problem.format(), problem.format()


def test_only_what_is_broken_is_named(tmp_path: Path) -> None:
    problems, _ = found(tmp_path / "small", {STEP: "{up: {prob: step_rate*yields}}"})
    assert [problem.where for problem in problems] == ["period[3].steps.up.prob"]
    assert "ablation" not in problems[0].message  # the case's own value of 0.8 is legal, with or without it


def test_two_faults_come_in_the_order_of_their_lines(tmp_path: Path) -> None:
    problems, _ = found(
        tmp_path / "small",
        {STEP: "{up: {prob: step_rate*yields}}", FADES: "down: {hazard: 0.3 - threat_fades}"},
    )
    assert [problem.where for problem in problems] == [
        "period[0].steps.down.hazard",
        "period[3].steps.up.prob",
    ]
    assert problems[0].line < problems[1].line


def test_each_stretch_of_each_prior_is_looked_at(tmp_path: Path) -> None:
    """A Latin hypercube: sorted by its prior's distribution function, a column has one draw a stretch."""
    case = load_case(small_case(tmp_path / "small")).case
    size = 40
    for name in PRIOR_CLASSES:
        thetas = spread(case, name, size=size, seed=3)
        assert thetas.shape == (size, len(case.parameters))
        assert np.array_equal(thetas, spread(case, name, size=size, seed=3))
        for k, parameter in enumerate(case.parameters.values()):
            if parameter.fixed:
                assert (thetas[:, k] == parameter.value).all()
            else:
                shares = np.sort(distribution(parameter.prior[name]).cdf(thetas[:, k]))
                assert (np.floor(shares * size) == np.arange(size)).all()


def test_the_command_fails_with_the_line_and_a_run_refuses_the_case(tmp_path: Path) -> None:
    case = small_case(tmp_path / "small", edits={STEP: "{up: {prob: step_rate*yields}}"})
    done = tightrope("check", str(case))
    assert done.returncode == 1
    line = next(
        n for n, text in enumerate((case / "case.yaml").read_text().splitlines(), 1) if "prob:" in text
    )
    assert done.stdout.startswith(f"{case / 'case.yaml'}:{line}:")
    assert "steps: {up: {prob: step_rate*yields}}" in done.stdout
    assert done.stdout.rstrip().endswith("1 problem")
    data: dict[str, Any] = json.loads(tightrope("check", str(case), "--json").stdout)
    assert (data["sound"], data["draws"], len(data["problems"])) == (False, 1000, 1)
    assert data["problems"][0]["line"] == line
    files_only = tightrope("check", str(case), "--draws", "0")
    assert (files_only.returncode, files_only.stderr) == (0, "")
    with pytest.raises(CaseError, match=rf"case.yaml:{line}:"):
        solve_case(case, out=tmp_path / "runs", quick=True, notice=silent)


def test_the_template_and_no_free_parameter_at_all_are_sound(tmp_path: Path) -> None:
    folder = load_case(small_case(tmp_path / "small"))
    assert check_draws(folder) == []
    assert check_draws(folder, draws=7) == []
