"""Opening a sitting: what every command takes, the case read and checked, the run folder opened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypedDict

from tightrope.case.errors import CaseError
from tightrope.case.load import CaseFolder
from tightrope.runs import open_run
from tightrope.workflow.checking import DRAWS, check_draws
from tightrope.workflow.coding import ReadRecord
from tightrope.workflow.material import Coding, Material, load_material
from tightrope.workflow.session import FULL, QUICK, Notice, Progress, Session, quiet


class Options(TypedDict, total=False):
    """What every command takes.

    seed      whole number from which every random draw of the run follows (0)
    out       folder that holds the run folders (`runs`)
    quick     use the fits shipped with the case and fewer draws where that is honest (no)
    workers   processes for parallel work (1)
    argv      the command line, for the manifest
    progress  called as progress(label, done, total), `executor.Progress`
    notice    called with one line that must be seen (print)
    coding    an independent coding of the record, by name or file (the case's own)
    blocks    readings of the record's blocks, each as BLOCK=READING (as printed)
    measurement_error  a reliability file whose coders' confusion stands between codes and truth (none)
    engine_address     of a Dask scheduler whose workers do what goes to other processes (none)
    """

    seed: int
    out: Path | str
    quick: bool
    workers: int
    argv: Sequence[str]
    progress: Progress
    notice: Notice
    coding: str
    blocks: tuple[str, ...]
    measurement_error: str
    engine_address: str


@contextmanager
def session_of(
    case: Path | str,
    *,
    seed: int = 0,
    out: Path | str = Path("runs"),
    quick: bool = False,
    workers: int = 1,
    argv: Sequence[str] = (),
    progress: Progress = quiet,
    notice: Notice = print,
    coding: str = "",
    blocks: tuple[str, ...] = (),
    measurement_error: str = "",
    engine_address: str = "",
) -> Iterator[Session]:
    """A sitting with a case, its run folder open and locked till the block ends; the options are `Options`.

    Raises CaseError if the case is not sound.
    """
    progress("reading the case", 0, None)
    material = load_material(case, coding=Coding(coding, tuple(blocks), measurement_error))
    key = run_key(material.source, material.record, seed=seed, quick=quick)
    with open_run(Path(out), case_name=material.case.case, key=key, argv=argv, notice=notice) as run:
        run.chunk("numbers", lambda: _sound(material, progress), inputs={"draws": DRAWS})
        amount = QUICK if quick else FULL
        session = Session(
            material, run, amount, seed, workers, progress=progress, notice=notice,
            engine_address=engine_address,
        )  # fmt: skip
        for note in material.record.notes if material.record is not None else ():
            session.warn(note)
        yield session


def run_key(source: CaseFolder, record: ReadRecord | None, *, seed: int, quick: bool) -> dict[str, Any]:
    """What a run of a case is known by, besides versions and code."""
    key: dict[str, Any] = {"case": source.hash, "seed": seed, "quick": quick}
    if record is not None and record.key:
        key["record"] = record.key
    return key


def _sound(material: Material, progress: Progress) -> dict[str, Any]:
    """Raise CaseError if a law or payoff is illegal somewhere in the priors."""
    progress("valuing laws and payoffs at prior draws", 0, None)
    problems = check_draws(material.source)
    if problems:
        raise CaseError(problems)
    return {"draws": DRAWS}
