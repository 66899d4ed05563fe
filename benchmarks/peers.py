"""Peers: other solvers, in an environment of their own that is thrown away when the benchmark ends.

They are pinned in peers.txt and are no dependency of anything here. A peer that cannot be installed is
missing from the tables, which then say why.
"""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
PINS = HERE / "peers.txt"
PEERS = ("sgamesolver", "quantecon", "pygambit")
BUILT_HERE = ("sgamesolver",)
"""Peers whose build imports what is already installed."""
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


class NoPeerError(Exception):
    """A peer that is not there, or failed; the message says why."""


def pins() -> dict[str, str]:
    """Name -> version of everything in peers.txt."""
    lines = [line.strip() for line in PINS.read_text(encoding="utf-8").splitlines()]
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


@cache
def environment() -> tuple[Path, dict[str, str]]:
    """The environment's interpreter, and peer -> why it is missing. Made on first use.

    With the variable TIGHTROPE_PEERS naming an interpreter, that one is used as it is.
    """
    given = os.environ.get("TIGHTROPE_PEERS")
    if given:
        return Path(given), {}
    folder = Path(tempfile.mkdtemp(prefix="tightrope-peers-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    print(f"setting up the peers: {', '.join(f'{p} {pins()[p]}' for p in PEERS)}", file=sys.stderr)
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    base = [f"{name}=={version}" for name, version in pins().items() if name not in PEERS]
    why = _install(python, base)
    missing = dict.fromkeys(PEERS, why) if why else {}
    for peer in () if why else PEERS:
        flags = ["--no-build-isolation"] if peer in BUILT_HERE else ["--only-binary", ":all:"]
        if why := _install(python, [f"{peer}=={pins()[peer]}", *flags]):
            missing[peer] = why
    return python, missing


def _install(python: Path, what: list[str]) -> str:
    """Why these could not be installed; empty where they could."""
    command = [str(python), "-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--quiet"]
    done = subprocess.run([*command, "-c", str(PINS), *what], capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return ""
    lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")] or ["pip failed"]
    return lines[-1].removeprefix("ERROR: ")[:120]


def ask(peer: str, arrays: dict[str, np.ndarray], *, limit: float = 1_800.0) -> dict[str, np.ndarray]:
    """What peer_NAME.py makes of some arrays, run with one thread in the peers' environment.

    Raises NoPeerError where the peer is missing, fails, or takes longer than `limit` seconds.
    """
    python, missing = environment()
    if peer in missing:
        raise NoPeerError(f"{peer} {pins()[peer]} could not be installed: {missing[peer]}")
    with tempfile.TemporaryDirectory() as folder:
        asked, answered = Path(folder) / "asked.npz", Path(folder) / "answered.npz"
        np.savez(asked, **arrays)
        command = [str(python), str(HERE / f"peer_{peer}.py"), str(asked), str(answered)]
        try:
            done = subprocess.run(
                command, env={**os.environ, **ONE_THREAD, "PYTHONPATH": ""},
                capture_output=True, text=True, timeout=limit, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise NoPeerError(f"{peer} took longer than {limit:.0f} s") from None
        if done.returncode:
            raise NoPeerError(f"{peer} failed: {(done.stderr.splitlines() or ['no message'])[-1][:120]}")
        with np.load(answered) as found:
            return dict(found)


def named(peer: str) -> str:
    """Name and version."""
    return f"{peer} {pins()[peer]}"
