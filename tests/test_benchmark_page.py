"""The pages of benchmarks/: a part that is run again replaces its own section and no other."""

from __future__ import annotations

from pathlib import Path

from benchmarks.page import Section, put

ORDER = ("first", "second", "third")


def section(title: str, cell: str) -> Section:
    return Section(title, "", ("a",), [(cell,)])


def written(page: Path) -> list[str]:
    lines = page.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.startswith(("## ", "| ", "by hand")) and line != "| a |"]


def test_sections_stand_in_order_and_are_replaced_in_place(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    for title, cell in [("third", "3"), ("first", "1"), ("second", "2"), ("first", "one")]:
        put(section(title, cell), before="", machine="", order=ORDER, page=page, head="# Head\n")
    assert page.read_text(encoding="utf-8").startswith("# Head\n")
    assert written(page) == ["## first", "| one |", "## second", "| 2 |", "## third", "| 3 |"]


def test_what_was_written_by_hand_stays_where_it_is(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Head\n\n## first\n\n| old |\n\n## notes\n\nby hand\n\n## third\n\n| 3 |\n")
    for title in ("first", "second"):
        put(section(title, "new"), before="", machine="", order=ORDER, page=page)
    assert written(page) == [
        "## first", "| new |", "## second", "| new |", "## notes", "by hand", "## third", "| 3 |",
    ]  # fmt: skip
