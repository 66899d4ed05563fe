"""Chunks: single results on disk, each with the hash of what it was computed from and a checksum.

A chunk is `<name>-<inputs>.json`, JSON-able data in the file itself or an xarray
Dataset in a netCDF file beside it. The JSON file is renamed into place last: a
chunk is there as a whole or not at all.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tightrope.runs.files import (
    FORMAT,
    Damaged,
    digest,
    file_digest,
    seal,
    slug,
    unseal,
    write_atomically,
    write_through,
)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A result read from disk or just written.

    name      the chunk's name
    inputs    hash of what it was computed from
    value     JSON-able data or an xarray Dataset
    seconds   time its computation took
    origin    `computed` now, `resumed` from the run folder, or `shipped` with the case
    """

    name: str
    inputs: str
    value: Any
    seconds: float
    origin: str


def chunk_path(folder: Path, name: str, inputs: str) -> Path:
    """Where a chunk lies: another name or other inputs give another file, so that nothing is written over."""
    plain = slug(name)
    if plain != name:  # two names may look alike once they are made fit for a file
        plain = f"{plain}-{digest(name)[:8]}"
    return folder / f"{plain}-{inputs[:16]}.json"


def write_chunk(folder: Path, name: str, inputs: str, value: Any, *, seconds: float) -> Chunk:
    """Write a chunk and return it as a later run will read it."""
    path = chunk_path(folder, name, inputs)
    content: dict[str, Any] = {
        "format": FORMAT,
        "name": name,
        "inputs": inputs,
        "seconds": round(float(seconds), 6),
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    if _is_dataset(value):
        data = path.with_suffix(".nc")
        content["data"] = {"file": data.name, "sha256": write_through(data, _writer(value))}
    else:
        content["value"] = value
    write_atomically(path, seal(content))
    return read_chunk(path, name, inputs, origin="computed")


def read_chunk(path: Path, name: str, inputs: str, *, origin: str) -> Chunk:
    """Read a chunk. Raises Damaged unless it is whole and answers to this name and these inputs."""
    content = unseal(path)
    if content.get("name") != name or content.get("inputs") != inputs:
        raise Damaged("it was computed from other inputs than its name says")
    seconds = content.get("seconds")
    if not isinstance(seconds, (int, float)) or not math.isfinite(seconds):
        raise Damaged("its time is not a number")
    if "data" in content:
        data = path.parent / Path(str(content["data"]["file"])).name
        if not data.exists():
            raise Damaged(f"its data file {data.name} is missing")
        if file_digest(data) != content["data"]["sha256"]:
            raise Damaged(f"the checksum of its data file {data.name} does not match")
        return Chunk(name, inputs, read_dataset(data), float(seconds), origin)
    if "value" not in content:
        raise Damaged("it holds no value")
    return Chunk(name, inputs, content["value"], float(seconds), origin)


def read_dataset(path: Path) -> Any:
    """An xarray Dataset, read whole into memory and closed."""
    import xarray as xr

    return xr.load_dataset(path, engine="netcdf4")


def compression(dataset: Any) -> dict[str, dict[str, Any]]:
    """NetCDF encodings that compress each numeric variable of a Dataset."""
    return {
        str(name): {"zlib": True, "complevel": 4}
        for name, variable in dataset.variables.items()
        if variable.dtype.kind in "iufb" and variable.ndim
    }


def _writer(dataset: Any) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        dataset.to_netcdf(path, engine="netcdf4", encoding=compression(dataset))

    return write


def _is_dataset(value: Any) -> bool:
    xarray = sys.modules.get("xarray")  # a Dataset cannot exist before xarray is imported
    return xarray is not None and isinstance(value, xarray.Dataset)
