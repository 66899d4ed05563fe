"""`tightrope doctor`: is this installation one that can do the work, and if not, what to do about it?

Nothing but the standard library is imported before it has been looked at: any part may be missing or broken.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, packages_distributions, requires, version
from pathlib import Path
from typing import TYPE_CHECKING

from tightrope import __version__
from tightrope.case.bundled import bundled_cases
from tightrope.outcome import FAILED, FINE, Outcome

if TYPE_CHECKING:
    from packaging.requirements import Requirement

OLDEST = (3, 11)
NEWEST_TRIED = (3, 14)
EXTRAS = {
    "app": "`tightrope serve`",
    "cluster": "`--engine-address`",
    "discover": "`tightrope discover` and `sensitivity`",
}
CHECKOUT = (Path(__file__).parents[2] / "Makefile").is_file()
PIP = f"{Path(sys.executable).name} -m pip install"
PATIENCE = 300
"""Seconds in which all libraries should have been imported, on a slow disk too."""
TRY = """
import importlib, sys
for name in sys.argv[1:]:
    print(name, end="\\t", flush=True)
    try:
        importlib.import_module(name)
    except BaseException as error:
        print(type(error).__name__ + ":", *str(error).split(), flush=True)
    else:
        print("ok", flush=True)
"""
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
    """Look at Python, the libraries, the numbers they give, the cases, the cache and the disk."""
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


def _how(requirement: str) -> str:
    """How to install something: by make in a checkout, which pins by hash, else by pip."""
    return "`make setup`" if CHECKOUT else f"`{PIP} '{requirement}'`"


def _anew(names: str) -> str:
    return "`make clean setup`" if CHECKOUT else f"`{PIP} --force-reinstall {names}`"


def _libraries() -> list[Finding]:
    """Each library that the package declares, against the bounds that it declares, and whether it starts."""
    try:
        declared = requires("tightrope") or []
    except PackageNotFoundError:
        advice = f"The package is not installed, only found on the path: {_how('tightrope')}."
        return [Finding("Libraries", "no installed tightrope", advice)]
    if (has := version("tightrope")) != __version__:
        advice = f"Metadata of another version is in the way: {_how('tightrope')} puts that right."
        return [Finding("Libraries", f"tightrope {__version__} with the metadata of {has}", advice)]
    from packaging.requirements import Requirement

    asked = [Requirement(text) for text in declared]
    needed = [r for r in asked if r.marker is None or r.marker.evaluate({"extra": ""})]
    wrong = [finding for r in needed if (finding := _against(r)) is not None]
    if not wrong:
        wrong = _starting([canonical(r.name) for r in needed])
    return [*(wrong or [Finding("Libraries", f"{len(needed)} needed, all there")]), *_extras(asked)]


def canonical(name: str) -> str:
    """A distribution's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _against(requirement: Requirement) -> Finding | None:
    """What is wrong with one library, by its metadata; None if nothing is."""
    try:
        has = version(requirement.name)
    except PackageNotFoundError:
        return Finding(requirement.name, "missing", f"{_how(str(requirement))} installs {requirement}.")
    if requirement.specifier.contains(has, prereleases=True):
        return None
    return Finding(requirement.name, has, f"{_how(str(requirement))} installs {requirement}.")


def _starting(names: list[str]) -> list[Finding]:
    """Libraries that are installed and cannot be imported; tried in another process, since one may crash."""
    modules = sorted(
        (distribution, module)
        for module, distributions in packages_distributions().items()
        for distribution in {canonical(d) for d in distributions} & set(names)
        if not module.startswith("_") and module.isidentifier()
    )
    command = [sys.executable, "-c", TRY, *(module for _, module in modules)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
        said, end = done.stdout.splitlines(), f"the process died of it (exit code {done.returncode})"
    except subprocess.TimeoutExpired as error:
        said = (error.stdout or b"").decode(errors="replace").splitlines()
        end = f"not done after {PATIENCE} s"
    found = {module: words for module, _, words in (line.partition("\t") for line in said)}
    wrong = []
    for distribution, module in modules:
        words = found.get(module) or end  # named and nothing more: it began and never came back
        if words != "ok":
            advice = f"{_anew(distribution)} installs it anew."
            wrong.append(Finding(distribution, f"cannot be imported: {words[:200]}", advice))
        if words == end:  # what comes after was not tried
            break
    return wrong


def _extras(declared: list[Requirement]) -> list[Finding]:
    """Whether the libraries of each extra are there; without one, some commands say that they need it."""
    found = []
    for extra, commands in EXTRAS.items():
        parts = [r for r in declared if r.marker is not None and r.marker.evaluate({"extra": extra})]
        own = [r for r in parts if not r.marker.evaluate({"extra": ""})]  # type: ignore[union-attr]
        wrong = [w for r in own if (w := _against(r)) is not None]
        missing = ", ".join(f"{w.what} {w.found}" for w in wrong)
        install = f"`{PIP} '{'.' if CHECKOUT else 'tightrope'}[{extra}]'`"
        advice = f"Only for {commands}: {install}." if wrong else ""
        found.append(Finding(f"Extra {extra}", missing or "all there", advice, serious=False))
    return found


def _cases() -> list[Finding]:
    """The cases that come along, and whether the fits beside them are whole."""
    bundled = bundled_cases()
    if not bundled:
        advice = "The package was not built whole: install it anew."
        return [Finding("Cases", "none comes along", advice, serious=False)]
    try:
        from tightrope.case.checks import check_case
        from tightrope.case.errors import CaseError
        from tightrope.case.load import load_case
        from tightrope.runs.files import Damaged, unseal
    except ImportError:  # told above
        return []
    found = []
    for name, folder in bundled.items():
        fits = sorted((folder / "fits").glob("*.json"))
        broken = []
        for file in fits:
            try:
                unseal(file)
            except (Damaged, OSError):
                broken.append(file.name)
        try:
            problems = check_case(load_case(folder))
        except CaseError as error:
            problems = list(error.problems)
        said = f"{name} in {folder}, {len(fits)} fits"
        advice = ""
        if problems:
            advice = f"It is not as it was shipped, or was changed: `tightrope check {folder}` says where."
        elif broken:
            advice = f"Damaged, so runs fit anew instead: {', '.join(broken[:5])}. Get the files again."
        found.append(Finding("Case", said, advice, serious=bool(problems)))
    return found


def _numbers() -> list[Finding]:
    """Double precision on the processor: a sum that single precision gets wrong."""
    try:
        import jax
        import jax.numpy as jnp

        import tightrope.compiled.precision
    except Exception as error:  # an installation may be broken in any way
        return [Finding("JAX", f"does not start ({error})", f"{_anew('jax jaxlib')} installs it anew.")]
    one = float(jax.jit(lambda x: (x + 1e-12) - x)(jnp.asarray(1.0)))
    found = f"{jax.__version__}, {jax.default_backend()}"
    if not abs(one - 1e-12) < 1e-15:
        advice = "Numbers have single precision: unset JAX_ENABLE_X64 and JAX_DEFAULT_DTYPE_BITS."
        return [Finding("JAX", found, advice)]
    folder = tightrope.compiled.precision.cache_folder()
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


LOOKS: tuple[Callable[[], list[Finding]], ...] = (_python, _libraries, _numbers, _cases, _machine)
