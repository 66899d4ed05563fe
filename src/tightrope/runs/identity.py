"""What a run's numbers depend on besides its case: versions and the code itself."""

from __future__ import annotations

import ast
import sys
from functools import cache
from pathlib import Path

from tightrope.runs.files import digest

ROOMS = ("case", "game", "record", "fit", "forecast", "argument", "workflow")

_WITH_DOCSTRING = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def versions() -> dict[str, str]:
    """Versions of Tightrope, Python and the numerical libraries, found without importing them."""
    from importlib.metadata import PackageNotFoundError, version

    from tightrope import __version__

    found = {"tightrope": __version__, "python": ".".join(map(str, sys.version_info[:3]))}
    for name in ("jax", "jaxlib", "numpy", "scipy", "xarray"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "absent"
    return found


@cache
def code_hash(rooms: tuple[str, ...] = ROOMS) -> str:
    """Hash of what the code of some rooms does: comments, docstrings and layout don't count.

    Put into a chunk's inputs, it keeps results of older code from passing for today's.
    It is the same under every Python, so that results shipped with a case stay valid.
    """
    here = Path(__file__).parent.parent
    shapes = {}
    for room in rooms:
        for path in sorted([*(here / room).rglob("*.py"), *here.glob(f"{room}.py")]):
            shapes[path.relative_to(here).as_posix()] = _shape(ast.parse(path.read_bytes()))
    return digest(shapes)


def _shape(node: object) -> object:
    """A syntax tree as nested lists, without docstrings and empty fields (which differ by version)."""
    if isinstance(node, list):
        return [_shape(part) for part in node]
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = {name: value for name, value in ast.iter_fields(node) if value is not None and value != []}
    if isinstance(node, _WITH_DOCSTRING) and ast.get_docstring(node, clean=False) is not None:
        fields["body"] = node.body[1:]
    return [type(node).__name__, {name: _shape(value) for name, value in fields.items()}]
