"""The command line: fast to start, data on stdout, words on stderr, exit codes that mean something."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import time
import types
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.command import tightrope
from tightrope import __version__
from tightrope.case.errors import CaseError, Problem
from tightrope.cli import app
from tightrope.cli.output import Reporter, said_if_slow, strict
from tightrope.outcome import Outcome
from tightrope.runs import RunLocked

HEAVY = {
    "jax",
    "jaxlib",
    "xarray",
    "pandas",
    "altair",
    "scipy",
    "numpy",
    "pydantic",
    "scoringrules",
    "rich",
    "netCDF4",
}
WORKING = ["run", "solve", "fit", "ask", "score", "claims"]


def started(*arguments: str, **more: Any) -> subprocess.CompletedProcess[str]:
    """A command in a Python of its own, as a shell would start it."""
    command = [sys.executable, "-m", "tightrope", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, **more)


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """A sound case, from the template."""
    folder = tmp_path / "demo"
    assert CliRunner().invoke(app, ["new", str(folder)]).exit_code == 0
    return folder


@pytest.fixture
def workflow(monkeypatch: pytest.MonkeyPatch) -> types.SimpleNamespace:
    """A workflow that notes how it was called and answers as told."""
    seen = types.SimpleNamespace(calls=[], answer=Outcome(0, {"p": 0.25}, "p = 0.25"), error=None)
    module = types.ModuleType("tightrope.workflow")

    def function(name: str) -> Any:
        def called(path: Path, **arguments: Any) -> Outcome:
            seen.calls.append((name, path, arguments))
            arguments["progress"]("solving", 0, 2)
            arguments["progress"]("solving", 2, 2)
            if seen.error is not None:
                raise seen.error
            return seen.answer

        return called

    for name in WORKING:
        setattr(module, f"{name}_case", function(name))
    import tightrope

    monkeypatch.setitem(sys.modules, "tightrope.workflow", module)
    monkeypatch.setattr(tightrope, "workflow", module, raising=False)
    return seen


def test_the_command_line_imports_nothing_heavy() -> None:
    lines = "import sys, tightrope.cli, tightrope.workflow"
    program = f"{lines}; print(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not HEAVY & set(done.stdout.split())


def test_help_is_told_without_anything_heavy() -> None:
    """What it costs is a row of the benchmarks; here: what it imports on the way."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "tightrope", "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    imported = {line.rsplit("|", 1)[-1].strip().split(".")[0] for line in done.stderr.splitlines()}
    assert "tightrope" in imported
    assert not HEAVY & imported
    for name in [*WORKING, "check", "new", "schema"]:
        assert f"\n  {name} " in done.stdout


@pytest.mark.parametrize("command", [*WORKING, "check", "new"])
def test_every_command_explains_itself(command: str) -> None:
    done = CliRunner().invoke(app, [command, "--help"])
    assert done.exit_code == 0
    assert "--json" in done.output
    assert len(done.output.splitlines()) > 10


def test_a_brief_of_nothing_is_bad_input(case: Path, tmp_path: Path) -> None:
    assert "--output" in CliRunner().invoke(app, ["brief", "--help"]).output
    for target, said in ((tmp_path / "none", "no such file or folder"), (case, "makes it")):
        done = tightrope("brief", str(target), "--out", str(tmp_path / "runs"))
        assert done.returncode == 2
        assert said in done.stderr
        assert done.stdout == ""
    assert not (tmp_path / "runs").exists()


def test_version() -> None:
    assert started("--version").stdout == f"tightrope {__version__}\n"


def test_a_mistyped_command_is_bad_input_with_a_near_match() -> None:
    done = started("slove", "x")
    assert done.returncode == 2
    assert "solve" in done.stderr
    assert done.stdout == ""


