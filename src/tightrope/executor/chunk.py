"""A chunk of work: its number, its seed, what came of it."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")
Value = TypeVar("Value")
Progress = Callable[[str, int, "int | None"], None]
Notice = Callable[[str], None]

Job = tuple[int, Any, int]  # number, item, seed

DIED = "the worker process died twice over this (out of memory, or killed from outside)"


@dataclass(frozen=True, slots=True)
class Result(Generic[Value]):
    """What came of one chunk.

    index    the chunk's number
    value    what the function returned, or None if it failed
    error    the traceback as text if it failed, else an empty string
    seconds  time the function took, in seconds
    """

    index: int
    value: Value | None
    error: str
    seconds: float

    @property
    def ok(self) -> bool:
        """True if the function returned."""
        return not self.error


def chunk_seed(seed: int, index: int) -> int:
    """The seed of chunk `index`, an integer below 2**63: what `SeedSequence(seed).spawn` gives that child.

    It depends on the run's seed and the chunk's number alone, never on the number
    of workers or on which chunks are already done.
    """
    from numpy.random import SeedSequence

    return int(SeedSequence(seed, spawn_key=(index,)).generate_state(1, "uint64")[0] >> 1)


def call(function: Callable[[Item, int], Value], index: int, item: Item, seed: int) -> Result[Value]:
    """The function called, what it raises written down."""
    began = time.perf_counter()
    try:
        value = function(item, seed)
    except Exception:
        return Result(index, None, traceback.format_exc(), time.perf_counter() - began)
    return Result(index, value, "", time.perf_counter() - began)
