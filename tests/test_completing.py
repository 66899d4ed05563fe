"""Shell completion: scripts for each shell, and arguments that complete to folders of cases and runs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tightrope.cli.completing import MOST, complete_case, complete_target

posix = pytest.mark.skipif(os.name == "nt" or shutil.which("bash") is None, reason="needs bash")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with cases at several depths, a run, and what is neither."""
    for case in ("north", "deep/south", "deep/er/east", "deep/er/still/too-deep", ".hidden/case"):
        (tmp_path / case).mkdir(parents=True)
        (tmp_path / case / "case.yaml").touch()
    (tmp_path / "runs" / "north-0a").mkdir(parents=True)
    (tmp_path / "runs" / "north-0a" / "manifest.json").touch()
    (tmp_path / "notes").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_cases_are_found_by_what_was_typed(here: Path) -> None:
    assert complete_case("") == ["north", "deep/south", "deep/er/east", "russia-belarus"]
    assert complete_case("n") == ["north"]
    assert complete_case("de") == ["deep/south", "deep/er/east"]
    assert complete_case("deep/e") == ["deep/er/east", "deep/er/still/too-deep"]
    assert complete_case("./no") == ["./north"]
    assert complete_case(f"{here}/no") == [f"{here}/north"]
    assert complete_case("russia") == ["russia-belarus"]
    assert complete_case("nothing") == complete_case("no/such/") == []
    assert complete_case(".h") == [".hidden/case"]


def test_what_lies_here_hides_the_case_that_comes_along(here: Path) -> None:
    (here / "russia-belarus").mkdir()
    assert complete_case("russia") == []


def test_runs_come_before_cases_where_either_will_do(here: Path) -> None:
    assert complete_target("") == ["runs/north-0a", *complete_case("")]
    assert complete_target("ru") == ["runs/north-0a", "russia-belarus"]
    assert complete_target("runs/") == ["runs/north-0a"]


def test_a_key_press_does_not_wait_for_a_whole_disk(here: Path) -> None:
    for number in range(MOST + 10):
        (here / f"a{number:05}").mkdir()
    (here / "z").mkdir()
    (here / "z" / "case.yaml").touch()
    assert "z" not in complete_case("")
    assert complete_case("z") == ["z"]


def program(folder: Path) -> dict[str, str]:
    """An environment in which `tightrope` is a command."""
    path = folder / "bin" / "tightrope"
    path.parent.mkdir()
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m tightrope "$@"\n')
    path.chmod(0o755)
    # The shell is named here, not looked for among the parents: a test may have none that is a shell.
    named = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    return {**os.environ, **named, "PATH": f"{path.parent}{os.pathsep}{os.environ['PATH']}"}


@posix
@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["tightrope", "che"], ["check"]),
        (["tightrope", "check", "deep/s"], ["deep/south"]),
        (["tightrope", "serve", "runs/"], ["runs/north-0a"]),
        (["tightrope", "what-if", "nor"], ["north"]),
        (["tightrope", "ledger", "add", "nor"], ["north"]),
        (["tightrope", "new", "mine", "--from", "russ"], ["russia-belarus"]),
    ],
)
def test_bash_completes(here: Path, tmp_path: Path, words: list[str], expected: list[str]) -> None:
    """The function that `--show-completion bash` prints, called as bash calls it at a key press."""
    asked = f"""
        eval "$(tightrope --show-completion bash)"
        COMP_WORDS=({" ".join(words)}) COMP_CWORD={len(words) - 1}
        $(complete -p tightrope | sed 's/.*-F \\([^ ]*\\).*/\\1/') tightrope
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    command = ["bash", "--norc", "-c", asked]
    done = subprocess.run(command, env=program(tmp_path), capture_output=True, text=True, timeout=120)
    assert done.stderr == ""
    assert done.stdout.splitlines() == expected


@posix
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "powershell"])
def test_there_is_a_script_for_each_shell(tmp_path: Path, shell: str) -> None:
    command = ["tightrope", "--show-completion", shell]
    done = subprocess.run(command, env=program(tmp_path), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "_TIGHTROPE_COMPLETE" in done.stdout
