"""Start a new case: from the template, which is small, commented and sound, or as a copy of another."""

from __future__ import annotations

import re
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from tightrope.case.load import load_case

_NAME = re.compile(r"^[a-z0-9][a-z0-9-]{0,63}$")
_CASE_LINE = re.compile(rb"^case:[ \t]*[a-z0-9-]+", re.MULTILINE)


def scaffold(target: Path, *, name: str, source: Path | None = None) -> list[Path]:
    """Write a case into the folder `target`, under the name `name`; returns the files written.

    source  a case to copy whole, as `load_case` finds it; by default the template

    The folder is made if it is not there. Raises FileExistsError, before anything is
    written, if one of the files exists already or `target` is a file, ValueError for
    a name that no case may have (small letters, digits and hyphens, at most 64), and
    CaseError for a source that cannot be read.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"{name[:64]!r} is no name for a case: small letters, digits and hyphens, at most 64"
        )
    if target.exists() and not target.is_dir():
        raise FileExistsError(f"{target} is a file; name a folder")
    origin = resources.files("tightrope.case") / "template" if source is None else load_case(source).folder
    texts = _files(origin)
    there = [file for file in texts if (target / file).exists()]
    if there:
        named = ", ".join(there[:10]) + (", …" if len(there) > 10 else "")
        raise FileExistsError(f"{target} already holds {named}; nothing was written")
    texts["case.yaml"] = _CASE_LINE.sub(f"case: {name}".encode(), texts["case.yaml"], count=1)
    written: list[Path] = []
    for file, text in texts.items():
        path = target / file
        path.parent.mkdir(parents=True, exist_ok=True)
        # Exclusive creation, so that a file that appeared meanwhile is never overwritten.
        with path.open("xb") as handle:
            handle.write(text)
        written.append(path)
    return written


def _files(folder: Traversable, *, above: str = "") -> dict[str, bytes]:
    """The files of a folder and its folders, by relative path in the order of names; none that is hidden."""
    found: dict[str, bytes] = {}
    for item in sorted(folder.iterdir(), key=lambda item: item.name):
        if item.name.startswith(".") or item.name == "__pycache__":
            continue
        if item.is_dir():
            found |= _files(item, above=f"{above}{item.name}/")
        else:
            found[above + item.name] = item.read_bytes()
    return found
