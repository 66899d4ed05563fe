"""Two lines of work at once: what both need comes first, the thread ends with the block."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from functools import cached_property
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tightrope.workflow.ahead import answering
from tightrope.workflow.session import Session


@dataclass(eq=False)
class Sitting:
    """What `answering` uses of a session; `past` goes on reporting until it is stopped or let go."""

    workers: int = 2
    fails: bool = False
    material: Any = field(default_factory=lambda: SimpleNamespace(coded=object()))
    done: list[tuple[str, bool]] = field(default_factory=list)
    go: threading.Event = field(default_factory=threading.Event)
    begun: threading.Event = field(default_factory=threading.Event)

    def progress(self, label: str, done: int, total: int | None) -> None:
        """Nobody watches."""

    def note(self, name: str) -> str:
        self.done.append((name, threading.current_thread() is threading.main_thread()))
        return name

    reference = cached_property(lambda self: self.note("reference"))
    fit = cached_property(lambda self: self.note("fit"))
    at_fit = cached_property(lambda self: self.note("at_fit"))
    origin_fits = cached_property(lambda self: self.note("origin_fits"))
    live = cached_property(lambda self: self.note("live"))

    @cached_property
    def past(self) -> str:
        if self.fails:
            raise ArithmeticError("no answer")
        self.begun.set()
        for turn in range(1000):
            self.progress("past", turn, None)
            if self.go.wait(0.01):
                return self.note("past")
        raise AssertionError("never let go")


FIRST = [(name, True) for name in ("reference", "fit", "at_fit", "origin_fits")]


def session(**given: Any) -> tuple[Sitting, Session]:
    sitting = Sitting(**given)
    return sitting, cast(Session, sitting)


def test_answers_are_there_when_the_block_ends_and_what_both_need_came_first() -> None:
    sitting, given = session()
    report = sitting.progress
    with answering(given):
        assert sitting.done == FIRST
        sitting.go.set()
    assert sitting.done == [*FIRST, ("past", False), ("live", False)]
    assert sitting.progress == report


def test_a_block_that_is_interrupted_stops_the_thread() -> None:
    sitting, given = session()

    def interrupted() -> None:
        with answering(given):
            assert sitting.begun.wait(5)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert sitting.done == FIRST
    assert "answering" not in {thread.name for thread in threading.enumerate()}


def test_a_failure_in_the_thread_is_met_where_the_answers_are_asked_for() -> None:
    _, given = session(fails=True)
    with answering(given):
        pass
    with pytest.raises(ArithmeticError, match="no answer"):
        _ = given.past


def test_one_worker_or_no_record_leaves_the_work_for_later() -> None:
    for sitting, given in (session(workers=1), session(material=SimpleNamespace(coded=None))):
        with answering(given):
            pass
        assert sitting.done == []
