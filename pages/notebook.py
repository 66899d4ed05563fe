"""The notebook's cells, run in order in one namespace and without a kernel, and what they hold afterwards."""

from __future__ import annotations

import ast
import base64
import contextlib
import io
import json
from pathlib import Path
from typing import Any


def run(source: str, names: dict[str, Any]) -> tuple[str, Any]:
    """What a cell prints, and the value of its last expression, as a kernel would show it."""
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, "cell", "exec"), names)
        value = eval(compile(ast.Expression(last.value), "cell", "eval"), names) if last else None
    return printed.getvalue(), value


def rerun(path: Path, folder: Path) -> None:
    """Run a notebook in a folder and write what its cells print and show now into it."""
    book = json.loads(path.read_text(encoding="utf-8"))
    names: dict[str, Any] = {"__name__": "__main__"}
    with contextlib.chdir(folder):
        for number, cell in enumerate((c for c in book["cells"] if c["cell_type"] == "code"), 1):
            printed, value = run("".join(cell["source"]), names)
            outputs: list[dict[str, Any]] = []
            if printed:
                outputs.append({"name": "stdout", "output_type": "stream", "text": _lines(printed)})
            if value is not None:
                data, about = _shown(value)
                outputs.append({"data": data, "execution_count": number, "metadata": about,
                                "output_type": "execute_result"})  # fmt: skip
            cell["outputs"], cell["execution_count"] = outputs, number
    path.write_text(json.dumps(book, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")


def _shown(value: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """A value by kind of content, as a kernel would ask it for them, and what is said of each kind."""
    made: Any = value._repr_mimebundle_() if hasattr(value, "_repr_mimebundle_") else {}
    data, about = made if isinstance(made, tuple) else (made, {})
    if not data and callable(getattr(value, "_repr_html_", None)):
        data = {"text/html": value._repr_html_()}
    data = {"text/plain": repr(value)} | data
    return {kind: _content(content) for kind, content in sorted(data.items())}, about


def _content(content: str | bytes) -> str | list[str]:
    return base64.b64encode(content).decode() if isinstance(content, bytes) else _lines(content)


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)
