"""A hash of what a compiled program follows from: data by what it holds, code and surroundings by theirs."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import lru_cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from pydantic import BaseModel

ROOMS = ("case", "game", "record", "fit", "forecast", "argument")
"""Where programs are written: those of the first two follow from nothing in the others."""
_known: WeakKeyDictionary[Any, str] = WeakKeyDictionary()
"""Dataclasses that are one only with themselves (a compiled game), each looked through once."""


def digest_of(thing: object) -> str:
    """A hash (SHA-256, hexadecimal) by which things that hold the same are the same, in any process.

    Takes numbers, text, arrays, mappings and sequences in their order, dataclasses and pydantic
    models. Raises TypeError for anything else: two functions cannot be told apart by what they hold.
    """
    hashed = sha256()
    _say(thing, hashed)
    return hashed.hexdigest()


def _say(thing: Any, hashed: Any) -> None:
    if thing is None or isinstance(thing, bool | int | float | complex | str | bytes):
        hashed.update(f"{type(thing).__name__} {thing!r};".encode())
    elif isinstance(thing, np.ndarray):
        hashed.update(f"array {thing.dtype.str} {thing.shape};".encode())
        hashed.update(np.ascontiguousarray(thing).tobytes())
    elif isinstance(thing, BaseModel):
        hashed.update(f"{type(thing).__name__} {thing.model_dump_json(warnings=False)};".encode())
    elif is_dataclass(thing) and not isinstance(thing, type):
        hashed.update(f"{type(thing).__name__} {_fields(thing)};".encode())
    elif isinstance(thing, Mapping):
        hashed.update(b"{")
        for key, value in thing.items():
            _say(key, hashed)
            _say(value, hashed)
        hashed.update(b"}")
    elif isinstance(thing, list | tuple):
        hashed.update(b"[")
        for item in thing:
            _say(item, hashed)
        hashed.update(b"]")
    elif isinstance(thing, set | frozenset):
        _say(sorted(digest_of(item) for item in thing), hashed)
    else:
        raise TypeError(f"a {type(thing).__name__} cannot be told from its like by what it holds")


def _fields(thing: Any) -> str:
    own = "__eq__" not in vars(type(thing))
    found = _known.get(thing) if own else None
    if found is None:
        found = digest_of([getattr(thing, field.name) for field in fields(thing)])
        if own:
            _known[thing] = found
    return found


@lru_cache(maxsize=16)
def surroundings(room: str) -> str:
    """A hash of the code that a room's programs may follow from, and of what compiles and runs them here."""
    hashed = sha256()
    package = Path(__file__).parent.parent
    for each in ROOMS[:2] if room in ROOMS[:2] else ROOMS:
        for path in sorted((package / each).rglob("*.py")):
            hashed.update(path.relative_to(package).as_posix().encode())
            hashed.update(path.read_bytes())
    libraries = {name: version(name) for name in ("jax", "jaxlib", "numpy")}
    flags = {name: os.environ.get(name, "") for name in ("XLA_FLAGS", "JAX_PLATFORMS")}
    machine = (platform.system(), platform.machine(), _processor())
    if "cpu-parallel-task-assigner" not in flags["XLA_FLAGS"]:  # then loops are divided among threads
        flags["threads"] = f"{os.environ.get('NPROC', '')} of {os.cpu_count()}"
    hashed.update(repr((sys.version, libraries, flags, machine)).encode())
    return hashed.hexdigest()


def _processor() -> str:
    """What instructions the processor knows, where the system says so."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return " ".join(sorted({line for line in lines if line.startswith(("flags", "Features", "model name"))}))


__all__ = ["digest_of", "surroundings"]
