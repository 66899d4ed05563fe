"""The notebook, cell by cell in one namespace and without a kernel: it runs, and prints what it holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pages.notebook import run
from tests.docs_pages import DOCS, same

NOTEBOOK = DOCS / "notebooks" / "russia-belarus.ipynb"
MOST_BYTES = 200_000


def cells(kind: str) -> list[dict[str, Any]]:
    book = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    return [cell for cell in book["cells"] if cell["cell_type"] == kind]


def shown(cell: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """What a cell holds: its text, and its result by kind."""
    text = "".join("".join(o["text"]) for o in cell["outputs"] if o.get("name") == "stdout")
    (result,) = [o["data"] for o in cell["outputs"] if o["output_type"] == "execute_result"] or [{}]
    return text, result


def test_it_is_small_and_was_run_in_order_to_its_end() -> None:
    assert NOTEBOOK.stat().st_size < MOST_BYTES
    code = cells("code")
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    outputs = [output for cell in code for output in cell["outputs"]]
    assert {output["output_type"] for output in outputs} <= {"stream", "execute_result"}
    assert [output for output in outputs if output.get("name") == "stderr"] == []


@pytest.mark.long
def test_every_cell_prints_what_the_notebook_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "__main__"}
    results = 0
    for cell in cells("code"):
        printed, value = run("".join(cell["source"]), names)
        text, result = shown(cell)
        same(printed, text)
        assert (value is None) == (not result)
        if "image/png" in result:  # a chart: its data were compared above it
            assert value.to_dict()["title"] in "".join(cell["source"])
        elif result:
            same(repr(value), "".join(result["text/plain"]))
        results += bool(result)
    assert results == 4
