"""`tightrope doctor`: is this installation one that can do the work, and if not, what to do about it?"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from tightrope.outcome import FAILED, FINE, Outcome

OLDEST = (3, 11)
NEWEST_TRIED = (3, 14)
ROOM = 2 * 1024**3
"""Free bytes below which a long run may not fit its compiled programs and results."""


@dataclass(frozen=True)
class Finding:
    """One thing looked at. `advice` is empty where all is well."""

    what: str
    found: str
    advice: str = ""
    serious: bool = True


def doctor() -> Outcome:
    """Look at Python, the libraries, the numbers they give, the cache and the disk; compute one sum."""
    findings = [finding for look in LOOKS for finding in look()]
    wrong = [f for f in findings if f.advice and f.serious]
    lines = [f"{_mark(f)} {f.what}: {f.found}" + (f"\n     {f.advice}" if f.advice else "") for f in findings]
    said = "Nothing is wrong." if not wrong else f"{len(wrong)} thing(s) to put right."
    data = {"sound": not wrong, "findings": [asdict(f) for f in findings]}
    return Outcome(FAILED if wrong else FINE, data, "\n".join([*lines, said]))


def _mark(finding: Finding) -> str:
    return "ok  " if not finding.advice else "BAD " if finding.serious else "note"


def _python() -> list[Finding]:
    here = sys.version_info[:2]
    found = f"{'.'.join(map(str, sys.version_info[:3]))} at {sys.executable}"
    if here < OLDEST:
        return [Finding("Python", found, "Python 3.11 or newer is needed: `make PYTHON=python3.12 setup`.")]
    if here > NEWEST_TRIED:
        return [Finding("Python", found, "Newer than any that was tried here.", serious=False)]
    return [Finding("Python", found)]


def _libraries() -> list[Finding]:
    """Each library that the package declares, against the bounds that it declares."""
    from packaging.requirements import Requirement

    wrong = []
    try:
        declared = [Requirement(text) for text in requires("tightrope") or []]
    except PackageNotFoundError:
        advice = "The package is not installed, only found on the path: `make setup`."
        return [Finding("Libraries", "no installed tightrope", advice)]
    needed = [r for r in declared if r.marker is None or r.marker.evaluate({"extra": ""})]
    for requirement in needed:
        try:
            has = version(requirement.name)
        except PackageNotFoundError:
            wrong.append(Finding(requirement.name, "missing", f"`make setup` installs {requirement}."))
            continue
        if not requirement.specifier.contains(has, prereleases=True):
            wrong.append(Finding(requirement.name, has, f"`make setup` installs {requirement}."))
    return wrong or [Finding("Libraries", f"{len(needed)} needed, all there")]


def _numbers() -> list[Finding]:
    """Double precision on the processor: a sum that single precision gets wrong."""
    try:
        import jax
        import jax.numpy as jnp

        import tightrope.game.precision
    except Exception as error:  # an installation may be broken in any way
        return [Finding("JAX", f"does not start ({error})", "`make clean setup` installs it anew.")]
    one = float(jax.jit(lambda x: (x + 1e-12) - x)(jnp.asarray(1.0)))
    found = f"{jax.__version__}, {jax.default_backend()}"
    if not abs(one - 1e-12) < 1e-15:
        advice = "Numbers have single precision: unset JAX_ENABLE_X64 and JAX_DEFAULT_DTYPE_BITS."
        return [Finding("JAX", found, advice)]
    folder = tightrope.game.precision.cache_folder()
    return [Finding("JAX", found), _writable("Compiled programs", folder, "TIGHTROPE_CACHE=FOLDER")]


def _writable(what: str, folder: Path, lever: str) -> Finding:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder):
            pass
    except OSError as error:
        advice = f"Nothing can be kept there ({error.strerror}): say {lever}."
        return Finding(what, f"in {folder}", advice, serious=False)
    return Finding(what, f"in {folder}")


def _machine() -> list[Finding]:
    from tightrope.executor import available_workers

    free = shutil.disk_usage(Path.cwd()).free
    disk = f"{free / 1024**3:.1f} GiB free here"
    short = "" if free > ROOM else "A long run may need 2 GiB."
    findings = [
        Finding("Cores", f"{available_workers()} of {os.cpu_count()}"),
        Finding("Disk", disk, short, serious=False),
    ]
    if os.access(Path.cwd(), os.W_OK):
        return findings
    advice = "Runs are written below the current folder: go elsewhere, or say --out FOLDER."
    return [*findings, Finding("Current folder", "not writable", advice, serious=False)]


LOOKS: tuple[Callable[[], list[Finding]], ...] = (_python, _libraries, _numbers, _machine)
