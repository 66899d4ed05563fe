"""Load a case folder: every fault of form at once, each with its line and column."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from tightrope.case.bundled import find_case
from tightrope.case.errors import CaseError, Problem
from tightrope.case.folder import CASE_FILE, case_hash, named_files, refusal
from tightrope.case.marks import Source
from tightrope.case.schema import Case
from tightrope.case.source import read_source
from tightrope.case.translate import problems_from


@dataclass(frozen=True, eq=False)
class CaseFolder:
    """A case as loaded.

    case    the case itself; its form is sound, its sense is not yet checked (`checks.check_case`)
    folder  where it lies
    marks   the text of the case file and the place of every value in it
    hash    SHA-256 (hex) over the case file and every file that it names
    """

    case: Case
    folder: Path
    marks: Source
    hash: str


def load_case(path: Path | str) -> CaseFolder:
    """Read a case from its folder or its `case.yaml`.

    path  also the bare name of a case that comes with Tightrope, where nothing of that name lies here

    Raises CaseError with every fault of form: YAML that is refused (see `source`), unknown
    or missing keys, values of the wrong kind, expressions and priors that do not parse,
    and files named outside the folder. Numbers and names are checked by `check_case`.
    """
    path = find_case(path)
    file = path / CASE_FILE if path.is_dir() else path
    source = read_source(file)
    case = case_from_source(source)
    folder = file.parent
    refused = [
        source.problem(where, message, "name a file inside the folder")
        for where, name in named_files(case).items()
        if (message := refusal(name, folder))
    ]
    if refused:
        raise CaseError(refused)
    try:
        digest = case_hash(case, folder, case_file=file)
    except OSError as error:
        raise CaseError([Problem(str(file), 0, 0, "", f"a named file cannot be read: {error}")]) from None
    return CaseFolder(case, folder, source, digest)


def case_from_source(source: Source) -> Case:
    """The case that a source describes. Raises CaseError with every fault of form."""
    try:
        return Case.model_validate(source.data)
    except ValidationError as error:
        raise CaseError(problems_from(error, source)) from None
