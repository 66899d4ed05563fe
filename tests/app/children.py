"""What the tests of jobs run in another process; imports nothing heavy."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any


def echo(value: int, tell: Callable[[Any], None]) -> int:
    tell({"stage": "half", "done": 1, "total": 2})
    return value * 2


def fails(tell: Callable[[Any], None]) -> None:
    raise ValueError("no good")


def sleeps(tell: Callable[[Any], None]) -> None:
    tell("asleep")
    time.sleep(600)
