"""A case that came over the wire: data from a stranger, laid out in a folder of its own and checked there.

Names are held to a short list of forms before anything is written, files are made anew and never followed,
and what is read afterwards is read by the case room under its own caps. Nothing of it is run here.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tightrope.case.checks import check_case
from tightrope.case.errors import CaseError, Problem
from tightrope.case.folder import CASE_FILE, named_files, refusal
from tightrope.case.load import CaseFolder, load_case
from tightrope.case.schema import Case

MOST_FILES = 40
MOST_LETTERS = 4_000_000
_PART = r"[A-Za-z0-9][A-Za-z0-9_-]{0,60}"
KNOWN = re.compile(rf"^(?:{_PART}/)?{_PART}(?:\.{_PART}){{0,2}}\.(?:csv|json|md)\Z|^scenarios\.yaml\Z")
"""Names of files that may come beside case.yaml: tables and notes, at most one folder down."""


class Refused(ValueError):
    """An upload that is not looked at."""


def checked_names(files: Mapping[str, str]) -> None:
    """Refuse a set of files by their names, number and size, before anything is written."""
    if len(files) > MOST_FILES:
        raise Refused(f"at most {MOST_FILES} files")
    if sum(len(name) + len(text) for name, text in files.items()) > MOST_LETTERS:
        raise Refused(f"at most {MOST_LETTERS:,} letters in all")
    for name in files:
        if name != CASE_FILE and not KNOWN.match(name):
            raise Refused(f"{name[:80]!r}: a case has {CASE_FILE} and tables (.csv, .json, .md) beside it")


@contextmanager
def laid_out(text: str, files: Mapping[str, str], *, beside: CaseFolder | None) -> Iterator[Path]:
    """A folder with a case file and its tables; gone when the block ends.

    files   tables by name; none: those of the case that is served (`beside`)
    """
    folder = lay_out(text, files, beside=beside)
    try:
        yield folder
    finally:
        remove(folder)


def remove(folder: Path | None) -> None:
    """Remove a folder that `lay_out` made; None is no folder."""
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)


def lay_out(text: str, files: Mapping[str, str], *, beside: CaseFolder | None) -> Path:
    """The same, to be removed by the caller. Raises Refused."""
    checked_names({CASE_FILE: text, **files})
    folder = Path(tempfile.mkdtemp(prefix="tightrope-case-"))
    try:
        _write(folder, CASE_FILE, text)
        for name, content in files.items():
            if name != CASE_FILE:
                _write(folder, name, content)
        if not files and beside is not None:
            _copy_tables(beside, folder)
    except BaseException:
        remove(folder)
        raise
    return folder


def _write(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.parent.mkdir(mode=0o700, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    with os.fdopen(os.open(path, flags, 0o600), "wb") as stream:
        stream.write(text.encode("utf-8", "surrogatepass"))


def _copy_tables(beside: CaseFolder, folder: Path) -> None:
    """Copy what the served case names, and what stands in its folders, links left out."""
    for name in sorted(set(named_files(beside.case).values())):
        source = beside.folder / name
        if refusal(name, beside.folder) or not source.exists():
            continue
        if source.is_dir():
            shutil.copytree(source, folder / name, symlinks=True, ignore=_links, dirs_exist_ok=True)
        else:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, folder / name)


def _links(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if (Path(folder) / name).is_symlink()]


def problems_of(folder: Path) -> tuple[Case | None, list[Problem]]:
    """What the case checker says of a folder, paths as the sender knows them."""
    try:
        loaded = load_case(folder)
        found = check_case(loaded)
        case: Case | None = loaded.case
    except CaseError as error:
        case, found = None, list(error.problems)
    return case, [_relative(problem, folder) for problem in found]


def _relative(problem: Problem, folder: Path) -> Problem:
    parts = {
        field: getattr(problem, field).replace(f"{folder}{os.sep}", "")
        for field in ("path", "message", "hint")
    }
    return Problem(
        parts["path"],
        problem.line,
        problem.column,
        problem.where,
        parts["message"],
        parts["hint"],
        problem.source,
    )
