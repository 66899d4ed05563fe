"""The files of a case folder: which a case names, which may be read, and their hash."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from tightrope.case.marks import Where
from tightrope.case.schema import Case

CASE_FILE = "case.yaml"
MAX_FILE_BYTES = 20_000_000
MAX_FILES = 200

_FIELDS = ("events", "series", "questions", "live_questions", "ledger", "scenarios", "reference_class")


def named_files(case: Case) -> dict[Where, str]:
    """Every file or folder that a case names, by the place where it is named."""
    found: dict[Where, str] = {}
    for name in _FIELDS:
        value = getattr(case, name)
        if value is not None:
            found[(name,)] = value
    if case.record is not None:
        found["record", "file"] = case.record.file
        for name, file in case.record.codings.items():
            found["record", "codings", name] = file
    return found


def refusal(name: str, folder: Path) -> str:
    """Why a named file may not be read, or an empty string. Only files inside the folder may be."""
    pure = PurePosixPath(name)
    if not name.strip():
        return "the name of the file is empty"
    if pure.is_absolute() or ".." in pure.parts or "\\" in name or ":" in name or len(name) > 200:
        return f"{name[:60]!r} points outside the case's folder"
    path = folder / name
    try:
        if not path.resolve().is_relative_to(folder.resolve()):
            return f"{name!r} leads outside the case's folder"
        if path.is_file() and path.stat().st_size > MAX_FILE_BYTES:
            return f"{name!r} is larger than {MAX_FILE_BYTES:,} bytes"
        if path.is_dir() and sum(1 for _ in _inside(path)) > MAX_FILES:
            return f"folder {name!r} holds more than {MAX_FILES} files"
        if path.exists() and not (path.is_file() or path.is_dir()):
            return f"{name!r} is neither a file nor a folder"
    except (OSError, ValueError, RuntimeError) as error:
        return f"{name[:60]!r} cannot be read: {error}"
    return ""


def case_hash(case: Case, folder: Path, *, case_file: Path) -> str:
    """SHA-256 (hex) over the case file and every file that it names, names included.

    A file that is not there counts as absent, so that adding it changes the hash.
    Raises OSError if a file cannot be read.
    """
    digest = hashlib.sha256()
    _add(digest, CASE_FILE, case_file)
    for name, file in every_file(case, folder):
        _add(digest, name, file)
    return digest.hexdigest()


def every_file(case: Case, folder: Path) -> Iterator[tuple[str, Path]]:
    """Every file that a case names, those of the folders that it names included, in a fixed order."""
    for name in sorted(set(named_files(case).values())):
        path = folder / name
        for file in sorted(_inside(path)) if path.is_dir() else [path]:
            yield file.relative_to(folder).as_posix(), file


def _add(digest: hashlib._Hash, name: str, path: Path) -> None:
    # Length before content, so that two files cannot be mistaken for one.
    content = path.read_bytes() if path.is_file() else None
    size = "absent" if content is None else str(len(content))
    digest.update(f"{len(name.encode())}:{name}:{size}:".encode())
    digest.update(content or b"")


def _inside(folder: Path) -> Iterator[Path]:
    """Files of a folder and its folders; links and hidden files are left out."""
    for number, path in enumerate(folder.rglob("*")):
        if number > 10 * MAX_FILES:
            return
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.is_file() and not path.is_symlink() and not hidden:
            yield path
