"""The entries of a table, and what is wrong with them."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from tightrope.case.errors import near_or_list
from tightrope.case.marks import Where
from tightrope.case.schema import Table

MAX_ENTRIES = 100_000

Fault = tuple[Where, str, str, bool]
"""Path below the table, message, hint, and whether the key is at fault."""

_NUMBER = re.compile(r"^\s*[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?\s*$")


def table_faults(table: Table, levels: Mapping[str, tuple[str, ...]]) -> list[Fault]:
    """What is wrong with a table: unknown or repeated variables and levels, gaps, size, text for numbers."""
    faults: list[Fault] = []
    for place, variable in enumerate(table.by):
        if variable not in levels:
            hint = near_or_list(variable, levels)
            faults.append((("by", place), f"{variable!r} is neither a state nor a move", hint, False))
        elif variable in table.by[:place]:
            faults.append((("by", place), f"{variable!r} indexes the table twice", "", False))
    if faults:
        return faults
    size = math.prod(len(levels[variable]) for variable in table.by)
    if size > MAX_ENTRIES:
        return [(("by",), f"the table has {size:,} entries; at most {MAX_ENTRIES:,} are allowed", "", False)]
    shape = [levels[variable] for variable in table.by]
    missing: list[tuple[str, ...]] = []
    for item in _visit(table.values, table.by, shape, ("values",), ()):
        if isinstance(item, tuple) and item and item[0] == "gap":
            missing.append(item[1])
        else:
            faults.append(item)
    if missing and table.default is None and not faults:
        first = ", ".join(missing[0])
        rest = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        message = f"no entry for {first}{rest}"
        faults.append((("values",), message, "write it, or give the table a default", False))
    return faults


def table_entries(table: Table, levels: Mapping[str, tuple[str, ...]]) -> dict[tuple[int, ...], float]:
    """Every entry by its level indices, in the order of `by`, of a table without faults."""
    shape = [levels[variable] for variable in table.by]
    default = math.nan if table.default is None else table.default
    found = dict.fromkeys(itertools.product(*(range(len(names)) for names in shape)), default)

    def fill(values: Any, index: tuple[int, ...]) -> None:
        if len(index) == len(shape):
            found[index] = float(values)
            return
        names = shape[len(index)]
        pairs = values.items() if isinstance(values, Mapping) else zip(names, values, strict=True)
        for name, inner in pairs:
            fill(inner, (*index, names.index(name)))

    fill(table.values, ())
    return found


def _visit(
    values: Any, by: tuple[str, ...], shape: list[tuple[str, ...]], where: Where, done: tuple[str, ...]
) -> Iterator[Any]:
    """Faults, and ("gap", levels) for entries left out; recursion is bounded by the number of variables."""
    depth = len(done)
    if depth == len(shape):
        if not isinstance(values, (str, int, float)) or not _NUMBER.match(str(values)):
            yield where, f"{_short(values)} is not a number", "a table holds plain numbers", False
        elif not math.isfinite(float(values)):
            yield where, f"{_short(values)} is too large a number", "", False
        return
    names = shape[depth]
    if isinstance(values, Mapping):
        for name in names:
            if name not in values:
                yield "gap", (*done, name)
        for name, inner in values.items():
            if name not in names:
                message = f"{by[depth]} has no level {name!r}"
                yield (*where, name), message, near_or_list(str(name), names), True
            else:
                yield from _visit(inner, by, shape, (*where, name), (*done, name))
    elif isinstance(values, list):
        if len(values) != len(names):
            message = f"{len(values)} entries for {by[depth]}, which has {len(names)} levels"
            yield where, message, ", ".join(names), False
            return
        for place, (name, inner) in enumerate(zip(names, values, strict=True)):
            yield from _visit(inner, by, shape, (*where, place), (*done, name))
    else:
        message = f"{_short(values)} stands where the levels of {by[depth]} are expected"
        yield where, message, f"levels: {', '.join(names)}", False


def _short(value: Any) -> str:
    return repr(value[:40]) if isinstance(value, str) else "a list or mapping"