def test_new_then_check_is_sound(case: Path) -> None:
    done = tightrope("check", str(case), "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    assert "is sound, at 1,000 draws of each prior class too" in done.stdout
    data = json.loads(tightrope("check", str(case), "--json").stdout)
    assert data["sound"] is True
    assert data["case"] == "demo"
    assert len(data["hash"]) == 64


def test_schema_prints_one_that_the_template_keeps_to(case: Path) -> None:
    done = tightrope("schema")
    assert (done.returncode, done.stderr) == (0, "")
    data = json.loads(done.stdout)
    assert data["$schema"].endswith("2020-12/schema")
    text = (case / "case.yaml").read_text(encoding="utf-8")
    keys = {line.split(":")[0] for line in text.splitlines() if line[:1].isalpha()}
    assert keys <= set(data["properties"])
    assert set(data["required"]) <= keys
    assert data["additionalProperties"] is False


def test_new_overwrites_nothing(case: Path) -> None:
    text = (case / "case.yaml").read_text()
    done = tightrope("new", str(case))
    assert done.returncode == 2
    assert "nothing was written" in done.stderr
    assert (case / "case.yaml").read_text() == text


def test_new_with_an_impossible_name_says_which_names_are_possible(tmp_path: Path) -> None:
    done = tightrope("new", str(tmp_path / "x"), "--name", "No Such!")
    assert done.returncode == 2
    assert "small letters" in done.stderr
    assert not (tmp_path / "x").exists()


def test_a_case_that_cannot_be_read_is_bad_input(case: Path) -> None:
    file = case / "case.yaml"
    file.write_text(file.read_text().replace("players:", "playerz:", 1))
    done = tightrope("check", str(case))
    assert done.returncode == 2
    assert done.stdout == ""
    assert "case.yaml:" in done.stderr
    assert "players" in done.stderr
    as_json = tightrope("check", str(case), "--json")
    assert as_json.returncode == 2
    problems = json.loads(as_json.stdout)["problems"]
    assert any(problem["line"] > 0 and "playerz" in problem["where"] for problem in problems)


def test_a_mistyped_case_gets_the_folder_beside_it(case: Path) -> None:
    done = CliRunner().invoke(app, ["solve", str(case.parent / "dmeo")])
    assert done.exit_code == 2
    assert f"did you mean {case}?" in done.stderr


def test_a_case_that_makes_no_sense_fails_the_check(case: Path) -> None:
    file = case / "case.yaml"
    file.write_text(file.read_text().replace("union: union_worth*union", "union: union_wroth*union"))
    done = tightrope("check", str(case))
    assert done.returncode == 1
    assert done.stderr == ""
    (line,) = (n for n, text in enumerate(file.read_text().splitlines(), 1) if "union_wroth" in text)
    assert f"case.yaml:{line}:" in done.stdout
    assert "did you mean union_worth?" in done.stdout
    as_json = tightrope("check", str(case), "--json")
    assert as_json.returncode == 1
    assert [problem["where"] for problem in json.loads(as_json.stdout)["problems"]] == ["payoffs.north.union"]


@pytest.mark.parametrize("command", [*WORKING, "check"])
def test_a_path_that_is_not_there_is_bad_input(command: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, [command, str(tmp_path / "nothing")])
    assert done.exit_code == 2
    assert "nothing: there is no such file" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("command", WORKING)
def test_a_command_hands_its_arguments_to_the_workflow(
    command: str, case: Path, workflow: types.SimpleNamespace
) -> None:
    arguments = [command, str(case), "--seed", "7", "--out", "elsewhere", "--quick", "--workers", "3"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.stderr
    assert done.stdout == "p = 0.25\n"
    assert "solving: 2 of 2 in" in done.stderr
    ((name, path, given),) = workflow.calls
    assert (name, path) == (command, case)
    assert given["seed"] == 7
    assert given["out"] == Path("elsewhere")
    assert given["quick"] is True
    assert given["workers"] == 3
    assert isinstance(given["argv"], tuple)
    extra = {"ask": {"questions": ()}, "claims": {"claims": ()}, "fit": {"engine": "laplace"}}.get(
        command, {}
    )
    common = {"seed", "out", "quick", "workers", "argv", "progress", "notice"}
    assert (given["coding"], given["blocks"], given["measurement_error"]) == ("", (), "")
    assert given["engine_address"] == ""
    common |= {"coding", "blocks", "measurement_error", "engine_address"}
    assert set(given) == common | set(extra)
    assert extra.items() <= given.items()


def test_questions_and_claims_can_be_named(case: Path, workflow: types.SimpleNamespace) -> None:
    CliRunner().invoke(app, ["ask", str(case), "Q01", "Q02"])
    CliRunner().invoke(app, ["claims", str(case), "C05"])
    assert workflow.calls[0][2]["questions"] == ("Q01", "Q02")
    assert workflow.calls[1][2]["claims"] == ("C05",)
    options = ["--draws", "9", "--sets", "2", "--ablation-draws", "3", "--against", "old"]
    CliRunner().invoke(app, ["claims", str(case), *options])
    more = workflow.calls[2][2]
    assert (more["draws"], more["sets"], more["ablation_draws"], more["against"]) == (9, 2, 3, "old")


@pytest.mark.parametrize("command", WORKING)
def test_the_record_can_be_read_in_another_way(
    command: str, case: Path, workflow: types.SimpleNamespace
) -> None:
    ways = ["--coding", "second", "--block", "a=late", "--block", "b=early", "--measurement-error", "r.json"]
    assert CliRunner().invoke(app, [command, str(case), *ways]).exit_code == 0
    given = workflow.calls[0][2]
    assert (given["coding"], given["measurement_error"]) == ("second", "r.json")
    assert given["blocks"] == ("a=late", "b=early")


def test_json_is_proper_json_and_quiet_is_quiet(case: Path, workflow: types.SimpleNamespace) -> None:
    workflow.answer = Outcome(1, {"scores": [math.inf, math.nan, 0.5], "by": {"a": (1, 2)}}, "")
    done = CliRunner().invoke(app, ["score", str(case), "--json", "--quiet"])
    assert done.exit_code == 1
    assert json.loads(done.stdout, parse_constant=pytest.fail) == {
        "scores": ["Infinity", None, 0.5],
        "by": {"a": [1, 2]},
    }
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (
            CaseError([Problem("case.yaml", 3, 7, "states", "no such level", "did you mean mid?")]),
            2,
            "case.yaml:3:7",
        ),
        (RunLocked("runs/x is being written by process 1"), 1, "tightrope: runs/x is being written"),
        (FileNotFoundError(2, "No such file", "record.csv"), 2, "record.csv"),
        (KeyboardInterrupt(), 130, "the same command again"),
        (ModuleNotFoundError("No module named 'scipy'", name="scipy"), 1, "`tightrope doctor` says"),
        (ModuleNotFoundError("No module named 'x'", name="tightrope.x"), 70, "Traceback"),
        (ZeroDivisionError("oops"), 70, "Traceback"),
        (ValueError("not one of ours"), 70, "please report"),
    ],
)
def test_errors_become_exit_codes(
    case: Path, workflow: types.SimpleNamespace, error: BaseException, code: int, words: str
) -> None:
    workflow.error = error
    done = CliRunner().invoke(app, ["solve", str(case)])
    assert done.exit_code == code
    assert words in done.stderr
    assert done.stdout == ""
    assert ("Traceback" in done.stderr) == (code == 70)


