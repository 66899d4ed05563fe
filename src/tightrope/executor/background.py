"""One call in a process of its own, and how every child begins and ends."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from typing import Any

from tightrope.executor.threads import available_workers, limited_threads


class Background:
    """One call in a process of its own, which can be ended at any moment.

    The function is called as function(*arguments, tell), picklable; `tell` sends a value here. What comes
    out of `messages` is ("said", value) for each, then ("done", result) or ("failed", traceback), or
    ("died", exit code) where the process was ended or killed.
    """

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        context = multiprocessing.get_context("spawn")
        self._here, there = context.Pipe(duplex=False)
        self._process = context.Process(target=_in_background, args=(there, function, arguments))
        with limited_threads(available_workers()):
            self._process.start()
        there.close()

    def messages(self) -> Iterator[tuple[str, Any]]:
        """Everything that comes from the process, until it has ended."""
        last = ""
        while last not in ("done", "failed"):
            try:
                last, value = self._here.recv()
            except (EOFError, OSError):
                break
            yield last, value
        self._process.join()
        if last not in ("done", "failed"):
            yield "died", self._process.exitcode

    def end(self, *, patience: float = 5.0) -> None:
        """End the process: asked first, made to after `patience` seconds. Its own children go with it."""
        self._process.terminate()
        self._process.join(patience)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


def _in_background(there: Any, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    begin_worker()
    try:
        there.send(("done", function(*arguments, lambda value: there.send(("said", value)))))
    except Exception:
        there.send(("failed", traceback.format_exc()))


def begin_worker() -> None:
    """In a child: leave interrupts to the parent, and end when the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
