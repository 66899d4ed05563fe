"""A command of Tightrope run in this process: what a shell would see, without a start of Python each time."""

from __future__ import annotations

from dataclasses import dataclass

from typer.testing import CliRunner

from tightrope.cli import app


@dataclass(frozen=True)
class Done:
    """What is left of a command, named as `subprocess.CompletedProcess` names it."""

    returncode: int
    stdout: str
    stderr: str


def tightrope(*arguments: str) -> Done:
    done = CliRunner().invoke(app, list(arguments))
    return Done(done.exit_code, done.stdout, done.stderr)
