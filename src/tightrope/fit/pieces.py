"""A chain of draws in pieces that are kept one by one, so that one that was cut off goes on from the last.

Each draw has a key of its own: pieces may be cut anywhere, and the draws are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import jax
from jax import Array

Each = Callable[[Callable[[Any], Any], Sequence[Any]], list[Any]]
"""Called as each(function, items): the function's values in the items' order, however they are come by."""
Keep = Callable[[str, Callable[[], Any]], Any]
"""Called as keep(name, compute) for each piece of work; a run folder stores what it gives."""
OnStep = Callable[[int, int], None] | None
"""Called as on_step(done, total) after each draw."""
Advance = Callable[[Mapping[str, Any], Iterator[tuple[int, Array]]], dict[str, Any]]
"""From a state and the numbers and keys of draws to what came of them, as plain data: lists by name, and
`state`, where the last of them stands."""


def in_turn(function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
    """One after the other."""
    return [function(item) for item in items]


def in_pieces(
    advance: Advance,
    *,
    name: str,
    start: Callable[[], Mapping[str, Any]],
    total: int,
    length: int,
    seed: int,
    chain: int,
    keep: Keep,
    on_step: OnStep = None,
) -> list[dict[str, Any]]:
    """The pieces of a chain of `total` draws, kept as `name-0`, `name-1` and so on, each of `length` draws.

    start  gives the state that the first draw starts from, kept as `name-start`
    """
    state = keep(f"{name}-start", start)
    base = jax.random.fold_in(jax.random.key(seed), chain)
    pieces: list[dict[str, Any]] = []
    for number, first in enumerate(range(0, total, length)):
        numbers = range(first, min(first + length, total))
        pieces.append(
            keep(f"{name}-{number}", partial(_piece, advance, state, base, numbers, total, on_step))
        )
        state = pieces[-1]["state"]
    return pieces


def joined(pieces: Sequence[Mapping[str, Any]], names: Sequence[str], *, dropped: int) -> dict[str, Any]:
    """The lists of these names over all pieces, without the first `dropped` draws."""
    return {name: [x for piece in pieces for x in piece[name]][dropped:] for name in names}


def _piece(
    advance: Advance, state: Mapping[str, Any], base: Array, numbers: range, total: int, on_step: OnStep
) -> dict[str, Any]:
    def draws() -> Iterator[tuple[int, Array]]:
        for k in numbers:
            yield k, jax.random.fold_in(base, k)
            if on_step is not None:
                on_step(k + 1, total)

    return advance(state, draws())
