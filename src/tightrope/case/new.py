"""Start a new case from the template: small, commented, and sound from the first minute."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

_NAME = re.compile(r"^[a-z0-9][a-z0-9-]{0,63}$")
_PLACEHOLDER = "case: new-case\n"


def scaffold(target: Path, *, name: str) -> list[Path]:
    """Write the template case into the folder `target`, under the name `name`; returns the files written.

    The folder is made if it is not there. Raises FileExistsError, before anything is
    written, if one of the files exists already or `target` is a file, and ValueError for
    a name that no case may have (small letters, digits and hyphens, at most 64).
    """
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"{name[:64]!r} is no name for a case: small letters, digits and hyphens, at most 64"
        )
    if target.exists() and not target.is_dir():
        raise FileExistsError(f"{target} is a file; name a folder")
    template = resources.files("tightrope.case") / "template"
    texts = {
        item.name: item.read_text(encoding="utf-8")
        for item in sorted(template.iterdir(), key=lambda item: item.name)
        if item.is_file()
    }
    there = [file for file in texts if (target / file).exists()]
    if there:
        raise FileExistsError(f"{target} already holds {', '.join(there)}; nothing was written")
    texts["case.yaml"] = texts["case.yaml"].replace(_PLACEHOLDER, f"case: {name}\n")
    target.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for file, text in texts.items():
        path = target / file
        # Exclusive creation, so that a file that appeared meanwhile is never overwritten.
        with path.open("x", encoding="utf-8", newline="\n") as handle:
            handle.write(text)
        written.append(path)
    return written
