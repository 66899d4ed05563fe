"""JAX set-up: float64 everywhere, programs compiled without much ado, to the same bits, and kept."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

import jax

QUICK_COMPILER = {
    "xla_cpu_use_fusion_emitters": "false",
    "xla_backend_extra_options": "xla_cpu_disable_loop_unrolling",
}
"""What shortens compiling by a third to a half and running not at all: measured in docs/solver.md."""
SAME_BITS = {
    "xla_disable_hlo_passes": "cpu-parallel-task-assigner",
    "xla_cpu_multi_thread_eigen": "false",
}
"""A program's loops and products are not divided among threads: the division, and with it the last digits,
would hang on how many cores a machine has and on whether a worker process computes."""
SAME_BITS_X86 = {"xla_cpu_max_isa": "AVX2"}
"""Vectors of one width, whatever newer ones a processor has: sums are taken in one order, as fast."""
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
    wanted = QUICK_COMPILER | SAME_BITS
    if platform.machine() in ("x86_64", "AMD64"):
        wanted |= SAME_BITS_X86
    ours = [f"--{name}={value}" for name, value in wanted.items() if name not in given]
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
