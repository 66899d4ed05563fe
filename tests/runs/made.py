"""Things that tests of run folders keep, and harm."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

KEY = {"case": "abc", "seed": 1, "arguments": {"quick": True}}


class Counter:
    """A computation that counts its calls."""

    def __init__(self, value: Any) -> None:
        self.value = value
        self.calls = 0

    def __call__(self) -> Any:
        self.calls += 1
        return self.value


def dataset() -> xr.Dataset:
    return xr.Dataset(
        {
            "belief": (("draw", "level"), np.arange(6.0).reshape(3, 2), {"units": "probability"}),
            "claim": ("draw", np.array(["C01", "C02", "C03"], dtype=object)),
        },
        coords={"level": ["low", "high"], "draw": [0, 1, 2]},
        attrs={"prior_class": "agnostic"},
    )


def only(folder: Path, pattern: str) -> Path:
    (path,) = folder.glob(pattern)
    return path


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x01
    path.write_bytes(bytes(data))
