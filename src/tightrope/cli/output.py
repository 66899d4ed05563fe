"""Where a command's words go: data to stdout, progress and complaints to stderr, errors to exit codes."""

from __future__ import annotations

import json
import math
import os
import re
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any

import typer

from tightrope.outcome import BAD_INPUT, FAILED, Outcome

OUR_FAULT, INTERRUPTED = 70, 130


class BadInput(ValueError):
    """An argument that cannot be used; the message says what to write instead."""


_BAD_PATH = (FileNotFoundError, FileExistsError, NotADirectoryError, IsADirectoryError, PermissionError)


def complain(text: str) -> None:
    """One message on stderr."""
    if sys.stderr is None:  # closed by the caller: nowhere to say it
        return
    sys.stderr.write(text.rstrip() + "\n")
    sys.stderr.flush()


def strict(value: Any) -> Any:
    """`value` as JSON proper can hold it: NaN becomes null, infinities become words."""
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, Mapping):
        return {str(key): strict(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [strict(item) for item in value]
    return value


def emit(outcome: Outcome, *, as_json: bool) -> None:
    """Print an outcome to stdout and leave with its code."""
    text = json.dumps(strict(outcome.data), indent=2, ensure_ascii=False) if as_json else outcome.text
    try:
        if sys.stdout is not None:  # None: closed by the caller, who wants the code alone
            sys.stdout.write(text + "\n" if text else "")
            sys.stdout.flush()
    except BrokenPipeError:  # the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise typer.Exit(outcome.code)


@contextmanager
def guarded() -> Iterator[None]:
    """Turn errors into messages and exit codes."""
    try:
        yield
    except typer.Exit:
        raise
    except KeyboardInterrupt:
        complain("tightrope: stopped; the same command again goes on where it was")
        raise typer.Exit(INTERRUPTED) from None
    except Exception as error:
        code = _code_for(error)
        if isinstance(error, ImportError) and not (error.name or "").startswith("tightrope"):
            complain(f"tightrope: {error}; `tightrope doctor` says what is wrong with this installation")
            code = FAILED
        elif code == OUR_FAULT:
            complain(traceback.format_exc())
            complain("tightrope: a fault of the program, not of your case; please report it with the above")
        else:
            complain(str(error) if hasattr(error, "problems") else f"tightrope: {error}")
        raise typer.Exit(code) from None


def _code_for(error: Exception) -> int:
    """Our own ValueErrors tell of bad input, our other errors of a check that failed."""
    if isinstance(error, _BAD_PATH):
        return BAD_INPUT
    if type(error).__module__.startswith("tightrope."):
        return BAD_INPUT if isinstance(error, ValueError) else FAILED
    return OUR_FAULT


@contextmanager
def said_if_slow(text: str, *, quiet: bool, after: float = 2.0) -> Iterator[None]:
    """Say on stderr what is being done, if it is not done within `after` seconds."""
    timer = threading.Timer(after, complain, args=(f"{text} ...",))
    if not quiet:
        timer.start()
    try:
        yield
    finally:
        timer.cancel()


_HOW_FAR = re.compile(r" \((?:-?\d+\.\d+|nan|-?inf)\)$")
"""A number that a label ends with, in brackets: how far a stage came, no part of its name."""


class Reporter:
    """Progress on stderr: bars on a terminal, a line for each finished stage elsewhere, nothing if quiet.

    Called as reporter(label, done, total), the form that `executor.map` wants. A decimal number that a label
    ends with in brackets may change from call to call.
    """

    def __init__(self, *, quiet: bool) -> None:
        self.quiet = quiet
        self._progress: Any = None
        self._tasks: dict[str, Any] = {}
        self._began: dict[str, float] = {}

    def __enter__(self) -> Reporter:
        if not self.quiet and sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

            self._progress = Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(bar_width=30),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                console=Console(stderr=True),
            )
            self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress is not None:
            self._progress.stop()

    def __call__(self, label: str, done: int, total: int | None) -> None:
        """Say that `done` of `total` (None: unknown) chunks of a stage are done."""
        if self.quiet:
            return
        stage = _HOW_FAR.sub("", label)
        began = self._began.setdefault(stage, time.monotonic())
        if self._progress is not None:
            if stage not in self._tasks:
                self._tasks[stage] = self._progress.add_task(label, total=total)
            self._progress.update(self._tasks[stage], description=label, completed=done, total=total)
        elif total is not None and done >= total:
            complain(f"{label}: {done} of {total} in {time.monotonic() - began:.1f} s")
            self._began.pop(stage)

    @property
    def bars(self) -> list[str]:
        """What the bars on the terminal say, from the first."""
        return [] if self._progress is None else [task.description for task in self._progress.tasks]

    def notice(self, text: str) -> None:
        """A remark that must be seen even if quiet (a file set aside, a chunk that failed)."""
        if self._progress is not None:
            self._progress.console.print(f"tightrope: {text}", markup=False, highlight=False)
        else:
            complain(f"tightrope: {text}")
