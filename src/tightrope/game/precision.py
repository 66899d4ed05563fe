"""JAX set-up: float64 everywhere, and compiled programs kept between processes."""

from __future__ import annotations

import os
from pathlib import Path

import jax


def cache_folder() -> Path:
    """Where compiled programs are kept: TIGHTROPE_CACHE, else the user's cache folder."""
    given = os.environ.get("TIGHTROPE_CACHE")
    if given:
        return Path(given)
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "tightrope" / "compiled"


for _name, _value in {
    "jax_enable_x64": True,
    "jax_platforms": os.environ.get("JAX_PLATFORMS", "cpu"),
    "jax_compilation_cache_dir": str(cache_folder()),
    "jax_persistent_cache_min_compile_time_secs": 0.02,
    "jax_persistent_cache_min_entry_size_bytes": 0,
}.items():
    jax.config.update(_name, _value)  # type: ignore[no-untyped-call]
