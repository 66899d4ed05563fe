"""What work in another process needs of a run: the case, read once, and a place for finished pieces."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from time import perf_counter
from typing import Any

from tightrope.fit.pieces import Keep
from tightrope.runs import Damaged
from tightrope.runs.chunk import chunk_path, read_chunk, write_chunk
from tightrope.workflow.coding import Coding
from tightrope.workflow.material import Material, load_material


@lru_cache(maxsize=1)
def material_of(case: str, coding: Coding) -> Material:
    """One reading of the files a process: compiled programs are kept by game."""
    return load_material(Path(case), coding=coding)


def keeper(folder: Path, prefix: str, key: str) -> Keep:
    """Keep pieces of work in the folder of a run that another process holds: files are written whole."""

    def keep(piece: str, compute: Callable[[], Any]) -> Any:
        title = f"{prefix}-{piece}"
        path = chunk_path(folder, title, key)
        if path.exists():
            try:
                return read_chunk(path, title, key, origin="resumed").value
            except (Damaged, OSError, KeyError, TypeError, ValueError):
                path.unlink()
        began = perf_counter()
        value = compute()
        return write_chunk(folder, title, key, value, seconds=perf_counter() - began).value

    return keep
