"""The cases that come with Tightrope, by name: an installed package has them inside, a checkout beside it."""

from __future__ import annotations

import difflib
from pathlib import Path

_PACKAGE = Path(__file__).parents[1]
_INSTALLED = _PACKAGE / "cases"


class BundledCase(ValueError):
    """A case inside the installed package is to be written to; the message says what to do instead."""


def bundled_cases() -> dict[str, Path]:
    """Name -> folder of each case that comes with Tightrope, in the order of names; maybe none."""
    checkout = _PACKAGE.parents[1]
    folder = _INSTALLED
    if not folder.is_dir() and (checkout / "pyproject.toml").is_file():
        folder = checkout / "cases"
    return {file.parent.name: file.parent for file in sorted(folder.glob("*/case.yaml"))}


def find_case(path: Path | str) -> Path:
    """The path itself if something is there, else the case that comes with Tightrope under that name.

    What is neither comes back as it is: whoever reads it says that it is not there.
    """
    path = Path(path)
    if path.exists() or len(path.parts) != 1:
        return path
    return bundled_cases().get(path.name, path)


def case_hint(path: Path) -> str:
    """What may have been meant by a path to a case at which nothing is; empty if nothing comes near."""
    beside = sorted(file.parent for file in path.parent.glob("*/case.yaml"))
    near = difflib.get_close_matches(path.name, [folder.name for folder in beside], 1)
    if near:
        return f"did you mean {path.parent / near[0]}?"
    names = list(bundled_cases())
    near = difflib.get_close_matches(path.name, names, 1) or [n for n in path.parts if n in names]
    if near:
        return f"did you mean {near[0]}, the case that comes with Tightrope?"
    return f"cases that come with Tightrope: {', '.join(names)}" if names else ""


def refuse_writing(path: Path | str) -> None:
    """Raise BundledCase if a case, or a file of one, lies inside the installed package."""
    place, inside = find_case(path).resolve(), _INSTALLED.resolve()
    if place != inside and place.is_relative_to(inside):
        name = place.relative_to(inside).parts[0]
        raise BundledCase(
            f"{name} is inside the installed package; copy it and change the copy: "
            f"tightrope new FOLDER --from {name}"
        )
