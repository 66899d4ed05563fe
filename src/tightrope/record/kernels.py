"""Measurement error as an option: weights spread through the confusion of two coders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tightrope.case.schema import Record
from tightrope.record.blocks import near
from tightrope.record.coding import CodedRecord, CodingError

Array = NDArray[Any]


def kernels_from(
    reliability: Mapping[str, Any],
    *,
    record: Record,
    levels: Mapping[str, Sequence[str]],
    kind: str = "kernel_symmetrised",
) -> dict[str, Array]:
    """Confusion kernels of a reliability file, in the case's names and order of levels.

    Returns variable -> (levels, levels) with entry [t, c] = P(a coder prints c | the other reads t),
    rows summing to one. A level that the codebook lacks is never confused with another.
    """
    kernels: dict[str, Array] = {}
    for column, variable in record.columns.items():
        entry = reliability.get("columns", {}).get(column)
        if entry is None or kind not in entry:
            continue
        order = tuple(levels[variable])
        codes = record.codes.get(column, {})
        at = [order.index(codes.get(code, code)) for code in entry["levels"]]
        kernel = np.eye(len(order))
        found = np.asarray(entry[kind], dtype=float)
        kernel[np.ix_(at, at)] = found / found.sum(axis=1, keepdims=True)
        kernels[variable] = kernel
    return kernels


def soften(coded: CodedRecord, kernels: Mapping[str, Array]) -> CodedRecord:
    """Spread each row's weights through confusion kernels: a measurement-error option.

    The new weight of level t is sum over c of kernel[t, c] * weight[c], the likelihood of the printed
    evidence when t is true; a row that says nothing still says nothing. The kernels are
    coder-to-coder, not truth-to-coder, and errors come in runs: read the result as one sensitivity.
    Raises `CodingError` for an unknown variable or a kernel of the wrong shape.
    """
    weights = dict(coded.weights)
    for variable, kernel in kernels.items():
        if variable not in weights:
            raise CodingError([f"kernels: unknown variable `{variable}`{near(variable, weights)}"])
        size = len(coded.levels[variable])
        if kernel.shape != (size, size):
            raise CodingError([f"kernels: `{variable}` needs shape {(size, size)}, got {kernel.shape}"])
        weights[variable] = weights[variable] @ kernel.T
    return replace(coded, weights=weights)
