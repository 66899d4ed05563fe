"""`tightrope brief`: the page that a finished run left, as a PDF."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from time import perf_counter
from typing import Any

from tightrope.case.bundled import find_case
from tightrope.case.folder import CASE_FILE
from tightrope.case.load import load_case
from tightrope.outcome import FINE, Outcome
from tightrope.report.brief import Brief, brief_from, brief_of
from tightrope.report.brief_page import brief_pdf
from tightrope.report.sections import Report
from tightrope.runs import Damaged, digest, run_folder
from tightrope.runs.chunk import chunk_path, read_chunk
from tightrope.runs.files import unseal, write_atomically
from tightrope.workflow.coding import Coding, read_record
from tightrope.workflow.opening import run_key
from tightrope.workflow.session import Session

NAME = "brief"
FILE = "brief.pdf"
MANIFEST = "manifest.json"


class NoRun(ValueError):
    """There is no finished run to make a brief of; the message says how to make one."""


def leave_brief(session: Session, report: Report) -> None:
    """Keep what a brief needs of a report in the run folder, unless it is there."""
    began = perf_counter()
    data = asdict(brief_of(report))
    kept = session.run.find(NAME, inputs={})
    if kept is None or digest({"brief": kept.value}) != digest({"brief": data}):
        session.run.store(NAME, data, inputs={}, seconds=perf_counter() - began)


def brief_case(target: Path, *, output: Path | None = None, **options: Any) -> Outcome:
    """Write the brief of a run, or of the run that a case has with these options.

    output  the file; by default `brief.pdf` in the run folder

    Raises NoRun where there is no finished run, CaseError for a case that does not load.
    """
    folder = _folder(target, options)
    brief = held(folder)
    path = folder / FILE if output is None else output
    page = brief_pdf(brief)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, page)
    data = {"case": brief.case, "run": str(folder), "brief": str(path), "pages": 1, "bytes": len(page)}
    return Outcome(FINE, data, f"{brief.case}: brief of one page at {path}")


def held(folder: Path) -> Brief:
    """What a finished run kept for its brief. Raises NoRun."""
    again = "run `tightrope run` with the same case and options again"
    try:
        manifest = unseal(folder / MANIFEST)
        if "results" not in manifest:
            raise NoRun(f"{folder} holds no finished run; {again}")
        key = digest({})
        chunk = read_chunk(chunk_path(folder / "chunks", NAME, key), NAME, key, origin="resumed")
        return brief_from(chunk.value)
    except (Damaged, FileNotFoundError, KeyError, TypeError):
        raise NoRun(f"{folder} holds nothing to make a brief of; {again}") from None


def _folder(target: Path, options: dict[str, Any]) -> Path:
    """The run folder that is meant."""
    if (target / MANIFEST).is_file() and not (target / CASE_FILE).is_file():
        return target
    place = find_case(target)
    if not (place / CASE_FILE).is_file() and not place.is_file():
        raise NoRun(f"{target} is no case (there is no {CASE_FILE}) and no run (there is no {MANIFEST})")
    source = load_case(place)
    coding = Coding(options["coding"], tuple(options["blocks"]), options["measurement_error"])
    key = run_key(source, read_record(source, coding), seed=options["seed"], quick=options["quick"])
    folder = run_folder(options["out"], case_name=source.case.case, key=key)
    if not (folder / MANIFEST).is_file():
        quick = " --quick" if options["quick"] else ""
        raise NoRun(
            f"no run of {source.case.case} with these options is in {options['out']}: "
            f"`tightrope run {target}{quick}` makes it"
        )
    return folder
