"""JAX set-up: float64 everywhere, programs compiled without much ado and kept between processes."""

from __future__ import annotations

import os
from importlib.metadata import version
from pathlib import Path

import jax

QUICK_COMPILER = {
    "xla_cpu_use_fusion_emitters": "false",
    "xla_backend_extra_options": "xla_cpu_disable_loop_unrolling",
}
"""What shortens compiling by a third to a half and running not at all: measured in docs/solver.md."""
TRIED = "0.10."
"""The versions of jaxlib in which these are known to exist: a flag that it does not know ends the process."""


def cache_folder() -> Path:
    """Where compiled programs are kept: TIGHTROPE_CACHE, else the user's cache folder."""
    given = os.environ.get("TIGHTROPE_CACHE")
    if given:
        return Path(given)
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "tightrope" / "compiled"


def compiler_flags(given: str, installed: str) -> str:
    """XLA_FLAGS as the user gave them, with ours where they say nothing of it and jaxlib knows them."""
    if not installed.startswith(TRIED):
        return given
    ours = [f"--{name}={value}" for name, value in QUICK_COMPILER.items() if name not in given]
    return " ".join([given, *ours]).strip()


# XLA reads them when it first computes something, so that here is early enough.
if _flags := compiler_flags(os.environ.get("XLA_FLAGS", ""), version("jaxlib")):
    os.environ["XLA_FLAGS"] = _flags

for _name, _value in {
    "jax_enable_x64": True,
    "jax_platforms": os.environ.get("JAX_PLATFORMS", "cpu"),
    "jax_compilation_cache_dir": str(cache_folder()),
    "jax_persistent_cache_min_compile_time_secs": 0.02,
    "jax_persistent_cache_min_entry_size_bytes": 0,
}.items():
    jax.config.update(_name, _value)  # type: ignore[no-untyped-call]