def test_a_reader_that_leaves_early_is_no_error(case: Path) -> None:
    command = f'"{sys.executable}" -m tightrope check "{case}" --draws 0 --json; echo "code $?" >&2'
    done = subprocess.run(["sh", "-c", f"({command}) | true"], capture_output=True, text=True, timeout=60)
    assert done.stderr.endswith("code 0\n")
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell")
@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
def test_a_closed_stream_changes_no_exit_code(case: Path, closed: str) -> None:
    for path, code in [(case, 0), (case / "nowhere", 2)]:
        command = f'"{sys.executable}" -m tightrope check "{path}" --draws 0 {closed}'
        assert subprocess.run(["sh", "-c", command], capture_output=True, timeout=60).returncode == code


def on_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")


def test_bars_are_drawn_on_a_terminal_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    on_terminal(monkeypatch)
    with Reporter(quiet=False) as reporter:
        reporter("fit", 1, 4)
        reporter("fit", 4, 4)
        reporter.notice("[bold] is text here")
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "4/4" in shown.err
    assert "[bold] is text here" in shown.err


def test_a_height_in_a_label_makes_no_new_stage_and_a_name_does(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A climb has one bar, not one for each height it reached; two classes of priors have two."""
    on_terminal(monkeypatch)
    with Reporter(quiet=False) as reporter:
        reporter("climbing from here (-9.5)", 1, 2)
        reporter("climbing from here (-3.5)", 2, 2)
        reporter("prior draws (agnostic)", 1, 2)
        reporter("prior draws (argument)", 1, 2)
        assert reporter.bars == [
            "climbing from here (-3.5)", "prior draws (agnostic)", "prior draws (argument)",
        ]  # fmt: skip


def test_only_slow_work_is_announced(capsys: pytest.CaptureFixture[str]) -> None:
    for quiet, after, expected in [(False, 60.0, ""), (True, 0.0, ""), (False, 0.0, "valuing ...\n")]:
        with said_if_slow("valuing", quiet=quiet, after=after):
            time.sleep(0.2)
        shown = capsys.readouterr()
        assert (shown.out, shown.err) == ("", expected)


def test_strict_leaves_what_is_fine() -> None:
    value = {"a": [1, 2.5, "x", None, True], "b": {}}
    assert strict(value) == value


def test_public_names_are_there_and_a_wrong_one_gets_a_near_match() -> None:
    import tightrope

    for name in tightrope.__all__:
        assert getattr(tightrope, name) is not None
    assert set(tightrope.__all__) <= set(dir(tightrope))
    assert len(set(tightrope.__all__)) == len(tightrope.__all__) > 40
    with pytest.raises(AttributeError, match="did you mean load_case"):
        _ = tightrope.load_cas


def test_the_functions_behind_the_commands_are_found_by_name() -> None:
    import tightrope.workflow as room

    assert set(room.__all__) == set(room._PUBLIC) <= set(dir(room))
    assert all(getattr(room, name).__name__ == name for name in room.__all__)
    with pytest.raises(AttributeError, match="no attribute 'solve_cas'"):
        _ = room.solve_cas


def test_the_public_names_go_from_a_case_to_an_answer(case: Path) -> None:
    """The same line as `tightrope ask`, through public names only."""
    import tightrope as t

    folder = t.load_case(case)
    assert t.load_case(str(case)).hash == folder.hash
    assert t.check_case(folder) == []
    found = t.solve(t.compile_game(folder.case)).require()
    assert found.certificate.good
    material = t.load_material(str(case))
    by_period = t.filter_record(material.evidence, found.theta, found.z).log_probability
    whole, _ = t.value_and_gradient(material.evidence, found.theta)
    assert float(by_period.sum()) == pytest.approx(float(whole.value), abs=1e-8)
    answers = t.answer(material.evidence, found.theta[None], material.live)
    printed = t.floor(answers.probabilities[:, 0], 0.02)
    assert 0 < printed.probability < 0.1
    assert 0 < t.brier(0.0, printed.probability) < 0.01


def test_the_environment_of_the_tests_is_not_needed(case: Path) -> None:
    """`python -m tightrope` works with nothing but the installation."""
    bare = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "HOME") if name in os.environ}
    assert started("check", str(case), env=bare, cwd=case).returncode == 0
